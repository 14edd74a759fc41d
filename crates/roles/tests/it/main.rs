//! Roles through real sockets.

mod plain_http;
mod web;

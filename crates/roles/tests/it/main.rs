//! The roles, driven through real sockets.

mod edge;
mod fixed;
mod pki;
mod plain_http;
mod token;
mod web;

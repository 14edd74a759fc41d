//! The roles, driven through real sockets.

mod edge;
mod fixed;
mod pki;
mod plain_http;
mod sds;
mod token;
mod web;

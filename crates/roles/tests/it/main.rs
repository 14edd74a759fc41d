//! The roles, driven through real sockets.

mod directory;
mod edge;
mod fixed;
mod pki;
mod ssp;
mod plain_http;
mod token;
mod web;

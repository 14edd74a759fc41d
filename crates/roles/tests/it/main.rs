//! The roles, driven through real sockets.

mod directory;
mod edge;
mod fixed;
mod pki;
mod plain_http;
mod ssp;
mod token;
mod web;

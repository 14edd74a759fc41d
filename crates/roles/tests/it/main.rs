//! The roles, driven through real sockets and whole routers.

mod directory;
mod edge;
mod fixed;
mod pki;
mod ssp;
mod plain_http;
mod provider;
mod token;
mod web;

//! The roles, driven through real sockets and whole routers.

mod edge;
mod fixed;
mod pki;
mod plain_http;
mod provider;
mod token;
mod web;

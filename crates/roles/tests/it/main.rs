//! The roles, driven through real sockets and whole routers.

mod administration;
mod consumer;
mod directory;
mod edge;
mod fixed;
mod pki;
mod plain_http;
mod provider;
mod registry;
mod sds;
mod slapd;
mod ssp;
mod token;
mod web;

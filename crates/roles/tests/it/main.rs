//! The roles, driven through real sockets and whole routers.

mod edge;
mod fixed;
mod pki;
mod provider;

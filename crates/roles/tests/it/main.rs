//! The roles, driven through real sockets.

mod edge;
mod fixed;
mod pki;

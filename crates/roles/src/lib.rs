//! The parties of the standard. Each role is a router or a listener that is handed its sockets, clock, store and
//! settings; `edge` holds the network behaviour that they share. No role names another role: they meet on a socket.

pub mod administration;
pub(crate) mod appointment;
pub mod consumer;
pub mod edge;
pub mod provider;
pub mod registry;
pub mod sds;
pub mod ssp;
pub mod token;
pub mod web;

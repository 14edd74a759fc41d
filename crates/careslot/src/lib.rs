//! The process: command line, configuration, test PKI and environment file. It turns flags and a file into running roles, and an
//! outcome into an exit code, and holds no rule of the standard.

pub mod assets;
pub mod cli;
pub mod config;
pub mod demo;
pub mod environment;
pub mod failure;
pub mod files;
pub mod logging;
pub mod network;
pub mod packages;
pub mod pki;
pub mod ports;
pub mod progress;
pub mod signals;
pub mod terminal;
pub mod verbs;

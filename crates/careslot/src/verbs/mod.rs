//! One file for each verb of the command line: its flags and what it does.

pub mod appointments;
pub mod audit;
pub mod book;
pub mod cancel;
pub mod completions;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod endpoint;
pub mod export;
pub mod get;
pub mod history;
pub mod jwt;
pub mod man;
pub mod rebook;
pub mod register;
pub mod sds;
pub mod serve;
pub mod slots;
pub mod token;
pub mod token_client;
pub mod validate;

mod administered;
mod caller;
mod choose;
mod curl;
mod dos;
pub(crate) mod fault;
mod instance;
mod patient;
mod private_file;
mod registration;
mod resource;
mod table;
pub(crate) mod times;
mod trace;

use crate::failure::{Exit, Failure};

/// What has no XML form.
fn no_xml(what: &str) -> Failure {
    Failure::new(
        Exit::Usage,
        "nothing was written",
        format!("{what} has no XML form"),
        "use --json, or leave --output out",
    )
}

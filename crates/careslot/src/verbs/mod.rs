//! One file for each verb of the command line: its flags and what it does.

pub mod appointments;
pub mod book;
pub mod cancel;
pub mod completions;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod endpoint;
pub mod get;
pub mod history;
pub mod jwt;
pub mod man;
pub mod register;
pub mod serve;
pub mod slots;
pub mod token;

use crate::failure::{Exit, Failure};

/// The honest answer of a verb whose role is not in this build.
fn not_in_this_build(verb: &str) -> Failure {
    let what = format!("careslot {verb} did nothing");
    Failure::new(Exit::Internal, what, "this build has the verb's flags, but not yet what it does", "use a newer build")
}

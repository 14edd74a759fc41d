//! How a command ends: exit codes, and what went wrong in three lines.

use std::fmt;
use std::process::ExitCode;

use store::StoreError;

use crate::config::Problems;

/// The exit codes of `interfaces.md` §2; scripts rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Done = 0,
    /// 1: the operation was refused, or a check failed.
    Refused = 1,
    /// 2: wrong usage or configuration.
    Usage = 2,
    /// 3: a party could not be reached.
    Unreachable = 3,
    /// 4: a fault of this program.
    Internal = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Why a command could not do what it was asked: what, why, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What was not done. For a refusal: by whom, with which status and Spine code.
    pub what: String,
    /// Why. For a refusal: the sentence of the rule and its requirement ID.
    pub why: String,
    /// What to do next.
    pub cure: String,
}

impl Failure {
    /// A failure with its three lines.
    pub fn new(exit: Exit, what: impl Into<String>, why: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { exit, what: what.into(), why: why.into(), cure: cure.into() }
    }

    /// No failure: the command ends early, and `text` on stdout is all that was asked of it (`--curl`).
    pub fn shown_instead(text: String) -> Self {
        Self { exit: Exit::Done, what: text, why: String::new(), cure: String::new() }
    }

    /// A fault of this program or of the machine, with its causes.
    pub fn internal(what: impl Into<String>, error: &anyhow::Error) -> Self {
        let cure = "run it again with CARESLOT_PROCESS__LOG=debug; if it stays, report it with that output";
        Self::new(Exit::Internal, what, format!("{error:#}"), cure)
    }

    /// Why roles were not started: a database that does not answer is a party (exit 3), one that cannot be used as it was given is
    /// a matter of the configuration (exit 2), and everything else is [`internal`](Self::internal).
    pub fn starting(what: impl Into<String>, error: &anyhow::Error) -> Self {
        let (exit, cure) = match error.chain().find_map(|cause| cause.downcast_ref::<StoreError>()) {
            Some(StoreError::Unavailable(_)) => {
                (Exit::Unreachable, "see that the database runs and has room, and that store.url (--store) leads to it")
            }
            Some(StoreError::Misconfigured(_) | StoreError::NewerDatabase { .. } | StoreError::Absent(_)) => (
                Exit::Usage,
                "mend store.url (--store); a password stands in the file that store.password_file or PGPASSFILE names",
            ),
            _ => return Self::internal(what, error),
        };
        Self::new(exit, what, format!("{error:#}"), cure)
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        let count = problems.0.len();
        let what = format!("the configuration has {count} fault{}", if count == 1 { "" } else { "s" });
        Self::new(Exit::Usage, what, problems.to_string(), "mend them, then try `careslot config check`")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A reason of several lines keeps its own layout, one step further in.
        let why = self.why.replace('\n', "\n  ");
        write!(f, "{}\n  {}\n  {}", self.what, why, self.cure)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn a_database_that_stops_the_start_is_no_fault_of_the_program() {
        let cases = [
            (StoreError::Unavailable("refused".to_owned()), Exit::Unreachable),
            (StoreError::Misconfigured("no such database".to_owned()), Exit::Usage),
            (StoreError::NewerDatabase { found: 9, known: 1 }, Exit::Usage),
            (StoreError::Corrupt("a text where a number belongs".to_owned()), Exit::Internal),
        ];
        for (fault, exit) in cases {
            let error = Err::<(), _>(fault.clone()).context("the database of provider cannot be opened").unwrap_err();
            let failure = Failure::starting("nothing was started", &error.context("the diary was not filled"));
            assert_eq!(failure.exit, exit, "{fault}");
            assert!(failure.why.contains(&fault.to_string()), "{failure}");
        }
    }
}

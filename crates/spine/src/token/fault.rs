//! One failing rule of a token: the requirement, the reason a role refuses with, and a sentence that explains it.

use crate::reason::Reason;
use std::fmt;

/// A rule that a token breaks. The sentence holds no claim that names a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFault {
    /// The reason that a role refuses the call with.
    pub reason: Reason,
    /// The requirement that is broken, such as `JWT-62`.
    pub requirement: &'static str,
    /// What was expected and what came.
    pub sentence: String,
}

impl TokenFault {
    pub(super) fn new(reason: Reason, requirement: &'static str, sentence: impl Into<String>) -> Self {
        Self { reason, requirement, sentence: sentence.into() }
    }
}

impl fmt::Display for TokenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.requirement, self.sentence)
    }
}

impl std::error::Error for TokenFault {}

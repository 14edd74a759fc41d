//! How strictly, and against what, a resource is judged.

use crate::issue::Severity;

/// What the caller wants beyond the base definition and the profiles that the resource claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Canonical URLs of profiles that the resource has to keep to, claimed or not (VAL-02).
    pub profiles: Vec<String>,
    /// Judge by the Care Connect profile of its type where the resource claims none (VAL-05).
    pub by_type: bool,
    /// How bad an element is that the definitions do not know: an error for a validator; information inside booking, where
    /// it is kept and no reason to refuse (HTTP-13).
    pub unknown_elements: Severity,
    /// The most issues that are returned; one more says how many were left out.
    pub most_issues: usize,
}

impl Options {
    /// What `careslot validate` and `$validate` begin with: the base definition and the claimed profiles, unknown elements
    /// an error.
    pub fn validator() -> Options {
        Options { profiles: Vec::new(), by_type: false, unknown_elements: Severity::Error, most_issues: 500 }
    }

    /// What Provider and Registry judge a body by before they act on it: unknown elements are kept (HTTP-13).
    pub fn accepting() -> Options {
        Options { unknown_elements: Severity::Information, ..Options::validator() }
    }
}

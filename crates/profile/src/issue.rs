//! One thing that is wrong with a resource, told so that a person can mend it (VAL-06).

use std::fmt;

/// How bad an issue is, in FHIR's words (`OperationOutcome.issue.severity`). The worst comes first in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The checks could not go on.
    Fatal,
    /// The resource breaks its definition or a profile that it claims.
    Error,
    /// Allowed, but probably not what was meant, or something that could not be checked.
    Warning,
    /// Said for completeness.
    Information,
}

impl Severity {
    /// The code of the value set `issue-severity`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Fatal => "fatal",
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Information => "information",
        }
    }

    /// True where the resource is not valid because of it.
    pub fn refuses(self) -> bool {
        self <= Severity::Error
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What kind of rule was broken: the codes of the value set `issue-type` that validation uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An element that the definition does not know, or one in the wrong shape, place or number.
    Structure,
    /// A required element is missing.
    Required,
    /// A value that is not in the form or the range of its type.
    Value,
    /// An invariant does not hold.
    Invariant,
    /// A code that its binding does not allow.
    CodeInvalid,
    /// An extension that is unknown, in the wrong place or of the wrong form.
    Extension,
    /// A reference or a profile that leads nowhere.
    NotFound,
    /// The same thing twice where once is allowed.
    Duplicate,
    /// A rule of this kind cannot be checked here.
    NotSupported,
    /// The resource is larger than the limits allow, or checking it would cost too much.
    TooCostly,
    /// Nothing is wrong.
    Informational,
}

impl Kind {
    /// The code of the value set `issue-type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Structure => "structure",
            Kind::Required => "required",
            Kind::Value => "value",
            Kind::Invariant => "invariant",
            Kind::CodeInvalid => "code-invalid",
            Kind::Extension => "extension",
            Kind::NotFound => "not-found",
            Kind::Duplicate => "duplicate",
            Kind::NotSupported => "not-supported",
            Kind::TooCostly => "too-costly",
            Kind::Informational => "informational",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One finding about a resource.
///
/// `got` and `message` may repeat what the resource says: they belong in an answer to its sender, never in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// How bad it is.
    pub severity: Severity,
    /// The kind of rule.
    pub kind: Kind,
    /// Where, as a FHIRPath: `Appointment.participant[0].actor`.
    pub location: String,
    /// Byte offset in the source of what it is about; 0 in a tree that was made, `None` where it is about no element.
    pub at: Option<usize>,
    /// What the rule allows.
    pub expected: String,
    /// What the resource has.
    pub got: String,
    /// One plain sentence for a person.
    pub message: String,
    /// What to do about it, one sentence in the imperative.
    pub cure: String,
    /// The rule: an invariant's key, an element of a definition, a profile with its element, or a requirement ID.
    pub rule: String,
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {} ({})", self.severity, self.location, self.message, self.rule)
    }
}

/// True where nothing in `issues` refuses the resource.
pub fn is_valid(issues: &[Issue]) -> bool {
    issues.iter().all(|issue| !issue.severity.refuses())
}

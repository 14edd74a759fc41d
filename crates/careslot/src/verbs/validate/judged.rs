//! One text and what was found in it (VAL-05, VAL-06).

use std::io;

use fhir::{Limits, Lines, Position, SyntaxError, SyntaxKind};
use profile::{Definitions, Issue, Kind, Options, Severity};
use serde_json::{Value, json};

use crate::files::Unreadable;

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Xml,
}

/// By what, and how, everything is judged.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) definitions: &'static Definitions,
    pub(super) options: Options,
}

/// A text that was judged.
#[derive(Debug)]
pub(super) struct Judged {
    /// What it is called: the file's path, or what the caller said.
    pub(super) id: Value,
    /// Where each issue is, and the issue.
    pub(super) issues: Vec<(Option<Position>, Issue)>,
}

impl Judge {
    /// Judges a text; without a format, the first character tells it.
    pub(super) fn text(&self, id: Value, text: &[u8], format: Option<Format>) -> Judged {
        let (types, limits) = (self.definitions.types(), Limits::GENEROUS);
        let format = format.unwrap_or_else(|| format_of(text));
        let parsed = match format {
            Format::Json => fhir::json::read_with(types, text, &limits),
            Format::Xml => fhir::xml::read_with(types, text, &limits),
        };
        let issues = match parsed {
            Err(fault) => vec![broken(fault, format)],
            Ok(parsed) => {
                let lines = Lines::new(text);
                let issues = profile::validate_parsed(&parsed, self.definitions, &self.options);
                issues.into_iter().map(|issue| (issue.at.map(|at| lines.position(at)), issue)).collect()
            }
        };
        Judged { id, issues }
    }
}

impl Judged {
    pub(super) fn is_valid(&self) -> bool {
        self.issues.iter().all(|(_, issue)| !issue.severity.refuses())
    }

    /// `{"id","valid","issues":[…]}`: what other programs read.
    pub(super) fn as_json(&self) -> Value {
        let issues: Vec<Value> = self.issues.iter().map(|(position, issue)| told(*position, issue)).collect();
        json!({"id": self.id, "valid": self.is_valid(), "issues": issues})
    }
}

fn told(position: Option<Position>, issue: &Issue) -> Value {
    json!({
        "severity": issue.severity.as_str(), "location": issue.location,
        "line": position.map(|at| at.line), "column": position.map(|at| at.column),
        "code": issue.kind.as_str(), "message": issue.message, "requirement": issue.rule,
        "expected": issue.expected, "got": issue.got, "cure": issue.cure,
    })
}

/// A file that cannot be read, told as one that was judged is.
pub(super) fn unread(fault: &Unreadable) -> Value {
    let code = if fault.why.kind() == io::ErrorKind::NotFound { "not-found" } else { "exception" };
    let issue = json!({
        "severity": "fatal", "location": "", "code": code, "message": format!("The file cannot be read: {}.", fault.why),
        "requirement": "VAL-01", "cure": fault.cure(),
    });
    json!({"id": fault.path.display().to_string(), "valid": false, "issues": [issue]})
}

/// JSON or XML? Neither can begin as the other does.
fn format_of(text: &[u8]) -> Format {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'<') => Format::Xml,
        _ => Format::Json,
    }
}

/// A text that is no resource at all, as the one issue that there is.
fn broken(fault: SyntaxError, format: Format) -> (Option<Position>, Issue) {
    let (name, standard) = match format {
        Format::Json => ("JSON", "RFC 8259"),
        Format::Xml => ("XML", "XML 1.0"),
    };
    let (kind, cure) = match fault.kind {
        SyntaxKind::Malformed => {
            (Kind::Structure, format!("Make the text well-formed {name}; the place is where reading stopped."))
        }
        SyntaxKind::Forbidden => {
            (Kind::Structure, "Take it out: FHIR does not allow it, whatever the format does.".to_owned())
        }
        SyntaxKind::TooLarge => (Kind::TooCostly, "Send less at a time.".to_owned()),
    };
    let rule = if fault.kind == SyntaxKind::Malformed { standard.to_owned() } else { format!("FHIR {name}") };
    let issue = Issue {
        severity: Severity::Fatal,
        kind,
        location: fault.path.map(String::from).unwrap_or_default(),
        at: Some(fault.offset),
        expected: format!("a resource in {name}"),
        got: String::new(),
        message: fault.reason.into_owned(),
        cure,
        rule,
    };
    (Some(Position { line: fault.line, column: fault.column }), issue)
}

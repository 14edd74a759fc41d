//! The issues of one validation as they are found, up to a limit.

use std::collections::HashSet;

use fhir::Node;

use crate::issue::{Issue, Kind, Severity};
use crate::path::Path;

/// An issue before it has its place.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    pub(crate) kind: Kind,
    pub(crate) rule: String,
    pub(crate) expected: String,
    pub(crate) got: String,
    pub(crate) message: String,
    pub(crate) cure: String,
}

/// The issues so far.
#[derive(Debug)]
pub(crate) struct Findings {
    issues: Vec<Issue>,
    most: usize,
    left_out: usize,
    /// Offsets of the elements whose shape the reader has reported: no rule repeats that.
    misshapen: HashSet<usize>,
    /// Things that are said once for a resource: the functions and profiles that could not be used.
    said: HashSet<String>,
}

impl Findings {
    pub(crate) fn new(most: usize) -> Findings {
        Findings { issues: Vec::new(), most, left_out: 0, misshapen: HashSet::new(), said: HashSet::new() }
    }

    /// Adds an issue about the element at `path`.
    pub(crate) fn add(&mut self, path: &Path<'_>, node: &Node, finding: Finding) {
        self.push(path.text(), node.at(), finding);
    }

    /// Adds an issue at a place that is given as text.
    pub(crate) fn push(&mut self, location: String, at: usize, finding: Finding) {
        if self.issues.len() >= self.most {
            self.left_out += 1;
            return;
        }
        let Finding { severity, kind, rule, expected, got, message, cure } = finding;
        self.issues.push(Issue { severity, kind, location, at: Some(at), expected, got, message, cure, rule });
    }

    /// True the first time that it is asked about `what`.
    pub(crate) fn first(&mut self, what: &str) -> bool {
        self.said.insert(what.to_owned())
    }

    /// Notes that the reader has reported the shape of the element at this offset.
    pub(crate) fn note_misshapen(&mut self, at: usize) {
        self.misshapen.insert(at);
    }

    pub(crate) fn is_misshapen(&self, node: &Node) -> bool {
        !self.misshapen.is_empty() && self.misshapen.contains(&node.at())
    }

    /// The issues in the order of the document; those of one place in the order in which they were found.
    pub(crate) fn finish(mut self, root: &str) -> Vec<Issue> {
        self.issues.sort_by_key(|issue| issue.at);
        if self.left_out > 0 {
            self.issues.push(Issue {
                severity: Severity::Information,
                kind: Kind::TooCostly,
                location: root.to_owned(),
                at: None,
                expected: format!("at most {} issues", self.most),
                got: format!("{} more", self.left_out),
                message: format!("{} further issues are left out.", self.left_out),
                cure: "Mend the ones that are listed and validate again.".to_owned(),
                rule: "VAL-06".to_owned(),
            });
        }
        self.issues
    }
}

/// A value from outside, fit for a message: shortened, control characters made visible.
pub(crate) fn quote(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut short: String = text
        .chars()
        .take(LONGEST)
        .flat_map(|c| if c == '"' { vec!['"'] } else { c.escape_debug().collect() })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    format!("\"{short}\"")
}

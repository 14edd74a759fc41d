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

/// The issues so far. Those that refuse the resource are never crowded out by the others.
#[derive(Debug)]
pub(crate) struct Findings {
    refusing: Vec<Issue>,
    others: Vec<Issue>,
    most: usize,
    left_out: usize,
    /// Offsets of the elements whose shape the reader has reported: no rule repeats that.
    misshapen: HashSet<usize>,
    /// Things that are said once for a resource: the functions and profiles that could not be used.
    said: HashSet<String>,
}

impl Findings {
    pub(crate) fn new(most: usize) -> Findings {
        let (misshapen, said) = (HashSet::new(), HashSet::new());
        Findings { refusing: Vec::new(), others: Vec::new(), most, left_out: 0, misshapen, said }
    }

    /// True where no more issues of this severity are kept: what would be said need not be put into words.
    pub(crate) fn is_full(&mut self, severity: Severity) -> bool {
        let list = if severity.refuses() { &self.refusing } else { &self.others };
        let is_full = list.len() >= self.most;
        self.left_out += usize::from(is_full);
        is_full
    }

    /// Adds an issue about the element at `path`.
    pub(crate) fn add(&mut self, path: &Path<'_>, node: &Node, finding: Finding) {
        if !self.is_full(finding.severity) {
            self.keep(path.text(), node.at(), finding);
        }
    }

    /// Adds an issue at a place that is given as text.
    pub(crate) fn push(&mut self, location: String, at: usize, finding: Finding) {
        if !self.is_full(finding.severity) {
            self.keep(location, at, finding);
        }
    }

    fn keep(&mut self, location: String, at: usize, finding: Finding) {
        let Finding { severity, kind, rule, expected, got, message, cure } = finding;
        let list = if severity.refuses() { &mut self.refusing } else { &mut self.others };
        list.push(Issue { severity, kind, location, at: Some(at), expected, got, message, cure, rule });
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
        let room = self.most.saturating_sub(self.refusing.len());
        self.left_out += self.others.len().saturating_sub(room);
        self.others.truncate(room);
        let mut issues = self.refusing;
        issues.append(&mut self.others);
        issues.sort_by_key(|issue| issue.at);
        if self.left_out > 0 {
            issues.push(Issue {
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
        issues
    }
}

/// A value from outside, fit for a message: shortened, control characters made visible.
pub(crate) fn quote(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut quoted = String::with_capacity(text.len().min(LONGEST) + 2);
    quoted.push('"');
    for letter in text.chars().take(LONGEST) {
        match letter {
            '"' => quoted.push('"'),
            // Nearly all there is: printable without a look into the tables of Unicode.
            ' '..='~' if letter != '\\' => quoted.push(letter),
            _ => quoted.extend(letter.escape_debug()),
        }
    }
    if text.chars().nth(LONGEST).is_some() {
        quoted.push('…');
    }
    quoted.push('"');
    quoted
}

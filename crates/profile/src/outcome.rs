//! Issues as an OperationOutcome (VAL-06).

use fhir::outcome::{Outcome, OutcomeIssue};
use fhir::{Lines, Node};

use crate::issue::{Issue, Kind, Severity};

/// The OperationOutcome that says what was found; with the source at hand, on which line and column too. Nothing found is
/// said as well: one informational issue.
pub fn outcome(issues: &[Issue], source: Option<&[u8]>) -> Node {
    if issues.is_empty() {
        let clean = OutcomeIssue {
            severity: Severity::Information.as_str(),
            code: Kind::Informational.as_str(),
            text: Some("No issues: the resource keeps to its definition and profiles.".into()),
            ..OutcomeIssue::default()
        };
        return Outcome { issues: vec![clean], ..Outcome::default() }.to_node();
    }
    let lines = source.map(Lines::new);
    let issues = issues.iter().map(|issue| told(issue, lines.as_ref())).collect();
    Outcome { issues, ..Outcome::default() }.to_node()
}

fn told<'i>(issue: &'i Issue, lines: Option<&Lines<'_>>) -> OutcomeIssue<'i> {
    OutcomeIssue {
        severity: issue.severity.as_str(),
        code: issue.kind.as_str(),
        text: Some((&*issue.message).into()),
        diagnostics: Some(diagnostics(issue, lines)),
        location: Some(&issue.location),
        expression: Some(&issue.location),
        coding: None,
    }
}

/// Rule, expected, got, cure and place in one line.
fn diagnostics(issue: &Issue, lines: Option<&Lines<'_>>) -> String {
    let mut parts = vec![format!("Rule: {}.", issue.rule)];
    if !issue.expected.is_empty() {
        parts.push(format!("Expected: {}.", issue.expected));
    }
    if !issue.got.is_empty() {
        parts.push(format!("Got: {}.", issue.got));
    }
    parts.push(issue.cure.clone());
    if let (Some(lines), Some(at)) = (lines, issue.at) {
        let place = lines.position(at);
        parts.push(format!("Line {}, column {}.", place.line, place.column));
    }
    parts.join(" ")
}

//! Issues as an OperationOutcome (VAL-06).

use fhir::Node;

use crate::issue::{Issue, Kind, Severity};

/// The OperationOutcome that says what was found. Nothing found is said too: one informational issue.
pub fn outcome(issues: &[Issue]) -> Node {
    let mut outcome = match Node::resource("OperationOutcome") {
        Some(outcome) => outcome,
        // wall 4: the definitions are compiled in, and a test holds that they have this type; no input leads here
        None => unreachable!("OperationOutcome is one of the built-in types"),
    };
    if issues.is_empty() {
        let issue = outcome.element("issue");
        issue.set_text("severity", Severity::Information.as_str());
        issue.set_text("code", Kind::Informational.as_str());
        issue.element("details").set_text("text", "No issues: the resource keeps to its definition and profiles.");
    }
    for issue in issues {
        add(outcome.element("issue"), issue);
    }
    outcome
}

fn add(to: &mut Node, issue: &Issue) {
    to.set_text("severity", issue.severity.as_str());
    to.set_text("code", issue.kind.as_str());
    to.element("details").set_text("text", &issue.message);
    to.set_text("diagnostics", &diagnostics(issue));
    to.add_text("location", &issue.location);
    to.add_text("expression", &issue.location);
}

/// Rule, expected, got and cure in one line.
fn diagnostics(issue: &Issue) -> String {
    let mut parts = vec![format!("Rule: {}.", issue.rule)];
    if !issue.expected.is_empty() {
        parts.push(format!("Expected: {}.", issue.expected));
    }
    if !issue.got.is_empty() {
        parts.push(format!("Got: {}.", issue.got));
    }
    parts.push(issue.cure.clone());
    parts.join(" ")
}

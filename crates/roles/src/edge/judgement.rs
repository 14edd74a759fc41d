//! Whether a body keeps to its profile, asked before a role acts on it (BOOK-11, BOOK-12, HTTP-13, HTTP-15, CAN-07, REG-08).

use fhir::{IssueKind, Node, Parsed};
use profile::{Issue, Options};
use spine::Reason;
use spine::dialect::{Relaxations, UnknownElement, XmlOrder};

use super::audit::without_nhs_numbers;
use super::fhir_call::Call;
use super::refusal::{Refusal, RefusedIssue};

/// The resource of a body that is of the type which the interaction takes and keeps to its profile, but for the rules that
/// the dialect lets such a body break (REG-07, X-14).
///
/// # Errors
/// `Reason::WrongResourceType` (400), `Reason::BodyNotWellFormed` for XML out of order (400), `Reason::UnknownModifierExtension` and
/// `Reason::ProfileBroken` with every fault (422), control characters among them: no store keeps them alike.
pub fn accepted(parsed: Parsed, resource_type: &str, call: &Call, relaxes: &Relaxations) -> Result<Node, Refusal> {
    let dialect = call.dialect();
    let came = parsed.resource.type_name();
    if came != resource_type {
        let came =
            if came.is_empty() { "a body without resourceType".to_owned() } else { came.chars().take(60).collect() };
        return Err(Refusal::new(Reason::WrongResourceType, format!("expected {resource_type}, got {came}")));
    }
    if dialect.xml_order == XmlOrder::Refused
        && let Some(issue) = parsed.issues.iter().find(|issue| issue.kind == IssueKind::OutOfOrder)
    {
        let what = format!("the element is out of order; expected {}", issue.expected);
        return Err(Refusal::new(Reason::BodyNotWellFormed, what).at(issue.path.clone()));
    }
    if let Some(issue) = parsed.issues.iter().find(|issue| issue.kind == IssueKind::ControlCharacter) {
        let what = "the text holds a control character, which FHIR forbids in strings";
        return Err(Refusal::new(Reason::ProfileBroken, what).at(issue.path.clone()));
    }
    if let Some(path) = modifier_extension(&parsed.resource) {
        return Err(Refusal::new(Reason::UnknownModifierExtension, "").at(format!("{resource_type}.{path}")));
    }
    let mut options = Options::accepting();
    if dialect.unknown_element == UnknownElement::Refused {
        options.unknown_elements = profile::Severity::Error;
    }
    let issues = profile::validate_parsed(&parsed, call.definitions, &options);
    let broken: Vec<RefusedIssue> =
        issues.iter().filter(|issue| issue.severity.refuses() && !relaxes.let_go(&issue.rule)).map(refused).collect();
    if broken.is_empty() { Ok(parsed.resource) } else { Err(Refusal::new(Reason::ProfileBroken, "").listing(broken)) }
}

/// One fault as a refusal tells it: rule, expected, got, cure (X-25 puts the place into `location`).
fn refused(issue: &Issue) -> RefusedIssue {
    let mut parts = vec![issue.message.clone()];
    if !issue.expected.is_empty() {
        parts.push(format!("Expected: {}.", issue.expected.trim_end_matches('.')));
    }
    if !issue.got.is_empty() {
        parts.push(format!("Got: {}.", without_nhs_numbers(issue.got.trim_end_matches('.'))));
    }
    parts.push(format!("Rule: {}.", issue.rule));
    parts.push(issue.cure.clone());
    RefusedIssue { code: issue.kind.as_str().to_owned(), what: parts.join(" "), location: Some(issue.location.clone()) }
}

/// The first modifierExtension, as a path: none is understood, and FHIR forbids to act on a resource with one (HTTP-13).
fn modifier_extension(node: &Node) -> Option<String> {
    node.children().iter().find_map(|child| match child.name() {
        "modifierExtension" => Some("modifierExtension".to_owned()),
        name => modifier_extension(child).map(|path| format!("{name}.{path}")),
    })
}

//! What the reader noticed about the structure, as issues of the validation: unknown elements, wrong shapes, wrong order.

use fhir::{IssueKind, Node};

use crate::definitions::Definitions;
use crate::findings::{Finding, Findings, quote};
use crate::issue::{Issue, Kind, Severity};
use crate::options::Options;
use crate::terminology::Known;
use crate::walk::RESOURCE_TYPES;

/// One row for each kind: what is wrong, and what to do. `{expected}` and `{got}` stand for what the reader says.
struct Words {
    kind: Kind,
    rule: &'static str,
    message: &'static str,
    cure: &'static str,
}

fn words(kind: IssueKind) -> Words {
    let (kind, rule, message, cure) = match kind {
        IssueKind::UnknownResourceType => (
            Kind::Structure,
            "Resource",
            "The resource type is not one of FHIR STU3.",
            "Write the type as FHIR spells it, capitals included.",
        ),
        IssueKind::MissingResourceType => {
            (Kind::Structure, "Resource", "The resource does not say its type.", "Add resourceType.")
        }
        IssueKind::UnknownElement => (
            Kind::Structure,
            "HTTP-13",
            "The definitions have no such element here.",
            "Remove the element, or mend its name.",
        ),
        IssueKind::WrongShape => {
            (Kind::Structure, "FHIR JSON", "Here is {got}, and the definition has {expected}.", "Write {expected}.")
        }
        IssueKind::EmptyArray => (Kind::Structure, "HTTP-14", "An array may not be empty.", "Leave the element out."),
        IssueKind::EmptyElement => (Kind::Invariant, "ele-1", "An element may not be empty.", "Leave the element out."),
        IssueKind::EmptyString => (Kind::Value, "HTTP-14", "A value may not be empty.", "Leave the element out."),
        IssueKind::MisplacedNull => (
            Kind::Structure,
            "HTTP-14",
            "null stands only in an array of primitives, beside an extension.",
            "Leave the element out.",
        ),
        IssueKind::UnequalArrays => (
            Kind::Structure,
            "FHIR JSON",
            "An array and its companion with an underscore differ in length.",
            "Make both the same length, with null where one has nothing.",
        ),
        IssueKind::OutOfOrder => (
            Kind::Structure,
            "HTTP-15",
            "The element is out of order: expected {expected}.",
            "Move it to its place in the definition.",
        ),
        IssueKind::UnexpectedText => {
            (Kind::Structure, "FHIR XML", "There is text between the elements.", "Remove the text.")
        }
        IssueKind::UnexpectedAttribute => {
            (Kind::Structure, "FHIR XML", "The element has no such attribute.", "Remove the attribute.")
        }
        IssueKind::WrongNamespace => (
            Kind::Structure,
            "FHIR XML",
            "The element or attribute is in the wrong namespace.",
            "Use http://hl7.org/fhir, and http://www.w3.org/1999/xhtml for the narrative.",
        ),
        IssueKind::ControlCharacter => (
            Kind::Value,
            "string",
            "The text holds a control character that XML cannot write.",
            "Remove the control character.",
        ),
    };
    Words { kind, rule, message, cure }
}

/// Adds what the reader noticed about a resource.
pub(crate) fn add(
    resource: &Node,
    read: &[fhir::Issue],
    definitions: &Definitions,
    options: &Options,
    found: &mut Findings,
) {
    for issue in read {
        let words = words(issue.kind);
        if issue.kind != IssueKind::ControlCharacter && issue.kind != IssueKind::UnknownElement {
            found.note_misshapen(issue.at);
        }
        let mut finding = Finding {
            severity: severity(issue.kind, options),
            kind: words.kind,
            rule: words.rule.to_owned(),
            expected: issue.expected.to_string(),
            got: issue.got.clone(),
            message: filled(words.message, issue),
            cure: filled(words.cure, issue),
        };
        if is_other_type(issue, definitions) {
            finding.severity = Severity::Warning;
            finding.kind = Kind::NotSupported;
            finding.message =
                "The definition of this resource type is not here, so that the resource was not checked.".to_owned();
            finding.cure = "Load a package that defines the type.".to_owned();
        }
        reword(&mut finding, issue, definitions);
        let path = match issue.kind {
            // An attribute that does not belong there, or an element in an attribute's stead, is none that a path leads to.
            IssueKind::UnexpectedAttribute => parent(&issue.path),
            IssueKind::WrongShape if issue.expected == "an attribute" => parent(&issue.path),
            _ => &issue.path,
        };
        found.push(location(resource, path), issue.at, finding);
    }
}

/// The path of the element around the one that a path leads to.
fn parent(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(parent, _)| parent)
}

/// The sentences that say more than a row of words can: what newcomers get wrong most.
fn reword(finding: &mut Finding, issue: &fhir::Issue, definitions: &Definitions) {
    match issue.kind {
        IssueKind::UnknownElement => {
            let name = own_name(&issue.path);
            let of = issue.expected.strip_prefix("an element of ").unwrap_or_default();
            finding.got = quote(name);
            finding.message = format!(
                "There is no element {} {}.",
                finding.got,
                if of.is_empty() { "here".to_owned() } else { format!("in {of}") }
            );
            if let Some(meant) = meant(name, of, definitions) {
                finding.cure = format!("Write {}, if that is meant, or remove the element.", quote(meant));
            }
        }
        IssueKind::WrongShape if issue.expected == "an array" => {
            finding.message =
                format!("JSON has an array here, since the element may repeat, and this is {}.", issue.got);
            finding.cure = "Put square brackets around the value, even where there is only one.".to_owned();
        }
        IssueKind::OutOfOrder => {
            let name = own_name(&issue.path).split('[').next().unwrap_or_default();
            let Some(last) = issue.expected.strip_prefix("it before ") else { return };
            finding.expected = format!("{name} before {last}");
            finding.got = format!("{name} behind {last}");
            finding.message = format!("XML has the elements in the order of the definition, {name} before {last}.");
            finding.cure = format!("Move {name} to its place in front of {last}.");
        }
        _ => {}
    }
}

/// The element of a type that an unknown name was meant for: another spelling of it, or the beginning of it.
fn meant<'d>(name: &str, of: &str, definitions: &'d Definitions) -> Option<&'d str> {
    let names = definitions.types().named(of)?.fields().iter().map(fhir::schema::Field::name);
    let is_like = |field: &&str| {
        let (short, long) = if field.len() < name.len() { (*field, name) } else { (name, *field) };
        short.len() >= 4 && long.get(..short.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(short))
    };
    names.filter(is_like).min_by_key(|field| field.len().abs_diff(name.len()))
}

/// A sentence with what the reader says in its places.
fn filled(sentence: &str, issue: &fhir::Issue) -> String {
    sentence.replace("{expected}", &issue.expected).replace("{got}", &issue.got)
}

/// How much of a type's name goes into a location.
const LONGEST_TYPE: usize = 64;

/// The last name of a path. One of another namespace stands in braces, which may have dots inside.
fn own_name(path: &str) -> &str {
    match path.rfind('{') {
        Some(at) => &path[at..],
        None => path.rsplit_once('.').map_or(path, |(_, name)| name),
    }
}

/// The reader's path as a FHIRPath: a choice goes by its name without the type, `_value` is the value itself, and what the
/// definitions do not have is told at the element that it is in, since no path leads to it. One that they have in FHIR's
/// namespace only is told at the place where it was meant to be.
fn location(resource: &Node, path: &str) -> String {
    let root = resource.type_name();
    // The type of a resource may be any text; only what follows it is a path.
    let Some(inside) = path.strip_prefix(root).filter(|_| !root.is_empty()) else { return path.to_owned() };
    let (inside, foreign) = match inside.split_once(".{") {
        Some((inside, foreign)) => (inside, foreign.rsplit_once('}').map(|(_, name)| name)),
        None => (inside, None),
    };
    let mut steps = inside.split('.').skip(1).chain(foreign).peekable();
    let mut location: String = root.chars().take(LONGEST_TYPE).collect();
    let mut node = Some(resource);
    while let Some(step) = steps.next() {
        let (name, index) = match step.split_once('[') {
            Some((name, index)) => (name, index.trim_end_matches(']').parse().unwrap_or(0)),
            None => (step, 0),
        };
        let Some(field) = node.and_then(|node| node.kind().field(name.strip_prefix('_').unwrap_or(name))) else {
            break;
        };
        node = node.and_then(|node| node.all(field.name()).nth(index));
        location.push('.');
        match field.choice() {
            Some(stem) => {
                location.push_str(stem);
                location.push_str(&format!(".ofType({})", field.kind().name()));
            }
            None => location.push_str(step.trim_start_matches('_')),
        }
        // One that should have been an array is the first of it, for what is told about the inside.
        if field.repeats() && !step.contains('[') && steps.peek().is_some() {
            location.push_str("[0]");
        }
    }
    location
}

/// The issue that says how many oddities the reader did not list.
pub(crate) fn left_out(resource: &Node, count: usize) -> Issue {
    Issue {
        severity: Severity::Error,
        kind: Kind::TooCostly,
        location: resource.type_name().to_owned(),
        at: None,
        expected: "a structure with few oddities".to_owned(),
        got: format!("{count} more than are listed"),
        message: "The resource has more oddities of structure than are listed.".to_owned(),
        cure: "Mend those that are listed and validate again.".to_owned(),
        rule: "VAL-06".to_owned(),
    }
}

fn severity(kind: IssueKind, options: &Options) -> Severity {
    match kind {
        IssueKind::UnknownElement => options.unknown_elements,
        IssueKind::ControlCharacter => Severity::Warning,
        _ => Severity::Error,
    }
}

/// A type that FHIR has and these definitions do not.
fn is_other_type(issue: &fhir::Issue, definitions: &Definitions) -> bool {
    issue.kind == IssueKind::UnknownResourceType
        && !definitions.is_abstract(&issue.got)
        && matches!(definitions.terminology.known(RESOURCE_TYPES, &issue.got), Known::Code(_))
}

//! Does a resource keep to its profile? Definitions in, issues out (VAL-01…VAL-10).
//!
//! [`validate`] is a pure function: a tree, what the reader noticed about its structure, [`Definitions`] and [`Options`] go
//! in; [`Issue`]s come out, always in the same order. [`outcome`] makes the OperationOutcome of them.
//!
//! ```
//! let source = br#"{"resourceType":"Slot","status":"free","start":"2024-05-01T09:00:00Z"}"#;
//! let parsed = fhir::json::read(source, &fhir::Limits::STRICT).expect("it is well-formed");
//! let issues = profile::validate_parsed(&parsed, profile::Definitions::standard(), &profile::Options::validator());
//! assert!(issues.iter().any(|issue| issue.rule == "Slot.end"));
//! ```

pub mod constraint;
mod definitions;
mod fhirpath;
mod findings;
mod invariant;
mod issue;
mod options;
mod outcome;
pub mod package;
mod path;
mod primitive;
mod reading;
mod structure;
mod table;
pub mod terminology;
mod walk;
mod xhtml;

pub use definitions::Definitions;
pub use invariant::Invariant;
pub use issue::{Issue, Kind, Severity, is_valid};
pub use options::Options;
pub use outcome::outcome;
pub use structure::profile as profile_of;

use fhir::{Node, Parsed};
use findings::Findings;

/// Judges a resource that was read from text. Oddities of structure that the reader had no room for refuse it: nobody can
/// say that they were harmless.
pub fn validate_parsed(parsed: &Parsed, definitions: &Definitions, options: &Options) -> Vec<Issue> {
    let mut issues = validate(&parsed.resource, &parsed.issues, definitions, options);
    if parsed.issues_left_out > 0 {
        issues.push(reading::left_out(&parsed.resource, parsed.issues_left_out));
    }
    issues
}

/// Judges a resource. `read` is what the reader noticed about its structure; empty for a tree that was made.
///
/// The issues come in the order of the document. Nothing found is an empty list: [`outcome`] puts that into words (VAL-06).
pub fn validate(resource: &Node, read: &[fhir::Issue], definitions: &Definitions, options: &Options) -> Vec<Issue> {
    validate_counting(resource, read, definitions, options).0
}

/// The same, and how many steps it took: about one for each look at an element. Tests hold that they grow with the size of
/// the resource and no faster.
pub fn validate_counting(
    resource: &Node,
    read: &[fhir::Issue],
    definitions: &Definitions,
    options: &Options,
) -> (Vec<Issue>, u64) {
    let mut found = Findings::new(options.most_issues);
    reading::add(resource, read, definitions, options, &mut found);
    let mut walk = walk::Walk::new(resource, definitions, options, found);
    walk.resource(resource);
    walk.demanded(resource);
    (walk.found.finish(resource.type_name()), walk.steps)
}

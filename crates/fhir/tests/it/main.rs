//! Tests of the crate as its users see it.

mod checks;
mod corpora;
mod definitions;
mod generate;
mod json_reading;
mod properties;
mod samples;
mod xml_reading;

use fhir::{Issue, IssueKind, Limits, Parsed};

/// The issues of a document in the short form of the tables: kind and path.
fn told(issues: &[Issue]) -> Vec<(IssueKind, &str)> {
    issues.iter().map(|issue| (issue.kind, issue.path.as_str())).collect()
}

fn read_json(source: &str) -> Parsed {
    fhir::json::read(source.as_bytes(), &Limits::STRICT).unwrap_or_else(|error| panic!("{error}: {source}"))
}

fn read_xml(source: &str) -> Parsed {
    fhir::xml::read(source.as_bytes(), &Limits::STRICT).unwrap_or_else(|error| panic!("{error}: {source}"))
}

fn json_of(parsed: &Parsed) -> String {
    String::from_utf8(fhir::json::write(&parsed.resource)).unwrap()
}

/// The XML of a tree without its declaration.
fn xml_of(parsed: &Parsed) -> String {
    let mut out = Vec::new();
    fhir::xml::write_into(&parsed.resource, &mut out);
    String::from_utf8(out).unwrap()
}

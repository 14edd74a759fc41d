//! Single resources and what is said about them.

use profile::{Definitions, Issue, Options, Severity, is_valid, outcome, validate_parsed};

/// Judges a JSON document as a validator does.
fn judge(source: &str) -> Vec<Issue> {
    judge_with(source, &Options::validator())
}

fn judge_with(source: &str, options: &Options) -> Vec<Issue> {
    let parsed = fhir::json::read(source.as_bytes(), &fhir::Limits::STRICT).expect("well-formed JSON");
    validate_parsed(&parsed, Definitions::standard(), options)
}

/// Location and rule of each error.
fn errors(issues: &[Issue]) -> Vec<(&str, &str)> {
    let refusing = issues.iter().filter(|issue| issue.severity.refuses());
    refusing.map(|issue| (issue.location.as_str(), issue.rule.as_str())).collect()
}

const SLOT: &str = r##"{"resourceType":"Slot","id":"s1","identifier":[{"system":"https://a.example/slots","value":"1"}],
    "schedule":{"reference":"Schedule/1"},"status":"free","start":"2024-05-01T09:00:00Z","end":"2024-05-01T09:15:00Z"}"##;

// covers: VAL-05
#[test]
fn a_good_resource_has_no_issues() {
    assert_eq!(judge(SLOT), []);
}

// covers: VAL-05, VAL-06
#[test]
fn each_base_rule_is_told_at_its_place() {
    let table: &[(&str, &str, (&str, &str))] = &[
        (r#""status":"free","#, "", ("Slot", "Slot.status")),
        (r#""free""#, r#""taken""#, ("Slot.status", "http://hl7.org/fhir/ValueSet/slotstatus")),
        ("2024-05-01T09:00:00Z", "2024-05-01", ("Slot.start", "instant")),
        ("Schedule/1", "Patient/1", ("Slot.schedule", "Reference")),
        ("Schedule/1", "#s2", ("Slot.schedule", "ref-1")),
        (r#""status":"#, r#""colour":"red","status":"#, ("Slot.colour", "HTTP-13")),
        (r#"{"reference":"Schedule/1"}"#, r#"{"id":"a"}"#, ("Slot.schedule", "ele-1")),
        (r#""id":"s1""#, r#""id":"s_1""#, ("Slot.id", "id")),
    ];
    for (old, new, expected) in table {
        let issues = judge(&SLOT.replacen(old, new, 1));
        assert_eq!(errors(&issues), [*expected], "{new}");
    }
}

// covers: HTTP-13
#[test]
fn an_unknown_element_is_no_reason_to_refuse_a_booking() {
    let source = SLOT.replacen(r#""status":"#, r#""colour":"red","status":"#, 1);
    let issues = judge_with(&source, &Options::accepting());
    assert!(is_valid(&issues));
    assert_eq!((issues.len(), issues[0].severity), (1, Severity::Information));
    assert!(!is_valid(&judge(&source)));
}

// covers: VAL-06
#[test]
fn nothing_wrong_is_one_informational_issue() {
    let node = outcome(&judge(SLOT));
    let issues: Vec<_> = node.all("issue").collect();
    assert_eq!(issues.len(), 1);
    assert_eq!(issues[0].text_of("severity"), Some("information"));
    assert_eq!(issues[0].text_of("code"), Some("informational"));
}

// covers: VAL-06
#[test]
fn an_outcome_of_issues_is_itself_valid() {
    let issues = judge(&SLOT.replacen(r#""free""#, r#""taken""#, 1));
    let node = outcome(&issues);
    assert_eq!(profile::validate(&node, &[], Definitions::standard(), &Options::validator()), []);
    assert_eq!(node.child("issue").and_then(|issue| issue.text_of("expression")), Some("Slot.status"));
}

#[test]
fn issues_name_the_byte_where_the_element_stands() {
    let source = SLOT.replacen(r#""free""#, r#""taken""#, 1);
    let issues = judge(&source);
    let at = issues[0].at.expect("a place");
    assert!(source[at..].starts_with(r#""taken""#), "{}", &source[at..]);
}

#[test]
fn no_more_issues_than_asked_for_are_returned() {
    let source = SLOT.replacen(r#""status":"#, r#""a":1,"b":2,"c":3,"status":"#, 1);
    let issues = judge_with(&source, &Options { most_issues: 2, ..Options::validator() });
    assert_eq!(issues.len(), 3);
    assert_eq!(issues[2].got, "1 more");
}

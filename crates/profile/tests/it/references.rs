//! References, Bundles, Parameters and displays: where each may lead, and what is said where it leads nowhere.

use profile::{Definitions, Issue, Options, Severity, validate_parsed};

fn judge(source: &str) -> Vec<Issue> {
    let parsed = fhir::json::read(source.as_bytes(), &fhir::Limits::STRICT).expect("well-formed JSON");
    validate_parsed(&parsed, Definitions::standard(), &Options::validator())
}

/// Severity, location and rule of everything that is said.
fn said(source: &str) -> Vec<(Severity, String, String)> {
    judge(source).into_iter().map(|issue| (issue.severity, issue.location, issue.rule)).collect()
}

type Row = (&'static str, Option<(Severity, &'static str, &'static str)>);

fn hold(name: &str, rows: &[Row], make: impl Fn(&str) -> String) {
    for (with, expected) in rows {
        let found = said(&make(with));
        let expected: Vec<_> = expected
            .iter()
            .map(|(severity, place, rule)| (*severity, (*place).to_owned(), (*rule).to_owned()))
            .collect();
        assert_eq!(found, expected, "{name}: {with}");
    }
}

use Severity::{Error, Warning};

// covers: VAL-05
#[test]
fn a_reference_leads_to_what_its_element_may_refer_to() {
    let wrong = Some((Error, "Slot.schedule", "Reference"));
    let rows: &[Row] = &[
        (r#"{"reference":"Schedule/1"}"#, None),
        (r#"{"reference":"Schedule/1/_history/2"}"#, None),
        (r#"{"reference":"https://a.example/STU3/Schedule/1"}"#, None),
        (r#"{"reference":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}"#, None),
        (r#"{"identifier":{"system":"urn:a","value":"1"}}"#, None),
        (r#"{"display":"a diary"}"#, None),
        (r#"{"reference":"../Patient/1"}"#, None),
        (r#"{"reference":"Patient/1"}"#, wrong),
        (r#"{"reference":"Patient/1/_history/2"}"#, wrong),
        (r#"{"reference":"https://a.example/STU3/Patient/1"}"#, wrong),
        (r#"{"reference":"Diary/1"}"#, Some((Warning, "Slot.schedule", "Reference.reference"))),
        (r#"{"reference":"a b"}"#, Some((Error, "Slot.schedule", "Reference.reference"))),
        (r##"{"reference":"#none"}"##, Some((Error, "Slot.schedule", "ref-1"))),
        (r##"{"reference":"#"}"##, Some((Error, "Slot.schedule", "ref-1"))),
    ];
    hold("Slot.schedule", rows, |reference| {
        format!(
            r#"{{"resourceType":"Slot","schedule":{reference},"status":"free","start":"2024-05-01T09:00:00Z",
            "end":"2024-05-01T09:15:00Z"}}"#
        )
    });
}

// covers: VAL-05, RES-A07
#[test]
fn contained_resources_are_found_needed_and_plain() {
    let place = "Appointment.contained[0]";
    let make = |contained: &str| {
        format!(
            r##"{{"resourceType":"Appointment","contained":[{contained}],"status":"proposed",
            "participant":[{{"actor":{{"reference":"#l"}},"status":"accepted"}}]}}"##
        )
    };
    assert_eq!(said(&make(r#"{"resourceType":"Location","id":"l","name":"x"}"#)), []);
    assert_eq!(said(&make(r##"{"resourceType":"Location","id":"l","partOf":{"reference":"#l"}}"##)), []);
    let missing = (Error, "Appointment.participant[0].actor".to_owned(), "ref-1".to_owned());
    let of = |rule: &str| (Error, place.to_owned(), rule.to_owned());
    assert_eq!(said(&make(r#"{"resourceType":"Location","id":"m","name":"x"}"#)), [of("dom-3"), missing.clone()]);
    assert_eq!(said(&make(r#"{"resourceType":"Location","name":"x"}"#)), [of("DomainResource.contained"), missing]);
    let wrong_type = make(
        r#"{"resourceType":"Slot","id":"l","schedule":{"reference":"Schedule/1"},"status":"free",
        "start":"2024-05-01T09:00:00Z","end":"2024-05-01T09:15:00Z"}"#,
    );
    assert_eq!(said(&wrong_type), [(Error, "Appointment.participant[0].actor".to_owned(), "Reference".to_owned())]);
    for (more, rule) in [
        (r#""text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"}"#, "dom-1"),
        (r#""contained":[{"resourceType":"Device","id":"d"}]"#, "dom-2"),
        (r#""meta":{"versionId":"1"}"#, "dom-4"),
        (r#""meta":{"lastUpdated":"2024-05-01T09:15:00Z"}"#, "dom-4"),
    ] {
        let found = said(&make(&format!(r#"{{"resourceType":"Location","id":"l",{more}}}"#)));
        assert!(found.contains(&of(rule)), "{rule} {found:?}");
    }
    let twice = make(r#"{"resourceType":"Location","id":"l"},{"resourceType":"Location","id":"l"}"#);
    let second = (Error, "Appointment.contained[1]".to_owned(), "DomainResource.contained".to_owned());
    assert_eq!(said(&twice), [second]);
}

// covers: VAL-05
#[test]
fn a_contained_resource_may_refer_to_the_one_around_it() {
    let source = |reference: &str| {
        format!(
            r##"{{"resourceType":"Location","contained":[{{"resourceType":"Location","id":"c",
            "partOf":{{"reference":"{reference}"}}}}],"partOf":{{"reference":"#c"}}}}"##
        )
    };
    assert_eq!(said(&source("#")), []);
    let found = said(&source("#none"));
    assert_eq!(found, [(Error, "Location.contained[0].partOf".to_owned(), "ref-1".to_owned())]);
}

/// A Bundle of two entries, with a Location that refers to something.
fn bundle(of_type: &str, first_url: &str, reference: &str) -> String {
    let request = r#","request":{"method":"POST","url":"Location"}"#;
    let request = if of_type == "transaction" { request } else { "" };
    format!(
        r#"{{"resourceType":"Bundle","type":"{of_type}","entry":[
        {{{first_url}"resource":{{"resourceType":"Organization","id":"o","name":"x"}}{request}}},
        {{"fullUrl":"https://a.example/Location/l","resource":{{"resourceType":"Location","id":"l",
            "managingOrganization":{{"reference":"{reference}"}}}}{request}}}]}}"#
    )
}

const URN: &str = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0";

// covers: VAL-05, RES-C12
#[test]
fn each_entry_has_the_url_that_it_needs() {
    let entry = Some((Error, "Bundle.entry[0]", "Bundle.entry"));
    let url = Some((Error, "Bundle.entry[0].fullUrl", "Bundle.entry"));
    let rows: &[Row] = &[
        (r#""fullUrl":"https://a.example/Organization/o","#, None),
        (r#""fullUrl":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0","#, None),
        ("", entry),
        (r#""fullUrl":"Organization/o","#, url),
        (r#""fullUrl":"https://a.example/Organization/other","#, url),
        (r#""fullUrl":"https://a.example/Location/o","#, url),
    ];
    hold("collection", rows, |first| bundle("collection", first, "https://a.example/Organization/o"));
    assert_eq!(said(&bundle("transaction", "", "https://a.example/Organization/o")), []);
    let twice = said(&bundle("collection", r#""fullUrl":"https://a.example/Location/l","#, "https://a.example/x"));
    assert!(twice.iter().any(|(_, _, rule)| rule == "bdl-7"), "{twice:?}");
}

// covers: VAL-05, RES-C12
#[test]
fn a_reference_within_a_bundle_leads_to_an_entry_or_out_of_it() {
    let place = "Bundle.entry[1].resource.managingOrganization";
    let first = format!(r#""fullUrl":"{URN}","#);
    let rows: &[Row] = &[
        (URN, None),
        ("https://a.example/Organization/9", None),
        ("Organization/9", None),
        ("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e9", Some((Warning, place, "Bundle.entry"))),
        ("Organization", Some((Error, place, "Bundle.entry"))),
        ("a/b/c", Some((Error, place, "Bundle.entry"))),
        ("Organization?name=x", Some((Error, place, "Bundle.entry"))),
        ("https://a.example/Patient/9", Some((Error, place, "Reference"))),
    ];
    hold("reference", rows, |reference| bundle("collection", &first, reference));
    assert_eq!(said(&bundle("transaction", &first, "Organization?name=x")), []);
    // An entry's own type counts where the URL shows none.
    let patient = bundle("collection", &first, URN).replacen(
        r#""resourceType":"Organization","id":"o","name":"x""#,
        r#""resourceType":"Patient","id":"o""#,
        1,
    );
    assert_eq!(said(&patient), [(Error, place.to_owned(), "Reference".to_owned())]);
}

// covers: VAL-05, VAL-02
#[test]
fn a_parameter_has_one_value_and_what_it_holds_is_judged() {
    let value = Some((Error, "Parameters.parameter[0]", "inv-1"));
    let rows: &[Row] = &[
        (r#""valueCode":"create""#, None),
        (r#""part":[{"name":"b","valueCode":"x"}]"#, None),
        (r#""resource":{"resourceType":"Device"}"#, None),
        (r#""valueCode":"create","resource":{"resourceType":"Device"}"#, value),
        (r#""valueCode":"create","part":[{"name":"b","valueCode":"x"}]"#, value),
        (r#""valueDate":"2024-02-30""#, Some((Error, "Parameters.parameter[0].value.ofType(date)", "date"))),
        (
            r#""resource":{"resourceType":"Device","status":"gone"}"#,
            Some((Error, "Parameters.parameter[0].resource.status", "http://hl7.org/fhir/ValueSet/device-status")),
        ),
    ];
    hold("Parameters", rows, |with| format!(r#"{{"resourceType":"Parameters","parameter":[{{"name":"a",{with}}}]}}"#));
}

// covers: VAL-05
#[test]
fn a_display_is_compared_with_that_of_the_code_system() {
    let system = "http://hl7.org/fhir/v3/RoleCode";
    let rows: &[Row] = &[
        (r#""code":"HOSP","display":"Hospital""#, None),
        (r#""code":"HOSP","display":"hospital""#, None),
        (r#""code":"HOSP""#, None),
        (
            r#""code":"HOSP","display":"Shop""#,
            Some((Warning, "Location.type.coding[0]", "http://hl7.org/fhir/v3/RoleCode")),
        ),
    ];
    hold("display", rows, |coding| {
        format!(r#"{{"resourceType":"Location","type":{{"coding":[{{"system":"{system}",{coding}}}]}}}}"#)
    });
}

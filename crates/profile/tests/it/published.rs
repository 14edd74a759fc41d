//! The defects of published examples, rebuilt, are found for exactly their reasons; the constructed samples pass (VAL-08).

use profile::{Definitions, Issue, Options, is_valid, validate_parsed};

use crate::mistakes::BOOKING;

fn judge(source: &str) -> Vec<Issue> {
    let parsed = fhir::json::read(source.as_bytes(), &fhir::Limits::STRICT).expect("well-formed JSON");
    validate_parsed(&parsed, Definitions::standard(), &Options::validator())
}

/// Location and rule of each error.
fn errors(issues: &[Issue]) -> Vec<(&str, &str)> {
    let refusing = issues.iter().filter(|issue| issue.severity.refuses());
    refusing.map(|issue| (issue.location.as_str(), issue.rule.as_str())).collect()
}

const SLOT: &str = r##"{"resourceType":"Slot","id":"slot002",
    "meta":{"profile":["https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Slot-1"]},
    "identifier":[{"system":"https://tools.ietf.org/html/rfc4122","value":"5d0f6a1c-9a77-4a30-8f57-0d8b5b0c1e02"}],
    "schedule":{"reference":"Schedule/sched1111"},"status":"busy","start":"2019-07-02T09:15:00+00:00",
    "end":"2019-07-02T09:30:00+00:00"}"##;

/// A defect: its ID, what is changed in the booking, and the errors that it makes.
type Defect = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

const STATUS: &str = "http://hl7.org/fhir/ValueSet/appointmentstatus";

const DEFECTS: &[Defect] = &[
    (
        "E-01",
        r#"["https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1"]"#,
        r#""https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1""#,
        &[("Appointment.meta.profile", "FHIR JSON")],
    ),
    (
        "E-02",
        r#""status":"booked","#,
        r#""text":"<div>x</div>","status":"booked","#,
        &[
            ("Appointment.text", "FHIR JSON"),
            ("Appointment.text", "Narrative.status"),
            ("Appointment.text", "Narrative.div"),
        ],
    ),
    (
        "E-02 (2.0.0)",
        r#""status":"booked","#,
        r#""text":{"status":"generated","div":"<div>x</div>"},"status":"booked","#,
        &[("Appointment.text.div", "txt-1")],
    ),
    (
        "E-03 (identifier)",
        r#"[{"system":"https://tools.ietf.org/html/rfc4122","value":"0b8a5b0e-5f3c-4c0e-9a51-3d6e3a7f8c11"}]"#,
        r#"{"system":"https://tools.ietf.org/html/rfc4122","value":"0b8a5b0e-5f3c-4c0e-9a51-3d6e3a7f8c11"}"#,
        &[("Appointment.contained[0].identifier", "FHIR JSON")],
    ),
    (
        "E-03 (given)",
        r#""given":["Alex"]"#,
        r#""given":"Alex""#,
        &[("Appointment.contained[1].name[0].given", "FHIR JSON")],
    ),
    (
        "E-04 (versionId)",
        r#"{"resourceType":"Appointment","meta":{"#,
        r#"{"resourceType":"Appointment","meta":{"versionId":1,"#,
        &[("Appointment.meta.versionId", "FHIR JSON")],
    ),
    (
        "E-25",
        r#""indexed":"2019-07-01T08:55:00+00:00""#,
        r#""indexed":"201907-01T08:55:00.239+00:00""#,
        &[("Appointment.contained[0].indexed", "instant")],
    ),
    ("E-03", r#""prefix":["Mx"]"#, r#""prefix":"Mx""#, &[("Appointment.contained[1].name[0].prefix", "FHIR JSON")]),
    (
        "E-04",
        r#""id":"P1","#,
        r#""id":"P1","text":5,"#,
        &[
            ("Appointment.contained[1]", "dom-1"),
            ("Appointment.contained[1].text", "FHIR JSON"),
            ("Appointment.contained[1].text", "Narrative.status"),
            ("Appointment.contained[1].text", "Narrative.div"),
        ],
    ),
    (
        "E-05 (status)",
        r#","status":"accepted"}]"#,
        "}]",
        &[("Appointment.participant[0]", "Appointment.participant.status")],
    ),
    ("E-05 (end)", r#""end":"2019-07-02T09:30:00+00:00","#, "", &[("Appointment", "app-2"), ("Appointment", "app-3")]),
    ("E-07", r#""status":"booked""#, r#""status":"entered in error""#, &[("Appointment.status", STATUS)]),
    (
        "E-20",
        r#"[{"use":"official","family":"Example","given":["Alex"],"prefix":["Mx"]}]"#,
        r#"{"use":"official","family":["Example"],"given":["Alex"]}"#,
        &[("Appointment.contained[1].name", "FHIR JSON"), ("Appointment.contained[1].name[0].family", "FHIR JSON")],
    ),
    (
        "E-26",
        r#""gender":"other","#,
        r#""gender":"other","contact":[{"name":{"text":"Sam"},"telecom":[{"system":"phone","value":"01632 960124"}]}],"#,
        &[("Appointment.contained[1].contact[0].name", "CareConnect-Patient-1 Patient.contact.name.use")],
    ),
    ("E-27", r#"[{"reference":"Slot/slot002"}]"#, r#""Slot/slot002""#, &[("Appointment.slot", "FHIR JSON")]),
    (
        "E-29",
        r#""created":"2019-07-01T09:00:00+00:00""#,
        r#""created":"2019-01-17T14:00:00""#,
        &[("Appointment.created", "dateTime")],
    ),
];

// covers: VAL-08, E-01, E-02, E-03, E-04, E-05, E-07, E-20, E-25, E-26, E-27, E-29
#[test]
fn each_published_defect_is_found_for_its_reason() {
    for (id, old, new, expected) in DEFECTS {
        let source = BOOKING.replacen(old, new, 1);
        assert_ne!(source, BOOKING, "{id}");
        let issues = judge(&source);
        let mut found = errors(&issues);
        let mut expected = expected.to_vec();
        found.sort_unstable();
        found.dedup();
        expected.sort_unstable();
        assert_eq!(found, expected, "{id}");
    }
}

// covers: VAL-08, E-08
#[test]
fn a_slot_without_an_identifier_breaks_its_profile() {
    let from = SLOT.find("\"identifier\"").expect("an identifier");
    let to = SLOT.find("\"schedule\"").expect("a schedule");
    let without = format!("{}{}", &SLOT[..from], &SLOT[to..]);
    assert_eq!(errors(&judge(&without)), [("Slot", "CareConnect-Slot-1 Slot.identifier")]);
}

// covers: VAL-08, E-28
#[test]
fn a_slot_whose_identifier_is_an_object_has_the_wrong_shape() {
    let source =
        SLOT.replacen("[{\"system\"", "{\"system\"", 1).replacen("\"}],\n    \"schedule", "\"},\n    \"schedule", 1);
    assert_eq!(errors(&judge(&source)), [("Slot.identifier", "FHIR JSON")]);
}

// covers: VAL-08, VAL-10, E-12, E-23
#[test]
fn the_published_nhs_numbers_are_told_apart_by_their_check_digit() {
    for (number, is_good) in [
        ("9476719931", true),
        ("1234554321", true),
        ("1234567890", false),
        ("1231231234", false),
        ("11122233333", false),
        ("111222333", false),
    ] {
        let issues = judge(&BOOKING.replace("9476719931", number));
        assert!(is_valid(&issues), "{number} is warned of, no more");
        assert_eq!(!issues.iter().any(|issue| issue.rule == "VAL-10"), is_good, "{number}: {issues:#?}");
    }
}

// covers: VAL-08, E-15, E-18
#[test]
fn a_text_that_breaks_off_is_refused_with_its_place() {
    let broken_off = BOOKING.replacen("\"en-GB\"", "\"en-GB", 1);
    let comma_too_many = BOOKING.replacen("}],\"status\"", "},],\"status\"", 1);
    let curly_quotes = BOOKING.replacen("\"en-GB\"", "\u{201c}en-GB\u{201d}", 1);
    for broken in [broken_off, comma_too_many, curly_quotes] {
        assert_ne!(broken, BOOKING);
        let error = fhir::json::read(broken.as_bytes(), &fhir::Limits::STRICT).expect_err("not JSON");
        assert!(error.offset > 0 && error.path.is_some(), "{error:?}");
    }
}

// covers: VAL-08, HTTP-14, E-14
#[test]
fn an_array_of_operations_may_not_be_empty() {
    let source = r#"{"resourceType":"CapabilityStatement","status":"active","date":"2019-07-01","kind":"instance",
        "fhirVersion":"3.0.1","acceptUnknown":"both","format":["json"],"rest":[{"mode":"server","operation":[]}]}"#;
    let issues = judge(source);
    assert!(errors(&issues).contains(&("CapabilityStatement.rest[0].operation", "HTTP-14")), "{issues:#?}");
}

// covers: VAL-08, HTTP-15, E-06, E-21
#[test]
fn xml_with_meta_before_id_is_out_of_order() {
    let source = r#"<Slot xmlns="http://hl7.org/fhir"><meta><versionId value="1"/></meta><id value="s1"/>
        <schedule><reference value="Schedule/1"/></schedule><status value="free"/>
        <start value="2024-05-01T09:00:00Z"/><end value="2024-05-01T09:15:00Z"/></Slot>"#;
    let parsed = fhir::xml::read(source.as_bytes(), &fhir::Limits::STRICT).expect("well-formed XML");
    let issues = validate_parsed(&parsed, Definitions::standard(), &Options::validator());
    assert_eq!(errors(&issues), [("Slot.id", "HTTP-15")]);
}

// covers: VAL-08
#[test]
fn the_constructed_samples_are_valid() {
    let with_slot = BOOKING
        .replacen("}],\"status\":\"booked\"", &format!("}},{SLOT}],\"status\":\"booked\""), 1)
        .replacen("Slot/slot002", "#slot002", 1);
    let outcome = r##"{"resourceType":"OperationOutcome",
        "meta":{"profile":["https://fhir.nhs.uk/STU3/StructureDefinition/Spine-OperationOutcome-1"]},
        "issue":[{"severity":"error","code":"not-found","details":{"coding":[{
            "system":"https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1","code":"NO_RECORD_FOUND",
            "display":"No record found"}]},"diagnostics":"No Appointment 3f9c"}]}"##;
    let slot_taken = r##"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"processing",
        "details":{"coding":[{"system":"http://hl7.org/fhir/issue-type","code":"processing",
            "display":"Processing Failure"}]},"diagnostics":"Slot no longer available"}]}"##;
    for source in [BOOKING, &with_slot, SLOT, outcome, slot_taken] {
        let issues = judge(source);
        assert!(is_valid(&issues), "{issues:#?}");
    }
}

// covers: REG-07, X-14
#[test]
fn a_registration_breaks_only_the_invariants_that_it_may() {
    let source = r##"{"resourceType":"Appointment",
        "meta":{"profile":["https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1"]},
        "identifier":[{"system":"urn:ietf:rfc:3986","value":"https://provider.nhs.uk/STU3/1/uec/Appointment/3f9c"}],
        "status":"booked","start":"2019-07-02T09:15:00+00:00","created":"2019-07-01T09:00:02+00:00",
        "participant":[{"actor":{"identifier":{"use":"official","system":"https://fhir.nhs.uk/Id/nhs-number",
            "value":"9476719931"}},"status":"accepted"}]}"##;
    assert_eq!(errors(&judge(source)), [("Appointment", "app-2"), ("Appointment", "app-3")]);
}

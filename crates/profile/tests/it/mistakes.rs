//! Ten mistakes that newcomers make in a booking: each is told with its element, its rule and its cure.

use profile::{Definitions, Issue, Options, Severity, is_valid, validate_parsed};

/// A booking that keeps to everything (`booking-api.md` S-2).
pub(crate) const BOOKING: &str = include_str!("booking.json");

fn judge(source: &str) -> Vec<Issue> {
    let parsed = fhir::json::read(source.as_bytes(), &fhir::Limits::STRICT).expect("well-formed JSON");
    validate_parsed(&parsed, Definitions::standard(), &Options::validator())
}

fn judge_xml(source: &str) -> Vec<Issue> {
    let parsed = fhir::xml::read(source.as_bytes(), &fhir::Limits::STRICT).expect("well-formed XML");
    validate_parsed(&parsed, Definitions::standard(), &Options::validator())
}

struct Mistake {
    name: &'static str,
    old: &'static str,
    new: &'static str,
    location: &'static str,
    rule: &'static str,
    /// A word of the cure.
    cure: &'static str,
    severity: Severity,
}

const UK: &str = "https://fhir.hl7.org.uk/STU3";

const MISTAKES: &[Mistake] = &[
    Mistake {
        name: "a string for an array",
        old: r#""given":["Alex"]"#,
        new: r#""given":"Alex""#,
        location: "Appointment.contained[1].name[0].given",
        rule: "FHIR JSON",
        cure: "square brackets",
        severity: Severity::Error,
    },
    Mistake {
        name: "a wrong profile URL",
        old: "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1",
        new: "http://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1",
        location: "Appointment.meta.profile[0]",
        rule: "Meta.profile",
        cure: "Write \"https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1\"",
        severity: Severity::Error,
    },
    Mistake {
        name: "the code in the display",
        old: r#""code":"01","display":"Number present and verified""#,
        new: r#""display":"01""#,
        location: "Appointment.contained[1].identifier[0].extension[0].value.ofType(CodeableConcept)",
        rule: "https://fhir.hl7.org.uk/STU3/ValueSet/CareConnect-NHSNumberVerificationStatus-1",
        cure: "Write \"01\" as the code",
        severity: Severity::Error,
    },
    Mistake {
        name: "a missing slice",
        old: r#""use":"official","family""#,
        new: r#""use":"usual","family""#,
        location: "Appointment.contained[1]",
        rule: "CareConnect-Patient-1 Patient.name:official",
        cure: "Add one name whose use is \"official\"",
        severity: Severity::Error,
    },
    Mistake {
        name: "a bad NHS number",
        old: r#""value":"9476719931"}],"name""#,
        new: r#""value":"9476719930"}],"name""#,
        location: "Appointment.contained[1].identifier[0].value",
        rule: "VAL-10",
        cure: "ten digits",
        severity: Severity::Warning,
    },
    Mistake {
        name: "no offset",
        old: "2019-07-02T09:15:00+00:00",
        new: "2019-07-02T09:15:00",
        location: "Appointment.start",
        rule: "instant",
        cure: "zone",
        severity: Severity::Error,
    },
    Mistake {
        name: "a wrong reference",
        old: r##""reference":"#P1""##,
        new: r##""reference":"#p1""##,
        location: "Appointment.participant[0].actor",
        rule: "ref-1",
        cure: "id after the # (capitals count), here \"D1\" or \"P1\"",
        severity: Severity::Error,
    },
    Mistake {
        name: "an unknown element",
        old: r#""description":"#,
        new: r#""reasonCode":[{"text":"x"}],"description":"#,
        location: "Appointment",
        rule: "HTTP-13",
        cure: "\"reason\"",
        severity: Severity::Error,
    },
    Mistake {
        name: "two ranks 1",
        old: r#""rank":1}]"#,
        new: r#""rank":1},{"system":"phone","value":"01632 960124","rank":1}]"#,
        location: "Appointment.contained[1].telecom[1].rank",
        rule: "PCT-04",
        cure: "rank 2",
        severity: Severity::Warning,
    },
];

fn is_told(issues: &[Issue], mistake: &Mistake) -> bool {
    issues.iter().any(|issue| {
        issue.location == mistake.location
            && issue.rule == mistake.rule
            && issue.severity == mistake.severity
            && issue.cure.contains(mistake.cure)
            && issue.message.ends_with('.')
            && issue.cure.ends_with('.')
            && issue.at.is_some()
    })
}

// covers: VAL-05, VAL-06, VAL-10
#[test]
fn each_typical_mistake_is_told_with_its_place_its_rule_and_its_cure() {
    assert!(is_valid(&judge(BOOKING)), "{:#?}", judge(BOOKING));
    for mistake in MISTAKES {
        let source = BOOKING.replacen(mistake.old, mistake.new, 1);
        assert_ne!(source, BOOKING, "{}", mistake.name);
        let issues = judge(&source);
        assert!(is_told(&issues, mistake), "{}: {issues:#?}", mistake.name);
    }
    assert!(MISTAKES.iter().any(|mistake| mistake.rule.starts_with(UK)));
}

// covers: VAL-05, HTTP-15
#[test]
fn xml_out_of_order_is_told() {
    let slot = r#"<Slot xmlns="http://hl7.org/fhir"><status value="free"/><schedule><reference value="Schedule/1"/></schedule>
        <start value="2024-05-01T09:00:00Z"/><end value="2024-05-01T09:15:00Z"/></Slot>"#;
    let issues = judge_xml(slot);
    assert_eq!(issues.len(), 1, "{issues:#?}");
    assert_eq!((issues[0].location.as_str(), issues[0].rule.as_str()), ("Slot.schedule", "HTTP-15"));
    assert!(issues[0].cure.contains("place"));
}

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
        (r#""status":"#, r#""colour":"red","status":"#, ("Slot", "HTTP-13")),
        (r#"{"reference":"Schedule/1"}"#, r#"{"id":"a"}"#, ("Slot.schedule", "ele-1")),
        (r#""id":"s1""#, r#""id":"s_1""#, ("Slot.id", "id")),
        (r#""id":"s1""#, r#""implicitRules":"urn:oid:3.1""#, ("Slot.implicitRules", "uri")),
        (r#""resourceType":"Slot""#, r#""resourceType":"DomainResource""#, ("DomainResource", "Resource")),
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
    let node = outcome(&judge(SLOT), None);
    let issues: Vec<_> = node.all("issue").collect();
    assert_eq!(issues.len(), 1);
    assert_eq!(issues[0].text_of("severity"), Some("information"));
    assert_eq!(issues[0].text_of("code"), Some("informational"));
}

// covers: VAL-06
#[test]
fn an_outcome_of_issues_is_itself_valid() {
    let issues = judge(&SLOT.replacen(r#""free""#, r#""taken""#, 1));
    let node = outcome(&issues, None);
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

// covers: VAL-06
#[test]
fn what_xml_has_in_another_place_or_namespace_is_told_where_it_was_meant_to_be() {
    let slot = |inside: &str| {
        let source = format!(
            r#"<Slot xmlns="http://hl7.org/fhir"><extension{inside}<schedule><reference value="Schedule/1"/></schedule>
            <status value="free"/><start value="2024-05-01T09:00:00Z"/><end value="2024-05-01T09:15:00Z"/></Slot>"#
        );
        let parsed = fhir::xml::read(source.as_bytes(), &fhir::Limits::STRICT).expect("well-formed XML");
        validate_parsed(&parsed, Definitions::standard(), &Options::validator())
    };
    let known = r#" url="https://a.example/x">"#;
    let table = [
        (r#"><url value="https://a.example/x"/><valueCode value="a"/></extension>"#.to_owned(), "Slot.extension[0]"),
        (format!(r#"{known}<valueCode value="a" colour="red"/></extension>"#), "Slot.extension[0].value.ofType(code)"),
        (format!(r#"{known}<valueCode value="a"/></extension><x:comment xmlns:x="urn:x" value="b"/>"#), "Slot.comment"),
        (format!(r#"{known}<valueCode value="a"/></extension><x:colour xmlns:x="urn:x" value="b"/>"#), "Slot"),
    ];
    for (inside, expected) in table {
        let issues = slot(&inside);
        let places: Vec<&str> = errors(&issues).into_iter().map(|(place, _)| place).collect();
        assert_eq!(places, [expected], "{inside}");
    }
}

#[test]
fn no_more_issues_than_asked_for_are_returned() {
    let source = SLOT.replacen(r#""status":"#, r#""a":1,"b":2,"c":3,"status":"#, 1);
    let issues = judge_with(&source, &Options { most_issues: 2, ..Options::validator() });
    assert_eq!(issues.len(), 3);
    assert_eq!(issues[2].got, "1 more");
}

const PATIENT: &str = r##"{"resourceType":"Patient",
    "meta":{"profile":["https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Patient-1"]},
    "identifier":[{"extension":[{
        "url":"https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-NHSNumberVerificationStatus-1",
        "valueCodeableConcept":{"coding":[{
            "system":"https://fhir.hl7.org.uk/STU3/CodeSystem/CareConnect-NHSNumberVerificationStatus-1",
            "code":"01","display":"Number present and verified"}]}}],
        "system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}],
    "name":[{"use":"official","family":"Sample","given":["Robin"]}],
    "telecom":[{"system":"phone","value":"01632960587"}],"gender":"female","birthDate":"1980-02-29"}"##;

const PROFILE: &str = "CareConnect-Patient-1 Patient";

// covers: VAL-05
#[test]
fn each_rule_of_a_profile_is_told_at_its_place() {
    assert_eq!(judge(PATIENT), []);
    let table: &[(&str, &str, &str, &str)] = &[
        (r#""use":"official","#, "", "Patient", ".name:official"),
        (r#""family":"Sample","#, "", "Patient.name[0]", ".name:official.family"),
        (r#""system":"phone","#, r#""use":"home","#, "Patient.telecom[0]", ".telecom.system"),
        (r#","value":"9990000018""#, "", "Patient.identifier[0]", ".identifier:nhsNumber.value"),
        (r#""gender""#, r#""communication":[{"language":{"text":"x"}}],"gender""#, "Patient", ".communication"),
        (r#""gender""#, r#""maritalStatus":{"text":"single"},"gender""#, "Patient", ".maritalStatus.coding"),
    ];
    for (old, new, location, rule) in table {
        let issues = judge(&PATIENT.replacen(old, new, 1));
        let rule = format!("{PROFILE}{rule}");
        let found = issues
            .iter()
            .any(|issue| issue.severity.refuses() && issue.rule == rule && issue.location.starts_with(location));
        assert!(found, "{rule} {issues:#?}");
    }
}

// covers: VAL-05
#[test]
fn extensions_are_judged_by_their_definitions() {
    let with =
        |extension: &str| judge(&PATIENT.replacen(r#""name""#, &format!(r#""extension":[{extension}],"name""#), 1));
    let uk = "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect";
    let table: &[(String, Severity, &str)] = &[
        (r#"{"url":"https://a.example/x","valueString":"x"}"#.to_owned(), Severity::Warning, "Extension.url"),
        (r#"{"url":"x","valueString":"x"}"#.to_owned(), Severity::Error, "Extension.url"),
        (
            r#"{"url":"http://hl7.org/fhir/StructureDefinition/Slot","valueString":"x"}"#.to_owned(),
            Severity::Error,
            "Extension.url",
        ),
        (format!(r#"{{"url":"{uk}-EthnicCategory-1"}}"#), Severity::Error, "ext-1"),
        (
            format!(r#"{{"url":"{uk}-DeliveryChannel-1","valueCode":"Video"}}"#),
            Severity::Error,
            "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-DeliveryChannel-1",
        ),
        (
            format!(r#"{{"url":"{uk}-ResidentialStatus-1","valueString":"H"}}"#),
            Severity::Error,
            "Extension-CareConnect-ResidentialStatus-1 Extension.valueCodeableConcept",
        ),
        (
            format!(r#"{{"url":"{uk}-NHSCommunication-1","extension":[{{"url":"preferred","valueBoolean":true}}]}}"#),
            Severity::Error,
            "Extension-CareConnect-NHSCommunication-1 Extension.extension:language",
        ),
    ];
    for (extension, severity, rule) in table {
        let issues = with(extension);
        let found = issues.iter().any(|issue| issue.severity == *severity && issue.rule == *rule);
        assert!(found, "{extension} {issues:#?}");
        // The rule about the place of an extension is told at the element around, and shown at the extension.
        let is_there =
            |issue: &Issue| issue.location.starts_with("Patient.extension[0]") || issue.location == "Patient";
        assert!(issues.iter().all(is_there), "{issues:#?}");
        let at = PATIENT.find(r#""name""#).expect("a name") + r#""extension":["#.len();
        assert!(issues.iter().any(|issue| issue.at.is_some_and(|place| place >= at)), "{issues:#?}");
    }
    let modifier = PATIENT.replacen(
        r#""name""#,
        r#""modifierExtension":[{"url":"https://a.example/x","valueString":"x"}],"name""#,
        1,
    );
    assert_eq!(errors(&judge(&modifier)), [("Patient.modifierExtension[0]", "Extension.url")]);
}

// covers: VAL-05, VAL-02
#[test]
fn profiles_come_from_claims_from_the_caller_and_from_the_type() {
    let no_identifier = SLOT.replacen(r#""identifier":[{"system":"https://a.example/slots","value":"1"}],"#, "", 1);
    let slot = "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Slot-1";
    let patient = "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Patient-1";
    let claim = |url: &str| no_identifier.replacen(r#""id":"s1""#, &format!(r#""meta":{{"profile":["{url}"]}}"#), 1);
    let broken = [("Slot", "CareConnect-Slot-1 Slot.identifier")];
    assert_eq!(errors(&judge(&no_identifier)), []);
    assert_eq!(errors(&judge(&claim(slot))), broken);
    assert_eq!(errors(&judge(&claim(&format!("{slot}|1.1.0")))), broken);
    assert_eq!(errors(&judge(&claim(&format!("{slot}|9.9.9")))), [("Slot.meta.profile[0]", "Meta.profile")]);
    assert_eq!(errors(&judge(&claim(patient))), [("Slot", "Meta.profile")]);
    assert_eq!(errors(&judge(&claim("http://hl7.org/fhir/StructureDefinition/Slot"))), []);
    let by_type = Options { by_type: true, ..Options::validator() };
    assert_eq!(errors(&judge_with(&no_identifier, &by_type)), broken);
    let demanded = |url: &str| Options { profiles: vec![url.to_owned()], ..Options::validator() };
    assert_eq!(errors(&judge_with(&no_identifier, &demanded(slot))), broken);
    assert_eq!(errors(&judge_with(&no_identifier, &demanded(patient))), [("Slot", "Meta.profile")]);
    assert_eq!(errors(&judge_with(&no_identifier, &demanded("https://a.example/none"))), [("Slot", "Meta.profile")]);
}

//! Definitions of others are put beside the built-in ones, and mean the same however they come.

use profile::package::{Added, File, add};
use profile::{Definitions, Issue, Options, validate_parsed};

use crate::shared::folder;

fn file(name: &str, text: &str) -> File {
    File { name: name.to_owned(), bytes: text.as_bytes().to_vec() }
}

fn with(files: &[File]) -> (Definitions, Added) {
    let mut definitions = Definitions::built_in();
    let added = add(&mut definitions, files);
    (definitions, added)
}

fn judge(definitions: &Definitions, source: &str) -> Vec<Issue> {
    let limits = fhir::Limits::STRICT;
    let parsed = fhir::json::read_with(definitions.types(), source.as_bytes(), &limits).expect("well-formed JSON");
    validate_parsed(&parsed, definitions, &Options::validator())
}

fn errors(issues: &[Issue]) -> Vec<(&str, &str)> {
    let refusing = issues.iter().filter(|issue| issue.severity.refuses());
    refusing.map(|issue| (issue.location.as_str(), issue.rule.as_str())).collect()
}

/// A profile by its differential alone, with a rule of its own, a pattern, slices by a pattern and by existence.
const PROFILE: &str = r#"{"resourceType":"StructureDefinition","url":"https://a.example/Slot","type":"Slot",
    "derivation":"constraint","baseDefinition":"https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Slot-1",
    "differential":{"element":[
        {"path":"Slot","constraint":[
            {"key":"own-1","severity":"error","human":"A slot has an end after its start.","expression":"start < end"},
            {"key":"own-2","severity":"warning","human":"A slot has a comment.","expression":"comment.exists()"},
            {"key":"own-3","severity":"error","human":"Not supported.","expression":"comment.matches('a')"}]},
        {"path":"Slot.comment","maxLength":5},
        {"path":"Slot.serviceType","slicing":{"discriminator":[{"type":"pattern","path":"$this"}],"rules":"closed"}},
        {"path":"Slot.serviceType","sliceName":"urgent","min":1,"max":"1",
            "patternCodeableConcept":{"coding":[{"system":"https://a.example/codes","code":"u"}]}},
        {"path":"Slot.serviceCategory","binding":{"strength":"required","valueSetUri":"https://a.example/set"}}]}}"#;

const CODES: &str = r#"{"resourceType":"CodeSystem","url":"https://a.example/codes","content":"complete",
    "concept":[{"code":"u","display":"Urgent","concept":[{"code":"v"}]},{"code":"w"}]}"#;

const SET: &str = r#"{"resourceType":"ValueSet","url":"https://a.example/set","compose":{"include":[
    {"system":"https://a.example/codes","filter":[{"property":"concept","op":"is-a","value":"u"}]}]}}"#;

fn slot(more: &str) -> String {
    format!(
        r#"{{"resourceType":"Slot","meta":{{"profile":["https://a.example/Slot"]}},"identifier":[{{"value":"1"}}],
        "schedule":{{"reference":"Schedule/1"}},"status":"free","start":"2024-05-01T09:00:00Z",
        "end":"2024-05-01T09:15:00Z"{more}}}"#
    )
}

const URGENT: &str = r#"{"coding":[{"system":"https://a.example/codes","code":"u"}],"text":"now"}"#;

// covers: VAL-05
#[test]
fn a_profile_of_others_is_judged_by() {
    let (definitions, added) = with(&[file("p.json", PROFILE), file("c.json", CODES), file("s.json", SET)]);
    assert_eq!(added.profiles, ["https://a.example/Slot"]);
    assert_eq!(added.code_lists, ["https://a.example/codes", "https://a.example/set"]);
    assert_eq!(added.unusable, []);
    let good = format!(r#","comment":"abc","serviceType":[{URGENT}]"#);
    let issues = judge(&definitions, &slot(&good));
    assert_eq!(errors(&issues), []);
    assert!(issues.iter().any(|issue| issue.rule == "own-3" && issue.message.contains("not checked")));
    let category = |code: &str| {
        format!(r#"{good},"serviceCategory":{{"coding":[{{"system":"https://a.example/codes","code":"{code}"}}]}}"#)
    };
    let table: &[(String, &str, &str)] = &[
        (String::new(), "Slot", "Slot Slot.serviceType:urgent"),
        (good.replace("abc", "abcdef"), "Slot.comment", "Slot Slot.comment"),
        (
            good.replacen(URGENT, &format!("{URGENT},{{\"text\":\"x\"}}"), 1),
            "Slot.serviceType[1]",
            "Slot Slot.serviceType",
        ),
        (category("w"), "Slot.serviceCategory", "https://a.example/set"),
    ];
    for (more, location, rule) in table {
        assert_eq!(errors(&judge(&definitions, &slot(more))), [(*location, *rule)], "{more}");
    }
    assert_eq!(errors(&judge(&definitions, &slot(&category("v")))), []);
    let late = slot(&good).replacen("09:00:00Z", "10:00:00Z", 1);
    assert_eq!(errors(&judge(&definitions, &late)), [("Slot", "own-1")]);
    let bare = slot(&good).replacen(r#""identifier":[{"value":"1"}],"#, "", 1);
    assert_eq!(errors(&judge(&definitions, &bare)), [("Slot", "CareConnect-Slot-1 Slot.identifier")]);
    assert!(
        judge(&definitions, &slot(&format!(r#","serviceType":[{URGENT}]"#))).iter().any(|issue| issue.rule == "own-2")
    );
}

/// A type that is not built in.
const FLAG: &str = r#"{"resourceType":"StructureDefinition","url":"http://hl7.org/fhir/StructureDefinition/Flag","type":"Flag",
    "kind":"resource","abstract":false,"derivation":"specialization",
    "baseDefinition":"http://hl7.org/fhir/StructureDefinition/DomainResource","snapshot":{"element":[
        {"path":"Flag","min":0,"max":"*","constraint":[{"key":"flg-1","severity":"error","human":"A flag says since when.",
            "expression":"period.start.exists()"}]},
        {"path":"Flag.id","min":0,"max":"1","type":[{"code":"id"}]},
        {"path":"Flag.meta","min":0,"max":"1","type":[{"code":"Meta"}]},
        {"path":"Flag.status","min":1,"max":"1","type":[{"code":"code"}],"binding":{"strength":"required",
            "valueSetReference":{"reference":"http://hl7.org/fhir/ValueSet/slotstatus"}}},
        {"path":"Flag.period","min":0,"max":"1","type":[{"code":"Period"}]},
        {"path":"Flag.part","min":0,"max":"*","type":[{"code":"BackboneElement"}]},
        {"path":"Flag.part.id","min":0,"max":"1","representation":["xmlAttr"],"type":[{"code":"string"}]},
        {"path":"Flag.part.extension","min":0,"max":"*","type":[{"code":"Extension"}]},
        {"path":"Flag.part.value[x]","min":1,"max":"1","type":[{"code":"string"},{"code":"date"}]}]}}"#;

// covers: VAL-05
#[test]
fn a_type_of_others_is_read_and_judged() {
    let (definitions, added) = with(&[file("f.json", FLAG)]);
    assert_eq!(added.types, ["Flag"]);
    let flag = r#"{"resourceType":"Flag","status":"free","period":{"start":"2024"},"part":[{"valueDate":"2024"}]}"#;
    assert_eq!(judge(&definitions, flag), []);
    let table: &[(&str, &str, &str, &str)] = &[
        ("\"free\"", "\"taken\"", "Flag.status", "http://hl7.org/fhir/ValueSet/slotstatus"),
        ("\"start\"", "\"end\"", "Flag", "flg-1"),
        (
            r#""valueDate":"2024""#,
            r#""id":"x","extension":[{"url":"https://x.example","valueCode":"a"}]"#,
            "Flag.part[0]",
            "Flag.part.value[x]",
        ),
        ("\"2024\"}]", "\"x\"}]", "Flag.part[0].value.ofType(date)", "date"),
    ];
    for (old, new, location, rule) in table {
        assert_eq!(errors(&judge(&definitions, &flag.replacen(old, new, 1))), [(*location, *rule)], "{new}");
    }
}

#[test]
fn what_cannot_be_used_is_listed() {
    let (_, added) = with(&[
        file("broken.json", "{"),
        file("of-unknown.json", &PROFILE.replacen("\"Slot\",", "\"Observation\",", 1)),
        file("empty.json", r#"{"resourceType":"ValueSet","url":"https://a.example/empty"}"#),
        file("large.json", r#"{"resourceType":"CodeSystem","url":"https://a.example/large","content":"not-present"}"#),
        file("patient.json", r#"{"resourceType":"Patient"}"#),
        file("slot.xml", r#"<Slot xmlns="http://hl7.org/fhir"/>"#),
    ]);
    let names: Vec<&str> = added.unusable.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["broken.json", "https://a.example/empty", "https://a.example/large", "https://a.example/Slot"]);
    assert!(added.unusable.iter().all(|(_, why)| !why.is_empty()));
    assert_eq!(added.others, 2);
}

// covers: VAL-05
#[test]
fn the_published_definitions_mean_what_the_built_in_ones_do() {
    let mut files = Vec::new();
    for name in ["fhir-stu3/profiles", "fhir-stu3/terminology", "fhir-stu3/base"] {
        let Some(folder) = folder(name) else { return };
        for entry in std::fs::read_dir(folder).expect("a folder that can be read") {
            let path = entry.expect("an entry that can be read").path();
            let bytes = std::fs::read(&path).expect("a file that can be read");
            files.push(File { name: path.display().to_string(), bytes });
        }
    }
    let (loaded, added) = with(&files);
    assert_eq!(added.types, Vec::<String>::new());
    let built_in = Definitions::standard();
    for profile in built_in.profiles() {
        assert_eq!(loaded.profile(&profile.url), Some(profile));
    }
    let unusable: Vec<&str> = added.unusable.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(unusable, ["http://snomed.info/sct"], "{:?}", added.unusable);
    for (url, system) in built_in.terminology().systems() {
        assert_eq!(loaded.terminology().system(url), Some(system), "{url}");
    }
}

/// A profile on a profile, by its differential: it asks for a slice and adds to it, and says nothing of how it is told apart.
const ON_A_PROFILE: &str = r#"{"resourceType":"StructureDefinition","url":"https://a.example/Patient","type":"Patient",
    "fhirVersion":"3.0.1","derivation":"constraint",
    "baseDefinition":"https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Patient-1","differential":{"element":[
        {"path":"Patient"},
        {"path":"Patient.identifier"},
        {"path":"Patient.identifier","sliceName":"nhsNumber","min":1},
        {"path":"Patient.identifier.use","min":1}]}}"#;

// covers: VAL-05
#[test]
fn a_differential_inherits_how_the_slices_of_its_base_are_told_apart() {
    let (definitions, added) = with(&[file("p.json", ON_A_PROFILE)]);
    assert_eq!(added.unusable, []);
    let verified = r#""extension":[{"url":"https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-NHSNumberVerificationStatus-1",
        "valueCodeableConcept":{"coding":[{"system":"https://fhir.hl7.org.uk/STU3/CodeSystem/CareConnect-NHSNumberVerificationStatus-1",
        "code":"01"}]}}],"#;
    let patient = |identifier: &str| {
        let text = r#"{"resourceType":"Patient","meta":{"profile":["https://a.example/Patient"]},
            "name":[{"use":"official","family":"X"}],"identifier":[IDENTIFIER]}"#;
        text.replacen("IDENTIFIER", identifier, 1)
    };
    let number =
        format!(r#"{{{verified}"use":"official","system":"https://fhir.nhs.uk/Id/nhs-number","value":"9476719931"}}"#);
    assert_eq!(errors(&judge(&definitions, &patient(&number))), []);
    let other = r#"{"system":"https://a.example/local","value":"1"}"#;
    let table = [
        (other.to_owned(), "Patient", "Patient Patient.identifier:nhsNumber"),
        (
            number.replacen(r#""use":"official","#, "", 1),
            "Patient.identifier[0]",
            "Patient Patient.identifier:nhsNumber.use",
        ),
        (
            format!("{other},{}", number.replacen(r#""use":"official","#, "", 1)),
            "Patient.identifier[1]",
            "Patient Patient.identifier:nhsNumber.use",
        ),
    ];
    for (identifier, location, rule) in table {
        assert_eq!(errors(&judge(&definitions, &patient(&identifier))), [(location, rule)], "{identifier}");
    }
}

#[test]
fn what_rests_on_something_absent_or_is_for_another_version_is_listed() {
    let absent = ON_A_PROFILE.replacen("CareConnect-Patient-1", "Absent-1", 1);
    let (_, added) = with(&[file("p.json", &absent)]);
    assert_eq!(added.profiles, ["https://a.example/Patient"]);
    let [(name, why)] = added.unusable.as_slice() else { panic!("{:?}", added.unusable) };
    assert!(name == "https://a.example/Patient" && why.contains("Absent-1"), "{why}");
    let (_, added) = with(&[file("p.json", &ON_A_PROFILE.replacen("3.0.1", "4.0.1", 1))]);
    assert_eq!(added.profiles, Vec::<String>::new());
    assert!(added.unusable[0].1.contains("4.0.1"), "{:?}", added.unusable);
}

#[test]
fn definitions_in_a_bundle_and_in_any_order_are_used() {
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"collection","entry":[{{"resource":{}}},{{"resource":{CODES}}}]}}"#,
        ON_A_PROFILE.replacen("https://a.example/Patient", "https://a.example/Upper", 1).replacen(
            "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Patient-1",
            "https://a.example/Patient",
            1
        )
    );
    let (definitions, added) = with(&[file("b.json", &bundle), file("p.json", ON_A_PROFILE)]);
    assert_eq!(added.profiles, ["https://a.example/Upper", "https://a.example/Patient"]);
    assert_eq!(
        (added.unusable.as_slice(), added.code_lists.as_slice()),
        (&[][..], &["https://a.example/codes".to_owned()][..])
    );
    let patient = r#"{"resourceType":"Patient","meta":{"profile":["https://a.example/Upper"]},"name":[{"use":"official","family":"X"}]}"#;
    let issues = judge(&definitions, patient);
    let found = errors(&issues);
    assert!(found.contains(&("Patient", "Upper Patient.identifier:nhsNumber")), "{found:?}");
    assert!(found.contains(&("Patient", "Patient Patient.identifier:nhsNumber")), "{found:?}");
}

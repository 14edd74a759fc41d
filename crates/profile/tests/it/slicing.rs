//! Items told apart: by value, pattern, presence, type and profile; open, closed, ordered, and the slice for all others.

use profile::package::{File, add};
use profile::{Definitions, Issue, Options, Severity, validate_parsed};

/// A slicing, its slices, the resource in its two halves around the items, and what each list of items gets.
struct Slicing {
    name: &'static str,
    of: &'static str,
    element: &'static str,
    /// `"discriminator":…,"rules":…`.
    how: &'static str,
    /// The elements after the one that is sliced.
    slices: &'static str,
    items: &'static [(&'static str, &'static [(&'static str, &'static str)])],
}

const SLICINGS: &[Slicing] = &[
    Slicing {
        name: "by value, open",
        of: "Patient",
        element: "identifier",
        how: r#""discriminator":[{"type":"value","path":"system"}],"rules":"open""#,
        slices: r#"{"path":"Patient.identifier","sliceName":"a","min":1,"max":"1"},
            {"path":"Patient.identifier.system","fixedUri":"urn:a"},{"path":"Patient.identifier.value","min":1}"#,
        items: &[
            (r#"{"system":"urn:x"},{"system":"urn:a","value":"1"}"#, &[]),
            (r#"{"system":"urn:x"}"#, &[("Patient", "identifier:a")]),
            (r#"{"system":"urn:a"}"#, &[("Patient.identifier[0]", "identifier:a.value")]),
            (r#"{"system":"urn:a","value":"1"},{"system":"urn:a","value":"2"}"#, &[("Patient", "identifier:a")]),
        ],
    },
    Slicing {
        name: "by value, closed",
        of: "Patient",
        element: "identifier",
        how: r#""discriminator":[{"type":"value","path":"system"}],"rules":"closed""#,
        slices: r#"{"path":"Patient.identifier","sliceName":"a"},{"path":"Patient.identifier.system","fixedUri":"urn:a"}"#,
        items: &[
            (r#"{"system":"urn:a"}"#, &[]),
            (r#"{"system":"urn:a"},{"system":"urn:x"}"#, &[("Patient.identifier[1]", "identifier")]),
        ],
    },
    Slicing {
        name: "by value, ordered",
        of: "Patient",
        element: "identifier",
        how: r#""discriminator":[{"type":"value","path":"system"}],"rules":"open","ordered":true"#,
        slices: r#"{"path":"Patient.identifier","sliceName":"a"},{"path":"Patient.identifier.system","fixedUri":"urn:a"},
            {"path":"Patient.identifier","sliceName":"b"},{"path":"Patient.identifier.system","fixedUri":"urn:b"}"#,
        items: &[
            (r#"{"system":"urn:a"},{"system":"urn:x"},{"system":"urn:b"}"#, &[]),
            (r#"{"system":"urn:b"},{"system":"urn:a"}"#, &[("Patient.identifier[1]", "identifier")]),
        ],
    },
    Slicing {
        name: "by two values",
        of: "Patient",
        element: "telecom",
        how: r#""discriminator":[{"type":"value","path":"system"},{"type":"value","path":"use"}],"rules":"closed""#,
        slices: r#"{"path":"Patient.telecom","sliceName":"a"},{"path":"Patient.telecom.system","fixedCode":"phone"},
            {"path":"Patient.telecom.use","fixedCode":"home"}"#,
        items: &[
            (r#"{"system":"phone","use":"home","value":"1"}"#, &[]),
            (r#"{"system":"phone","use":"work","value":"1"}"#, &[("Patient.telecom[0]", "telecom")]),
        ],
    },
    Slicing {
        name: "by pattern",
        of: "Slot",
        element: "serviceType",
        how: r#""discriminator":[{"type":"pattern","path":"$this"}],"rules":"open""#,
        slices: r#"{"path":"Slot.serviceType","sliceName":"a","max":"1",
            "patternCodeableConcept":{"coding":[{"system":"urn:a","code":"x"}]}}"#,
        items: &[
            (
                r#"{"text":"y"},{"coding":[{"system":"urn:b","code":"x"},{"system":"urn:a","code":"x"}],"text":"z"}"#,
                &[],
            ),
            (
                r#"{"coding":[{"system":"urn:a","code":"x"}]},{"coding":[{"system":"urn:a","code":"x"}]}"#,
                &[("Slot", "serviceType:a")],
            ),
        ],
    },
    Slicing {
        name: "by a value within a pattern",
        of: "Slot",
        element: "serviceType",
        how: r#""discriminator":[{"type":"value","path":"coding.code"}],"rules":"closed""#,
        slices: r#"{"path":"Slot.serviceType","sliceName":"a","patternCodeableConcept":{"coding":[{"code":"x"}]}}"#,
        items: &[
            (r#"{"coding":[{"system":"urn:a","code":"x"}]}"#, &[]),
            (r#"{"coding":[{"system":"urn:a","code":"y"}]}"#, &[("Slot.serviceType[0]", "serviceType")]),
        ],
    },
    Slicing {
        name: "by presence",
        of: "Patient",
        element: "name",
        how: r#""discriminator":[{"type":"exists","path":"period"}],"rules":"open""#,
        slices: r#"{"path":"Patient.name","sliceName":"now","min":1},{"path":"Patient.name.period","max":"0"},
            {"path":"Patient.name","sliceName":"then","max":"1"},{"path":"Patient.name.period","min":1}"#,
        items: &[
            (r#"{"text":"a"},{"text":"b","period":{"start":"2020"}}"#, &[]),
            (r#"{"text":"b","period":{"start":"2020"}}"#, &[("Patient", "name:now")]),
            (
                r#"{"text":"a"},{"text":"b","period":{"start":"2020"}},{"text":"c","period":{"start":"2021"}}"#,
                &[("Patient", "name:then")],
            ),
        ],
    },
    Slicing {
        name: "by the type of the target",
        of: "Schedule",
        element: "actor",
        how: r#""discriminator":[{"type":"type","path":"$this.resolve()"}],"rules":"closed""#,
        slices: r#"{"path":"Schedule.actor","sliceName":"service","min":1,"max":"1","type":[{"code":"Reference",
                "targetProfile":"http://hl7.org/fhir/StructureDefinition/HealthcareService"}]},
            {"path":"Schedule.actor","sliceName":"place","type":[{"code":"Reference",
                "targetProfile":"https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Location-1"}]}"#,
        items: &[
            (r#"{"reference":"Location/1"},{"reference":"https://a.example/HealthcareService/1"}"#, &[]),
            (r#"{"reference":"Location/1"}"#, &[("Schedule", "actor:service")]),
            (r#"{"reference":"HealthcareService/1"},{"reference":"Patient/1"}"#, &[("Schedule.actor[1]", "actor")]),
        ],
    },
    Slicing {
        name: "by profile",
        of: "Patient",
        element: "identifier",
        how: r#""discriminator":[{"type":"profile","path":"$this"}],"rules":"open""#,
        slices: r#"{"path":"Patient.identifier","sliceName":"a","min":1,
            "type":[{"code":"Identifier","profile":"https://a.example/Whole"}]}"#,
        items: &[
            (r#"{"value":"1"},{"system":"urn:a","value":"2"}"#, &[]),
            (r#"{"value":"1"}"#, &[("Patient", "identifier:a")]),
        ],
    },
    Slicing {
        name: "by the value of an extension",
        of: "Patient",
        element: "name",
        how: r#""discriminator":[{"type":"value","path":"extension('https://a.example/kind').value"}],"rules":"closed""#,
        slices: r#"{"path":"Patient.name","sliceName":"stage"},
            {"path":"Patient.name.extension","sliceName":"kind","type":[{"code":"Extension","profile":"https://a.example/kind"}]},
            {"path":"Patient.name.extension.valueCode","fixedCode":"stage"}"#,
        items: &[
            (r#"{"extension":[{"url":"https://a.example/kind","valueCode":"stage"}],"text":"a"}"#, &[]),
            (r#"{"text":"a"}"#, &[("Patient.name[0]", "name")]),
        ],
    },
    Slicing {
        name: "with a slice for all others",
        of: "Patient",
        element: "identifier",
        how: r#""discriminator":[{"type":"value","path":"system"}],"rules":"closed""#,
        slices: r#"{"path":"Patient.identifier","sliceName":"a"},{"path":"Patient.identifier.system","fixedUri":"urn:a"},
            {"path":"Patient.identifier","sliceName":"@default"},{"path":"Patient.identifier.value","min":1}"#,
        items: &[
            (r#"{"system":"urn:a"},{"system":"urn:x","value":"1"}"#, &[]),
            (r#"{"system":"urn:x"}"#, &[("Patient.identifier[0]", "identifier:@default.value")]),
        ],
    },
];

/// An Identifier with both system and value.
const WHOLE: &str = r#"{"resourceType":"StructureDefinition","url":"https://a.example/Whole","type":"Identifier",
    "derivation":"constraint","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Identifier","differential":{"element":[
    {"path":"Identifier"},{"path":"Identifier.system","min":1},{"path":"Identifier.value","min":1}]}}"#;

fn file(text: String) -> File {
    File { name: "slicing.json".to_owned(), bytes: text.into_bytes() }
}

fn definitions(of: &str, element: &str, how: &str, slices: &str) -> Definitions {
    let profile = format!(
        r#"{{"resourceType":"StructureDefinition","url":"https://a.example/p","type":"{of}","derivation":"constraint",
        "baseDefinition":"http://hl7.org/fhir/StructureDefinition/{of}","differential":{{"element":[{{"path":"{of}"}},
        {{"path":"{of}.{element}","slicing":{{{how}}}}},{slices}]}}}}"#
    );
    let mut definitions = Definitions::built_in();
    let added = add(&mut definitions, &[file(WHOLE.to_owned()), file(profile)]);
    assert_eq!(added.unusable, []);
    definitions
}

fn judge(definitions: &Definitions, source: &str) -> Vec<Issue> {
    let parsed = fhir::json::read(source.as_bytes(), &fhir::Limits::STRICT).expect("well-formed JSON");
    let options = Options { profiles: vec!["https://a.example/p".to_owned()], ..Options::validator() };
    validate_parsed(&parsed, definitions, &options)
}

/// Everything that the base asks of the types in the table.
fn resource(of: &str, element: &str, items: &str) -> String {
    let more = match of {
        "Slot" => {
            r#","schedule":{"reference":"Schedule/1"},"status":"free","start":"2024-05-01T09:00:00Z",
            "end":"2024-05-01T09:15:00Z""#
        }
        _ => "",
    };
    format!(r#"{{"resourceType":"{of}","{element}":[{items}]{more}}}"#)
}

// covers: VAL-05
#[test]
fn items_are_told_apart_and_judged_by_their_slices() {
    for Slicing { name, of, element, how, slices, items } in SLICINGS {
        let definitions = definitions(of, element, how, slices);
        for (items, expected) in *items {
            let issues = judge(&definitions, &resource(of, element, items));
            let found: Vec<(&str, &str)> = issues
                .iter()
                .filter(|issue| issue.severity.refuses())
                .map(|issue| (issue.location.as_str(), issue.rule.as_str()))
                .collect();
            let wanted: Vec<(&str, String)> =
                expected.iter().map(|(place, rule)| (*place, format!("p {of}.{rule}"))).collect();
            let wanted: Vec<(&str, &str)> = wanted.iter().map(|(place, rule)| (*place, rule.as_str())).collect();
            assert_eq!(found, wanted, "{name}: {items} {issues:#?}");
        }
    }
}

// covers: VAL-05
#[test]
fn an_item_of_no_slice_before_others_is_warned_of_where_it_should_come_last() {
    let how = r#""discriminator":[{"type":"value","path":"system"}],"rules":"openAtEnd""#;
    let slices = SLICINGS[1].slices;
    let definitions = definitions("Patient", "identifier", how, slices);
    let late = judge(&definitions, &resource("Patient", "identifier", r#"{"system":"urn:x"},{"system":"urn:a"}"#));
    assert_eq!((late.len(), late[0].severity), (1, Severity::Warning));
    assert_eq!(late[0].location, "Patient.identifier[1]");
    let good = judge(&definitions, &resource("Patient", "identifier", r#"{"system":"urn:a"},{"system":"urn:x"}"#));
    assert_eq!(good, []);
}

// covers: VAL-05
#[test]
fn a_choice_is_sliced_by_its_type() {
    let how = r#""discriminator":[{"type":"type","path":"$this"}],"rules":"closed""#;
    let slices = r#"{"path":"Patient.deceased[x]","sliceName":"when","type":[{"code":"dateTime"}]}"#;
    let definitions = definitions("Patient", "deceased[x]", how, slices);
    assert_eq!(judge(&definitions, r#"{"resourceType":"Patient","deceasedDateTime":"2024"}"#), []);
    let other = judge(&definitions, r#"{"resourceType":"Patient","deceasedBoolean":true}"#);
    assert_eq!(other.len(), 1, "{other:#?}");
    assert_eq!(other[0].location, "Patient.deceased.ofType(boolean)");
}

#[test]
fn what_cannot_be_told_apart_is_said_once() {
    let how = r#""discriminator":[{"type":"profile","path":"resolve()"}],"rules":"open""#;
    let definitions = definitions("Schedule", "actor", how, SLICINGS[7].slices.replacen(r#""min":1,"#, "", 1).as_str());
    let issues =
        judge(&definitions, &resource("Schedule", "actor", r#"{"reference":"Location/1"},{"reference":"Location/2"}"#));
    assert_eq!(issues.len(), 1, "{issues:#?}");
    assert_eq!((issues[0].severity, issues[0].rule.as_str()), (Severity::Warning, "resolve()"));
}

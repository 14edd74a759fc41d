//! What holds for every document: nothing is lost between the formats, and no text makes a reader panic.

use fhir::{Limits, json, xml};
use proptest::collection::vec;
use proptest::prelude::*;

use super::checks::{codec, date, search};
use super::generate::{Choices, resource};

const GOOD: [&str; 3] = [
    include_str!("../fixtures/s3-booking-2.0.4.json"),
    include_str!("../fixtures/s6-outcome-spine.json"),
    r#"{"resourceType":"Patient","_birthDate":{"id":"b"},"name":[{"given":["A",null],"_given":[null,{"id":"c"}]}],"text":{"div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"/>"},"contained":[{"resourceType":"RelatedPerson","x":[1,{"y":null}]}]}"#,
];

/// Pieces that mean something to one of the readers.
const PIECES: [&str; 30] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "null",
    "true",
    "1",
    "\"_status\":",
    "\"resourceType\":",
    "\"contained\":",
    "<",
    ">",
    "/>",
    "</",
    "=",
    "&",
    ";",
    "&amp;",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?",
    "?>",
    " xmlns:a=\"u\"",
    "<div>",
];

/// Cuts, doubles and replaces pieces of a good document.
fn mutated(source: &str, changes: &[(u16, u8, u8)]) -> Vec<u8> {
    let mut bytes = source.as_bytes().to_vec();
    for (place, change, piece) in changes {
        let at = usize::from(*place) % (bytes.len() + 1);
        let piece = PIECES[usize::from(*piece) % PIECES.len()].as_bytes();
        match change % 4 {
            0 => drop(bytes.splice(at..at, piece.iter().copied())),
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(at..(at + piece.len()).min(bytes.len()))),
            _ => {
                let end = (at + 40).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, copy));
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    // covers: HTTP-01, HTTP-02
    #[test]
    fn nothing_is_lost_between_json_and_xml(bytes in vec(any::<u8>(), 0..600)) {
        let first = resource(&mut Choices::new(&bytes));
        let as_json = json::write(&first);
        let from_json = json::read(&as_json, &Limits::GENEROUS).unwrap();
        prop_assert!(from_json.issues.is_empty(), "{:?}", from_json.issues);
        prop_assert!(first.same_meaning(&from_json.resource));
        let as_xml = xml::write(&from_json.resource);
        let from_xml = xml::read(&as_xml, &Limits::GENEROUS).unwrap();
        prop_assert!(from_xml.issues.is_empty(), "{:?}", from_xml.issues);
        let differences = first.differences(&from_xml.resource, &[]);
        prop_assert!(differences.is_empty(), "{:?}", differences);
        let value = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).unwrap();
        prop_assert_eq!(value(&json::write(&from_xml.resource)), value(&as_json));
        prop_assert_eq!(xml::write(&from_xml.resource), as_xml);
        let pretty = xml::read(&xml::write_pretty(&first), &Limits::GENEROUS).unwrap();
        prop_assert!(first.same_meaning(&pretty.resource));
        let pretty = json::read(&json::write_pretty(&first), &Limits::GENEROUS).unwrap();
        prop_assert!(first.same_meaning(&pretty.resource));
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in vec(any::<u8>(), 0..200)) {
        codec(&bytes);
    }

    #[test]
    fn no_pieces_of_the_formats_make_a_reader_panic(pieces in vec(0..PIECES.len(), 0..60)) {
        let source: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
        codec(source.as_bytes());
    }

    #[test]
    fn no_change_of_a_good_document_makes_a_reader_panic(
        which in 0..GOOD.len(),
        changes in vec((any::<u16>(), any::<u8>(), any::<u8>()), 1..5),
    ) {
        codec(&mutated(GOOD[which], &changes));
        let tree = json::read(GOOD[which].as_bytes(), &Limits::STRICT).unwrap().resource;
        let as_xml = String::from_utf8(xml::write(&tree)).unwrap();
        codec(&mutated(&as_xml, &changes));
    }

    #[test]
    fn no_text_makes_the_date_or_search_reader_panic(text in "[-0-9TZ:+. a-z,|\\\\]{0,32}") {
        date(text.as_bytes());
        search(text.as_bytes());
    }
}

/// Documents in which a look through all siblings for each one would take minutes.
#[test]
fn many_siblings_take_time_in_proportion_to_their_number() {
    let many = |piece: &dyn Fn(usize) -> String| (0..30_000).map(piece).collect::<Vec<_>>();
    let members = [
        many(&|number| format!("\"x{number}\":1,\"_x{number}\":{{}}")),
        many(&|number| format!("\"@x{number}\":\"1\"")),
        many(&|number| format!("\"{{u}}x{number}\":\"1\"")),
        vec![format!("\"contained\":[{}]", many(&|_| r#"{"id":"1","resourceType":"Slot"}"#.to_owned()).join(","))],
    ];
    for members in members {
        codec(format!(r#"{{"resourceType":"Slot",{}}}"#, members.join(",")).as_bytes());
    }
    let levels: String = (0..60).map(|level| format!("{{\"@{{u{level}}}a\":\"1\",\"{{u{level}}}b\":")).collect();
    let nested = format!("{levels}1{}", "}".repeat(60));
    assert!(json::read(nested.as_bytes(), &Limits::STRICT).is_ok());
    codec(nested.as_bytes());
    let inside = [
        many(&|number| format!("<o:x{number} value='1'/><id value='1'/>")),
        many(&|_| "<id value='1'/><status value='2'/>text<!-- -->".to_owned()),
        many(&|number| format!("<meta id='{number}'><profile value='1'/></meta>")),
        many(&|_| "&amp;<![CDATA[a]]>".to_owned()),
    ];
    for inside in inside {
        codec(format!("<Slot xmlns='http://hl7.org/fhir' xmlns:o='u'>{}</Slot>", inside.concat()).as_bytes());
    }
}

/// The corpus of another program's cases, where it is at hand: what JSON says is what we say after reading it.
#[test]
fn the_shared_corpus_is_read_without_a_loss() {
    let Some(path) = super::definitions::shared("corpus/validate/cases.ndjson.gz") else { return };
    let mut text = String::new();
    let file = std::fs::File::open(path).unwrap();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file), &mut text).unwrap();
    let (mut compared, mut refused) = (0, 0);
    for line in text.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let Some(resource) = case.get("resource") else {
            codec(case["text"].as_str().unwrap_or_default().as_bytes());
            continue;
        };
        match json::read(resource.to_string().as_bytes(), &Limits::STRICT) {
            Err(error) if error.reason.contains("fhir_comments") => refused += 1,
            Err(error) => panic!("{} {error}", case["id"]),
            Ok(parsed) => {
                let ours: serde_json::Value = serde_json::from_slice(&json::write(&parsed.resource)).unwrap();
                assert_eq!(evened(&ours), evened(resource), "{}", case["id"]);
                codec(resource.to_string().as_bytes());
                compared += 1;
            }
        }
    }
    println!("{compared} cases are equal, {refused} have fhir_comments and are refused");
    assert!(compared > 3000);
}

/// Evens out what a value and its companion may not differ in and are therefore not kept apart in: whether they are
/// arrays, members that are null at the end of one, and companions of nothing.
fn evened(value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Array(members) => {
            let mut members: Vec<Value> = members.iter().map(evened).collect();
            while members.last().is_some_and(Value::is_null) {
                members.pop();
            }
            Value::Array(members)
        }
        Value::Object(members) => {
            let is_one =
                |name: &str, value: &Value| name.starts_with('_') && value.as_array().is_some_and(|all| all.len() == 1);
            let even = |(name, value): (&String, &Value)| {
                let value = if is_one(name, value) { &value[0] } else { value };
                (name.clone(), evened(value))
            };
            let is_nothing = |name: &str, value: &Value| {
                name.starts_with('_') && (value.is_null() || value.as_array().is_some_and(Vec::is_empty))
            };
            Value::Object(members.iter().map(even).filter(|(name, value)| !is_nothing(name, value)).collect())
        }
        other => other.clone(),
    }
}

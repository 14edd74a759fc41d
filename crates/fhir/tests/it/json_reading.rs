//! What the JSON reader keeps, reports and refuses.

use fhir::IssueKind::{
    ControlCharacter, EmptyArray, EmptyElement, EmptyString, MisplacedNull, MissingResourceType, UnequalArrays,
    UnknownElement, UnknownResourceType, WrongShape,
};
use fhir::{IssueKind, Limits, SyntaxKind, json};

use super::{json_of, read_json, told};

// covers: HTTP-13, HTTP-14
#[test]
fn a_wrong_structure_is_reported_and_written_again_as_it_came() {
    let table: &[(&str, &[(IssueKind, &str)])] = &[
        (r#"{"resourceType":"Slot","meta":{"profile":"p"}}"#, &[(WrongShape, "Slot.meta.profile")]),
        (r#"{"resourceType":"Slot","status":["free"]}"#, &[(WrongShape, "Slot.status")]),
        (r#"{"resourceType":"Slot","status":["free","busy"]}"#, &[(WrongShape, "Slot.status")]),
        (r#"{"resourceType":"Slot","status":1.50}"#, &[(WrongShape, "Slot.status")]),
        (
            r#"{"resourceType":"Slot","status":{"a":1}}"#,
            &[(WrongShape, "Slot.status"), (UnknownElement, "Slot.status.a")],
        ),
        (r#"{"resourceType":"Slot","status":{"id":"a"}}"#, &[(WrongShape, "Slot.status")]),
        (r#"{"resourceType":"Slot","status":{}}"#, &[(WrongShape, "Slot.status"), (EmptyElement, "Slot.status")]),
        (r#"{"resourceType":"Slot","overbooked":"true"}"#, &[(WrongShape, "Slot.overbooked")]),
        (r#"{"resourceType":"Bundle","total":"1"}"#, &[(WrongShape, "Bundle.total")]),
        (r#"{"resourceType":"Bundle","total":true}"#, &[(WrongShape, "Bundle.total")]),
        (r#"{"resourceType":"Slot","schedule":"Schedule/1"}"#, &[(WrongShape, "Slot.schedule")]),
        (r#"{"resourceType":"Slot","schedule":"a","_schedule":{"id":"b"}}"#, &[(WrongShape, "Slot.schedule")]),
        (r#"{"resourceType":"Slot","status":"a","_status":{}}"#, &[(EmptyElement, "Slot.status")]),
        (r#"{"resourceType":"Slot","_status":{}}"#, &[(EmptyElement, "Slot.status")]),
        (r#"{"resourceType":"Slot","schedule":{}}"#, &[(EmptyElement, "Slot.schedule")]),
        (r#"{"resourceType":"Slot","schedule":null}"#, &[(MisplacedNull, "Slot.schedule")]),
        (r#"{"resourceType":"Slot","status":null}"#, &[(MisplacedNull, "Slot.status")]),
        (r#"{"resourceType":"Slot","status":""}"#, &[(EmptyString, "Slot.status")]),
        (r#"{"resourceType":"Slot","comment":"a\u0001b"}"#, &[(ControlCharacter, "Slot.comment")]),
        (r#"{"resourceType":"Slot","identifier":[]}"#, &[(EmptyArray, "Slot.identifier")]),
        (r#"{"resourceType":"Slot","identifier":null}"#, &[(MisplacedNull, "Slot.identifier")]),
        (r#"{"resourceType":"Slot","identifier":[null,{"value":"a"}]}"#, &[(MisplacedNull, "Slot.identifier[0]")]),
        (
            r#"{"resourceType":"Slot","identifier":[{"value":"a"},{"value":2}]}"#,
            &[(WrongShape, "Slot.identifier[1].value")],
        ),
        (
            r#"{"resourceType":"Slot","identifier":[["a",[]]]}"#,
            &[
                (WrongShape, "Slot.identifier[0]"),
                (WrongShape, "Slot.identifier[0]"),
                (WrongShape, "Slot.identifier[1]"),
            ],
        ),
        (
            r#"{"resourceType":"Slot","colour":"red","shades":[1,true,null,{"a":[]}],"none":[],"one":["x"]}"#,
            &[
                (UnknownElement, "Slot.colour"),
                (UnknownElement, "Slot.shades"),
                (EmptyArray, "Slot.shades[3].a"),
                (UnknownElement, "Slot.none"),
                (EmptyArray, "Slot.none"),
                (UnknownElement, "Slot.one"),
            ],
        ),
        (
            r#"{"resourceType":"Slot","schedule":{"resourceType":"Schedule"}}"#,
            &[(UnknownElement, "Slot.schedule.resourceType")],
        ),
        (r#"{"resourceType":"Slot","_schedule":{"id":"a"}}"#, &[(UnknownElement, "Slot._schedule")]),
        (r#"{"resourceType":"Slot","_status":"a"}"#, &[(WrongShape, "Slot._status")]),
        (r#"{"resourceType":"Slot","x":"a","_x":{"id":"b"}}"#, &[(UnknownElement, "Slot.x")]),
        (
            r#"{"resourceType":"Slot","":1," a":2,"é":3}"#,
            &[(UnknownElement, "Slot."), (UnknownElement, "Slot. a"), (UnknownElement, "Slot.é")],
        ),
        (
            r#"{"resourceType":"Slot","contained":["a",{}]}"#,
            &[(WrongShape, "Slot.contained[0]"), (MissingResourceType, "Slot.contained[1]")],
        ),
        (
            r#"{"resourceType":"Slot","contained":[{"resourceType":"RelatedPerson","id":"r","active":true,"name":[{"family":"F"}]}]}"#,
            &[(UnknownResourceType, "Slot.contained[0]")],
        ),
        (r#"{"resourceType":"Nothing","id":"a"}"#, &[(UnknownResourceType, "Nothing")]),
        (r#"{"resourceType":5,"id":"a"}"#, &[(MissingResourceType, "Resource")]),
        (r#"{"id":"a"}"#, &[(MissingResourceType, "Resource")]),
        ("{}", &[(MissingResourceType, "Resource")]),
        (r#"{"resourceType":"Resource","id":"a"}"#, &[(UnknownResourceType, "Resource")]),
    ];
    for (source, issues) in table {
        let parsed = read_json(source);
        assert_eq!(told(&parsed.issues), *issues, "{source}");
        assert_eq!(json_of(&parsed), *source);
    }
}

// covers: HTTP-14
#[test]
fn what_is_in_order_is_kept_without_an_issue() {
    let table = [
        r#"{"resourceType":"Slot"}"#,
        r#"{"resourceType":"Patient","birthDate":"1980","_birthDate":{"id":"b","extension":[{"url":"u","valueString":"x"}]}}"#,
        r#"{"resourceType":"Patient","_birthDate":{"extension":[{"url":"u","valueString":"x"}]}}"#,
        r#"{"resourceType":"Patient","name":[{"given":["A",null,"C"],"_given":[null,{"id":"b"},{"id":"c"}]}]}"#,
        r#"{"resourceType":"Patient","name":[{"_given":[{"id":"b"},{"id":"c"}]}]}"#,
        r#"{"resourceType":"Patient","_id":{"extension":[{"url":"u","valueCode":"x"}]}}"#,
        r#"{"resourceType":"Patient","extension":[{"_url":{"id":"u"},"valueDecimal":1.00}]}"#,
        r#"{"resourceType":"Patient","extension":[{"url":"u","valueDecimal":-0.10e-5},{"url":"u","valueDecimal":12345678901234567890.12345678901234567890}]}"#,
        r#"{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a &amp; b</div>"}}"#,
        "{\"resourceType\":\"Slot\",\"comment\":\"\\\"\\\\/ é😀\u{7f}\u{2028}\\n\\t\\r\"}",
        r#"{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Slot","id":"1"}},{"name":"n","part":[{"name":"p","valueInteger":1}]}]}"#,
    ];
    for source in table {
        let parsed = read_json(source);
        assert_eq!(told(&parsed.issues), [], "{source}");
        assert_eq!(json_of(&parsed), source);
    }
}

#[test]
fn some_forms_are_written_in_the_usual_one() {
    let table = [
        (" {\n\"resourceType\" : \"Slot\" ,\t\"id\":\"1\"}\r\n ", r#"{"resourceType":"Slot","id":"1"}"#),
        ("\u{FEFF}{\"resourceType\":\"Slot\"}", r#"{"resourceType":"Slot"}"#),
        (r#"{"id":"1","resourceType":"Slot"}"#, r#"{"resourceType":"Slot","id":"1"}"#),
        (
            r#"{"id":"1","meta":{"versionId":"1"},"resourceType":"Slot"}"#,
            r#"{"resourceType":"Slot","id":"1","meta":{"versionId":"1"}}"#,
        ),
        (
            r#"{"resourceType":"Slot","_status":{"id":"a"},"id":"1","status":"free"}"#,
            r#"{"resourceType":"Slot","status":"free","_status":{"id":"a"},"id":"1"}"#,
        ),
        (r#"{"resourceType":"Slot","\u0069d":"\u0031\/"}"#, r#"{"resourceType":"Slot","id":"1/"}"#),
        (r#"{"resourceType":"Slot","comment":"\u00e9\ud83d\ude00"}"#, r#"{"resourceType":"Slot","comment":"é😀"}"#),
    ];
    for (source, written) in table {
        let parsed = read_json(source);
        assert_eq!(told(&parsed.issues), [], "{source}");
        assert_eq!(json_of(&parsed), written);
    }
}

#[test]
fn arrays_of_a_value_and_its_companion_may_differ_in_length() {
    let table = [
        (
            r#"{"resourceType":"Patient","name":[{"given":["A"],"_given":[null,{"id":"b"}],"family":"F"}]}"#,
            r#"{"resourceType":"Patient","name":[{"given":["A",null],"_given":[null,{"id":"b"}],"family":"F"}]}"#,
        ),
        (
            r#"{"resourceType":"Patient","name":[{"_given":[{"id":"a"}],"family":"F","given":["A","B"]}]}"#,
            r#"{"resourceType":"Patient","name":[{"given":["A","B"],"_given":[{"id":"a"},null],"family":"F"}]}"#,
        ),
    ];
    for (source, written) in table {
        let parsed = read_json(source);
        assert_eq!(told(&parsed.issues), [(UnequalArrays, "Patient.name[0].given")], "{source}");
        assert_eq!(json_of(&parsed), written);
    }
}

#[test]
fn a_null_needs_a_companion() {
    let parsed = read_json(r#"{"resourceType":"Patient","name":[{"given":["A",null]}]}"#);
    assert_eq!(told(&parsed.issues), [(MisplacedNull, "Patient.name[0].given[1]")]);
}

// covers: HTTP-14
#[test]
fn broken_json_is_refused_with_its_place() {
    use SyntaxKind::{Forbidden, Malformed};
    let table = [
        ("", Malformed, 1, 1, "ends here"),
        ("   ", Malformed, 1, 4, "ends here"),
        ("[]", Malformed, 1, 1, "expected '{'"),
        ("\"a\"", Malformed, 1, 1, "expected '{'"),
        ("{", Malformed, 1, 2, "ends here"),
        ("{\"a\":1", Malformed, 1, 7, "expected ',' or '}'"),
        ("{\"a\":1,}", Malformed, 1, 8, "a member's name"),
        ("{\"a\" 1}", Malformed, 1, 6, "expected ':'"),
        ("{a:1}", Malformed, 1, 2, "a member's name"),
        ("{'a':1}", Malformed, 1, 2, "a member's name"),
        ("{\"a\":}", Malformed, 1, 6, "expected a string, a number"),
        ("{\"a\":[1,]}", Malformed, 1, 9, "expected a string, a number"),
        ("{\"a\":[1 2]}", Malformed, 1, 9, "expected ',' or ']'"),
        ("{\"a\":tru}", Malformed, 1, 6, "true, false or null"),
        ("{\"a\":truex}", Malformed, 1, 6, "true, false or null"),
        ("{\"a\":NaN}", Malformed, 1, 6, "expected a string, a number"),
        ("{\"a\":01}", Malformed, 1, 6, "no leading zeros"),
        ("{\"a\":+1}", Malformed, 1, 6, "expected a string, a number"),
        ("{\"a\":1.}", Malformed, 1, 8, "a digit"),
        ("{\"a\":-}", Malformed, 1, 7, "a digit"),
        ("{\"a\":1e}", Malformed, 1, 8, "a digit"),
        ("{\"a\":0x1}", Malformed, 1, 6, "not a number"),
        ("{\"a\":\"b", Malformed, 1, 8, "expected '\"'"),
        ("{\"a\":\"\n\"}", Malformed, 1, 7, "control character"),
        ("{\"a\":\"\\q\"}", Malformed, 1, 7, "expected one of"),
        ("{\"a\":\"\\ud800\"}", Malformed, 1, 7, "surrogate"),
        ("{} {}", Malformed, 1, 4, "nothing more"),
        ("{}x", Malformed, 1, 3, "nothing more"),
        ("{\n \"é\": 1,\n \"é\": 2}", Forbidden, 3, 2, "twice"),
        ("{\"resourceType\":\"Slot\",\"resourceType\":\"Slot\"}", Forbidden, 1, 24, "twice"),
        ("{\"resourceType\":\"Slot\",\"id\":\"1\",\"i\\u0064\":\"1\"}", Forbidden, 1, 33, "twice"),
        ("{\"resourceType\":\"Slot\",\"_id\":{},\"_id\":{}}", Forbidden, 1, 33, "twice"),
        ("{\"resourceType\":\"Slot\",\"_id\":\"a\",\"_id\":{}}", Forbidden, 1, 34, "twice"),
        ("{\"a\":{\"b\":1,\"b\":1}}", Forbidden, 1, 13, "twice"),
        ("// c\n{}", Forbidden, 1, 1, "comment"),
        ("{/* c */}", Forbidden, 1, 2, "comment"),
        ("{\"a\":1 // c\n}", Forbidden, 1, 8, "comment"),
        ("{\"fhir_comments\":[\"a\"]}", Forbidden, 1, 18, "fhir_comments"),
        ("{\"resourceType\":\"Slot\",\"schedule\":{\"fhir_comments\":[\"a\"]}}", Forbidden, 1, 52, "fhir_comments"),
    ];
    for (source, kind, line, column, reason) in table {
        let error = json::read(source.as_bytes(), &Limits::STRICT).map(|parsed| parsed.issues).unwrap_err();
        assert_eq!((error.kind, error.line, error.column), (kind, line, column), "{source}: {error}");
        assert!(error.reason.contains(reason), "{source}: {error}");
    }
    let error = json::read(b"{\"a\":\"\xff\"}", &Limits::STRICT).map(|parsed| parsed.issues).unwrap_err();
    assert_eq!((error.kind, error.column), (Malformed, 7));
}

#[test]
fn broken_json_is_refused_with_the_element_that_it_is_in() {
    let table: &[(&str, Option<&str>)] = &[
        (r#"{"resourceType":"Slot","status":free}"#, Some("Slot.status")),
        (r#"{"resourceType":"Slot","status":"free","status":"busy"}"#, Some("Slot")),
        (r#"{"resourceType":"Slot","meta":{"id":"a",}}"#, Some("Slot.meta")),
        (r#"{"resourceType":"Slot","identifier":[{"value":"1"},{"value":01}]}"#, Some("Slot.identifier[1].value")),
        (r#"{"resourceType":"Slot","identifier":[{"colour":red}]}"#, Some("Slot.identifier[0]")),
        (r#"{"resourceType":"Slot","fhir_comments":["x"]}"#, Some("Slot")),
        (r#"["Slot"]"#, None),
    ];
    for (source, expected) in table {
        let error = json::read(source.as_bytes(), &Limits::STRICT).expect_err(source);
        assert_eq!(error.path.as_deref(), *expected, "{source}");
    }
}

#[test]
fn what_crosses_a_limit_is_refused() {
    let deep = |levels: usize| format!("{}{}{}", "{\"a\":".repeat(levels), "1", "}".repeat(levels));
    let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    let many = format!("{{\"a\":[{}0]}}", "0,".repeat(200_000));
    let names: String = (0..50_000).map(|number| format!("\"{number}\":{{\"b\":{number}}},")).collect();
    let table = [
        (deep(64), false),
        (deep(65), true),
        (deep(100_000), true),
        (nested(60), false),
        (nested(100_000), true),
        (many, true),
        (format!("{{{names}\"z\":1}}"), false),
        (format!("{{\"a\":\"{}\"}}", "x".repeat(5 << 20)), true),
    ];
    for (index, (source, refused)) in table.iter().enumerate() {
        let result = json::read(source.as_bytes(), &Limits::STRICT);
        let kind = result.as_ref().map(|_| ()).map_err(|error| error.kind);
        assert_eq!(kind, if *refused { Err(SyntaxKind::TooLarge) } else { Ok(()) }, "row {index}");
        if let Ok(parsed) = result {
            assert!(parsed.issues.len() <= Limits::STRICT.issues);
        }
    }
}

#[test]
fn a_resource_type_that_comes_last_again_and_again_costs_no_more_than_the_text_is_long() {
    let levels = 30;
    let padding = "x".repeat(100_000);
    let mut source = r#"{"resourceType":"Slot"}"#.to_owned();
    for _ in 0..levels {
        source = format!(r#"{{"contained":[{source}],"id":"{padding}","resourceType":"Slot"}}"#);
    }
    let error = json::read(source.as_bytes(), &Limits::STRICT).map(|parsed| parsed.issues).unwrap_err();
    assert!(error.reason.contains("resourceType"), "{error}");
}

#[test]
fn issues_say_what_was_expected_and_where() {
    let source = "{\n  \"resourceType\": \"Slot\",\n  \"meta\": {\"profile\": \"p\"},\n  \"colour\": 1\n}";
    let parsed = read_json(source);
    let lines = fhir::Lines::new(source.as_bytes());
    let shown: Vec<String> = parsed
        .issues
        .iter()
        .map(|issue| {
            let position = lines.position(issue.at);
            format!("{}:{} {issue}", position.line, position.column)
        })
        .collect();
    assert_eq!(
        shown,
        [
            "3:23 Slot.meta.profile: expected an array, got a string",
            "4:13 Slot.colour: no such element; expected an element of Slot",
        ]
    );
    let meta = parsed.resource.child("meta").unwrap();
    assert_eq!(lines.position(meta.at()), fhir::Position { line: 3, column: 11 });
}

#[test]
fn pretty_json_says_the_same() {
    let source = r#"{"resourceType":"Patient","name":[{"given":["A",null],"_given":[null,{"id":"b"}]}],"x":{},"y":[]}"#;
    let parsed = read_json(source);
    let pretty = String::from_utf8(json::write_pretty(&parsed.resource)).unwrap();
    assert!(pretty.contains("\n  \"name\": [\n    {\n      \"given\": [\n        \"A\",\n"), "{pretty}");
    assert_eq!(json_of(&read_json(&pretty)), source);
}

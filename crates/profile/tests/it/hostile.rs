//! Input from strangers: nothing panics, nothing takes more than its share of time, nothing is crowded out.

use profile::{Definitions, Options, is_valid, validate_parsed};
use proptest::prelude::*;

use crate::checks;
use crate::mistakes::BOOKING;

/// Pieces that documents are made of, and some that they are not.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "1e9",
    "\"\"",
    "\"resourceType\"",
    "\"Appointment\"",
    "\"contained\"",
    "\"extension\"",
    "\"url\"",
    "\"reference\"",
    "\"#\"",
    "\"#P1\"",
    "\"meta\"",
    "\"profile\"",
    "\"coding\"",
    "\"system\"",
    "\"code\"",
    "\"div\"",
    "\"<div xmlns='http://www.w3.org/1999/xhtml'><a href='\"",
    "\"valueString\"",
    "\"_status\"",
    "\"2024-05-01T09:00:00Z\"",
    "\"Bundle\"",
    "\"entry\"",
    "\"resource\"",
    "\"fullUrl\"",
    "\"urn:uuid:x\"",
    "\\",
    "é",
    "\u{0}",
];

/// Pieces of expressions.
const WORDS: &[&str] = &[
    "status",
    ".",
    "(",
    ")",
    "where",
    "exists",
    "()",
    "descendants()",
    "children()",
    "=",
    "<=",
    "|",
    "and",
    "or",
    "implies",
    "in",
    "contains",
    "is",
    "as",
    "'x'",
    "1.5",
    "@2024",
    "%resource",
    "$this",
    "[",
    "0",
    "]",
    "{",
    "}",
    "-",
    "+",
    "&",
    "substring(1)",
    "select($this)",
    "all(true)",
    "participant",
    "start",
    "~",
    "isDistinct()",
    " ",
];

/// Paths of elements, in no order.
const PATHS: &[&str] = &[
    "Appointment",
    "Appointment.identifier",
    "Appointment.identifier.system",
    "Appointment.identifier.type.coding",
    "",
    "Appointment.contained",
    "Appointment.participant",
    "Appointment.participant.actor",
    "Appointment.extension",
    "Appointment.extension.value[x]",
    "Appointment.extension.valueCode",
    "Appointment.extension.extension.url",
    "Slot.id",
    "Appointment.participant.actor.reference",
    "Appointment..",
    "Appointment.none.some",
];

/// What may be said of an element.
const SAID: &[&str] = &[
    "",
    r#","min":1"#,
    r#","max":"0""#,
    r#","sliceName":"a""#,
    r#","sliceName":"b","min":1,"max":"1""#,
    r#","fixedUri":"x""#,
    r#","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"openAtEnd"}"#,
    r#","slicing":{"discriminator":[{"type":"profile","path":"$this"}],"rules":"closed","ordered":true}"#,
    r#","slicing":{"discriminator":[{"type":"type","path":"actor.resolve()"},{"type":"exists","path":"type"}],"rules":"open"}"#,
    r#","type":[{"code":"Extension","profile":"https://a.example/any"}]"#,
    r#","patternIdentifier":{"system":"x"}"#,
    r#","type":[{"code":"Identifier","profile":"https://a.example/any"}]"#,
    r#","maxLength":1"#,
    r#","constraint":[{"key":"k","expression":"(","severity":"error"}]"#,
    r#","binding":{"strength":"required","valueSetUri":"http://hl7.org/fhir/ValueSet/slotstatus"}"#,
];

proptest! {
    // covers: VAL-05
    #[test]
    fn a_booking_with_a_piece_changed_is_judged(at in 0..BOOKING.len(), length in 0..40_usize, piece in 0..PIECES.len()) {
        let end = (at + length).min(BOOKING.len());
        if BOOKING.is_char_boundary(at) && BOOKING.is_char_boundary(end) {
            checks::judged(format!("{}{}{}", &BOOKING[..at], PIECES[piece], &BOOKING[end..]).as_bytes());
        }
    }

    #[test]
    fn any_pieces_are_judged_or_refused(pieces in proptest::collection::vec(0..PIECES.len(), 0..60)) {
        checks::judged(pieces.iter().map(|at| PIECES[*at]).collect::<String>().as_bytes());
    }

    #[test]
    fn any_expression_is_evaluated_or_refused(words in proptest::collection::vec(0..WORDS.len(), 0..25)) {
        EXPRESSIONS.with_borrow_mut(|(definitions, booking)| {
            checks::expression(definitions, booking, &words.iter().map(|at| WORDS[*at]).collect::<String>());
        });
    }

    // covers: VAL-05
    #[test]
    fn any_structure_definition_is_used_or_refused(rows in proptest::collection::vec((0..PATHS.len(), 0..SAID.len()), 0..12)) {
        let element = |(path, said): &(usize, usize)| format!(r#"{{"path":"{}"{}}}"#, PATHS[*path], SAID[*said]);
        let elements: Vec<String> = rows.iter().map(element).collect();
        let text = format!(
            r#"{{"resourceType":"StructureDefinition","url":"https://a.example/any","type":"Appointment",
            "derivation":"constraint","differential":{{"element":[{}]}}}}"#,
            elements.join(",")
        );
        EXPRESSIONS.with_borrow_mut(|(definitions, booking)| {
            let file = profile::package::File { name: "any".to_owned(), bytes: text.into_bytes() };
            profile::package::add(definitions, &[file]);
            let options = Options { profiles: vec!["https://a.example/any".to_owned()], ..Options::validator() };
            profile::validate(booking, &[], definitions, &options);
        });
    }

    #[test]
    fn any_text_is_read_as_definitions_or_refused(text in "\\PC{0,200}") {
        checks::definitions(&text);
        checks::definitions(&format!("profile http://a - of X\n  {text}\n"));
        checks::definitions(&format!("system http://a\n  {text}\nset http://b\n  {text}\n"));
    }
}

thread_local! {
    static EXPRESSIONS: std::cell::RefCell<(Definitions, fhir::Node)> = std::cell::RefCell::new((
        Definitions::built_in(),
        fhir::json::read(BOOKING.as_bytes(), &fhir::Limits::STRICT).expect("well-formed").resource,
    ));
}

/// Every file of a fuzz target's corpus: what was ever found stays found.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus")).join(target);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let read: Vec<Vec<u8>> = files
        .map(|file| std::fs::read(file.expect("an entry that can be read").path()).expect("a file that can be read"))
        .collect();
    assert!(!read.is_empty(), "{} is empty", folder.display());
    read
}

#[test]
fn the_corpora_are_survived() {
    corpus("validate").iter().for_each(|bytes| checks::judged(bytes));
    EXPRESSIONS.with_borrow_mut(|(definitions, booking)| {
        for bytes in corpus("package") {
            checks::package(definitions, booking, &bytes);
        }
        for bytes in corpus("fhirpath") {
            checks::expression(definitions, booking, &String::from_utf8_lossy(&bytes));
        }
    });
}

fn judge(source: &str, most_issues: usize) -> Vec<profile::Issue> {
    let parsed = fhir::json::read(source.as_bytes(), &fhir::Limits::GENEROUS).expect("well-formed JSON");
    validate_parsed(&parsed, Definitions::standard(), &Options { most_issues, ..Options::validator() })
}

// covers: VAL-05
#[test]
fn warnings_crowd_no_error_out() {
    let extensions = vec![r#"{"url":"https://a.example/x","valueString":"x"}"#; 600].join(",");
    let source = format!(r#"{{"resourceType":"Slot","extension":[{extensions}],"status":"taken"}}"#);
    let issues = judge(&source, 10);
    assert!(!is_valid(&issues));
    assert!(issues.iter().any(|issue| issue.location == "Slot.status"), "{issues:#?}");
}

#[test]
fn oddities_that_the_reader_did_not_list_refuse_the_resource() {
    let unknown: String = (0..300).map(|at| format!(r#""unknown{at}":1,"#)).collect();
    let source = format!(
        r#"{{"resourceType":"Slot",{unknown}"schedule":{{"reference":"Schedule/1"}},"status":"free",
        "start":"2024-05-01T09:00:00Z","end":"2024-05-01T09:15:00Z"}}"#
    );
    let parsed = fhir::json::read(source.as_bytes(), &fhir::Limits::STRICT).expect("well-formed JSON");
    assert!(parsed.issues_left_out > 0);
    assert!(!is_valid(&validate_parsed(&parsed, Definitions::standard(), &Options::accepting())));
}

/// Documents that grow in one way each: contained resources with references to each, wrong codes, entries, extensions.
fn grown(size: usize) -> Vec<String> {
    let list = |make: &dyn Fn(usize) -> String| (0..size).map(make).collect::<Vec<_>>().join(",");
    let contained = list(&|at| format!(r#"{{"resourceType":"Slot","id":"s{at}"}}"#));
    let references = list(&|at| format!(r##"{{"reference":"#s{at}"}}"##));
    let codings = list(&|at| format!(r#"{{"system":"http://hl7.org/fhir/v3/RoleCode","code":"x{at}","display":"y"}}"#));
    let entries = list(&|at| {
        let urn = format!("urn:uuid:0c3151bd-1cbf-4d64-b04d-{at:012x}");
        format!(r#"{{"fullUrl":"{urn}","resource":{{"resourceType":"Slot","schedule":{{"reference":"{urn}"}}}}}}"#)
    });
    let names = list(&|at| format!(r#"{{"use":"official","family":"f{at}","given":["a","b"]}}"#));
    let profile = "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Patient-1";
    vec![
        format!(r#"{{"resourceType":"Appointment","contained":[{contained}],"slot":[{references}]}}"#),
        format!(r#"{{"resourceType":"Location","type":{{"coding":[{codings}]}}}}"#),
        format!(r#"{{"resourceType":"Bundle","type":"collection","entry":[{entries}]}}"#),
        format!(r#"{{"resourceType":"Patient","meta":{{"profile":["{profile}"]}},"name":[{names}]}}"#),
    ]
}

// covers: VAL-05
#[test]
fn the_work_grows_with_the_size_and_no_faster() {
    let work = |source: &str| {
        let parsed = fhir::json::read(source.as_bytes(), &fhir::Limits::GENEROUS).expect("well-formed JSON");
        let options = Options { most_issues: 100, ..Options::validator() };
        profile::validate_counting(&parsed.resource, &parsed.issues, Definitions::standard(), &options).1
    };
    // From some 10 kB to some 10 MB. A square would make the work a thousand times as much for each byte.
    for (small, large) in grown(110).iter().zip(&grown(110_000)) {
        let (few, many) = (work(small), work(large));
        let (before, after) = (u128::from(few) * large.len() as u128, u128::from(many) * small.len() as u128);
        assert!(after * 2 < before * 3, "{} bytes: {few} steps; {} bytes: {many} steps", small.len(), large.len());
    }
}

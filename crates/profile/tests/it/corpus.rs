//! How often verdict and place are those of another validator, on thousands of resources mutated one change at a time.

use std::io::Read;

use serde_json::Value;

use crate::agreement::{Tally, Theirs, judge};
use crate::shared;

/// Reads a gzipped file of JSON lines.
fn lines(name: &str) -> Option<Vec<(Value, String)>> {
    let path = shared::folder("corpus/validate")?.join(name);
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(std::fs::File::open(path).ok()?).read_to_string(&mut text).ok()?;
    Some(text.lines().map(|line| (serde_json::from_str(line).expect("a JSON line"), line.to_owned())).collect())
}

/// The resource of a case as bytes, in its own characters, and whether it is XML.
fn source(case: &Value, line: &str) -> (Vec<u8>, bool) {
    if let Some(text) = case.get("text").and_then(Value::as_str) {
        return (text.as_bytes().to_vec(), shared::text(case, "format") == "xml");
    }
    // Numbers keep their digits: the resource is cut out of the line instead of being written anew.
    let at = line.find("\"resource\":").expect("a resource") + "\"resource\":".len();
    (line.as_bytes()[at..line.len() - 1].to_vec(), false)
}

fn theirs(verdict: &Value) -> Theirs {
    let refuses = |issue: &&Value| matches!(shared::text(issue, "severity"), "error" | "fatal");
    let said = |issue: &Value| (shared::text(issue, "location").to_owned(), shared::text(issue, "message").to_owned());
    Theirs {
        valid: verdict["valid"] == true,
        refusing: shared::list(verdict, "issues").iter().filter(refuses).map(said).collect(),
    }
}

/// Disputed answers of the other validator: what is right instead.
const DISPUTED: &[(&str, bool)] = &[
    ("base64-alphabet", false),
    ("bundle-link-twice", true),
    ("byte-order-mark", true),
    ("coding-without-code", true),
    ("datetime-zone", false),
    ("decimal-exponent", false),
    ("ele-1-id-only", false),
    ("element-id-blank", false),
    ("empty-array", false),
    ("instant-year-0000", false),
    ("json-leniency", false),
    ("language-tag-case", true),
    ("per-1-precision", true),
    ("rng-2-units", true),
    ("short-oid", true),
    ("time-fraction", true),
    ("time-second-60", false),
    ("uri-characters", false),
    ("xhtml-well-formed", false),
    ("xml-leading-whitespace", true),
    ("xml-wrapper", false),
];

// covers: VAL-05
#[test]
fn disputed_cases_are_judged_as_the_standard_says() {
    let (Some(cases), Some(verdicts)) = (lines("cases.ndjson.gz"), lines("verdicts.ndjson.gz")) else { return };
    for ((case, line), (verdict, _)) in cases.iter().zip(&verdicts) {
        let why = shared::text(verdict, "disputed");
        let Some((_, right)) = DISPUTED.iter().find(|(name, _)| *name == why) else { continue };
        let (bytes, xml) = source(case, line);
        let ours = judge(&bytes, xml);
        assert_eq!(ours.valid, *right, "{} {why}: {:?}", shared::text(case, "id"), ours.refusing);
    }
}

// covers: VAL-05
#[test]
fn verdicts_and_places_agree_with_another_validator_or_have_their_reason() {
    let (Some(cases), Some(verdicts)) = (lines("cases.ndjson.gz"), lines("verdicts.ndjson.gz")) else { return };
    let mut tally = Tally::default();
    for ((case, line), (verdict, _)) in cases.iter().zip(&verdicts) {
        assert_eq!(case["id"], verdict["id"]);
        if verdict.get("disputed").is_none() {
            let (bytes, xml) = source(case, line);
            tally.add(shared::text(case, "id"), &theirs(verdict), &judge(&bytes, xml));
        }
    }
    tally.hold("the shared corpus");
}

//! How often the verdict is that of another validator, on thousands of resources mutated one change at a time.

use std::collections::BTreeMap;
use std::io::Read;

use profile::{Definitions, Options, is_valid, validate_parsed};
use serde_json::Value;

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

/// Our verdict, and what refuses the resource: location, rule and what came.
struct Verdict {
    valid: bool,
    refusing: Vec<(String, String, String)>,
}

fn verdict(source: &[u8], xml: bool) -> Verdict {
    let limits = fhir::Limits::STRICT;
    let read = if xml { fhir::xml::read(source, &limits) } else { fhir::json::read(source, &limits) };
    match read {
        Err(error) => Verdict { valid: false, refusing: vec![(String::new(), "syntax".to_owned(), error.to_string())] },
        Ok(parsed) => {
            let issues = validate_parsed(&parsed, Definitions::standard(), &Options::validator());
            let refusing = issues.iter().filter(|issue| issue.severity.refuses());
            Verdict {
                valid: is_valid(&issues),
                refusing: refusing
                    .map(|issue| (issue.location.clone(), issue.rule.clone(), issue.got.clone()))
                    .collect(),
            }
        }
    }
}

/// A difference: what the other validator says, and what we say.
struct Difference<'a> {
    theirs: &'a Value,
    ours: &'a Verdict,
}

impl Difference<'_> {
    /// Everything that refuses the resource here is of this sort.
    fn all_ours(&self, is_so: impl Fn(&str, &str, &str) -> bool) -> bool {
        let refusing = &self.ours.refusing;
        !refusing.is_empty() && refusing.iter().all(|(location, rule, got)| is_so(location, rule, got))
    }

    /// Everything that refuses the resource there has these words in its message.
    fn all_theirs(&self, words: &str) -> bool {
        let issues = shared::list(self.theirs, "issues").iter();
        let mut refusing =
            issues.filter(|issue| matches!(shared::text(issue, "severity"), "error" | "fatal")).peekable();
        refusing.peek().is_some() && refusing.all(|issue| shared::text(issue, "message").contains(words))
    }
}

type Explains = fn(&Difference<'_>) -> bool;

/// The differences that are meant, by their names in `docs/reference/validator.md`.
const EXPLAINED: &[(&str, Explains)] = &[
    ("modifier-extension", |d| {
        d.all_ours(|location, rule, _| location.contains("modifierExtension") && rule == "Extension.url")
    }),
    ("element-id-blank", |d| d.all_ours(|_, rule, _| rule == "Element.id")),
    ("blank-value", |d| d.all_ours(|_, _, got| matches!(got, "\" \"" | "a value of another sort"))),
    ("media-type", |d| d.all_ours(|_, rule, _| rule.ends_with("/bcp13.txt"))),
    ("profile-on-bundle", |d| d.all_ours(|location, rule, _| location == "Bundle" && rule == "Meta.profile")),
    ("uri-characters", |d| d.all_ours(|_, rule, got| rule == "Reference.reference" && got.contains('\\'))),
    ("url-extension", |d| d.all_ours(|location, rule, _| location.ends_with(".url") && rule == "url")),
    ("xml-1.1", |d| d.all_ours(|_, rule, got| rule == "syntax" && got.contains("XML declaration"))),
    ("code-by-extension", |d| d.all_theirs("No code provided")),
    ("coding-without-code", |d| d.all_theirs("Code null is not valid")),
    ("crash", |d| d.all_theirs("Cannot invoke")),
    ("scheme-case", |d| d.all_theirs("Identifier.system must be an absolute reference")),
    ("example-code-system", |d| d.all_theirs("Unknown code 'http://hl7.org/fhir/service-category#")),
    ("ucum", |d| d.all_theirs("Error processing unit")),
];

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
    for ((case, line), (theirs, _)) in cases.iter().zip(&verdicts) {
        let why = shared::text(theirs, "disputed");
        let Some((_, right)) = DISPUTED.iter().find(|(name, _)| *name == why) else { continue };
        let (bytes, xml) = source(case, line);
        let ours = verdict(&bytes, xml);
        assert_eq!(ours.valid, *right, "{} {why}: {:?}", shared::text(case, "id"), ours.refusing);
    }
}

// covers: VAL-05
#[test]
fn every_verdict_agrees_with_another_validator_or_has_its_reason() {
    let (Some(cases), Some(verdicts)) = (lines("cases.ndjson.gz"), lines("verdicts.ndjson.gz")) else { return };
    let mut table: BTreeMap<(bool, bool), usize> = BTreeMap::new();
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for ((case, line), (theirs, _)) in cases.iter().zip(&verdicts) {
        assert_eq!(case["id"], theirs["id"]);
        if theirs.get("disputed").is_some() {
            continue;
        }
        let (bytes, xml) = source(case, line);
        let ours = verdict(&bytes, xml);
        let right = theirs["valid"] == true;
        *table.entry((right, ours.valid)).or_default() += 1;
        if right == ours.valid {
            continue;
        }
        let difference = Difference { theirs, ours: &ours };
        match EXPLAINED.iter().find(|(_, explains)| explains(&difference)) {
            Some((name, _)) => *reasons.entry(name).or_default() += 1,
            None => {
                unexplained.push(format!("{}: theirs {theirs}, ours {:?}", shared::text(case, "id"), ours.refusing));
            }
        }
    }
    println!("(valid there, valid here) -> cases: {table:?}; reasons for differences: {reasons:?}");
    assert!(unexplained.is_empty(), "{} without a reason:\n{}", unexplained.len(), unexplained.join("\n"));
}

#[test]
fn each_reason_is_in_the_reference() {
    let reference = include_str!("../../../../docs/reference/validator.md");
    for (name, _) in EXPLAINED {
        assert!(reference.contains(&format!("| `{name}` |")), "{name}");
    }
}

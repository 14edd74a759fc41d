//! How often the verdict is that of another validator, on thousands of resources mutated one change at a time.

use std::collections::BTreeMap;
use std::io::Read;

use profile::{Definitions, Kind, Options, is_valid, validate_parsed};
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

/// Our verdict, and the issues in short.
fn verdict(source: &[u8], xml: bool) -> (bool, Vec<String>) {
    let limits = fhir::Limits::STRICT;
    let read = if xml { fhir::xml::read(source, &limits) } else { fhir::json::read(source, &limits) };
    match read {
        Err(error) => (false, vec![format!("syntax: {error}")]),
        Ok(parsed) => {
            let issues = validate_parsed(&parsed, Definitions::standard(), &Options::validator());
            let shown = issues.iter().filter(|issue| issue.severity.refuses() || issue.kind == Kind::NotSupported);
            (is_valid(&issues), shown.map(ToString::to_string).collect())
        }
    }
}

// covers: VAL-05
#[test]
fn the_verdicts_agree_with_another_validator() {
    let (Some(cases), Some(verdicts)) = (lines("cases.ndjson.gz"), lines("verdicts.ndjson.gz")) else { return };
    let mut table: BTreeMap<(bool, bool), usize> = BTreeMap::new();
    let mut disagreements = Vec::new();
    for ((case, line), (theirs, _)) in cases.iter().zip(&verdicts) {
        assert_eq!(case["id"], theirs["id"]);
        if theirs.get("disputed").is_some() {
            continue;
        }
        let (bytes, xml) = source(case, line);
        let (ours, issues) = verdict(&bytes, xml);
        let right = theirs["valid"] == true;
        *table.entry((right, ours)).or_default() += 1;
        if right != ours {
            disagreements.push(format!("{} theirs {right} {theirs} ours {issues:?}", shared::text(case, "id")));
        }
    }
    println!("(theirs valid, ours valid) -> cases: {table:?}");
    let most = 137;
    assert!(disagreements.len() <= most, "{} disagreements:\n{}", disagreements.len(), disagreements.join("\n"));
}

//! The same comparison on a corpus of our own: resources of every type that is carried, changed at random but always alike,
//! and what another validator said of them, frozen.
//!
//! The cases are made by `mutants`. `CASES=FILE cargo test -p profile --test it own_corpus` writes them for that
//! validator (`SEED` and `SHARE` make others, and more); `scripts/freeze-verdicts CASES VERDICTS` keeps what it said.

use std::collections::HashMap;
use std::io::{Read, Write};

use serde_json::{Value, json};

use crate::agreement::{Tally, Theirs, judge};
use crate::mutants::{self, Case};
use crate::shared;

const VERDICTS: &[u8] = include_bytes!("verdicts.ndjson.gz");

/// How many cases there are at least.
const FEWEST: usize = 5000;

/// What the other validator said, by the number of the text that it judged.
fn frozen() -> HashMap<u64, Theirs> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(VERDICTS).read_to_string(&mut text).expect("gzipped text");
    text.lines().map(|line| verdict(&serde_json::from_str(line).expect("a JSON line"))).collect()
}

fn verdict(line: &Value) -> (u64, Theirs) {
    let said = |issue: &Value| {
        let text = |at: usize| issue[at].as_str().unwrap_or_default().to_owned();
        (text(0), text(1))
    };
    let refusing = shared::list(line, "refusing").iter().map(said).collect();
    let sum = shared::text(line, "sum").parse().expect("a number");
    (sum, Theirs { valid: line["valid"] == true, refusing })
}

#[expect(clippy::disallowed_methods, reason = "whoever makes another corpus says so here")]
fn said(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn number(name: &str, otherwise: u64) -> u64 {
    said(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Writes the cases as the other validator reads them.
fn write(cases: &[Case], path: &str) {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).expect("a file that can be made"));
    for case in cases {
        let format = if case.is_xml { "xml" } else { "json" };
        let line = json!({"id": case.id, "sum": case.sum().to_string(), "text": case.text, "format": format});
        writeln!(file, "{line}").expect("a file that can be written");
    }
    println!("{} cases written to {path}", cases.len());
}

// covers: VAL-05
#[test]
fn verdicts_and_places_of_our_own_cases_agree_with_another_validator_or_have_their_reason() {
    if let Some(path) = said("CASES") {
        return write(&mutants::cases(number("SEED", mutants::SEED), number("SHARE", 1)), &path);
    }
    let cases = mutants::cases(mutants::SEED, 1);
    assert!(cases.len() >= FEWEST, "{}", cases.len());
    let frozen = frozen();
    let mut tally = Tally::default();
    for case in &cases {
        let Some(theirs) = frozen.get(&case.sum()) else {
            panic!("{} was not judged: see the head of this file", case.id)
        };
        tally.add(&case.id, theirs, &judge(case.text.as_bytes(), case.is_xml));
    }
    tally.hold("our own corpus");
}

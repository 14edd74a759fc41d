//! `requirements.md`: which requirement is served by which file and held by which test.
//!
//! A file serves a requirement whose ID it cites; a test holds those that a line `// covers: BOOK-09, XTI-04` above it names.

use std::collections::{BTreeMap, BTreeSet};

use super::fresh;
use crate::tidy::{Source, is_requirement, tree};

/// Family, letters before the number, and number: so that X-4 comes before X-10.
type Id = (String, String, u32);

#[derive(Default)]
struct Served {
    files: BTreeSet<String>,
    tests: BTreeSet<String>,
}

fn id(word: &str) -> Option<Id> {
    is_requirement(word).then(|| {
        let (family, rest) = word.split_once('-').unwrap_or((word, ""));
        let digits = rest.trim_start_matches(|letter: char| !letter.is_ascii_digit());
        (family.to_owned(), rest[..rest.len() - digits.len()].to_owned(), digits.parse().unwrap_or(0))
    })
}

fn ids(line: &str) -> impl Iterator<Item = (Id, &str)> {
    line.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'))
        .filter_map(|word| Some((id(word)?, word)))
}

/// Everything that one file says of requirements: (ID as written, name of the test or none).
fn said(source: &Source) -> Vec<(Id, String, Option<String>)> {
    let mut found = Vec::new();
    let lines: Vec<&str> = source.text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        if let Some(list) = line.trim().strip_prefix("// covers:") {
            let name = lines[index..].iter().find_map(|line| line.split_once("fn ").map(|(_, rest)| rest));
            let name = name.and_then(|rest| rest.split(['(', '<']).next()).unwrap_or("?").to_owned();
            found.extend(ids(list).map(|(id, word)| (id, word.to_owned(), Some(name.clone()))));
        } else if source.product_path().is_some() {
            found.extend(ids(line).map(|(id, word)| (id, word.to_owned(), None)));
        }
    }
    found
}

#[test]
fn the_requirements_are_mapped_as_they_are() {
    let mut served: BTreeMap<Id, (String, Served)> = BTreeMap::new();
    // The tests of the tests plant requirement IDs of their own.
    let tree: Vec<Source> = tree().into_iter().filter(|source| !source.path.contains("careslot/tests/it/")).collect();
    for source in tree.iter().filter(|source| source.path.ends_with(".rs")) {
        for (id, word, test) in said(source) {
            let (_, served) = served.entry(id).or_insert_with(|| (word, Served::default()));
            match test {
                Some(test) => served.tests.insert(format!("{}: {}", source.path, test.replace('_', " "))),
                None => served.files.insert(source.path.clone()),
            };
        }
    }
    let held = served.values().filter(|(_, served)| !served.tests.is_empty()).count();
    let mut text = format!(
        "{} requirement IDs are cited in the code, {held} of them by a test that would catch it when they break.\n\n| requirement | files | tests |\n|---|---|---|\n",
        served.len()
    );
    let list = |items: &BTreeSet<String>| items.iter().map(|item| format!("`{item}`")).collect::<Vec<_>>().join("<br>");
    for (word, served) in served.values() {
        text.push_str(&format!("| {word} | {} | {} |\n", list(&served.files), list(&served.tests)));
    }
    fresh("requirements.md", "Requirements, files and tests", &text);
}

#[test]
fn what_a_test_covers_is_read_from_the_line_above_it() {
    let text = "//! x (BOOK-09)\n/// SSP-60…74, X-Request-ID\nfn f() {}\n// covers: XTI-04, ERR-D07\n#[tokio::test]\nasync fn a_slot_is_booked_once() {}\n";
    let said = said(&Source::new("crates/roles/src/x.rs", text));
    let words: Vec<(&str, Option<&str>)> =
        said.iter().map(|(_, word, test)| (word.as_str(), test.as_deref())).collect();
    let test = Some("a_slot_is_booked_once");
    assert_eq!(words, [("BOOK-09", None), ("SSP-60", None), ("XTI-04", test), ("ERR-D07", test)]);
}

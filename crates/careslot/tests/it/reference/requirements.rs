//! `requirements.md`: every requirement of the catalogue, who it binds, which file serves it and which test holds it.
//!
//! A file serves a requirement whose ID it cites; a test holds those that a line `// covers: BOOK-09, XTI-04` above it names. Both may
//! name a stretch: `BOOK-01 to BOOK-22`, `ERR-10…ERR-53`.

use std::collections::{BTreeMap, BTreeSet};

use super::catalogue::{Excuse, Requirement, catalogue};
use super::fresh;
use crate::tidy::{Source, is_requirement, tree};

/// Family, letters before the number, and number: so that X-4 comes before X-10.
pub(super) type Id = (String, String, u32);

#[derive(Default)]
struct Served {
    files: BTreeSet<String>,
    tests: BTreeSet<String>,
}

pub(super) fn id(word: &str) -> Option<Id> {
    is_requirement(word).then(|| {
        let (family, rest) = word.split_once('-').unwrap_or((word, ""));
        let digits = rest.trim_start_matches(|letter: char| !letter.is_ascii_digit());
        (family.to_owned(), rest[..rest.len() - digits.len()].to_owned(), digits.parse().unwrap_or(0))
    })
}

type Catalogue = BTreeMap<Id, Requirement>;

/// The IDs that a line names, stretches filled in with what the catalogue has between their ends.
fn ids(line: &str, catalogue: &Catalogue) -> Vec<Id> {
    let is_inside = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let mut found: Vec<Id> = Vec::new();
    let mut end_of_last = 0;
    for word in line.split(|letter: char| !is_inside(letter)).filter(|word| !word.is_empty()) {
        let Some(id) = id(word) else { continue };
        // The pieces are parts of the line, so that their places in it can be compared.
        let start = word.as_ptr() as usize - line.as_ptr() as usize;
        let between = line.get(end_of_last..start).map(str::trim);
        if let (Some("to" | "…"), Some(last)) = (between, found.last().cloned())
            && (&last.0, &last.1) == (&id.0, &id.1)
        {
            let between = (last.2 + 1..id.2).map(|number| (id.0.clone(), id.1.clone(), number));
            found.extend(between.filter(|id| catalogue.contains_key(id)));
        }
        end_of_last = start + word.len();
        found.push(id);
    }
    found
}

/// Everything that one file says of requirements: (ID, name of the test or none).
fn said(source: &Source, catalogue: &Catalogue) -> Vec<(Id, Option<String>)> {
    let mut found = Vec::new();
    let lines: Vec<&str> = source.text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        if let Some(list) = line.trim().strip_prefix("// covers:") {
            let name = lines[index..].iter().find_map(|line| line.split_once("fn ").map(|(_, rest)| rest));
            let name = name.and_then(|rest| rest.split(['(', '<']).next()).unwrap_or("?").to_owned();
            found.extend(ids(list, catalogue).into_iter().map(|id| (id, Some(name.clone()))));
        } else if source.product_path().is_some() {
            found.extend(ids(line, catalogue).into_iter().map(|id| (id, None)));
        }
    }
    found
}

/// Which files and tests stand for each requirement of the catalogue; IDs in the code that the catalogue does not know are a fault.
fn served(catalogue: &Catalogue) -> BTreeMap<Id, Served> {
    let mut served: BTreeMap<Id, Served> = BTreeMap::new();
    let mut unknown = Vec::new();
    // The tests of the tests plant requirement IDs of their own.
    let planted = ["careslot/tests/it/tidy/", "careslot/tests/it/reference/"];
    let tree: Vec<Source> =
        tree().into_iter().filter(|source| !planted.iter().any(|folder| source.path.contains(folder))).collect();
    for source in tree.iter().filter(|source| source.path.ends_with(".rs")) {
        for (id, test) in said(source, catalogue) {
            if !catalogue.contains_key(&id) {
                unknown.push(format!("{}: {}-{}{}", source.path, id.0, id.1, id.2));
            }
            let served = served.entry(id).or_default();
            match test {
                Some(test) => served.tests.insert(format!("{}: {}", source.path, test.replace('_', " "))),
                None => served.files.insert(source.path.clone()),
            };
        }
    }
    assert!(unknown.is_empty(), "cited and in no catalogue: {unknown:#?}");
    served
}

#[test]
fn the_requirements_are_mapped_as_they_are() {
    let catalogue = catalogue();
    let served = served(&catalogue);
    let held = |id: &Id| served.get(id).is_some_and(|served| !served.tests.is_empty());
    let binding: Vec<_> = catalogue.iter().filter(|(_, each)| each.binds_a_provider()).collect();
    let held_of_binding = binding.iter().filter(|(id, _)| held(id)).count();
    let mut text = format!(
        "The catalogues list {} requirements; a test that would catch it when it breaks cites {} of them. {} bind a Provider: {} of these \
         are held by a test, and each of the others stands below with its reason.\n\n",
        catalogue.len(),
        catalogue.keys().filter(|id| held(id)).count(),
        binding.len(),
        held_of_binding,
    );
    // A reason that a test has made needless is left out.
    let excused = |wanted: fn(&Excuse) -> Option<&str>| -> String {
        let unheld = catalogue.iter().filter(|(id, _)| !held(id)).map(|(_, each)| each);
        let rows = unheld.filter_map(|each| Some((&each.word, wanted(each.excuse.as_ref()?)?)));
        rows.map(|(word, why)| format!("| {word} | {why} |\n")).collect()
    };
    text.push_str("## What binds no software\n\n| requirement | why |\n|---|---|\n");
    text.push_str(&excused(|excuse| match excuse {
        Excuse::BindsNoSoftware(why) => Some(why),
        Excuse::Later(_) => None,
    }));
    text.push_str("\n## What waits for a part that is not built\n\n| requirement | part |\n|---|---|\n");
    text.push_str(&excused(|excuse| match excuse {
        Excuse::Later(part) => Some(part),
        Excuse::BindsNoSoftware(_) => None,
    }));
    text.push_str("\n## Open: what binds others than a Provider and no test cites yet\n\n");
    let open = catalogue.iter().filter(|(id, each)| !held(id) && each.excuse.is_none());
    let open: Vec<&str> = open.map(|(_, each)| each.word.as_str()).collect();
    text.push_str(&open.join(", "));
    text.push_str("\n\n## Every requirement\n\n| requirement | level | who | files | tests |\n|---|---|---|---|---|\n");
    let list = |items: &BTreeSet<String>| items.iter().map(|item| format!("`{item}`")).collect::<Vec<_>>().join("<br>");
    let none = Served::default();
    for (id, each) in &catalogue {
        let served = served.get(id).unwrap_or(&none);
        let level = format!("{:?}", each.level).to_lowercase();
        let who = each.actors.join(", ");
        text.push_str(&format!(
            "| {} | {level} | {who} | {} | {} |\n",
            each.word,
            list(&served.files),
            list(&served.tests)
        ));
    }
    fresh("requirements.md", "Requirements, files and tests", &text);
}

#[test]
fn every_requirement_of_a_provider_is_held_by_a_test_or_stands_with_its_reason() {
    let catalogue = catalogue();
    let served = served(&catalogue);
    let is_held = |id: &Id| served.get(id).is_some_and(|served| !served.tests.is_empty());
    let binding = catalogue.iter().filter(|(_, each)| each.binds_a_provider() && each.excuse.is_none());
    let missing: Vec<&str> = binding.filter(|(id, _)| !is_held(id)).map(|(_, each)| each.word.as_str()).collect();
    assert_eq!(missing, [""; 0], "no test cites them: write `// covers: ID` above the one that would catch it");
}

#[test]
fn what_a_test_covers_is_read_from_the_line_above_it() {
    let text = "//! x (BOOK-09)\n/// SSP-60…74, X-Request-ID\nfn f() {}\n// covers: XTI-04, ERR-D07\n#[tokio::test]\nasync fn a_slot_is_booked_once() {}\n";
    let said = said(&Source::new("crates/roles/src/x.rs", text), &catalogue());
    let told: Vec<(String, Option<&str>)> =
        said.iter().map(|(id, test)| (format!("{}-{}{}", id.0, id.1, id.2), test.as_deref())).collect();
    let test = Some("a_slot_is_booked_once");
    let expected = [("BOOK-9", None), ("SSP-60", None), ("XTI-4", test), ("ERR-D7", test)];
    assert_eq!(told, expected.map(|(word, test)| (word.to_owned(), test)));
}

#[test]
fn a_stretch_of_requirements_names_each_of_them() {
    let catalogue = catalogue();
    let words = |line: &str| -> Vec<String> {
        ids(line, &catalogue).iter().map(|id| format!("{}{}{}", id.0, id.1, id.2)).collect()
    };
    assert_eq!(words("(BOOK-01 to BOOK-03, X-04)"), ["BOOK1", "BOOK2", "BOOK3", "X4"]);
    assert_eq!(words("RES-C01…RES-C03, RES-P01 … RES-A03"), ["RESC1", "RESC2", "RESC3", "RESP1", "RESA3"]);
}

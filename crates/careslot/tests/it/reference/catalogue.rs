//! The catalogue of requirement IDs (`catalogue.txt`) as data, and its comparison with the specification where that is at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::requirements::{Id, id};
use crate::tidy::is_requirement;

/// How strongly a requirement binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Must,
    Should,
    May,
    Note,
}

impl Level {
    fn named(word: &str) -> Self {
        match word {
            "must" => Self::Must,
            "should" => Self::Should,
            "may" => Self::May,
            "note" => Self::Note,
            other => panic!("{other} is no level"),
        }
    }
}

/// Why no test cites a requirement.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Excuse {
    /// It binds people or contracts, or nobody.
    BindsNoSoftware(String),
    /// It waits for a part that is not built yet.
    Later(String),
}

/// One requirement, without its sentence.
#[derive(Debug)]
pub(super) struct Requirement {
    pub(super) word: String,
    pub(super) level: Level,
    pub(super) actors: Vec<String>,
    pub(super) excuse: Option<Excuse>,
}

impl Requirement {
    /// Whether it binds the Provider's FHIR face: it names the Provider, everybody, or the demonstrator, which is a Provider.
    pub(super) fn binds_a_provider(&self) -> bool {
        self.actors.iter().any(|actor| matches!(actor.as_str(), "prv" | "dem" | "all"))
    }
}

/// The whole catalogue.
pub(super) fn catalogue() -> BTreeMap<Id, Requirement> {
    read(include_str!("catalogue.txt"))
}

fn read(text: &str) -> BTreeMap<Id, Requirement> {
    let mut found = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.starts_with("none ") || line.starts_with("later ") {
            excuse(&mut found, line);
        } else {
            rows(&mut found, line);
        }
    }
    found
}

/// `BOOK must prv: 03 04`
fn rows(found: &mut BTreeMap<Id, Requirement>, line: &str) {
    let (head, numbers) = line.split_once(": ").unwrap_or_else(|| panic!("no numbers: {line}"));
    let [family, level, actors] = head.split(' ').collect::<Vec<_>>()[..] else { panic!("not three words: {line}") };
    for number in numbers.split(' ') {
        let word = format!("{family}-{number}");
        let key = id(&word).unwrap_or_else(|| panic!("{word} is no requirement ID"));
        let actors = actors.split(',').map(str::to_owned).collect();
        let before =
            found.insert(key, Requirement { word: word.clone(), level: Level::named(level), actors, excuse: None });
        assert!(before.is_none(), "{word} stands twice");
    }
}

/// `none NFR-07 why`
fn excuse(found: &mut BTreeMap<Id, Requirement>, line: &str) {
    let [kind, word, why] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("no reason: {line}") };
    let requirement = id(word).and_then(|id| found.get_mut(&id)).unwrap_or_else(|| panic!("{word} is unknown"));
    let excuse = if kind == "none" { Excuse::BindsNoSoftware } else { Excuse::Later };
    assert!(requirement.excuse.replace(excuse(why.to_owned())).is_none(), "{word} is excused twice");
}

#[test]
fn a_catalogue_line_lists_several_requirements() {
    let read =
        read("# x\nBOOK must prv,con: 03 04\nRES note -: A01\nnone BOOK-04 nobody does it\nlater RES-A01 pages\n");
    let told: Vec<(&str, Level, bool, Option<&Excuse>)> = read
        .values()
        .map(|each| (each.word.as_str(), each.level, each.binds_a_provider(), each.excuse.as_ref()))
        .collect();
    let (none, later) = (Excuse::BindsNoSoftware("nobody does it".to_owned()), Excuse::Later("pages".to_owned()));
    let expected = [
        ("BOOK-03", Level::Must, true, None),
        ("BOOK-04", Level::Must, true, Some(&none)),
        ("RES-A01", Level::Note, false, Some(&later)),
    ];
    assert_eq!(told, expected);
}

/// Words of the catalogues that look like an ID and are an example.
const EXAMPLES: [&str; 1] = ["ERR-23451"];

/// The actors of the catalogues' tables by our words for them.
const ACTORS: [(&str, &str); 15] = [
    ("PRV", "prv"),
    ("P", "prv"),
    ("DEM", "dem"),
    ("REG", "reg"),
    ("CON", "con"),
    ("C", "con"),
    ("SSP", "ssp"),
    ("X", "ssp"),
    ("SDS", "sds"),
    ("D", "sds"),
    ("TOK", "tok"),
    ("VAL", "val"),
    ("UTL", "utl"),
    ("ALL", "all"),
    ("all", "all"),
];

#[test]
fn the_catalogue_is_that_of_the_specification() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/spec");
    if !folder.is_dir() {
        println!("not compared: ../shared/spec is not there");
        return;
    }
    let catalogue = catalogue();
    let mut known = BTreeSet::new();
    for page in ["booking-api.md", "spine.md"] {
        let text = fs::read_to_string(folder.join(page)).unwrap();
        let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'));
        known.extend(words.filter(|word| is_requirement(word) && !EXAMPLES.contains(word)).map(str::to_owned));
        for (word, level, actors) in table_rows(&text) {
            let ours = id(word).and_then(|id| catalogue.get(&id)).unwrap_or_else(|| panic!("{word} is missing"));
            let binding = ["MUST", "SHOULD", "MAY"].iter().position(|each| level.starts_with(each));
            if let Some(position) = binding {
                assert_eq!(ours.level, [Level::Must, Level::Should, Level::May][position], "{word}");
            }
            let theirs: BTreeSet<&str> = actors
                .split(|letter: char| !letter.is_ascii_alphabetic())
                .filter_map(|actor| ACTORS.iter().find(|(theirs, _)| *theirs == actor).map(|(_, ours)| *ours))
                .collect();
            let ours: BTreeSet<&str> = ours.actors.iter().map(String::as_str).collect();
            assert!(theirs.is_empty() || theirs == ours, "{word}: {theirs:?} there, {ours:?} here");
        }
    }
    let ours: BTreeSet<String> = catalogue.values().map(|each| each.word.clone()).collect();
    let missing: Vec<&String> = known.difference(&ours).collect();
    let surplus: Vec<&String> = ours.difference(&known).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "missing {missing:?}, surplus {surplus:?}");
}

/// ID, level and actor of the rows of every table that has these columns.
fn table_rows(text: &str) -> Vec<(&str, &str, &str)> {
    let mut rows = Vec::new();
    let mut columns: Vec<&str> = Vec::new();
    for line in text.lines() {
        if !line.starts_with('|') {
            columns.clear();
            continue;
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if columns.is_empty() {
            columns = cells;
            continue;
        }
        let cell = |names: &[&str]| {
            columns.iter().position(|column| names.contains(column)).and_then(|at| cells.get(at).copied())
        };
        if let (Some(word), Some(level), Some(actor)) = (cell(&["ID"]), cell(&["Level", "Lvl"]), cell(&["Actor"]))
            && is_requirement(word)
        {
            rows.push((word, level, actor));
        }
    }
    rows
}

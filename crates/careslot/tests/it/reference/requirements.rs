//! Requirement → file that serves it → test that fails when it is broken, read from the source tree.
//!
//! A file serves the requirements that its `//!` names. A test holds those that stand in a line `// covers: …` directly
//! above it; nothing else counts as a test.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Where one requirement is served and tested.
#[derive(Default)]
struct Row {
    files: BTreeSet<String>,
    tests: BTreeSet<String>,
}

/// The page `docs/reference/requirements.md`.
pub(super) fn page(root: &Path) -> String {
    let mut rows: BTreeMap<(String, u32, String), Row> = BTreeMap::new();
    for path in sources(root) {
        let name = path.strip_prefix(root).expect("below the root").display().to_string();
        let text = std::fs::read_to_string(&path).expect("a source file that can be read");
        for id in ids(&module_words(&text)) {
            rows.entry(key(&id)).or_default().files.insert(name.clone());
        }
        for (test, line) in covered(&text) {
            for id in ids(&line) {
                rows.entry(key(&id)).or_default().tests.insert(format!("`{test}` ({name})"));
            }
        }
    }
    render(&rows)
}

fn render(rows: &BTreeMap<(String, u32, String), Row>) -> String {
    let tested = rows.values().filter(|row| !row.tests.is_empty()).count();
    let mut page = String::from(
        "# Requirements\n\nGenerated from the source: the file that serves a requirement names it in its first lines, \
         the test that holds it cites it.\n\n",
    );
    writeln!(page, "{} requirements are named, {tested} of them by a test.\n", rows.len()).expect("a String");
    page.push_str("| requirement | served in | held by |\n|---|---|---|\n");
    for ((_, _, id), row) in rows {
        let files: Vec<String> = row.files.iter().map(|file| format!("`{file}`")).collect();
        let tests: Vec<&str> = row.tests.iter().map(String::as_str).collect();
        writeln!(page, "| {id} | {} | {} |", files.join("<br>"), tests.join("<br>")).expect("a String");
    }
    page
}

/// Sorts `BOOK-9` before `BOOK-10`, whatever the number's digits.
fn key(id: &str) -> (String, u32, String) {
    let digits = id.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    let family = id[..id.len() - digits.len()].to_owned();
    (family, digits.parse().unwrap_or(0), id.to_owned())
}

/// Every Rust file of the crates, tests included, in a fixed order.
fn sources(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.join("crates"), root.join("bench")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder that can be read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target" && name != "node_modules") {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The words of a module's `//!` lines.
fn module_words(text: &str) -> String {
    text.lines().take_while(|line| line.starts_with("//!") || line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Each `// covers:` line with the name of the test below it.
fn covered(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut waiting: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(cited) = line.strip_prefix("// covers:") {
            waiting.push(cited.to_owned());
        } else if let Some(name) = test_name(line) {
            found.extend(waiting.drain(..).map(|cited| (name.clone(), cited)));
        }
    }
    found
}

fn test_name(line: &str) -> Option<String> {
    let after = line.strip_prefix("pub ").unwrap_or(line);
    let after = after.strip_prefix("async ").unwrap_or(after).strip_prefix("fn ")?;
    Some(after.split(['(', '<']).next()?.to_owned())
}

/// The requirement IDs in a text; `SLT-02…16` and `SLT-02…SLT-16` mean every number between.
fn ids(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let words: Vec<&str> = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || "-…".contains(letter))).collect();
    for word in words {
        let (first, last) = word.split_once('…').unwrap_or((word, ""));
        if !is_id(first) {
            continue;
        }
        found.insert(first.to_owned());
        let digits = first.trim_start_matches(|letter: char| !letter.is_ascii_digit());
        let family = &first[..first.len() - digits.len()];
        let end = last.strip_prefix(family).unwrap_or(last);
        if let (Ok(from), Ok(to)) = (digits.parse::<u32>(), end.parse::<u32>()) {
            found.extend((from..=to).map(|number| format!("{family}{number:0width$}", width = digits.len())));
        }
    }
    found
}

/// `BOOK-09`, `X-04`, `ERR-D07`, `JW1-03`, `RES-A01`: a family of ours, a hyphen, a letter at most, digits.
fn is_id(word: &str) -> bool {
    let Some((family, rest)) = word.split_once('-') else { return false };
    let number = rest.strip_prefix(|letter: char| letter.is_ascii_uppercase()).unwrap_or(rest);
    FAMILIES.contains(&family) && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The families of the specification's catalogue.
const FAMILIES: [&str; 38] = [
    "PROC", "HTTP", "XTI", "OO", "VER", "VIA", "IID", "FIND", "TOK", "JW1", "JW2", "META", "SLT", "BOOK", "READ", "PAT",
    "CAN", "REG", "RES", "PCT", "VAL", "DEM", "UTL", "CON", "AUD", "NFR", "SMG", "DLV", "TIM", "REP", "ASR", "X", "E",
    "SSP", "SDS", "JWT", "ERR", "TLS",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_requirements_names_each_of_them() {
        let found = ids("serves SLT-02…04, X-05 and ERR-x; not UTF-8");
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["SLT-02", "SLT-03", "SLT-04", "X-05"]);
    }

    #[test]
    fn only_a_covers_line_above_a_test_makes_it_a_test_of_the_requirement() {
        let text = "// covers: BOOK-09\n#[tokio::test]\nasync fn a_slot_is_booked_once() {}\nfn other() {} // BOOK-10";
        assert_eq!(covered(text), [("a_slot_is_booked_once".to_owned(), " BOOK-09".to_owned())]);
    }
}

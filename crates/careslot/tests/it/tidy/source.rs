//! The source tree as the walls see it: every hand-written file, with ways to look at code without its comments, texts and tests.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// One file of the tree.
pub(crate) struct Source {
    /// Its path from the root, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What is wrong on one line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) what: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// The crate it belongs to: `roles` of `crates/roles/src/lib.rs`; `bench` and `fuzz` are the others.
    pub(crate) fn package(&self) -> &str {
        let path = self.path.strip_prefix("crates/").unwrap_or(&self.path);
        path.split('/').next().unwrap_or("")
    }

    /// The path within the crate's `src`, for code of the product; none for tests, benches, fuzz targets and build scripts.
    pub(crate) fn product_path(&self) -> Option<&str> {
        let (_, inner) = self.path.strip_prefix("crates/")?.split_once("/src/")?;
        let is_tests = inner.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "testing" | "testing.rs"));
        (inner.ends_with(".rs") && !is_tests).then_some(inner)
    }

    /// The code without comments, texts and `#[cfg(test)]` items, line for line: what the compiler puts into the product.
    pub(crate) fn product_code(&self) -> String {
        let code = blank(&self.text, true);
        wiped(&code, &test_items(&code))
    }

    /// The same, texts kept.
    pub(crate) fn product_code_with_texts(&self) -> String {
        wiped(&blank(&self.text, false), &test_items(&blank(&self.text, true)))
    }

    /// One fault of this file.
    pub(crate) fn fault(&self, line: usize, what: &str) -> Fault {
        Fault { path: self.path.clone(), line, what: what.into() }
    }

    /// A fault for every place in `code` where one of `needles` stands as a whole word.
    pub(crate) fn faults_at(&self, code: &str, needles: &[&str], what: &str) -> Vec<Fault> {
        let mut faults = Vec::new();
        for needle in needles {
            faults
                .extend(mentions(code, needle).into_iter().map(|line| self.fault(line, &format!("`{needle}` {what}"))));
        }
        faults
    }
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every hand-written file that git would keep, definitions and generated pages excepted.
pub(crate) fn tree() -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    for top in ["crates", "bench", "fuzz", "assets", "scripts", ".ci"] {
        walk(&root, &root.join(top), &mut found);
    }
    assert!(found.len() > 20, "the tree was found");
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    const PASSED_OVER: &[&str] =
        &["target", "node_modules", "dist", "definitions", "corpus", "artifacts", "snapshots", "coverage"];
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        if path.is_dir() {
            if !PASSED_OVER.contains(&name.as_str()) {
                walk(root, &path, found);
            }
        } else if is_hand_written(&name)
            && let Ok(text) = fs::read_to_string(&path)
        {
            found.push(Source { path: path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), text });
        }
    }
}

fn is_hand_written(name: &str) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    ["rs", "scss", "js", "mjs", "html", "sh", "py", "sql", ""].contains(&ending)
}

/// The lines on which `needle` stands. Where it begins or ends with a letter, no further letter may touch it.
pub(crate) fn mentions(code: &str, needle: &str) -> Vec<usize> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let (first, last) = (needle.as_bytes()[0], needle.as_bytes()[needle.len() - 1]);
    code.match_indices(needle)
        .filter(|(at, _)| {
            let before = code[..*at].bytes().next_back();
            let after = code[at + needle.len()..].bytes().next();
            let goes_on = is_word(first) && before.is_some_and(is_word) || is_word(last) && after.is_some_and(is_word);
            !goes_on
        })
        .map(|(at, _)| line_of(code, at))
        .collect()
}

pub(crate) fn line_of(code: &str, at: usize) -> usize {
    1 + code[..at].bytes().filter(|byte| *byte == b'\n').count()
}

/// `text` with comments, and the inside of texts if `texts_too`, made into spaces; lines and bytes stay where they are.
fn blank(text: &str, texts_too: bool) -> String {
    let bytes = text.as_bytes();
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        if rest.starts_with(b"//") {
            let end = at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            ranges.push(at..end);
            at = end;
        } else if rest.starts_with(b"/*") {
            let end = end_of_block_comment(bytes, at);
            ranges.push(at..end);
            at = end;
        } else if let Some((open, end)) = text_at(bytes, at) {
            if texts_too {
                ranges.push(open..end.min(bytes.len()));
            }
            at = end;
        } else {
            at += 1;
        }
    }
    wiped(text, &ranges)
}

fn end_of_block_comment(bytes: &[u8], start: usize) -> usize {
    let (mut depth, mut at) = (0_usize, start);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    at
}

/// Where the inside of a text or character that begins at `at` starts, and where the whole of it ends.
fn text_at(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let after_word = at > 0 && is_word(bytes[at - 1]);
    match bytes[at] {
        b'"' => Some((at + 1, end_of_quoted(bytes, at + 1, b'"'))),
        b'r' if !after_word || (at > 0 && bytes[at - 1] == b'b') => {
            let hashes = bytes[at + 1..].iter().take_while(|byte| **byte == b'#').count();
            (bytes.get(at + 1 + hashes) == Some(&b'"')).then(|| {
                let open = at + 2 + hashes;
                let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
                let length = bytes[open..].windows(close.len()).position(|window| window == close);
                (open, length.map_or(bytes.len(), |length| open + length + close.len()))
            })
        }
        // A lifetime has no closing quote one letter (or one escape) later.
        b'\'' if bytes.get(at + 1) == Some(&b'\\') => Some((at + 1, end_of_quoted(bytes, at + 1, b'\''))),
        b'\'' => {
            let width = match bytes.get(at + 1)? {
                0..=0x7f => 1,
                0x80..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0.. => 4,
            };
            (bytes.get(at + 1 + width) == Some(&b'\'')).then_some((at + 1, at + 2 + width))
        }
        _ => None,
    }
}

fn end_of_quoted(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Where the items under `#[cfg(test)]` stand in code whose comments and texts are blanked.
fn test_items(code: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = code[from..].find("#[cfg(test)]").map(|at| from + at) {
        from = end_of_item(code.as_bytes(), start + "#[cfg(test)]".len());
        found.push(start..from);
    }
    found
}

/// `text` with `ranges` of it made into spaces; lines stay where they are.
fn wiped(text: &str, ranges: &[Range<usize>]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for byte in ranges.iter().flat_map(Clone::clone).filter(|at| text.as_bytes()[*at] != b'\n') {
        bytes[byte] = b' ';
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The end of the item that begins at `at`: its semicolon, or the brace that closes its first one.
fn end_of_item(code: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while at < code.len() {
        match code[at] {
            b'{' => depth += 1,
            b'}' if depth == 1 => return at + 1,
            b'}' => depth = depth.saturating_sub(1),
            b';' if depth == 0 => return at + 1,
            _ => {}
        }
        at += 1;
    }
    at
}

#[test]
fn code_is_seen_without_comments_texts_and_tests() {
    let text = "//! doc .unwrap()\nfn a<'x>(c: char) { b(\"// no \\\" .unwrap()\", r#\"x\" .unwrap()\"#, '\"', '\\'', 'ä'); } // .unwrap()\n\
                /* .unwrap() /* nested */ .unwrap() */ fn c() {}\n#[cfg(test)]\nmod tests { fn t() { x.unwrap(); } }\nfn d() {}\n";
    let source = Source::new("crates/fhir/src/x.rs", text);
    let code = source.product_code();
    assert!(!code.contains("unwrap"), "{code}");
    for kept in ["fn a<'x>(c: char) { b(", "fn c() {}", "fn d() {}"] {
        assert!(code.contains(kept), "{kept} in {code}");
    }
    assert_eq!(code.lines().count(), text.lines().count());
    let with_texts = source.product_code_with_texts();
    assert!(
        with_texts.contains("// no") && !with_texts.contains("nested") && !with_texts.contains("fn t()"),
        "{with_texts}"
    );
    assert_eq!(mentions("unwrap unwrap_or x.unwrap() reunwrap", "unwrap"), [1, 1]);
}

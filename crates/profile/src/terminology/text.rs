//! Reads the compact form of code systems and value sets.
//!
//! ```text
//! system http://hl7.org/fhir/name-use             a code system; (example) or (any case) may follow
//!   old = Old                                     a code and its display
//!     maiden = Name changed for Marriage          a child of the code above it
//!
//! set http://hl7.org/fhir/ValueSet/name-use       a value set
//!   all http://hl7.org/fhir/name-use              every code of a system
//!   of http://a.example: x, y                     these codes
//!   under http://a.example: x                     this code and all below it
//!   with http://b.example/ValueSet/z              another value set
//!   open http://snomed.info/sct                   codes of a system that is not listed here
//!   except of http://a.example: y                 taken away
//! ```
//!
//! Two blanks make a level; a line that begins with `#` is a note.

use super::{CodeSystem, Codes, Concept, Part, Terminology};
use std::fmt;

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextError {
    /// The line, from 1.
    pub line: usize,
    /// What was expected there.
    pub reason: &'static str,
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for TextError {}

/// The block that is being read.
enum Block<'a> {
    None,
    System { url: &'a str, system: CodeSystem, parents: Vec<u32> },
    Set { url: &'a str, parts: Vec<Part> },
}

pub(super) fn read(into: &mut Terminology, text: &str) -> Result<(), TextError> {
    let mut block = Block::None;
    for (at, line) in text.lines().enumerate() {
        let fail = |reason| TextError { line: at + 1, reason };
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if !line.starts_with(' ') {
            finish(into, std::mem::replace(&mut block, heading(line).map_err(fail)?));
            continue;
        }
        match &mut block {
            Block::None => return Err(fail("`system` or `set` has to come first")),
            Block::System { system, parents, .. } => concept(system, parents, line).map_err(fail)?,
            Block::Set { parts, .. } => parts.push(part(line.trim_start()).map_err(fail)?),
        }
    }
    finish(into, block);
    Ok(())
}

fn finish(into: &mut Terminology, block: Block<'_>) {
    match block {
        Block::None => {}
        Block::System { url, system, .. } => into.add_system(url, system),
        Block::Set { url, parts } => into.add_set(url, parts),
    }
}

fn heading(line: &str) -> Result<Block<'_>, &'static str> {
    if let Some(url) = line.strip_prefix("set ") {
        return Ok(Block::Set { url, parts: Vec::new() });
    }
    let Some(rest) = line.strip_prefix("system ") else { return Err("expected `system URL` or `set URL`") };
    let mut system = CodeSystem::default();
    let mut url = rest;
    while let Some((before, mark)) = url.rsplit_once(" (") {
        match mark {
            "example)" => system.example = true,
            "any case)" => system.any_case = true,
            _ => return Err("after the URL: (example) or (any case)"),
        }
        url = before;
    }
    Ok(Block::System { url, system, parents: Vec::new() })
}

fn concept(system: &mut CodeSystem, parents: &mut Vec<u32>, line: &str) -> Result<(), &'static str> {
    let rest = line.trim_start();
    let level = (line.len() - rest.len()) / 2;
    if level == 0 || level > parents.len() + 1 {
        return Err("a code is one level, two blanks, below its parent");
    }
    parents.truncate(level - 1);
    let parent = parents.last().copied();
    let (code, display) = match rest.split_once(" = ") {
        Some((code, display)) => (code, Some(display.into())),
        None => (rest, None),
    };
    parents.push(u32::try_from(system.concepts.len()).map_err(|_| "too many codes")?);
    system.push(Concept { code: code.into(), display, parent });
    Ok(())
}

fn part(line: &str) -> Result<Part, &'static str> {
    let (except, line) = match line.strip_prefix("except ") {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let Some((word, rest)) = line.split_once(' ') else { return Err("expected a word and a URL") };
    let with_codes = || rest.split_once(": ").ok_or("expected `URL: code`");
    let codes = match word {
        "all" => Codes::All(rest.into()),
        "with" => Codes::Set(rest.into()),
        "open" => Codes::Unlisted(rest.into()),
        "of" => {
            let (system, codes) = with_codes()?;
            Codes::Listed(system.into(), codes.split(", ").map(Into::into).collect())
        }
        "under" => {
            let (system, code) = with_codes()?;
            Codes::Under(system.into(), code.into())
        }
        _ => return Err("expected all, of, under, with, open or except"),
    };
    Ok(Part { except, codes })
}

#[cfg(test)]
mod tests {
    use super::super::{Known, Membership, Terminology};

    const LISTS: &str = "# a note
system http://a.example (any case)
  x = The X
    y
  z

system http://b.example (example)
  one

set http://a.example/set
  under http://a.example: x
  of http://b.example: two, three four
  except of http://a.example: y

set http://a.example/open
  with http://a.example/set
  open http://c.example
";

    fn lists() -> Terminology {
        let mut lists = Terminology::default();
        lists.read(LISTS).unwrap();
        lists
    }

    // covers: VAL-05
    #[test]
    fn a_code_is_in_a_value_set_or_not() {
        let lists = lists();
        let set = "http://a.example/set|1.0";
        assert_eq!(lists.membership(set, Some("http://a.example"), "x"), Membership::Member);
        assert_eq!(lists.membership(set, Some("http://a.example"), "X"), Membership::Member);
        assert_eq!(lists.membership(set, None, "three four"), Membership::Member);
        assert_eq!(lists.membership(set, Some("http://a.example"), "y"), Membership::NotMember);
        assert_eq!(lists.membership(set, Some("http://b.example"), "x"), Membership::NotMember);
        assert_eq!(lists.membership("http://a.example/none", None, "x"), Membership::Unknown);
    }

    #[test]
    fn a_set_with_an_unlisted_system_cannot_tell_about_its_codes() {
        let lists = lists();
        let set = "http://a.example/open";
        assert_eq!(lists.membership(set, Some("http://a.example"), "x"), Membership::Member);
        assert_eq!(lists.membership(set, Some("http://c.example"), "q"), Membership::Unknown);
        assert_eq!(lists.membership(set, Some("http://d.example"), "q"), Membership::NotMember);
    }

    #[test]
    fn a_system_knows_its_codes() {
        let lists = lists();
        assert_eq!(lists.known("http://a.example", "X"), Known::Code(Some("The X")));
        assert_eq!(lists.known("http://a.example", "q"), Known::NoSuchCode);
        assert_eq!(lists.known("http://b.example", "q"), Known::NotAnExample);
        assert_eq!(lists.known("http://c.example", "q"), Known::NoSuchSystem);
        assert_eq!(lists.known("urn:ietf:bcp:47", "en-GB"), Known::Code(None));
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named() {
        for (text, line) in
            [("  x", 1), ("nonsense", 1), ("system http://a\n      x", 2), ("set http://a\n  of http://b", 2)]
        {
            assert_eq!(Terminology::default().read(text).unwrap_err().line, line, "{text:?}");
        }
    }

    #[test]
    fn value_sets_that_include_each_other_end() {
        let mut lists = Terminology::default();
        lists.read("set http://a\n  with http://b\n\nset http://b\n  with http://a\n").unwrap();
        assert_eq!(lists.membership("http://a", None, "x"), Membership::NotMember);
    }
}

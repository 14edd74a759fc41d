//! Reading LDIF (RFC 2849), with the line at which a fault stands (SDS-63).

use crate::identifiers::quote;
use crate::sds::dn::Dn;
use crate::sds::entry::Entry;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashMap;

/// The longest text that is read, in bytes.
pub const LONGEST_LDIF: usize = 64 * 1024 * 1024;
/// The longest line that is read once folded lines are joined, in bytes.
pub const LONGEST_LINE: usize = 64 * 1024;
/// The most entries that are read.
pub const MOST_ENTRIES: usize = 200_000;

/// Why a text is no LDIF of entries: where it breaks, what was expected there, what came, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: expected {expected}, got {came}; {cure}")]
pub struct LdifFault {
    /// The line, counted from 1.
    pub line: usize,
    /// What was expected there.
    pub expected: String,
    /// What came.
    pub came: String,
    /// What to do.
    pub cure: &'static str,
}

fn fault(line: usize, expected: impl Into<String>, came: impl Into<String>, cure: &'static str) -> LdifFault {
    LdifFault { line, expected: expected.into(), came: came.into(), cure }
}

/// An entry and the line at which it begins, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The line of its `dn:`.
    pub line: usize,
    /// The entry.
    pub entry: Entry,
}

/// Reads the entries of an LDIF text in their order.
///
/// # Errors
/// The first thing that is no LDIF, is a record of changes, names an entry a second time, or is over the limits.
pub fn read(text: &str) -> Result<Vec<Entry>, LdifFault> {
    Ok(read_placed(text)?.into_iter().map(|placed| placed.entry).collect())
}

/// The same, each entry with its line.
///
/// # Errors
/// As [`read`].
pub fn read_placed(text: &str) -> Result<Vec<Placed>, LdifFault> {
    if text.len() > LONGEST_LDIF {
        let came = format!("{} bytes", text.len());
        return Err(fault(1, "a text of at most 64 MiB", came, "split it into several files"));
    }
    let mut entries = Entries::default();
    let mut first = true;
    for line in unfolded(text)? {
        if line.text.is_empty() {
            entries.end();
            continue;
        }
        if line.text.starts_with('#') {
            continue;
        }
        let (name, value) = name_and_value(&line)?;
        let is_version = first && name.eq_ignore_ascii_case("version");
        first = false;
        if is_version {
            check_version(&line, &value)?;
        } else {
            entries.take(&line, name, value)?;
        }
    }
    entries.end();
    Ok(entries.done)
}

/// The entries that were read, and the one that is being read.
#[derive(Default)]
struct Entries {
    done: Vec<Placed>,
    current: Option<Placed>,
    /// The normal form of each name, with its line.
    names: HashMap<String, usize>,
}

impl Entries {
    fn end(&mut self) {
        self.done.extend(self.current.take());
    }

    fn take(&mut self, line: &Line, name: &str, value: String) -> Result<(), LdifFault> {
        if let Some(placed) = &mut self.current {
            return add(&mut placed.entry, line, name, value);
        }
        if self.done.len() >= MOST_ENTRIES {
            let expected = format!("at most {MOST_ENTRIES} entries");
            return Err(fault(line.number, expected, "one more", "split the text into several files"));
        }
        let entry = start(line, name, &value)?;
        if let Some(before) = self.names.insert(entry.dn().normal(), line.number) {
            let came = format!("the name that the entry of line {before} has");
            return Err(fault(line.number, "each entry once", came, "join the two, or remove one of them"));
        }
        self.current = Some(Placed { line: line.number, entry });
        Ok(())
    }
}

/// A logical line and the number of its first physical line.
struct Line {
    number: usize,
    text: String,
}

/// Joins lines that begin with one space to the line before them.
fn unfolded(text: &str) -> Result<Vec<Line>, LdifFault> {
    let mut lines: Vec<Line> = Vec::new();
    for (index, physical) in text.split('\n').enumerate() {
        let physical = physical.strip_suffix('\r').unwrap_or(physical);
        match (physical.strip_prefix(' '), lines.last_mut()) {
            (Some(more), Some(line)) if !line.text.is_empty() => line.text.push_str(more),
            (Some(_), _) => {
                let came = "a line that begins with a space and continues none";
                return Err(fault(index + 1, "an attribute", came, "remove the space, or the empty line before it"));
            }
            (None, _) => lines.push(Line { number: index + 1, text: physical.to_owned() }),
        }
        if lines.last().is_some_and(|line| line.text.len() > LONGEST_LINE) {
            return Err(fault(index + 1, "a line of at most 64 KiB", "a longer one", "shorten the value"));
        }
    }
    Ok(lines)
}

fn check_version(line: &Line, value: &str) -> Result<(), LdifFault> {
    match value.trim() {
        "1" => Ok(()),
        other => Err(fault(line.number, "version: 1", quote(other), "write the file as LDIF version 1")),
    }
}

/// `name: value`, `name:: base64`; a value by URL (`name:<`) is refused.
fn name_and_value(line: &Line) -> Result<(&str, String), LdifFault> {
    let Some((name, rest)) = line.text.split_once(':') else {
        let cure = "put the colon there, or begin the line with a space if it continues the one before";
        return Err(fault(line.number, "an attribute name, a colon and a value", quote(&line.text), cure));
    };
    let well_formed = name.starts_with(|letter: char| letter.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.;".contains(&byte));
    if !well_formed {
        let expected = "an attribute name of letters, digits, hyphens and options";
        return Err(fault(line.number, expected, quote(name), "mend the name before the colon"));
    }
    if let Some(base64) = rest.strip_prefix(':') {
        let decoded = STANDARD.decode(base64.trim()).ok();
        let value = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        let cure = "encode the text again, or write it after a single colon";
        return value
            .map(|value| (name, value))
            .ok_or_else(|| fault(line.number, "UTF-8 text in base64 after ::", quote(base64.trim()), cure));
    }
    if rest.starts_with('<') {
        let cure = "put the value itself there";
        return Err(fault(line.number, "a value", "the address of one, which is never followed", cure));
    }
    Ok((name, rest.trim_start_matches(' ').to_owned()))
}

fn start(line: &Line, name: &str, value: &str) -> Result<Entry, LdifFault> {
    let cure = "begin each entry with its name, such as dn: uniqueIdentifier=918999198999,ou=Services,o=nhs";
    if !name.eq_ignore_ascii_case("dn") {
        return Err(fault(line.number, "dn:", format!("{name}:"), cure));
    }
    let dn = Dn::parse(value).map_err(|broken| {
        let came = format!("{} (byte {}: {})", quote(value), broken.at, broken.problem);
        fault(line.number, "a distinguished name", came, cure)
    })?;
    if dn.is_empty() {
        return Err(fault(line.number, "a distinguished name", "nothing", cure));
    }
    Ok(Entry::new(dn))
}

fn add(entry: &mut Entry, line: &Line, name: &str, value: String) -> Result<(), LdifFault> {
    match name.to_ascii_lowercase().as_str() {
        "dn" => Err(fault(line.number, "an attribute of the entry", "dn:", "put an empty line before the next entry")),
        "changetype" | "control" => {
            let cure = "export whole entries instead of a record of changes";
            Err(fault(line.number, "an attribute of the entry", format!("{name}:"), cure))
        }
        _ => {
            entry.add(name, value);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // covers: SDS-63
    #[test]
    fn entries_are_read_with_folding_base64_comments_and_either_line_end() {
        let text = "version: 1\r\n# a comment\n  that is folded\n\ndn: uniqueIdentifier=918999199203,ou=Serv\n ices,o=nhs\n\
            objectClass: top\nnhsIdCode:A91342\ndescription:: w6ljb2xl\n\n\n# between\ndn:: bz1uaHM=\no: nhs";
        let entries = read(text).unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0].dn().as_str(), "uniqueIdentifier=918999199203,ou=Services,o=nhs");
        assert_eq!(entries[0].first("nhsIDCode"), Some("A91342"));
        assert_eq!(entries[0].first("description"), Some("école"));
        assert_eq!(entries[1].first("o"), Some("nhs"));
        assert_eq!(read("").unwrap(), []);
    }

    // covers: SDS-63
    #[test]
    fn what_is_no_ldif_of_entries_is_refused_with_its_line() {
        for (text, line) in [
            ("objectClass: top", 1),
            ("version: 2\n", 1),
            ("dn: o=nhs\nbare", 2),
            ("dn: o=nhs\n: x", 2),
            ("dn: o=nhs\no:< file:///etc/passwd", 2),
            ("dn: o=nhs\nchangetype: delete", 2),
            ("dn: o=nhs\ndn: o=nhs", 2),
            ("dn: o=nhs\no:: !", 2),
            ("dn: o=nhs\no:: /w==", 2),
            ("dn: nhs", 1),
            ("dn:", 1),
            ("\n folded", 2),
            (" folded", 1),
            ("dn: o=nhs\no: nhs\n\ndn: ou=x,o=nhs\n\n# again\ndn: O=NHS", 7),
        ] {
            let fault = read(text).unwrap_err();
            assert_eq!(fault.line, line, "{text}");
            assert!(!fault.expected.is_empty() && !fault.came.is_empty() && !fault.cure.is_empty(), "{fault}");
        }
        assert_eq!(
            read("dn: o=nhs\nchangetype: delete").unwrap_err().to_string(),
            "line 2: expected an attribute of the entry, got changetype:; export whole entries instead of a record of changes"
        );
        assert!(read(&format!("dn: o=nhs\no: {}", "x".repeat(LONGEST_LINE))).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in any::<String>(), shape in "(dn|o|version|changetype)?[:<# \\n\\r=a1]{0,60}") {
            let _ = read(&text);
            let _ = read(&shape);
        }
    }
}

//! Reading LDIF (RFC 2849), with the line at which a fault stands.

use crate::sds::dn::Dn;
use crate::sds::entry::Entry;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The longest text that is read, in bytes.
pub const LONGEST_LDIF: usize = 64 * 1024 * 1024;
/// The longest line that is read once folded lines are joined, in bytes.
pub const LONGEST_LINE: usize = 64 * 1024;
/// The most entries that are read.
pub const MOST_ENTRIES: usize = 200_000;

/// Why a text is no LDIF of entries, and the line at which it breaks, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not LDIF, at line {line}: {problem}")]
pub struct LdifFault {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: String,
}

fn fault(line: usize, problem: impl Into<String>) -> LdifFault {
    LdifFault { line, problem: problem.into() }
}

/// Reads the entries of an LDIF text in their order.
///
/// # Errors
/// The first thing that is no LDIF, is a record of changes, or is over the limits.
pub fn read(text: &str) -> Result<Vec<Entry>, LdifFault> {
    if text.len() > LONGEST_LDIF {
        return Err(fault(1, "the text is longer than 64 MiB"));
    }
    let mut entries = Vec::new();
    let mut current: Option<Entry> = None;
    let mut first = true;
    for line in unfolded(text)? {
        if line.text.is_empty() {
            entries.extend(current.take());
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
            continue;
        }
        match &mut current {
            None => {
                if entries.len() >= MOST_ENTRIES {
                    return Err(fault(line.number, format!("there are more than {MOST_ENTRIES} entries")));
                }
                current = Some(start(&line, name, &value)?);
            }
            Some(entry) => add(entry, &line, name, value)?,
        }
    }
    entries.extend(current);
    Ok(entries)
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
            (Some(_), _) => return Err(fault(index + 1, "a line that begins with a space continues no line")),
            (None, _) => lines.push(Line { number: index + 1, text: physical.to_owned() }),
        }
        if lines.last().is_some_and(|line| line.text.len() > LONGEST_LINE) {
            return Err(fault(index + 1, "a line is longer than 64 KiB"));
        }
    }
    Ok(lines)
}

fn check_version(line: &Line, value: &str) -> Result<(), LdifFault> {
    match value.trim() {
        "1" => Ok(()),
        _ => Err(fault(line.number, "only version 1 of LDIF is read")),
    }
}

/// `name: value`, `name:: base64`; a value by URL (`name:<`) is refused.
fn name_and_value(line: &Line) -> Result<(&str, String), LdifFault> {
    let Some((name, rest)) = line.text.split_once(':') else {
        return Err(fault(line.number, "a line needs an attribute name, a colon and a value"));
    };
    let well_formed = name.starts_with(|letter: char| letter.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.;".contains(&byte));
    if !well_formed {
        return Err(fault(line.number, "an attribute name holds letters, digits, hyphens and options only"));
    }
    if let Some(base64) = rest.strip_prefix(':') {
        let bytes = STANDARD.decode(base64.trim()).map_err(|_| fault(line.number, "the value is not base64"))?;
        let value = String::from_utf8(bytes).map_err(|_| fault(line.number, "the value is not UTF-8 text"))?;
        return Ok((name, value));
    }
    if rest.starts_with('<') {
        return Err(fault(line.number, "a value by URL is not read: put the value itself there"));
    }
    Ok((name, rest.trim_start_matches(' ').to_owned()))
}

fn start(line: &Line, name: &str, value: &str) -> Result<Entry, LdifFault> {
    if !name.eq_ignore_ascii_case("dn") {
        return Err(fault(line.number, format!("an entry begins with dn:, not with {name}:")));
    }
    let dn = Dn::parse(value).map_err(|broken| fault(line.number, broken.to_string()))?;
    if dn.is_empty() {
        return Err(fault(line.number, "an entry needs a name"));
    }
    Ok(Entry::new(dn))
}

fn add(entry: &mut Entry, line: &Line, name: &str, value: String) -> Result<(), LdifFault> {
    match name.to_ascii_lowercase().as_str() {
        "dn" => Err(fault(line.number, "an empty line must stand before the next entry")),
        "changetype" | "control" => {
            Err(fault(line.number, "this is a record of changes; only entries themselves are read"))
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
        ] {
            assert_eq!(read(text).map_err(|fault| fault.line), Err(line), "{text}");
        }
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

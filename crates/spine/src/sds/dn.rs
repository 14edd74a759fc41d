//! Distinguished names: parsed as RFC 4514 writes them, compared without case and without the spaces around separators
//! (SDS-08).

use super::matching::normal;
use super::schema::{AttributeId, Equality};
use std::fmt;
use std::hash::{Hash, Hasher};

/// The longest name that is read, in bytes.
pub const LONGEST_DN: usize = 1024;
/// The most components that a name may have.
pub const MOST_RDNS: usize = 16;

/// A distinguished name. Equality ignores case and insignificant spaces; `Display` gives it as it was written.
#[derive(Debug, Clone)]
pub struct Dn {
    text: String,
    /// The normal forms of the components, the entry's own first.
    rdns: Vec<String>,
}

/// Why a text is no distinguished name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a distinguished name, at byte {at}: {problem}")]
pub struct DnFault {
    /// Where it breaks, in bytes from the start.
    pub at: usize,
    /// What is wrong there.
    pub problem: &'static str,
}

impl Dn {
    /// The empty name, which names the root DSE.
    #[must_use]
    pub fn empty() -> Self {
        Self { text: String::new(), rdns: Vec::new() }
    }

    /// Reads a name.
    ///
    /// # Errors
    /// A component without `=`, an empty type, an unfinished escape, or a name over the limits.
    pub fn parse(text: &str) -> Result<Self, DnFault> {
        if text.len() > LONGEST_DN {
            return Err(DnFault { at: LONGEST_DN, problem: "it is longer than 1024 bytes" });
        }
        let mut rdns = Vec::new();
        // Spaces alone count for nothing, and the last may be an escaped one, so that the text is kept whole.
        let text = if text.bytes().all(|byte| byte == b' ') { "" } else { text };
        if !text.is_empty() {
            for (at, component) in split_unescaped(text, ',') {
                rdns.push(normal_rdn(at, component)?);
            }
        }
        if rdns.len() > MOST_RDNS {
            return Err(DnFault { at: 0, problem: "it has more than 16 components" });
        }
        Ok(Self { text: text.to_owned(), rdns })
    }

    /// The name as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The normal form, equal for equal names.
    #[must_use]
    pub fn normal(&self) -> String {
        self.rdns.join(",")
    }

    /// The normal form of the name above this one; `None` at the top.
    #[must_use]
    pub fn normal_parent(&self) -> Option<String> {
        self.rdns.split_first().map(|(_, parents)| parents.join(","))
    }

    /// The normal forms of all names above this one, the nearest first.
    pub fn normal_ancestors(&self) -> impl Iterator<Item = String> + '_ {
        (1..self.rdns.len()).map(|start| self.rdns[start..].join(","))
    }

    /// Whether this is `base` or lies below it.
    #[must_use]
    pub fn is_within(&self, base: &Self) -> bool {
        self.rdns.ends_with(&base.rdns)
    }

    /// Whether this lies directly below `base`.
    #[must_use]
    pub fn is_child_of(&self, base: &Self) -> bool {
        self.rdns.len() == base.rdns.len() + 1 && self.is_within(base)
    }

    /// Whether it has no component.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rdns.is_empty()
    }
}

impl PartialEq for Dn {
    fn eq(&self, other: &Self) -> bool {
        self.rdns == other.rdns
    }
}

impl Eq for Dn {}

impl Hash for Dn {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.rdns.hash(state);
    }
}

impl fmt::Display for Dn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for Dn {
    type Err = DnFault;
    fn from_str(text: &str) -> Result<Self, DnFault> {
        Self::parse(text)
    }
}

/// A value written so that it can stand in a name (RFC 4514 section 2.4).
#[must_use]
pub fn escape_dn_value(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for (index, letter) in value.char_indices() {
        let outer = index == 0 || index + letter.len_utf8() == value.len();
        if ",+\"\\<>;=".contains(letter) || (outer && letter == ' ') || (index == 0 && letter == '#') {
            escaped.push('\\');
        }
        if letter == '\0' { escaped.push_str("\\00") } else { escaped.push(letter) }
    }
    escaped
}

/// The parts of `text` between separators that no backslash escapes, each with its offset.
fn split_unescaped(text: &str, separator: char) -> Vec<(usize, &str)> {
    let mut parts = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (index, letter) in text.char_indices() {
        if letter == separator && !escaped {
            parts.push((start, &text[start..index]));
            start = index + 1;
        }
        escaped = letter == '\\' && !escaped;
    }
    parts.push((start, &text[start..]));
    parts
}

/// The normal form of one component, whose parts a `+` joins and whose order does not count.
fn normal_rdn(at: usize, component: &str) -> Result<String, DnFault> {
    let mut parts = Vec::new();
    for (offset, part) in split_unescaped(component, '+') {
        let at = at + offset;
        let (name, value) = part.split_once('=').ok_or(DnFault { at, problem: "a component has no =" })?;
        let name = name.trim();
        let well_formed = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.');
        if name.is_empty() || !well_formed {
            return Err(DnFault {
                at,
                problem: "an attribute name of letters, digits and hyphens must stand before =",
            });
        }
        let name = AttributeId::of(name).map_or(name, |id| id.row().name).to_ascii_lowercase();
        let value = unescape(trim_unescaped(value)).ok_or(DnFault { at, problem: "an escape is not finished" })?;
        parts.push(format!("{name}={}", escape_dn_value(&normal(&value, Equality::Ignore))));
    }
    parts.sort_unstable();
    Ok(parts.join("+"))
}

/// Without the spaces around it, keeping one that a backslash escapes at the end.
fn trim_unescaped(value: &str) -> &str {
    let value = value.trim_start_matches(' ');
    let trimmed = value.trim_end_matches(' ');
    let backslashes = trimmed.bytes().rev().take_while(|byte| *byte == b'\\').count();
    if backslashes % 2 == 1 && trimmed.len() < value.len() { &value[..=trimmed.len()] } else { trimmed }
}

/// Resolves `\,` and `\2C`; `None` for an escape that is not finished or bytes that are no UTF-8.
fn unescape(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let first = rest.next()?;
        match (char::from(first).to_digit(16), first.is_ascii_hexdigit()) {
            (Some(high), true) => {
                let low = char::from(rest.next()?).to_digit(16)?;
                bytes.push(u8::try_from(high * 16 + low).ok()?);
            }
            _ => bytes.push(first),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dn(text: &str) -> Dn {
        Dn::parse(text).unwrap()
    }

    // covers: SDS-08, FIND-01
    #[test]
    fn names_are_compared_without_case_and_without_spaces_around_commas() {
        for other in
            ["ou=Services,o=nhs", "OU = services , O=NHS", " ou=services, o=nhs ", "2.5.4.11=Services,2.5.4.10=nhs"]
        {
            assert_eq!(dn("ou=services, o=nhs"), dn(other), "{other}");
        }
        assert_ne!(dn("ou=services,o=nhs"), dn("ou=people,o=nhs"));
        assert_eq!(dn("a=x+b=y"), dn("B=Y + A=X"));
    }

    #[test]
    fn a_name_lies_within_its_ancestors() {
        let entry = dn("uniqueIdentifier=918999199203,ou=Services,o=nhs");
        assert!(entry.is_within(&dn("o=NHS")) && entry.is_within(&entry) && entry.is_within(&Dn::empty()));
        assert!(entry.is_child_of(&dn("ou=services,o=nhs")) && !entry.is_child_of(&dn("o=nhs")));
        assert_eq!(entry.normal_ancestors().collect::<Vec<_>>(), ["ou=services,o=nhs", "o=nhs"]);
        assert_eq!(entry.normal_parent().as_deref(), Some("ou=services,o=nhs"));
        assert!(dn("").is_empty());
    }

    #[test]
    fn escapes_are_resolved_and_broken_names_say_where() {
        assert_eq!(dn("cn=a\\,b,o=nhs"), dn("cn=A\\2CB,o=nhs"));
        assert_ne!(dn("cn=a\\,b,o=nhs").normal(), dn("cn=a,b=o=nhs").normal());
        assert_eq!(dn("cn=x\\ ,o=nhs"), dn("cn=x,o=nhs"), "spaces at the end count for nothing in comparison");
        for text in ["services", "=x", "o=nhs,", "ou=x,,o=nhs", "o=a\\", "o=\\4", "o=\\ff", "o u=x"] {
            assert!(Dn::parse(text).is_err(), "{text}");
        }
        assert_eq!(Dn::parse("o=nhs,x").unwrap_err().at, 6);
        assert!(Dn::parse(&"o=x,".repeat(400)).is_err());
        assert!(Dn::parse(&vec!["o=x"; 17].join(",")).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>(), value in any::<String>()) {
            let _ = Dn::parse(&text);
            let name = format!("cn={},o=nhs", escape_dn_value(&value));
            if name.len() <= LONGEST_DN {
                prop_assert!(Dn::parse(&name).unwrap().is_within(&dn("o=nhs")));
            }
        }
    }
}

//! Entity tags and the conditions that name them (HTTP-28, HTTP-33, VER-01, VER-03, VER-07; RFC 9110 §8.8.3, §13.1).

use spine::Reason;

use super::refusal::Refusal;

/// The most tags that one header may list.
const MOST_TAGS: usize = 32;

/// What an `If-Match` or `If-None-Match` header names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// `*`: any version.
    Any,
    /// The opaque parts of one tag or several, weak or strong: a version is the same either way.
    Versions(Vec<String>),
}

impl Condition {
    /// Reads the header's value; `None` when it is no list of entity tags.
    #[must_use]
    pub fn read(value: &str) -> Option<Self> {
        if value.trim() == "*" {
            return Some(Self::Any);
        }
        let tags: Option<Vec<String>> = value.split(',').take(MOST_TAGS + 1).map(|tag| opaque(tag.trim())).collect();
        tags.filter(|tags| tags.len() <= MOST_TAGS).map(Self::Versions)
    }

    /// Whether the condition names this version.
    #[must_use]
    pub fn names(&self, version: u32) -> bool {
        self.names_tag(&version.to_string())
    }

    /// Whether the condition names the content with this tag.
    #[must_use]
    pub fn names_tag(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Versions(versions) => versions.iter().any(|each| each == tag),
        }
    }
}

/// Whether an `If-None-Match` header names the content with this tag; one that cannot be read names none.
#[must_use]
pub fn names_tag(header: &str, tag: &str) -> bool {
    Condition::read(header).is_some_and(|condition| condition.names_tag(tag))
}

/// The `If-Match` of an update (VER-03). `values` are the header's values as they came.
///
/// # Errors
/// `Reason::MissingIfMatch` (412) when there is none, `Reason::MalformedIfMatch` (400) when it is no list of entity tags.
pub fn if_match(values: &[&str]) -> Result<Condition, Refusal> {
    if values.is_empty() {
        return Err(Refusal::new(Reason::MissingIfMatch, ""));
    }
    Condition::read(&values.join(",")).ok_or_else(|| Refusal::new(Reason::MalformedIfMatch, ""))
}

fn opaque(tag: &str) -> Option<String> {
    let quoted = tag.strip_prefix("W/").unwrap_or(tag);
    let opaque = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let sound =
        !opaque.is_empty() && opaque.len() <= 64 && opaque.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
    sound.then(|| opaque.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: VER-01, VER-07
    #[test]
    fn every_form_of_a_condition_is_read() {
        let table = [
            ("W/\"1\"", Some(true)),
            ("\"1\"", Some(true)),
            ("W/\"2\"", Some(false)),
            ("W/\"2\", W/\"1\"", Some(true)),
            ("*", Some(true)),
            ("W/\"01\"", Some(false)),
            ("W/\"3f9c-a\"", Some(false)),
            ("1", None),
            ("W/1", None),
            ("w/\"1\"", None),
            ("\"\"", None),
            ("", None),
            ("\"1\",", None),
        ];
        for (value, expected) in table {
            assert_eq!(Condition::read(value).map(|condition| condition.names(1)), expected, "{value}");
        }
        assert_eq!(Condition::read(&vec!["\"1\""; 33].join(",")), None);
    }

    // covers: VER-03
    #[test]
    fn a_missing_condition_and_a_malformed_one_differ() {
        assert_eq!(if_match(&[]).unwrap_err().reason, Reason::MissingIfMatch);
        assert_eq!(if_match(&["1"]).unwrap_err().reason, Reason::MalformedIfMatch);
        assert_eq!(if_match(&["\"1\"", "\"2\""]).unwrap(), Condition::Versions(vec!["1".into(), "2".into()]));
    }
}

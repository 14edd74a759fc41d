//! The query string of a FHIR request, decoded once and in its own order (HTTP-21, SLT-11).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The most parameters one request may carry: booking needs about a dozen.
const MOST_PARAMETERS: usize = 256;

/// FHIR's own controls: they shape an answer and select nothing, so that one which is not served may be passed over.
const CONTROLS: [&str; 12] = [
    "_format",
    "_pretty",
    "_count",
    "_page",
    "_sort",
    "_summary",
    "_elements",
    "_contained",
    "_containedType",
    "_include",
    "_revinclude",
    "_total",
];

/// Whether a parameter is one of FHIR's controls, with or without a modifier such as `:iterate`.
#[must_use]
pub fn is_control(name: &str) -> bool {
    CONTROLS.contains(&name.split(':').next().unwrap_or_default())
}

/// Everything that is not unreserved (RFC 3986 §2.3) is encoded.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A name or a value as it stands in a query.
#[must_use]
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Adds a parameter to a query, for the links of a Bundle (SLT-34).
pub(crate) fn add_parameter(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.extend(utf8_percent_encode(name, RESERVED));
    query.push('=');
    query.extend(utf8_percent_encode(value, RESERVED));
}

/// What is wrong with a query string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueryFault {
    /// A name or value is not UTF-8 after percent-decoding.
    NotUtf8 {
        /// The parameter as it came, still encoded.
        raw: String,
    },
    /// A name or value holds a control character.
    ControlCharacter,
    /// More parameters than any search needs.
    TooMany,
}

/// The parameters of a request in the order in which they came, decoded.
///
/// A plus sign and `%20` both decode to a space, so a value in which a plus was meant arrives with a space there (SLT-11):
/// whoever reads the value decides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads the part of a URL after the question mark; `None` and an empty text have no parameters.
    ///
    /// # Errors
    /// [`QueryFault`] when a part is not UTF-8 or holds a control character, or there are more than 256 parameters.
    pub fn read(text: Option<&str>) -> Result<Self, QueryFault> {
        let mut pairs = Vec::new();
        for part in text.unwrap_or_default().split('&').filter(|part| !part.is_empty()) {
            if pairs.len() == MOST_PARAMETERS {
                return Err(QueryFault::TooMany);
            }
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            match (decoded(name), decoded(value)) {
                (Some(name), Some(value)) if name.contains(char::is_control) || value.contains(char::is_control) => {
                    return Err(QueryFault::ControlCharacter);
                }
                (Some(name), Some(value)) => pairs.push((name, value)),
                _ => return Err(QueryFault::NotUtf8 { raw: part.chars().take(80).collect() }),
            }
        }
        Ok(Self { pairs })
    }

    /// Every parameter in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The values of one name, in order; names are case-sensitive (HTTP-35).
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs().filter(move |(each, _)| *each == name).map(|(_, value)| value)
    }

    /// The first value of one name.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&str> {
        self.pairs().find(|(each, _)| *each == name).map(|(_, value)| value)
    }
}

fn decoded(text: &str) -> Option<String> {
    // Most names and many values need no decoding.
    if !text.bytes().any(|byte| matches!(byte, b'+' | b'%')) {
        return Some(text.to_owned());
    }
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_keep_their_order_and_are_decoded() {
        let query = Query::read(Some("start=ge2019-07-02T09%3A00%3A00%2B00%3A00&start=le2019&a%20b=+x&flag")).unwrap();
        let pairs: Vec<_> = query.pairs().collect();
        assert_eq!(pairs, [("start", "ge2019-07-02T09:00:00+00:00"), ("start", "le2019"), ("a b", " x"), ("flag", "")]);
        assert_eq!(query.all("start").count(), 2);
        assert_eq!(query.first("start"), Some("ge2019-07-02T09:00:00+00:00"));
        assert_eq!(query.first("Start"), None);
    }

    // covers: SLT-11
    #[test]
    fn an_unescaped_plus_arrives_as_a_space() {
        let query = Query::read(Some("start=ge2019-07-02T09:00:00+00:00")).unwrap();
        assert_eq!(query.first("start"), Some("ge2019-07-02T09:00:00 00:00"));
    }

    #[test]
    fn what_is_no_text_or_far_too_long_is_refused() {
        assert!(matches!(Query::read(Some("a=%ff")), Err(QueryFault::NotUtf8 { .. })));
        assert_eq!(Query::read(Some("a=%00")), Err(QueryFault::ControlCharacter));
        assert_eq!(Query::read(Some(&"a=1&".repeat(257))), Err(QueryFault::TooMany));
        assert_eq!(Query::read(None).unwrap(), Query::read(Some("&&")).unwrap());
    }
}

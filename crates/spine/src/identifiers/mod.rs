//! The identifiers that cross a boundary, each a type of its own that exists only when its text was well formed.

mod asid;
mod nhs_number;
mod ods_code;
mod party_key;
mod trace_id;

pub use asid::Asid;
pub use nhs_number::NhsNumber;
pub use ods_code::OdsCode;
pub use party_key::PartyKey;
pub use trace_id::TraceId;

/// A text that is not what it should be: what was expected and what came.
///
/// The text itself is quoted only where it is no personal data and then clipped to 40 characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: expected {expected}, got {came}")]
pub struct Malformed {
    /// The standard's word for the value, such as `ASID`.
    pub what: &'static str,
    /// The form that is expected, in words.
    pub expected: &'static str,
    /// What came instead.
    pub came: String,
}

impl Malformed {
    /// A refusal that quotes `text`, clipped and with control characters escaped.
    #[must_use]
    pub fn quoting(what: &'static str, expected: &'static str, text: &str) -> Self {
        Self { what, expected, came: quote(text) }
    }
}

/// The first 40 characters of `text` in quotes, with control characters escaped, so that it is safe in a log line.
#[must_use]
pub fn quote(text: &str) -> String {
    const LONGEST: usize = 40;
    if text.is_empty() {
        return "nothing".to_owned();
    }
    let clipped: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    let more = if text.chars().nth(LONGEST).is_some() { "…" } else { "" };
    format!("\"{clipped}{more}\"")
}

/// The parts that every identifier kept as text has alike: `Display`, `as_str`, `FromStr` through its `parse`.
macro_rules! text_identifier {
    ($name:ident) => {
        impl $name {
            /// The identifier as it was written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::identifiers::Malformed;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }
    };
}
pub(crate) use text_identifier;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_quote_is_short_and_holds_no_control_character() {
        assert_eq!(quote(""), "nothing");
        assert_eq!(quote("a\r\nb"), "\"a\\r\\nb\"");
        assert_eq!(quote(&"x".repeat(50)), format!("\"{}…\"", "x".repeat(40)));
    }

    proptest! {
        #[test]
        fn no_identifier_panics_on_any_text(text in any::<String>()) {
            let _ = (Asid::parse(&text), OdsCode::parse(&text), PartyKey::parse(&text));
            let _ = (NhsNumber::parse(&text), TraceId::parse(&text), Asid::from_directory_of_services(&text));
        }

        #[test]
        fn what_parses_is_written_as_it_came(text in "[0-9]{12}|[A-Z][0-9]{5}|[A-Z0-9]{3,6}-[0-9]{7}") {
            for written in [
                Asid::parse(&text).map(|value| value.to_string()),
                OdsCode::parse(&text).map(|value| value.to_string()),
                PartyKey::parse(&text).map(|value| value.to_string()),
            ].into_iter().flatten() {
                prop_assert_eq!(&written, &text);
            }
        }
    }
}

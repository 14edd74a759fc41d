//! Trace ID: the UUID by which one call can be followed across systems (SSP-20, VIA-03).

use super::{Malformed, quote};
use std::fmt;
use uuid::Uuid;

/// A `Ssp-TraceID`: accepted in any case, written in lower case with hyphens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId(Uuid);

impl TraceId {
    /// Reads the hyphenated form `8-4-4-4-12` in any case; braces, `urn:uuid:` and the form without hyphens are refused.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let refused = || Malformed {
            what: "trace ID",
            expected: "a UUID with hyphens, such as 1c3c5e3e-0c0e-4c39-9a1f-5d3b6f1f2a77",
            came: quote(text),
        };
        if text.len() != 36 {
            return Err(refused());
        }
        Uuid::try_parse(text).map(Self).map_err(|_| refused())
    }

    /// The UUID itself.
    #[must_use]
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for TraceId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0.hyphenated())
    }
}

impl std::str::FromStr for TraceId {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: SSP-20, VIA-03
    #[test]
    fn any_case_is_read_and_lower_case_is_written() {
        let id = TraceId::parse("1C3C5E3E-0C0E-4c39-9a1f-5d3b6f1f2a77").unwrap();
        assert_eq!(id.to_string(), "1c3c5e3e-0c0e-4c39-9a1f-5d3b6f1f2a77");
        for text in [
            "",
            "{1c3c5e3e-0c0e-4c39-9a1f-5d3b6f1f2a77}",
            "urn:uuid:1c3c5e3e-0c0e-4c39-9a1f-5d3b6f1f2a77",
            "1c3c5e3e0c0e4c399a1f5d3b6f1f2a77",
            "1c3c5e3e-0c0e-4c39-9a1f-5d3b6f1f2a7g",
            "1c3c5e3e-0c0e4-c39-9a1f-5d3b6f1f2a77",
        ] {
            assert!(TraceId::parse(text).is_err(), "{text}");
        }
    }
}

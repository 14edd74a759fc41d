//! ASID: the twelve digits that name one accredited system of one organisation (SSP-21, SSP-22, VIA-04).

use super::{Malformed, text_identifier};

/// An accredited system id: exactly twelve digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Asid(Box<str>);

text_identifier!(Asid);

impl Asid {
    /// Reads twelve ASCII digits.
    ///
    /// # Errors
    /// Anything else, including surrounding spaces and the `ASID:` of the Directory of Services.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.into()))
        } else {
            Err(Malformed::quoting("ASID", "12 digits", text))
        }
    }

    /// Reads an ASID as the Directory of Services stores it: `ASID:` and the digits (SSP-22, FIND-18).
    ///
    /// # Errors
    /// What [`Asid::parse`] refuses once the prefix, in any case, is gone.
    pub fn from_directory_of_services(text: &str) -> Result<Self, Malformed> {
        let text = text.trim();
        match text.get(..5) {
            Some(prefix) if prefix.eq_ignore_ascii_case("ASID:") => Self::parse(text[5..].trim()),
            _ => Self::parse(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: SSP-21, SSP-22, VIA-04
    #[test]
    fn an_asid_is_twelve_digits() {
        assert!(Asid::parse("918999198999").is_ok());
        for text in ["", "91899919899", "9189991989990", "91899919899x", " 918999198999", "٩١٨٩٩٩١٩٨٩٩٩"] {
            assert!(Asid::parse(text).is_err(), "{text}");
        }
    }

    // covers: SSP-22, FIND-18
    #[test]
    fn the_directory_of_services_prefix_is_taken_off() {
        for text in ["ASID:918999198999", "asid: 918999198999", "918999198999"] {
            assert_eq!(Asid::from_directory_of_services(text).unwrap().as_str(), "918999198999");
        }
        assert!(Asid::from_directory_of_services("ODS:A91545").is_err());
    }

    #[test]
    fn a_refusal_says_what_was_expected_and_what_came() {
        let refusal = Asid::parse("12 34").unwrap_err().to_string();
        assert_eq!(refusal, "ASID: expected 12 digits, got \"12 34\"");
    }
}

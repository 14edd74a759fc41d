//! ODS code: the code of an organisation or site, compared with its case (SDS-11).

use super::{Malformed, text_identifier};

/// An organisation's code: 1 to 12 ASCII letters and digits; `a1001` and `A1001` differ, as they do in SDS.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OdsCode(Box<str>);

text_identifier!(OdsCode);

impl OdsCode {
    /// Reads 1 to 12 ASCII letters and digits.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            Ok(Self(text.into()))
        } else {
            Err(Malformed::quoting("ODS code", "1 to 12 letters and digits", text))
        }
    }

    /// The code in upper case, which is how SDS is asked for it (SDS-11).
    #[must_use]
    pub fn to_upper_case(&self) -> Self {
        Self(self.0.to_ascii_uppercase().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: SDS-11
    #[test]
    fn an_ods_code_keeps_its_case_and_can_be_raised_for_a_query() {
        let code = OdsCode::parse("a91545").unwrap();
        assert_ne!(code, OdsCode::parse("A91545").unwrap());
        assert_eq!(code.to_upper_case().as_str(), "A91545");
        for text in ["", "A 1", "A91545-1", "A".repeat(13).as_str()] {
            assert!(OdsCode::parse(text).is_err(), "{text}");
        }
    }
}

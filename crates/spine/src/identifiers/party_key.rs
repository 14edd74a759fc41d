//! Party key: the value that joins an nhsAs to its nhsMhs records, `<ODS>-<digits>`, compared without case (SDS-11).

use super::{Malformed, text_identifier};
use std::hash::{Hash, Hasher};

/// A party key such as `A91342-9199203`; `a91342-9199203` is the same key.
#[derive(Debug, Clone)]
pub struct PartyKey(Box<str>);

text_identifier!(PartyKey);

impl PartyKey {
    /// Reads an ODS code, a hyphen and 1 to 12 digits; spaces around them count for nothing (SDS-12).
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let text = text.trim_matches(' ');
        let well_formed = text.rsplit_once('-').is_some_and(|(ods, number)| {
            super::OdsCode::parse(ods).is_ok()
                && (1..=12).contains(&number.len())
                && number.bytes().all(|byte| byte.is_ascii_digit())
        });
        if well_formed {
            Ok(Self(text.into()))
        } else {
            Err(Malformed::quoting("party key", "an ODS code, a hyphen and up to 12 digits", text))
        }
    }
}

impl PartialEq for PartyKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for PartyKey {}

impl Hash for PartyKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    // covers: SDS-11, SDS-12
    #[test]
    fn a_party_key_is_compared_without_case() {
        let upper = PartyKey::parse("A91342-9199203").unwrap();
        let lower = PartyKey::parse(" a91342-9199203").unwrap();
        assert_eq!(upper, lower);
        assert_eq!(HashSet::from([upper, lower]).len(), 1);
        assert!(PartyKey::parse("YES-0000806").is_ok());
        for text in ["", "A91342", "-9199203", "A91342-", "A91342-91x", "A91342_9199203"] {
            assert!(PartyKey::parse(text).is_err(), "{text}");
        }
    }
}

//! Interaction IDs: the URN that says what a call is for, with booking's own as constants, and the operations with the
//! verb, path, scope and group that each needs (IID-01 … IID-08, SSP-23, SSP-31, SSP-32, VIA-33).

mod operation;

pub use operation::{Group, OPERATIONS, Operation, OperationRow, PathShape, REFERENCED_TYPES};

use crate::identifiers::{Malformed, quote};
use std::borrow::Cow;
use std::fmt;

/// An Interaction ID: a well-formed URN, compared byte for byte (SSP-23, SDS-11).
///
/// Every well-formed URN parses; what an unknown one gets is the role's decision.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InteractionId(Cow<'static, str>);

/// The programme part that all booking interactions share, written as `nhsMHsSN` in SDS.
pub const CARE_CONNECT_SERVICE: &str = "urn:nhs:names:services:careconnect";

macro_rules! booking {
    ($rest:literal) => {
        InteractionId(Cow::Borrowed(concat!("urn:nhs:names:services:careconnect:fhir:rest:", $rest)))
    };
}

impl InteractionId {
    /// `GET /metadata` (IID-01).
    pub const READ_METADATA: Self = booking!("read:metadata");
    /// `GET /Slot`, the name that is sent on the wire (IID-02, X-02).
    pub const SEARCH_SLOT: Self = booking!("search:slot");
    /// The other name of slot search, found in SDS records and group names (IID-07, X-02).
    pub const READ_SLOT: Self = booking!("read:slot");
    /// `POST /Appointment` (IID-03).
    pub const CREATE_APPOINTMENT: Self = booking!("create:appointment");
    /// `GET /Appointment?…` (IID-04).
    pub const SEARCH_APPOINTMENT: Self = booking!("search:appointment");
    /// `GET /Appointment/{id}` and its versions (IID-05).
    pub const READ_APPOINTMENT: Self = booking!("read:appointment");
    /// `PUT /Appointment/{id}` (IID-06).
    pub const UPDATE_APPOINTMENT: Self = booking!("update:appointment");

    /// The interactions that a Provider registers in SDS: the six of the table and `read:slot` (IID-07, X-47).
    pub const OF_A_PROVIDER: [Self; 7] = [
        Self::READ_METADATA,
        Self::SEARCH_SLOT,
        Self::READ_SLOT,
        Self::CREATE_APPOINTMENT,
        Self::SEARCH_APPOINTMENT,
        Self::READ_APPOINTMENT,
        Self::UPDATE_APPOINTMENT,
    ];

    /// Reads a URN as RFC 8141 defines it, at most 255 characters.
    ///
    /// # Errors
    /// Anything that is no URN.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if is_urn(text) {
            Ok(Self(Cow::Owned(text.to_owned())))
        } else {
            Err(Malformed {
                what: "Interaction ID",
                expected: "a URN such as urn:nhs:names:services:careconnect:fhir:rest:search:slot",
                came: quote(text),
            })
        }
    }

    /// The URN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The programme, such as `careconnect` or `gpconnect`, of a URN under `urn:nhs:names:services` (SSP-32).
    #[must_use]
    pub fn programme(&self) -> Option<&str> {
        self.0.strip_prefix("urn:nhs:names:services:")?.split(':').next()
    }

    /// The two halves that SDS keeps as `nhsMHsSN` and `nhsMHsIN`; joined with a colon they are the URN again.
    #[must_use]
    pub fn service_and_interaction(&self) -> Option<(&str, &str)> {
        let programme = self.programme()?;
        let end = "urn:nhs:names:services:".len() + programme.len();
        Some((self.0.get(..end)?, self.0.get(end + 1..)?))
    }
}

/// `urn:`, a namespace of 2 to 32 letters, digits and hyphens, `:`, and a specific part in URN characters.
fn is_urn(text: &str) -> bool {
    const LONGEST: usize = 255;
    let mut parts = text.splitn(3, ':');
    let (Some(scheme), Some(namespace), Some(specific)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    text.len() <= LONGEST
        && scheme.eq_ignore_ascii_case("urn")
        && is_namespace(namespace)
        && !specific.is_empty()
        && specific.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/%".contains(&byte))
}

fn is_namespace(text: &str) -> bool {
    (2..=32).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

impl fmt::Display for InteractionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for InteractionId {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // covers: IID-01, IID-02, IID-03, IID-04, IID-05, IID-06, IID-07
    #[test]
    fn the_constants_are_the_published_urns() {
        let names = [
            "read:metadata",
            "search:slot",
            "read:slot",
            "create:appointment",
            "search:appointment",
            "read:appointment",
            "update:appointment",
        ];
        for (id, name) in InteractionId::OF_A_PROVIDER.iter().zip(names) {
            assert_eq!(id.as_str(), format!("urn:nhs:names:services:careconnect:fhir:rest:{name}"));
            assert_eq!(&InteractionId::parse(id.as_str()).unwrap(), id);
        }
    }

    // covers: SSP-23, SSP-31, SSP-32
    #[test]
    fn any_urn_parses_and_keeps_its_case() {
        for urn in [
            "urn:nhs:names:services:gpconnect:fhir:rest:search:slot-1",
            "urn:nhs:names:services:a2si:fhir:rest:search:slot",
            "urn:nhs:names:services:careslot:consumer",
            "urn:oasis:names:tc:ebxml-msg:actor:toPartyMSH",
        ] {
            assert_eq!(InteractionId::parse(urn).unwrap().as_str(), urn);
        }
        let upper = InteractionId::parse("urn:nhs:names:services:careconnect:fhir:rest:search:Slot").unwrap();
        assert_ne!(upper, InteractionId::SEARCH_SLOT);
        assert_ne!(InteractionId::READ_SLOT, InteractionId::SEARCH_SLOT);
        for text in ["", "urn", "urn:nhs", "urn:nhs:", "urn:n:x", "search:slot", "urn:nhs:a b", "urn:-x:y", "urn:nhs:é"]
        {
            assert!(InteractionId::parse(text).is_err(), "{text}");
        }
        assert!(InteractionId::parse(&format!("urn:nhs:{}", "x".repeat(250))).is_err());
    }

    #[test]
    fn a_urn_splits_into_the_two_halves_of_sds() {
        let (service, interaction) = InteractionId::READ_SLOT.service_and_interaction().unwrap();
        assert_eq!((service, interaction), (CARE_CONNECT_SERVICE, "fhir:rest:read:slot"));
        assert_eq!(InteractionId::READ_SLOT.programme(), Some("careconnect"));
        assert_eq!(InteractionId::parse("urn:uuid:x").unwrap().service_and_interaction(), None);
        assert_eq!(InteractionId::parse("urn:nhs:names:services:abc").unwrap().service_and_interaction(), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            if let Ok(id) = InteractionId::parse(&text) {
                let _ = id.service_and_interaction();
                prop_assert_eq!(id.as_str(), text);
            }
        }
    }
}

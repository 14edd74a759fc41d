//! What the Directory of Services says of a service: whether it can be booked, and under which ASID (CON-01, CON-02, FIND-18). Its
//! record is read from JSON in the form of `docs/reference/directory-of-services.md`; asking the Directory itself is no part of
//! booking (PROC-02).

use serde::Deserialize;
use spine::Asid;

/// A service's record: what booking needs of it. Members that are not listed here are passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct DosRecord {
    /// The service's name.
    #[serde(default)]
    pub name: String,
    /// Its attributes, `requirebooking` among them.
    #[serde(default)]
    pub attributes: Vec<DosAttribute>,
    /// Where it is reached, for what.
    #[serde(default)]
    pub endpoints: Vec<DosEndpoint>,
}

/// An attribute of a service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DosAttribute {
    /// Its name, in any case.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// One way to reach a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DosEndpoint {
    /// `http` for booking.
    pub transport: String,
    /// `FHIR` for booking.
    pub format: String,
    /// `Scheduling` for booking.
    pub interaction: String,
    /// `Primary`, or another that booking does not use; empty counts as primary.
    pub business_scenario: String,
    /// `ASID:` or `ODS:` and the value.
    pub address: String,
}

/// Whether a service can be booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bookable {
    /// It can, under this ASID. `required`: a referral has to wait for the booking.
    Yes {
        /// The service's ASID.
        asid: Asid,
        /// Whether a patient may be referred only with a booking.
        required: bool,
    },
    /// It cannot; a patient may be referred without.
    No,
    /// It cannot, and nobody may be referred without a booking: another service has to be chosen.
    NoButRequired,
}

/// A record that leads nowhere: booking stops.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DosFault {
    /// It is not in the form that is read.
    #[error("it is no record of a service: {0}")]
    Unreadable(String),
    /// It has several different ASIDs for booking (SCAL C7).
    #[error("it has {} different ASIDs for booking ({}), and one was expected", .0.len(), .0.join(", "))]
    SeveralAsids(Vec<String>),
    /// Its address for booking holds no ASID.
    #[error("its address for booking is {0}, and ASID: with twelve digits was expected")]
    NoAsid(String),
}

impl DosRecord {
    /// Reads a record.
    ///
    /// # Errors
    /// [`DosFault::Unreadable`], with line and column.
    pub fn read(json: &[u8]) -> Result<Self, DosFault> {
        // A list would be taken for the members in their order.
        if json.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            return Err(DosFault::Unreadable("one JSON object was expected".to_owned()));
        }
        serde_json::from_slice(json).map_err(|fault| DosFault::Unreadable(fault.to_string()))
    }

    /// Whether the service can be booked, and as whom.
    ///
    /// # Errors
    /// More than one ASID, or an address that is none.
    pub fn bookable(&self) -> Result<Bookable, DosFault> {
        let mut addresses: Vec<&str> =
            self.endpoints.iter().filter(|endpoint| endpoint.is_for_booking()).map(|one| one.address.trim()).collect();
        addresses.sort_unstable();
        addresses.dedup();
        let required = self.requires_booking();
        match addresses.as_slice() {
            [] if required => Ok(Bookable::NoButRequired),
            [] => Ok(Bookable::No),
            [address] => match address.get(..5).filter(|prefix| prefix.eq_ignore_ascii_case("ASID:")) {
                Some(_) => Asid::from_directory_of_services(address)
                    .map(|asid| Bookable::Yes { asid, required })
                    .map_err(|_| DosFault::NoAsid(spine::identifiers::quote(address))),
                None => Err(DosFault::NoAsid(spine::identifiers::quote(address))),
            },
            several => Err(DosFault::SeveralAsids(several.iter().map(|one| spine::identifiers::quote(one)).collect())),
        }
    }

    /// CON-02: absent counts as false.
    fn requires_booking(&self) -> bool {
        self.attributes.iter().any(|attribute| {
            let name = attribute.name.to_ascii_lowercase();
            matches!(name.as_str(), "requirebooking" | "requiresappointment")
                && attribute.value.trim().eq_ignore_ascii_case("true")
        })
    }
}

impl DosEndpoint {
    /// FIND-18: the record that stands for booking.
    fn is_for_booking(&self) -> bool {
        let is = |text: &str, expected: &str| text.trim().eq_ignore_ascii_case(expected);
        (is(&self.transport, "http") || is(&self.transport, "https"))
            && is(&self.format, "FHIR")
            && is(&self.interaction, "Scheduling")
            && (self.business_scenario.is_empty() || is(&self.business_scenario, "Primary"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(attributes: &str, addresses: &[&str]) -> Result<Bookable, DosFault> {
        let endpoints: Vec<String> = addresses
            .iter()
            .map(|address| {
                format!(
                    r#"{{"transport":"http","format":"FHIR","interaction":"Scheduling","businessScenario":"Primary","address":"{address}"}}"#
                )
            })
            .collect();
        let other = r#"{"transport":"itk","format":"CDA","interaction":"primaryEmergencyDepartmentRecipientNHS","address":"https://x"}"#;
        let text = format!(
            r#"{{"id":"2000","name":"Leeds UTC","attributes":[{attributes}],"endpoints":[{other},{}]}}"#,
            endpoints.join(",")
        )
        .replace(",]", "]");
        DosRecord::read(text.as_bytes())?.bookable()
    }

    // covers: CON-01, CON-02, FIND-18
    #[test]
    fn a_record_says_whether_a_service_is_booked_and_under_which_asid() {
        let asid = Asid::parse("918999198999").unwrap();
        let yes = |required| Ok(Bookable::Yes { asid: asid.clone(), required });
        let must = r#"{"name":"requirebooking","value":"true"}"#;
        let may = r#"{"name":"RequiresAppointment","value":"False"}"#;
        assert_eq!(judged("", &["ASID:918999198999"]), yes(false));
        assert_eq!(judged(may, &["ASID:918999198999"]), yes(false));
        assert_eq!(judged(must, &["ASID:918999198999", "ASID:918999198999"]), yes(true));
        assert_eq!(judged("", &[]), Ok(Bookable::No));
        assert_eq!(judged(must, &[]), Ok(Bookable::NoButRequired));
        assert!(matches!(
            judged("", &["ASID:918999198999", "ASID:118111118111"]),
            Err(DosFault::SeveralAsids(all)) if all.len() == 2
        ));
        for wrong in ["ODS:A91545", "918999198999", "ASID:12", ""] {
            assert!(matches!(judged("", &[wrong]), Err(DosFault::NoAsid(_))), "{wrong}");
        }
        for wrong in ["", "[]", "{\"endpoints\":1}", "{"] {
            assert!(matches!(DosRecord::read(wrong.as_bytes()), Err(DosFault::Unreadable(_))), "{wrong}");
        }
    }
}

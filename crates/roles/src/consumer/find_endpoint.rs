//! Find Endpoint: from a service's ASID to its party key, and from that and the interaction to the service root, two
//! look-ups in SDS (FIND-03, FIND-04, FIND-12…19, SDS-20, SDS-21, SDS-40…47, X-02, X-12, X-36).

use spine::{Asid, InteractionId};

use super::Consumer;
use super::fault::{Fault, Party};
use super::wire::WireMessage;
use crate::edge::directory::{DirectoryFault, Entry, escaped};

/// Where a service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The service's ASID, sent as `Ssp-To`.
    pub asid: Asid,
    /// The party key that joins its two records.
    pub party_key: String,
    /// The service root as SDS has it, byte for byte (SSP-01), without the one slash that may end it (FIND-19).
    pub root: String,
    /// The two look-ups, for whoever wants to see them.
    pub lookups: Vec<Lookup>,
}

/// One look-up and what it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The base of the search.
    pub base: String,
    /// The filter.
    pub filter: String,
    /// The entries.
    pub found: Vec<Entry>,
}

/// Why a service's endpoint cannot be told: each means no booking, and only some mean a fault in the directory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointFault {
    /// No nhsAs has this ASID (FIND-12, SDS-40).
    #[error("SDS knows no system with ASID {0} [FIND-12]")]
    SystemNotFound(Asid),
    /// Several do.
    #[error("SDS has several systems with ASID {0} [SDS-42]")]
    SeveralSystems(Asid),
    /// The system is not registered for booking (FIND-13).
    #[error("the system {asid} is not registered for {interaction} [FIND-13]")]
    NotForBooking {
        /// The system.
        asid: Asid,
        /// What it would have to be registered for.
        interaction: InteractionId,
    },
    /// The system is registered for Care Connect and for GP Connect booking: a fault that ends the booking (FIND-14, X-36).
    #[error("the system {0} is registered for Care Connect and GP Connect booking at once [FIND-14]")]
    BothFamilies(Asid),
    /// The system's record has no party key (SDS-44).
    #[error("the SDS record of {0} has no party key [SDS-44]")]
    NoPartyKey(Asid),
    /// No nhsMhs stands for the party key and interaction.
    #[error("SDS has no endpoint of {party_key} for {interaction} [FIND-15]")]
    NoRecord {
        /// The party key.
        party_key: String,
        /// The interaction.
        interaction: InteractionId,
    },
    /// Several do, and they name different roots (SDS-43).
    #[error("SDS names {count} different endpoints of {party_key} for {interaction} [SDS-43]")]
    SeveralEndpoints {
        /// The party key.
        party_key: String,
        /// The interaction.
        interaction: InteractionId,
        /// How many.
        count: usize,
    },
    /// The record names no usable https address (FIND-16, SDS-44).
    #[error("the SDS record of {party_key} names no usable https endpoint [FIND-16]")]
    NoAddress {
        /// The party key.
        party_key: String,
    },
}

const CARE_CONNECT: &str = "urn:nhs:names:services:careconnect:fhir:rest:";
const GP_CONNECT: &str = "urn:nhs:names:services:gpconnect:fhir:rest:";

impl Consumer {
    /// Finds where a service answers an interaction.
    ///
    /// # Errors
    /// [`Fault::Endpoint`] when SDS does not say it clearly, [`Fault::Unreachable`] when SDS does not answer.
    pub async fn find_endpoint(&self, asid: &Asid, interaction: &InteractionId) -> Result<Endpoint, Fault> {
        let mut lookups = Vec::new();
        let filter = format!("(&(uniqueIdentifier={})(objectClass=nhsAs))", escaped(asid.as_str()));
        lookups.push(self.look_up(filter).await?);
        let system = only_system(asid, &lookups[0].found)?;
        registered_for_booking(asid, interaction, system)?;
        let party_key =
            system.value("nhsMHSPartyKey").ok_or_else(|| EndpointFault::NoPartyKey(asid.clone()))?.to_owned();

        let mut root = Err(no_record(&party_key, interaction));
        for name in names_in_sds(interaction) {
            let filter = format!(
                "(&(nhsMHSPartyKey={})(nhsMhsSvcIA={})(objectClass=nhsMhs))",
                escaped(&party_key),
                escaped(name.as_str())
            );
            let lookup = self.look_up(filter).await?;
            let found = !lookup.found.is_empty();
            lookups.push(lookup);
            if found {
                root = only_root(&party_key, interaction, &lookups[lookups.len() - 1].found);
                break;
            }
        }
        Ok(Endpoint { asid: asid.clone(), party_key, root: root?, lookups })
    }

    async fn look_up(&self, filter: String) -> Result<Lookup, Fault> {
        self.is_accounted_for()?;
        let began = self.clock.now();
        let answered = self.directory.search(&filter, &["*"]).await;
        let seen = self.seen(began, 1, || WireMessage {
            party: Party::Directory,
            method: "SEARCH".to_owned(),
            url: format!("{} {filter}", self.directory.base()),
            headers: Vec::new(),
            body: None,
            outcome: answered.as_ref().map(|_| 0).map_err(ToString::to_string),
            answer_headers: Vec::new(),
            answer: answered.as_ref().ok().map(|entries| as_ldif(entries)),
        });
        let looked_up = match answered {
            Ok(found) => Ok(Lookup { base: self.directory.base().to_owned(), filter, found }),
            Err(fault @ (DirectoryFault::Unreachable(_) | DirectoryFault::TimedOut)) => {
                Err(Fault::Unreachable { party: Party::Directory, why: fault.to_string() })
            }
            Err(fault @ (DirectoryFault::TooMany | DirectoryFault::Refused { .. })) => {
                Err(Fault::Unusable { party: Party::Directory, what: fault.to_string() })
            }
        };
        self.noted(seen, looked_up.as_ref().err()).await;
        looked_up
    }
}

/// The names under which SDS may have an interaction: slot search stands there under two (X-02, IID-07).
fn names_in_sds(interaction: &InteractionId) -> Vec<InteractionId> {
    if *interaction == InteractionId::SEARCH_SLOT {
        vec![InteractionId::SEARCH_SLOT, InteractionId::READ_SLOT]
    } else {
        vec![interaction.clone()]
    }
}

fn only_system<'e>(asid: &Asid, found: &'e [Entry]) -> Result<&'e Entry, EndpointFault> {
    match found {
        [] => Err(EndpointFault::SystemNotFound(asid.clone())),
        [system] => Ok(system),
        _ => Err(EndpointFault::SeveralSystems(asid.clone())),
    }
}

/// FIND-13 and FIND-14, judged by what the system's record lists.
fn registered_for_booking(asid: &Asid, interaction: &InteractionId, system: &Entry) -> Result<(), EndpointFault> {
    let listed = system.values("nhsAsSvcIA");
    if !names_in_sds(interaction).iter().any(|name| listed.iter().any(|entry| entry == name.as_str())) {
        return Err(EndpointFault::NotForBooking { asid: asid.clone(), interaction: interaction.clone() });
    }
    let books =
        |family: &str| listed.iter().any(|entry| entry.starts_with(family) && entry.contains(":create:appointment"));
    if books(CARE_CONNECT) && books(GP_CONNECT) {
        return Err(EndpointFault::BothFamilies(asid.clone()));
    }
    Ok(())
}

fn no_record(party_key: &str, interaction: &InteractionId) -> EndpointFault {
    EndpointFault::NoRecord { party_key: party_key.to_owned(), interaction: interaction.clone() }
}

/// The one service root that all records name (SDS-43); the slash that may end it is dropped (FIND-19, X-12).
fn only_root(party_key: &str, interaction: &InteractionId, found: &[Entry]) -> Result<String, EndpointFault> {
    let mut roots: Vec<&str> =
        found.iter().flat_map(|entry| entry.values("nhsMHSEndPoint")).map(String::as_str).collect();
    roots.retain(|root| !root.trim().is_empty());
    roots.sort_unstable();
    roots.dedup();
    match roots.as_slice() {
        [] => Err(EndpointFault::NoAddress { party_key: party_key.to_owned() }),
        [root] if usable(root) => Ok(root.strip_suffix('/').unwrap_or(root).to_owned()),
        [_] => Err(EndpointFault::NoAddress { party_key: party_key.to_owned() }),
        several => Err(EndpointFault::SeveralEndpoints {
            party_key: party_key.to_owned(),
            interaction: interaction.clone(),
            count: several.len(),
        }),
    }
}

/// An absolute https URL in characters that can be sent as they are (FIND-16, VIA-06).
fn usable(root: &str) -> bool {
    let sendable = |byte: u8| byte.is_ascii_graphic() && !b"<>\"{}|\\^`#".contains(&byte);
    root.starts_with("https://") && root.len() > "https://".len() && root.bytes().all(sendable)
}

fn as_ldif(entries: &[Entry]) -> String {
    let mut text = String::new();
    for entry in entries {
        text.push_str(&format!("dn: {}\n", entry.dn));
        for (name, values) in entry.attributes() {
            for value in values {
                text.push_str(&format!("{name}: {value}\n"));
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(attributes: &[(&str, &[&str])]) -> Entry {
        let attributes = attributes
            .iter()
            .map(|(name, values)| ((*name).to_owned(), values.iter().map(|value| (*value).to_owned()).collect()))
            .collect();
        Entry::new("uniqueIdentifier=x,ou=Services,o=nhs", attributes)
    }

    fn root(records: &[&[&str]]) -> Result<String, EndpointFault> {
        let records: Vec<Entry> = records.iter().map(|roots| entry(&[("nhsMhsEndPoint", roots)])).collect();
        only_root("A91545-1", &InteractionId::SEARCH_SLOT, &records)
    }

    // covers: FIND-15, FIND-16, FIND-19, SDS-43, SDS-44, X-12
    #[test]
    fn one_root_is_used_and_its_last_slash_dropped_and_anything_unclear_ends_the_booking() {
        assert_eq!(root(&[&["https://p.test/STU3/1/a/"]]).unwrap(), "https://p.test/STU3/1/a");
        assert_eq!(root(&[&["https://p.test/a"], &["https://p.test/a"]]).unwrap(), "https://p.test/a");
        assert!(matches!(
            root(&[&["https://p.test/a"], &["https://p.test/b"]]),
            Err(EndpointFault::SeveralEndpoints { count: 2, .. })
        ));
        for useless in [&[][..], &[" "], &["http://p.test/a"], &["https://"], &["https://p.test/a b"], &["p.test"]] {
            assert!(matches!(root(&[useless]), Err(EndpointFault::NoAddress { .. })), "{useless:?}");
        }
    }

    // covers: FIND-13, FIND-14, X-02
    #[test]
    fn a_system_must_be_registered_for_booking_of_one_family() {
        let asid = Asid::parse("918999198999").unwrap();
        let judge = |listed: &[&str]| {
            registered_for_booking(&asid, &InteractionId::SEARCH_SLOT, &entry(&[("nhsAsSvcIA", listed)]))
        };
        let care = format!("{CARE_CONNECT}create:appointment");
        let read_slot = format!("{CARE_CONNECT}read:slot");
        let gp = format!("{GP_CONNECT}create:appointment-1");
        assert_eq!(judge(&[&read_slot, &care]), Ok(()));
        assert!(matches!(judge(&[&care]), Err(EndpointFault::NotForBooking { .. })));
        assert_eq!(judge(&[&read_slot, &care, &gp]), Err(EndpointFault::BothFamilies(asid.clone())));
    }
}

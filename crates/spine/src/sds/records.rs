//! The two records of a system, read from entries and written to them: nhsAs, one per accredited system, and nhsMhs, one
//! per party key and interaction (FIND-08, FIND-09, FIND-11, SDS-44).

use super::SERVICES;
use super::dn::{Dn, escape_dn_value};
use super::entry::{Attribute, Entry};
use super::schema::{NHS_AS, NHS_MHS};
use crate::identifiers::{Asid, Malformed, OdsCode, PartyKey};
use crate::interaction::InteractionId;

/// An accredited system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NhsAs {
    /// `uniqueIdentifier`.
    pub asid: Asid,
    /// `nhsIDCode`: the organisation.
    pub ods_code: OdsCode,
    /// `nhsMHSPartyKey`: joins it to its nhsMhs records.
    pub party_key: PartyKey,
    /// `nhsAsSvcIA`: every interaction that the system may use.
    pub interactions: Vec<InteractionId>,
    /// The other attributes as they are in the directory.
    pub more: Vec<Attribute>,
}

/// A message handling record: where one party key answers one interaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NhsMhs {
    /// `uniqueIdentifier`: the record's own id, not an ASID.
    pub id: String,
    /// `nhsIDCode`: the organisation.
    pub ods_code: OdsCode,
    /// `nhsMHSPartyKey`: joins it to its nhsAs.
    pub party_key: PartyKey,
    /// `nhsMhsSvcIA`: one by the schema; several are read, since published records hold several (SDS-18).
    pub interactions: Vec<InteractionId>,
    /// `nhsMHSEndPoint`: service roots, byte for byte as registered; may be empty (SDS-44).
    pub endpoints: Vec<String>,
    /// `nhsMhsFQDN`, in the case it is registered in.
    pub fqdn: Option<String>,
    /// `nhsMhsCPAId`.
    pub cpa_id: Option<String>,
    /// The other attributes as they are in the directory.
    pub more: Vec<Attribute>,
}

/// Why an entry is not the record that it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{dn}: {problem}")]
pub struct RecordFault {
    /// The entry's name.
    pub dn: String,
    /// What is wrong with it.
    pub problem: String,
}

const AS_FIELDS: [&str; 5] = ["objectClass", "uniqueIdentifier", "nhsIDCode", "nhsMHSPartyKey", "nhsAsSvcIA"];
const MHS_FIELDS: [&str; 8] = [
    "objectClass",
    "uniqueIdentifier",
    "nhsIDCode",
    "nhsMHSPartyKey",
    "nhsMhsSvcIA",
    "nhsMHSEndPoint",
    "nhsMhsFQDN",
    "nhsMhsCPAId",
];

impl NhsAs {
    /// Reads the record out of an entry.
    ///
    /// # Errors
    /// An entry of another class, or one whose ASID, ODS code, party key or interactions are missing or malformed.
    pub fn from_entry(entry: &Entry) -> Result<Self, RecordFault> {
        must_be(entry, NHS_AS.name)?;
        Ok(Self {
            asid: required(entry, "uniqueIdentifier", Asid::parse)?,
            ods_code: required(entry, "nhsIDCode", OdsCode::parse)?,
            party_key: required(entry, "nhsMHSPartyKey", PartyKey::parse)?,
            interactions: interactions(entry, "nhsAsSvcIA")?,
            more: others(entry, &AS_FIELDS),
        })
    }

    /// The record as an entry below [`SERVICES`].
    #[must_use]
    pub fn to_entry(&self) -> Entry {
        let mut entry = new_entry(self.asid.as_str(), NHS_AS.name)
            .with("nhsIDCode", self.ods_code.as_str())
            .with("nhsMHSPartyKey", self.party_key.as_str());
        self.interactions.iter().for_each(|interaction| entry.add("nhsAsSvcIA", interaction.as_str()));
        add_all(&mut entry, &self.more);
        entry
    }

    /// Whether the system may use an interaction.
    #[must_use]
    pub fn may_use(&self, interaction: &InteractionId) -> bool {
        self.interactions.contains(interaction)
    }
}

impl NhsMhs {
    /// Reads the record out of an entry; an absent endpoint or FQDN is no fault here (SDS-44).
    ///
    /// # Errors
    /// An entry of another class, or one whose id, ODS code, party key or interaction is missing or malformed.
    pub fn from_entry(entry: &Entry) -> Result<Self, RecordFault> {
        must_be(entry, NHS_MHS.name)?;
        let id = entry.first("uniqueIdentifier").ok_or_else(|| fault(entry, "uniqueIdentifier is missing"))?;
        Ok(Self {
            id: id.to_owned(),
            ods_code: required(entry, "nhsIDCode", OdsCode::parse)?,
            party_key: required(entry, "nhsMHSPartyKey", PartyKey::parse)?,
            interactions: interactions(entry, "nhsMhsSvcIA")?,
            endpoints: entry.values("nhsMHSEndPoint").iter().filter(|url| !url.trim().is_empty()).cloned().collect(),
            fqdn: entry.first("nhsMhsFQDN").map(str::to_owned),
            cpa_id: entry.first("nhsMhsCPAId").map(str::to_owned),
            more: others(entry, &MHS_FIELDS),
        })
    }

    /// The record as an entry below [`SERVICES`]; `nhsMHsSN` and `nhsMHsIN` are taken from the first interaction unless
    /// `more` holds them.
    #[must_use]
    pub fn to_entry(&self) -> Entry {
        let mut entry = new_entry(&self.id, NHS_MHS.name)
            .with("nhsIDCode", self.ods_code.as_str())
            .with("nhsMHSPartyKey", self.party_key.as_str());
        self.cpa_id.iter().for_each(|id| entry.add("nhsMhsCPAId", id.as_str()));
        self.interactions.iter().for_each(|interaction| entry.add("nhsMhsSvcIA", interaction.as_str()));
        self.endpoints.iter().for_each(|url| entry.add("nhsMHSEndPoint", url.as_str()));
        self.fqdn.iter().for_each(|fqdn| entry.add("nhsMhsFQDN", fqdn.as_str()));
        let halves = self.interactions.first().and_then(InteractionId::service_and_interaction);
        let names = halves.map(|(service, interaction)| [("nhsMHsSN", service), ("nhsMHsIN", interaction)]);
        for (name, value) in names.into_iter().flatten() {
            if !self.more.iter().any(|attribute| attribute.name.eq_ignore_ascii_case(name)) {
                entry.add(name, value);
            }
        }
        add_all(&mut entry, &self.more);
        entry
    }
}

fn new_entry(id: &str, class: &str) -> Entry {
    let name = format!("uniqueIdentifier={},{SERVICES}", escape_dn_value(id));
    // Only an id beyond the limits of a name fails; its entry then stands under the empty name, which no search finds.
    let dn = Dn::parse(&name).unwrap_or_else(|_| Dn::empty());
    Entry::new(dn).with("objectClass", "top").with("objectClass", class).with("uniqueIdentifier", id)
}

fn add_all(entry: &mut Entry, attributes: &[Attribute]) {
    for attribute in attributes {
        attribute.values.iter().for_each(|value| entry.add(&attribute.name, value.as_str()));
    }
}

fn fault(entry: &Entry, problem: impl Into<String>) -> RecordFault {
    RecordFault { dn: entry.dn().to_string(), problem: problem.into() }
}

fn must_be(entry: &Entry, class: &str) -> Result<(), RecordFault> {
    if entry.is_a(class) { Ok(()) } else { Err(fault(entry, format!("the entry is no {class}"))) }
}

fn required<T>(entry: &Entry, name: &str, parse: impl Fn(&str) -> Result<T, Malformed>) -> Result<T, RecordFault> {
    let value = entry.first(name).ok_or_else(|| fault(entry, format!("{name} is missing")))?;
    parse(value.trim()).map_err(|malformed| fault(entry, format!("{name}: {malformed}")))
}

fn interactions(entry: &Entry, name: &str) -> Result<Vec<InteractionId>, RecordFault> {
    let parsed: Result<Vec<_>, _> = entry.values(name).iter().map(|value| InteractionId::parse(value.trim())).collect();
    parsed.map_err(|malformed| fault(entry, format!("{name}: {malformed}")))
}

fn others(entry: &Entry, fields: &[&str]) -> Vec<Attribute> {
    let is_field = |attribute: &&Attribute| fields.iter().any(|field| field.eq_ignore_ascii_case(&attribute.name));
    entry.attributes().iter().filter(|attribute| !is_field(attribute)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn system() -> NhsAs {
        NhsAs {
            asid: Asid::parse("918999198999").unwrap(),
            ods_code: OdsCode::parse("A91545").unwrap(),
            party_key: PartyKey::parse("A91545-9198999").unwrap(),
            interactions: vec![InteractionId::SEARCH_SLOT, InteractionId::READ_SLOT],
            more: vec![Attribute { name: "nhsAsACF".to_owned(), values: vec!["CNST".to_owned(), "RBAC".to_owned()] }],
        }
    }

    // covers: FIND-08, FIND-09, FIND-10
    #[test]
    fn records_are_read_as_they_were_written() {
        let system = system();
        let entry = system.to_entry();
        assert_eq!(entry.dn().as_str(), "uniqueIdentifier=918999198999,ou=Services,o=nhs");
        assert_eq!(NhsAs::from_entry(&entry), Ok(system.clone()));
        assert!(system.may_use(&InteractionId::READ_SLOT) && !system.may_use(&InteractionId::CREATE_APPOINTMENT));

        let mut record = NhsMhs {
            id: "S918999198999".to_owned(),
            ods_code: system.ods_code.clone(),
            party_key: system.party_key.clone(),
            interactions: vec![InteractionId::READ_SLOT],
            endpoints: vec!["https://provider.nhs.uk/STU3/1/uec".to_owned()],
            fqdn: Some("Provider.nhs.uk".to_owned()),
            cpa_id: Some("S918999198999".to_owned()),
            more: Vec::new(),
        };
        let entry = record.to_entry();
        assert_eq!(entry.first("nhsMHsSN"), Some("urn:nhs:names:services:careconnect"));
        assert_eq!(entry.first("nhsMHsIN"), Some("fhir:rest:read:slot"));
        let read = NhsMhs::from_entry(&entry).unwrap();
        assert_eq!(read.more.len(), 2);
        record.more = read.more.clone();
        assert_eq!(read, record);
        assert_eq!(record.to_entry(), entry);
    }

    // covers: SDS-44, SDS-18
    #[test]
    fn an_entry_of_another_class_or_with_a_broken_field_is_no_record() {
        let entry = system().to_entry();
        assert!(NhsMhs::from_entry(&entry).unwrap_err().to_string().contains("no nhsMhs"));
        let without = |name: &str| {
            let mut copy = Entry::new(entry.dn().clone());
            for attribute in entry.attributes().iter().filter(|attribute| attribute.name != name) {
                attribute.values.iter().for_each(|value| copy.add(&attribute.name, value.as_str()));
            }
            copy
        };
        for name in ["objectClass", "uniqueIdentifier", "nhsIDCode", "nhsMHSPartyKey"] {
            assert!(NhsAs::from_entry(&without(name)).is_err(), "{name}");
        }
        assert_eq!(NhsAs::from_entry(&without("nhsAsSvcIA")).unwrap().interactions, []);
        let broken = without("nhsMHSPartyKey").with("nhsMHSPartyKey", "none");
        assert!(NhsAs::from_entry(&broken).unwrap_err().problem.contains("party key"));
    }
}

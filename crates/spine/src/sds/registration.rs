//! Registering a system: the nhsAs and the nhsMhs records that make it what SDS-65 asks for, a Provider with its Interaction
//! IDs on both, or a Consumer with them on its nhsAs alone.

use super::entry::{Attribute, Entry};
use super::records::{NhsAs, NhsMhs};
use crate::identifiers::{Asid, OdsCode, PartyKey};
use crate::interaction::InteractionId;

/// The interaction of a Consumer's own record: none of booking's, so that it never counts as a Provider.
const CONSUMER_RECORD: &str = "urn:nhs:names:services:careslot:consumer";
/// The product that the records are of, where nothing else is said.
const PRODUCT: &str = "7374";

/// A system that is to stand in the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Its ASID.
    pub asid: Asid,
    /// The organisation that it belongs to.
    pub ods_code: OdsCode,
    /// Its own party key.
    pub party_key: PartyKey,
    /// The interactions that it may use.
    pub may_use: Vec<InteractionId>,
    /// Those that it answers; none for a Consumer.
    pub answers: Vec<InteractionId>,
    /// Where it answers: its service root. A Consumer answers nowhere.
    pub endpoint: Option<String>,
    /// The name in its certificate.
    pub fqdn: String,
    /// The organisation that made the system.
    pub manufacturer: Option<OdsCode>,
    /// When it was asked for and approved, as YYYYMMDDhhmmss.
    pub dated: String,
}

impl Registration {
    /// The nhsAs, then one nhsMhs for each interaction that it answers, or the one by which a Consumer's certificate is known.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let own = InteractionId::parse(CONSUMER_RECORD).ok();
        let answers: Vec<&InteractionId> = match self.answers.as_slice() {
            [] => own.iter().collect(),
            answers => answers.iter().collect(),
        };
        let records = answers.into_iter().enumerate().map(|(number, answered)| self.record(number, answered));
        std::iter::once(self.system()).chain(records).collect()
    }

    fn system(&self) -> Entry {
        let more = [("nhsAsClient", self.ods_code.as_str()), ("nhsAsACF", "CNST"), ("nhsProductKey", PRODUCT)];
        let accredited = NhsAs {
            asid: self.asid.clone(),
            ods_code: self.ods_code.clone(),
            party_key: self.party_key.clone(),
            interactions: self.may_use.clone(),
            more: self.attributes(&more),
        };
        accredited.to_entry()
    }

    fn record(&self, number: usize, answered: &InteractionId) -> Entry {
        let id = format!("S{}{number:02}", self.asid);
        let record = NhsMhs {
            id: id.clone(),
            ods_code: self.ods_code.clone(),
            party_key: self.party_key.clone(),
            interactions: vec![answered.clone()],
            endpoints: vec![self.endpoint.clone().unwrap_or_else(|| format!("https://{}/", self.fqdn))],
            fqdn: Some(self.fqdn.clone()),
            cpa_id: Some(id),
            more: self.attributes(&[
                ("nhsEPInteractionType", "FHIR"),
                ("nhsMHSIsAuthenticated", "none"),
                ("nhsMHSSyncReplyMode", "None"),
                ("nhsMHSAckRequested", "never"),
                ("nhsMHSDuplicateElimination", "never"),
                ("nhsContractPropertyTemplateKey", "14"),
                ("nhsProductKey", PRODUCT),
                ("nhsDNSApprover", "SYSTEM"),
                ("nhsDateDNSApproved", &self.dated),
            ]),
        };
        record.to_entry()
    }

    /// What both classes demand, and the attributes that are given.
    fn attributes(&self, given: &[(&str, &str)]) -> Vec<Attribute> {
        let common = [
            ("nhsRequestorURP", "SYSTEM"),
            ("nhsDateRequested", self.dated.as_str()),
            ("nhsApproverURP", "SYSTEM"),
            ("nhsDateApproved", self.dated.as_str()),
        ];
        let made_by = self.manufacturer.as_ref().map(|ods_code| ("nhsMhsManufacturerOrg", ods_code.as_str()));
        let all = common.iter().chain(given).chain(&made_by);
        all.map(|(name, value)| Attribute { name: (*name).to_owned(), values: vec![(*value).to_owned()] }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::lint::lint;
    use super::*;

    fn provider() -> Registration {
        Registration {
            asid: Asid::parse("918999198999").unwrap(),
            ods_code: OdsCode::parse("A91545").unwrap(),
            party_key: PartyKey::parse("A91545-9198999").unwrap(),
            may_use: InteractionId::OF_A_PROVIDER.to_vec(),
            answers: InteractionId::OF_A_PROVIDER.to_vec(),
            endpoint: Some("https://provider.test/STU3/1/uec".to_owned()),
            fqdn: "provider.test".to_owned(),
            manufacturer: Some(OdsCode::parse("X26").unwrap()),
            dated: "20190601000000".to_owned(),
        }
    }

    // covers: SDS-65, FIND-08, FIND-09
    #[test]
    fn what_is_registered_has_every_attribute_and_nothing_for_the_lint_to_find() {
        let consumer = Registration {
            asid: Asid::parse("200000000359").unwrap(),
            ods_code: OdsCode::parse("A1001").unwrap(),
            party_key: PartyKey::parse("A1001-2000359").unwrap(),
            answers: Vec::new(),
            endpoint: None,
            fqdn: "consumer.test".to_owned(),
            ..provider()
        };
        let entries = [provider().entries(), consumer.entries()].concat();
        assert_eq!(entries.len(), 8 + 2);
        assert_eq!(lint(&entries), []);
        assert_eq!(entries[1].first("nhsMhsManufacturerOrg"), Some("X26"));
        assert_eq!(entries[9].first("nhsMhsFQDN"), Some("consumer.test"));
    }
}

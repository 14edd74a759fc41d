//! What can be seen only in several entries together: systems, the records of their party keys, their organisations.

use super::Found;
use super::rules::{
    ASID_TWICE, CENTRAL_ASID, ENDPOINTS_DIFFER, NO_CERTIFICATE_NAME, NOT_ANSWERED, NOT_ON_SYSTEM, ORGANISATIONS_DIFFER,
    PARTY_KEY_SHARED, RECORD_ALONE, RECORD_TWICE, TWO_PROVIDERS,
};
use crate::interaction::InteractionId;
use crate::sds::entry::Entry;
use crate::sds::records::{NhsAs, NhsMhs};
use std::collections::{BTreeMap, BTreeSet};

/// Whether an interaction is one of a FHIR interface, which is what booking and GP Connect use.
pub(super) fn is_fhir(interaction: &str) -> bool {
    interaction.contains(":fhir:")
}

/// The systems and records of one party key, each with its place.
#[derive(Default)]
struct Party {
    systems: Vec<(usize, NhsAs)>,
    records: Vec<(usize, NhsMhs)>,
}

pub(super) fn look(entries: &[Entry], found: &mut Found<'_>) {
    let mut parties: BTreeMap<String, Party> = BTreeMap::new();
    let mut asids: BTreeMap<String, usize> = BTreeMap::new();
    for (place, entry) in entries.iter().enumerate() {
        if let Ok(system) = NhsAs::from_entry(entry) {
            if asids.insert(system.asid.to_string(), place).is_some() {
                let problem = format!("another nhsAs has the ASID {} too", system.asid);
                found.add(&ASID_TWICE, place, Some("uniqueIdentifier"), problem);
            }
            let key = system.party_key.as_str().to_ascii_lowercase();
            parties.entry(key).or_default().systems.push((place, system));
        } else if let Ok(record) = NhsMhs::from_entry(entry) {
            let key = record.party_key.as_str().to_ascii_lowercase();
            parties.entry(key).or_default().records.push((place, record));
        }
    }
    for party in parties.values() {
        party.look(found);
    }
    providers(parties.values(), found);
}

impl Party {
    fn look(&self, found: &mut Found<'_>) {
        for (place, system) in self.systems.iter().skip(1) {
            let problem = format!("another nhsAs has the party key {} too", system.party_key);
            found.add(&PARTY_KEY_SHARED, *place, Some("nhsMHSPartyKey"), problem);
        }
        let Some((place, system)) = self.systems.first() else {
            for (place, record) in &self.records {
                let problem = format!("no nhsAs has the party key {}", record.party_key);
                found.add(&RECORD_ALONE, *place, Some("nhsMHSPartyKey"), problem);
            }
            return;
        };
        if !self.records.iter().any(|(_, record)| record.fqdn.is_some()) {
            let problem = format!("no nhsMhs of the party key {} has an nhsMhsFQDN", system.party_key);
            found.add(&NO_CERTIFICATE_NAME, *place, None, problem);
        }
        self.organisations(system, found);
        self.interactions(*place, system, found);
        self.repeated(found);
        let central = system.interactions.iter().find(|interaction| !is_fhir(interaction.as_str()));
        if let Some(central) = central.filter(|_| self.answered().next().is_some()) {
            let problem = format!("the system is registered for {central} as well as for FHIR interactions");
            found.add(&CENTRAL_ASID, *place, Some("nhsAsSvcIA"), problem);
        }
    }

    /// The FHIR interactions that the records name.
    fn answered(&self) -> impl Iterator<Item = (usize, &InteractionId)> {
        self.records
            .iter()
            .flat_map(|(place, record)| record.interactions.iter().map(|interaction| (*place, interaction)))
            .filter(|(_, interaction)| is_fhir(interaction.as_str()))
    }

    fn organisations(&self, system: &NhsAs, found: &mut Found<'_>) {
        for (place, record) in self.records.iter().filter(|(_, record)| record.ods_code != system.ods_code) {
            let problem = format!("{} here, and {} on the nhsAs", record.ods_code, system.ods_code);
            found.add(&ORGANISATIONS_DIFFER, *place, Some("nhsIDCode"), problem);
        }
    }

    fn interactions(&self, place: usize, system: &NhsAs, found: &mut Found<'_>) {
        for (place, interaction) in self.answered().filter(|(_, interaction)| !system.may_use(interaction)) {
            let problem = format!("{interaction} is not on the nhsAs {}", system.asid);
            found.add(&NOT_ON_SYSTEM, place, Some("nhsMhsSvcIA"), problem);
        }
        let answered: BTreeSet<&str> = self.answered().map(|(_, interaction)| interaction.as_str()).collect();
        if answered.is_empty() {
            return;
        }
        let used = system.interactions.iter().filter(|interaction| is_fhir(interaction.as_str()));
        for interaction in used.filter(|interaction| !answered.contains(interaction.as_str())) {
            let problem = format!("no nhsMhs of the party key answers {interaction}");
            found.add(&NOT_ANSWERED, place, Some("nhsAsSvcIA"), problem);
        }
    }

    /// Several records for one interaction.
    fn repeated(&self, found: &mut Found<'_>) {
        let mut first: BTreeMap<&str, &NhsMhs> = BTreeMap::new();
        for (place, record) in &self.records {
            for interaction in &record.interactions {
                let Some(other) = first.get(interaction.as_str()) else {
                    first.insert(interaction.as_str(), record);
                    continue;
                };
                let same = other.endpoints.iter().collect::<BTreeSet<_>>() == record.endpoints.iter().collect();
                let (rule, what) = if same { (&RECORD_TWICE, "the same") } else { (&ENDPOINTS_DIFFER, "another") };
                let problem = format!("the nhsMhs {} has {what} endpoint for {interaction}", other.id);
                found.add(rule, *place, Some("nhsMHSEndPoint"), problem);
            }
        }
    }
}

/// Several Provider systems of one organisation.
fn providers<'a>(parties: impl Iterator<Item = &'a Party>, found: &mut Found<'_>) {
    let mut first: BTreeMap<(&str, &str), &NhsAs> = BTreeMap::new();
    for party in parties {
        let Some((place, system)) = party.systems.first() else { continue };
        let answered = party.answered().map(|(_, interaction)| interaction.as_str());
        let other = answered.filter_map(|name| first.get(&(system.ods_code.as_str(), name))).next().copied();
        if let Some(other) = other {
            let problem = format!("{} of the organisation {} is a Provider too", other.asid, system.ods_code);
            found.add(&TWO_PROVIDERS, *place, Some("nhsIDCode"), problem);
        }
        for (_, interaction) in party.answered() {
            first.entry((system.ods_code.as_str(), interaction.as_str())).or_insert(system);
        }
    }
}

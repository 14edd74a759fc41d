//! The look-ups that Consumer and proxy make: the searches as they go on the wire, and what their answers mean (SDS-20 …
//! SDS-30, SDS-40 … SDS-44, FIND-03 … FIND-05, X-02).

use super::SERVICES;
use super::directory::Scope;
use super::entry::Entry;
use super::filter::escape;
use super::records::{NhsAs, NhsMhs, RecordFault};
use crate::identifiers::{Asid, OdsCode, PartyKey};
use crate::interaction::InteractionId;
use std::collections::BTreeSet;

/// A search of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The name of the entry under which it searches.
    pub base: String,
    /// How far below the base it looks.
    pub scope: Scope,
    /// The filter, with every value escaped (SDS-06).
    pub filter: String,
    /// The attributes it asks for; empty asks for all.
    pub attributes: Vec<&'static str>,
}

impl Query {
    fn under_services(filter: String) -> Self {
        Self { base: SERVICES.to_owned(), scope: Scope::Subtree, filter, attributes: Vec::new() }
    }

    /// The system of an ASID: booking's first query (SDS-20, FIND-03).
    #[must_use]
    pub fn system(asid: &Asid) -> Self {
        Self::under_services(format!("(&(uniqueIdentifier={asid})(objectClass=nhsAs))"))
    }

    /// The system of an ASID if it may use an interaction (SDS-24).
    #[must_use]
    pub fn system_for(asid: &Asid, interaction: &InteractionId) -> Self {
        let interaction = escape(interaction.as_str());
        Self::under_services(format!("(&(uniqueIdentifier={asid})(objectClass=nhsAs)(nhsAsSvcIA={interaction}))"))
    }

    /// The record of a party key for an interaction: booking's second query (SDS-21, FIND-04).
    #[must_use]
    pub fn record(party_key: &PartyKey, interaction: &InteractionId) -> Self {
        let (party_key, interaction) = (escape(party_key.as_str()), escape(interaction.as_str()));
        Self::under_services(format!("(&(nhsMHSPartyKey={party_key})(objectClass=nhsMhs)(nhsMhsSvcIA={interaction}))"))
    }

    /// Every record of a party key, for the names that its certificates may have (SDS-29, SSP-47).
    #[must_use]
    pub fn records(party_key: &PartyKey) -> Self {
        let party_key = escape(party_key.as_str());
        Self::under_services(format!("(&(objectClass=nhsMhs)(nhsMHSPartyKey={party_key}))"))
    }

    /// The records of an organisation for an interaction, where no ASID is known (SDS-26).
    #[must_use]
    pub fn records_of_organisation(ods_code: &OdsCode, interaction: &InteractionId) -> Self {
        let (ods_code, interaction) = (ods_code.to_upper_case(), escape(interaction.as_str()));
        Self::under_services(format!("(&(nhsIDCode={ods_code})(objectClass=nhsMhs)(nhsMhsSvcIA={interaction}))"))
    }

    /// The system of an organisation behind a party key (SDS-26).
    #[must_use]
    pub fn system_of_organisation(ods_code: &OdsCode, party_key: &PartyKey) -> Self {
        let (ods_code, party_key) = (ods_code.to_upper_case(), escape(party_key.as_str()));
        Self::under_services(format!("(&(nhsIDCode={ods_code})(objectClass=nhsAs)(nhsMHSPartyKey={party_key}))"))
    }
}

/// Why the answer of a look-up cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupFault {
    /// Nothing was found, or no endpoint in what was found (SDS-40, SDS-44).
    #[error("the directory holds no such record")]
    NotFound,
    /// Several were found where one is meant (SDS-42).
    #[error("the directory holds {0} such records, and one was expected")]
    Several(usize),
    /// Several records name different endpoints (SDS-43).
    #[error("the directory holds different endpoints for this system and interaction")]
    EndpointsDiffer,
    /// The record is incomplete or malformed (SDS-47).
    #[error("the directory's record cannot be used: {0}")]
    Unusable(#[from] RecordFault),
}

/// The one system that a query found.
///
/// # Errors
/// None, several, or a record that cannot be read.
pub fn one_system(entries: &[Entry]) -> Result<NhsAs, LookupFault> {
    match entries {
        [] => Err(LookupFault::NotFound),
        [entry] => Ok(NhsAs::from_entry(entry)?),
        several => Err(LookupFault::Several(several.len())),
    }
}

/// The record to use among those that a query found: the first, if all name the same endpoints (SDS-43).
///
/// # Errors
/// None with an endpoint, different endpoints, or a record that cannot be read.
pub fn one_record(entries: &[Entry]) -> Result<NhsMhs, LookupFault> {
    let records = entries.iter().map(NhsMhs::from_entry).collect::<Result<Vec<_>, _>>()?;
    let mut with_endpoint = records.into_iter().filter(|record| !record.endpoints.is_empty());
    let first = with_endpoint.next().ok_or(LookupFault::NotFound)?;
    let endpoints: BTreeSet<&String> = first.endpoints.iter().collect();
    if with_endpoint.any(|other| other.endpoints.iter().collect::<BTreeSet<_>>() != endpoints) {
        return Err(LookupFault::EndpointsDiffer);
    }
    Ok(first)
}

/// Whether a certificate name is one of the records' FQDNs, compared without case (SSP-47).
#[must_use]
pub fn holds_fqdn(records: &[NhsMhs], name: &str) -> bool {
    records.iter().filter_map(|record| record.fqdn.as_deref()).any(|fqdn| fqdn.trim().eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sds::directory::Directory;
    use crate::sds::dn::Dn;
    use crate::sds::filter::Filter;

    fn party_key() -> PartyKey {
        PartyKey::parse("A91545-9198999").unwrap()
    }

    fn system() -> NhsAs {
        NhsAs {
            asid: Asid::parse("918999198999").unwrap(),
            ods_code: OdsCode::parse("A91545").unwrap(),
            party_key: party_key(),
            interactions: InteractionId::OF_A_PROVIDER.to_vec(),
            more: Vec::new(),
        }
    }

    fn record(id: &str, interaction: InteractionId, endpoint: &str) -> NhsMhs {
        NhsMhs {
            id: id.to_owned(),
            ods_code: OdsCode::parse("A91545").unwrap(),
            party_key: party_key(),
            interactions: vec![interaction],
            endpoints: Some(endpoint.to_owned()).into_iter().filter(|url| !url.is_empty()).collect(),
            fqdn: Some("INT.Provider.nhs.uk".to_owned()),
            cpa_id: Some(id.to_owned()),
            more: Vec::new(),
        }
    }

    fn answers(directory: &Directory, query: &Query) -> Vec<Entry> {
        let filter = Filter::parse(&query.filter).unwrap().compile();
        let base = Dn::parse(&query.base).unwrap();
        directory.search(&base, query.scope, &filter).unwrap().cloned().collect()
    }

    // covers: SDS-20, SDS-21, SDS-24, SDS-26, SDS-29, SDS-30, SSP-47, FIND-03, FIND-04
    #[test]
    fn each_look_up_finds_the_record_it_is_for() {
        let endpoint = "https://provider.nhs.uk/STU3/1/uec";
        let mut directory = Directory::new();
        directory.put(system().to_entry());
        directory.put(record("S1", InteractionId::SEARCH_SLOT, endpoint).to_entry());
        directory.put(record("S2", InteractionId::CREATE_APPOINTMENT, endpoint).to_entry());
        let (asid, ods) = (system().asid, OdsCode::parse("a91545").unwrap());
        let found = one_system(&answers(&directory, &Query::system(&asid))).unwrap();
        assert_eq!(found, system());
        let allowed = Query::system_for(&asid, &InteractionId::SEARCH_SLOT);
        assert_eq!(answers(&directory, &allowed).len(), 1);
        let other = InteractionId::parse("urn:nhs:names:services:gpconnect:fhir:rest:search:slot-1").unwrap();
        assert_eq!(one_system(&answers(&directory, &Query::system_for(&asid, &other))), Err(LookupFault::NotFound));
        let mhs = one_record(&answers(&directory, &Query::record(&party_key(), &InteractionId::SEARCH_SLOT))).unwrap();
        assert_eq!((mhs.id.as_str(), mhs.endpoints[0].as_str()), ("S1", endpoint));
        assert_eq!(answers(&directory, &Query::records(&party_key())).len(), 2);
        let by_ods = Query::records_of_organisation(&ods, &InteractionId::CREATE_APPOINTMENT);
        assert_eq!(one_record(&answers(&directory, &by_ods)).unwrap().id, "S2");
        assert_eq!(answers(&directory, &Query::system_of_organisation(&ods, &party_key())).len(), 1);
        let records = [mhs];
        assert!(holds_fqdn(&records, "int.provider.nhs.uk") && !holds_fqdn(&records, "provider.nhs.uk"));
    }

    // covers: SDS-40, SDS-42, SDS-43, SDS-44
    #[test]
    fn an_answer_that_is_not_clear_is_not_used() {
        let entry = |id: &str, endpoint: &str| record(id, InteractionId::SEARCH_SLOT, endpoint).to_entry();
        assert_eq!(one_record(&[]), Err(LookupFault::NotFound));
        assert_eq!(one_record(&[entry("S1", "")]), Err(LookupFault::NotFound));
        assert_eq!(
            one_record(&[entry("S1", "https://a"), entry("S2", "https://a")]).map(|found| found.id),
            Ok("S1".into())
        );
        assert_eq!(
            one_record(&[entry("S1", "https://a"), entry("S2", "https://b")]),
            Err(LookupFault::EndpointsDiffer)
        );
        assert_eq!(one_system(&[system().to_entry(), system().to_entry()]), Err(LookupFault::Several(2)));
        assert!(matches!(one_system(&[entry("S1", "https://a")]), Err(LookupFault::Unusable(_))));
    }
}

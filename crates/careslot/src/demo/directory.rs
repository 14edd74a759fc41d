//! The demo's directory: both services, the Registry, and the two Consumers, each system with its nhsAs and its nhsMhs records
//! (SDS-65, SSP-47, X-02, X-47).

use anyhow::Result;
use roles::edge::directory_entry::to_keep;
use spine::sds::{Attribute, Entry, NhsAs, NhsMhs};
use spine::{Asid, InteractionId, OdsCode, PartyKey};
use store::DirectoryEntries;

use super::clients::record;
use super::layout::Layout;
use crate::network::Shared;
use crate::pki::{CONSUMER_FQDN, SECOND_CONSUMER_FQDN};

/// The ASIDs of the demo's systems.
pub(super) const SERVICE_ONE: &str = "918999198999";
/// The second service's.
pub(super) const SERVICE_TWO: &str = "118111118111";
/// The Registry's.
pub(super) const REGISTRY: &str = "200000000400";
/// The first Consumer's.
pub(super) const CONSUMER: &str = "200000000359";
/// The second Consumer's.
pub(super) const SECOND_CONSUMER: &str = "200000000360";

/// The interaction of a Consumer's own record: none of booking's, so that it never counts as a Provider.
const CONSUMER_RECORD: &str = "urn:nhs:names:services:careslot:consumer";

/// A system of the demo, as one row.
struct System {
    asid: &'static str,
    ods_code: &'static str,
    party_key: &'static str,
    may_use: Vec<InteractionId>,
    /// What it answers, where and under which name.
    answers: Vec<InteractionId>,
    endpoint: String,
    fqdn: &'static str,
}

/// Puts every system into the directory; entries that somebody added stay.
pub(super) async fn fill(shared: &Shared, layout: &Layout) -> Result<()> {
    let store = shared.stores.of("sds").await?;
    let record = record(shared.clock.now().as_millisecond(), "sds", "SDS-65");
    store.keep_entries(entries(layout)?.iter().map(to_keep).collect(), record).await?;
    Ok(())
}

/// Every entry of the demo's systems.
pub(super) fn entries(layout: &Layout) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for system in systems(layout)? {
        entries.extend(entries_of(&system)?);
    }
    Ok(entries)
}

fn systems(layout: &Layout) -> Result<Vec<System>> {
    let all = InteractionId::OF_A_PROVIDER.to_vec();
    let registered = vec![
        InteractionId::SEARCH_APPOINTMENT,
        InteractionId::READ_APPOINTMENT,
        InteractionId::CREATE_APPOINTMENT,
        InteractionId::UPDATE_APPOINTMENT,
    ];
    let slots_only = vec![InteractionId::SEARCH_SLOT, InteractionId::READ_SLOT];
    let own = vec![InteractionId::parse(CONSUMER_RECORD)?];
    let provider = |asid, party_key| System {
        asid,
        ods_code: "A91545",
        party_key,
        may_use: all.clone(),
        answers: all.clone(),
        endpoint: layout.provider_endpoint(),
        fqdn: "localhost",
    };
    let consumer = |asid, ods_code, party_key, may_use: &[InteractionId], fqdn| System {
        asid,
        ods_code,
        party_key,
        may_use: may_use.to_vec(),
        answers: own.clone(),
        endpoint: format!("https://{fqdn}/"),
        fqdn,
    };
    Ok(vec![
        provider(SERVICE_ONE, "A91545-9198999"),
        provider(SERVICE_TWO, "A91545-8111111"),
        System {
            asid: REGISTRY,
            ods_code: "X26",
            party_key: "X26-4000001",
            may_use: registered.clone(),
            answers: registered,
            endpoint: layout.registry_endpoint(),
            fqdn: "localhost",
        },
        consumer(CONSUMER, "A1001", "A1001-2000359", &all, CONSUMER_FQDN),
        consumer(SECOND_CONSUMER, "A1002", "A1002-2000360", &slots_only, SECOND_CONSUMER_FQDN),
    ])
}

/// The nhsAs of a system and one nhsMhs for each interaction that it answers.
fn entries_of(system: &System) -> Result<Vec<Entry>> {
    let (ods_code, party_key) = (OdsCode::parse(system.ods_code)?, PartyKey::parse(system.party_key)?);
    let accredited = NhsAs {
        asid: Asid::parse(system.asid)?,
        ods_code: ods_code.clone(),
        party_key: party_key.clone(),
        interactions: system.may_use.clone(),
        more: attributes(&[("nhsAsClient", system.ods_code), ("nhsAsACF", "CNST"), ("nhsProductKey", "7374")]),
    };
    let mut entries = vec![accredited.to_entry()];
    for (number, interaction) in system.answers.iter().enumerate() {
        let id = format!("S{}{number:02}", system.asid);
        let (service, name) = interaction.service_and_interaction().unwrap_or((interaction.as_str(), ""));
        let record = NhsMhs {
            id: id.clone(),
            ods_code: ods_code.clone(),
            party_key: party_key.clone(),
            interactions: vec![interaction.clone()],
            endpoints: vec![system.endpoint.clone()],
            fqdn: Some(system.fqdn.to_owned()),
            cpa_id: Some(id),
            more: attributes(&[
                ("nhsMHsSN", service),
                ("nhsMHsIN", name),
                ("nhsEPInteractionType", "FHIR"),
                ("nhsMHSIsAuthenticated", "none"),
                ("nhsMHSSyncReplyMode", "None"),
                ("nhsMHSAckRequested", "never"),
                ("nhsMHSDuplicateElimination", "never"),
                ("nhsContractPropertyTemplateKey", "14"),
                ("nhsProductKey", "7374"),
                ("nhsDNSApprover", "SYSTEM"),
                ("nhsDateDNSApproved", "20190601000000"),
            ]),
        };
        entries.push(record.to_entry());
    }
    Ok(entries)
}

/// What both classes demand, and the attributes that are given.
fn attributes(given: &[(&str, &str)]) -> Vec<Attribute> {
    let common = [
        ("nhsRequestorURP", "SYSTEM"),
        ("nhsDateRequested", "20190601000000"),
        ("nhsApproverURP", "SYSTEM"),
        ("nhsDateApproved", "20190601000000"),
    ];
    let all = common.iter().chain(given);
    all.map(|(name, value)| Attribute { name: (*name).to_owned(), values: vec![(*value).to_owned()] }).collect()
}

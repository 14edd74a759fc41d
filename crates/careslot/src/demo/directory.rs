//! The demo's directory: both services, the Registry, and the two Consumers, each system with its nhsAs and its nhsMhs records
//! (SDS-65, SSP-47, X-02, X-47).

use anyhow::Result;
use roles::edge::directory_entry::to_keep;
use spine::sds::{Entry, Registration};
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

/// When the demo's systems were approved.
const DATED: &str = "20190601000000";

/// Puts every system into the directory; entries that somebody added stay.
pub(super) async fn fill(shared: &Shared, layout: &Layout) -> Result<()> {
    let store = shared.stores.of("sds").await?;
    let record = record(shared.clock.now().as_millisecond(), "sds", "SDS-65");
    store.keep_entries(entries(layout)?.iter().map(to_keep).collect(), record).await?;
    Ok(())
}

/// Every entry of the demo's systems.
pub(super) fn entries(layout: &Layout) -> Result<Vec<Entry>> {
    Ok(systems(layout)?.iter().flat_map(Registration::entries).collect())
}

fn systems(layout: &Layout) -> Result<Vec<Registration>> {
    let all = InteractionId::OF_A_PROVIDER.to_vec();
    let registered = vec![
        InteractionId::SEARCH_APPOINTMENT,
        InteractionId::READ_APPOINTMENT,
        InteractionId::CREATE_APPOINTMENT,
        InteractionId::UPDATE_APPOINTMENT,
    ];
    let slots_only = vec![InteractionId::SEARCH_SLOT, InteractionId::READ_SLOT];
    let system = |asid, ods_code, party_key, may_use: &[InteractionId], fqdn: &str| {
        anyhow::Ok(Registration {
            asid: Asid::parse(asid)?,
            ods_code: OdsCode::parse(ods_code)?,
            party_key: PartyKey::parse(party_key)?,
            may_use: may_use.to_vec(),
            answers: Vec::new(),
            endpoint: None,
            fqdn: fqdn.to_owned(),
            manufacturer: None,
            dated: DATED.to_owned(),
        })
    };
    let answering = |system: Registration, endpoint| Registration {
        answers: system.may_use.clone(),
        endpoint: Some(endpoint),
        ..system
    };
    Ok(vec![
        answering(system(SERVICE_ONE, "A91545", "A91545-9198999", &all, "localhost")?, layout.provider_endpoint()),
        answering(system(SERVICE_TWO, "A91545", "A91545-8111111", &all, "localhost")?, layout.provider_endpoint()),
        answering(system(REGISTRY, "X26", "X26-4000001", &registered, "localhost")?, layout.registry_endpoint()),
        system(CONSUMER, "A1001", "A1001-2000359", &all, CONSUMER_FQDN)?,
        system(SECOND_CONSUMER, "A1002", "A1002-2000360", &slots_only, SECOND_CONSUMER_FQDN)?,
    ])
}

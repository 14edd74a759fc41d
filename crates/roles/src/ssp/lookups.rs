//! What the proxy asks SDS about the two ends of a call (SDS-20, SDS-21, SDS-24, SDS-29, SDS-30, SDS-43, SDS-44, SSP-47).

use std::collections::HashSet;
use std::sync::Arc;

use spine::{Asid, InteractionId};

use super::endpoint::Endpoint;
use super::kept::{Kept, Lifetimes, Looked};
use crate::edge::directory::{DirectoryClient, DirectoryFault, Entry, escaped};

/// A system of the directory (nhsAs).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct System {
    /// The ODS code of its organisation.
    pub(super) ods: Arc<str>,
    /// The key that joins it to its message handling records.
    pub(super) party_key: String,
    /// The product's key, for the audit record.
    pub(super) product_key: Option<String>,
    /// Every interaction that it may use.
    pub(super) interactions: HashSet<String>,
}

/// The system that sends a call.
#[derive(Debug)]
pub(super) struct Sender {
    pub(super) system: System,
    /// `nhsMhsFQDN` of every record with its party key: whose certificates may speak for it (SSP-47).
    pub(super) fqdns: Vec<String>,
}

/// The system that a call is for, in one interaction.
#[derive(Debug)]
pub(super) struct Receiver {
    pub(super) system: System,
    /// The interaction, as a label of figures.
    pub(super) interaction: Arc<str>,
    /// Where it answers the interaction; empty when it is not registered for it.
    pub(super) endpoints: Vec<Arc<Endpoint>>,
    /// Every endpoint value as the directory has it, for the words of a refusal.
    pub(super) registered: Vec<(String, String)>,
}

/// The directory with what is kept of its answers.
pub(super) struct Lookups {
    directory: Arc<DirectoryClient>,
    senders: Kept<Asid, Sender>,
    receivers: Kept<(Asid, InteractionId), Receiver>,
    /// Whether anybody is registered for an interaction.
    interactions: Kept<InteractionId, ()>,
}

/// Why a look-up has no answer; `None` while the directory is left alone after a failure.
pub(super) type Unanswered = Option<DirectoryFault>;

impl Lookups {
    pub(super) fn new(directory: Arc<DirectoryClient>, lifetimes: Lifetimes) -> Self {
        let senders = Kept::new(lifetimes, |_| false);
        let receivers = Kept::new(lifetimes, |receiver: &Receiver| receiver.registered.is_empty());
        let interactions = Kept::new(lifetimes, |()| false);
        Self { directory, senders, receivers, interactions }
    }

    pub(super) async fn sender(&self, asid: &Asid) -> Result<Looked<Sender>, Unanswered> {
        self.senders.get(asid, || self.ask_sender(asid)).await
    }

    pub(super) async fn receiver(&self, key: &(Asid, InteractionId)) -> Result<Looked<Receiver>, Unanswered> {
        self.receivers.get(key, || self.ask_receiver(&key.0, &key.1)).await
    }

    /// Whether any system may use an interaction.
    pub(super) async fn interaction(&self, interaction: &InteractionId) -> Result<Looked<()>, Unanswered> {
        let ask = async || {
            let filter = format!("(&(objectClass=nhsAs)(nhsAsSvcIA={}))", escaped(interaction.as_str()));
            match self.directory.search(&filter, &["1.1"]).await {
                Ok(systems) => Ok((!systems.is_empty()).then_some(())),
                Err(DirectoryFault::TooMany) => Ok(Some(())),
                Err(fault) => Err(fault),
            }
        };
        self.interactions.get(interaction, ask).await
    }

    pub(super) fn purge(&self) {
        self.senders.purge();
        self.receivers.purge();
        self.interactions.purge();
    }

    async fn ask_sender(&self, asid: &Asid) -> Result<Option<Sender>, DirectoryFault> {
        let Some(system) = self.ask_system(asid).await? else { return Ok(None) };
        let filter = format!("(&(objectClass=nhsMhs)(nhsMHSPartyKey={}))", escaped(&system.party_key));
        let records = self.directory.search(&filter, &["nhsMhsFQDN"]).await?;
        let mut fqdns: Vec<String> = records.iter().filter_map(|row| row.value("nhsMhsFQDN")).map(lower).collect();
        fqdns.sort();
        fqdns.dedup();
        Ok(Some(Sender { system, fqdns }))
    }

    async fn ask_receiver(&self, asid: &Asid, interaction: &InteractionId) -> Result<Option<Receiver>, DirectoryFault> {
        let Some(system) = self.ask_system(asid).await? else { return Ok(None) };
        let filter = format!(
            "(&(nhsMHSPartyKey={})(nhsMhsSvcIA={})(objectClass=nhsMhs))",
            escaped(&system.party_key),
            escaped(interaction.as_str()),
        );
        let records = self.directory.search(&filter, &["nhsMHSEndPoint", "nhsMhsCPAId"]).await?;
        let registered: Vec<(String, String)> = records.iter().flat_map(endpoints_of).collect();
        let endpoints =
            registered.iter().filter_map(|(value, cpa_id)| Endpoint::read(value, cpa_id)).map(Arc::new).collect();
        Ok(Some(Receiver { system, interaction: interaction.as_str().into(), endpoints, registered }))
    }

    async fn ask_system(&self, asid: &Asid) -> Result<Option<System>, DirectoryFault> {
        let filter = format!("(&(uniqueIdentifier={})(objectClass=nhsAs))", escaped(asid.as_str()));
        let wanted = ["nhsIDCode", "nhsMHSPartyKey", "nhsProductKey", "nhsAsSvcIA"];
        let entries = self.directory.search(&filter, &wanted).await?;
        match entries.as_slice() {
            [] => Ok(None),
            [entry] => Ok(system_of(entry)),
            _ => Err(DirectoryFault::TooMany), // SDS-42: never take the first of several blindly
        }
    }
}

/// A record without a party key cannot be joined to anything: as if it were not there (SDS-44).
fn system_of(entry: &Entry) -> Option<System> {
    Some(System {
        ods: entry.value("nhsIDCode").unwrap_or_default().trim().into(),
        party_key: entry.value("nhsMHSPartyKey")?.trim().to_owned(),
        product_key: entry.value("nhsProductKey").map(str::to_owned),
        interactions: entry.values("nhsAsSvcIA").iter().map(|value| value.trim().to_owned()).collect(),
    })
}

fn endpoints_of(record: &Entry) -> Vec<(String, String)> {
    let cpa_id = record.value("nhsMhsCPAId").unwrap_or_default();
    record
        .values("nhsMHSEndPoint")
        .iter()
        .filter(|value| !value.trim().is_empty())
        .map(|value| (value.trim().to_owned(), cpa_id.to_owned()))
        .collect()
}

fn lower(fqdn: &str) -> String {
    fqdn.trim().to_ascii_lowercase()
}

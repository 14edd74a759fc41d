//! The directory out of `[sds]`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use roles::edge::directory_entry::to_keep;
use roles::edge::listen::Door;
use roles::edge::operations::Router;
use roles::sds::{self, LiveDirectory, Recorder, Settings};
use spine::sds::ldif;
use store::{AuditRecord, DirectoryEntries, Store};
use tokio::task::JoinSet;

use super::audit::trail;
use super::operations::{database_ready, start as start_operations};
use super::tls::{Asks, door, read};
use super::{Shared, Sockets};
use crate::config::AuditWait;

/// How long the searches of a connection are gathered for one audit record, unless every answer waits for its own.
const GATHER: Duration = Duration::from_millis(100);

/// Starts it on its listeners, as far as they are wanted.
pub(super) async fn start(sockets: &mut Sockets, shared: &Shared, tasks: &mut JoinSet<()>) -> Result<()> {
    let section = &shared.config.sds;
    let mut listeners = Vec::new();
    if let Some(listener) = sockets.sds.take() {
        listeners.push((listener, Door::Plain));
    }
    if let Some(listener) = sockets.sds_tls.take() {
        let identity = section.identity.as_ref().context("sds.cert_file is not set")?;
        listeners.push((listener, door(shared, identity, Asks::CertificateOrClose)?));
    }
    let fhir = sockets.sds_fhir.take();
    if listeners.is_empty() && fhir.is_none() {
        return Ok(());
    }
    let store = shared.stores.of("sds").await?;
    fill_if_empty(shared, &store).await?;
    let directory = Arc::new(LiveDirectory::open(Arc::new(store.clone())).await?);
    let settings = Settings {
        most_entries: section.max_entries,
        longest_search: section.longest_search,
        longest_request: section.max_message,
        ..Settings::default()
    };
    let gather = match shared.config.audit.wait {
        AuditWait::Changes => GATHER,
        AuditWait::All => Duration::ZERO,
    };
    let (audit, clock, ids) = (trail(shared, store.clone()), shared.clock.clone(), shared.ids.clone());
    let recorder = Recorder { audit, clock, ids, gather };
    if let Some(listener) = fhir {
        let (directory, recorder, stop) = (directory.clone(), recorder.clone(), shared.shutdown.clone());
        tasks.spawn(sds::fhir::run(listener, directory, recorder, section.max_entries, stop));
    }
    tasks.spawn(sds::run(listeners, directory, recorder, settings, shared.shutdown.clone()));
    let ready = move || database_ready(store.clone());
    start_operations(sockets.operations.sds.take(), shared, tasks, "sds", ready, Router::new());
    Ok(())
}

/// The entries of `sds.ldif_file` go in when there are none yet.
async fn fill_if_empty(shared: &Shared, store: &Store) -> Result<()> {
    let Some(path) = &shared.config.sds.ldif else { return Ok(()) };
    if !store.directory_changes(0).await?.kept.is_empty() {
        return Ok(());
    }
    let text = String::from_utf8(read(path)?).with_context(|| format!("{} is no UTF-8", path.display()))?;
    let entries = match ldif::read(&text) {
        Ok(entries) => entries,
        Err(fault) => bail!("{} is no LDIF, {fault}", path.display()),
    };
    let record = AuditRecord {
        at: shared.clock.now().as_millisecond(),
        trace_id: String::new(),
        requirement: "SDS-63".to_owned(),
        body: format!("{{\"role\":\"sds\",\"imported\":{}}}", entries.len()).into_bytes(),
    };
    store.keep_entries(entries.iter().map(to_keep).collect(), record).await?;
    Ok(())
}

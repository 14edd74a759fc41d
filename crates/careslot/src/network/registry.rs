//! The Registry out of `[registry]` and `[jwt]`.

use std::sync::Arc;

use anyhow::{Context, Result};
use roles::edge::operations::Router;
use roles::registry::{self, Registry, Settings};
use tokio::task::JoinSet;

use super::audit::trail;
use super::operations::{database_ready, start as start_operations};
use super::provider::{bases, trust};
use super::tls::{Asks, door};
use super::{Shared, Sockets, keys};

/// Starts it.
pub(super) async fn start(sockets: &mut Sockets, shared: &Shared, tasks: &mut JoinSet<()>) -> Result<()> {
    let Some(listener) = sockets.registry.take() else { return Ok(()) };
    let config = &shared.config;
    let section = &config.registry;
    let identity = section.identity.as_ref().context("registry.cert_file is not set")?;
    let store = shared.stores.of("registry").await?;
    let kept = Arc::new(store.clone());
    let keys = keys::followed(shared).await?;
    let settings = Settings {
        bases: bases(
            config,
            &section.bases,
            section.endpoint().context("registry.bases has none for registry.dialect")?,
        )?,
        trust: trust(&config.jwt, &section.bases)?,
        publisher: "CareSlot".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        body_limit: config.http.max_body,
        definitions: shared.definitions,
    };
    let registry = Arc::new(Registry::new(
        settings,
        keys,
        kept,
        trail(shared, store.clone()),
        shared.clock.clone(),
        shared.ids.clone(),
    ));
    let door = door(shared, identity, Asks::Certificate)?;
    tasks.spawn(registry::run(listener, door, shared.limits(), registry, shared.shutdown.clone()));
    let ready = move || database_ready(store.clone());
    start_operations(sockets.operations.registry.take(), shared, tasks, "registry", ready, Router::new());
    Ok(())
}

//! The pages out of `[web]`.

use anyhow::{Context, Result};
use bytes::Bytes;
use roles::edge::client::Authority;
use roles::edge::operations::Router;
use roles::web::{self, Command, CountSlots, Link, Part, Settings};
use tokio::task::JoinSet;

use super::operations::start as start_operations;
use super::{Shared, Sockets};
use crate::assets;

/// What the pages show that is not in the configuration.
#[derive(Clone, Default)]
pub struct Pages {
    /// The parts in the order in which a booking meets them; none takes those of `[web.parts]`.
    pub parts: Vec<Part>,
    /// Counts the Provider's Slots, where it runs in this process.
    pub slots: Option<CountSlots>,
    /// Commands to copy.
    pub commands: Vec<Command>,
    /// Addresses worth a look.
    pub links: Vec<Link>,
}

/// Starts them.
pub(super) fn start(sockets: &mut Sockets, shared: &Shared, tasks: &mut JoinSet<()>, pages: &Pages) -> Result<()> {
    let Some(listener) = sockets.web.take() else { return Ok(()) };
    let parts = if pages.parts.is_empty() { configured_parts(shared)? } else { pages.parts.clone() };
    let settings = Settings {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        parts,
        slots: pages.slots.clone(),
        commands: pages.commands.clone(),
        links: pages.links.clone(),
        styles: Bytes::from_static(assets::STYLES.as_bytes()),
        hosts: Vec::new(),
        definitions: shared.definitions,
    };
    let (clock, ids, shutdown) = (shared.clock.clone(), shared.ids.clone(), shared.shutdown.clone());
    tasks.spawn(web::run(listener, settings, clock, ids, shutdown));
    start_operations(sockets.operations.web.take(), shared, tasks, "web", || async { Ok(()) }, Router::new());
    Ok(())
}

/// The parts that `[web.parts]` names, each by its operations listener.
fn configured_parts(shared: &Shared) -> Result<Vec<Part>> {
    let parts = shared.config.web.parts.iter().map(|(name, address)| {
        let operations = Authority::of_url(address).map(|(authority, _)| authority);
        let operations = operations.with_context(|| format!("web.parts.{name} is no http://ADDRESS:PORT"))?;
        Ok(Part {
            name: name.clone(),
            duty: String::new(),
            addresses: vec![address.clone()],
            operations: Some(operations),
            dialect: None,
            version: None,
        })
    });
    parts.collect()
}

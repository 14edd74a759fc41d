//! The administration listener out of `[admin]`: it looks after what the roles of this process keep.

use std::sync::Arc;

use anyhow::Result;
use roles::administration::{self, Administration, Demonstration, Keeps};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::{Shared, Stores};
use crate::config::Role;

/// Starts it, where there is a listener. `demonstration` is only taken where the process is marked as one.
pub(super) async fn start(
    listener: Option<TcpListener>,
    roles: &[Role],
    shared: &Shared,
    tasks: &mut JoinSet<()>,
    demonstration: Option<Demonstration>,
) -> Result<()> {
    let Some(listener) = listener else { return Ok(()) };
    let keeps = keeps(roles, &shared.stores).await?;
    let demonstration = demonstration.filter(|_| shared.config.process.demonstration);
    let administration = Administration::new(keeps, demonstration, shared.clock.clone(), shared.ids.clone());
    tasks.spawn(administration::run(listener, Arc::new(administration), shared.shutdown.clone()));
    Ok(())
}

/// What these roles keep.
pub(crate) async fn keeps(roles: &[Role], stores: &Stores) -> Result<Keeps> {
    let mut keeps = Keeps::default();
    for role in roles.iter().filter(|role| **role != Role::Web) {
        let store = Arc::new(stores.of(role.name()).await?);
        keeps.audit.insert(role.name(), store.clone());
        match role {
            Role::Provider => keeps.diary = Some(store),
            Role::Registry => keeps.registrations = Some(store),
            Role::Sds => keeps.directory = Some(store),
            Role::Token => keeps.token_clients = Some(store),
            Role::Ssp | Role::Web => {}
        }
    }
    Ok(keeps)
}

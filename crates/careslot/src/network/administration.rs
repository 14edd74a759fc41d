//! The administration listener out of `[admin]`: it looks after what the roles of this process keep.

use std::sync::Arc;

use anyhow::Result;
use roles::administration::{self, Administration, Demonstration, Keeps};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::Shared;
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
    let mut keeps = Keeps::default();
    for role in roles {
        match role {
            Role::Provider => keeps.diary = Some(Arc::new(shared.stores.of("provider").await?)),
            Role::Registry => keeps.registrations = Some(Arc::new(shared.stores.of("registry").await?)),
            Role::Sds => keeps.directory = Some(Arc::new(shared.stores.of("sds").await?)),
            Role::Token => keeps.token_clients = Some(Arc::new(shared.stores.of("token").await?)),
            Role::Ssp | Role::Web => {}
        }
    }
    let demonstration = demonstration.filter(|_| shared.config.process.demonstration);
    let administration = Administration::new(keeps, demonstration, shared.clock.clone(), shared.ids.clone());
    tasks.spawn(administration::run(listener, Arc::new(administration), shared.shutdown.clone()));
    Ok(())
}

//! Running roles out of a configuration: what `careslot serve` runs in production and `careslot demo` on a laptop is the same.
//!
//! Sockets are bound first, all of them, so that a port that is taken is told before anything runs. Then each role is built from
//! typed values, one file a role, and runs until the shutdown token is cancelled.

mod administration;
mod audit;
mod consumer;
mod definitions;
mod dialects;
mod keys;
mod operations;
mod provider;
mod registry;
mod sds;
mod sockets;
mod ssp;
mod stores;
mod system;
mod tls;
mod token;
mod web;

use std::sync::Arc;

use anyhow::Result;
use profile::Definitions;
use roles::administration::Demonstration;
use roles::edge::clock::{Clock, Ids};
use roles::edge::listen::Limits;
use roles::edge::shards::{ShardSettings, Shards};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Role};

pub(crate) use administration::keeps;
pub use consumer::consumer;
pub use definitions::definitions;
pub(crate) use keys::fetch;
pub use sockets::{OperationsSockets, PortTaken, Sockets};
pub use stores::Stores;
pub use system::{SystemClock, SystemIds};
pub(crate) use tls::{anonymous_https, https};
pub use web::Pages;

/// What every role is handed beside its own section.
#[derive(Clone)]
pub struct Shared {
    /// The whole configuration.
    pub config: Arc<Config>,
    /// The databases.
    pub stores: Stores,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// What resources are judged by.
    pub definitions: &'static Definitions,
    /// The revocation lists that certificates name, where they are fetched (TLS-13).
    pub shards: Option<Arc<Shards>>,
    /// Cancelled when the process is to end.
    pub shutdown: CancellationToken,
}

impl Shared {
    /// The limits of an HTTP listener, from `[http]`.
    fn limits(&self) -> Limits {
        let http = &self.config.http;
        Limits {
            connections: http.max_connections,
            handshake: self.config.tls.handshake,
            head: http.idle.max(http.head),
            drain: self.config.process.drain,
            head_bytes: http.max_head,
            ..Limits::default()
        }
    }
}

/// What fetches the revocation lists that certificates name, where a host for them is configured (TLS-13).
pub fn shards(config: &Config) -> Option<Arc<Shards>> {
    let hosts = config.tls.crl_hosts.clone();
    (!hosts.is_empty()).then(|| Arc::new(Shards::new(ShardSettings::new(hosts))))
}

/// Roles that are running.
pub struct Running {
    tasks: JoinSet<()>,
    shared: Shared,
}

impl Running {
    /// Starts these roles on their sockets, and the administration of what they keep. The directory and the token endpoint come first: others ask them.
    ///
    /// # Errors
    /// A file that cannot be read or does not fit, or a database that cannot be opened; nothing keeps running then.
    pub async fn start(
        roles: &[Role],
        mut sockets: Sockets,
        shared: Shared,
        pages: Pages,
        demonstration: Option<Demonstration>,
    ) -> Result<Self> {
        let mut running = Self { tasks: JoinSet::new(), shared };
        let order = [Role::Sds, Role::Token, Role::Provider, Role::Registry, Role::Ssp, Role::Web];
        for role in order.into_iter().filter(|role| roles.contains(role)) {
            let started = running.start_role(role, &mut sockets, &pages).await;
            if let Err(error) = started {
                running.stop().await;
                return Err(error.context(format!("{} cannot start", role.name())));
            }
        }
        administration::start(sockets.admin.take(), roles, &running.shared, &mut running.tasks, demonstration).await?;
        Ok(running)
    }

    async fn start_role(&mut self, role: Role, sockets: &mut Sockets, pages: &Pages) -> Result<()> {
        let (shared, tasks) = (&self.shared, &mut self.tasks);
        match role {
            Role::Sds => sds::start(sockets, shared, tasks).await,
            Role::Token => token::start(sockets, shared, tasks).await,
            Role::Provider => provider::start(sockets, shared, tasks).await,
            Role::Registry => registry::start(sockets, shared, tasks).await,
            Role::Ssp => ssp::start(sockets, shared, tasks).await,
            Role::Web => web::start(sockets, shared, tasks, pages),
        }
    }

    /// Tells every role to end, and waits until all have: open exchanges are let end, the databases are closed.
    pub async fn stop(mut self) {
        self.shared.shutdown.cancel();
        while self.tasks.join_next().await.is_some() {}
        self.shared.stores.close().await;
    }
}

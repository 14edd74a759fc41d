//! The operations listener of a role: `/healthz`, `/readyz`, `/metrics` (SSP-102).

use std::future::Future;
use std::sync::Arc;

use roles::edge::operations::Router;
use roles::edge::operations::{self, Operations};
use store::Store;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::Shared;

/// Starts it, where the role has one. `ready` says what keeps the role from its work; `more` are paths of its own.
pub(super) fn start<F, R>(
    listener: Option<TcpListener>,
    shared: &Shared,
    tasks: &mut JoinSet<()>,
    role: &'static str,
    ready: R,
    more: Router,
) where
    R: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), String>> + Send + 'static,
{
    let Some(listener) = listener else { return };
    let operations = Operations {
        ready: Arc::new(move || Box::pin(ready())),
        metrics: Arc::new(move || format!("# TYPE careslot_up gauge\ncareslot_up{{role=\"{role}\"}} 1\n")),
    };
    tasks.spawn(operations::run(listener, operations.router().merge(more), shared.shutdown.clone()));
}

/// Ready when the database can be read.
pub(super) async fn database_ready(store: Store) -> Result<(), String> {
    store.ready().await.map_err(|fault| format!("the database cannot be read: {fault}"))
}

//! The operations listener of a role: `/healthz`, `/readyz`, `/metrics` (SSP-102).

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
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
    let figures = figures(shared);
    let operations = Operations {
        ready: Arc::new(move || Box::pin(ready())),
        metrics: Arc::new(move || {
            format!("# TYPE careslot_up gauge\ncareslot_up{{role=\"{role}\"}} 1\n{}", figures.render())
        }),
    };
    tasks.spawn(operations::run(listener, operations.router().merge(more), shared.shutdown.clone()));
}

/// What counts for the whole process: kept from the first operations listener on, so that nobody pays for figures that nobody reads.
static FIGURES: OnceLock<PrometheusHandle> = OnceLock::new();
/// How often samples are folded together.
const UPKEEP: Duration = Duration::from_secs(5);
/// Bounds of what takes time, in seconds.
const BOUNDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

fn figures(shared: &Shared) -> PrometheusHandle {
    let begin = || {
        let builder = PrometheusBuilder::new();
        let builder = builder.set_buckets(&BOUNDS).unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::error!("figures are kept elsewhere already, and /metrics will be empty");
        }
        handle
    };
    let handle = FIGURES.get_or_init(begin).clone();
    let (upkept, shutdown) = (handle.clone(), shared.shutdown.clone());
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(UPKEEP);
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            upkept.run_upkeep();
        }
    });
    handle
}

/// Ready when the database can be read.
pub(super) async fn database_ready(store: Store) -> Result<(), String> {
    store.ready().await.map_err(|fault| format!("the database cannot be read: {fault}"))
}

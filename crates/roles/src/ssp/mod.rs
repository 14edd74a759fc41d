//! The Spine Secure Proxy: mutual TLS on both legs, the target URL in the path, every call checked against the directory
//! and then streamed to the Provider and back without a byte of it changed (part 1 of the Spine catalogue: SSP-01 to
//! SSP-104).
//!
//! A call is a sequence, told in [`exchange`]: [`admission`] lists the checks in their order, [`forward`] makes the
//! Provider's head, [`crossing`] moves both bodies, [`relay`] makes the head of the answer, and [`record`] is written on
//! every exit. [`wire`] is the HTTP of both legs.

mod admission;
mod connection;
mod cors;
mod crossing;
mod endpoint;
mod exchange;
mod figures;
mod forward;
mod kept;
mod lookups;
mod record;
mod relay;
mod settings;
mod style;
mod target;
mod throttle;
mod tokens;
mod upstream;
pub mod wire;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use http::StatusCode;
use spine::Asid;
use store::{Audit, AuditRecord};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use endpoint::Endpoint;
pub use kept::Lifetimes;
pub use settings::{Settings, Tokens};
pub use style::Style;
pub use target::{Target, TargetFault, TargetRules};

use crate::edge::client::Client;
use crate::edge::clock::{Clock, Ids};
use crate::edge::directory::DirectoryClient;
use crate::edge::listen::{self, Connection, Door, Limits};
use crate::edge::tls::ServerTls;
use lookups::Lookups;
use throttle::{Circuits, InFlight, PerMinute};
use tokens::TokenReader;
use upstream::Resting;

/// How many finished records may wait for the store; further calls wait for a place, so that none goes unrecorded.
const WAITING_RECORDS: usize = 4096;
/// How many records are handed to the store in one go, and the pause after that, in which further ones gather.
const RECORDS_AT_ONCE: usize = 1024;
const BETWEEN_RECORDS: Duration = Duration::from_millis(25);
/// How long the last records may take at shutdown.
const LAST_RECORDS: Duration = Duration::from_secs(5);

/// What a proxy is made of.
pub struct Means {
    /// The rules.
    pub settings: Settings,
    /// The client of the Providers' leg, with the proxy's outbound identity (TLS-21).
    pub client: Client,
    /// SDS.
    pub directory: Arc<DirectoryClient>,
    /// Where records go.
    pub audit: Arc<dyn Audit>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids, for calls that bring no trace ID.
    pub ids: Arc<dyn Ids>,
}

/// A proxy.
pub struct Ssp {
    settings: Settings,
    client: Client,
    resting: Resting,
    directory: Arc<DirectoryClient>,
    lookups: Lookups,
    tokens: TokenReader,
    per_address: PerMinute<IpAddr>,
    per_asid: PerMinute<Asid>,
    in_flight: InFlight,
    circuits: Circuits,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    records: mpsc::Sender<AuditRecord>,
}

/// Serves a proxy on a listener until `shutdown`, then drains and writes the last records.
pub async fn run(
    listener: TcpListener,
    tls: Arc<ServerTls>,
    limits: Limits,
    means: Means,
    shutdown: CancellationToken,
) {
    let (ssp, recorder) = Ssp::new(means);
    serve(listener, tls, limits, Arc::new(ssp), shutdown).await;
    if tokio::time::timeout(LAST_RECORDS, recorder).await.is_err() {
        tracing::error!("audit records of the proxy were still waiting at the end");
    }
}

/// Serves a proxy that was made before, so that its operations listener can know it too. When this returns, the proxy's
/// last handle is the caller's; drop that and await the recorder.
pub async fn serve(
    listener: TcpListener,
    tls: Arc<ServerTls>,
    limits: Limits,
    ssp: Arc<Ssp>,
    shutdown: CancellationToken,
) {
    let granted = Arc::new(limits.clone());
    let answer = move |connection: Connection, shutdown: CancellationToken| {
        connection::serve(ssp.clone(), connection, granted.clone(), shutdown)
    };
    listen::accept(listener, Door::Tls(tls), limits, shutdown, answer).await;
}

impl Ssp {
    /// A proxy, and the task that writes its records; that ends when the proxy is dropped and all is written.
    pub fn new(means: Means) -> (Self, tokio::task::JoinHandle<()>) {
        let Means { settings, client, directory, audit, clock, ids } = means;
        let (records, waiting) = mpsc::channel(WAITING_RECORDS);
        let recorder = tokio::spawn(write_records(waiting, audit));
        let ssp = Self {
            lookups: Lookups::new(directory.clone(), settings.directory),
            tokens: TokenReader::default(),
            per_address: PerMinute::new(settings.per_address_per_minute),
            per_asid: PerMinute::new(settings.per_asid_per_minute),
            in_flight: InFlight::new(settings.per_provider_in_flight),
            circuits: Circuits::new(settings.circuit.0, settings.circuit.1),
            settings,
            client,
            resting: Resting::default(),
            directory,
            clock,
            ids,
            records,
        };
        (ssp, recorder)
    }

    /// What the operations listener of a proxy answers beside `/healthz`, `/readyz` and `/metrics` (SSP-102).
    pub fn operations(self: &Arc<Self>) -> Router {
        let (asked, purged) = (self.clone(), self.clone());
        let status = move || async move {
            match asked.directory.reachable().await {
                Ok(()) => (StatusCode::OK, "directory: reachable\n"),
                // wall 6: whether the proxy is ready, not a refusal of a call
                Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "directory: unreachable\n"),
            }
        };
        let purge = move || async move {
            purged.lookups.purge();
            StatusCode::NO_CONTENT
        };
        Router::new()
            .route("/_ping", get(async || "pong\n"))
            .route("/_status", get(status))
            .route("/sds-cache/purge", post(purge))
    }

    /// The client of the Providers' leg, for renewed identities.
    pub fn client(&self) -> &Client {
        &self.client
    }
}

/// Hands the records over in the order in which the calls ended, many at a time: to wake the store for each would cost
/// more than to write it.
async fn write_records(mut waiting: mpsc::Receiver<AuditRecord>, audit: Arc<dyn Audit>) {
    let mut records = Vec::with_capacity(RECORDS_AT_ONCE);
    while waiting.recv_many(&mut records, RECORDS_AT_ONCE).await > 0 {
        for record in records.drain(..) {
            if let Err(error) = audit.append_behind(record).await {
                tracing::error!(%error, "an audit record of the proxy was not taken");
            }
        }
        tokio::time::sleep(BETWEEN_RECORDS).await;
    }
}

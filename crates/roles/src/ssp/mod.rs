//! The Spine Secure Proxy: mutual TLS on both legs, the target URL in the path, every call checked against the directory
//! and then streamed to the Provider and back without a byte of it changed (part 1 of the Spine catalogue: SSP-01 to
//! SSP-104).
//!
//! A call is a sequence: [`admission`] lists the checks in their order, [`forward`] makes the Provider's request,
//! [`relay`] passes the answer back, and [`record`] is written on every exit.

mod admission;
mod endpoint;
mod figures;
mod forward;
mod kept;
mod lookups;
mod record;
mod relay;
mod settings;
mod target;
mod throttle;
mod tokens;

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::{get, post};
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use spine::{Asid, Reason};
use store::{Audit, AuditRecord};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use endpoint::Endpoint;
pub use kept::Lifetimes;
pub use settings::{Settings, Tokens};
pub use target::{Target, TargetFault, TargetRules};

use crate::edge::client::{Answered, Client, Upload};
use crate::edge::clock::{Clock, Ids};
use crate::edge::directory::DirectoryClient;
use crate::edge::listen::{self, Door, Limits};
use crate::edge::negotiate::{Format, refusal_format};
use crate::edge::pace::PacedBody;
use crate::edge::peer::{Peer, Verdict};
use crate::edge::refusal::Refusal;
use crate::edge::tls::ServerTls;
use admission::{Admitted, Turned};
use lookups::Lookups;
use record::{Ending, Exchange};
use relay::Outward;
use throttle::{InFlight, PerMinute, Standing};
use tokens::TokenReader;

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
    directory: Arc<DirectoryClient>,
    lookups: Lookups,
    tokens: TokenReader,
    per_address: PerMinute<IpAddr>,
    per_asid: PerMinute<Asid>,
    in_flight: InFlight,
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
    let limits = Limits { header_case: true, ..limits };
    let service = tower::service_fn(move |request| {
        let ssp = ssp.clone();
        async move { Ok::<_, Infallible>(ssp.answer(request).await) }
    });
    listen::serve(listener, Door::Tls(tls), limits, service, shutdown).await;
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
            settings,
            client,
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

    async fn answer(self: Arc<Self>, request: Request<PacedBody>) -> Response<Outward> {
        let (head, body) = request.into_parts();
        let peer = head.extensions.get::<Arc<Peer>>().cloned().unwrap_or_else(nobody);
        let Ok(seat) = self.records.clone().reserve_owned().await else {
            // Without its record no call goes on; the task that writes them has ended, which only shutdown brings about.
            return self.worded(&Refusal::new(Reason::Overloaded, "").retry_after(1), Asked::of(&head), "", None);
        };
        let mut exchange = Exchange::begin(seat, self.settings.dialect, self.clock.now(), &head, peer.clone());
        let mut standing = None;
        match self.admit(&head, &peer, &mut exchange, &mut standing).await {
            Ok(admitted) => self.carry_on(admitted, head, body, &peer, exchange, standing).await,
            Err(Turned { refusal, standing }) => self.refuse(&refusal, Asked::of(&head), exchange, standing),
        }
    }

    /// Forwards an admitted call. One that may change something goes on when the Consumer goes away, so that the record
    /// shows what became of it (SSP-84).
    async fn carry_on(
        self: Arc<Self>,
        admitted: Admitted,
        head: Parts,
        body: PacedBody,
        peer: &Peer,
        mut exchange: Exchange,
        standing: Option<Standing>,
    ) -> Response<Outward> {
        let asked = Asked::of(&head);
        let changes = !matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS);
        let upload = match forward::has_body(&head) {
            true => {
                let taken = Arc::new(AtomicU64::new(0));
                exchange.upstream.bytes_in = Some(taken.clone());
                Upload::Streamed(body, taken)
            }
            false => Upload::Empty,
        };
        let request = match forward::outbound(&admitted, head, upload, peer, &self.settings) {
            Ok(request) => request,
            Err(refusal) => return self.refuse(&refusal, asked, exchange, standing),
        };
        let ssp = self.clone();
        let calling = async move { ssp.call(admitted, request, exchange, standing, asked).await };
        if !changes {
            return calling.await;
        }
        match tokio::spawn(calling).await {
            Ok(response) => response,
            // The panic is in the log, and the record was written when the call was dropped (SSP-74).
            Err(_) => self.worded(&Refusal::new(Reason::InternalError, ""), Asked::default(), "", None),
        }
    }

    async fn call(
        &self,
        admitted: Admitted,
        request: Request<Upload>,
        mut exchange: Exchange,
        standing: Option<Standing>,
        asked: Asked,
    ) -> Response<Outward> {
        let Admitted { endpoint, origin_form, underway } = admitted;
        let timeouts = self.settings.timeouts_of.get(&endpoint.host).unwrap_or(&self.settings.timeouts);
        let sent = Instant::now();
        match self.client.send(&endpoint.authority, request, timeouts).await {
            Ok(Answered { response, .. }) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
                drop(response);
                let what = "the Provider switched protocols, which was not asked for";
                self.refuse(&Refusal::new(Reason::ProviderUnreachable, what), asked, exchange, standing)
            }
            Ok(Answered { response, address, connecting }) => {
                exchange.upstream.address = Some(address);
                exchange.upstream.connecting = connecting;
                let answer_took = sent.elapsed();
                exchange.upstream.answer_took = Some(answer_took);
                exchange.upstream.overhead = exchange.elapsed().saturating_sub(answer_took);
                exchange.upstream.status = Some(response.status().as_u16());
                relay::outward(response, exchange, underway, standing, &self.settings)
            }
            Err(fault) => {
                exchange.upstream.answer_took = Some(sent.elapsed());
                let path = origin_form.split('?').next().unwrap_or_default();
                let target = format!("https://{}{path}", endpoint.host);
                self.refuse(&forward::unanswered(fault, &target), asked, exchange, standing)
            }
        }
    }

    /// The answer to a refused call, whose record ends here.
    fn refuse(
        &self,
        refusal: &Refusal,
        asked: Asked,
        mut exchange: Exchange,
        standing: Option<Standing>,
    ) -> Response<Outward> {
        exchange.ending = Some(Ending::Refused(refusal.reason));
        let trace_id = exchange.ssp.as_ref().map(|ssp| ssp.trace_id.to_string());
        let id = trace_id.unwrap_or_else(|| self.ids.uuid().to_string());
        refusal.log("ssp", &id);
        self.worded(refusal, asked, &id, standing)
    }

    /// An OperationOutcome whose id is the trace ID, in the format that the call asks for (section 1.7, ERR-65).
    fn worded(&self, refusal: &Refusal, asked: Asked, id: &str, standing: Option<Standing>) -> Response<Outward> {
        let mut response = refusal.render(self.settings.dialect, asked.format(), id).map(Outward::Refusal);
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(http::header::VIA, forward::via(&self.settings));
        relay::add_own_headers(headers, standing);
        response
    }
}

/// What a refusal is worded by, once the head itself is on its way to the Provider.
#[derive(Default)]
struct Asked {
    target: Uri,
    accept: Option<HeaderValue>,
    content_type: Option<HeaderValue>,
}

impl Asked {
    fn of(head: &Parts) -> Self {
        let value = |name| head.headers.get(name).cloned();
        Self { target: head.uri.clone(), accept: value(ACCEPT), content_type: value(CONTENT_TYPE) }
    }

    /// The format by target, then `Accept`, then `Content-Type`, then JSON (section 1.7).
    fn format(self) -> Format {
        let query = self.target.query().unwrap_or_default();
        let format = query.split('&').find_map(|parameter| parameter.strip_prefix("_format="));
        let format = format.map(|value| percent_encoding::percent_decode_str(value).decode_utf8_lossy());
        let named = [(ACCEPT, self.accept), (CONTENT_TYPE, self.content_type)];
        let headers = named.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        refusal_format(format.as_deref(), &headers)
    }
}

/// For a request that did not come through the listener; nobody can make one from outside.
fn nobody() -> Arc<Peer> {
    let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    Arc::new(Peer { address, certificate: Verdict::None, tls: None })
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

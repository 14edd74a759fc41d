//! The HTTPS client of the roles: mutual TLS, pooled connections, the request target sent byte for byte as given, header
//! case kept, every wait limited (SSP-86). It follows no redirect, decodes nothing and caches nothing.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use http_body::{Body, Frame, SizeHint};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::BoxError;
use super::line::Line;
use super::pace::{BodyFault, PacedIo, Patience};
use super::peer::CertificateFault;
use super::shards::Shards;
use super::verify::fault_of;

pub use super::authority::Authority;
pub use super::line::AnswerBody;
pub(crate) use super::line::Bytestream;

/// How long each step may take (SSP-86).
#[derive(Debug, Clone)]
pub struct Timeouts {
    /// Name look-up and TCP connection.
    pub connect: Duration,
    /// The TLS handshake.
    pub tls: Duration,
    /// From the request to the head of its answer.
    pub head: Duration,
    /// For the next part of a body.
    pub stall: Duration,
    /// For the whole exchange.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            tls: Duration::from_secs(3),
            head: Duration::from_secs(30),
            stall: Duration::from_secs(30),
            total: Duration::from_secs(120),
        }
    }
}

/// The body of a request.
#[derive(Debug, Default)]
pub enum Upload {
    /// None.
    #[default]
    Empty,
    /// Ready-made.
    Whole(Bytes),
}

impl Body for Upload {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Self::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Whole(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
        }
    }
}

/// Why a server gave no answer (SSP-80, SSP-81, SSP-83).
#[derive(Debug, thiserror::Error)]
pub enum ClientFault {
    /// The host's name leads nowhere.
    #[error("the host name could not be resolved")]
    Unresolved(#[source] io::Error),
    /// Nobody listens there, or the network refuses.
    #[error("the connection was refused")]
    Refused(#[source] io::Error),
    /// The TCP connection took too long.
    #[error("the connection could not be made in time")]
    ConnectTimeout,
    /// The TLS handshake failed.
    #[error("the TLS handshake failed: {0}")]
    Tls(#[source] io::Error),
    /// The server's certificate must not be believed.
    #[error("the server's certificate is not accepted: {0}")]
    Certificate(CertificateFault),
    /// The TLS handshake took too long.
    #[error("the TLS handshake did not end in time")]
    TlsTimeout,
    /// The server closed the connection without a whole answer.
    #[error("the server closed the connection without an answer")]
    ClosedUnanswered,
    /// No head of an answer came in time.
    #[error("no answer came in time")]
    HeadTimeout,
    /// What came is not HTTP/1.1.
    #[error("the answer is not well-formed HTTP")]
    Malformed(#[source] BoxError),
    /// The connection broke.
    #[error("the connection broke off")]
    Broken(#[source] hyper::Error),
}

impl ClientFault {
    /// Was it time that ran out? A proxy answers 504 then, and 502 otherwise.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::ConnectTimeout | Self::TlsTimeout | Self::HeadTimeout)
    }
}

/// An answer, and how it came.
pub struct Answered {
    /// The head, and the body as it comes.
    pub response: Response<AnswerBody>,
    /// The server's address.
    pub address: SocketAddr,
    /// How long the connection took to make; `None` when one was there.
    pub connecting: Option<Duration>,
}

/// An HTTP client. Cheap to share behind an `Arc`.
pub struct Client {
    tls: ArcSwap<ClientConfig>,
    pool: ArcSwap<Pool>,
    shards: Option<Arc<Shards>>,
}

impl Client {
    /// A client that presents the identity, and believes the authorities, of this configuration (`tls::client_config`).
    #[must_use]
    pub fn new(tls: Arc<ClientConfig>) -> Self {
        Self { tls: ArcSwap::new(tls), pool: ArcSwap::from_pointee(Pool::default()), shards: None }
    }

    /// Also fetches the revocation lists that servers' certificates name: the same lists that its configuration's trust
    /// looks into (TLS-13).
    #[must_use]
    pub fn fetching(mut self, shards: Arc<Shards>) -> Self {
        self.shards = Some(shards);
        self
    }

    /// Puts a new TLS configuration in place. Exchanges under way end as they began; no later one uses an old connection
    /// (TLS-21, TLS-22).
    pub fn replace(&self, tls: Arc<ClientConfig>) {
        self.tls.store(tls);
        self.pool.store(Arc::default());
    }

    /// Sends a request, whose URI is the origin form (`/path?query`) and goes out byte for byte, and waits for the head of
    /// the answer. `Host` is added where it is missing. Nothing is retried, except once a request without a body whose
    /// kept connection turns out to be closed (SSP-69).
    ///
    /// # Errors
    /// See [`ClientFault`].
    pub async fn send(
        &self,
        to: &Authority,
        mut request: Request<Upload>,
        timeouts: &Timeouts,
    ) -> Result<Answered, ClientFault> {
        let end = Instant::now() + timeouts.total;
        if !request.headers().contains_key(header::HOST)
            && let Ok(host) = HeaderValue::try_from(to.to_string())
        {
            request.headers_mut().insert(header::HOST, host);
        }
        let resting = self.pool.load().of(to);
        if let Some(line) = std::future::poll_fn(|cx| Poll::Ready(resting.take(cx))).await {
            let spare = spare_copy(&request);
            match exchange(line, request, resting.clone(), timeouts, end).await {
                Ok(answered) => return Ok(answered),
                Err((fault, unsent)) => match (fault, unsent.or(spare)) {
                    (ClientFault::ClosedUnanswered | ClientFault::Broken(_), Some(again)) => request = again,
                    (fault, _) => return Err(fault),
                },
            }
        }
        let started = Instant::now();
        let line = self.connect(to, timeouts).await?;
        let connecting = started.elapsed();
        let mut answered = exchange(line, request, resting, timeouts, end).await.map_err(|(fault, _)| fault)?;
        answered.connecting = Some(connecting);
        Ok(answered)
    }

    async fn connect(&self, to: &Authority, timeouts: &Timeouts) -> Result<Box<Line>, ClientFault> {
        let Opened { stream, address, .. } = self.open(to, timeouts).await?;
        Ok(Box::new(Line::open(PacedIo::new(stream, timeouts.stall), address).await?))
    }

    /// A connection of its own, with the TLS that is in place now: for who speaks HTTP over it himself.
    ///
    /// # Errors
    /// Those of [`ClientFault`] that come before a request.
    pub(crate) async fn open(&self, to: &Authority, timeouts: &Timeouts) -> Result<Opened, ClientFault> {
        let opened = self.open_once(to, timeouts).await;
        let missed = matches!(opened, Err(ClientFault::Certificate(CertificateFault::RevocationUnknown)));
        match self.shards.as_ref().filter(|_| missed) {
            Some(shards) if shards.fetch_missed().await => self.open_once(to, timeouts).await,
            _ => opened,
        }
    }

    async fn open_once(&self, to: &Authority, timeouts: &Timeouts) -> Result<Opened, ClientFault> {
        let tls = self.tls.load_full();
        let (socket, address) =
            timeout(timeouts.connect, dial(to)).await.map_err(|_| ClientFault::ConnectTimeout)??;
        let stream: Box<dyn Bytestream> = if to.secure {
            let name = ServerName::try_from(to.host.clone())
                .map_err(|_| ClientFault::Certificate(CertificateFault::WrongName))?;
            let connector = tokio_rustls::TlsConnector::from(tls.clone());
            let shaken = timeout(timeouts.tls, connector.connect(name, socket)).await;
            Box::new(shaken.map_err(|_| ClientFault::TlsTimeout)?.map_err(tls_fault)?)
        } else {
            Box::new(socket)
        };
        Ok(Opened { stream, address, tls })
    }

    /// Whether a connection was opened with the TLS that is in place now.
    pub(crate) fn is_current(&self, tls: &Arc<ClientConfig>) -> bool {
        Arc::ptr_eq(&self.tls.load(), tls)
    }
}

/// A connection over which nothing has been sent yet.
pub(crate) struct Opened {
    /// Its bytes.
    pub(crate) stream: Box<dyn Bytestream>,
    /// The server's address.
    pub(crate) address: SocketAddr,
    /// The TLS that it was opened with.
    pub(crate) tls: Arc<ClientConfig>,
}

/// One exchange over an open connection. A fault comes with the request when it is certain that it was not sent.
async fn exchange(
    mut line: Box<Line>,
    request: Request<Upload>,
    home: Arc<Resting>,
    timeouts: &Timeouts,
    end: Instant,
) -> Result<Answered, (ClientFault, Option<Request<Upload>>)> {
    let answer = match in_time(line.exchange(request), Patience::until(timeouts.head, end)).await {
        None => return Err((ClientFault::HeadTimeout, None)),
        Some(Err(unanswered)) => return Err((unanswered.error.into(), unanswered.unsent)),
        Some(Ok(answer)) => answer,
    };
    let address = line.address;
    let patience = Patience::until(timeouts.stall, end);
    let mut response = answer.map(|incoming| AnswerBody::new(incoming, line, home, patience));
    if response.body().is_end_stream() {
        std::future::poll_fn(|cx| {
            response.body_mut().let_line_rest(cx);
            Poll::Ready(())
        })
        .await;
    }
    Ok(Answered { response, address, connecting: None })
}

/// Waits for an answer as long as there is patience.
async fn in_time<F: Future>(answering: F, mut patience: Patience) -> Option<F::Output> {
    let mut answering = std::pin::pin!(answering);
    std::future::poll_fn(|cx| {
        if let Poll::Ready(answer) = answering.as_mut().poll(cx) {
            return Poll::Ready(Some(answer));
        }
        patience.poll_worn_out(cx).map(|()| None)
    })
    .await
}

/// A copy to send again, only of requests that may be repeated and have no body.
fn spare_copy(request: &Request<Upload>) -> Option<Request<Upload>> {
    if *request.method() != Method::GET || !request.body().is_end_stream() {
        return None;
    }
    let mut copy = Request::new(Upload::Empty);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    Some(copy)
}

async fn dial(to: &Authority) -> Result<(TcpStream, SocketAddr), ClientFault> {
    let addresses = tokio::net::lookup_host((to.host.as_str(), to.port)).await.map_err(ClientFault::Unresolved)?;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(socket) => {
                socket.set_nodelay(true).map_err(ClientFault::Refused)?;
                return Ok((socket, address));
            }
            Err(fault) => last = fault,
        }
    }
    Err(ClientFault::Refused(last))
}

fn tls_fault(fault: io::Error) -> ClientFault {
    let rustls = fault.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match rustls {
        Some(error @ rustls::Error::InvalidCertificate(_)) => ClientFault::Certificate(fault_of(error)),
        _ => ClientFault::Tls(fault),
    }
}

/// How many connections rest for one server.
const RESTING_EACH: usize = 128;
/// How long a connection may rest; less than servers usually wait, so that we seldom meet one that is being closed.
const LONGEST_REST: Duration = Duration::from_secs(30);
/// How many servers are remembered; past this number the pool starts anew.
const MOST_SERVERS: usize = 4096;

/// The resting connections of every server.
#[derive(Default)]
struct Pool {
    servers: Mutex<HashMap<Authority, Arc<Resting>>>,
}

impl Pool {
    fn of(&self, server: &Authority) -> Arc<Resting> {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(resting) = servers.get(server) {
            return resting.clone();
        }
        if servers.len() >= MOST_SERVERS {
            servers.clear();
        }
        servers.entry(server.clone()).or_default().clone()
    }
}

/// The resting connections of one server.
#[derive(Default)]
pub(crate) struct Resting {
    #[expect(clippy::vec_box, reason = "a connection is large, and moves in and out with every exchange")]
    lines: Mutex<Vec<Box<Line>>>,
}

impl Resting {
    /// The connection that rested last, if it is still open.
    fn take(&self, cx: &mut Context<'_>) -> Option<Box<Line>> {
        loop {
            let mut line = self.lines.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if line.resting_since.elapsed() < LONGEST_REST && line.poll_alive(cx) {
                return Some(line);
            }
        }
    }

    pub(crate) fn rest(&self, mut line: Box<Line>) {
        let now = Instant::now();
        line.resting_since = now;
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let old = lines.iter().take_while(|line| now - line.resting_since >= LONGEST_REST).count();
        let stale: Vec<_> = lines.drain(..old).collect();
        if lines.len() < RESTING_EACH {
            lines.push(line);
        }
        drop(lines);
        drop(stale); // closing sockets under the lock would hold others up
    }
}

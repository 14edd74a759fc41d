//! The accept loop: one for HTTP (`serve`), one for any other protocol (`accept`). It peeks at the first byte (TLS-19),
//! limits connections and handshakes, cuts off slow peers, judges the client's certificate once per connection (TLS-18)
//! and drains on shutdown.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::Service;

use super::BoxError;
use super::clock::unix_time;
use super::pace::{PacedBody, PacedIo};
use super::peer::{Peer, TlsSession, Verdict};
use super::tls::ServerTls;

/// The first byte of every TLS record that starts a handshake.
const TLS_HANDSHAKE: u8 = 0x16;
/// How long to wait after the system refuses a socket, for instance because all descriptors are in use.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How a listener is entered.
#[derive(Clone)]
pub enum Door {
    /// Plain TCP; for the loopback.
    Plain,
    /// TLS. Plain HTTP is answered with 497 (SSP-33).
    Tls(Arc<ServerTls>),
}

/// What a listener grants its peers.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at once; further ones wait in the system's queue.
    pub connections: usize,
    /// From the accepted socket to the end of the TLS handshake.
    pub handshake: Duration,
    /// For a request's head, and for the silence before it on a connection that is kept (SSP-86: 60 s).
    pub head: Duration,
    /// For the next part of a request's body, and for the peer to take the next part of an answer (SSP-86: 30 s).
    pub stall: Duration,
    /// For open exchanges to end after shutdown was asked for; what is left then is cut off.
    pub drain: Duration,
    /// Bytes of a request's head; more is answered with 431.
    pub head_bytes: usize,
    /// Header fields in a request; more is answered with 431.
    pub headers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            handshake: Duration::from_secs(5),
            head: Duration::from_secs(60),
            stall: Duration::from_secs(30),
            drain: Duration::from_secs(10),
            head_bytes: 64 * 1024,
            headers: 100,
        }
    }
}

/// One accepted connection, its handshake done.
pub struct Connection {
    /// The bytes, decrypted.
    pub stream: Stream,
    /// Who is there.
    pub peer: Arc<Peer>,
}

/// The bytes of a connection.
pub enum Stream {
    /// As they come.
    Plain(TcpStream),
    /// Through TLS.
    Tls(Box<tokio_rustls::server::TlsStream<TcpStream>>),
}

/// Accepts connections and gives each to `answer` in a task of its own, until `shutdown`; then waits for the open ones
/// and cuts off those that take longer than `limits.drain`. `answer` gets the token too, to end in an orderly way.
pub async fn accept<F, A>(listener: TcpListener, door: Door, limits: Limits, shutdown: CancellationToken, answer: F)
where
    F: Fn(Connection, CancellationToken) -> A + Clone + Send + 'static,
    A: Future<Output = ()> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS)));
    let mut open = JoinSet::new();
    loop {
        while open.try_join_next().is_some() {}
        let place = tokio::select! {
            () = shutdown.cancelled() => break,
            place = places.clone().acquire_owned() => place,
        };
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (socket, address) = match accepted {
            Ok(accepted) => accepted,
            Err(fault) => {
                tracing::warn!(%fault, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (door, answer, shutdown) = (door.clone(), answer.clone(), shutdown.clone());
        let patience = limits.handshake;
        open.spawn(async move {
            let entered = tokio::select! {
                () = shutdown.cancelled() => return,
                entered = tokio::time::timeout(patience, enter(socket, address, &door)) => entered,
            };
            match entered {
                Ok(Ok(connection)) => answer(connection, shutdown).await,
                Ok(Err(fault)) => {
                    refused_handshake(if fault.kind() == io::ErrorKind::PermissionDenied {
                        "certificate"
                    } else {
                        "tls"
                    });
                    tracing::debug!(%address, %fault, "a connection ended in its handshake");
                }
                Err(_) => {
                    refused_handshake("time");
                    tracing::debug!(%address, "a connection was cut off: its handshake took too long");
                }
            }
            drop(place);
        });
    }
    drop(listener);
    let drained = tokio::time::timeout(limits.drain, async { while open.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        tracing::warn!(connections = open.len(), "connections were cut off at shutdown");
        open.shutdown().await;
    }
}

/// For `/metrics` (SSP-102).
fn refused_handshake(reason: &'static str) {
    metrics::counter!("tls_handshake_failures_total", "reason" => reason).increment(1);
}

/// From the bare socket to a connection whose peer is known.
async fn enter(socket: TcpStream, address: SocketAddr, door: &Door) -> io::Result<Connection> {
    socket.set_nodelay(true)?;
    let Door::Tls(tls) = door else {
        let peer = Arc::new(Peer { address, certificate: Verdict::NotAsked, tls: None });
        return Ok(Connection { stream: Stream::Plain(socket), peer });
    };
    let mut first = [0u8];
    if socket.peek(&mut first).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if first[0] != TLS_HANDSHAKE {
        let peer = Arc::new(Peer { address, certificate: Verdict::PlainHttp, tls: None });
        return Ok(Connection { stream: Stream::Plain(socket), peer });
    }
    let (live, began) = (tls.live(), Instant::now());
    let stream = tokio_rustls::TlsAcceptor::from(live.config.clone()).accept(socket).await?;
    let (_, session) = stream.get_ref();
    let certificate = match &live.judge {
        Some(judge) => judge.judge(session.peer_certificates(), unix_time(tls.clock().now())).await,
        None => Verdict::NotAsked,
    };
    if live.closes && !matches!(certificate, Verdict::Good(_)) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the client's certificate is not accepted"));
    }
    let agreed = session
        .protocol_version()
        .and_then(|version| version.as_str())
        .zip(session.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str()));
    let tls = agreed.map(|(version, suite)| TlsSession { version, suite, took: began.elapsed() });
    Ok(Connection { stream: Stream::Tls(Box::new(stream)), peer: Arc::new(Peer { address, certificate, tls }) })
}

/// Serves HTTP/1.1 on a listener until `shutdown`, then drains. `service` may be an axum `Router` or any tower service;
/// every request carries an `Arc<Peer>` in its extensions.
///
/// A listener that asks for certificates hands on requests of refused peers too, with the verdict in `Peer`, so that
/// the role can answer in its own form and keep an audit record; the connection is closed after that one answer. A TLS
/// listener that asks for none answers plain HTTP itself, with a bare 497.
pub async fn serve<S, B>(listener: TcpListener, door: Door, limits: Limits, service: S, shutdown: CancellationToken)
where
    S: Service<Request<PacedBody>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let asks = match &door {
        Door::Plain => false,
        Door::Tls(tls) => tls.live().judge.is_some(),
    };
    let given = limits.clone();
    let answer = move |connection: Connection, shutdown: CancellationToken| {
        let (service, limits) = (service.clone(), limits.clone());
        async move {
            if connection.peer.certificate == Verdict::PlainHttp && !asks {
                answer_bare_497(connection.stream).await;
            } else {
                serve_connection(connection, &limits, service, shutdown).await;
            }
        }
    };
    accept(listener, door, given, shutdown, answer).await;
}

async fn serve_connection<S, B>(connection: Connection, limits: &Limits, service: S, shutdown: CancellationToken)
where
    S: Service<Request<PacedBody>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let Connection { stream, peer } = connection;
    let welcome = matches!(peer.certificate, Verdict::NotAsked | Verdict::Good(_));
    let address = peer.address;
    let each = EachRequest { service, peer, stall: limits.stall };
    let exchanges = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(limits.head_bytes.max(8192))
        .max_headers(limits.headers)
        .keep_alive(welcome)
        .serve_connection(TokioIo::new(PacedIo::new(stream, limits.stall)), each);
    tokio::pin!(exchanges);
    let ended = tokio::select! {
        ended = exchanges.as_mut() => ended,
        () = shutdown.cancelled() => {
            exchanges.as_mut().graceful_shutdown();
            exchanges.await
        }
    };
    if let Err(fault) = ended {
        tracing::debug!(%address, %fault, "a connection ended early");
    }
}

/// Gives each request its peer and its pace.
struct EachRequest<S> {
    service: S,
    peer: Arc<Peer>,
    stall: Duration,
}

impl<S, B> hyper::service::Service<Request<Incoming>> for EachRequest<S>
where
    S: Service<Request<PacedBody>, Response = Response<B>, Error = Infallible> + Clone,
{
    type Response = Response<B>;
    type Error = Infallible;
    type Future = S::Future;

    fn call(&self, request: Request<Incoming>) -> S::Future {
        let mut request = request.map(|body| PacedBody::new(body, self.stall));
        request.extensions_mut().insert(self.peer.clone());
        // An axum router and a `service_fn` are always ready; nothing else is served.
        self.service.clone().call(request)
    }
}

/// For listeners without a FHIR role behind them: says in plain words that this port speaks TLS, and closes.
async fn answer_bare_497(mut stream: Stream) {
    use tokio::io::AsyncWriteExt;
    const ANSWER: &[u8] = b"HTTP/1.1 497 HTTP Request Sent to HTTPS Port\r\nContent-Type: text/plain; charset=utf-8\r\n\
        Cache-Control: no-store\r\nContent-Length: 46\r\nConnection: close\r\n\r\nThis port speaks HTTPS: use an https:// URL.\r\n";
    if stream.write_all(ANSWER).await.is_ok() {
        let _ = stream.shutdown().await;
    }
}

impl Stream {
    /// Ready when the peer, which has ended its side of the session, has ended its side of the connection too. Between
    /// the two it may still be waiting for an answer.
    pub(crate) fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Self::Tls(stream) = self else { return Poll::Ready(()) };
        let mut ignored = [0; 64];
        Pin::new(stream.get_mut().0).poll_read(cx, &mut ReadBuf::new(&mut ignored)).map(|_| ())
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

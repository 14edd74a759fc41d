//! One HTTP/1.1 connection to a server, carried by the task whose exchange it serves: no task of its own, so that a proxy
//! moves bytes from leg to leg without waking anyone else. Between exchanges it rests in the client's pool.

use std::error::Error as _;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1::{Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::client::{ClientFault, Resting, Upload};
use super::pace::{BodyFault, PacedIo, Patience};

/// A connection's bytes; what they go through does not matter here.
pub(crate) trait Bytestream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytestream for T {}

type Io = TokioIo<PacedIo<Box<dyn Bytestream>>>;

/// An open connection.
pub(crate) struct Line {
    sender: SendRequest<Upload>,
    connection: Connection<Io, Upload>,
    /// The server's address.
    pub(crate) address: SocketAddr,
    /// Since when it has rested in the pool.
    pub(crate) resting_since: Instant,
}

/// Why an exchange got no answer.
pub(crate) struct Unanswered {
    pub(crate) error: hyper::Error,
    /// Whether the whole request is known not to have left.
    pub(crate) unsent: Option<Request<Upload>>,
}

impl Line {
    pub(crate) async fn open(io: PacedIo<Box<dyn Bytestream>>, address: SocketAddr) -> Result<Self, hyper::Error> {
        let (sender, connection) = hyper::client::conn::http1::Builder::new()
            .preserve_header_case(true)
            .title_case_headers(true)
            .handshake(TokioIo::new(io))
            .await?;
        Ok(Self { sender, connection, address, resting_since: Instant::now() })
    }

    /// Looks whether a resting connection is still open.
    pub(crate) fn poll_alive(&mut self, cx: &mut Context<'_>) -> bool {
        Pin::new(&mut self.connection).poll(cx).is_pending() && self.sender.is_ready()
    }

    /// Sends a request and waits for the head of its answer, moving bytes both ways meanwhile.
    pub(crate) async fn exchange(&mut self, request: Request<Upload>) -> Result<Response<Incoming>, Unanswered> {
        let answer = self.sender.try_send_request(request);
        let mut answer = std::pin::pin!(answer);
        let connection = &mut self.connection;
        let mut open = true;
        let answered = std::future::poll_fn(|cx| {
            // The connection tells its end through the answer, so its own result says nothing new.
            open = open && Pin::new(&mut *connection).poll(cx).is_pending();
            answer.as_mut().poll(cx)
        });
        answered.await.map_err(|mut refused| Unanswered { unsent: refused.take_message(), error: refused.into_error() })
    }
}

/// The body of an answer. It carries its connection, and gives it back to the pool at its end.
pub struct AnswerBody {
    incoming: Incoming,
    line: Option<Box<Line>>,
    home: Arc<Resting>,
    patience: Patience,
}

impl AnswerBody {
    pub(crate) fn new(incoming: Incoming, line: Box<Line>, home: Arc<Resting>, patience: Patience) -> Self {
        Self { incoming, line: Some(line), home, patience }
    }

    /// The rest of the body, at most `limit` bytes.
    ///
    /// # Errors
    /// When the body is longer, breaks off or stalls.
    pub async fn read_to_end(self, limit: usize) -> Result<Bytes, BodyFault> {
        match http_body_util::Limited::new(self, limit).collect().await {
            Ok(whole) => Ok(whole.to_bytes()),
            Err(fault) => Err(match fault.downcast::<BodyFault>() {
                Ok(fault) => *fault,
                Err(_) => BodyFault::TooLong { limit },
            }),
        }
    }

    fn poll_incoming(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        if let Some(line) = &mut self.line {
            let _ = Pin::new(&mut line.connection).poll(cx); // its end shows in `incoming`
        }
        Pin::new(&mut self.incoming).poll_frame(cx)
    }

    /// At the end of the body: the connection rests if it can be used again.
    pub(crate) fn let_line_rest(&mut self, cx: &mut Context<'_>) {
        if let Some(mut line) = self.line.take()
            && line.poll_alive(cx)
        {
            self.home.rest(line);
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        match self.poll_incoming(cx) {
            Poll::Ready(frame) => {
                self.patience.progress();
                if frame.is_none() || self.incoming.is_end_stream() {
                    self.let_line_rest(cx);
                }
                Poll::Ready(frame.map(|frame| frame.map_err(BodyFault::Broken)))
            }
            Poll::Pending => {
                ready!(self.patience.poll_worn_out(cx));
                Poll::Ready(Some(Err(BodyFault::Stalled)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl From<hyper::Error> for ClientFault {
    fn from(error: hyper::Error) -> Self {
        if error.is_incomplete_message() || error.is_canceled() || error.is_closed() || is_end_of_file(&error) {
            Self::ClosedUnanswered
        } else if error.is_parse() {
            Self::Malformed(error.into())
        } else {
            Self::Broken(error)
        }
    }
}

/// Whether the peer went away without a word, also without TLS's own.
fn is_end_of_file(error: &hyper::Error) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
    source.is_some_and(|fault| fault.kind() == std::io::ErrorKind::UnexpectedEof)
}

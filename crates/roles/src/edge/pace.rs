//! Cuts off peers that are too slow: a socket that takes no bytes, a body that stops coming. Every wait on the network
//! has an end, so that nobody can hold a connection for nothing.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// A deadline that runs only while something is awaited, and starts anew after each progress.
#[derive(Debug)]
pub(crate) struct Patience {
    limit: Duration,
    end: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
    waiting: bool,
}

impl Patience {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, end: None, timer: None, waiting: false }
    }

    /// Patience that ends at a fixed moment too, whatever progress there is.
    pub(crate) fn until(limit: Duration, end: Instant) -> Self {
        Self { end: Some(end), ..Self::new(limit) }
    }

    pub(crate) fn progress(&mut self) {
        self.waiting = false;
    }

    /// Ready when the wait has been too long.
    pub(crate) fn poll_worn_out(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let until = || {
            let next = Instant::now() + self.limit;
            self.end.map_or(next, |end| next.min(end))
        };
        if !self.waiting {
            match &mut self.timer {
                Some(timer) => timer.as_mut().reset(until()),
                None => self.timer = Some(Box::pin(tokio::time::sleep_until(until()))),
            }
            self.waiting = true;
        }
        match &mut self.timer {
            Some(timer) => timer.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}

/// A connection whose writes fail when the peer takes nothing for too long. Reads pass: what is idle between requests is
/// the reader's own matter.
#[derive(Debug)]
pub struct PacedIo<T> {
    inner: T,
    patience: Patience,
}

impl<T> PacedIo<T> {
    /// Wraps a connection; `stall` is how long a write may wait for the peer.
    pub fn new(inner: T, stall: Duration) -> Self {
        Self { inner, patience: Patience::new(stall) }
    }

    fn paced<R>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        if polled.is_ready() {
            self.patience.progress();
            return polled;
        }
        ready!(self.patience.poll_worn_out(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer takes no bytes")))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for PacedIo<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for PacedIo<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.paced(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.paced(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_flush(cx);
        self.paced(cx, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.paced(cx, polled)
    }
}

/// Why a paced body ended early.
#[derive(Debug, thiserror::Error)]
pub enum BodyFault {
    /// Nothing came for too long.
    #[error("the body stopped coming")]
    Stalled,
    /// The connection failed, or the framing is wrong.
    #[error("the body broke off")]
    Broken(#[from] hyper::Error),
    /// It is longer than its reader takes.
    #[error("the body is longer than {limit} bytes")]
    TooLong {
        /// What the reader takes at most.
        limit: usize,
    },
}

/// A body of a message from the network that fails when nothing comes for too long.
#[derive(Debug)]
pub struct PacedBody {
    inner: hyper::body::Incoming,
    patience: Patience,
}

impl PacedBody {
    /// Wraps a body; `stall` is how long the next part may take (SSP-86: 30 s).
    pub fn new(inner: hyper::body::Incoming, stall: Duration) -> Self {
        Self { inner, patience: Patience::new(stall) }
    }
}

impl Body for PacedBody {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            self.patience.progress();
            return Poll::Ready(frame.map(|frame| frame.map_err(BodyFault::Broken)));
        }
        ready!(self.patience.poll_worn_out(cx));
        Poll::Ready(Some(Err(BodyFault::Stalled)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

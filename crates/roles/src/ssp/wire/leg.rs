//! One leg of a call: a connection with what has come over it and was not used yet, and the deadline of what it waits for.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::time::{Instant, Sleep};

use super::framing::Framing;
use super::head::{HeadFault, HeadLimits, end_of_head};

/// How much is read at a time: one TLS record.
const READ: usize = 16 * 1024;

/// A connection and what came over it.
pub(crate) struct Leg<S> {
    /// The connection.
    pub(crate) stream: S,
    /// What has come and was not used yet.
    pub(crate) raw: BytesMut,
    searched: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Leg<S> {
    /// A leg over which nothing has come yet.
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, raw: BytesMut::new(), searched: 0 }
    }

    /// Reads what there is. `Ready(Ok(0))` when the peer has ended its side.
    ///
    /// # Errors
    /// Those of the connection.
    pub(crate) fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.raw.capacity() - self.raw.len() < READ / 4 {
            self.raw.reserve(READ);
        }
        pin!(self.stream.read_buf(&mut self.raw)).poll(cx)
    }

    /// The bytes of the next head. `Ready(Ok(None))` when the peer ended its side before it.
    ///
    /// # Errors
    /// When the head is too long or ends too early; a broken connection is such an end.
    pub(crate) fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        limits: HeadLimits,
    ) -> Poll<Result<Option<BytesMut>, HeadFault>> {
        loop {
            if let Some(end) = end_of_head(&self.raw, self.searched) {
                self.searched = 0;
                let fits = end <= limits.bytes;
                return Poll::Ready(if fits {
                    Ok(Some(self.raw.split_to(end)))
                } else {
                    Err(HeadFault::TooLong(limits.bytes))
                });
            }
            self.searched = self.raw.len();
            if self.raw.len() > limits.bytes {
                return Poll::Ready(Err(HeadFault::TooLong(limits.bytes)));
            }
            match ready!(self.poll_more(cx)) {
                Ok(0) | Err(_) if self.raw.is_empty() => return Poll::Ready(Ok(None)),
                Ok(0) | Err(_) => return Poll::Ready(Err(HeadFault::Unfinished)),
                Ok(_) => {}
            }
        }
    }
}

/// A body on its way from one leg to the other, with what is sent before it.
pub(crate) struct Pipe {
    /// What goes out next: heads, and the body as it is framed anew.
    pub(crate) out: BytesMut,
    framing: Framing,
    trailers: bool,
    unflushed: bool,
    /// How many bytes of the body were taken so far.
    pub(crate) carried: u64,
    /// Rises with whatever moves.
    pub(crate) moves: u64,
}

/// Why a body does not arrive whole.
#[derive(Debug)]
pub(crate) enum PipeFault {
    /// The side that it comes from went away.
    SourceGone,
    /// It is malformed.
    Malformed(&'static str),
    /// The side that it goes to takes nothing more.
    SinkGone,
}

impl Pipe {
    /// A pipe for a body; trailers pass only where they are wanted.
    pub(crate) fn new(framing: Framing, trailers: bool) -> Self {
        Self { out: BytesMut::new(), framing, trailers, unflushed: false, carried: 0, moves: 0 }
    }

    /// A pipe for a head and the body that follows it.
    pub(crate) fn sending(head: BytesMut, body: Framing) -> Self {
        Self { out: head, ..Self::new(body, false) }
    }

    /// Sets what follows what is under way.
    pub(crate) fn follow_with(&mut self, framing: Framing, trailers: bool) {
        (self.framing, self.trailers) = (framing, trailers);
    }

    /// Whether all of it was taken and sent.
    #[must_use]
    pub(crate) fn is_over(&self) -> bool {
        self.framing.is_over() && self.out.is_empty() && !self.unflushed
    }

    /// Whether it waits for its source, and not for its sink.
    #[must_use]
    pub(crate) fn wants_more(&self) -> bool {
        !self.framing.is_over() && self.out.is_empty()
    }

    /// Sends what is ready.
    ///
    /// # Errors
    /// `SinkGone`.
    pub(crate) fn poll_out<S: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut S,
    ) -> Poll<Result<(), PipeFault>> {
        while !self.out.is_empty() {
            match ready!(Pin::new(&mut *to).poll_write(cx, &self.out)) {
                Ok(0) | Err(_) => return Poll::Ready(Err(PipeFault::SinkGone)),
                Ok(sent) => self.out.advance(sent),
            }
            (self.unflushed, self.moves) = (true, self.moves + 1);
        }
        if self.unflushed {
            ready!(Pin::new(&mut *to).poll_flush(cx)).map_err(|_| PipeFault::SinkGone)?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Moves the body along as far as both sides let it; ready when all of it has been sent.
    ///
    /// # Errors
    /// See [`PipeFault`].
    pub(crate) fn poll<A, B>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut Leg<A>,
        to: &mut B,
    ) -> Poll<Result<(), PipeFault>>
    where
        A: AsyncRead + AsyncWrite + Unpin,
        B: AsyncWrite + Unpin,
    {
        loop {
            if !self.framing.is_over() && !from.raw.is_empty() {
                let carried = self.framing.carry(&mut from.raw, &mut self.out, self.trailers);
                self.carried += carried.map_err(PipeFault::Malformed)?;
            }
            ready!(self.poll_out(cx, to))?;
            if self.framing.is_over() {
                return Poll::Ready(Ok(()));
            }
            match ready!(from.poll_more(cx)) {
                Ok(0) if matches!(self.framing, Framing::UntilEnd) => self.framing.end(&mut self.out),
                Ok(0) | Err(_) => return Poll::Ready(Err(PipeFault::SourceGone)),
                Ok(_) => {}
            }
            self.moves += 1;
        }
    }
}

/// A deadline that is moved with every step of a call. Its timer is only touched when it goes off or has to go off sooner,
/// since most deadlines are moved on long before their time.
pub(crate) struct Watch {
    timer: Pin<Box<Sleep>>,
    deadline: Instant,
}

impl Watch {
    /// A deadline.
    pub(crate) fn new(deadline: Instant) -> Self {
        Self { timer: Box::pin(tokio::time::sleep_until(deadline)), deadline }
    }

    /// Moves it.
    pub(crate) fn set(&mut self, deadline: Instant) {
        self.deadline = deadline;
        if deadline < self.timer.deadline() {
            self.timer.as_mut().reset(deadline);
        }
    }

    /// Ready when it has passed.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.timer.as_mut().poll(cx));
            if self.deadline <= self.timer.deadline() {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(self.deadline);
        }
    }
}

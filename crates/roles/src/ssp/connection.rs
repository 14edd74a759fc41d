//! A Consumer's connection: one call after the other, in the order in which they came, also when they came at once
//! (SSP-37, SSP-68, SSP-74).

use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use futures_util::FutureExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::Ssp;
use super::wire::{Framing, Head, HeadFault, HeadLimits, Leg, Watch};
use crate::edge::listen::{Connection, Limits, Stream};
use crate::edge::peer::Verdict;

/// How much of a refused call's body is read, so that the connection can be used again (section 1.4).
const MOST_DRAINED: usize = 64 * 1024;
/// How many bytes of further calls may wait while one is under way.
const MOST_WAITING: usize = 64 * 1024;
/// How long a peer that was told of the end may take to end its own side.
const LINGER: Duration = Duration::from_secs(1);

/// The Consumer's leg.
pub(super) struct Inbound {
    pub(super) leg: Leg<Stream>,
    /// Something of the answer to the call under way was sent.
    pub(super) answered: bool,
    /// The Consumer ended its side of the session and may still wait for an answer.
    half_closed: bool,
    pub(super) closing: Pin<Box<WaitForCancellationFutureOwned>>,
}

/// What becomes of the connection after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// The next call may come.
    Keep,
    /// It ends in an orderly way.
    Close,
    /// It ends at once, so that half an answer is not taken for a whole one (SSP-85).
    Abort,
}

/// Answers the calls of one connection.
pub(super) async fn serve(ssp: Arc<Ssp>, connection: Connection, limits: Arc<Limits>, shutdown: CancellationToken) {
    let Connection { stream, peer } = connection;
    let welcome = matches!(peer.certificate, Verdict::Good(_));
    let closing = Box::pin(shutdown.clone().cancelled_owned());
    let mut client = Inbound { leg: Leg::new(stream), answered: false, half_closed: false, closing };
    let mut watch = Watch::new(Instant::now() + limits.head);
    loop {
        let Some(read) = client.next_head(&limits, &mut watch).await else { break };
        let keep = welcome && !shutdown.is_cancelled() && !client.half_closed;
        client.answered = false;
        let answering = ssp.answer(read, &mut client, &peer, &mut watch, keep);
        let after = match AssertUnwindSafe(answering).catch_unwind().await {
            Ok(after) => after,
            Err(_) => ssp.after_panic(&mut client, &mut watch).await,
        };
        match after {
            After::Keep => {}
            After::Abort => return,
            After::Close => break,
        }
    }
    client.leave().await;
}

impl Inbound {
    /// The next head, or why there is none that can be read. `None` at the end of the connection.
    async fn next_head(&mut self, limits: &Limits, watch: &mut Watch) -> Option<Result<Head, HeadFault>> {
        let head_limits = HeadLimits { bytes: limits.head_bytes, fields: limits.headers };
        watch.set(Instant::now() + limits.head);
        let mut begun = false;
        let bytes = std::future::poll_fn(|cx| {
            if self.leg.raw.starts_with(b"\r\n") {
                self.leg.raw.advance(2); // RFC 9112, section 2.2: an empty line before a request means nothing
            }
            if let Poll::Ready(read) = self.leg.poll_head(cx, head_limits) {
                return Poll::Ready(read.transpose());
            }
            if begun == self.leg.raw.is_empty() {
                begun = true;
                watch.set(Instant::now() + limits.head);
            }
            if !begun && self.closing.as_mut().poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            watch.poll(cx).map(|()| begun.then_some(Err(HeadFault::Unfinished)))
        })
        .await?;
        Some(bytes.and_then(|bytes| Head::request(&bytes, head_limits)))
    }

    /// Whether the Consumer has gone. What it sends meanwhile waits.
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>) -> bool {
        while !self.half_closed && self.leg.raw.len() < MOST_WAITING {
            match self.leg.poll_more(cx) {
                Poll::Pending => return false,
                Poll::Ready(Ok(0)) => self.half_closed = true,
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(_)) => return true,
            }
        }
        self.half_closed && self.leg.stream.poll_left(cx).is_ready()
    }

    /// Sends bytes before a deadline.
    pub(super) async fn send(&mut self, bytes: &[u8], watch: &mut Watch) -> bool {
        self.answered = true;
        let stream = &mut self.leg.stream;
        let mut sending = pin!(async {
            stream.write_all(bytes).await?;
            stream.flush().await
        });
        std::future::poll_fn(|cx| match sending.as_mut().poll(cx) {
            Poll::Ready(sent) => Poll::Ready(sent.is_ok()),
            Poll::Pending => watch.poll(cx).map(|()| false),
        })
        .await
    }

    /// Reads what is left of a refused call's body, within bounds: whether the next call can be read.
    pub(super) async fn drain(&mut self, mut framing: Framing, watch: &mut Watch) -> bool {
        let (mut left, mut ignored) = (MOST_DRAINED, BytesMut::new());
        std::future::poll_fn(|cx| {
            loop {
                let Ok(carried) = framing.carry(&mut self.leg.raw, &mut ignored, false) else {
                    return Poll::Ready(false);
                };
                ignored.clear();
                left = left.saturating_sub(usize::try_from(carried).unwrap_or(usize::MAX));
                if framing.is_over() || left == 0 {
                    return Poll::Ready(framing.is_over());
                }
                match self.leg.poll_more(cx) {
                    Poll::Ready(Ok(1..)) => {}
                    Poll::Ready(_) => return Poll::Ready(false),
                    Poll::Pending => return watch.poll(cx).map(|()| false),
                }
            }
        })
        .await
    }

    /// Ends the connection so that the last answer arrives: a socket that is closed with bytes unread resets, and the
    /// peer may lose what it had not read yet.
    async fn leave(mut self) {
        let left = async {
            self.leg.stream.shutdown().await?;
            let mut most = MOST_DRAINED;
            while most > 0 {
                self.leg.raw.clear();
                match std::future::poll_fn(|cx| self.leg.poll_more(cx)).await? {
                    0 => break,
                    read => most = most.saturating_sub(read),
                }
            }
            std::io::Result::Ok(())
        };
        let _ = tokio::time::timeout(LINGER, left).await;
    }
}

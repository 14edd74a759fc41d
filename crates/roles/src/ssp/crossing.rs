//! One call between the two legs, carried by one task: the request on its way, the answer on its way back, both at once,
//! within bounds of memory and time (SSP-67, SSP-72, SSP-81, SSP-83 to SSP-86).

use std::task::{Context, Poll};

use tokio::time::Instant;

use super::connection::Inbound;
use super::wire::{Framing, Head, HeadFault, HeadLimits, Leg, Pipe, PipeFault, Watch};
use crate::edge::client::{Bytestream, Timeouts};

/// What is read of an answer's head.
const ANSWER_LIMITS: HeadLimits = HeadLimits { bytes: 64 * 1024, fields: 200 };
/// How many interim answers (1xx) one call may get.
const MOST_INTERIM: usize = 16;

/// A call under way.
pub(super) struct Crossing<'a> {
    pub(super) client: &'a mut Inbound,
    pub(super) server: &'a mut Leg<Box<dyn Bytestream>>,
    pub(super) watch: &'a mut Watch,
    /// The request, its head first.
    pub(super) upload: Pipe,
    /// The answer, its head first.
    pub(super) download: Pipe,
    pub(super) timeouts: &'a Timeouts,
    /// When the call ends, whatever has come until then.
    pub(super) end: Instant,
    /// The request may change something: the Provider may finish it when the Consumer has gone (SSP-84).
    pub(super) changes: bool,
    verb: &'a str,
    upload_ended: Upload,
    consumer_gone: bool,
    interim: usize,
    moves: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Upload {
    UnderWay,
    Over,
    /// The Provider takes no more of it; its answer may still come.
    Refused,
}

/// Why a call did not come to its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// The Consumer went away, or stopped sending or taking.
    ConsumerGone,
    /// The Consumer's body is malformed.
    BodyMalformed(&'static str),
    /// The Provider ended the connection before a byte of its answer.
    ProviderSilent,
    /// The Provider ended the connection within its answer.
    ProviderBroke,
    /// What the Provider says is no HTTP/1.1.
    ProviderMalformed(String),
    /// The Provider took too long.
    TimedOut,
}

impl<'a> Crossing<'a> {
    pub(super) fn new(
        client: &'a mut Inbound,
        server: &'a mut Leg<Box<dyn Bytestream>>,
        watch: &'a mut Watch,
        upload: Pipe,
        verb: &'a str,
        timeouts: &'a Timeouts,
        end: Instant,
    ) -> Self {
        Self {
            client,
            server,
            watch,
            upload,
            download: Pipe::new(Framing::NONE, false),
            timeouts,
            end,
            changes: !matches!(verb, "GET" | "HEAD" | "OPTIONS"),
            verb,
            upload_ended: Upload::UnderWay,
            consumer_gone: false,
            interim: 0,
            moves: u64::MAX,
        }
    }

    /// Sends the request and waits for the head of its answer and what frames the body.
    pub(super) async fn answer(&mut self) -> Result<(Head, Framing), Cut> {
        std::future::poll_fn(|cx| self.poll_answer(cx)).await
    }

    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Result<(Head, Framing), Cut>> {
        if let Some(cut) = self.poll_upload(cx) {
            return Poll::Ready(Err(cut));
        }
        loop {
            if let Poll::Ready(Err(_)) = self.download.poll_out(cx, &mut self.client.leg.stream) {
                return Poll::Ready(Err(Cut::ConsumerGone));
            }
            let Poll::Ready(read) = self.server.poll_head(cx, ANSWER_LIMITS) else { break };
            match self.answer_of(read) {
                Ok(Some(answer)) => return Poll::Ready(Ok(answer)),
                Ok(None) => {}
                Err(cut) => return Poll::Ready(Err(cut)),
            }
        }
        self.poll_too_late(cx).map(Err)
    }

    /// The answer of a head that was read. `Ok(None)` for an interim one, which is passed on (SSP-72).
    fn answer_of(&mut self, read: Result<Option<bytes::BytesMut>, HeadFault>) -> Result<Option<(Head, Framing)>, Cut> {
        let malformed = |fault: &dyn std::fmt::Display| Cut::ProviderMalformed(fault.to_string());
        let bytes = match read {
            Ok(Some(bytes)) => bytes,
            Ok(None) if self.interim == 0 => return Err(Cut::ProviderSilent),
            Ok(None) | Err(HeadFault::Unfinished) => return Err(Cut::ProviderBroke),
            Err(fault) => return Err(malformed(&fault)),
        };
        let head = Head::answer(&bytes, ANSWER_LIMITS).map_err(|fault| malformed(&fault))?;
        match head.status() {
            101 => Err(malformed(&"the Provider switched protocols, which was not asked for")),
            100..=199 => {
                self.interim += 1;
                if self.interim > MOST_INTERIM {
                    return Err(malformed(&"too many interim answers"));
                }
                super::relay::write_interim(&mut self.download.out, &head);
                Ok(None)
            }
            _ => {
                let framing = Framing::of_answer(&head, self.verb).map_err(|fault| malformed(&fault))?;
                Ok(Some((head, framing)))
            }
        }
    }

    /// Passes the rest of the answer on, and of the request while that is taken.
    pub(super) async fn finish(&mut self, carried: &mut u64) -> Result<(), Cut> {
        std::future::poll_fn(|cx| {
            if let Some(cut) = self.poll_upload(cx) {
                return Poll::Ready(Err(cut));
            }
            let polled = self.download.poll(cx, self.server, &mut self.client.leg.stream);
            *carried = self.download.carried;
            match polled {
                Poll::Ready(Ok(())) => Poll::Ready(Ok(())),
                Poll::Ready(Err(PipeFault::SinkGone)) => Poll::Ready(Err(Cut::ConsumerGone)),
                Poll::Ready(Err(PipeFault::SourceGone)) => Poll::Ready(Err(Cut::ProviderBroke)),
                Poll::Ready(Err(PipeFault::Malformed(what))) => {
                    Poll::Ready(Err(Cut::ProviderMalformed(what.to_owned())))
                }
                Poll::Pending => self.poll_too_late(cx).map(|_| {
                    let waits_for_consumer = !self.download.wants_more();
                    Err(if waits_for_consumer { Cut::ConsumerGone } else { Cut::ProviderBroke })
                }),
            }
        })
        .await
    }

    /// Moves the request along. Once it is over, looks whether the Consumer is still there.
    fn poll_upload(&mut self, cx: &mut Context<'_>) -> Option<Cut> {
        if self.upload_ended == Upload::UnderWay {
            match self.upload.poll(cx, &mut self.client.leg, &mut self.server.stream) {
                Poll::Pending => return None,
                Poll::Ready(Ok(())) => self.upload_ended = Upload::Over,
                Poll::Ready(Err(PipeFault::SinkGone)) => self.upload_ended = Upload::Refused,
                Poll::Ready(Err(PipeFault::SourceGone)) => return Some(Cut::ConsumerGone),
                Poll::Ready(Err(PipeFault::Malformed(what))) => return Some(Cut::BodyMalformed(what)),
            }
        }
        if self.upload_ended == Upload::Over && !self.consumer_gone && self.client.poll_gone(cx) {
            self.consumer_gone = true;
            return (!self.changes).then_some(Cut::ConsumerGone);
        }
        None
    }

    /// Ready when nothing has moved for too long.
    fn poll_too_late(&mut self, cx: &mut Context<'_>) -> Poll<Cut> {
        let moves = self.upload.moves + self.download.moves;
        if moves != self.moves {
            self.moves = moves;
            let waits_for_answer = self.upload_ended != Upload::UnderWay && self.download.is_over();
            let patience = if waits_for_answer { self.timeouts.head } else { self.timeouts.stall };
            self.watch.set((Instant::now() + patience).min(self.end));
        }
        let consumers = self.upload_ended == Upload::UnderWay && self.upload.wants_more();
        self.watch.poll(cx).map(|()| if consumers { Cut::ConsumerGone } else { Cut::TimedOut })
    }

    /// Whether the Consumer went away while the Provider was at work.
    pub(super) fn consumer_is_gone(&self) -> bool {
        self.consumer_gone
    }

    /// Whether the whole request was sent, so that both connections can be used again.
    pub(super) fn is_sent(&self) -> bool {
        self.upload_ended == Upload::Over
    }
}

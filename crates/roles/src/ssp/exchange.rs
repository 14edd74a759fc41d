//! The course of one call, from its head to its record (SSP-60 to SSP-74, SSP-84, SSP-100).

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use spine::Reason;
use tokio::time::Instant;

use super::Ssp;
use super::admission::{Admitted, Turned};
use super::connection::{After, Inbound};
use super::cors::Cors;
use super::crossing::{Crossing, Cut};
use super::forward;
use super::record::{Ending, Exchange};
use super::relay::{self, Additions};
use super::throttle::Standing;
use super::upstream;
use super::wire::{Framing, Head, HeadFault, Pipe, Watch};
use crate::edge::negotiate::{Format, refusal_format};
use crate::edge::peer::Peer;
use crate::edge::refusal::Refusal;

/// How long a body may be that a refused call leaves unread on a connection that is kept (section 1.4).
const MOST_DRAINED: u64 = 64 * 1024;

/// What a call needs from its beginning to its end.
struct Call<'a> {
    head: Option<Arc<Head>>,
    client: &'a mut Inbound,
    watch: &'a mut Watch,
    peer: &'a Peer,
    exchange: Exchange,
    standing: Option<Standing>,
    keep: bool,
}

impl Ssp {
    /// Answers one call. `keep` says whether the connection may go on after it.
    pub(super) async fn answer(
        &self,
        read: Result<Head, HeadFault>,
        client: &mut Inbound,
        peer: &Arc<Peer>,
        watch: &mut Watch,
        keep: bool,
    ) -> After {
        watch.set(Instant::now() + self.settings.timeouts.total);
        let (head, fault) = match read {
            Ok(head) => (Some(Arc::new(head)), HeadFault::Unfinished),
            Err(fault) => (None, fault),
        };
        let keep = keep && head.as_ref().is_some_and(|head| !head.lists("connection", "close"));
        let Ok(seat) = self.records.clone().reserve_owned().await else {
            // Without its record no call goes on; the task that writes them has ended, which only shutdown brings about.
            let refusal = Refusal::new(Reason::Overloaded, "").retry_after(1);
            let additions = Additions { settings: &self.settings, standing: None, cors: None, keep: false };
            let answer = self.worded(&refusal, head.as_deref(), "", &additions);
            client.send(&answer, watch).await;
            return After::Close;
        };
        let exchange = Exchange::begin(seat, self.settings.dialect, self.clock.now(), head.clone(), peer.clone());
        let mut call = Call { head: head.clone(), client, watch, peer, exchange, standing: None, keep };
        let admitted = self.admit(head.as_deref().ok_or(fault), peer, &mut call.exchange, &mut call.standing).await;
        call.exchange.checks_took = call.exchange.elapsed().saturating_sub(call.exchange.upstream.directory_took);
        match (admitted, head) {
            (Ok(admitted), Some(head)) => self.carry_on(call, &head, admitted).await,
            (Err(Turned::Preflight), _) => self.answer_preflight(call).await,
            (Err(Turned::Refused(refusal, standing)), _) => {
                call.standing = standing.or(call.standing);
                // After a head that could be read in two ways nothing more is read.
                let broken = refusal.reason == Reason::RequestHeadBroken;
                let left = call.head.as_deref().filter(|_| !broken).and_then(|head| Framing::of_request(head).ok());
                self.refuse(call, &refusal, left.unwrap_or(Framing::UntilEnd)).await
            }
            // Nothing is admitted that could not be read.
            (Ok(_), None) => self.refuse(call, &Refusal::new(Reason::InternalError, ""), Framing::UntilEnd).await,
        }
    }

    /// Sends an admitted call to the Provider, and its answer back. Only a GET is sent again, once, when the connection
    /// that it was sent over had rested and turns out to be closed (SSP-69).
    async fn carry_on(&self, mut call: Call<'_>, head: &Head, admitted: Admitted) -> After {
        let endpoint = admitted.endpoint.clone();
        let timeouts = self.settings.timeouts_of.get(&endpoint.host).unwrap_or(&self.settings.timeouts);
        let has_body = !admitted.framing.is_over();
        let repeatable = head.first() == "GET" && !has_body;
        let mut request = forward::outbound(&admitted, head, &admitted.framing, call.peer.address.ip(), &self.settings);
        let mut framing = admitted.framing;
        let sent = Instant::now();
        let mut rested = self.resting.take(&self.client, &endpoint.authority).await;
        loop {
            let connected = match rested.take() {
                Some(line) => Ok(line),
                None => upstream::connect(&self.client, &endpoint.authority, timeouts).await,
            };
            let mut line = match connected {
                Ok(line) => line,
                Err(fault) => {
                    self.circuits.failed(&endpoint.host);
                    call.exchange.upstream.answer_took = Some(sent.elapsed());
                    let refusal = forward::unreached(fault, &target(&endpoint.host, &admitted.origin_form));
                    return self.refuse(call, &refusal, framing).await;
                }
            };
            let again = (repeatable && line.connecting.is_none()).then(|| request.clone());
            call.exchange.upstream.address = Some(line.address);
            call.exchange.upstream.connecting = line.connecting;
            let upload = Pipe::sending(request, framing);
            let end = sent + timeouts.total;
            let mut crossing =
                Crossing::new(call.client, &mut line.leg, call.watch, upload, head.first(), timeouts, end);
            let answered = crossing.answer().await;
            call.exchange.upstream.bytes_in = has_body.then_some(crossing.upload.carried);
            let took = sent.elapsed();
            call.exchange.upstream.answer_took = Some(took);
            call.exchange.upstream.overhead = call.exchange.elapsed().saturating_sub(took);
            match (answered, again) {
                (Ok((answer, framing)), _) => {
                    self.circuits.answered(&endpoint.host);
                    call.exchange.upstream.status = Some(answer.status());
                    let additions = self.additions(head, call.standing, call.keep);
                    let after = pass_back(&mut call.exchange, head, crossing, &answer, framing, additions).await;
                    let reusable = answer.is_answer_11() && !answer.lists("connection", "close");
                    if after.line_is_clean && reusable && line.leg.raw.is_empty() {
                        self.resting.rest(&endpoint.authority, line);
                    }
                    return after.consumer;
                }
                (Err(Cut::ProviderSilent), Some(again)) => (request, framing) = (again, Framing::NONE),
                (Err(cut), _) => {
                    if !matches!(cut, Cut::ConsumerGone | Cut::BodyMalformed(_)) {
                        self.circuits.failed(&endpoint.host);
                    }
                    let left = if crossing.is_sent() { Framing::NONE } else { Framing::UntilEnd };
                    let refusal = forward::unanswered(&cut, &target(&endpoint.host, &admitted.origin_form));
                    return self.refuse(call, &refusal, left).await;
                }
            }
        }
    }

    /// Answers a refused call, whose record ends here. `left` is what was not read of its body.
    async fn refuse(&self, call: Call<'_>, refusal: &Refusal, left: Framing) -> After {
        let Call { head, client, watch, mut exchange, standing, keep, .. } = call;
        exchange.ending = Some(Ending::Refused(refusal.reason));
        let trace_id = exchange.ssp.as_ref().map(|ssp| ssp.trace_id.to_string());
        let id = trace_id.unwrap_or_else(|| self.ids.uuid().to_string());
        refusal.log("ssp", &id);
        drop(exchange);
        if refusal.reason == Reason::ConsumerWentAway {
            return After::Abort;
        }
        let head = head.as_deref();
        let drained = match left {
            Framing::Length(length) => length <= MOST_DRAINED,
            Framing::Chunks(_) => true,
            Framing::UntilEnd => false,
        };
        // Who waits for 100 and gets this may send the body, or may not.
        let unsure = !left.is_over() && head.is_some_and(|head| head.value("expect").is_some());
        let keep = keep && drained && !unsure;
        let cors = head.and_then(|head| Cors::of(head, &self.settings));
        let additions = Additions { settings: &self.settings, standing, cors, keep };
        let answer = self.worded(refusal, head, &id, &additions);
        watch.set(Instant::now() + self.settings.timeouts.stall);
        if !client.send(&answer, watch).await {
            return After::Abort;
        }
        if keep && client.drain(left, watch).await { After::Keep } else { After::Close }
    }

    /// Answers a browser's question before a call (SSP-97).
    async fn answer_preflight(&self, call: Call<'_>) -> After {
        let Call { head, client, watch, mut exchange, keep, .. } = call;
        exchange.ending = Some(Ending::Preflight);
        drop(exchange);
        let left = head.as_deref().and_then(|head| Framing::of_request(head).ok());
        let keep = keep && left.is_some_and(|left| left.is_over());
        let cors = head.as_deref().and_then(|head| Cors::of(head, &self.settings));
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = StatusCode::NO_CONTENT;
        let additions = Additions { settings: &self.settings, standing: None, cors, keep };
        let sent = client.send(&relay::write_own(&answer, true, &additions), watch).await;
        if sent && keep { After::Keep } else { After::Close }
    }

    fn additions(&self, head: &Head, standing: Option<Standing>, keep: bool) -> Additions<'_> {
        Additions { settings: &self.settings, standing, cors: Cors::of(head, &self.settings), keep }
    }

    /// What a call is told whose task panicked; its record was written when it was dropped (SSP-74).
    pub(super) async fn after_panic(&self, client: &mut Inbound, watch: &mut Watch) -> After {
        if client.answered {
            return After::Abort;
        }
        let additions = Additions { settings: &self.settings, standing: None, cors: None, keep: false };
        let answer = self.worded(&Refusal::new(Reason::InternalError, ""), None, "", &additions);
        client.send(&answer, watch).await;
        After::Close
    }

    /// An OperationOutcome whose id is the trace ID, in the format that the call asks for (section 1.7, ERR-65).
    fn worded(&self, refusal: &Refusal, head: Option<&Head>, id: &str, additions: &Additions<'_>) -> BytesMut {
        let response = self.settings.style.render(refusal, self.settings.dialect, format_of(head), id);
        relay::write_own(&response, head.is_some_and(|head| head.first() == "HEAD"), additions)
    }
}

/// What became of both connections.
struct PassedBack {
    consumer: After,
    line_is_clean: bool,
}

/// Passes an answer back whose head has come.
async fn pass_back(
    exchange: &mut Exchange,
    head: &Head,
    mut crossing: Crossing<'_>,
    answer: &Head,
    framing: Framing,
    mut additions: Additions<'_>,
) -> PassedBack {
    if crossing.consumer_is_gone() {
        return PassedBack { consumer: After::Abort, line_is_clean: false };
    }
    let until_end = matches!(framing, Framing::UntilEnd);
    let trailers = head.lists("te", "trailers");
    // A request that is still under way may not be taken to its end; whatever follows it could not be told from it.
    additions.keep &= crossing.is_sent();
    relay::write_head(&mut crossing.download.out, answer, &framing, trailers, &additions);
    crossing.download.follow_with(framing, trailers);
    crossing.client.answered = true;
    let finished = crossing.finish(&mut exchange.upstream.bytes_out).await;
    if let Some(bytes_in) = &mut exchange.upstream.bytes_in {
        *bytes_in = crossing.upload.carried;
    }
    let consumer = match finished {
        Ok(()) => {
            exchange.ending = Some(Ending::Relayed);
            if additions.keep { After::Keep } else { After::Close }
        }
        Err(Cut::ConsumerGone) => After::Abort,
        Err(Cut::BodyMalformed(_)) => {
            exchange.ending = Some(Ending::Refused(Reason::RequestHeadBroken));
            After::Abort
        }
        Err(_) => {
            exchange.ending = Some(Ending::BrokeOff);
            After::Abort
        }
    };
    PassedBack { consumer, line_is_clean: finished.is_ok() && crossing.is_sent() && !until_end }
}

/// The Provider's URL for the words of a refusal.
fn target(host: &str, origin_form: &str) -> String {
    format!("https://{host}{}", origin_form.split('?').next().unwrap_or_default())
}

/// The format of a refusal: by target, then `Accept`, then `Content-Type`, then JSON (section 1.7).
fn format_of(head: Option<&Head>) -> Format {
    let Some(head) = head else { return Format::Json };
    let query = head.target().split_once('?').map(|(_, query)| query).unwrap_or_default();
    let format = query.split('&').find_map(|parameter| parameter.strip_prefix("_format="));
    let format = format.map(|value| percent_encoding::percent_decode_str(value).decode_utf8_lossy());
    let named = [(ACCEPT, head.value("accept")), (CONTENT_TYPE, head.value("content-type"))];
    let value = |value: &[u8]| HeaderValue::from_bytes(value).ok();
    let headers: HeaderMap = named.into_iter().filter_map(|(name, given)| Some((name, value(given?)?))).collect();
    refusal_format(format.as_deref(), &headers)
}

//! The audit record of one call: begun before the first check, written on every exit, for refused calls with the same
//! detail (SSP-100, SSP-101). Values of a query, NHS numbers, tokens and bodies are never in it.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use spine::reason::FaultOf;
use spine::{Dialect, Reason, SspHeaders};
use store::AuditRecord;
use tokio::sync::mpsc::OwnedPermit;

use super::endpoint::Endpoint;
use super::figures;
use super::kept::Source;
use super::lookups::{Receiver, Sender};
use super::tokens::TokenFacts;
use super::wire::Head;
use crate::edge::audit::without_nhs_numbers;
use crate::edge::peer::Peer;

/// The longest text that is taken over from a request.
const LONGEST: usize = 400;

/// One call on its way through the proxy. When it is dropped, its record is written.
pub(super) struct Exchange {
    seat: Option<OwnedPermit<AuditRecord>>,
    dialect: &'static Dialect,
    at: Timestamp,
    started: Instant,
    peer: Arc<Peer>,
    /// What was asked; `None` when it could not be read.
    head: Option<Arc<Head>>,
    /// How long the checks took, without the directory.
    pub(super) checks_took: Duration,
    pub(super) ssp: Option<Arc<SspHeaders>>,
    pub(super) token: Option<Arc<TokenFacts>>,
    pub(super) sender: Option<Arc<Sender>>,
    pub(super) receiver: Option<Arc<Receiver>>,
    pub(super) endpoint: Option<Arc<Endpoint>>,
    pub(super) directory: Source,
    pub(super) upstream: Upstream,
    pub(super) ending: Option<Ending>,
}

/// What is known about the Provider's leg.
#[derive(Debug, Default)]
pub(super) struct Upstream {
    pub(super) address: Option<SocketAddr>,
    pub(super) status: Option<u16>,
    pub(super) directory_took: Duration,
    pub(super) connecting: Option<Duration>,
    pub(super) answer_took: Option<Duration>,
    /// What the proxy itself took until the head of the answer went back (SSP-103).
    pub(super) overhead: Duration,
    pub(super) bytes_out: u64,
    pub(super) bytes_in: Option<u64>,
}

/// How a call ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ending {
    /// The proxy, or the Provider's silence, refused it.
    Refused(Reason),
    /// The Provider's answer was passed on whole.
    Relayed,
    /// The Provider broke off within its answer (SSP-85).
    BrokeOff,
    /// The proxy answered a browser's question before a call itself (SSP-97).
    Preflight,
}

impl Exchange {
    pub(super) fn begin(
        seat: OwnedPermit<AuditRecord>,
        dialect: &'static Dialect,
        at: Timestamp,
        head: Option<Arc<Head>>,
        peer: Arc<Peer>,
    ) -> Self {
        figures::begun();
        Self {
            seat: Some(seat),
            dialect,
            at,
            started: Instant::now(),
            peer,
            head,
            checks_took: Duration::ZERO,
            ssp: None,
            token: None,
            sender: None,
            receiver: None,
            endpoint: None,
            directory: Source::Kept,
            upstream: Upstream::default(),
            ending: None,
        }
    }

    /// A call that nobody ended was left by the Consumer, or by a panic.
    fn outcome(&self) -> Outcome {
        let ending = match std::thread::panicking() {
            true => Ending::Refused(Reason::InternalError),
            false => self.ending.unwrap_or(Ending::Refused(Reason::ConsumerWentAway)),
        };
        Outcome::of(ending, &self.upstream, self.dialect)
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn record(&self, outcome: &Outcome) -> AuditRecord {
        let requirement = outcome.check.or(self.ssp.as_ref().map(|ssp| ssp.interaction.as_str())).unwrap_or("unknown");
        AuditRecord {
            at: self.at.as_millisecond(),
            trace_id: self.ssp.as_ref().map(|ssp| ssp.trace_id.to_string()).unwrap_or_default(),
            requirement: requirement.to_owned(),
            body: self.body(outcome),
        }
    }

    fn body(&self, outcome: &Outcome) -> Vec<u8> {
        let mut body = Vec::with_capacity(2048);
        if let Err(error) = serde_json::to_writer(&mut body, &self.line(outcome)) {
            tracing::error!(%error, "an audit record of the proxy could not be written down");
        }
        body
    }

    fn line<'a>(&'a self, outcome: &'a Outcome) -> Line<'a> {
        let ssp = self.ssp.as_deref();
        let total = self.started.elapsed();
        let sender = self.sender.as_ref().map(|sender| &sender.system);
        let receiver = self.receiver.as_ref().map(|receiver| &receiver.system);
        let presented = self.peer.certificate.presented();
        let head = self.head.as_deref();
        let named = |name| head.and_then(|head| head.text_value(name)).map(text);
        Line {
            role: "ssp",
            caller: Caller {
                address: self.peer.address,
                tls: self.peer.tls.map(|tls| (tls.version, tls.suite)),
                cn: presented.and_then(|certificate| certificate.common_name.as_deref()),
                issuer: presented.map(|certificate| certificate.issuer.as_str()),
                serial: presented.map(|certificate| certificate.serial.as_str()),
                sha256: presented.map(|certificate| hex::encode(certificate.sha256)),
                asid: ssp.map(|ssp| ssp.from.as_str()),
                ods: sender.map(|system| &*system.ods),
                party_key: sender.map(|system| system.party_key.as_str()),
                product_key: sender.and_then(|system| system.product_key.as_deref()),
            },
            target: Called {
                asid: ssp.map(|ssp| ssp.to.as_str()),
                ods: receiver.map(|system| &*system.ods),
                party_key: receiver.map(|system| system.party_key.as_str()),
                cpa_id: self.endpoint.as_ref().map(|endpoint| endpoint.cpa_id.as_str()),
                endpoint: self.endpoint.as_ref().map(|endpoint| endpoint.root.as_str()),
                url: head.map(|head| masked(head.target())).unwrap_or_default(),
                address: self.upstream.address,
            },
            interaction: ssp.map(|ssp| ssp.interaction.as_str()),
            method: head.map(|head| shortened(head.first(), 20)).unwrap_or_default(),
            request_id: named("x-request-id"),
            correlation_id: named("x-correlation-id"),
            content_type: named("content-type"),
            bytes_in: self.upstream.bytes_in,
            bytes_out: self.upstream.bytes_out,
            token: self.token.as_ref().map(|token| &token.record),
            decision: outcome.decision,
            check: outcome.check,
            refusal: outcome.refusal,
            fault: outcome.fault,
            status: outcome.status,
            provider_status: outcome.provider_status,
            directory: match self.directory {
                Source::Kept => "kept",
                Source::Asked => "asked",
                Source::Stale => "stale",
            },
            ms: Times {
                tls: self.peer.tls.map(|tls| milliseconds(tls.took)),
                checks: milliseconds(self.checks_took),
                directory: milliseconds(self.upstream.directory_took),
                connect: self.upstream.connecting.map(milliseconds),
                answer: self.upstream.answer_took.map(milliseconds),
                overhead: milliseconds(self.upstream.overhead),
                total: milliseconds(total),
            },
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let outcome = self.outcome();
        figures::count(self, &outcome);
        if let Some(seat) = self.seat.take() {
            seat.send(self.record(&outcome));
        }
    }
}

/// What became of a call, in the record's words.
pub(super) struct Outcome {
    pub(super) decision: &'static str,
    pub(super) check: Option<&'static str>,
    refusal: Option<&'static str>,
    fault: Option<&'static str>,
    pub(super) status: Option<u16>,
    provider_status: Option<u16>,
}

impl Outcome {
    fn of(ending: Ending, upstream: &Upstream, dialect: &Dialect) -> Self {
        let (decision, reason) = match ending {
            Ending::Relayed => ("relayed", None),
            Ending::BrokeOff => ("broke off", Some(Reason::ProviderBrokeOff)),
            Ending::Preflight => ("answered", None),
            Ending::Refused(Reason::ConsumerWentAway) => ("abandoned", Some(Reason::ConsumerWentAway)),
            Ending::Refused(reason) => ("refused", Some(reason)),
        };
        let refused = reason.map(|reason| reason.refused(dialect));
        let fault = match (&refused, upstream.status) {
            (Some(refused), _) => Some(match refused.fault_of {
                FaultOf::Consumer => "consumer",
                FaultOf::Provider => "provider",
                FaultOf::Directory => "directory",
                FaultOf::Ourselves => "proxy",
            }),
            (None, Some(500..)) => Some("provider"),
            (None, Some(400..)) => Some("consumer"),
            (None, _) => None,
        };
        let provider_status = match reason {
            Some(Reason::ProviderClosed) => Some(444), // SSP-83: what is listed for a Provider that says nothing
            _ => upstream.status,
        };
        Self {
            decision,
            check: refused.as_ref().map(|refused| refused.requirement),
            refusal: reason.map(Reason::name),
            fault,
            status: match ending {
                Ending::Preflight => Some(204),
                _ => refused.as_ref().map(|refused| refused.status).or(upstream.status),
            },
            provider_status,
        }
    }
}

/// The record's body; what is not known is left out.
#[derive(Serialize)]
struct Line<'a> {
    role: &'static str,
    decision: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_status: Option<u16>,
    method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    interaction: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_in: Option<u64>,
    bytes_out: u64,
    caller: Caller<'a>,
    target: Called<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a Value>,
    directory: &'static str,
    ms: Times,
}

#[derive(Serialize)]
struct Caller<'a> {
    address: SocketAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<(&'static str, &'static str)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ods: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    party_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_key: Option<&'a str>,
}

#[derive(Serialize)]
struct Called<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    asid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ods: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    party_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpa_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<&'a str>,
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<SocketAddr>,
}

/// Milliseconds with three decimals.
#[derive(Serialize)]
struct Times {
    /// The handshake of the connection, which may have carried calls before.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<f64>,
    checks: f64,
    directory: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    connect: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<f64>,
    overhead: f64,
    total: f64,
}

fn milliseconds(time: Duration) -> f64 {
    f64::from(u32::try_from(time.as_micros()).unwrap_or(u32::MAX)) / 1000.0
}

/// The target with the values of its query and every NHS number masked: `/https://p.test/Slot?start=…&start=…`.
fn masked(target: &str) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut masked = String::with_capacity(160);
    masked.push_str(shortened(&without_nhs_numbers(path), LONGEST));
    for (number, parameter) in query.split('&').filter(|text| !text.is_empty()).enumerate() {
        if masked.len() > 2 * LONGEST {
            break;
        }
        masked.push(if number == 0 { '?' } else { '&' });
        let name = parameter.split('=').next().unwrap_or_default();
        masked.push_str(shortened(&without_nhs_numbers(name), 60));
        masked.push_str("=…");
    }
    masked
}

/// The beginning of a text, at most so many bytes. What holds an NHS number is masked first, so that none is cut in two.
fn shortened(text: &str, most: usize) -> &str {
    text.get(..most).unwrap_or(if text.len() > most { "…" } else { text })
}

fn text(value: &str) -> Cow<'_, str> {
    match without_nhs_numbers(value) {
        Cow::Borrowed(text) => Cow::Borrowed(shortened(text, 100)),
        Cow::Owned(text) => Cow::Owned(shortened(&text, 100).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: SSP-100
    #[test]
    fn a_target_is_recorded_without_the_values_of_its_query() {
        let table = [
            ("/https://p.test/Slot?start=ge2026&start=le2027", "/https://p.test/Slot?start=…&start=…"),
            (
                "/https://p.test/Appointment/9476719931?9476719931",
                "/https://p.test/Appointment/**********?**********=…",
            ),
            ("/https://p.test/metadata", "/https://p.test/metadata"),
        ];
        for (target, expected) in table {
            assert_eq!(masked(target), expected);
        }
    }

    // covers: SSP-100, SSP-70, SSP-83, SSP-84
    #[test]
    fn the_outcome_says_whose_fault_it_was() {
        let table = [
            (Ending::Relayed, Some(200), ("relayed", None, Some(200))),
            (Ending::Relayed, Some(422), ("relayed", Some("consumer"), Some(422))),
            (Ending::Relayed, Some(503), ("relayed", Some("provider"), Some(503))),
            (Ending::Refused(Reason::EndpointVaries), None, ("refused", Some("consumer"), Some(400))),
            (Ending::Refused(Reason::ProviderTimedOut), None, ("refused", Some("provider"), Some(504))),
            (Ending::Refused(Reason::DirectoryUnavailable), None, ("refused", Some("directory"), Some(503))),
            (Ending::Refused(Reason::InternalError), None, ("refused", Some("proxy"), Some(500))),
            (Ending::Refused(Reason::ConsumerWentAway), Some(200), ("abandoned", Some("consumer"), Some(499))),
            (Ending::BrokeOff, Some(200), ("broke off", Some("provider"), Some(502))),
        ];
        for (ending, status, expected) in table {
            let upstream = Upstream { status, ..Upstream::default() };
            let outcome = Outcome::of(ending, &upstream, &spine::dialect::DIALECT_1_0_4);
            assert_eq!((outcome.decision, outcome.fault, outcome.status), expected, "{ending:?}");
        }
        let closed =
            Outcome::of(Ending::Refused(Reason::ProviderClosed), &Upstream::default(), &spine::dialect::DIALECT_1_0_4);
        assert_eq!((closed.status, closed.provider_status), (Some(502), Some(444)));
    }
}

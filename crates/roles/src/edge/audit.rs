//! One audit record per exchange, refused ones with the same detail: who asked, for what, what became of it, whose fault it was
//! (AUD-01 to AUD-04, AUD-06 to AUD-09, SSP-100, SSP-120). No NHS number, no token and no body is ever in it.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;

use http::HeaderMap;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use spine::SspHeaders;
use store::AuditRecord;

use super::peer::{Certificate, Peer};

/// What the records of a token's calls keep of it, rendered once for all of them.
#[derive(Debug, Clone, Default)]
pub struct TokenRecord(Option<Arc<RawValue>>);

impl From<Value> for TokenRecord {
    fn from(told: Value) -> Self {
        // A value of ours is always JSON.
        Self(to_raw_value(&told).ok().map(Arc::from))
    }
}

impl TokenRecord {
    /// What is kept, as JSON; `null` where no token came.
    #[must_use]
    pub fn as_json(&self) -> &str {
        self.0.as_ref().map_or("null", |kept| kept.get())
    }
}

/// What is known about one exchange; it is filled in as the checks go on, and becomes the record at the end.
#[derive(Debug, Clone)]
pub struct Trail {
    /// The role that answers.
    pub role: &'static str,
    /// When the request's head was read.
    pub at: Timestamp,
    /// Our own id of the exchange, sent as X-Request-ID (XTI-02).
    pub own_id: String,
    /// The HTTP method.
    pub method: String,
    /// The path, without the query (which may hold NHS numbers).
    pub path: String,
    /// The other end of the connection, when the listener told.
    pub peer: Option<Arc<Peer>>,
    /// What RFC 7239 or its predecessors say about the way the request came (HTTP-27).
    pub forwarded: Option<String>,
    /// The four Ssp headers, once they were read.
    pub ssp: Option<SspHeaders>,
    /// The name of the dialect of the base that was called.
    pub dialect: Option<&'static str>,
    /// What the token says, as the record keeps it.
    pub token: TokenRecord,
    /// The caller's X-Request-ID (AUD-06).
    pub request_id: Option<String>,
    /// The interaction that was asked for, once verb and path were understood.
    pub interaction: Option<&'static str>,
}

/// How an exchange ended.
#[derive(Debug, Clone, Copy)]
pub struct Ending<'a> {
    /// The HTTP status that was sent.
    pub status: u16,
    /// Why it was refused; `None` when it was carried out.
    pub reason: Option<&'a str>,
    /// The requirement that the refusal enforced.
    pub requirement: Option<&'a str>,
    /// What was read or changed, for example `Appointment/3f9c/_history/2` (AUD-04: identity of data).
    pub identity: Option<&'a str>,
    /// When the answer was ready.
    pub at: Timestamp,
}

impl Ending<'_> {
    /// A change that was carried out.
    #[must_use]
    pub fn carried_out(at: Timestamp) -> Self {
        Self::of(http::StatusCode::OK, at)
    }

    /// An exchange that was carried out, with this status.
    #[must_use]
    pub fn of(status: http::StatusCode, at: Timestamp) -> Self {
        Self { status: status.as_u16(), reason: None, requirement: None, identity: None, at }
    }
}

impl Trail {
    /// A trail at its beginning.
    #[must_use]
    pub fn begin(
        role: &'static str,
        at: Timestamp,
        own_id: String,
        method: &str,
        path: &str,
        headers: &HeaderMap,
    ) -> Self {
        Self {
            role,
            at,
            own_id,
            method: method.to_owned(),
            path: without_nhs_numbers(&shortened(path, 300)).into_owned(),
            peer: None,
            forwarded: forwarded(headers),
            ssp: None,
            dialect: None,
            token: TokenRecord::default(),
            request_id: None,
            interaction: None,
        }
    }

    /// The record of this exchange.
    #[must_use]
    pub fn record(&self, ending: Ending<'_>) -> AuditRecord {
        metrics::counter!("careslot_requests_total", "role" => self.role,
            "interaction" => self.interaction.unwrap_or_default(), "status" => ending.status.to_string(),
            "reason" => ending.reason.unwrap_or_default().to_owned())
        .increment(1);
        let interaction = self.interaction.unwrap_or("unknown");
        let ssp = self.ssp.as_ref();
        let trace_id = ssp.map(|ssp| ssp.trace_id.to_string()).unwrap_or_default();
        let body = Body {
            role: self.role,
            exchange: &self.own_id,
            request_id: self.request_id.as_deref(),
            dialect: self.dialect,
            method: &self.method,
            path: &self.path,
            interaction,
            connection: self.peer.as_deref().map(|peer| Connection::of(peer, self.forwarded.as_deref())),
            ssp: ssp.map(|ssp| Ssp {
                trace_id: &trace_id,
                from: ssp.from.as_str(),
                to: ssp.to.as_str(),
                interaction: ssp.interaction.as_str(),
            }),
            token: self.token.0.as_deref(),
            identity: ending.identity,
            status: ending.status,
            refusal: ending.reason,
            fault: fault(ending),
            ms: (ending.at.as_millisecond() - self.at.as_millisecond()).max(0),
        };
        let body = body.written();
        let requirement = ending.requirement.unwrap_or(interaction).to_owned();
        AuditRecord { at: self.at.as_millisecond(), trace_id, requirement, body }
    }
}

/// Who is at the other end of a connection, and how the request came there.
pub(crate) fn connection(peer: &Peer, forwarded: Option<&str>) -> Value {
    serde_json::to_value(Connection::of(peer, forwarded)).unwrap_or_default()
}

/// A record's body, in the order in which it is written.
#[derive(Serialize)]
struct Body<'a> {
    role: &'a str,
    exchange: &'a str,
    request_id: Option<&'a str>,
    dialect: Option<&'a str>,
    method: &'a str,
    path: &'a str,
    interaction: &'a str,
    connection: Option<Connection<'a>>,
    ssp: Option<Ssp<'a>>,
    token: Option<&'a RawValue>,
    identity: Option<&'a str>,
    status: u16,
    refusal: Option<&'a str>,
    fault: Option<&'a str>,
    ms: i64,
}

#[derive(Serialize)]
struct Connection<'a> {
    address: SocketAddr,
    tls: Option<String>,
    certificate: Option<Presented<'a>>,
    forwarded: Option<&'a str>,
}

#[derive(Serialize)]
struct Presented<'a> {
    cn: Option<&'a str>,
    issuer: &'a str,
    serial: &'a str,
    sha256: String,
}

#[derive(Serialize)]
struct Ssp<'a> {
    trace_id: &'a str,
    from: &'a str,
    to: &'a str,
    interaction: &'a str,
}

impl Body<'_> {
    /// A record has about a kilobyte, which is asked for at once.
    fn written(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1280);
        // Texts and numbers are always JSON, and a vector takes every byte.
        let _ = serde_json::to_writer(&mut bytes, self);
        bytes
    }
}

impl<'a> Connection<'a> {
    fn of(peer: &'a Peer, forwarded: Option<&'a str>) -> Self {
        Self {
            address: peer.address,
            tls: peer.tls.map(|tls| format!("{} {}", tls.version, tls.suite)),
            certificate: peer.certificate.presented().map(Presented::of),
            forwarded,
        }
    }
}

impl<'a> Presented<'a> {
    fn of(certificate: &'a Certificate) -> Self {
        Self {
            cn: certificate.common_name.as_deref(),
            issuer: &certificate.issuer,
            serial: &certificate.serial,
            sha256: hex::encode(certificate.sha256),
        }
    }
}

/// Whose fault a refusal was: the Consumer's system (OO-07) or our own.
fn fault(ending: Ending<'_>) -> Option<&'static str> {
    ending.reason.map(|_| if ending.status < 500 || ending.status == 501 { "consumer" } else { "provider" })
}

fn forwarded(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("forwarded").or_else(|| headers.get("x-forwarded-for"))?;
    value.to_str().ok().map(|text| shortened(text, 300))
}

fn shortened(text: &str, most: usize) -> String {
    text.chars().filter(|each| !each.is_control()).take(most).collect()
}

/// The text with every run of exactly ten digits masked: an NHS number that came in the wrong place stays out of the record.
#[must_use]
pub fn without_nhs_numbers(text: &str) -> Cow<'_, str> {
    let is_nhs_number = |run: &&[u8]| run.len() == 10 && run.iter().all(u8::is_ascii_digit);
    let runs = || text.as_bytes().chunk_by(|one, next| one.is_ascii_digit() == next.is_ascii_digit());
    if !runs().any(|run| is_nhs_number(&run)) {
        return Cow::Borrowed(text);
    }
    let masked: Vec<&[u8]> = runs().map(|run| if is_nhs_number(&run) { b"**********" } else { run }).collect();
    Cow::Owned(String::from_utf8_lossy(&masked.concat()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use serde_json::json;

    fn trail() -> Trail {
        let mut headers = HeaderMap::new();
        headers.insert("forwarded", HeaderValue::from_static("for=192.0.2.1"));
        let at = "2026-11-23T09:00:00.250Z".parse().unwrap();
        Trail::begin("provider", at, "own-1".to_owned(), "GET", "/STU3/1/demo/Appointment/9476719931", &headers)
    }

    // covers: AUD-04, AUD-09
    #[test]
    fn a_record_tells_what_happened_and_no_nhs_number() {
        let ending = Ending {
            status: 404,
            reason: Some("NoSuchAppointment"),
            requirement: Some("READ-03"),
            identity: None,
            at: "2026-11-23T09:00:00.262Z".parse().unwrap(),
        };
        let record = trail().record(ending);
        assert_eq!((record.at, record.requirement.as_str()), (1_795_424_400_250, "READ-03"));
        let body: Value = serde_json::from_slice(&record.body).unwrap();
        assert_eq!(body["path"], "/STU3/1/demo/Appointment/**********");
        assert_eq!((&body["fault"], &body["status"], &body["ms"]), (&json!("consumer"), &json!(404), &json!(12)));
        assert_eq!(body["connection"], Value::Null);
    }

    // covers: OO-07, AUD-07
    #[test]
    fn a_refusal_is_somebodys_fault_and_a_success_nobodys() {
        let at = Timestamp::UNIX_EPOCH;
        let ending = |status, reason| Ending { status, reason, requirement: None, identity: None, at };
        assert_eq!(fault(ending(200, None)), None);
        assert_eq!(fault(ending(422, Some("SlotNotFree"))), Some("consumer"));
        assert_eq!(fault(ending(500, Some("InternalFault"))), Some("provider"));
    }

    // covers: AUD-09
    #[test]
    fn only_ten_digits_in_a_row_are_masked() {
        let table = [
            ("9476719931", "**********"),
            ("a=9476719931&b=1", "a=**********&b=1"),
            ("918999198999", "918999198999"),
            ("123456789", "123456789"),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(without_nhs_numbers(text), expected);
        }
    }
}

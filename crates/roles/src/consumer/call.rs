//! One call to a Provider through the SSP, or to the Registry directly: the address joined by concatenation, the four Ssp
//! headers, a token, and at most three more attempts on what may pass by itself
//! (VIA-01…08, SSP-01…06, SSP-20…24, SSP-130…134, XTI-01, CON-20, PROC-08).

use std::time::Duration;

use bytes::Bytes;
use fhir::Node;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_MATCH, LOCATION};
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use spine::{Operation, SspHeaders, TraceId};

use super::Consumer;
use super::fault::{Fault, Party, Refused};
use super::find_endpoint::Endpoint;
use super::wire::{Step, Unsent, WireMessage, shown, whole};
use crate::edge::client::{Authority, Upload};
// A query's name or value leaves with everything but unreserved characters encoded (VIA-06, SSP-06).
pub(super) use crate::edge::query::encoded;

/// Whom a call goes to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target<'a> {
    /// A Provider, through the SSP.
    Provider(&'a Endpoint),
    /// The Registry at this root, directly (X-33, REG-15).
    Registry(&'a str),
}

impl Target<'_> {
    pub(super) fn party(self) -> Party {
        match self {
            Self::Provider(_) => Party::Provider,
            Self::Registry(_) => Party::Registry,
        }
    }

    pub(super) fn root(&self) -> &str {
        match self {
            Self::Provider(endpoint) => &endpoint.root,
            Self::Registry(root) => root,
        }
    }
}

/// What is asked.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) operation: Operation,
    /// Below the service root, without a slash in front, percent-encoded: `Slot?status=free`.
    pub(super) below: String,
    pub(super) body: Option<Bytes>,
    /// The same on every attempt (XTI-01).
    pub(super) request_id: Option<String>,
    pub(super) if_match: Option<String>,
}

impl Ask {
    /// A question without a body.
    pub(super) fn read(operation: Operation, below: impl Into<String>) -> Self {
        Self { operation, below: below.into(), body: None, request_id: None, if_match: None }
    }

    fn text(&self) -> Option<String> {
        self.body.as_ref().map(|body| String::from_utf8_lossy(body).into_owned())
    }
}

/// A request before it is sent.
struct Prepared {
    authority: Authority,
    request: Request<Upload>,
    url: String,
    trace_id: TraceId,
}

impl Prepared {
    fn unsent(&self, target: Target<'_>, ask: &Ask) -> Unsent {
        Unsent {
            party: target.party(),
            method: self.request.method().to_string(),
            url: self.url.clone(),
            headers: whole(self.request.headers()),
            body: ask.text(),
        }
    }
}

/// An answer that is no refusal.
#[derive(Debug, Clone)]
pub struct Received {
    /// The HTTP status, 2xx.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Bytes,
    /// The trace ID under which the call went.
    pub trace_id: TraceId,
    /// How many attempts it took.
    pub attempts: u32,
    /// Who answered.
    pub party: Party,
}

impl Received {
    /// The body as a resource, read leniently: what is wrong inside is the other party's fault and does not stop the reader.
    ///
    /// # Errors
    /// [`Fault::Unusable`] when the body is no FHIR resource at all, or another one than expected.
    pub fn resource(&self, expected: &str) -> Result<Node, Fault> {
        let unusable = |what: String| Fault::Unusable { party: self.party, what };
        let resource = self.read().map_err(|fault| unusable(fault.to_string()))?.resource;
        if resource.type_name() == expected {
            Ok(resource)
        } else {
            Err(unusable(format!("a {} was expected and a {} came", expected, resource.type_name())))
        }
    }

    /// What is wrong with the body's form, as far as it could be read all the same: faults of whoever answered (OO-08). Shapes and
    /// places alone, never an element's content.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        const MOST: usize = 10;
        match self.read() {
            Ok(parsed) => parsed.issues.iter().take(MOST).map(ToString::to_string).collect(),
            Err(_) if self.body.is_empty() => Vec::new(),
            Err(fault) => vec![fault.to_string()],
        }
    }

    fn read(&self) -> Result<fhir::Parsed, fhir::SyntaxError> {
        let limits = fhir::Limits::GENEROUS;
        let is_xml = self.header(&CONTENT_TYPE).is_some_and(|kind| kind.contains("xml"));
        if is_xml { fhir::xml::read(&self.body, &limits) } else { fhir::json::read(&self.body, &limits) }
    }

    /// A header's text.
    #[must_use]
    pub fn header(&self, name: &http::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// `Location`, an absolute URL at the Provider (HTTP-29).
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.header(&LOCATION)
    }
}

impl Consumer {
    /// Asks, and asks again where that may help. Each attempt has a new trace ID and a new token, all have the same
    /// `X-Request-ID` (SSP-132).
    pub(super) async fn call(&self, target: Target<'_>, ask: &Ask) -> Result<Received, Fault> {
        let may_repeat = ask.body.is_none() || ask.request_id.is_some();
        let mut attempt: u32 = 0;
        loop {
            let answered = self.attempt(target, ask, attempt + 1).await;
            let wait = match &answered {
                Err(fault) if may_repeat => self.wait_after(fault, attempt),
                _ => None,
            };
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return answered,
            }
            self.forget_token(target.root());
            attempt += 1;
        }
    }

    /// How long to wait before the next attempt; `None` when there is to be none (SSP-131, PROC-08). Up to a quarter longer than
    /// asked, so that Consumers that were refused together do not come back together.
    fn wait_after(&self, fault: &Fault, attempt: u32) -> Option<Duration> {
        let wait = *self.settings.back_off.get(attempt as usize)?;
        let jitter = f64::from(self.ids.uuid().as_bytes()[15]) / 255.0;
        self.asked_wait(fault, wait).map(|asked| asked + wait.mul_f64(jitter / 4.0))
    }

    fn asked_wait(&self, fault: &Fault, wait: Duration) -> Option<Duration> {
        match fault {
            Fault::Unreachable { party, .. } if *party != Party::Directory => Some(wait),
            Fault::Refused(refused) if is_transient(refused.status) => {
                let asked_for = refused.retry_after.map_or(wait, Duration::from_secs);
                (asked_for <= self.settings.patience).then_some(asked_for.max(wait))
            }
            _ => None,
        }
    }

    /// A request as it would be sent now, with a token and a trace ID of its own.
    async fn prepared(&self, target: Target<'_>, ask: &Ask) -> Result<Prepared, Fault> {
        let token = self.token_for(target, ask.operation).await?;
        let trace_id = TraceId::from(self.ids.uuid());
        let url = format!("{}/{}", target.root(), ask.below);
        let (authority, path) = match target {
            Target::Provider(_) => self.through_the_ssp(&url)?,
            Target::Registry(_) => split(&url)?,
        };
        let mut request = Request::new(ask.body.clone().map_or(Upload::Empty, Upload::Whole));
        *request.method_mut() = method(ask.operation);
        *request.uri_mut() = path.parse::<Uri>().map_err(|fault| unsendable(&url, &fault.to_string()))?;
        *request.headers_mut() = self.headers(target, ask, &token, trace_id)?;
        let url = format!("{}{path}", shown_authority(&authority));
        Ok(Prepared { authority, request, url, trace_id })
    }

    /// A request of this Consumer's, written down and not sent: to a Provider's endpoint, or to the Registry where there is none.
    /// What stands in double braces in `below` and `body` is left for somebody else to fill in.
    ///
    /// # Errors
    /// See [`Fault`]: it has a token in it, which must be had.
    pub async fn written(
        &self,
        endpoint: Option<&Endpoint>,
        operation: Operation,
        below: &str,
        body: Option<String>,
        if_match: Option<&str>,
    ) -> Result<Unsent, Fault> {
        let target = match endpoint {
            Some(endpoint) => Target::Provider(endpoint),
            None => Target::Registry(self.registry()?),
        };
        let ask = Ask {
            operation,
            below: below.to_owned(),
            request_id: body.as_ref().map(|_| self.ids.uuid().to_string()),
            body: body.map(Bytes::from),
            if_match: if_match.map(str::to_owned),
        };
        Ok(self.prepared(target, &ask).await?.unsent(target, &ask))
    }

    async fn attempt(&self, target: Target<'_>, ask: &Ask, attempts: u32) -> Result<Received, Fault> {
        let prepared = self.prepared(target, ask).await?;
        self.show(Step::Call(ask.operation), || prepared.unsent(target, ask))?;
        let Prepared { authority, request, url, trace_id } = prepared;
        let headers = request.headers().clone();
        self.is_accounted_for()?;
        let began = self.clock.now();
        let answered = self.sent(&authority, request).await;
        let mut seen = self.seen(began, attempts, || WireMessage {
            party: target.party(),
            method: method(ask.operation).to_string(),
            url,
            headers: shown(&headers),
            body: ask.text(),
            outcome: answered.as_ref().map(|(head, _)| head.status.as_u16()).map_err(Clone::clone),
            answer_headers: answered.as_ref().map(|(head, _)| shown(&head.headers)).unwrap_or_default(),
            answer: answered.as_ref().ok().map(|(_, body)| String::from_utf8_lossy(body).into_owned()),
        });
        let reached = match target {
            Target::Provider(_) => Party::Proxy,
            Target::Registry(_) => Party::Registry,
        };
        let received = match answered {
            Ok((head, body)) => received(target.party(), head, body, trace_id, attempts),
            Err(why) => Err(Fault::Unreachable { party: reached, why }),
        };
        if let (Some(seen), Ok(received)) = (&mut seen, &received) {
            seen.faults = received.faults();
        }
        self.noted(seen, received.as_ref().err()).await;
        received
    }

    /// Sends a request and waits for the whole answer, or for the reason why there is none.
    pub(super) async fn sent(&self, to: &Authority, request: Request<Upload>) -> Result<(Parts, Bytes), String> {
        let answered =
            self.client.send(to, request, &self.settings.timeouts).await.map_err(|fault| fault.to_string())?;
        let (head, body) = answered.response.into_parts();
        let body = body.read_to_end(self.settings.answer_limit).await.map_err(|fault| fault.to_string())?;
        Ok((head, body))
    }

    /// SSP address and Provider URL, joined by one slash and not otherwise touched (VIA-01, SSP-01, SSP-02, SSP-04).
    fn through_the_ssp(&self, url: &str) -> Result<(Authority, String), Fault> {
        let (authority, path) = split(&self.settings.ssp)?;
        Ok((authority, format!("{}/{url}", path.trim_end_matches('/'))))
    }

    fn headers(&self, target: Target<'_>, ask: &Ask, token: &str, trace_id: TraceId) -> Result<HeaderMap, Fault> {
        let mut headers = HeaderMap::new();
        if let (Target::Provider(endpoint), Some(interaction)) = (target, ask.operation.interaction()) {
            let ssp = SspHeaders {
                trace_id,
                from: self.settings.asid.clone(),
                to: endpoint.asid.clone(),
                interaction: interaction.clone(),
            };
            for (name, value) in ssp.write() {
                put(&mut headers, name, &value)?;
            }
        }
        put(&mut headers, AUTHORIZATION.as_str(), &format!("Bearer {token}"))?;
        put(&mut headers, ACCEPT.as_str(), "application/fhir+json")?;
        if ask.body.is_some() {
            put(&mut headers, CONTENT_TYPE.as_str(), "application/fhir+json;charset=utf-8")?;
        }
        if let Some(request_id) = &ask.request_id {
            put(&mut headers, "X-Request-ID", request_id)?;
        }
        if let Some(version) = &ask.if_match {
            put(&mut headers, IF_MATCH.as_str(), version)?;
        }
        Ok(headers)
    }
}

/// An answer, told apart by its status.
fn received(party: Party, head: Parts, body: Bytes, trace_id: TraceId, attempts: u32) -> Result<Received, Fault> {
    if head.status.is_success() || head.status == StatusCode::NOT_MODIFIED {
        let status = head.status.as_u16();
        return Ok(Received { status, headers: head.headers, body, trace_id, attempts, party });
    }
    let refused = Refused::read(party, head.status, &head.headers, &body, &trace_id.to_string());
    Err(Fault::Refused(Box::new(refused)))
}

/// SSP-132: what may pass by itself, 500 among it (PROC-08).
fn is_transient(status: u16) -> bool {
    matches!(status, 429 | 500 | 502 | 503 | 504 | 599)
}

fn method(operation: Operation) -> Method {
    match operation.row().verb {
        "POST" => Method::POST,
        "PUT" => Method::PUT,
        _ => Method::GET,
    }
}

/// An absolute URL as the server's authority and the raw rest; never through a URL parser, which would resolve dots and
/// drop `:443` (SSP-04).
pub(super) fn split(url: &str) -> Result<(Authority, String), Fault> {
    let (authority, rest) =
        Authority::of_url(url).ok_or_else(|| unsendable(url, "an absolute http or https URL was expected"))?;
    let path = if rest.is_empty() { "/".to_owned() } else { rest.to_owned() };
    Ok((authority, path))
}

fn shown_authority(authority: &Authority) -> String {
    format!("{}://{authority}", if authority.secure { "https" } else { "http" })
}

fn unsendable(url: &str, why: &str) -> Fault {
    Fault::Unsendable(format!("{url} cannot be called: {why}"))
}

fn put(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Fault> {
    let wrong = || Fault::Unsendable(format!("{name} holds characters that cannot be sent"));
    let name: http::HeaderName = name.parse().map_err(|_| wrong())?;
    headers.insert(name, HeaderValue::from_str(value).map_err(|_| wrong())?);
    Ok(())
}

/// What stands below a service root in an absolute URL that the party gave; `None` for a URL elsewhere (SSP-134).
pub(super) fn below_root<'u>(root: &str, url: &'u str) -> Option<&'u str> {
    url.strip_prefix(root)?.strip_prefix('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: OO-08
    #[test]
    fn an_answer_with_faults_of_form_is_read_and_they_are_told_without_its_content() {
        let received = |body: &'static str| Received {
            status: 200,
            headers: HeaderMap::new(),
            body: Bytes::from_static(body.as_bytes()),
            trace_id: TraceId::from(uuid::Uuid::nil()),
            attempts: 1,
            party: Party::Provider,
        };
        let wrong =
            received(r#"{"resourceType":"Appointment","id":"1","status":"booked","secret":"x","description":["y"]}"#);
        assert_eq!(wrong.resource("Appointment").expect("read all the same").text_of("status"), Some("booked"));
        let faults = wrong.faults();
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults.iter().any(|fault| fault.contains("Appointment.description")), "{faults:?}");
        assert!(received(r#"{"resourceType":"Appointment","id":"1","status":"booked"}"#).faults().is_empty());
    }

    // covers: VIA-06, SSP-06
    #[test]
    fn a_queries_values_are_sent_encoded() {
        assert_eq!(encoded("ge2026-11-25T09:00:00+00:00"), "ge2026-11-25T09%3A00%3A00%2B00%3A00");
        assert_eq!(
            encoded("https://fhir.nhs.uk/Id/nhs-number|9990000018"),
            "https%3A%2F%2Ffhir.nhs.uk%2FId%2Fnhs-number%7C9990000018"
        );
    }

    #[test]
    fn a_url_of_the_provider_is_followed_below_its_root_only() {
        let root = "https://p.test/STU3/1/a";
        assert_eq!(below_root(root, "https://p.test/STU3/1/a/Slot?page=2"), Some("Slot?page=2"));
        assert_eq!(below_root(root, "https://p.test/STU3/1/ab/Slot"), None);
        assert_eq!(below_root(root, "https://evil.test/Slot"), None);
    }
}

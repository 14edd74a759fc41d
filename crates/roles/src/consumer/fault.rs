//! What can go wrong for a Consumer, told apart by who is at fault and what to do next
//! (SSP-133, CON-15, CON-20, ERR-100, OO-08, FIND-12…17).

use fhir::Node;
use http::{HeaderMap, StatusCode};

use super::find_endpoint::EndpointFault;
use super::wire::Unsent;

/// A party that a Consumer talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// SDS.
    Directory,
    /// The token endpoint.
    TokenEndpoint,
    /// The Spine Secure Proxy.
    Proxy,
    /// The Provider behind it.
    Provider,
    /// The Registry.
    Registry,
}

impl Party {
    /// The party in the standard's words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Directory => "SDS",
            Self::TokenEndpoint => "the token endpoint",
            Self::Proxy => "the SSP",
            Self::Provider => "the Provider",
            Self::Registry => "the Registry",
        }
    }
}

impl std::fmt::Display for Party {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// An answer that is a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Who refused.
    pub by: Party,
    /// The HTTP status.
    pub status: u16,
    /// The Spine code; where there is none the issue code, or RFC 6749's `error`.
    pub code: Option<String>,
    /// The requirement that the refusal names, such as `BOOK-10`.
    pub requirement: Option<String>,
    /// The refusing party's own words.
    pub diagnostics: String,
    /// The element or parameter that is at fault, where it is named.
    pub location: Option<String>,
    /// The URL of what was made before, where a re-used request id is refused with it (XTI-04).
    pub made: Option<String>,
    /// The seconds after which another attempt may be made, where the answer says so.
    pub retry_after: Option<u64>,
}

/// Why a Consumer's call came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Someone said no.
    #[error("{by} refused with {status}: {diagnostics}", by = .0.by, status = .0.status, diagnostics = .0.diagnostics)]
    Refused(Box<Refused>),
    /// Nobody answered.
    #[error("{party} cannot be reached: {why}")]
    Unreachable {
        /// Who did not answer.
        party: Party,
        /// What happened.
        why: String,
    },
    /// The service's endpoint could not be found.
    #[error(transparent)]
    Endpoint(#[from] EndpointFault),
    /// An answer came that does not say what it must: the other party's fault (OO-08).
    #[error("{party} answered with something that cannot be used: {what}")]
    Unusable {
        /// Who answered.
        party: Party,
        /// What is wrong with it.
        what: String,
    },
    /// The Consumer itself was asked for something that cannot be sent.
    #[error("{0}")]
    Unsendable(String),
    /// A message that was kept for the Registry is kept no longer: it was refused for good.
    #[error("what was kept for the Registry about {about} is given up: {why}")]
    GivenUp {
        /// The Appointment, by its link value.
        about: String,
        /// What the Registry said to it.
        why: Box<Fault>,
    },
    /// The request was to be shown, not sent.
    #[error("nothing was sent: the request was to be shown")]
    Unsent(Box<Unsent>),
}

impl Refused {
    /// What was made or changed by an earlier request with the same id, where the refusal tells it: the first attempt was
    /// carried out and its answer was lost (XTI-04, SSP-132).
    pub(super) fn made_before(&self) -> Option<&str> {
        self.made.as_deref().filter(|_| self.is_reused_request_id())
    }

    /// Whether an earlier request with the same id was carried out (XTI-04).
    pub(super) fn is_reused_request_id(&self) -> bool {
        self.status == StatusCode::CONFLICT.as_u16() && self.code.as_deref() == Some("DUPLICATE_REJECTED")
    }

    /// Reads a refusal out of an answer with an error status, whatever its body is (ERR-100).
    pub(super) fn read(asked: Party, status: StatusCode, headers: &HeaderMap, body: &[u8], trace_id: &str) -> Self {
        let seconds = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse().ok();
        // The proxy's own way of saying it counts seconds too (SSP-92).
        let retry_after = seconds("Retry-After").or_else(|| seconds("X-Rate-Limit-Reset"));
        let outcome = outcome(body);
        let by = match (&outcome, asked) {
            // The proxy gives its own outcomes the call's trace ID; a Provider's have another id.
            (Some(outcome), Party::Provider) if outcome.text_of("id") == Some(trace_id) => Party::Proxy,
            (None, Party::Provider) if is_the_proxys(status) => Party::Proxy,
            _ => asked,
        };
        let issue = outcome.as_ref().and_then(|outcome| outcome.child("issue"));
        let coded = issue.and_then(|issue| issue.find("details.coding.code")).and_then(Node::text);
        let code = coded.or_else(|| issue.and_then(|issue| issue.text_of("code"))).map(str::to_owned);
        let text = issue.and_then(|issue| issue.find("details.text")).and_then(Node::text);
        let said = issue.and_then(|issue| issue.text_of("diagnostics")).or(text);
        let (oauth_code, oauth_text) = oauth_error(body);
        Self {
            by,
            status: status.as_u16(),
            code: code.or(oauth_code),
            requirement: said.and_then(requirement_in).or_else(|| text.and_then(requirement_in)),
            diagnostics: said.map(str::to_owned).or(oauth_text).unwrap_or_else(|| "no reason was given".to_owned()),
            location: issue.and_then(|issue| issue.text_of("location")).map(str::to_owned),
            made: headers.get(http::header::LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned),
            retry_after,
        }
    }
}

/// Statuses that only the proxy's legs have (SSP-80 to SSP-83, VIA-56).
fn is_the_proxys(status: StatusCode) -> bool {
    matches!(status.as_u16(), 502 | 504 | 495 | 496 | 497)
}

fn outcome(body: &[u8]) -> Option<Node> {
    let limits = fhir::Limits::STRICT;
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    let parsed = match first {
        Some(b'<') => fhir::xml::read(body, &limits),
        _ => fhir::json::read(body, &limits),
    };
    parsed.ok().map(|parsed| parsed.resource).filter(|resource| resource.type_name() == "OperationOutcome")
}

/// RFC 6749 §5.2: `error` and `error_description`.
fn oauth_error(body: &[u8]) -> (Option<String>, Option<String>) {
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(body) else { return (None, None) };
    let text = |name: &str| value.get(name).and_then(|text| text.as_str()).map(str::to_owned);
    (text("error"), text("error_description"))
}

/// The requirement that a refusal's words end with, in square brackets: `Send it again. [XTI-04]`.
fn requirement_in(text: &str) -> Option<String> {
    let inside = text.rsplit_once('[')?.1.split_once(']')?.0;
    let shaped = inside.split_once('-').is_some_and(|(family, number)| {
        family.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
            && number.bytes().any(|byte| byte.is_ascii_digit())
    });
    shaped.then(|| inside.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "1c3c5e3e-0c0e-4c39-9a1f-5d3b6f1f2a77";

    fn read(status: u16, body: &str) -> Refused {
        Refused::read(Party::Provider, StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body.as_bytes(), TRACE)
    }

    // covers: SSP-92, SSP-132
    #[test]
    fn the_time_to_wait_is_read_from_either_header() {
        for (headers, expected) in [
            (&[("Retry-After", "7")][..], Some(7)),
            (&[("X-Rate-Limit-Reset", "9")], Some(9)),
            (&[("X-Rate-Limit-Reset", "9"), ("Retry-After", "7")], Some(7)),
            (&[("Retry-After", "Wed, 25 Nov 2026 09:00:00 GMT"), ("X-Rate-Limit-Reset", "9")], Some(9)),
            (&[], None),
        ] {
            let headers: HeaderMap = headers
                .iter()
                .map(|(name, value)| (name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap()))
                .collect();
            let refused = Refused::read(Party::Provider, StatusCode::TOO_MANY_REQUESTS, &headers, b"", TRACE);
            assert_eq!(refused.retry_after, expected, "{headers:?}");
        }
    }

    // covers: ERR-100
    #[test]
    fn a_refusal_without_a_fhir_body_is_still_told() {
        for body in ["", "<html><body>Bad gateway</body></html>", "\u{0}", "{\"resourceType\":\"Patient\"}", "[1]"] {
            let refused = read(502, body);
            assert_eq!((refused.by, refused.code), (Party::Proxy, None), "{body:?}");
        }
    }

    #[test]
    fn the_proxys_own_refusals_bear_the_trace_id() {
        let body = |id: &str| {
            format!(
                "{{\"resourceType\":\"OperationOutcome\",\"id\":\"{id}\",\"issue\":[{{\"severity\":\"error\",\"code\":\
                 \"forbidden\",\"details\":{{\"coding\":[{{\"code\":\"ASID_CHECK_FAILED\"}}]}},\"diagnostics\":\"No [SSP-42]\"}}]}}"
            )
        };
        let refused = read(403, &body(TRACE));
        assert_eq!(refused.by, Party::Proxy);
        assert_eq!(refused.code.as_deref(), Some("ASID_CHECK_FAILED"));
        assert_eq!(refused.requirement.as_deref(), Some("SSP-42"));
        assert_eq!(read(403, &body("x")).by, Party::Provider);
    }

    #[test]
    fn a_token_endpoints_error_is_read_too() {
        let refused = read(401, "{\"error\":\"invalid_client\",\"error_description\":\"unknown client\"}");
        assert_eq!(refused.code.as_deref(), Some("invalid_client"));
        assert_eq!(refused.diagnostics, "unknown client");
    }
}

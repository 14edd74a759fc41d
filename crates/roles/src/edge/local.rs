//! Answers of a listener for programs on this machine: plain JSON and text, and who may ask at all.
//!
//! Such a listener has no certificates and no tokens; what protects it is that it stands on the loopback. A web page from
//! elsewhere can make a browser send requests there, so that whatever a browser marks as coming from a page is refused,
//! and so is any other name for the host than that of the loopback (DNS rebinding).

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST, ORIGIN};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde_json::json;
use store::StoreError;

use super::BoxError;

/// The names of the loopback.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// What such a listener answers when it does not refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalAnswer {
    /// It is done; there is nothing to say.
    Done,
    /// What was asked for, with its media type.
    Found(&'static str, Vec<u8>),
}

/// Why it refuses.
#[derive(Debug)]
pub enum LocalRefusal {
    /// The request comes from a web page, or under another name than the loopback's.
    Foreign,
    /// Nothing is served at this path.
    UnknownPath,
    /// The path answers these verbs alone.
    WrongVerb(&'static str),
    /// What came cannot be used; the sentence says what was expected.
    Invalid(String),
    /// What was named is not there.
    NotThere(String),
    /// This process does not look after what was asked for; another one may.
    Elsewhere(&'static str),
    /// The body is longer than this many bytes.
    TooLarge(usize),
    /// The fault is ours; the cause is logged and not sent.
    Broken(BoxError),
}

/// Whether a request is one that a program on this machine sends.
///
/// # Errors
/// [`LocalRefusal::Foreign`].
pub fn from_this_machine(headers: &HeaderMap) -> Result<(), LocalRefusal> {
    let host = headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let by_a_page = headers.contains_key(ORIGIN) || headers.contains_key("sec-fetch-site");
    if by_a_page || !LOOPBACK.contains(&name) { Err(LocalRefusal::Foreign) } else { Ok(()) }
}

/// The answer on the wire.
#[must_use]
pub fn respond(outcome: Result<LocalAnswer, LocalRefusal>) -> Response<Full<Bytes>> {
    let mut allow = None;
    let (status, content_type, body) = match outcome {
        Ok(LocalAnswer::Done) => (StatusCode::NO_CONTENT, None, Vec::new()),
        Ok(LocalAnswer::Found(content_type, body)) => (StatusCode::OK, Some(content_type), body),
        Err(refusal) => {
            if let LocalRefusal::WrongVerb(verbs) = refusal {
                allow = Some(verbs);
            }
            let (status, sentence) = told(&refusal);
            (status, Some("application/json"), json!({ "error": sentence }).to_string().into_bytes())
        }
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    if let Some(verbs) = allow {
        headers.insert(ALLOW, HeaderValue::from_static(verbs));
    }
    response
}

fn told(refusal: &LocalRefusal) -> (StatusCode, String) {
    match refusal {
        LocalRefusal::Foreign => {
            let why =
                "this listener answers programs on this machine: ask by localhost or 127.0.0.1, not from a web page";
            (StatusCode::FORBIDDEN, why.to_owned())
        }
        LocalRefusal::UnknownPath => (StatusCode::NOT_FOUND, "nothing is served at this path".to_owned()),
        LocalRefusal::WrongVerb(verbs) => (StatusCode::METHOD_NOT_ALLOWED, format!("this path answers {verbs}")),
        LocalRefusal::Invalid(what) => (StatusCode::BAD_REQUEST, what.clone()),
        LocalRefusal::NotThere(what) => (StatusCode::NOT_FOUND, what.clone()),
        LocalRefusal::Elsewhere(what) => {
            (StatusCode::MISDIRECTED_REQUEST, format!("{what} is not looked after in this process"))
        }
        LocalRefusal::TooLarge(most) => (StatusCode::PAYLOAD_TOO_LARGE, format!("a body may have {most} bytes")),
        LocalRefusal::Broken(cause) => {
            tracing::error!(%cause, "a request to a local listener failed");
            (StatusCode::INTERNAL_SERVER_ERROR, "the request failed; the log says why".to_owned())
        }
    }
}

impl From<StoreError> for LocalRefusal {
    fn from(error: StoreError) -> Self {
        Self::Broken(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_programs_on_this_machine_are_answered() {
        let table = [
            ("localhost", None, true),
            ("127.0.0.1:8447", None, true),
            ("[::1]:8447", None, true),
            ("careslot.example", None, false),
            ("careslot.example:8447", None, false),
            ("", None, false),
            ("localhost:8447", Some(("origin", "http://localhost:8080")), false),
            ("localhost:8447", Some(("sec-fetch-site", "cross-site")), false),
        ];
        for (host, header, answered) in table {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static(host));
            if let Some((name, value)) = header {
                headers.insert(name, HeaderValue::from_static(value));
            }
            assert_eq!(from_this_machine(&headers).is_ok(), answered, "{host} {header:?}");
        }
    }

    #[test]
    fn a_cause_is_not_sent() {
        let response = respond(Err(StoreError::Unavailable("secret path".to_owned()).into()));
        assert_eq!(response.status(), 500);
        assert!(!format!("{:?}", response.body()).contains("secret"));
    }
}

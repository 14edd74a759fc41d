//! How the token endpoint answers: JSON as RFC 6749 §5.1 and §5.2 say, never an OperationOutcome (TOK-05, TOK-06,
//! JWT-03, JWT-05). The statuses come from the same table of reasons as everyone else's.

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, PRAGMA, RETRY_AFTER, STRICT_TRANSPORT_SECURITY, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde_json::json;
use spine::{Dialect, Refused};

use super::refusal::Refusal;

/// The reasons of the token endpoint are the same in every dialect; this is the one under which they are looked up.
pub const DIALECT: &Dialect = &spine::dialect::DIALECT_1_0_4;
/// The status of a token that was issued, for audit records.
pub const ISSUED: u16 = 200;
/// What a client that used `Authorization` is told to use; HTTP wants it on every 401.
const BASIC: &str = "Basic realm=\"token endpoint\", charset=\"UTF-8\"";

/// A token on its way out.
pub struct Issued {
    /// The compact token.
    pub access_token: String,
    /// How long it can be used, in seconds.
    pub expires_in: u32,
}

impl Issued {
    /// The answer of TOK-05. `id` is our own id of the exchange.
    #[must_use]
    pub fn render(&self, id: &str) -> Response<Full<Bytes>> {
        let body = json!({
            "token_type": "Bearer",
            "expires_in": self.expires_in,
            "ext_expires_in": self.expires_in,
            "access_token": self.access_token,
        });
        uncached(StatusCode::OK, body.to_string(), id)
    }
}

/// A refusal as RFC 6749 §5.2 has it: `error` and `error_description`. `id` is our own id of the exchange.
#[must_use]
pub fn refused(refusal: &Refusal, id: &str) -> Response<Full<Bytes>> {
    let refused = refusal.reason.refused(DIALECT);
    let status = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({ "error": error(&refused), "error_description": description(&refused, &refusal.what) });
    let mut response = uncached(status, body.to_string(), id);
    let challenge = (status == StatusCode::UNAUTHORIZED).then(|| BASIC.to_owned());
    for (name, value) in [
        (WWW_AUTHENTICATE, challenge),
        (ALLOW, refusal.allowed_verbs().map(str::to_owned)),
        (RETRY_AFTER, refusal.seconds_to_wait().map(|seconds| seconds.to_string())),
    ] {
        set(&mut response, name, value.as_deref());
    }
    response
}

/// A document that everyone may read and keep for a few minutes.
#[must_use]
pub fn document(json: String) -> Response<Full<Bytes>> {
    answer(StatusCode::OK, json, "public, max-age=300")
}

/// The word for `error`. RFC 6749 has none for a wrong address or a fault of ours; `server_error` is its word for the
/// latter at the other endpoint.
fn error(refused: &Refused) -> &'static str {
    refused.oauth_error.unwrap_or(if refused.status < 500 { "invalid_request" } else { "server_error" })
}

/// What happened, the particulars, what to do and the requirement. RFC 6749 allows printable ASCII without quote and
/// backslash.
fn description(refused: &Refused, what: &str) -> String {
    let particulars = if what.is_empty() { String::new() } else { format!(": {}", what.trim_end_matches('.')) };
    let text = format!("{}{particulars}. {} [{}]", refused.sentence, refused.cure, refused.requirement);
    text.chars().map(|each| if is_allowed(each) { each } else { '\'' }).collect()
}

fn is_allowed(each: char) -> bool {
    matches!(each, ' '..='~') && each != '"' && each != '\\'
}

fn uncached(status: StatusCode, body: String, id: &str) -> Response<Full<Bytes>> {
    let mut response = answer(status, body, "no-store");
    set(&mut response, PRAGMA, Some("no-cache"));
    set(&mut response, HeaderName::from_static("x-request-id"), Some(id));
    response
}

fn answer(status: StatusCode, body: String, caching: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json;charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    response
}

fn set(response: &mut Response<Full<Bytes>>, name: HeaderName, value: Option<&str>) {
    if let Some(value) = value.and_then(|text| HeaderValue::from_str(text).ok()) {
        response.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use spine::Reason;

    // covers: TOK-06, JWT-05
    #[test]
    fn every_reason_has_an_error_and_a_description_that_rfc_6749_allows() {
        for reason in Reason::ALL {
            let refused = reason.refused(DIALECT);
            let description = description(&refused, "a \"quoted\" word, § and \n more");
            assert!(
                description.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)),
                "{description}"
            );
            assert!(!error(&refused).is_empty());
        }
    }

    // covers: TOK-06
    #[test]
    fn an_unknown_client_is_challenged_and_nothing_is_cached() {
        let response = refused(&Refusal::new(Reason::ClientUnknown, ""), "e-1");
        assert_eq!(response.status(), 401);
        assert!(response.headers()[WWW_AUTHENTICATE].to_str().expect("ASCII").starts_with("Basic realm="));
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(response.headers()[PRAGMA], "no-cache");
    }

    #[test]
    fn a_client_that_has_to_wait_is_told_for_how_long() {
        let response = refused(&Refusal::new(Reason::TokenRequestsTooMany, "").retry_after(30), "e-1");
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()[RETRY_AFTER], "30");
    }
}

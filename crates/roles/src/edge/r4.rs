//! How the FHIR face of the directory answers: R4 JSON with the caller's correlation id, and an R4 OperationOutcome for a
//! refusal (SDS-70, SDS-73, SDS-76).

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use spine::{SpineCode, systems};

/// The header that is echoed.
pub const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
const FHIR_JSON: &str = "application/fhir+json";

/// Why it refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum R4Refusal {
    /// A header or a parameter is missing or wrong; the sentence says which, what was expected and what to do.
    BadRequest(String),
    /// Nothing is served at this path.
    NotFound,
    /// It is only read.
    WrongVerb,
    /// The caller takes neither of the media types.
    NotAcceptable,
}

impl R4Refusal {
    /// Status, issue code, Spine code, sentence.
    fn row(&self) -> (StatusCode, &'static str, SpineCode, &str) {
        match self {
            Self::BadRequest(what) => (StatusCode::BAD_REQUEST, "required", SpineCode::BadRequest, what),
            Self::NotFound => {
                let what = "nothing is served here: ask for /Device or /Endpoint below the base";
                (StatusCode::NOT_FOUND, "not-found", SpineCode::NoRecordFound, what)
            }
            Self::WrongVerb => {
                let what = "the directory is only read here: use GET";
                (StatusCode::METHOD_NOT_ALLOWED, "not-supported", SpineCode::NotImplemented, what)
            }
            Self::NotAcceptable => {
                let what = "expected Accept to take application/fhir+json or application/json";
                (StatusCode::NOT_ACCEPTABLE, "not-supported", SpineCode::MissingOrInvalidHeader, what)
            }
        }
    }

    /// The status, for records.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.row().0.as_u16()
    }

    fn outcome(&self, correlation_id: &str) -> Value {
        let (_, issue, code, what) = self.row();
        json!({
            "resourceType": "OperationOutcome",
            "id": correlation_id,
            "issue": [{
                "severity": "error",
                "code": issue,
                "details": { "coding": [{
                    "system": systems::SPINE_CODES_VALUE_SET,
                    "code": code.code(),
                    "display": code.display(),
                }]},
                "diagnostics": what,
            }],
        })
    }
}

/// The answer on the wire.
#[must_use]
pub fn respond(outcome: Result<&Value, &R4Refusal>, correlation_id: &str) -> Response<Full<Bytes>> {
    let (status, body) = match outcome {
        Ok(resource) => (StatusCode::OK, resource.to_string()),
        Err(refusal) => (refusal.row().0, refusal.outcome(correlation_id).to_string()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(FHIR_JSON));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(correlation_id) {
        headers.insert(CORRELATION_ID, id);
    }
    if outcome == Err(&R4Refusal::WrongVerb) {
        headers.insert(ALLOW, HeaderValue::from_static("GET"));
    }
    response
}

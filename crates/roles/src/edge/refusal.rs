//! A refusal on its way out: what happened, for people and for programs, and the only place where it becomes an HTTP status
//! (OO-01 to OO-06, ERR-01 to ERR-08, JW2-14, HTTP-24, SSP-87).

use bytes::Bytes;
use fhir::Node;
use fhir::outcome::{Outcome, OutcomeCoding, OutcomeIssue};
use http::header::{ALLOW, CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use hyper::ext::ReasonPhrase;
use spine::reason::{Coding, FaultOf};
use spine::{Dialect, Reason, Refused, systems};
use store::StoreError;

use super::BoxError;
use super::negotiate::Format;
use super::peer::Verdict;

/// The most issues that one OperationOutcome lists.
const MOST_ISSUES: usize = 50;

/// Why a request is not carried out. Made anywhere, rendered here.
#[derive(Debug)]
pub struct Refusal {
    /// What happened, from the closed list.
    pub reason: Reason,
    /// What exactly: what was expected and what came. It is sent, so no NHS number, name or token may be in it. May be empty.
    pub what: String,
    /// Where in the request: a FHIRPath such as `Appointment.participant[0].actor`, or a parameter (OO-04, X-25).
    pub location: Option<String>,
    /// Several faults of one body, each with its place; when there are any they take the place of `what`.
    pub issues: Vec<RefusedIssue>,
    extra: Option<Box<Extra>>,
}

/// One of several faults of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedIssue {
    /// FHIR's issue type, for example `structure`.
    pub code: String,
    /// What was expected, what came, what to do.
    pub what: String,
    /// Where, as a FHIRPath.
    pub location: Option<String>,
}

#[derive(Debug, Default)]
struct Extra {
    opening: Option<String>,
    allow: Option<String>,
    retry_after: Option<u64>,
    made_before: Option<String>,
    cause: Option<BoxError>,
}

impl Refusal {
    /// A refusal with the particulars of this case.
    pub fn new(reason: Reason, what: impl Into<String>) -> Self {
        Self { reason, what: what.into(), location: None, issues: Vec::new(), extra: None }
    }

    /// Names the place of the fault.
    #[must_use]
    pub fn at(mut self, location: impl Into<String>) -> Self {
        self.location = Some(location.into());
        self
    }

    /// Lists several faults.
    #[must_use]
    pub fn listing(mut self, issues: Vec<RefusedIssue>) -> Self {
        self.issues = issues;
        self
    }

    /// The words that the live proxy answers with; the diagnostics begin with them (section 1.4, ERR-08, ERR-65).
    #[must_use]
    pub fn opening(mut self, words: String) -> Self {
        self.extra.get_or_insert_default().opening = Some(words);
        self
    }

    /// The verbs for the Allow header (HTTP-24).
    #[must_use]
    pub fn allowing(mut self, verbs: String) -> Self {
        self.extra.get_or_insert_default().allow = Some(verbs);
        self
    }

    /// Seconds for the Retry-After header (SSP-93).
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.extra.get_or_insert_default().retry_after = Some(seconds);
        self
    }

    /// The URL of what a re-used request id made, for the Location header (XTI-04).
    #[must_use]
    pub fn made_before(mut self, url: String) -> Self {
        self.extra.get_or_insert_default().made_before = Some(url);
        self
    }

    /// The fault behind it, which is logged and never sent (ERR-07).
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<BoxError>) -> Self {
        self.extra.get_or_insert_default().cause = Some(cause.into());
        self
    }

    /// The verbs for the Allow header, if any.
    #[must_use]
    pub fn allowed_verbs(&self) -> Option<&str> {
        self.extra.as_ref()?.allow.as_deref()
    }

    /// The words that the live proxy answers with, if any.
    #[must_use]
    pub fn opening_words(&self) -> Option<&str> {
        self.extra.as_ref()?.opening.as_deref()
    }

    /// The seconds for the Retry-After header, if any.
    #[must_use]
    pub fn seconds_to_wait(&self) -> Option<u64> {
        self.extra.as_ref()?.retry_after
    }

    /// The refusal that a client certificate's verdict calls for, if any (TLS-18, SSP-33, SSP-35, SSP-36).
    #[must_use]
    pub fn of_certificate(verdict: &Verdict) -> Option<Self> {
        match verdict {
            Verdict::NotAsked | Verdict::Good(_) => None,
            Verdict::PlainHttp => Some(Self::new(Reason::PlainHttp, "")),
            Verdict::None => Some(Self::new(Reason::ClientCertificateMissing, "")),
            Verdict::Bad { fault, .. } => Some(Self::new(Reason::ClientCertificateRefused, fault.to_string())),
        }
    }

    /// The requirement that it enforces.
    #[must_use]
    pub fn requirement(&self, dialect: &Dialect) -> &'static str {
        self.reason.refused(dialect).requirement
    }

    /// One log line: the cause of a fault of our own, the bare fact of anybody else's.
    pub fn log(&self, role: &str, exchange: &str) {
        let reason = self.reason.name();
        let cause = self.extra.as_ref().and_then(|extra| extra.cause.as_deref());
        let ours = self.reason.refused(&spine::dialect::DIALECT_1_0_4).fault_of == FaultOf::Ourselves;
        match cause {
            Some(cause) if ours => tracing::error!(role, exchange, reason, cause = %Chain(cause), "a request failed"),
            Some(cause) => tracing::debug!(role, exchange, reason, cause = %Chain(cause), "a request was refused"),
            None => tracing::debug!(role, exchange, reason, "a request was refused"),
        }
    }

    /// The answer: an OperationOutcome whose id is `id`, with the status that the dialect gives the reason.
    #[must_use]
    pub fn render(&self, dialect: &Dialect, format: Format, id: &str) -> Response<Bytes> {
        self.render_refused(&self.reason.refused(dialect), format, id)
    }

    /// The same with a row of the table that a role has reworded: the validator's are (VAL-07).
    #[must_use]
    pub fn render_refused(&self, refused: &Refused, format: Format, id: &str) -> Response<Bytes> {
        let outcome = self.outcome(refused, id);
        let body = match format {
            Format::Json => fhir::json::write(&outcome),
            Format::Xml => fhir::xml::write(&outcome),
        };
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
        if let Some(phrase) = phrase(refused.status) {
            response.extensions_mut().insert(ReasonPhrase::from_static(phrase));
        }
        let extra = self.extra.as_deref();
        let allow = extra.and_then(|extra| extra.allow.clone());
        let retry_after = extra.and_then(|extra| extra.retry_after).map(|seconds| seconds.to_string());
        let made_before = extra.and_then(|extra| extra.made_before.clone());
        let headers = [
            (ALLOW, allow),
            (LOCATION, made_before),
            (RETRY_AFTER, retry_after),
            (WWW_AUTHENTICATE, challenge(refused)),
        ];
        for (name, value) in headers {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }

    /// The OperationOutcome of this refusal.
    #[must_use]
    pub fn outcome(&self, refused: &Refused, id: &str) -> Node {
        let listed = self.issues.iter().take(MOST_ISSUES);
        let mut issues: Vec<OutcomeIssue<'_>> =
            listed.map(|each| self.issue(refused, &each.code, &each.what, each.location.as_deref())).collect();
        if issues.is_empty() {
            issues.push(self.issue(refused, refused.issue_code, &self.what, self.location.as_deref()));
        }
        let profile = refused.claims_spine_profile().then_some(systems::SPINE_OPERATION_OUTCOME);
        Outcome { id: Some(id), profile, issues }.to_node()
    }

    fn issue<'a>(&self, refused: &Refused, code: &'a str, what: &str, location: Option<&'a str>) -> OutcomeIssue<'a> {
        let coding = refused.coding.map(|Coding { system, code, display }| OutcomeCoding { system, code, display });
        let text = if is_fixed(refused) {
            Some(format!("{}. [{}]", refused.cure, refused.requirement).into())
        } else {
            coding.is_none().then_some(refused.sentence.into())
        };
        OutcomeIssue {
            severity: refused.severity,
            code,
            coding,
            text,
            diagnostics: Some(self.diagnostics(refused, what)),
            location,
            expression: None,
        }
    }

    /// The sentence, the particulars, the cure and the requirement. Where a row fixes the diagnostics word for word (BOOK-10) they are
    /// the sentence alone, and the requirement stands in `details.text`.
    pub(crate) fn diagnostics(&self, refused: &Refused, what: &str) -> String {
        if is_fixed(refused) {
            return refused.sentence.to_owned();
        }
        let particulars = if what.is_empty() { String::new() } else { format!(": {}", what.trim_end_matches('.')) };
        let opening = self.extra.as_ref().and_then(|extra| extra.opening.as_deref());
        let opening = opening.map(|words| format!("{words}. ")).unwrap_or_default();
        format!("{opening}{}{particulars}. {} [{}]", refused.sentence, refused.cure, refused.requirement)
    }
}

/// Whether the standard fixes the whole issue, which then has a coding outside the Spine code list.
fn is_fixed(refused: &Refused) -> bool {
    refused.coding.is_some_and(|coding| coding.system != systems::SPINE_CODES)
}

/// RFC 6750 section 3.1; the description is one of our own sentences and holds no quote.
fn challenge(refused: &Refused) -> Option<String> {
    let challenge = refused.challenge?;
    Some(match challenge.error() {
        None => "Bearer realm=\"booking\"".to_owned(),
        Some(error) => {
            format!("Bearer realm=\"booking\", error=\"{error}\", error_description=\"{}\"", refused.sentence)
        }
    })
}

/// The reason phrases that hyper does not know (SSP-87).
fn phrase(status: u16) -> Option<&'static [u8]> {
    match status {
        495 => Some(b"SSL Certificate Error"),
        496 => Some(b"SSL Certificate Required"),
        497 => Some(b"HTTP Request Sent to HTTPS Port"),
        499 => Some(b"Client Closed Request"),
        _ => None,
    }
}

/// An error and what caused it, on one line.
struct Chain<'a>(&'a (dyn std::error::Error + Send + Sync));

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

/// A fault of the database is a fault of ours (500), whatever it was.
impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::new(Reason::InternalError, "").caused_by(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use spine::dialect::{DIALECT_1_0_4, DIALECT_2_0_4};

    fn body(refusal: &Refusal) -> serde_json::Value {
        let response = refusal.render(&DIALECT_1_0_4, Format::Json, "e-1");
        serde_json::from_slice(response.body()).unwrap()
    }

    // covers: OO-02, OO-03, OO-04, OO-05, ERR-01, ERR-04, ERR-05, ERR-06
    #[test]
    fn a_refusal_names_place_rule_and_cure_under_a_spine_code() {
        let refusal = Refusal::new(Reason::TimesOutsideSlot, "the Slot ends at 09:30").at("Appointment.end");
        let outcome = body(&refusal);
        assert_eq!(outcome["id"], "e-1");
        assert_eq!(
            outcome["meta"]["profile"][0],
            "https://fhir.nhs.uk/STU3/StructureDefinition/Spine-OperationOutcome-1"
        );
        let issue = &outcome["issue"][0];
        assert_eq!((&issue["severity"], &issue["code"]), (&"error".into(), &"invalid".into()));
        assert_eq!(issue["details"]["coding"][0]["code"], "INVALID_RESOURCE");
        assert_eq!(
            issue["details"]["coding"][0]["system"],
            "https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1"
        );
        assert_eq!(issue["location"][0], "Appointment.end");
        let diagnostics = issue["diagnostics"].as_str().unwrap();
        assert!(diagnostics.contains("the Slot ends at 09:30") && diagnostics.ends_with("[BOOK-19]"), "{diagnostics}");
        assert!(issue.get("expression").is_none());
    }

    // covers: BOOK-10, X-04, X-26
    #[test]
    fn the_issue_of_a_slot_that_is_taken_is_fixed_and_one() {
        let outcome = body(&Refusal::new(Reason::SlotNotFree, "more"));
        assert_eq!(outcome["issue"].as_array().unwrap().len(), 1);
        let issue = &outcome["issue"][0];
        assert_eq!(issue["diagnostics"], "Slot no longer available");
        assert_eq!(issue["details"]["coding"][0]["display"], "Processing Failure");
        assert!(issue["details"]["text"].as_str().unwrap().contains("BOOK-10"));
        assert!(outcome.get("meta").is_none());
    }

    // covers: ERR-08, SSP-87
    #[test]
    fn what_has_no_spine_code_claims_no_profile() {
        let refusal = Refusal::of_certificate(&Verdict::None).unwrap();
        let response = refusal.render(&DIALECT_2_0_4, Format::Json, "e-1");
        assert_eq!(response.status(), 496);
        assert_eq!(response.extensions().get::<ReasonPhrase>().unwrap().as_bytes(), b"SSL Certificate Required");
        let outcome = body(&refusal);
        assert!(outcome.get("meta").is_none() && outcome["issue"][0]["details"].get("coding").is_none());
        assert_eq!(outcome["issue"][0]["details"]["text"], "No client certificate was presented");
    }

    // covers: HTTP-24, JW2-14, JWT-80, SSP-93
    #[test]
    fn the_headers_of_a_refusal_say_what_to_do() {
        let render = |refusal: Refusal| refusal.render(&DIALECT_1_0_4, Format::Xml, "e-1");
        assert_eq!(
            render(Refusal::new(Reason::WrongVerb, "").allowing("GET, PUT".into())).headers()[ALLOW],
            "GET, PUT"
        );
        assert_eq!(render(Refusal::new(Reason::Overloaded, "").retry_after(3)).headers()[RETRY_AFTER], "3");
        let missing = render(Refusal::new(Reason::TokenMissing, ""));
        assert_eq!(
            (missing.status().as_u16(), &missing.headers()[WWW_AUTHENTICATE]),
            (403, &"Bearer realm=\"booking\"".parse::<HeaderValue>().unwrap())
        );
        let expired = render(Refusal::new(Reason::TokenExpired, ""));
        assert!(expired.headers()[WWW_AUTHENTICATE].to_str().unwrap().contains("error=\"invalid_token\""));
        assert_eq!(expired.headers()[CONTENT_TYPE], "application/fhir+xml;charset=utf-8");
    }

    // covers: ERR-07
    #[test]
    fn a_cause_never_reaches_a_body() {
        let refusal = Refusal::from(StoreError::Unavailable("disk I/O error in table slot".to_owned()));
        for format in [Format::Json, Format::Xml] {
            let response = refusal.render(&DIALECT_1_0_4, format, "e-1");
            assert_eq!(response.status(), 500);
            assert!(!String::from_utf8_lossy(response.body()).contains("disk"));
        }
    }
}

//! The common course of a FHIR request at Provider and Registry: certificate, path and verb, Ssp headers, interaction, token,
//! request id, format, body, then the interaction itself, and the audit record on every exit
//! (VER-04, JW2-17, VIA-33, SSP-110 to SSP-115, HTTP-23, XTI-02, XTI-07).

use std::convert::Infallible;
use std::future::{Future, ready};
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderMap, Method, Request, Response, Uri};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use profile::Definitions;
use spine::dialect::{RequestIdAbsent, UnknownParameter};
use spine::interaction::{InteractionId, OPERATIONS, Operation};
use spine::{Asid, Dialect, Reason, SspHeaders};
use store::{Audit, AuditRecord, RequestId};

use super::BoxError;
use super::answer::{Answer, AnswerBody, ExchangeIds, finished};
use super::audit::{Ending, Trail};
use super::authorise::{Authoriser, Caller};
use super::base::{Base, base_of};
use super::body::{read_body, read_resource};
use super::clock::{Clock, Ids};
use super::etag::{Condition, if_match};
use super::negotiate::{Format, answer_format, body_format, refusal_format, shortened};
use super::peer::Peer;
use super::query::{Query, QueryFault, is_control};
use super::refusal::Refusal;

/// Who may connect.
#[derive(Debug, Clone)]
pub enum Admits {
    /// Only a proxy whose certificate bears one of these FQDNs (VIA-33, SSP-110).
    Ssp(Vec<String>),
    /// Any certificate that the listener believes (REG-15).
    AnyCertificate,
}

/// What a role is configured with for every request.
pub struct Course {
    /// The role's name in records and logs.
    pub role: &'static str,
    /// The service roots, the default first; never empty.
    pub bases: Vec<Base>,
    /// Who may connect.
    pub admits: Admits,
    /// FQDNs of the proxy: an unsigned token counts only when it came through it (JWT-91).
    pub ssp_fqdns: Vec<String>,
    /// The ASIDs that `Ssp-To` may name (SSP-113); empty where the headers are optional and any ASID will do (REG-15).
    pub asids: Vec<Asid>,
    /// Whether the four Ssp headers must be there (SSP-112) or may be left out altogether (REG-15).
    pub ssp_headers_required: bool,
    /// What the role answers.
    pub operations: &'static [Operation],
    /// Who may do what.
    pub authoriser: Authoriser,
    /// Where records go.
    pub audit: Arc<dyn Audit>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// The longest body, in bytes, packed and unpacked.
    pub body_limit: usize,
    /// What resources are read and judged by.
    pub definitions: &'static Definitions,
}

/// A request that passed every check which needs no knowledge of the interaction.
pub struct Call {
    /// What is asked for.
    pub operation: Operation,
    /// The root that was called.
    pub base: Base,
    /// The segments of the path below the root, decoded.
    pub path: Vec<String>,
    /// The parameters.
    pub query: Query,
    /// The headers as they came.
    pub headers: Arc<HeaderMap>,
    /// The body and its format, for verbs that have one.
    pub body: Option<(Bytes, Format)>,
    /// The format of the answer.
    pub format: Format,
    /// Who asks.
    pub caller: Arc<Caller>,
    /// The caller's X-Request-ID, with whose it is (XTI-05).
    pub request_id: Option<RequestId>,
    /// When the request came.
    pub now: Timestamp,
    /// What its body is read and judged by.
    pub definitions: &'static Definitions,
    trail: Arc<Trail>,
    clock: Arc<dyn Clock>,
}

/// A party that answers FHIR requests.
#[async_trait]
pub trait FhirRole: Send + Sync + 'static {
    /// What every request of the role goes through.
    fn course(&self) -> &Course;

    /// Carries out the interaction.
    async fn answer(&self, call: &Call) -> Result<Answer, Refusal>;
}

impl Call {
    /// The dialect of the root that was called.
    #[must_use]
    pub fn dialect(&self) -> &'static Dialect {
        self.base.dialect()
    }

    /// An absolute URL below the root that was called.
    #[must_use]
    pub fn url(&self, below: &str) -> String {
        format!("{}/{below}", self.base.url())
    }

    /// The audit record of a change that will be answered with this, for the transaction of the change itself.
    #[must_use]
    pub fn record_of_change(&self, answer: &Answer) -> AuditRecord {
        self.trail.record(Ending {
            status: answer.status().as_u16(),
            reason: None,
            requirement: None,
            identity: answer.identity(),
            at: self.clock.now(),
        })
    }

    /// A header's first value, when it is text.
    #[must_use]
    pub fn header_text(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The `If-Match` of an update.
    ///
    /// # Errors
    /// As [`if_match`] has it.
    pub fn if_match(&self) -> Result<Condition, Refusal> {
        let values: Vec<&str> =
            self.headers.get_all("if-match").iter().map(|value| value.to_str().unwrap_or("?")).collect();
        if_match(&values)
    }

    /// For interactions without search parameters: anything but FHIR's controls is unknown (HTTP-34, X-05, READ-03).
    ///
    /// # Errors
    /// `Reason::UnknownParameter` where the dialect refuses unknown parameters.
    pub fn refuse_unknown_parameters(&self) -> Result<(), Refusal> {
        if self.dialect().unknown_parameter == UnknownParameter::IgnoredUnlessLikeAKnownName {
            return Ok(());
        }
        match self.query.pairs().find(|(name, _)| !is_control(name)) {
            None => Ok(()),
            Some((name, _)) => {
                let what = format!("{}; this interaction takes _format alone", shortened(name));
                Err(Refusal::new(Reason::UnknownParameter, what).at(name.chars().take(100).collect::<String>()))
            }
        }
    }

    /// The resource in the body.
    ///
    /// # Errors
    /// `Reason::BodyNotWellFormed` when it is no JSON or XML, `Reason::BodyTooLarge` when it is nested too deeply or too long.
    pub fn resource(&self) -> Result<fhir::Parsed, Refusal> {
        let Some((bytes, format)) = &self.body else {
            return Err(Refusal::new(Reason::BodyMissing, ""));
        };
        read_resource(bytes, *format, self.definitions)
    }
}

/// A role behind its listener: a tower service for `listen::serve`.
pub struct FhirListener<R>(Arc<R>);

impl<R> FhirListener<R> {
    /// Lets a role answer requests.
    pub fn new(role: Arc<R>) -> Self {
        Self(role)
    }
}

impl<R> Clone for FhirListener<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R, B> tower::Service<Request<B>> for FhirListener<R>
where
    R: FhirRole,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<AnswerBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let role = Arc::clone(&self.0);
        let mut exchange =
            AssertUnwindSafe(async move { exchange(role.as_ref(), request).await }).catch_unwind().boxed();
        // Most reads never wait. What does wait goes on in a task of its own, so that a caller who goes away cannot stop a change and its
        // audit record half-way.
        if let Some(done) = (&mut exchange).now_or_never() {
            return Box::pin(ready(Ok(done.unwrap_or_else(|_| broken_off()))));
        }
        let running = tokio::spawn(exchange);
        Box::pin(async move { Ok(running.await.ok().and_then(Result::ok).unwrap_or_else(broken_off)) })
    }
}

/// The answer when an exchange broke off, which a fault in our code can do.
fn broken_off() -> Response<AnswerBody> {
    tracing::error!("an exchange broke off");
    let refusal = Refusal::new(Reason::InternalError, "");
    let response = refusal.render(&spine::dialect::DIALECT_1_0_4, Format::Json, "broken-off");
    finished(response, &HeaderMap::new(), ExchangeIds { own: "broken-off", request: None })
}

/// One exchange from the request's head to the finished answer.
async fn exchange<R, B>(role: &R, request: Request<B>) -> Response<AnswerBody>
where
    R: FhirRole,
    B: http_body::Body + Send,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let course = role.course();
    let (parts, body) = request.into_parts();
    let head = Head { verb: parts.method, uri: parts.uri, headers: Arc::new(parts.headers) };
    let path = head.uri.path();
    let own_id = course.ids.uuid().to_string();
    let mut trail =
        Trail::begin(course.role, course.clock.now(), own_id.clone(), head.verb.as_str(), path, &head.headers);
    trail.peer = parts.extensions.get::<Arc<Peer>>().cloned();
    let query = Query::read(head.uri.query());
    // Pinned where they are: these futures are large, and to hand them on would copy them.
    let admitted = caught(pin!(admitted(course, &head, query, body, &mut trail))).await;
    let trail = Arc::new(trail);
    let answered = match admitted {
        Ok(admitted) => {
            let call = admitted.into_call(&head, Arc::clone(&trail), course);
            let rendered = pin!(async {
                let answer = role.answer(&call).await?;
                let response = answer.render(call.format)?;
                Ok((answer, response))
            });
            caught(rendered).await
        }
        Err(refusal) => Err(refusal),
    };
    let response = match answered {
        Ok((answer, response)) => {
            if !answer.is_recorded() {
                let ending =
                    Ending { identity: answer.identity(), ..Ending::of(response.status(), course.clock.now()) };
                recorded(course, &trail, ending).await;
            }
            response
        }
        Err(refusal) => refused(course, &head, &trail, &refusal).await,
    };
    let request_id = head.headers.get("x-request-id").and_then(|value| value.to_str().ok());
    finished(response, &head.headers, ExchangeIds { own: &own_id, request: request_id })
}

/// A fault in our code ends an exchange, not the process, and is recorded as every refusal is.
async fn caught<T>(work: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    let done = AssertUnwindSafe(work).catch_unwind().await;
    done.unwrap_or_else(|_| Err(Refusal::new(Reason::InternalError, "")))
}

/// The head of a request.
struct Head {
    verb: Method,
    uri: Uri,
    headers: Arc<HeaderMap>,
}

/// A refusal in the format and the dialect that can be told by then, logged and recorded.
async fn refused(course: &Course, head: &Head, trail: &Trail, refusal: &Refusal) -> Response<Bytes> {
    refusal.log(course.role, &trail.own_id);
    let query = Query::read(head.uri.query());
    let format_parameter = query.as_ref().ok().and_then(|query| query.first("_format"));
    let format = refusal_format(format_parameter, &head.headers);
    let called = base_of(&course.bases, head.uri.path()).or_else(|| course.bases.first().map(|base| (base, "")));
    let (dialect, below) = called.map_or((&spine::dialect::DIALECT_1_0_4, ""), |(base, below)| (base.dialect(), below));
    let asks_the_validator = percent_decode_str(below).decode_utf8_lossy().ends_with("/$validate");
    let refused = refusal.reason.refused(dialect);
    let refused = if asks_the_validator { refused.by_the_validator() } else { refused };
    let response = refusal.render_refused(&refused, format, &trail.own_id);
    let ending = Ending {
        reason: Some(refusal.reason.name()),
        requirement: Some(refused.requirement),
        ..Ending::of(response.status(), course.clock.now())
    };
    recorded(course, trail, ending).await;
    response
}

/// Hands the record over; the answer does not wait for the disk, and a store that cannot take it is reported, not hidden.
async fn recorded(course: &Course, trail: &Trail, ending: Ending<'_>) {
    if let Err(error) = course.audit.append_behind(trail.record(ending)).await {
        tracing::error!(role = course.role, exchange = trail.own_id, %error, "an audit record was not taken");
    }
}

/// What the checks found out about a request that passed them.
struct Admitted {
    operation: Operation,
    base: Base,
    path: Vec<String>,
    query: Query,
    body: Option<(Bytes, Format)>,
    format: Format,
    caller: Arc<Caller>,
    request_id: Option<RequestId>,
}

impl Admitted {
    fn into_call(self, head: &Head, trail: Arc<Trail>, course: &Course) -> Call {
        let Self { operation, base, path, query, body, format, caller, request_id } = self;
        let (headers, now) = (Arc::clone(&head.headers), trail.at);
        let (definitions, clock) = (course.definitions, Arc::clone(&course.clock));
        Call { operation, base, path, query, headers, body, format, caller, request_id, now, definitions, trail, clock }
    }
}

/// The checks in their order; each line is one of them.
async fn admitted<B>(
    course: &Course,
    head: &Head,
    query: Result<Query, QueryFault>,
    body: B,
    trail: &mut Trail,
) -> Result<Admitted, Refusal>
where
    B: http_body::Body + Send,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let headers = &*head.headers;
    certificate_admitted(course, trail.peer.as_deref())?;
    let (base, below) = base_of(&course.bases, head.uri.path()).ok_or_else(|| unknown_path(course))?;
    let base = base.clone();
    trail.dialect = Some(base.dialect().name);
    let below = percent_decode_str(below).decode_utf8().ok().filter(|below| !below.contains(char::is_control));
    let below = below.ok_or_else(|| unknown_path(course))?;
    let operation = operation_of(course, head.verb.as_str(), &below)?;
    trail.interaction = operation.interaction().map(InteractionId::as_str);
    trail.ssp = ssp_headers(course, operation, headers)?;
    let behind_ssp = is_ssp(&course.ssp_fqdns, trail.peer.as_deref());
    let caller = course.authoriser.check(headers, &base, operation, behind_ssp, trail.at).await?;
    trail.token = caller.record.clone();
    let request_id = request_id(&base, operation, headers, || {
        trail.ssp.as_ref().map_or_else(|| caller.consumer.clone(), |ssp| ssp.from.to_string())
    })?;
    trail.request_id = request_id.as_ref().map(|id| id.value.clone());
    let query = query.map_err(unreadable_query)?;
    let format = answer_format(query.first("_format"), headers)?;
    let body = if operation.row().verb == "GET" {
        None
    } else {
        let body_format = body_format(headers)?;
        Some((read_body(headers, body, course.body_limit).await?, body_format))
    };
    let path = below.split('/').skip(1).map(str::to_owned).collect();
    Ok(Admitted { operation, base, path, query, body, format, caller, request_id })
}

/// SSP-110, TLS-18: nothing is looked at before the certificate.
fn certificate_admitted(course: &Course, peer: Option<&Peer>) -> Result<(), Refusal> {
    if let Some(refusal) = peer.and_then(|peer| Refusal::of_certificate(&peer.certificate)) {
        return Err(refusal);
    }
    match &course.admits {
        Admits::Ssp(fqdns) if !is_ssp(fqdns, peer) => Err(Refusal::new(Reason::CallerIsNotTheProxy, "")),
        Admits::Ssp(_) => Ok(()),
        Admits::AnyCertificate if peer.is_some_and(|peer| peer.certificate.good().is_some()) => Ok(()),
        Admits::AnyCertificate => Err(Refusal::new(Reason::ClientCertificateMissing, "")),
    }
}

fn is_ssp(fqdns: &[String], peer: Option<&Peer>) -> bool {
    let certificate = peer.and_then(|peer| peer.certificate.good());
    certificate.is_some_and(|certificate| fqdns.iter().any(|fqdn| certificate.has_name(fqdn)))
}

/// HTTP-23, HTTP-24: a known path with another verb is told the verbs it answers.
fn operation_of(course: &Course, verb: &str, below: &str) -> Result<Operation, Refusal> {
    let served = || OPERATIONS.iter().filter(|row| course.operations.contains(&row.operation) && row.path.fits(below));
    if let Some(row) = served().find(|row| row.verb == verb) {
        return Ok(row.operation);
    }
    let verbs: Vec<&'static str> = served().map(|row| row.verb).collect();
    if verbs.is_empty() {
        return Err(unknown_path(course));
    }
    let allow = verbs.join(", ");
    Err(Refusal::new(Reason::WrongVerb, format!("it answers {allow}, and {} came", shortened(verb))).allowing(allow))
}

fn unknown_path(course: &Course) -> Refusal {
    let bases: Vec<&str> = course.bases.iter().map(Base::url).collect();
    Refusal::new(Reason::UnknownPath, format!("the service roots are {}", bases.join(" and ")))
}

/// SSP-112 to SSP-114, REG-15, VIA-33: `$validate` needs none; where there are any, they must all be right.
fn ssp_headers(course: &Course, operation: Operation, headers: &HeaderMap) -> Result<Option<SspHeaders>, Refusal> {
    let pairs = || headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let needed = course.ssp_headers_required && operation.interaction().is_some();
    let read = if needed { SspHeaders::read(pairs()).map(Some) } else { SspHeaders::read_if_present(pairs()) };
    let read = read.map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Refusal::new(Reason::SspHeaderBroken, faults.join("; "))
    })?;
    let Some(ssp) = read else { return Ok(None) };
    if !course.asids.is_empty() && !course.asids.contains(&ssp.to) {
        return Err(Refusal::new(Reason::WrongReceiver, format!("Ssp-To is {}", ssp.to)));
    }
    if !operation.goes_under(&ssp.interaction) {
        let expected: Vec<&str> = operation.row().interactions.iter().map(InteractionId::as_str).collect();
        return Err(Refusal::new(
            Reason::InteractionMismatch,
            format!("expected {}, got {}", expected.join(" or "), ssp.interaction),
        ));
    }
    Ok(Some(ssp))
}

/// XTI-07, XTI-08, X-22: needed on booking and cancelling where the dialect says so, never on a read.
fn request_id(
    base: &Base,
    operation: Operation,
    headers: &HeaderMap,
    consumer: impl FnOnce() -> String,
) -> Result<Option<RequestId>, Refusal> {
    if !matches!(operation, Operation::BookAppointment | Operation::CancelAppointment) {
        return Ok(None);
    }
    let mut values = headers.get_all("x-request-id").iter();
    let Some(value) = values.next() else {
        return match base.dialect().request_id_absent {
            RequestIdAbsent::Accepted => Ok(None),
            RequestIdAbsent::Refused => Err(Refusal::new(Reason::MissingRequestId, "")),
        };
    };
    let text = value.to_str().unwrap_or_default().trim();
    let sound = (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !sound || values.next().is_some() {
        return Err(Refusal::new(
            Reason::MalformedRequestId,
            "expected once, as 1 to 128 printable characters without spaces",
        ));
    }
    Ok(Some(RequestId { consumer: consumer(), value: text.to_owned() }))
}

fn unreadable_query(fault: QueryFault) -> Refusal {
    let what = match fault {
        QueryFault::NotUtf8 { raw } => format!("{} is not UTF-8 after percent-decoding", shortened(&raw)),
        QueryFault::ControlCharacter => "a parameter holds a control character".to_owned(),
        QueryFault::TooMany => "there are more parameters than any search needs".to_owned(),
    };
    Refusal::new(Reason::InvalidParameter, what)
}

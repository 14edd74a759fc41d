//! The administration listener: puts a demonstration back, makes sample bodies, keeps directory entries and token clients,
//! and shows and checks audit trails (DEM-05, DEM-06, TOK-03, TOK-09, TOK-10, FIND-01, AUD-01, AUD-04). On the loopback, for programs
//! on this machine.
//!
//! [`Administration::answer`] is the index.

pub mod audit;
mod directory;
mod reset;
mod samples;
mod token_clients;

use std::collections::BTreeMap;
pub use token_clients::shown_client;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use bytes::Bytes;
use fhir::Node;
use http::header::HOST;
use http::{HeaderMap, HeaderValue, Response};
use http_body_util::{BodyExt as _, Collected, LengthLimitError, Limited};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use spine::Dialect;
use spine::sds::Entry;
use store::{
    Audit, AuditRecord, Diary, DiaryContent, DirectoryEntries, Registrations, StoredSlot, TokenClient, TokenClients,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::edge::audit::{Ending, Trail};
use crate::edge::clock::{Clock, Ids};
use crate::edge::listen::{self, Door, Limits};
use crate::edge::local::{LocalAnswer, LocalRefusal, from_this_machine, respond};
use crate::edge::query::Query;

/// The longest body: the longest directory that is read as LDIF.
const LONGEST_BODY: usize = spine::sds::ldif::LONGEST_LDIF;

/// What a demonstration begins with.
#[derive(Debug, Clone, Default)]
pub struct Seed {
    /// The Provider's diary.
    pub diary: DiaryContent,
    /// The directory's entries.
    pub directory: Vec<Entry>,
    /// The token endpoint's clients.
    pub token_clients: Vec<TokenClient>,
}

/// Makes the seed for the moment of the reset: its Slots begin on the day after.
pub type MakeSeed = Arc<dyn Fn(Timestamp) -> Seed + Send + Sync>;

/// Makes the booking of a Slot in a dialect's form, at this time; `None` when the Slot is none that can be booked.
pub type MakeBooking = Arc<dyn Fn(&StoredSlot, &'static Dialect, Timestamp) -> Option<Node> + Send + Sync>;

/// What a demonstration has besides: how it is put back, and how a sample is made.
#[derive(Clone)]
pub struct Demonstration {
    /// What it begins with.
    pub seed: MakeSeed,
    /// Its sample bookings.
    pub sample: MakeBooking,
    /// The dialect of a sample unless another is asked for.
    pub dialect: &'static Dialect,
}

/// What the administration looks after; what runs elsewhere is absent.
#[derive(Clone, Default)]
pub struct Keeps {
    /// The Provider's diary.
    pub diary: Option<Arc<dyn Diary>>,
    /// The Registry's records.
    pub registrations: Option<Arc<dyn Registrations>>,
    /// The directory.
    pub directory: Option<Arc<dyn DirectoryEntries>>,
    /// The token endpoint's clients.
    pub token_clients: Option<Arc<dyn TokenClients>>,
    /// The audit trails, by role.
    pub audit: BTreeMap<&'static str, Arc<dyn Audit>>,
}

/// The administration of what runs in this process.
pub struct Administration {
    keeps: Keeps,
    /// Only where the environment is marked as a demonstration.
    demonstration: Option<Demonstration>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

/// A request, read.
struct Asked {
    method: String,
    path: String,
    headers: HeaderMap,
    query: Query,
    body: Bytes,
}

impl Administration {
    /// The administration of these; reset and samples are answered in a demonstration only.
    #[must_use]
    pub fn new(keeps: Keeps, demonstration: Option<Demonstration>, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        Self { keeps, demonstration, clock, ids }
    }

    fn demonstration(&self) -> Result<&Demonstration, LocalRefusal> {
        let why = "this is no demonstration: it is not put back and has no samples (process.demonstration)";
        self.demonstration.as_ref().ok_or_else(|| LocalRefusal::NotThere(why.to_owned()))
    }

    /// Does what a request to the listener would have done, for a program that holds the databases itself while no role runs.
    pub async fn ask(&self, method: &str, target: &str, body: Bytes) -> Response<Bytes> {
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let asked = Query::read(query).map(|query| {
            let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static("localhost"))]);
            Asked { method: method.to_owned(), path: path.to_owned(), headers, query, body }
        });
        let response = match asked {
            Ok(asked) => respond(self.answer(&asked).await),
            Err(_) => respond(Err(LocalRefusal::Invalid("the query is not UTF-8".to_owned()))),
        };
        let (head, body) = response.into_parts();
        // A body that is ready-made cannot fail.
        Response::from_parts(head, body.collect().await.map(Collected::to_bytes).unwrap_or_default())
    }

    async fn answer(&self, asked: &Asked) -> Result<LocalAnswer, LocalRefusal> {
        from_this_machine(&asked.headers)?;
        let segments: Vec<String> = asked.path.split('/').skip(1).map(decoded).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (asked.method.as_str(), segments.as_slice()) {
            ("POST", ["reset"]) => reset::reset(self, asked).await,
            ("GET", ["samples"]) => Ok(samples::list()),
            ("GET", ["samples", name]) => samples::sample(self, asked, name).await,
            ("GET", ["directory"]) => directory::export(self).await,
            ("POST", ["directory"]) => directory::add(self, asked).await,
            ("PUT", ["directory"]) => directory::replace(self, asked).await,
            ("DELETE", ["directory", dn]) => directory::remove(self, asked, dn).await,
            ("GET", ["token-clients"]) => token_clients::list(self).await,
            ("PUT", ["token-clients", id]) => token_clients::keep(self, asked, id).await,
            ("DELETE", ["token-clients", id]) => token_clients::remove(self, asked, id).await,
            ("POST", ["token-clients", id, "secrets"]) => token_clients::add_secret(self, asked, id).await,
            ("DELETE", ["token-clients", id, "secrets", secret]) => {
                token_clients::revoke_secret(self, asked, id, secret).await
            }
            ("GET", ["audit"]) => Ok(audit::roles(self)),
            ("GET", ["audit", role, "records"]) => audit::records(self, asked, role).await,
            ("POST", ["audit", role, "verification"]) => audit::verify(self, asked, role).await,
            (_, ["audit", _, "verification"]) => Err(LocalRefusal::WrongVerb("POST")),
            (_, ["reset"]) => Err(LocalRefusal::WrongVerb("POST")),
            (_, ["audit" | "samples" | "token-clients"] | ["samples", _] | ["audit", _, "records"]) => {
                Err(LocalRefusal::WrongVerb("GET"))
            }
            (_, ["directory"]) => Err(LocalRefusal::WrongVerb("GET, POST, PUT")),
            (_, ["directory", _] | ["token-clients", _, "secrets", _]) => Err(LocalRefusal::WrongVerb("DELETE")),
            (_, ["token-clients", _]) => Err(LocalRefusal::WrongVerb("PUT, DELETE")),
            (_, ["token-clients", _, "secrets"]) => Err(LocalRefusal::WrongVerb("POST")),
            _ => Err(LocalRefusal::UnknownPath),
        }
    }

    /// The record of a change, for the change's own transaction (AUD-01). `what` names what was changed and no secret.
    fn record(&self, asked: &Asked, what: &str) -> AuditRecord {
        let (at, own_id) = (self.clock.now(), self.ids.uuid().to_string());
        let mut trail = Trail::begin("administration", at, own_id, &asked.method, &asked.path, &asked.headers);
        trail.interaction = Some("administration");
        trail.record(Ending { identity: Some(what), ..Ending::carried_out(at) })
    }
}

fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// What this process does not look after.
fn not_here(what: &'static str) -> LocalRefusal {
    LocalRefusal::Elsewhere(what)
}

/// Serves the administration until `shutdown`.
pub async fn run(listener: TcpListener, administration: Arc<Administration>, shutdown: CancellationToken) {
    let limits = Limits { connections: 64, ..Limits::default() };
    listen::serve(listener, Door::Plain, limits, router(administration), shutdown).await;
}

/// The administration as a router.
pub fn router(administration: Arc<Administration>) -> Router {
    Router::new().fallback(move |request: Request| {
        let administration = Arc::clone(&administration);
        async move {
            let outcome = match read(request).await {
                Ok(asked) => administration.answer(&asked).await,
                Err(refusal) => Err(refusal),
            };
            respond(outcome)
        }
    })
}

async fn read(request: Request) -> Result<Asked, LocalRefusal> {
    let (parts, body) = request.into_parts();
    from_this_machine(&parts.headers)?;
    let body = Limited::new(body, LONGEST_BODY).collect().await.map_err(|error| {
        if error.downcast_ref::<LengthLimitError>().is_some() {
            LocalRefusal::TooLarge(LONGEST_BODY)
        } else {
            LocalRefusal::Invalid("the body broke off before its end".to_owned())
        }
    })?;
    let query =
        Query::read(parts.uri.query()).map_err(|_| LocalRefusal::Invalid("the query is not UTF-8".to_owned()))?;
    let (method, path) = (parts.method.as_str().to_owned(), parts.uri.path().to_owned());
    Ok(Asked { method, path, headers: parts.headers, query, body: body.to_bytes() })
}

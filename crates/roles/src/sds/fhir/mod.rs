//! The SDS FHIR API as a read-only face of the directory on a listener of its own (SDS-70 to SDS-76). Device and Endpoint are
//! R4, so they are plain records here: `fhir` knows STU3 alone. It stands in the process that holds the entries, so that the
//! 502 and 504 of a gateway to LDAP (SDS-76) cannot come about.

mod parameters;
mod resources;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use http::request::Parts;
use http::{HeaderMap, Method, header};
use serde_json::{Value, json};
use spine::sds::filter::{Filter, escape};
use spine::sds::{Dn, Entry, ROOT, Scope};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{LiveDirectory, Recorder};
use crate::edge::audit::{Ending, Trail, without_nhs_numbers};
use crate::edge::client::Authority;
use crate::edge::listen::{self, Door, Limits};
use crate::edge::peer::Peer;
use crate::edge::query::{Query, encoded};
use crate::edge::r4::{CORRELATION_ID, R4Refusal, respond};

use parameters::Asked;

/// The path of the base.
pub const BASE: &str = "/FHIR/R4";

/// What answers.
struct Face {
    directory: Arc<LiveDirectory>,
    recorder: Recorder,
    /// The most entries that one answer is made of.
    most_entries: usize,
}

/// Serves it until `shutdown`. Meant for the loopback: any `apikey` is taken.
pub async fn run(
    listener: TcpListener,
    directory: Arc<LiveDirectory>,
    recorder: Recorder,
    most_entries: usize,
    shutdown: CancellationToken,
) {
    let limits = Limits { connections: 256, ..Limits::default() };
    let face = Arc::new(Face { directory, recorder, most_entries });
    let router = Router::new().fallback(move |request: Request| {
        let face = Arc::clone(&face);
        async move { face.respond(&request.into_parts().0).await }
    });
    listen::serve(listener, Door::Plain, limits, router, shutdown).await;
}

impl Face {
    async fn respond(&self, head: &Parts) -> http::Response<http_body_util::Full<bytes::Bytes>> {
        let correlation_id = correlation_id(&head.headers);
        let own_id = self.recorder.ids.uuid().to_string();
        let shown =
            correlation_id.as_ref().map_or_else(|_| own_id.clone(), |sent| sent.clone().unwrap_or(own_id.clone()));
        let outcome = match correlation_id {
            Ok(_) => self.answer(head).await,
            Err(refusal) => Err(refusal),
        };
        self.record(head, own_id, outcome.as_ref().err()).await;
        respond(outcome.as_ref(), &shown)
    }

    async fn answer(&self, head: &Parts) -> Result<Value, R4Refusal> {
        let kind = match head.uri.path().strip_prefix(BASE) {
            Some("/Device") => Kind::Device,
            Some("/Endpoint") => Kind::Endpoint,
            _ => return Err(R4Refusal::NotFound),
        };
        if head.method != Method::GET {
            return Err(R4Refusal::WrongVerb);
        }
        if !accepts_json(&head.headers) {
            return Err(R4Refusal::NotAcceptable);
        }
        if head.headers.get("apikey").is_none_or(|key| key.as_bytes().trim_ascii().is_empty()) {
            let what = "expected the header apikey, got none; this directory takes any value [SDS-70]";
            return Err(R4Refusal::BadRequest(what.to_owned()));
        }
        let query = Query::read(head.uri.query()).map_err(|_| {
            R4Refusal::BadRequest("expected parameters in UTF-8 without control characters [SDS-71]".to_owned())
        })?;
        let asked = Asked::read(&query, kind)?;
        let found = self.found(kind, &asked).await?;
        Ok(bundle(kind, &base_of(&head.headers), &query, &found))
    }

    async fn found(&self, kind: Kind, asked: &Asked) -> Result<Vec<Entry>, R4Refusal> {
        let directory = self.directory.now().await;
        let filter =
            Filter::parse(&filter(kind, asked)).map_err(|fault| R4Refusal::BadRequest(fault.to_string()))?.compile();
        let Ok(root) = Dn::parse(ROOT) else { return Ok(Vec::new()) };
        let Ok(found) = directory.search(&root, Scope::Subtree, &filter) else { return Ok(Vec::new()) };
        Ok(found.take(self.most_entries).cloned().collect())
    }

    /// What was asked for is in the record: organisations, interactions and party keys, never a patient.
    async fn record(&self, head: &Parts, own_id: String, refusal: Option<&R4Refusal>) {
        let at = self.recorder.clock.now();
        let mut trail = Trail::begin("sds", at, own_id, head.method.as_str(), head.uri.path(), &head.headers);
        trail.peer = head.extensions.get::<Arc<Peer>>().cloned();
        trail.interaction = Some("sds-fhir");
        let query: String = head.uri.query().unwrap_or_default().chars().take(500).collect();
        let query = without_nhs_numbers(&query);
        let (status, reason) = match refusal {
            Some(refusal) => (refusal.status(), Some("Refused")),
            None => (200, None),
        };
        let ending = Ending {
            status,
            reason,
            requirement: refusal.map(|_| "SDS-76"),
            identity: Some(&query),
            at: self.recorder.clock.now(),
        };
        if let Err(fault) = self.recorder.audit.append_behind(trail.record(ending)).await {
            tracing::error!(%fault, "an audit record of the directory was not taken");
        }
    }
}

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// An nhsAs.
    Device,
    /// An nhsMhs, once for each of its endpoints.
    Endpoint,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Device => "Device",
            Self::Endpoint => "Endpoint",
        }
    }
}

/// The correlation id that was sent, if any.
fn correlation_id(headers: &HeaderMap) -> Result<Option<String>, R4Refusal> {
    let Some(sent) = headers.get(CORRELATION_ID) else { return Ok(None) };
    let id = sent.to_str().ok().filter(|text| text.len() == 36 && Uuid::parse_str(text).is_ok());
    id.map(|id| Some(id.to_owned())).ok_or_else(|| {
        R4Refusal::BadRequest(
            "expected a UUID in X-Correlation-Id; send one, or leave the header out [SDS-70]".to_owned(),
        )
    })
}

/// Whether one of the two media types may be sent; without `Accept` either may.
fn accepts_json(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::ACCEPT).iter().peekable();
    if lines.peek().is_none() {
        return true;
    }
    lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
        let refused = parts.any(|parameter| {
            parameter.split_once('=').is_some_and(|(name, value)| {
                name.eq_ignore_ascii_case("q") && value.parse::<f32>().is_ok_and(|quality| quality <= 0.0)
            })
        });
        let ours = ["application/fhir+json", "application/json", "application/*", "*/*"];
        ours.contains(&media_type.as_str()) && !refused
    })
}

/// The base under which the caller reached it.
fn base_of(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.and_then(|host| Authority::parse(host, false)).map(|authority| authority.to_string());
    format!("http://{}{BASE}", host.as_deref().unwrap_or("localhost"))
}

fn filter(kind: Kind, asked: &Asked) -> String {
    let (class, interaction) = match kind {
        Kind::Device => ("nhsAs", "nhsAsSvcIA"),
        Kind::Endpoint => ("nhsMhs", "nhsMhsSvcIA"),
    };
    let parts = [
        (interaction, &asked.interaction),
        ("nhsMHSPartyKey", &asked.party_key),
        ("nhsMhsManufacturerOrg", &asked.manufacturer),
        ("nhsIDCode", &asked.organisation),
    ];
    let parts = parts.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let parts: String = parts.map(|(name, value)| format!("({name}={})", escape(value))).collect();
    format!("(&(objectClass={class}){parts})")
}

/// The searchset (SDS-73).
fn bundle(kind: Kind, base: &str, query: &Query, found: &[Entry]) -> Value {
    let resources: Vec<Value> = match kind {
        Kind::Device => found.iter().map(resources::device).collect(),
        Kind::Endpoint => found.iter().flat_map(resources::endpoints).collect(),
    };
    let name = kind.name();
    let parameters: Vec<String> =
        query.pairs().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    let entry = |resource: &Value| {
        let id = resource["id"].as_str().unwrap_or_default();
        json!({ "fullUrl": format!("{base}/{name}/{id}"), "resource": resource, "search": { "mode": "match" } })
    };
    json!({
        "resourceType": "Bundle",
        "type": "searchset",
        "total": resources.len(),
        "link": [{ "relation": "self", "url": format!("{base}/{name}?{}", parameters.join("&")) }],
        "entry": resources.iter().map(entry).collect::<Vec<_>>(),
    })
}

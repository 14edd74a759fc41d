//! Somebody who books and cancels at Provider processes as the SSP would, over mutual TLS and many at a time, and counts the answers.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use careslot::network::SystemClock;
use http::{Method, Request, StatusCode, Uri};
use roles::edge::client::{Authority, Client, Timeouts, Upload};
use roles::edge::crl::Revocation;
use roles::edge::tls::{ClientTlsSettings, Identity, Trust, Versions, client_config};
use serde_json::{Value, json};

use super::house::House;

/// The service whose Slots are booked.
pub(super) const SERVICE: &str = "918999198999";
const INTERACTION: &str = "urn:nhs:names:services:careconnect:fhir:rest:";

/// A Slot of the demo's diary.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) id: String,
    start: String,
    end: String,
}

/// What came back.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The id of the Appointment that came.
    pub(super) fn id(&self) -> String {
        self.json()["id"].as_str().unwrap_or_else(|| panic!("an id: {self:?}")).to_owned()
    }
}

/// The one who books.
#[derive(Clone)]
pub(super) struct Booker(Arc<Inner>);

struct Inner {
    client: Client,
    base: Uri,
    token: String,
    sample: Value,
    slots: Vec<Slot>,
    ids: AtomicU64,
    answered: AtomicU64,
}

impl Booker {
    pub(super) fn new(house: &House) -> Self {
        let demo = &house.demo;
        let read = |pointer: &str| fs::read(demo.file(pointer)).unwrap();
        let settings = ClientTlsSettings {
            identity: Some(Identity::from_pem(&read("/ssp_client/cert"), &read("/ssp_client/key")).unwrap()),
            trust: Trust::from_pem(&read("/ca"), &[], Revocation::Off).unwrap(),
            common_name_only: None,
            versions: Versions::Only12,
        };
        let bundle = demo.json(&format!("slots {SERVICE} --from tomorrow --to 2099-01-01 --json"));
        let resources = bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]);
        let text = |slot: &Value, name: &str| slot[name].as_str().unwrap().to_owned();
        let slots = resources.filter(|resource| resource["resourceType"] == "Slot").map(|slot| Slot {
            id: text(slot, "id"),
            start: text(slot, "start"),
            end: text(slot, "end"),
        });
        let sample = super::curl::curl(demo, None, &format!("{}/samples/booking.json", demo.text("/admin")), &[]);
        let root = demo.text("/provider/endpoint");
        Self(Arc::new(Inner {
            client: Client::new(client_config(settings, Arc::new(SystemClock)).unwrap()),
            token: demo.token(&root),
            base: root.parse().unwrap(),
            sample: sample.body(),
            slots: slots.collect(),
            ids: AtomicU64::new(1),
            answered: AtomicU64::new(0),
        }))
    }

    /// The nth Slot that was free at the beginning.
    pub(super) fn slot(&self, number: usize) -> Slot {
        self.0.slots[number].clone()
    }

    /// How many calls were answered.
    pub(super) fn answered(&self) -> u64 {
        self.0.answered.load(Ordering::Relaxed)
    }

    /// A UUID that nobody has used before.
    pub(super) fn fresh_id(&self) -> String {
        format!("0b5b4ef8-7b5c-4d7d-9a77-{:012x}", self.0.ids.fetch_add(1, Ordering::Relaxed))
    }

    /// Books a Slot. `None` when there was no answer, so that nobody knows what became of it.
    pub(super) async fn book(&self, port: u16, slot: &Slot, request_id: &str) -> Option<Answer> {
        let mut body = self.0.sample.clone();
        body["slot"][0]["reference"] = json!(format!("Slot/{}", slot.id));
        body["start"] = json!(slot.start);
        body["end"] = json!(slot.end);
        let more = [("x-request-id", request_id)];
        self.call(port, Method::POST, "Appointment", "create:appointment", &more, Some(&body)).await
    }

    /// Cancels an Appointment as it was received in some version.
    pub(super) async fn cancel(&self, port: u16, received: &Value, if_match: &str) -> Option<Answer> {
        let mut body = received.clone();
        body["status"] = json!("cancelled");
        let path = format!("Appointment/{}", received["id"].as_str().unwrap());
        let request_id = self.fresh_id();
        let more = [("x-request-id", request_id.as_str()), ("if-match", if_match)];
        self.call(port, Method::PUT, &path, "update:appointment", &more, Some(&body)).await
    }

    /// Reads an Appointment.
    pub(super) async fn read(&self, port: u16, id: &str) -> Option<Answer> {
        self.call(port, Method::GET, &format!("Appointment/{id}"), "read:appointment", &[], None).await
    }

    async fn call(
        &self,
        port: u16,
        method: Method,
        path: &str,
        interaction: &str,
        more: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Option<Answer> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}/{path}", self.0.base.path()))
            .header("authorization", format!("Bearer {}", self.0.token))
            .header("accept", "application/fhir+json")
            .header("ssp-traceid", self.fresh_id())
            .header("ssp-from", "200000000359")
            .header("ssp-to", SERVICE)
            .header("ssp-interactionid", format!("{INTERACTION}{interaction}"));
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        let upload = body.map_or(Upload::Empty, |body| Upload::Whole(body.to_string().into()));
        if body.is_some() {
            request = request.header("content-type", "application/fhir+json");
        }
        let authority = Authority::parse(&format!("localhost:{port}"), true).unwrap();
        let answered =
            self.0.client.send(&authority, request.body(upload).unwrap(), &Timeouts::default()).await.ok()?;
        let (head, body) = answered.response.into_parts();
        let body = body.read_to_end(1024 * 1024).await.ok()?;
        self.0.answered.fetch_add(1, Ordering::Relaxed);
        Some(Answer { status: head.status.as_u16(), body })
    }
}

/// How many answers have this status.
pub(super) fn count(answers: &[Answer], status: StatusCode) -> usize {
    answers.iter().filter(|answer| answer.status == status.as_u16()).count()
}

/// Carries out many calls at the same time; each is answered.
pub(super) async fn all_at_once<F>(calls: impl IntoIterator<Item = F>) -> Vec<Answer>
where
    F: Future<Output = Option<Answer>> + Send + 'static,
{
    let tasks: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap().expect("every call is answered"));
    }
    answers
}

/// How many times over what counts is counted: once, or as `make soak` says.
#[expect(clippy::disallowed_methods, reason = "the length of a soak comes from whoever starts it")]
pub(super) fn soak_factor() -> usize {
    std::env::var("SOAK").map_or(1, |factor| factor.parse().expect("SOAK is a whole number"))
}

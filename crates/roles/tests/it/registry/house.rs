//! A Registry in a temporary folder, its clock and ids fixed, and requests to it in few words.

use std::path::PathBuf;
use std::sync::Arc;

use roles::edge::authorise::Trust;
use roles::edge::base::Base;
use roles::edge::fhir_call::FhirListener;
use roles::registry::{Registry, Settings};
use serde_json::{Value, json};
use spine::Dialect;
use spine::interaction::Group;
use spine::token::{AcceptUnsigned, KeySet};
use store::testing::TestPostgres;
use store::{AuditRecord, Store};

use crate::fixed::{CountedIds, FixedClock};
use crate::provider::diary::profile;
use crate::provider::house::{self, BOOKERS, ISSUER, KEY, READERS, Told, peer, signed};

pub(crate) const REGISTRY_1: &str = "https://registry.test.nhs.uk/STU3/1/registry";
pub(crate) const REGISTRY_2: &str = "https://registry.test.nhs.uk/STU3/2/registry";
pub(crate) const BOTH: [&str; 2] = [REGISTRY_1, REGISTRY_2];
pub(crate) const NHS_SYSTEM: &str = "https://fhir.nhs.uk/Id/nhs-number";
pub(crate) const NHS_NUMBER: &str = "9476719931";
/// A search for the patient of [`registration`].
pub(crate) const SEARCH: &str =
    "/Appointment?Appointment.participant.actor:Patient.identifier=https://fhir.nhs.uk/Id/nhs-number%7C9476719931";

/// A request to a Registry.
pub(crate) type Ask = house::Ask<Registry>;

/// A running Registry.
pub(crate) struct House {
    service: FhirListener<Registry>,
    store: Store,
    ids: Arc<CountedIds>,
    place: Place,
    _folder: tempfile::TempDir,
}

/// Where its records are.
enum Place {
    File(PathBuf),
    Schema(&'static TestPostgres, String),
}

impl Place {
    async fn open(&self, process: &str) -> Store {
        let opened = match self {
            Self::File(file) => Store::open_sqlite(file, process).await,
            Self::Schema(server, schema) => {
                Store::open_postgres(&server.url(), schema, Some(server.password()), process).await
            }
        };
        opened.expect("a store")
    }
}

impl House {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place::File(folder.path().join("registry.db"));
        Self::at(place, folder).await
    }

    /// A Registry over a schema of its own on the PostgreSQL server that tests share.
    pub(crate) async fn on_postgres() -> Self {
        let server = TestPostgres::shared();
        Self::at(Place::Schema(server, server.new_schema()), tempfile::tempdir().expect("a folder")).await
    }

    async fn at(place: Place, folder: tempfile::TempDir) -> Self {
        let (store, ids) = (place.open("first").await, Arc::new(CountedIds::default()));
        Self { service: service(&store, ids.clone()), store, ids, place, _folder: folder }
    }

    /// A second Registry over the same database, as after a restart.
    pub(crate) async fn restart(&mut self) {
        let (service, store) = self.another_process().await;
        (self.service, self.store) = (service, store);
    }

    /// A second Registry over the same database, beside the first.
    pub(crate) async fn beside(&self) -> Self {
        let (service, store) = self.another_process().await;
        let folder = tempfile::tempdir().expect("a folder");
        let place = match &self.place {
            Place::File(file) => Place::File(file.clone()),
            Place::Schema(server, schema) => Place::Schema(server, schema.clone()),
        };
        Self { service, store, ids: self.ids.clone(), place, _folder: folder }
    }

    async fn another_process(&self) -> (FhirListener<Registry>, Store) {
        use roles::edge::clock::Ids as _;
        // No two runs may have one name.
        let store = self.place.open(&self.ids.uuid().to_string()).await;
        (service(&store, self.ids.clone()), store)
    }

    /// A request that is right in every respect: any Consumer's certificate, no Ssp headers, a token for this root.
    pub(crate) fn ask(&self, base: &'static str, verb: &'static str, path: &str) -> Ask {
        let root = base.strip_prefix("https://registry.test.nhs.uk").unwrap_or(base);
        let ask = Ask::bare(self.service.clone(), verb, format!("{root}{path}"))
            .from(Some(peer("consumer.test.nhs.uk")))
            .token(&signed(&claims(base)));
        if base == REGISTRY_2 && verb != "GET" { ask.header("X-Request-ID", "request-1") } else { ask }
    }

    /// Registers, under a request id that belongs to the pointer.
    pub(crate) async fn register(&self, base: &'static str, body: &Value) -> Told {
        let request = body["identifier"][0]["value"].as_str().unwrap_or("none");
        let request = request.rsplit('/').next().unwrap_or_default();
        let told = self.ask(base, "POST", "/Appointment").header("X-Request-ID", request).json(body).send().await;
        assert_eq!(told.status, 201, "{}", told.text);
        told
    }

    /// The bodies of all audit records, in order.
    pub(crate) async fn records(&self) -> Vec<Value> {
        use store::Audit as _;
        let last = AuditRecord { at: 0, trace_id: String::new(), requirement: "test".to_owned(), body: b"{}".to_vec() };
        // A record that waits for its durability comes after all that were handed over before.
        self.store.append(last).await.expect("the audit trail");
        let filter = store::AuditFilter { limit: 10_000, ..store::AuditFilter::default() };
        let records = self.store.list(&filter).await.expect("the audit trail");
        let bodies = records.iter().filter_map(|each| serde_json::from_slice(&each.record.body).ok());
        bodies.filter(|body: &Value| body["role"] == "registry").collect()
    }
}

fn service(store: &Store, ids: Arc<CountedIds>) -> FhirListener<Registry> {
    let base = |url, dialect| Base::new(url, Dialect::named(dialect).expect("a dialect")).expect("a base");
    let groups = [(READERS, Group::ReadSlot), (BOOKERS, Group::CreateAppointment)];
    let settings = Settings {
        bases: vec![base(REGISTRY_1, "1.0.4"), base(REGISTRY_2, "2.0.4")],
        trust: Trust {
            issuer: ISSUER.to_owned(),
            audiences: vec![REGISTRY_1.to_owned(), REGISTRY_2.to_owned()],
            groups: groups.map(|(id, group)| (id.to_owned(), group)).into(),
            clients: spine::token::ClientNames::new(),
            organisations: Vec::new(),
            leeway: 60,
            accept_unsigned: AcceptUnsigned::BehindSsp,
        },
        publisher: "Test Registry".to_owned(),
        version: "0.1.0".to_owned(),
        body_limit: 256 * 1024,
        definitions: profile::Definitions::standard(),
    };
    let keys = KeySet::of(vec![KEY.public_key().expect("a public key")]);
    let kept = Arc::new(store.clone());
    let clock = Arc::new(FixedClock::default());
    FhirListener::new(Arc::new(Registry::new(settings, Arc::new(keys), kept.clone(), kept, clock, ids)))
}

/// The claims of a token that may do everything at this root.
pub(crate) fn claims(base: &str) -> Value {
    let mut claims = house::claims();
    claims["aud"] = json!(base);
    claims
}

/// The pointer of the nth registration.
pub(crate) fn pointer(nth: u32) -> String {
    format!("https://provider.test.nhs.uk/STU3/1/demo/Appointment/p-{nth}")
}

/// A registration of `1.0.4`, which has no `end` (S-5); the nth starts so many hours after ten tomorrow.
pub(crate) fn registration(nth: u32) -> Value {
    json!({
        "resourceType": "Appointment", "meta": {"profile": [profile("Appointment")]}, "language": "en-GB",
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": pointer(nth)}],
        "status": "booked", "start": format!("2026-11-24T{:02}:00:00+00:00", 10 + nth),
        "created": "2026-11-23T08:59:00+00:00",
        "participant": [{"actor": {"identifier": {"use": "official", "system": NHS_SYSTEM, "value": NHS_NUMBER}},
            "status": "accepted"}],
    })
}

/// The same of a newer client, which has one.
pub(crate) fn registration_with_end(nth: u32) -> Value {
    let mut body = registration(nth);
    body["end"] = json!(format!("2026-11-24T{:02}:15:00+00:00", 10 + nth));
    body
}

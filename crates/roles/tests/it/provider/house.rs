//! A Provider in a temporary folder, its clock and ids fixed, and requests to it in few words.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use roles::edge::answer::AnswerBody;
use roles::edge::authorise::Trust;
use roles::edge::base::Base;
use roles::edge::clock::{Clock, Ids};
use roles::edge::fhir_call::{FhirListener, FhirRole};
use roles::edge::peer::{Certificate, Peer, TlsSession, Verdict};
use roles::provider::{Keeps, LocalRules, Provider, Settings, Software, TestServiceIds};
use serde_json::{Value, json};
use spine::interaction::Operation;
use spine::token::{AcceptUnsigned, KeySet, SigningKey};
use spine::{Asid, Dialect};
use store::testing::TestPostgres;
use store::{AuditRecord, Diary as _, Store};
use tower::Service as _;

use super::diary;
use super::wire::Wire;
use crate::fixed::{CountedIds, FixedClock};

pub(crate) const ISSUER: &str = "https://sts.test/tenant/";
pub(crate) const SSP_FQDN: &str = "ssp.test.nhs.uk";
pub(crate) const BASE_1: &str = "https://provider.test.nhs.uk/STU3/1/demo";
pub(crate) const BASE_2: &str = "https://provider.test.nhs.uk/STU3/2/demo";
pub(crate) const NOW: i64 = 1_795_424_400;
pub(crate) const READERS: &str = "guid-read";
pub(crate) const BOOKERS: &str = "guid-book";
pub(crate) const LOCAL_SYSTEM: &str = "https://provider.test.nhs.uk/Id/patient";

/// RSA keys take long to make: all tests share the issuer's.
pub(crate) static KEY: LazyLock<SigningKey> = LazyLock::new(new_key);

pub(crate) fn new_key() -> SigningKey {
    use aws_lc_rs::encoding::AsDer as _;
    let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).expect("an RSA key");
    let der: aws_lc_rs::encoding::Pkcs8V1Der<'static> = pair.as_der().expect("PKCS#8");
    SigningKey::from_pkcs8_der(der.as_ref()).expect("a signing key")
}

/// A running Provider.
pub(crate) struct House {
    pub(crate) provider: Arc<Provider>,
    pub(crate) store: Store,
    wire: Option<Arc<Wire>>,
    /// What the house's clock shows, in seconds since 1970.
    now: i64,
    folder: PathBuf,
    _folder: tempfile::TempDir,
}

/// A schema of its own on a PostgreSQL server, with the diary in it.
pub(crate) async fn house_on_postgres(server: &TestPostgres) -> House {
    let schema = server.new_schema();
    let store = Store::open_postgres(&server.url(), &schema, Some(server.password()), "first").await.expect("a store");
    House::over(store, tempfile::tempdir().expect("a folder"), settings()).await
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A Provider whose settings were changed.
    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let temporary = tempfile::tempdir().expect("a folder");
        let folder = temporary.path().to_owned();
        let store = Store::open_sqlite(&folder.join("provider.db"), "first").await.expect("a store");
        let mut settings = settings();
        change(&mut settings);
        Self::over(store, temporary, settings).await
    }

    /// The same Provider with another source of ids.
    pub(crate) fn taking_ids_from(mut self, ids: Arc<dyn Ids>) -> Self {
        self.provider = provider(&self.store, settings(), Arc::new(FixedClock::default()), ids);
        self
    }

    /// The same Provider, reached over real sockets with TLS from here on.
    pub(crate) async fn over_tls(mut self) -> Self {
        self.wire = Some(Arc::new(Wire::to(Arc::clone(&self.provider)).await));
        self
    }

    /// The listener of a Provider that is reached over sockets.
    pub(crate) fn wire(&self) -> &Wire {
        self.wire.as_ref().expect("a Provider behind a listener")
    }

    /// The same Provider with another diary, nothing booked in it.
    pub(crate) async fn holding(self, content: store::DiaryContent) -> Self {
        self.store.load(content, record()).await.expect("a diary");
        self
    }

    /// The same Provider at another time.
    pub(crate) fn at(mut self, now: &str) -> Self {
        let clock = FixedClock(now.parse().expect("a time"));
        self.now = clock.0.as_second();
        self.provider = provider(&self.store, settings(), Arc::new(clock), Arc::new(CountedIds::default()));
        self
    }

    async fn over(store: Store, temporary: tempfile::TempDir, settings: Settings) -> Self {
        store.load(diary::content(), record()).await.expect("a diary");
        let folder = temporary.path().to_owned();
        let (clock, ids) = (Arc::new(FixedClock::default()), Arc::new(CountedIds::default()));
        Self {
            provider: provider(&store, settings, clock, ids),
            store,
            wire: None,
            now: NOW,
            folder,
            _folder: temporary,
        }
    }

    /// A second Provider over the same database, as after a restart.
    pub(crate) async fn again(&self) -> Arc<Provider> {
        let store = Store::open_sqlite(&self.folder.join("provider.db"), "second").await.expect("a store");
        provider(&store, settings(), Arc::new(FixedClock::default()), Arc::new(CountedIds::default()))
    }

    /// A request to the root of the default dialect.
    pub(crate) fn ask(&self, verb: &'static str, path: &str) -> Ask {
        self.ask_in(BASE_1, verb, path)
    }

    /// A request to the root of a dialect.
    pub(crate) fn ask_in(&self, base: &'static str, verb: &'static str, path: &str) -> Ask {
        let mut ask = Ask::new(Arc::clone(&self.provider), verb, base, path);
        ask.wire.clone_from(&self.wire);
        if self.now == NOW { ask } else { ask.token(&signed(&claims_at(self.now))) }
    }

    /// Books a Slot in the default dialect.
    pub(crate) async fn book(&self, nth: u32) -> Told {
        let told = self.ask("POST", "/Appointment").json(&diary::booking(nth)).send().await;
        assert_eq!(told.status, 201, "{}", told.text);
        told
    }

    /// The bodies of all audit records, in order.
    pub(crate) async fn records(&self) -> Vec<Value> {
        use store::Audit as _;
        // A record that waits for its durability comes after all that were handed over before.
        self.store.append(record()).await.expect("the audit trail");
        let filter = store::AuditFilter { limit: 10_000, ..store::AuditFilter::default() };
        let records = self.store.list(&filter).await.expect("the audit trail");
        records
            .iter()
            .filter_map(|each| serde_json::from_slice(&each.record.body).ok())
            .filter(|body: &Value| body["role"] == "provider")
            .collect()
    }
}

fn record() -> AuditRecord {
    AuditRecord { at: 0, trace_id: String::new(), requirement: "test".to_owned(), body: b"{}".to_vec() }
}

fn settings() -> Settings {
    let base = |url, dialect| Base::new(url, Dialect::named(dialect).expect("a dialect")).expect("a base");
    let groups =
        [(READERS, spine::interaction::Group::ReadSlot), (BOOKERS, spine::interaction::Group::CreateAppointment)];
    Settings {
        bases: vec![base(BASE_1, "1.0.4"), base(BASE_2, "2.0.4")],
        asids: [diary::SERVICE_ONE, diary::SERVICE_TWO].map(|asid| Asid::parse(asid).expect("an ASID")).to_vec(),
        ssp_fqdns: vec![SSP_FQDN.to_owned()],
        trust: Trust {
            issuer: ISSUER.to_owned(),
            audiences: vec![BASE_1.to_owned(), BASE_2.to_owned()],
            groups: groups.map(|(id, group)| (id.to_owned(), group)).into(),
            clients: spine::token::ClientNames::new(),
            organisations: Vec::new(),
            leeway: 60,
            accept_unsigned: AcceptUnsigned::BehindSsp,
        },
        publisher: "Test Practice".to_owned(),
        software: Software { version: "0.1.0".to_owned(), released: "2026-11-23".to_owned() },
        local_patient_system: LOCAL_SYSTEM.to_owned(),
        slots_on_a_page: 50,
        body_limit: 256 * 1024,
        local_rules: LocalRules::default(),
        test_service_ids: TestServiceIds::default(),
        demonstrator_checks: false,
        definitions: profile::Definitions::standard(),
    }
}

fn provider(store: &Store, settings: Settings, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Arc<Provider> {
    let keys = KeySet::of(vec![KEY.public_key().expect("a public key")]);
    let store = Arc::new(store.clone());
    let keeps = Keeps { diary: store.clone(), appointments: store.clone(), audit: store };
    Arc::new(Provider::new(settings, Arc::new(keys), keeps, clock, ids))
}

/// The claims of a token that may do everything at the default root.
pub(crate) fn claims() -> Value {
    claims_at(NOW)
}

pub(crate) fn claims_at(now: i64) -> Value {
    json!({"aud": BASE_1, "iss": ISSUER, "iat": now - 300, "nbf": now - 300, "exp": now + 3600, "appid": "client-1",
        "appidacr": "1", "groups": [READERS, BOOKERS], "oid": "o", "sub": "o", "tid": "tenant", "uti": "u", "ver": "1.0"})
}

pub(crate) fn signed(claims: &Value) -> String {
    KEY.sign(claims.as_object().expect("claims")).expect("a token")
}

/// A token as the Consumers of `2.0.4` make it (JW2-01).
pub(crate) fn unsigned(scope: &str) -> String {
    unsigned_for(BASE_2, scope)
}

/// The same for another service root.
pub(crate) fn unsigned_for(audience: &str, scope: &str) -> String {
    use base64::Engine as _;
    let encode = |value: &Value| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({"iss": "https://consumer.test", "sub": "10019", "aud": audience, "iat": NOW, "exp": NOW + 300,
        "reason_for_request": "directcare", "requested_scope": scope,
        "requesting_device": {"resourceType": "Device", "identifier": [{"system": "https://s.test", "value": "APP"}],
            "model": "Consumer", "version": "1.0"},
        "requesting_organization": {"resourceType": "Organization", "name": "Test 111",
            "identifier": [{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "A1001"}]}});
    format!("{}.{}.", encode(&json!({"alg": "none", "typ": "JWT"})), encode(&claims))
}

/// The other end of a connection whose certificate is good and bears this name.
pub(crate) fn peer(name: &str) -> Arc<Peer> {
    let certificate = Certificate {
        common_name: Some(name.to_owned()),
        dns_names: Vec::new(),
        issuer: "Test CA".to_owned(),
        serial: "01".to_owned(),
        sha256: [7; 32],
    };
    peer_with(Verdict::Good(certificate))
}

pub(crate) fn peer_with(certificate: Verdict) -> Arc<Peer> {
    let tls = TlsSession {
        version: "TLSv1_2",
        suite: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        took: std::time::Duration::ZERO,
    };
    Arc::new(Peer { address: "127.0.0.1:40000".parse().expect("an address"), certificate, tls: Some(tls) })
}

/// A request in the making: right in every respect until it is changed.
pub(crate) struct Ask<R = Provider> {
    service: FhirListener<R>,
    verb: &'static str,
    target: String,
    headers: HeaderMap,
    body: Vec<u8>,
    peer: Option<Arc<Peer>>,
    wire: Option<Arc<Wire>>,
    format: &'static str,
}

impl Ask {
    pub(crate) fn new(provider: Arc<Provider>, verb: &'static str, base: &str, path: &str) -> Self {
        let below = path.split('?').next().unwrap_or_default();
        let root = base.strip_prefix("https://provider.test.nhs.uk").unwrap_or(base);
        let ask = Self::bare(FhirListener::new(provider), verb, format!("{root}{path}")).from(Some(peer(SSP_FQDN)));
        let operation =
            Operation::of(verb, below).or_else(|| Operation::of("GET", below)).unwrap_or(Operation::SearchFreeSlots);
        let ask = match operation.interaction() {
            Some(interaction) => ask
                .header("Ssp-TraceID", "1c3c5e3e-0c0e-4c39-9a1f-5d3b6f1f2a77")
                .header("Ssp-From", "200000000359")
                .header("Ssp-To", diary::SERVICE_ONE)
                .header("Ssp-InteractionID", interaction.as_str()),
            None => ask,
        };
        let ask = ask.header("Authorization", &format!("Bearer {}", signed(&claims())));
        if base == BASE_2 && verb != "GET" { ask.header("X-Request-ID", "request-1") } else { ask }
    }
}

impl<R: FhirRole> Ask<R> {
    /// A request of any role, without certificate, headers and body.
    pub(crate) fn bare(service: FhirListener<R>, verb: &'static str, target: String) -> Self {
        Self {
            service,
            verb,
            target,
            headers: HeaderMap::new(),
            body: Vec::new(),
            peer: None,
            wire: None,
            format: "application/fhir+json",
        }
    }

    /// Sets a header, in place of one that is there.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        self.headers.insert(name, HeaderValue::from_str(value).expect("a value"));
        self
    }

    /// Sends a header once more.
    pub(crate) fn and_header(mut self, name: &str, value: &str) -> Self {
        self.headers.append(
            HeaderName::from_bytes(name.as_bytes()).expect("a name"),
            HeaderValue::from_str(value).expect("a value"),
        );
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    pub(crate) fn token(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn from(mut self, peer: Option<Arc<Peer>>) -> Self {
        self.peer = peer;
        self
    }

    /// Sends bodies, and asks for answers, in this format.
    pub(crate) fn in_format(mut self, format: &'static str) -> Self {
        self.format = format;
        self.header("Accept", format)
    }

    /// Whether the verb takes a body.
    pub(crate) fn has_body(&self) -> bool {
        matches!(self.verb, "POST" | "PUT")
    }

    /// A resource in the format of this request.
    pub(crate) fn resource(self, resource: &Value) -> Self {
        if self.format.ends_with("xml") { self.xml(resource) } else { self.json(resource) }
    }

    /// A body that breaks off, in the format of this request.
    pub(crate) fn malformed(self) -> Self {
        let (format, xml) = (self.format, self.format.ends_with("xml"));
        self.body(format, if xml { b"<Appointment".to_vec() } else { b"{".to_vec() })
    }

    pub(crate) fn json(self, resource: &Value) -> Self {
        self.body("application/fhir+json", resource.to_string().into_bytes())
    }

    /// The same resource as XML.
    pub(crate) fn xml(self, resource: &Value) -> Self {
        self.body("application/fhir+xml", as_xml(resource))
    }

    pub(crate) fn body(mut self, content_type: &str, body: Vec<u8>) -> Self {
        self.body = body;
        self.header("Content-Type", content_type)
    }

    /// The call under way, to be awaited or dropped.
    pub(crate) fn begin(mut self) -> impl Future<Output = Response<AnswerBody>> {
        let body = Full::new(Bytes::from(self.body));
        let mut request = Request::builder().method(self.verb).uri(self.target).body(body).expect("a request");
        *request.headers_mut() = self.headers;
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(peer);
        }
        let answer = self.service.call(request);
        async move { answer.await.expect("an answer") }
    }

    pub(crate) async fn send(self) -> Told {
        if let Some(wire) = self.wire {
            return wire.send(self.verb, &self.target, self.headers, self.body).await;
        }
        let response = self.begin().await;
        let (parts, body) = response.into_parts();
        Told::of(&parts, body.collect().await.expect("a body").to_bytes())
    }
}

pub(crate) fn as_xml(resource: &Value) -> Vec<u8> {
    let parsed = fhir::json::read(resource.to_string().as_bytes(), &fhir::Limits::STRICT).expect("a resource");
    fhir::xml::write(&parsed.resource)
}

/// An answer.
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
    pub(crate) text: String,
}

impl Told {
    pub(crate) fn of(head: &http::response::Parts, bytes: Bytes) -> Self {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Self { status: head.status.as_u16(), headers: head.headers.clone(), bytes, text }
    }

    /// The body, which is JSON, or XML that is read and told as JSON.
    pub(crate) fn value(&self) -> Value {
        if self.text.starts_with('<') {
            let parsed = fhir::xml::read(&self.bytes, &fhir::Limits::GENEROUS).expect("XML");
            return serde_json::from_slice(&fhir::json::write(&parsed.resource)).expect("JSON");
        }
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The logical id in the Location header.
    pub(crate) fn id(&self) -> String {
        let location = self.header("location");
        let (id, _) = location.rsplit_once("/_history/").expect("a versioned Location");
        id.rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// Diagnostics of the first issue.
    pub(crate) fn diagnostics(&self) -> String {
        self.value()["issue"][0]["diagnostics"].as_str().unwrap_or_default().to_owned()
    }

    /// The Spine code, or the code of another system, of the first issue.
    pub(crate) fn code(&self) -> String {
        self.value()["issue"][0]["details"]["coding"][0]["code"].as_str().unwrap_or_default().to_owned()
    }
}

//! The administration listener: reset, samples, directory entries, token clients.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use roles::administration::{Administration, Demonstration, Keeps, Seed, router};
use serde_json::{Value, json};
use spine::Dialect;
use spine::sds::{Dn, Entry};
use store::{Appointments as _, Audit as _, AuditFilter, AuditRecord, Diary as _, Store, TokenClient};
use tower::ServiceExt as _;

use crate::fixed::{CountedIds, FixedClock};
use crate::provider::diary;

struct Office {
    router: axum::Router,
    store: Store,
    _folder: tempfile::TempDir,
}

impl Office {
    async fn new(is_demonstration: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_sqlite(&folder.path().join("all.db"), "first").await.expect("a store");
        let shared = Arc::new(store.clone());
        let keeps = Keeps {
            diary: Some(shared.clone()),
            registrations: Some(shared.clone()),
            directory: Some(shared.clone()),
            token_clients: Some(shared.clone()),
            audit: [("provider", shared as Arc<dyn store::Audit>)].into(),
        };
        let demonstration = Demonstration {
            seed: Arc::new(|_| seed()),
            sample: Arc::new(|slot, dialect, _| {
                let nth = slot.id.rsplit('-').next()?.parse().ok()?;
                let is_first = dialect.name == "1.0.4";
                let body = if is_first { diary::booking(nth) } else { diary::booking_with_contained_slot(nth) };
                fhir::json::read(body.to_string().as_bytes(), &fhir::Limits::STRICT).ok().map(|parsed| parsed.resource)
            }),
            dialect: Dialect::named("1.0.4").expect("a dialect"),
        };
        let administration = Administration::new(
            keeps,
            is_demonstration.then_some(demonstration),
            Arc::new(FixedClock::default()),
            Arc::new(CountedIds::default()),
        );
        Self { router: router(Arc::new(administration)), store, _folder: folder }
    }

    async fn ask(&self, verb: &str, path: &str, body: &str) -> (u16, String) {
        self.ask_as("127.0.0.1:8447", verb, path, body).await
    }

    async fn ask_as(&self, host: &str, verb: &str, path: &str, body: &str) -> (u16, String) {
        let request = Request::builder().method(verb).uri(path).header("host", host);
        let request = request.body(axum::body::Body::new(Full::new(Bytes::from(body.to_owned())))).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        (parts.status.as_u16(), String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn seed() -> Seed {
    let dn = Dn::parse("uniqueIdentifier=918999198999,ou=Services,o=nhs").expect("a name");
    let client = TokenClient {
        client_id: "client-1".to_owned(),
        name: "Consumer".to_owned(),
        secrets: Vec::new(),
        groups: vec!["read:slot".to_owned()],
        enabled: true,
    };
    Seed {
        diary: diary::content(),
        directory: vec![Entry::new(dn).with("objectClass", "nhsAs").with("uniqueIdentifier", "918999198999")],
        token_clients: vec![client],
    }
}

fn record() -> AuditRecord {
    AuditRecord { at: 0, trace_id: String::new(), requirement: "test".to_owned(), body: b"{}".to_vec() }
}

// covers: DEM-05
#[tokio::test]
async fn a_demonstration_is_put_back_and_its_audit_trail_stays() {
    let office = Office::new(true).await;
    assert_eq!(office.ask("POST", "/reset", "").await, (204, String::new()));
    let booking = store::Booking {
        appointment_id: "a1".to_owned(),
        slot_id: "slot-1-00".to_owned(),
        request: None,
        content: b"{}".to_vec(),
        status: "booked".to_owned(),
        patients: Vec::new(),
        documents: Vec::new(),
        start: 0,
        end: 1,
        at: 0,
        audit: record(),
    };
    assert_eq!(office.store.book(booking).await.unwrap(), store::BookOutcome::Booked);
    let extra = "dn: uniqueIdentifier=1,ou=Services,o=nhs\nobjectClass: nhsAs\nuniqueIdentifier: 1\n";
    assert_eq!(office.ask("POST", "/directory", extra).await.0, 204);
    assert_eq!(office.ask("PUT", "/token-clients/client-2", r#"{"name":"x","groups":[]}"#).await.0, 204);
    assert_eq!(office.ask("POST", "/reset", "").await.0, 204);
    assert_eq!(office.store.slot("slot-1-00").await.unwrap().unwrap().status, store::SlotStatus::Free);
    assert_eq!(office.store.appointment("a1").await.unwrap(), None);
    let (_, ldif) = office.ask("GET", "/directory", "").await;
    assert!(ldif.contains("918999198999") && !ldif.contains("uniqueIdentifier=1,"), "{ldif}");
    let (_, clients) = office.ask("GET", "/token-clients", "").await;
    assert!(clients.contains("client-1") && !clients.contains("client-2"), "{clients}");
    let records = office.store.list(&AuditFilter { limit: 100, ..AuditFilter::default() }).await.unwrap();
    assert!(records.len() >= 10, "{}", records.len());
    assert!(office.store.verify().await.unwrap().faults.is_empty());
}

// covers: DEM-06
#[tokio::test]
async fn a_sample_is_a_booking_of_a_slot_that_is_free() {
    let office = Office::new(true).await;
    office.ask("POST", "/reset", "").await;
    assert_eq!(office.ask("GET", "/samples", "").await, (200, r#"["booking.json","booking.xml"]"#.to_owned()));
    let (status, text) = office.ask("GET", "/samples/booking.json", "").await;
    let booking: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &booking["slot"][0]["reference"]), (200, &json!("Slot/slot-1-00")));
    let (_, text) = office.ask("GET", "/samples/booking.json?dialect=2.0.4", "").await;
    assert!(text.contains(r##""reference":"#slot-1-00""##), "{text}");
    let (status, xml) = office.ask("GET", "/samples/booking.xml?service=118111118111", "").await;
    assert!(status == 200 && xml.contains("<Appointment xmlns"), "{xml}");
    assert_eq!(office.ask("GET", "/samples/other.json", "").await.0, 404);
    assert_eq!(office.ask("GET", "/samples/booking.json?dialect=3", "").await.0, 400);
    let real = Office::new(false).await;
    for (verb, path) in [("POST", "/reset"), ("GET", "/samples/booking.json")] {
        let (status, text) = real.ask(verb, path, "").await;
        assert!(status == 404 && text.contains("no demonstration"), "{path}: {text}");
    }
}

// covers: FIND-01, SDS-08
#[tokio::test]
async fn directory_entries_come_and_go_as_ldif() {
    let office = Office::new(false).await;
    let ldif =
        "dn: uniqueIdentifier=200000000359,ou=Services,o=nhs\nobjectClass: nhsAs\nuniqueIdentifier: 200000000359\n";
    assert_eq!(office.ask("PUT", "/directory", ldif).await.0, 204);
    let (_, text) = office.ask("GET", "/directory", "").await;
    assert!(text.contains("uniqueIdentifier: 200000000359"), "{text}");
    for wrong in ["", "dn", "dn: no name\nx: y\n"] {
        assert_eq!(office.ask("POST", "/directory", wrong).await.0, 400, "{wrong}");
    }
    let path = "/directory/uniqueidentifier%3D200000000359%2C%20ou%3Dservices%2C%20o%3Dnhs";
    assert_eq!(office.ask("DELETE", path, "").await.0, 204);
    assert_eq!(office.ask("DELETE", path, "").await.0, 404);
}

// covers: TOK-03, TOK-10, AUD-09
#[tokio::test]
async fn token_clients_are_kept_and_no_hash_goes_out() {
    let office = Office::new(false).await;
    let secret = r#"{"id":"s1","hash":"sha256$AAAA$BBBB"}"#;
    assert_eq!(office.ask("POST", "/token-clients/c1/secrets", secret).await.0, 404);
    assert_eq!(office.ask("PUT", "/token-clients/c1", r#"{"name":"One","groups":["read:slot"]}"#).await.0, 204);
    assert_eq!(office.ask("POST", "/token-clients/c1/secrets", secret).await.0, 204);
    // Changing the client leaves its secrets.
    assert_eq!(office.ask("PUT", "/token-clients/c1", r#"{"name":"Two","groups":[],"enabled":false}"#).await.0, 204);
    let (_, text) = office.ask("GET", "/token-clients", "").await;
    let clients: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&clients[0]["name"], &clients[0]["enabled"], &clients[0]["secrets"][0]["id"]),
        (&json!("Two"), &json!(false), &json!("s1"))
    );
    assert!(!text.contains("BBBB"));
    assert_eq!(office.ask("PUT", "/token-clients/c1", r#"{"secret":"x"}"#).await.0, 400);
    assert_eq!(office.ask("DELETE", "/token-clients/c1/secrets/s1", "").await.0, 204);
    assert_eq!(office.ask("DELETE", "/token-clients/c1/secrets/s1", "").await.0, 404);
    assert_eq!(office.ask("DELETE", "/token-clients/c1", "").await.0, 204);
}

#[tokio::test]
async fn strangers_and_wrong_verbs_are_refused() {
    let office = Office::new(true).await;
    assert_eq!(office.ask_as("evil.test", "POST", "/reset", "").await.0, 403);
    assert_eq!(office.ask("GET", "/reset", "").await.0, 405);
    assert_eq!(office.ask("PATCH", "/directory", "").await.0, 405);
    assert_eq!(office.ask("GET", "/nothing", "").await.0, 404);
}

// covers: AUD-01, AUD-04, AUD-08
#[tokio::test]
async fn audit_trails_are_read_page_by_page_and_checked() {
    let office = Office::new(true).await;
    assert_eq!(office.ask("GET", "/audit", "").await, (200, r#"["provider"]"#.to_owned()));
    assert_eq!(office.ask("POST", "/reset", "").await.0, 204);
    for number in 0..3 {
        let body = format!("{{\"request_id\":\"r{number}\"}}").into_bytes();
        office.store.append_behind(AuditRecord { body, ..record() }).await.unwrap();
    }
    let (_, text) = office.ask("GET", "/audit/provider/records?request=R1", "").await;
    let page: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&page["records"][0]["record"]["request_id"], &page["next"]), (&json!("r1"), &Value::Null));
    let (mut after, mut seen) = (String::new(), 0);
    loop {
        let (status, text) = office.ask("GET", &format!("/audit/provider/records?limit=2{after}"), "").await;
        let page: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(status, 200, "{text}");
        seen += page["records"].as_array().unwrap().len();
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    let (_, text) = office.ask("POST", "/audit/provider/verification", "").await;
    let found: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&found["faults"], &found["chains"][0]["records"]), (&json!([]), &json!(seen)));
    let heads = json!([{"chain": "gone", "records": 1, "hash": "00".repeat(32), "closed": true}]).to_string();
    let (_, text) = office.ask("POST", "/audit/provider/verification", &heads).await;
    assert!(text.contains("the record is missing, and the earlier check names it"), "{text}");
    for (verb, path, body, status) in [
        ("GET", "/audit/ssp/records", "", 421),
        ("GET", "/audit/provider/records?patient=1", "", 400),
        ("POST", "/audit/provider/verification", "[{}]", 400),
        ("POST", "/audit/provider/verification", r#"[{"chain":"a","records":1,"hash":"00"}]"#, 400),
        ("GET", "/audit/provider/verification", "", 405),
        ("DELETE", "/audit/provider/records", "", 405),
    ] {
        assert_eq!(office.ask(verb, path, body).await.0, status, "{verb} {path}");
    }
}

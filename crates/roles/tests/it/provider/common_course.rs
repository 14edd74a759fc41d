//! What every request goes through before its interaction is reached, and what every answer carries.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use roles::edge::clock::Ids;
use roles::edge::peer::{CertificateFault, Verdict};
use serde_json::json;
use uuid::Uuid;

use super::diary::{SERVICE_ONE, booking};
use super::house::{BASE_1, BASE_2, House, SSP_FQDN, claims, peer_with, signed};

const SLOTS: &str = "/Slot?service=918999198999&start=ge2026-11-24";

// covers: SSP-110, SSP-111, SSP-35, SSP-36, SSP-33, TLS-18
#[tokio::test]
async fn a_certificate_that_is_not_believed_is_answered_with_its_status() {
    let house = House::new().await;
    let bad = |fault| Verdict::Bad { fault, certificate: None };
    for (verdict, status) in [
        (Verdict::None, 496),
        (bad(CertificateFault::Expired), 495),
        (bad(CertificateFault::Revoked), 495),
        (bad(CertificateFault::UnknownIssuer), 495),
        (Verdict::PlainHttp, 497),
    ] {
        let told = house.ask("GET", SLOTS).from(Some(peer_with(verdict.clone()))).send().await;
        assert_eq!((told.status, &told.value()["resourceType"]), (status, &json!("OperationOutcome")), "{verdict:?}");
    }
}

// covers: SSP-26, SSP-112, SSP-113, SSP-114, VIA-33
#[tokio::test]
async fn the_ssp_headers_must_be_there_and_fit() {
    let house = House::new().await;
    for name in ["Ssp-TraceID", "Ssp-From", "Ssp-To", "Ssp-InteractionID"] {
        let told = house.ask("GET", SLOTS).without(name).send().await;
        assert_eq!((told.status, told.code().as_str()), (400, "MISSING_OR_INVALID_HEADER"), "{name}");
        assert!(told.diagnostics().contains(name), "{}", told.diagnostics());
    }
    let cases = [
        ("Ssp-From", "12345", "MISSING_OR_INVALID_HEADER"),
        ("Ssp-TraceID", "{1c3c5e3e-0c0e-4c39-9a1f-5d3b6f1f2a77}", "MISSING_OR_INVALID_HEADER"),
        ("Ssp-To", "200000000359", "BAD_REQUEST"),
        (
            "Ssp-InteractionID",
            "urn:nhs:names:services:careconnect:fhir:rest:create:appointment",
            "MISSING_OR_INVALID_HEADER",
        ),
    ];
    for (name, value, code) in cases {
        let told = house.ask("GET", SLOTS).header(name, value).send().await;
        assert_eq!((told.status, told.code().as_str()), (400, code), "{name}: {}", told.text);
    }
    // They come before the token.
    assert_eq!(house.ask("GET", SLOTS).without("Ssp-To").without("Authorization").send().await.status, 400);
}

// covers: HTTP-22, HTTP-23, HTTP-24, META-02, X-35
#[tokio::test]
async fn a_wrong_verb_is_told_the_right_ones() {
    let house = House::new().await;
    for (verb, path, allow) in [
        ("POST", "/Slot?service=1", "GET"),
        ("DELETE", "/Appointment/1", "GET, PUT"),
        ("PATCH", "/Appointment/1", "GET, PUT"),
        ("OPTIONS", "/metadata", "GET"),
        ("HEAD", "/metadata", "GET"),
        ("PUT", "/Appointment", "POST, GET"),
        ("POST", "/Appointment/1/_history", "GET"),
    ] {
        let told = house.ask(verb, path).send().await;
        assert_eq!((told.status, told.header("allow")), (405, allow), "{verb} {path}");
        assert_eq!(told.value()["issue"][0]["code"], "not-supported");
    }
}

// covers: XTI-02, XTI-03, XTI-08, HTTP-25, HTTP-26, SSP-116
#[tokio::test]
async fn every_answer_carries_its_headers_whatever_the_outcome() {
    let house = House::new().await;
    for ask in [
        house.ask("GET", SLOTS),
        house.ask("GET", "/Appointment/x"),
        house.ask("GET", SLOTS).without("Authorization"),
        house.ask("GET", SLOTS).from(None),
    ] {
        let told = ask.header("X-Request-ID", "r-1").send().await;
        assert_eq!(told.header("cache-control"), "no-store");
        assert_eq!(told.header("strict-transport-security"), "max-age=31536000");
        assert_eq!(told.header("x-correlation-id"), "r-1");
        assert!(!told.header("x-request-id").is_empty() && told.header("x-request-id") != "r-1");
    }
    let told = house.ask("GET", SLOTS).send().await;
    assert_eq!((told.status, told.header("x-correlation-id")), (200, ""));
}

// covers: X-22, XTI-07
#[tokio::test]
async fn a_missing_request_id_is_refused_in_2_0_4_alone() {
    let house = House::new().await;
    let told = house.ask_in(BASE_2, "POST", "/Appointment").without("X-Request-ID").json(&booking(0)).send().await;
    assert_eq!((told.status, told.code().as_str()), (400, "MISSING_OR_INVALID_HEADER"));
    assert_eq!(house.ask("POST", "/Appointment").json(&booking(0)).send().await.status, 201);
    let told = house.ask("POST", "/Appointment").header("X-Request-ID", "a b").json(&booking(1)).send().await;
    assert_eq!(told.status, 400);
}

// covers: HTTP-07, HTTP-08, OO-06, X-07
#[tokio::test]
async fn formats_that_are_not_served_are_refused_in_one_that_is() {
    let house = House::new().await;
    let told =
        house.ask("GET", &format!("{SLOTS}&_format=turtle")).header("Accept", "application/fhir+xml").send().await;
    assert_eq!((told.status, told.header("content-type")), (415, "application/fhir+xml;charset=utf-8"));
    for content_type in ["application/xml", "application/json", "text/xml"] {
        let told = house.ask("POST", "/Appointment").body(content_type, b"{}".to_vec()).send().await;
        assert_eq!((told.status, told.code().as_str()), (415, "UNSUPPORTED_MEDIA_TYPE"), "{content_type}");
    }
    let told = house.ask("POST", "/Appointment").body("application/fhir+json", vec![b' '; 300_000]).send().await;
    assert_eq!(told.status, 413);
}

// covers: AUD-01, AUD-02, AUD-03, AUD-04, AUD-06, XTI-06, JWT-23, AUD-07, AUD-08, AUD-09, JW2-15, SSP-120
#[tokio::test]
async fn every_exchange_leaves_one_record_without_nhs_numbers_and_tokens() {
    let house = House::new().await;
    let token = signed(&claims());
    let booked = house.ask("POST", "/Appointment").header("X-Request-ID", "r-9").json(&booking(0)).send().await;
    house.ask("POST", "/Appointment").json(&booking(0)).send().await;
    house.ask("GET", "/Appointment?Patient=https://fhir.nhs.uk/Id/nhs-number%7C9476719931").send().await;
    house.ask("GET", SLOTS).without("Authorization").send().await;
    house.ask("GET", SLOTS).from(None).send().await;
    let records = house.records().await;
    let told: Vec<(String, String)> =
        records.iter().map(|record| (record["status"].to_string(), record["refusal"].to_string())).collect();
    let expected = [
        ("201", "null"),
        ("422", "\"SlotNotFree\""),
        ("200", "null"),
        ("403", "\"TokenMissing\""),
        ("495", "\"CallerIsNotTheProxy\""),
    ];
    let mut told: Vec<(&str, &str)> =
        told.iter().map(|(status, refusal)| (status.as_str(), refusal.as_str())).collect();
    told.sort_unstable();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(told, expected);
    let booking = records.iter().find(|record| record["status"] == 201).unwrap();
    assert_eq!(booking["identity"], format!("Appointment/{}/_history/1", booked.id()));
    assert_eq!((&booking["request_id"], &booking["token"]["appid"]), (&json!("r-9"), &json!("client-1")));
    assert_eq!(booking["token"]["uti"], "u");
    assert_eq!((&booking["ssp"]["from"], &booking["ssp"]["to"]), (&json!("200000000359"), &json!(SERVICE_ONE)));
    assert_eq!((&booking["connection"]["certificate"]["cn"], &booking["dialect"]), (&json!(SSP_FQDN), &json!("1.0.4")));
    assert_eq!(booking["exchange"], booked.header("x-request-id"));
    for record in &records {
        let text = record.to_string();
        assert!(!text.contains("9476719931") && !text.contains(&token), "{text}");
    }
    assert!(
        records.iter().filter(|record| record["refusal"] != json!(null)).all(|record| record["fault"] == "consumer")
    );
}

// covers: VER-10, HTTP-20, HTTP-35
#[tokio::test]
async fn both_roots_answer_and_nothing_else_does() {
    let house = House::new().await;
    for base in [BASE_1, BASE_2] {
        let told = house.ask_in(base, "GET", SLOTS).send().await;
        assert!(told.text.contains(&format!("{base}/Slot/slot-1-00")));
    }
    for base in [
        "https://provider.test.nhs.uk/STU3/3/demo",
        "https://provider.test.nhs.uk",
        "https://provider.test.nhs.uk/stu3/1/demo",
    ] {
        let told = house.ask_in(base, "GET", SLOTS).send().await;
        assert_eq!(told.status, 404);
        assert!(told.diagnostics().contains(BASE_1));
    }
}

// covers: NFR-01, NFR-14, HTTP-14
#[tokio::test]
async fn control_characters_reach_no_database() {
    let house = House::new().await;
    for (path, status) in [
        ("/Slot/%00", 404),
        ("/Appointment/a%0Ab", 404),
        ("/Slot?service=%00", 400),
        ("/Appointment?identifier=https://x%7C%01", 400),
    ] {
        assert_eq!(house.ask("GET", path).send().await.status, status, "{path}");
    }
    let mut body = booking(0);
    body["description"] = json!("a\u{0}b");
    let told = house.ask("POST", "/Appointment").json(&body).send().await;
    assert_eq!((told.status, told.code().as_str()), (422, "INVALID_RESOURCE"), "{}", told.text);
}

// covers: AUD-01, PROC-05
#[tokio::test]
async fn a_caller_who_goes_away_stops_neither_the_booking_nor_its_record() {
    let house = House::new().await;
    drop(house.ask("POST", "/Appointment").json(&booking(0)).begin());
    let booked = async {
        while house.ask("GET", "/Slot/slot-1-00").send().await.value()["status"] != "busy" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), booked).await.expect("a booking");
    let records = house.records().await;
    assert!(records.iter().any(|record| record["status"] == 201 && record["method"] == "POST"), "{records:?}");
}

/// Ids of which the second is a fault of ours: the first names the exchange, the second would name the Appointment.
#[derive(Default)]
struct IdsThatFailOnce(AtomicU64);

impl Ids for IdsThatFailOnce {
    fn uuid(&self) -> Uuid {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        assert!(number != 1, "no id of Appointment 9476719931");
        uuid::Builder::from_random_bytes(u128::from(number).to_be_bytes()).into_uuid()
    }
}

// covers: AUD-01, AUD-04, ERR-07, ERR-46, SSP-120, BOOK-13
#[tokio::test]
async fn a_fault_in_our_own_code_is_a_500_that_says_nothing_and_is_recorded() {
    let house = House::new().await.taking_ids_from(Arc::new(IdsThatFailOnce::default()));
    let ask = || house.ask("POST", "/Appointment").header("X-Request-ID", "r-1").json(&booking(0));
    let told = ask().send().await;
    assert_eq!((told.status, told.code().as_str()), (500, "INTERNAL_SERVER_ERROR"), "{}", told.text);
    assert_eq!((told.header("x-correlation-id"), told.header("cache-control")), ("r-1", "no-store"));
    assert!(!told.text.contains("9476719931") && !told.text.contains("panic") && !told.text.contains(".rs"));
    // The process goes on, nothing was half done, and the same request id may try again.
    assert_eq!(ask().send().await.status, 201);
    let records = house.records().await;
    let failed: Vec<_> = records.iter().filter(|record| record["status"] == 500).collect();
    assert_eq!(failed.len(), 1, "{records:?}");
    assert_eq!((&failed[0]["refusal"], &failed[0]["fault"]), (&json!("InternalError"), &json!("provider")));
    assert_eq!(
        (&failed[0]["request_id"], &failed[0]["exchange"]),
        (&json!("r-1"), &json!(told.header("x-request-id")))
    );
}

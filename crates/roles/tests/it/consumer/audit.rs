//! The Consumer's own trail: a record of every call and every event, no patient in any of them, and no call without one.

use std::sync::Arc;

use async_trait::async_trait;
use roles::consumer::{Consumer, Fault, Rebooking};
use serde_json::Value;
use spine::InteractionId;
use store::{Audit, AuditFilter, AuditRecord, ChainHead, Store, StoreError, StoredRecord, Verification};

use super::network::{CONSUMER, Network, SECRET, SERVICE};
use super::steps::{appointment, book, free_slots, nhs_number, service};

const DOCUMENT: &str = "0b8a5b0e-5f3c-4c0e-9a51-3d6e3a7f8c11";
const OTHER_DOCUMENT: &str = "5f0d0a9e-8c1c-4b0e-9a51-3d6e3a7f8c22";
const USER: &str = "Dana Clerk";

async fn recorded(network: &Network) -> (Consumer, Store) {
    let trail = network.store("trail").await;
    let consumer = network.consumer().await.audited_by(Arc::new(trail.clone()), USER);
    (consumer.in_encounter(Some(DOCUMENT.to_owned())), trail)
}

/// The records' bodies, oldest first, without that of the chain's beginning.
async fn bodies(trail: &Store) -> Vec<(StoredRecord, Value)> {
    let all = trail.list(&AuditFilter { limit: 1000, ..AuditFilter::default() }).await.expect("a trail");
    let read = |record: StoredRecord| {
        let body: Value = serde_json::from_slice(&record.record.body).expect("JSON");
        (record, body)
    };
    all.into_iter().map(read).filter(|(_, body)| body["role"] == "consumer").collect()
}

fn of<'r>(all: &'r [(StoredRecord, Value)], event: &str) -> Vec<&'r Value> {
    all.iter().map(|(_, body)| body).filter(|body| body["event"] == event).collect()
}

// covers: SSP-135, AUD-06, AUD-08, AUD-09, CON-15, REP-C01, REP-C04, REP-C06, REP-C08, REP-C09, REP-C10, REP-C11
#[tokio::test]
async fn every_call_and_every_event_of_an_encounter_is_recorded_and_no_patient() {
    for dialect in ["1.0.4", "2.0.4"] {
        let network = Network::of(dialect).await;
        let (consumer, trail) = recorded(&network).await;
        let (endpoint, slots) = free_slots(&consumer).await;
        let booked = book(&consumer, &endpoint, &slots[0]).await.expect("a booking");
        book(&consumer, &endpoint, &slots[0]).await.expect_err("the Slot is gone");
        consumer.register_appointment(&appointment(&booked), &booked.link).await.expect("told");
        consumer.search_registered_appointments(&nhs_number()).await.expect("a Bundle");
        let rebooking = Rebooking {
            from: &endpoint,
            id: &booked.id,
            to: &endpoint,
            slot: &slots[1],
            document: OTHER_DOCUMENT,
            request_id: "rebooking",
        };
        consumer.rebook_appointment(&rebooking).await.expect("a rebooking");
        consumer.cancel_appointment(&endpoint, &booked.id, Some("7")).await.expect_err("a stale version");

        let all = bodies(&trail).await;
        let calls = of(&all, "call");
        for party in ["SDS", "the token endpoint", "the Provider", "the Registry"] {
            assert!(calls.iter().any(|call| call["party"] == party), "{party} in {dialect}");
        }
        assert_eq!(calls.len(), network.watched().len(), "each message has its record");
        for call in &calls {
            assert_eq!(
                (&call["user"], &call["caller"]["asid"], &call["caller"]["ods"]),
                (&USER.into(), &CONSUMER.into(), &"A1001".into())
            );
            assert!(call["began"].is_string() && call["ended"].is_string() && call["attempt"] == 1, "{call}");
        }
        let made =
            all.iter().find(|(_, body)| body["method"] == "POST" && body["status"] == 201).expect("the booking's call");
        assert_eq!(made.1["ssp"]["to"], SERVICE);
        assert_eq!(made.1["ssp"]["trace_id"], made.0.record.trace_id.as_str());
        assert!(made.1["request_id"].is_string() && made.1["exchange"].is_string(), "{}", made.1);
        let refused = calls.iter().find(|call| call["status"] == 422).expect("the refused call");
        assert_eq!(
            (&refused["refused"]["by"], &refused["refused"]["requirement"]),
            (&"the Provider".into(), &"BOOK-10".into())
        );
        assert!(
            refused["refused"]["diagnostics"].as_str().is_some_and(|said| said.contains("no longer available")),
            "{refused}"
        );

        let shown = of(&all, "slots-shown");
        assert_eq!((&shown[0]["slots"], &shown[0]["encounter"]), (&20.into(), &DOCUMENT.into()));
        assert!(shown[0]["earliest"].as_str() < shown[0]["latest"].as_str(), "{}", shown[0]);
        for (event, count) in [
            ("booking-tried", 3),
            ("booking-made", 2),
            ("slot-gone", 1),
            ("cancelled", 1),
            ("rebooked", 1),
            ("cancellation-failed", 1),
        ] {
            let found = of(&all, event);
            assert_eq!(found.len(), count, "{event} in {dialect}");
            assert!(found.iter().all(|body| body["target"]["asid"] == SERVICE), "{event}: {found:?}");
        }
        assert_eq!(of(&all, "booking-made")[0]["encounter"], DOCUMENT);
        assert_eq!(of(&all, "cancelled")[0]["encounter"], DOCUMENT);
        assert_eq!(
            (&of(&all, "rebooked")[0]["encounter"], &of(&all, "rebooked")[0]["instead_of"]),
            (&OTHER_DOCUMENT.into(), &DOCUMENT.into())
        );

        let text: String = all.iter().map(|(_, body)| body.to_string()).collect();
        for secret in ["9476719931", "Example", "1980-02-29", "01632", "LS1 4HR", "eyJ", SECRET] {
            assert!(!text.contains(secret), "{secret} in {dialect}");
        }
        assert!(trail.verify().await.expect("a check").faults.is_empty());
    }
}

/// A trail on a disk that is full.
struct FullDisk;

#[async_trait]
impl Audit for FullDisk {
    async fn append(&self, _: AuditRecord) -> store::Result<()> {
        Err(StoreError::Unavailable("the disk is full".to_owned()))
    }

    async fn append_behind(&self, record: AuditRecord) -> store::Result<()> {
        self.append(record).await
    }

    async fn verify_against(&self, _: &[ChainHead]) -> store::Result<Verification> {
        Ok(Verification::default())
    }

    async fn list(&self, _: &AuditFilter) -> store::Result<Vec<StoredRecord>> {
        Ok(Vec::new())
    }
}

// covers: SSP-135
#[tokio::test]
async fn nothing_more_is_sent_once_a_record_could_not_be_written() {
    let network = Network::of("1.0.4").await;
    let consumer = network.consumer().await.audited_by(Arc::new(FullDisk), USER);
    let fault = consumer.find_endpoint(&service(), &InteractionId::SEARCH_SLOT).await.unwrap_err();
    assert!(matches!(&fault, Fault::Unsendable(why) if why.contains("SSP-135")), "{fault:?}");
    assert_eq!(network.watched().len(), 1, "the second look-up is not made");
}

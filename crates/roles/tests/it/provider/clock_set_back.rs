//! A clock that is set back while Appointments are there: versions and the audit trail keep the order in which things happened.

use serde_json::json;
use store::{Audit as _, AuditFilter};

use super::house::{House, NOW, claims_at, signed};

// covers: VER-02, CAN-06, AUD-04, JWT-16, TIM-01
#[tokio::test]
async fn a_clock_that_is_set_back_changes_no_order_and_loses_nothing() {
    let house = House::new().await;
    let told = house.book(2).await;
    let path = format!("/Appointment/{}", told.id());
    let house = house.at("2026-11-23T08:00:00Z");

    // A token from before is one of the future now, and is refused as such.
    let early = house.ask("GET", &path).token(&signed(&claims_at(NOW))).send().await;
    assert_eq!(early.status, 403, "{}", early.text);
    assert!(early.text.contains("[JWT-1"), "{}", early.text);

    let mut body = told.value();
    body["status"] = json!("cancelled");
    let told = house.ask("PUT", &path).header("If-Match", "W/\"1\"").json(&body).send().await;
    assert_eq!((told.status, told.header("etag")), (200, "W/\"2\""), "{}", told.text);
    assert_eq!(house.ask("GET", &path).send().await.value()["status"], "cancelled");
    let history = house.ask("GET", &format!("{path}/_history")).send().await.value();
    let versions: Vec<_> =
        history["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]["meta"]["versionId"]).collect();
    assert_eq!(versions, ["2", "1"]);

    // In the list the cancellation comes first, as the clock had it; in its chain it comes after the booking, as it happened.
    house.store.settled().await.unwrap();
    let stored = house.store.list(&AuditFilter { limit: 100, ..AuditFilter::default() }).await.unwrap();
    let of = |what: &str| stored.iter().find(|stored| stored.record.requirement.ends_with(what)).unwrap();
    let (cancelled, booked) = (of("update:appointment"), of("create:appointment"));
    assert!(cancelled.record.at < booked.record.at && cancelled.sequence > booked.sequence);
    assert_eq!(house.store.verify().await.unwrap().faults, []);
}

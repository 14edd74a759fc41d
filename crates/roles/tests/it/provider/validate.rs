//! `$validate` at a Provider: with the proxy's certificate and a token, without Ssp headers.

use serde_json::json;

use super::diary::booking;
use super::house::House;

// covers: VAL-01, VAL-02, VAL-03, VAL-06, VIA-33
#[tokio::test]
async fn a_resource_is_judged_whatever_the_verdict() {
    let house = House::new().await;
    let slot = json!({"resourceType": "Slot", "id": "s", "status": "open"});
    let told = house.ask("POST", "/Slot/$validate").json(&slot).send().await;
    assert_eq!(told.status, 200, "{}", told.text);
    let outcome = told.value();
    assert_eq!(outcome["resourceType"], "OperationOutcome");
    assert!(outcome["issue"].as_array().unwrap().iter().any(|issue| issue["severity"] == "error"));
    let inside = json!({"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": slot}]});
    let told = house.ask("POST", "/Slot/%24validate").json(&inside).send().await;
    assert_eq!(told.status, 200, "{}", told.text);
    assert!(told.text.contains("error"));
}

// covers: VAL-01, VAL-07, HTTP-13
#[tokio::test]
async fn what_cannot_be_judged_is_refused() {
    let house = House::new().await;
    let told = house.ask("POST", "/Patient/$validate").json(&booking(0)).send().await;
    assert_eq!(told.status, 400, "{}", told.text);
    let empty = house.ask("POST", "/Slot/$validate").body("application/fhir+json", Vec::new()).send().await;
    assert_eq!(empty.status, 400);
    let plain = house.ask("POST", "/Slot/$validate").body("text/plain", b"x".to_vec()).send().await;
    assert_eq!(plain.status, 415);
    assert_eq!(house.ask("GET", "/Slot/$validate").send().await.status, 405);
    let mut unknown = booking(0);
    unknown["ownElement"] = json!("x");
    let told = house.ask("POST", "/Appointment/$validate").json(&unknown).send().await;
    assert!(
        told.value()["issue"].as_array().unwrap().iter().any(|issue| issue["severity"] == "error"),
        "{}",
        told.text
    );
    assert_eq!(
        house.ask("POST", "/Slot/$validate").without("Authorization").json(&booking(0)).send().await.status,
        403
    );
}

//! Cancelling a registration: from the version that was read, changing the status and nothing else.

use serde_json::{Value, json};

use super::house::{BOTH, House, REGISTRY_1, REGISTRY_2, SEARCH, pointer, registration, registration_with_end};
use crate::provider::house::Told;

/// What is done to a body that is right.
type Change = dyn Fn(&mut Value);

async fn put(house: &House, base: &'static str, path: &str, if_match: &str, request: &str, body: &Value) -> Told {
    house.ask(base, "PUT", path).header("If-Match", if_match).header("X-Request-ID", request).json(body).send().await
}

fn cancelled(appointment: &Value) -> Value {
    let mut body = appointment.clone();
    body["status"] = json!("cancelled");
    body
}

// covers: REG-11, REG-12, X-08, CAN-02, CAN-03, CAN-06, X-13, X-14
#[tokio::test]
async fn a_registration_is_cancelled_with_or_without_a_new_created() {
    for base in BOTH {
        let house = House::new().await;
        for (nth, body) in [(0, registration(0)), (1, registration_with_end(1))] {
            let registered = house.register(base, &body).await;
            let path = format!("/Appointment/{}", registered.id());
            let mut body = cancelled(&registered.value());
            if nth == 1 {
                body["created"] = json!("2026-11-23T09:00:00+00:00");
            }
            let told = put(&house, base, &path, "W/\"1\"", &format!("c-{nth}"), &body).await;
            assert_eq!(told.status, 200, "{}", told.text);
            assert_eq!(told.header("location"), format!("{base}{path}/_history/2"));
            assert_eq!(
                (told.header("etag"), told.header("last-modified")),
                ("W/\"2\"", "Mon, 23 Nov 2026 09:00:00 GMT")
            );
            let mut expected = body.clone();
            expected["meta"]["versionId"] = json!("2");
            assert_eq!(told.value(), expected);
        }
        // It stays to be found, as what it is now.
        let bundle = house.ask(base, "GET", SEARCH).send().await.value();
        assert_eq!((&bundle["total"], &bundle["entry"][0]["resource"]["status"]), (&json!(2), &json!("cancelled")));
        assert_eq!(bundle["entry"][0]["resource"]["identifier"][0]["value"], pointer(0));
        assert!(bundle["entry"][0]["fullUrl"].as_str().unwrap().ends_with("/_history/2"));
    }
}

// covers: REG-12, HTTP-02
#[tokio::test]
async fn a_registration_in_json_is_cancelled_in_xml() {
    for base in BOTH {
        let house = House::new().await;
        let registered = house.register(base, &registration(0)).await;
        let path = format!("/Appointment/{}", registered.id());
        let ask = house.ask(base, "PUT", &path).header("If-Match", "W/\"1\"").header("X-Request-ID", "c");
        let told = ask.xml(&cancelled(&registered.value())).send().await;
        assert_eq!((told.status, &told.value()["status"]), (200, &json!("cancelled")), "{}", told.text);
        assert_eq!(told.header("content-type"), "application/fhir+xml;charset=utf-8");
    }
}

// covers: X-09, CAN-05
#[tokio::test]
async fn another_spelling_of_the_nhs_numbers_system_is_no_difference() {
    let house = House::new().await;
    let mut body = registration(0);
    body["participant"][0]["actor"]["identifier"]["system"] = json!("https://demographics.spineservices.nhs.uk/");
    let registered = house.register(REGISTRY_1, &body).await;
    body["id"] = json!(registered.id());
    let told =
        put(&house, REGISTRY_1, &format!("/Appointment/{}", registered.id()), "W/\"1\"", "c", &cancelled(&body)).await;
    assert_eq!(told.status, 200, "{}", told.text);
}

// covers: REG-12, VER-01, VER-03, VER-04, CAN-12, CAN-13, X-41, X-43
#[tokio::test]
async fn the_checks_come_in_their_order() {
    for base in BOTH {
        let house = House::new().await;
        let registered = house.register(base, &registration(0)).await;
        let path = format!("/Appointment/{}", registered.id());
        let good = cancelled(&registered.value());
        let mut other = good.clone();
        other["slot"] = json!([{"reference": "Slot/1"}]);
        let nowhere = "/Appointment/nowhere";
        let no_token = house.ask(base, "PUT", nowhere).without("Authorization").json(&other).send().await;
        assert_eq!(no_token.status, 403);
        assert_eq!(house.ask(base, "PUT", nowhere).json(&other).send().await.status, 412);
        assert_eq!(put(&house, base, nowhere, "W/\"7\"", "a", &other).await.status, 404);
        assert_eq!(put(&house, base, &path, "W/\"7\"", "a", &other).await.status, 409);
        assert_eq!(put(&house, base, &path, "1", "a", &good).await.status, 400);
        let told = put(&house, base, &path, "W/\"1\"", "a", &other).await;
        assert_eq!(
            (told.status, &told.value()["issue"][0]["location"][0]),
            (422, &json!("Appointment.slot[0]")),
            "{}",
            told.text
        );
        assert_eq!(put(&house, base, &path, "W/\"1\"", "a", &registered.value()).await.status, 422, "booked again");
        let mut renamed = good.clone();
        renamed["id"] = json!("other");
        assert_eq!(put(&house, base, &path, "W/\"1\"", "a", &renamed).await.status, 400);
        assert_eq!(put(&house, base, &path, "W/\"1\"", "a", &good).await.status, 200);
        assert_eq!(put(&house, base, &path, "W/\"1\"", "b", &good).await.status, 409, "stale");
        assert_eq!(put(&house, base, &path, "W/\"2\"", "b", &good).await.status, 422, "cancelled twice");
        assert_eq!(put(&house, base, &path, "*", "b", &registered.value()).await.status, 422, "booked back");
    }
}

// covers: REG-12, CAN-04, OO-04
#[tokio::test]
async fn any_other_difference_is_refused_and_named() {
    let table: [(&str, &Change); 6] = [
        ("Appointment.start", &|body| body["start"] = json!("2026-11-24T11:00:00+00:00")),
        ("Appointment.identifier[0].value", &|body| body["identifier"][0]["value"] = json!(pointer(9))),
        ("Appointment.participant[0].actor.identifier.value", &|body| {
            body["participant"][0]["actor"]["identifier"]["value"] = json!("9990000018");
        }),
        ("Appointment.end", &|body| body["end"] = json!("2026-11-24T12:00:00+00:00")),
        ("Appointment.description", &|body| body["description"] = json!("111")),
        ("Appointment.own", &|body| body["own"] = json!("x")),
    ];
    for base in BOTH {
        let house = House::new().await;
        let registered = house.register(base, &registration(0)).await;
        let path = format!("/Appointment/{}", registered.id());
        for (place, change) in table {
            let mut body = cancelled(&registered.value());
            change(&mut body);
            let told = put(&house, base, &path, "W/\"1\"", "c", &body).await;
            assert_eq!((told.status, told.code().as_str()), (422, "INVALID_RESOURCE"), "{place}: {}", told.text);
            assert_eq!(told.value()["issue"][0]["location"][0], place, "{}", told.text);
        }
        assert_eq!(house.ask(base, "GET", &path).send().await.header("etag"), "W/\"1\"");
    }
}

// covers: XTI-04, XTI-05
#[tokio::test]
async fn a_retried_cancellation_is_told_so() {
    let mut house = House::new().await;
    for (base, nth) in [(REGISTRY_1, 0), (REGISTRY_2, 1)] {
        let registered = house.register(base, &registration(nth)).await;
        let path = format!("/Appointment/{}", registered.id());
        let body = cancelled(&registered.value());
        let request = format!("c-{nth}");
        assert_eq!(put(&house, base, &path, "W/\"1\"", &request, &body).await.status, 200);
        house.restart().await;
        let retry = put(&house, base, &path, "W/\"1\"", &request, &body).await;
        assert_eq!((retry.status, retry.code().as_str()), (409, "DUPLICATE_REJECTED"), "{}", retry.text);
        assert_eq!(retry.header("location"), format!("{base}{path}"));
    }
}

//! Cancelling: from the version that was read, changing the status and nothing else.

use serde_json::{Value, json};

use super::diary::{booking_with_contained_slot, patient_of};
use super::house::{BASE_1, BASE_2, House, Told};

type Change<'a> = &'a dyn Fn(&mut Value);

/// Books and returns the Appointment as it was answered.
async fn booked(house: &House, nth: u32) -> (String, Value) {
    let told = house.book(nth).await;
    (format!("/Appointment/{}", told.id()), told.value())
}

async fn put(house: &House, path: &str, if_match: &str, body: &Value) -> Told {
    house.ask("PUT", path).header("If-Match", if_match).json(body).send().await
}

fn cancelled(appointment: &Value) -> Value {
    let mut body = appointment.clone();
    body["status"] = json!("cancelled");
    body
}

// covers: CAN-03, CAN-06, CAN-09, CAN-10, CAN-16, VER-02, X-13, HTTP-28, HTTP-31
#[tokio::test]
async fn a_cancelled_appointment_frees_its_slot_and_keeps_its_versions() {
    let house = House::new().await;
    let (path, appointment) = booked(&house, 2).await;
    let ask = house.ask("PUT", &path).header("If-Match", "W/\"1\"").header("Location", "https://ignored");
    let told = ask.json(&cancelled(&appointment)).send().await;
    assert_eq!(told.status, 200, "{}", told.text);
    assert_eq!(told.header("location"), format!("{BASE_1}{path}/_history/2"));
    assert_eq!((told.header("etag"), told.header("last-modified")), ("W/\"2\"", "Mon, 23 Nov 2026 09:00:00 GMT"));
    assert_eq!((&told.value()["status"], &told.value()["meta"]["versionId"]), (&json!("cancelled"), &json!("2")));
    assert_eq!(house.ask("GET", "/Slot/slot-1-02").send().await.value()["status"], "free");
    assert_eq!(house.ask("GET", &format!("{path}/_history/1")).send().await.value(), appointment);
    assert_eq!(house.ask("GET", &path).send().await.text, told.text);
    house.book(2).await;
}

// covers: CAN-02, CAN-04, CAN-05, CAN-11, X-08
#[tokio::test]
async fn what_means_the_same_is_no_difference() {
    let house = House::new().await;
    let reorder = |body: &mut Value| {
        let reversed: serde_json::Map<String, Value> = body.as_object().unwrap().clone().into_iter().rev().collect();
        *body = Value::Object(reversed);
    };
    let changes: [Change<'_>; 7] = [
        &|body| body["created"] = json!("2026-11-23T09:00:00+00:00"),
        &|body| drop(body["meta"].as_object_mut().unwrap().remove("versionId")),
        &|body| {
            body["text"] = json!({"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"});
        },
        &reorder,
        &|body| body["contained"].as_array_mut().unwrap().reverse(),
        &|body| {
            body["contained"].as_array_mut().unwrap().iter_mut().for_each(|each| {
                if each["resourceType"] == "Slot" {
                    each["status"] = json!("free");
                }
            });
        },
        &|body| body["status"] = json!("entered-in-error"),
    ];
    for (nth, change) in (0..).zip(changes) {
        let told = house.ask("POST", "/Appointment").json(&booking_with_contained_slot(nth)).send().await;
        assert_eq!(told.status, 201, "{}", told.text);
        let mut body = cancelled(&told.value());
        change(&mut body);
        let told = put(&house, &format!("/Appointment/{}", told.id()), "W/\"1\"", &body).await;
        assert_eq!(told.status, 200, "{nth}: {}", told.text);
        assert_eq!(house.ask("GET", &format!("/Slot/slot-1-{nth:02}")).send().await.value()["status"], "free");
    }
}

// covers: CAN-05, HTTP-02
#[tokio::test]
async fn a_booking_in_json_is_cancelled_in_xml() {
    let house = House::new().await;
    let (path, appointment) = booked(&house, 0).await;
    let told = house.ask("PUT", &path).header("If-Match", "W/\"1\"").xml(&cancelled(&appointment)).send().await;
    assert_eq!(
        (told.status, told.header("content-type")),
        (200, "application/fhir+xml;charset=utf-8"),
        "{}",
        told.text
    );
    assert_eq!(told.value()["status"], "cancelled");
}

// covers: BOOK-17, CAN-05
#[tokio::test]
async fn the_providers_identifier_may_be_left_out_and_stays() {
    let house = House::new().await;
    let mut body = booking_with_contained_slot(0);
    patient_of(&mut body).as_object_mut().unwrap().remove("identifier");
    let told = house.ask_in(BASE_2, "POST", "/Appointment").json(&body).send().await;
    let mut appointment = told.value();
    let identifiers = patient_of(&mut appointment)["identifier"].clone();
    let mut body = cancelled(&appointment);
    patient_of(&mut body).as_object_mut().unwrap().remove("identifier");
    let path = format!("/Appointment/{}", told.id());
    let ask = house.ask_in(BASE_2, "PUT", &path).header("If-Match", "W/\"1\"").header("X-Request-ID", "r2");
    let told = ask.json(&body).send().await;
    assert_eq!(told.status, 200, "{}", told.text);
    assert_eq!(patient_of(&mut told.value())["identifier"], identifiers);
}

// covers: CAN-04, CAN-18, OO-04, ERR-87, ERR-91
#[tokio::test]
async fn any_other_difference_is_refused_and_named() {
    let house = House::new().await;
    let (path, appointment) = booked(&house, 0).await;
    let table: [(&str, Change<'_>); 5] = [
        ("Appointment.description", &|body| body["description"] = json!("other")),
        ("Appointment.start", &|body| body["start"] = json!("2026-11-24T09:01:00+00:00")),
        ("Appointment.contained[1].contact[0]", &|body| {
            patient_of(body)["contact"] = json!([{"name": {"use": "official", "family": "F"}}]);
        }),
        ("Appointment.comment", &|body| body["comment"] = json!("new")),
        ("Appointment.own", &|body| body["own"] = json!("new")),
    ];
    for (place, change) in table {
        let mut body = cancelled(&appointment);
        change(&mut body);
        let told = put(&house, &path, "W/\"1\"", &body).await;
        assert_eq!((told.status, told.code().as_str()), (422, "INVALID_RESOURCE"), "{place}: {}", told.text);
        assert_eq!(told.value()["issue"][0]["location"][0], place, "{}", told.text);
    }
    assert_eq!(house.ask("GET", &path).send().await.header("etag"), "W/\"1\"");
}

// covers: VER-01, VER-03, VER-04, CAN-07, CAN-12, CAN-13, X-41, X-43
#[tokio::test]
async fn the_checks_of_a_put_come_in_their_order() {
    let house = House::new().await;
    let (path, appointment) = booked(&house, 0).await;
    let good = cancelled(&appointment);
    let mut other = good.clone();
    patient_of(&mut other)["contact"] = json!([{"name": {"use": "official", "family": "F"}}]);
    // No token before no If-Match, no If-Match before an unknown id, that before the version, and that before the differences.
    let nowhere = "/Appointment/nowhere";
    assert_eq!(house.ask("PUT", nowhere).without("Authorization").json(&other).send().await.status, 403);
    assert_eq!(house.ask("PUT", nowhere).json(&other).send().await.status, 412);
    assert_eq!(put(&house, nowhere, "W/\"7\"", &other).await.status, 404);
    assert_eq!(put(&house, &path, "W/\"7\"", &other).await.status, 409);
    assert_eq!(put(&house, &path, "W/\"1\"", &other).await.status, 422);
    for (if_match, status) in [("1", 400), ("W/\"2\"", 409), ("W/\"0\"", 409), ("\"x\"", 409)] {
        assert_eq!(put(&house, &path, if_match, &good).await.status, status, "{if_match}");
    }
    assert_eq!(put(&house, &path, "W/\"1\"", &appointment).await.status, 422, "booked again");
    let mut renamed = good.clone();
    renamed["id"] = json!("other");
    assert_eq!(put(&house, &path, "W/\"1\"", &renamed).await.status, 400);
    assert_eq!(put(&house, &path, "W/\"9\", \"1\"", &good).await.status, 200);
    let mut again = house.ask("GET", &path).send().await.value();
    assert_eq!(put(&house, &path, "W/\"1\"", &again).await.status, 409);
    assert_eq!(put(&house, &path, "W/\"2\"", &again).await.status, 422, "cancelled twice");
    again["status"] = json!("booked");
    assert_eq!(put(&house, &path, "*", &again).await.status, 422, "booked back");
    assert_eq!(house.ask("PUT", "/Appointment").json(&good).send().await.status, 405);
}

// covers: CAN-15, XTI-04
#[tokio::test]
async fn a_retried_cancellation_is_told_so() {
    let house = House::new().await;
    let (path, appointment) = booked(&house, 0).await;
    let ask = || {
        house
            .ask("PUT", &path)
            .header("If-Match", "W/\"1\"")
            .header("X-Request-ID", "c1")
            .json(&cancelled(&appointment))
    };
    let first = ask().send().await;
    assert_eq!((first.status, first.header("x-correlation-id")), (200, "c1"));
    let retry = ask().send().await;
    assert_eq!((retry.status, retry.code().as_str()), (409, "DUPLICATE_REJECTED"));
}

// covers: VER-03
#[tokio::test]
async fn of_16_who_cancel_one_version_at_once_one_succeeds() {
    let house = House::new().await;
    let (path, appointment) = booked(&house, 0).await;
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let ask = house.ask("PUT", &path).header("If-Match", "W/\"1\"").json(&cancelled(&appointment));
            tokio::spawn(async move { ask.send().await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for task in tasks {
        statuses.push(task.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (200, vec![409; 15].as_slice()));
}

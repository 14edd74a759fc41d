//! Versions: every form of If-Match, both service roots over one store, rebooking, and updates that cannot be lost.

use serde_json::{Value, json};

use super::diary::booking;
use super::house::{BASE_1, BASE_2, House, Told};

fn cancelled(appointment: &Value) -> Value {
    let mut body = appointment.clone();
    body["status"] = json!("cancelled");
    body
}

// covers: VER-01, VER-03, VER-07, HTTP-28
#[tokio::test]
async fn if_match_is_understood_in_every_form() {
    let house = House::new().await;
    let long = format!("\"{}\"", "a".repeat(65));
    let many = vec!["\"1\""; 33].join(", ");
    // Each is the value of one header; of two headers in the last but one case, which is a list.
    let forms: [(&[&str], u16); 21] = [
        (&["W/\"1\""], 200),
        (&["\"1\""], 200),
        (&["*"], 200),
        (&["W/\"7\", W/\"1\""], 200),
        (&["\"x\",\"1\""], 200),
        (&["  W/\"1\"  "], 200),
        (&["W/\"7\"", "W/\"1\""], 200),
        (&["W/\"2\""], 409),
        (&["W/\"0\""], 409),
        (&["W/\"01\""], 409),
        (&["W/\"3f9c-a\""], 409),
        (&["W/\"7\", \"8\""], 409),
        (&[], 412),
        (&["1"], 400),
        (&["W/1"], 400),
        (&["w/\"1\""], 400),
        (&["\"\""], 400),
        (&[""], 400),
        (&["\"1\", *"], 400),
        (&[&long], 400),
        (&[&many], 400),
    ];
    for (nth, (values, status)) in (0..).zip(forms) {
        let booked = house.book(nth % 20).await;
        let path = format!("/Appointment/{}", booked.id());
        let mut ask = house.ask("PUT", &path);
        for value in values {
            ask = ask.and_header("If-Match", value);
        }
        let told = ask.json(&cancelled(&booked.value())).send().await;
        assert_eq!(told.status, status, "{values:?}: {}", told.text);
        let now = if status == 200 { "W/\"2\"" } else { "W/\"1\"" };
        assert_eq!(house.ask("GET", &path).send().await.header("etag"), now, "{values:?}");
        if status != 200 {
            let ask = house.ask("PUT", &path).header("If-Match", "*");
            assert_eq!(ask.json(&cancelled(&booked.value())).send().await.status, 200);
        }
    }
}

async fn put_at(house: &House, base: &'static str, id: &str, if_match: &str, body: &Value, request: &str) -> Told {
    let ask = house.ask_in(base, "PUT", &format!("/Appointment/{id}")).header("If-Match", if_match);
    ask.header("X-Request-ID", request).xml(body).send().await
}

// covers: VER-08, VER-10, NFR-11, CAN-05, READ-10, X-08
#[tokio::test]
async fn both_roots_serve_one_appointment_each_in_its_own_dialect() {
    let house = House::new().await;
    let first = house.book(0).await;
    let ask = house.ask_in(BASE_2, "POST", "/Appointment").json(&booking(1));
    let second = ask.send().await;
    for (told, made_at, created) in
        [(first, BASE_1, "2026-11-23T08:59:00+00:00"), (second, BASE_2, "2026-11-23T09:00:00.000+00:00")]
    {
        let id = told.id();
        assert!(told.header("location").starts_with(&format!("{made_at}/Appointment/{id}/")));
        for base in [BASE_1, BASE_2] {
            let read = house.ask_in(base, "GET", &format!("/Appointment/{id}")).send().await;
            assert_eq!((read.status, &read.value()["created"]), (200, &json!(created)), "{base}");
            // Every URL of an answer lies below the root that was called.
            assert_eq!(read.header("content-location"), format!("{base}/Appointment/{id}/_history/1"));
            let history = house.ask_in(base, "GET", &format!("/Appointment/{id}/_history")).send().await.value();
            assert_eq!(history["entry"][0]["fullUrl"], format!("{base}/Appointment/{id}"));
        }
        // It is cancelled through the other root, in the other format; the version counts at both.
        let other = if made_at == BASE_1 { BASE_2 } else { BASE_1 };
        let body = cancelled(&told.value());
        let gone = put_at(&house, other, &id, "W/\"1\"", &body, &format!("c-{id}")).await;
        assert_eq!(gone.status, 200, "{}", gone.text);
        assert_eq!(gone.header("location"), format!("{other}/Appointment/{id}/_history/2"));
        let late = put_at(&house, made_at, &id, "W/\"1\"", &body, &format!("d-{id}")).await;
        assert_eq!(late.status, 409, "{}", late.text);
        for (base, version, status) in [(BASE_1, 1, "booked"), (BASE_2, 2, "cancelled")] {
            let path = format!("/Appointment/{id}/_history/{version}");
            assert_eq!(house.ask_in(base, "GET", &path).send().await.value()["status"], status);
        }
    }
    // A request id that was used at one root is used at the other.
    let ask = |base| house.ask_in(base, "POST", "/Appointment").header("X-Request-ID", "both");
    assert_eq!(ask(BASE_1).json(&booking(2)).send().await.status, 201);
    assert_eq!(ask(BASE_2).json(&booking(3)).send().await.status, 409);
}

// covers: PROC-09, BOOK-07, BOOK-08, DEM-10, CAN-09, SMG-07, X-40, READ-05
#[tokio::test]
async fn a_rebooking_is_a_booking_and_then_a_cancellation() {
    let house = House::new().await;
    let old = house.book(0).await;
    let new = house.book(1).await;
    assert_ne!(old.id(), new.id());
    let path = format!("/Appointment/{}", old.id());
    let ask = || house.ask("PUT", &path).header("If-Match", old.header("etag")).header("X-Request-ID", "once");
    let gone = ask().json(&cancelled(&old.value())).send().await;
    assert_eq!((gone.status, &gone.value()["meta"]["versionId"]), (200, &json!("2")));
    // The URL stays what it was, and every version with it.
    assert_eq!(house.ask("GET", &path).send().await.value()["id"], old.id());
    let history = house.ask("GET", &format!("{path}/_history")).send().await.value();
    let versions: Vec<&Value> = history["entry"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|each| &each["resource"]["meta"]["versionId"])
        .collect();
    assert_eq!(versions, [&json!("2"), &json!("1")]);
    let search = house.ask("GET", "/Slot?service=918999198999&status=free&start=ge2026-11-24").send().await.value();
    let free: Vec<&Value> =
        search["entry"].as_array().expect("a list").iter().map(|each| &each["resource"]["id"]).take(2).collect();
    assert_eq!(free, [&json!("slot-1-00"), &json!("slot-1-02")]);
    // A retry of either is told that it was done.
    assert_eq!(ask().json(&cancelled(&old.value())).send().await.status, 409);
}

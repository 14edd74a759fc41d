//! Reading: an Appointment, one of its versions, all of them.

use serde_json::json;

use super::house::{BASE_1, House};

// covers: READ-01, READ-02, READ-04, READ-06, READ-08, VER-05, HTTP-28, HTTP-30, XTI-08
#[tokio::test]
async fn an_appointment_is_read_with_its_version() {
    let house = House::new().await;
    let booked = house.book(0).await;
    let path = format!("/Appointment/{}", booked.id());
    for path in [path.clone(), format!("{path}/_history/1")] {
        let told = house.ask("GET", &path).send().await;
        assert_eq!((told.status, told.header("etag")), (200, "W/\"1\""));
        assert_eq!(told.header("content-location"), booked.header("location"));
        assert_eq!(told.text, booked.text);
        assert_eq!(told.header("cache-control"), "no-store");
    }
    assert_eq!(booked.value()["contained"].as_array().map(Vec::len), Some(2));
}

// covers: HTTP-33
#[tokio::test]
async fn a_version_that_the_caller_has_is_not_sent_again() {
    let house = House::new().await;
    let path = format!("/Appointment/{}", house.book(0).await.id());
    for (condition, status) in [("W/\"1\"", 304), ("\"1\"", 304), ("*", 304), ("W/\"2\"", 200), ("nonsense", 200)] {
        let told = house.ask("GET", &path).header("If-None-Match", condition).send().await;
        assert_eq!((told.status, told.header("etag")), (status, "W/\"1\""), "{condition}");
        assert_eq!(told.text.is_empty(), status == 304);
    }
}

// covers: READ-03, HTTP-35
#[tokio::test]
async fn what_is_not_there_is_told_in_an_outcome() {
    let house = House::new().await;
    let id = house.book(0).await.id();
    for path in [
        "/Appointment/nowhere".to_owned(),
        format!("/Appointment/{id}/_history/2"),
        format!("/Appointment/{id}/_history/x"),
        format!("/Appointment/{}", id.replace('0', "O")),
        "/Appointment/nowhere/_history".to_owned(),
    ] {
        let told = house.ask("GET", &path).send().await;
        assert_eq!((told.status, told.code().as_str()), (404, "NO_RECORD_FOUND"), "{path}");
    }
    let told = house.ask("GET", &format!("/Appointment/{id}?colour=red")).send().await;
    assert_eq!((told.status, told.code().as_str()), (400, "INVALID_PARAMETER"));
    assert_eq!(house.ask("GET", &format!("/Appointment/{id}?_format=json")).send().await.status, 200);
}

// covers: READ-05
#[tokio::test]
async fn the_history_holds_every_version_newest_first() {
    let house = House::new().await;
    let booked = house.book(0).await;
    let path = format!("/Appointment/{}", booked.id());
    let mut body = booked.value();
    body["status"] = json!("cancelled");
    assert_eq!(house.ask("PUT", &path).header("If-Match", "W/\"1\"").json(&body).send().await.status, 200);
    let history = house.ask("GET", &format!("{path}/_history")).send().await.value();
    assert_eq!((&history["type"], &history["total"]), (&json!("history"), &json!(2)));
    let versions: Vec<_> =
        history["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]["meta"]["versionId"]).collect();
    assert_eq!(versions, ["2", "1"]);
    assert_eq!(history["entry"][0]["request"]["method"], "PUT");
    assert_eq!(history["entry"][0]["fullUrl"], format!("{BASE_1}{path}"));
}

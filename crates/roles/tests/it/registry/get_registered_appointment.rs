//! Reading: the current version, one version, and all of them.

use serde_json::json;

use super::house::{BOTH, House, pointer, registration};

// covers: REG-09, READ-01, READ-02, READ-04, READ-05, READ-07, VER-01, HTTP-28
#[tokio::test]
async fn every_version_stays_readable() {
    for base in BOTH {
        for format in ["application/fhir+json", "application/fhir+xml"] {
            let house = House::new().await;
            let registered = house.register(base, &registration(0)).await;
            let path = format!("/Appointment/{}", registered.id());
            let mut body = registered.value();
            body["status"] = json!("cancelled");
            let cancelling = house.ask(base, "PUT", &path).header("If-Match", "W/\"1\"").header("X-Request-ID", "c");
            assert_eq!(cancelling.json(&body).send().await.status, 200);
            let get = |path: String| house.ask(base, "GET", &path).header("Accept", format).send();

            let current = get(path.clone()).await;
            assert_eq!((current.status, current.header("etag")), (200, "W/\"2\""));
            assert_eq!(current.value()["status"], "cancelled");
            assert_eq!(current.header("content-location"), format!("{base}{path}/_history/2"));
            let first = get(format!("{path}/_history/1")).await;
            assert_eq!((first.status, first.header("etag")), (200, "W/\"1\""));
            assert_eq!(first.value(), registered.value());
            let history = get(format!("{path}/_history")).await.value();
            assert_eq!((&history["type"], &history["total"]), (&json!("history"), &json!(2)));
            assert_eq!(history["entry"][0]["resource"], current.value());
            assert_eq!(history["entry"][1]["resource"], registered.value());
            assert_eq!(history["entry"][1]["request"]["method"], "POST");
            assert_eq!(history["entry"][0]["resource"]["identifier"][0]["value"], pointer(0));
        }
    }
}

// covers: HTTP-33
#[tokio::test]
async fn a_version_that_the_caller_has_is_not_sent_again() {
    let house = House::new().await;
    let registered = house.register(BOTH[0], &registration(0)).await;
    let path = format!("/Appointment/{}", registered.id());
    let told = house.ask(BOTH[0], "GET", &path).header("If-None-Match", "W/\"1\"").send().await;
    assert_eq!((told.status, told.header("etag"), told.text.as_str()), (304, "W/\"1\"", ""));
}

// covers: REG-09, READ-03
#[tokio::test]
async fn what_is_not_there_is_404() {
    let house = House::new().await;
    let id = house.register(BOTH[0], &registration(0)).await.id();
    for base in BOTH {
        for path in [
            "nowhere",
            "nowhere/_history",
            "nowhere/_history/1",
            &format!("{id}/_history/2"),
            &format!("{id}/_history/x"),
        ] {
            let told = house.ask(base, "GET", &format!("/Appointment/{path}")).send().await;
            assert_eq!((told.status, &told.value()["resourceType"]), (404, &json!("OperationOutcome")), "{path}");
        }
    }
}

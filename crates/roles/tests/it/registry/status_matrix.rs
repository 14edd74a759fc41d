//! The statuses of section 3.1 at the Registry as one table, in both dialects and both formats.

use serde_json::{Value, json};

use super::house::{Ask, BOTH, House, SEARCH, registration};

type Condition = fn(Ask, Value) -> Ask;

fn as_is(ask: Ask, _: Value) -> Ask {
    ask
}

/// Condition, verb, path (`{id}` is a registered Appointment), status, what is done to the request.
const MATRIX: &[(&str, &str, &str, u16, Condition)] = &[
    ("success", "GET", "/metadata", 200, as_is),
    ("success", "POST", "/Appointment", 201, |ask, body| ask.json(&body)),
    ("success", "GET", "/Appointment/{id}", 200, as_is),
    ("success", "GET", "/Appointment/{id}/_history", 200, as_is),
    ("success", "GET", SEARCH, 200, as_is),
    ("no token", "GET", "/metadata", 403, |ask, _| ask.without("Authorization")),
    ("not parseable", "POST", "/Appointment", 400, |ask, _| ask.body("application/fhir+json", b"{".to_vec())),
    ("not parseable", "POST", "/Appointment", 400, |ask, _| ask.body("application/fhir+xml", b"<Appointment".to_vec())),
    ("empty", "POST", "/Appointment", 400, |ask, _| ask.body("application/fhir+json", Vec::new())),
    ("another resource", "POST", "/Appointment", 400, |ask, _| ask.json(&json!({"resourceType": "Patient"}))),
    ("fails profile", "POST", "/Appointment", 422, |ask, mut body| {
        body["participant"][0]["status"] = json!("perhaps");
        ask.json(&body)
    }),
    ("too large", "POST", "/Appointment", 413, |ask, _| ask.body("application/fhir+json", vec![b' '; 300_000])),
    ("content type", "POST", "/Appointment", 415, |ask, _| ask.body("application/json", b"{}".to_vec())),
    ("content type", "PUT", "/Appointment/{id}", 415, |ask, _| ask.body("text/xml", b"<a/>".to_vec())),
    ("format", "GET", "/Appointment/{id}?_format=turtle", 415, as_is),
    ("parameters", "GET", "/Appointment?identifier=x", 400, as_is),
    ("not found", "GET", "/Appointment/nowhere", 404, as_is),
    ("not found", "GET", "/Appointment/{id}/_history/9", 404, as_is),
    ("not found", "PUT", "/Appointment/nowhere", 404, |ask, body| ask.header("If-Match", "W/\"1\"").json(&body)),
    ("no If-Match", "PUT", "/Appointment/{id}", 412, |ask, body| ask.json(&body)),
    ("stale If-Match", "PUT", "/Appointment/{id}", 409, |ask, body| ask.header("If-Match", "W/\"7\"").json(&body)),
    ("request id", "POST", "/Appointment", 409, |ask, body| ask.header("X-Request-ID", "p-0").json(&body)),
    ("request id", "PUT", "/Appointment/{id}", 409, |ask, body| ask.header("X-Request-ID", "p-0").json(&body)),
    ("wrong verb", "DELETE", "/Appointment/{id}", 405, as_is),
    ("wrong verb", "PUT", "/Appointment", 405, as_is),
    ("wrong verb", "OPTIONS", "/metadata", 405, as_is),
    ("no such path", "GET", "/Slot", 404, as_is),
    ("no such path", "GET", "/Patient/1", 404, as_is),
    ("differences", "PUT", "/Appointment/{id}", 422, |ask, mut body| {
        (body["status"], body["start"]) = (json!("cancelled"), json!("2026-12-01T10:00:00Z"));
        ask.header("If-Match", "W/\"1\"").json(&body)
    }),
    ("success", "PUT", "/Appointment/{id}", 200, |ask, mut body| {
        body["status"] = json!("cancelled");
        ask.header("If-Match", "W/\"1\"").json(&body)
    }),
];

// covers: REG-08, REG-12, OO-01, OO-06, HTTP-03, HTTP-23, READ-03, PAT-11, VER-03, VER-04, X-21, X-35
#[tokio::test]
async fn each_cell_of_the_status_matrix_holds() {
    for base in BOTH {
        for format in ["application/fhir+json", "application/fhir+xml"] {
            let house = House::new().await;
            let registered = house.register(base, &registration(0)).await;
            for (nth, (what, verb, path, status, condition)) in (1..).zip(MATRIX) {
                let path = path.replace("{id}", &registered.id());
                let body = if *verb == "PUT" { registered.value() } else { registration(nth % 10) };
                let ask = house.ask(base, verb, &path).header("X-Request-ID", &format!("r{nth}"));
                let told = condition(ask.header("Accept", format), body).send().await;
                assert_eq!(told.status, *status, "{what}: {verb} {path} at {base} in {format}: {}", told.text);
                assert_eq!(told.header("content-type"), format!("{format};charset=utf-8"), "{what}: {verb} {path}");
                assert_eq!(told.header("cache-control"), "no-store");
                if told.status >= 400 {
                    let outcome = told.value();
                    assert_eq!(outcome["resourceType"], "OperationOutcome", "{what}");
                    assert!(outcome["issue"][0]["code"].is_string(), "{what}: {}", told.text);
                }
            }
        }
    }
}

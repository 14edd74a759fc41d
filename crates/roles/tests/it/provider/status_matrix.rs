//! The status matrix of section 3.1 as one table, in both dialects and both formats.

use serde_json::{Value, json};

use super::diary::{SERVICE_ONE, booking, patient_of};
use store::testing::TestPostgres;

use super::house::{Ask, BASE_1, BASE_2, House, house_on_postgres};

/// What a request becomes before it is sent.
type Condition = fn(Ask, Value) -> Ask;

#[expect(clippy::needless_pass_by_value, reason = "it stands among conditions that change the body")]
fn unchanged(ask: Ask, body: Value) -> Ask {
    ask.json(&body)
}

/// Condition, verb, path (`{id}` is a booked Appointment), status in `1.0.4` and in `2.0.4`, what is done to the request.
const MATRIX: &[(&str, &str, &str, u16, u16, Condition)] = &[
    ("success", "GET", "/metadata", 200, 200, |ask, _| ask),
    ("success", "GET", "/Slot?service=918999198999&status=free", 200, 200, |ask, _| ask),
    ("success", "POST", "/Appointment", 201, 201, unchanged),
    ("success", "GET", "/Appointment/{id}", 200, 200, |ask, _| ask),
    ("success", "GET", "/Appointment?identifier=https://fhir.nhs.uk/Id/nhs-number%7C9476719931", 200, 200, |ask, _| {
        ask
    }),
    ("no token", "GET", "/metadata", 403, 403, |ask, _| ask.without("Authorization")),
    ("no token", "GET", "/Slot?service=918999198999", 403, 403, |ask, _| ask.without("Authorization")),
    ("no token", "POST", "/Appointment", 403, 403, |ask, body| ask.without("Authorization").json(&body)),
    ("no token", "GET", "/Appointment/{id}", 403, 403, |ask, _| ask.without("Authorization")),
    ("no token", "GET", "/Appointment?identifier=x%7Cy", 403, 403, |ask, _| ask.without("Authorization")),
    ("no token", "PUT", "/Appointment/{id}", 403, 403, |ask, body| ask.without("Authorization").json(&body)),
    ("parameters", "GET", "/Slot?service=918999198999&start=never", 400, 400, |ask, _| ask),
    ("parameters", "GET", "/Slot?service=918999198999&startXXXXXXX=ge2026", 400, 400, |ask, _| ask),
    ("parameters", "GET", "/Slot?service=918999198999&colour=red", 400, 200, |ask, _| ask),
    ("parameters", "GET", "/Appointment/{id}?colour=red", 400, 200, |ask, _| ask),
    ("parameters", "GET", "/Appointment?identifier=x", 400, 400, |ask, _| ask),
    ("no service", "GET", "/Slot?status=free", 400, 200, |ask, _| ask),
    ("unknown service", "GET", "/Slot?service=1", 404, 404, |ask, _| ask),
    ("window past", "GET", "/Slot?service=918999198999&start=ge2026-11-01&start=le2026-11-02", 400, 400, |ask, _| ask),
    ("not parseable", "POST", "/Appointment", 400, 400, |ask, _| ask.body("application/fhir+json", b"{".to_vec())),
    ("not parseable", "POST", "/Appointment", 400, 400, |ask, _| {
        ask.body("application/fhir+xml", b"<Appointment".to_vec())
    }),
    ("not parseable", "PUT", "/Appointment/{id}", 400, 400, |ask, _| {
        ask.header("If-Match", "W/\"1\"").body("application/fhir+json", b"{".to_vec())
    }),
    ("fails profile", "POST", "/Appointment", 422, 422, |ask, mut body| {
        body["status"] = json!("open");
        ask.json(&body)
    }),
    ("fails profile", "PUT", "/Appointment/{id}", 422, 422, |ask, mut body| {
        body["status"] = json!("open");
        ask.header("If-Match", "W/\"1\"").json(&body)
    }),
    ("NHS number", "POST", "/Appointment", 422, 422, |ask, mut body| {
        patient_of(&mut body)["identifier"][0]["value"] = json!("1234567890");
        ask.json(&body)
    }),
    ("slot not free", "POST", "/Appointment", 422, 422, |ask, mut body| {
        body["slot"][0]["reference"] = json!("Slot/slot-1-19");
        (body["start"], body["end"]) = (json!("2026-11-24T13:45:00Z"), json!("2026-11-24T14:00:00Z"));
        ask.json(&body)
    }),
    ("request id", "POST", "/Appointment", 409, 409, |ask, body| ask.header("X-Request-ID", "used").json(&body)),
    ("request id", "PUT", "/Appointment/{id}", 409, 409, |ask, body| ask.header("X-Request-ID", "used").json(&body)),
    ("no request id", "POST", "/Appointment", 201, 400, |ask, body| ask.without("X-Request-ID").json(&body)),
    ("ranks", "POST", "/Appointment", 400, 400, |ask, mut body| {
        patient_of(&mut body)["telecom"][0]["rank"] = json!(2);
        ask.json(&body)
    }),
    ("not found", "GET", "/Appointment/nowhere", 404, 404, |ask, _| ask),
    (
        "not found",
        "GET",
        "/Appointment?identifier=https://fhir.nhs.uk/Id/nhs-number%7C1234554321",
        200,
        200,
        |ask, _| ask,
    ),
    ("not found", "PUT", "/Appointment/nowhere", 404, 404, |ask, body| ask.header("If-Match", "W/\"1\"").json(&body)),
    ("differences", "PUT", "/Appointment/{id}", 422, 422, |ask, mut body| {
        (body["status"], body["description"]) = (json!("cancelled"), json!("other"));
        ask.header("If-Match", "W/\"1\"").json(&body)
    }),
    ("stale If-Match", "PUT", "/Appointment/{id}", 409, 409, |ask, body| ask.header("If-Match", "W/\"7\"").json(&body)),
    ("no If-Match", "PUT", "/Appointment/{id}", 412, 412, unchanged),
    ("wrong verb", "DELETE", "/metadata", 405, 405, |ask, _| ask),
    ("wrong verb", "POST", "/Slot", 405, 405, |ask, _| ask),
    ("wrong verb", "PUT", "/Appointment", 405, 405, unchanged),
    ("wrong verb", "DELETE", "/Appointment/{id}", 405, 405, |ask, _| ask),
    ("content type", "POST", "/Appointment", 415, 415, |ask, _| ask.body("application/json", b"{}".to_vec())),
    ("content type", "PUT", "/Appointment/{id}", 415, 415, |ask, _| ask.body("text/xml", b"<a/>".to_vec())),
    ("success", "PUT", "/Appointment/{id}", 200, 200, |ask, mut body| {
        body["status"] = json!("cancelled");
        ask.header("If-Match", "W/\"1\"").json(&body)
    }),
];

// covers: OO-01, OO-06, JW1-01, VER-03, VER-04, SLT-16, SLT-41, BOOK-10, BOOK-11, BOOK-12, BOOK-13, READ-03, PAT-11, CAN-07, HTTP-03, X-21
#[tokio::test]
async fn each_cell_of_the_status_matrix_holds() {
    for (base, is_first) in [(BASE_1, true), (BASE_2, false)] {
        for format in ["application/fhir+json", "application/fhir+xml"] {
            let house = House::new().await;
            let booked =
                house.ask("POST", "/Appointment").header("X-Request-ID", "used").json(&booking(19)).send().await;
            assert_eq!(booked.status, 201, "{}", booked.text);
            for (nth, (what, verb, path, first, second, condition)) in (0..).zip(MATRIX) {
                let path = path.replace("{id}", &booked.id());
                let body = if *verb == "PUT" { booked.value() } else { booking(nth % 18) };
                let ask = house.ask_in(base, verb, &path);
                let ask = if *verb == "GET" || is_first { ask } else { ask.header("X-Request-ID", &format!("r{nth}")) };
                let told = condition(ask, body).header("Accept", format).send().await;
                let expected = if is_first { *first } else { *second };
                assert_eq!(told.status, expected, "{what}: {verb} {path} at {base} in {format}: {}", told.text);
                assert_eq!(told.header("content-type"), format!("{format};charset=utf-8"), "{what}: {verb} {path}");
                if told.status >= 400 {
                    let outcome = told.value();
                    assert_eq!(outcome["resourceType"], "OperationOutcome", "{what}");
                    assert!(
                        outcome["id"].is_string() && outcome["issue"][0]["code"].is_string(),
                        "{what}: {}",
                        told.text
                    );
                }
            }
        }
    }
}

// covers: OO-01, OO-09, ERR-07, SLT-41, BOOK-13
#[tokio::test]
async fn a_database_that_is_gone_is_a_500_that_tells_nothing_of_it() {
    let server = TestPostgres::start().expect("a PostgreSQL server");
    let house = house_on_postgres(&server).await;
    let booked = house.book(0).await;
    server.crash().expect("a stopped server");
    for (verb, path) in [
        ("GET", format!("/Slot?service={SERVICE_ONE}")),
        ("GET", format!("/Appointment/{}", booked.id())),
        ("GET", "/Appointment?identifier=https://fhir.nhs.uk/Id/nhs-number%7C9476719931".to_owned()),
    ] {
        for base in [BASE_1, BASE_2] {
            let told = house.ask_in(base, verb, &path).send().await;
            assert_eq!(
                (told.status, told.code().as_str()),
                (500, "INTERNAL_SERVER_ERROR"),
                "{verb} {path}: {}",
                told.text
            );
            let text = told.text.to_lowercase();
            assert!(
                !text.contains("postgres") && !text.contains("connection") && !text.contains("127.0.0.1"),
                "{text}"
            );
        }
    }
    let told = house.ask("POST", "/Appointment").json(&booking(1)).send().await;
    assert_eq!(told.status, 500, "{}", told.text);
    assert_eq!(house.ask("GET", "/metadata").send().await.status, 200);
}

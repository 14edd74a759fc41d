//! The status matrix of section 3.1 as one table: from outside, over real sockets with TLS, in both dialects and both formats.

use serde_json::{Value, json};
use store::testing::TestPostgres;

use super::diary::{SERVICE_ONE, booking, patient_of};
use super::house::{Ask, BASE_1, BASE_2, House, claims, house_on_postgres, signed};

/// What is made of a request before it is sent, from a body that is right.
type Condition = fn(Ask, Value) -> Ask;

/// A request without a body.
fn bare(ask: Ask, _: Value) -> Ask {
    ask
}

#[expect(clippy::needless_pass_by_value, reason = "it stands among conditions that change the body")]
fn sent(ask: Ask, body: Value) -> Ask {
    ask.resource(&body)
}

fn without_token(ask: Ask, body: Value) -> Ask {
    if ask.has_body() { sent(ask, body).without("Authorization") } else { ask.without("Authorization") }
}

fn with_a_broken_token(ask: Ask, body: Value) -> Ask {
    let ask = if ask.has_body() { sent(ask, body) } else { ask };
    ask.token("a.b.c")
}

/// A caller whom the administrators barred.
fn by_a_barred_caller(ask: Ask, mut body: Value) -> Ask {
    body["status"] = json!("cancelled");
    let mut claims = claims();
    claims["appid"] = json!("barred");
    sent(ask, body).header("If-Match", "W/\"1\"").token(&signed(&claims))
}

/// A cancellation of the current version.
fn cancelling(ask: Ask, mut body: Value) -> Ask {
    body["status"] = json!("cancelled");
    sent(ask, body).header("If-Match", "W/\"1\"")
}

fn malformed(ask: Ask, _: Value) -> Ask {
    ask.header("If-Match", "W/\"1\"").malformed()
}

fn another_resource(ask: Ask, _: Value) -> Ask {
    sent(ask, json!({"resourceType": "Basic"})).header("If-Match", "W/\"1\"")
}

fn of_no_known_status(ask: Ask, mut body: Value) -> Ask {
    body["status"] = json!("open");
    sent(ask, body).header("If-Match", "W/\"1\"")
}

fn of_a_plain_media_type(ask: Ask, _: Value) -> Ask {
    ask.header("If-Match", "W/\"1\"").body("application/json", b"{}".to_vec())
}

fn of_a_used_request(ask: Ask, body: Value) -> Ask {
    cancelling(ask, body).header("X-Request-ID", "used")
}

const PATIENT: &str = "/Appointment?identifier=https://fhir.nhs.uk/Id/nhs-number%7C";

/// Condition, verb, path (`{id}` is a booked Appointment, `{patient}` the search of its patient), status in `1.0.4` and in `2.0.4`, and
/// what is made of the request.
const MATRIX: &[(&str, &str, &str, u16, u16, Condition)] = &[
    ("success", "GET", "/metadata", 200, 200, bare),
    ("success", "GET", "/Slot?service=918999198999&status=free", 200, 200, bare),
    ("success", "POST", "/Appointment", 201, 201, sent),
    ("success", "GET", "/Appointment/{id}", 200, 200, bare),
    ("success", "GET", "/Appointment/{id}/_history/1", 200, 200, bare),
    ("success", "GET", "{patient}9476719931", 200, 200, bare),
    ("no token", "GET", "/metadata", 403, 403, without_token),
    ("no token", "GET", "/Slot?service=918999198999", 403, 403, without_token),
    ("no token", "POST", "/Appointment", 403, 403, without_token),
    ("no token", "GET", "/Appointment/{id}", 403, 403, without_token),
    ("no token", "GET", "{patient}9476719931", 403, 403, without_token),
    ("no token", "PUT", "/Appointment/{id}", 403, 403, without_token),
    ("invalid token", "GET", "/metadata", 403, 403, with_a_broken_token),
    ("invalid token", "GET", "/Slot?service=918999198999", 403, 403, with_a_broken_token),
    ("invalid token", "POST", "/Appointment", 403, 403, with_a_broken_token),
    ("invalid token", "GET", "/Appointment/{id}", 403, 403, with_a_broken_token),
    ("invalid token", "GET", "{patient}9476719931", 403, 403, with_a_broken_token),
    ("invalid token", "PUT", "/Appointment/{id}", 403, 403, with_a_broken_token),
    ("parameters", "GET", "/Slot?service=918999198999&start=never", 400, 400, bare),
    ("parameters", "GET", "/Slot?service=918999198999&startXXXXXXX=ge2026", 400, 400, bare),
    ("parameters", "GET", "/Slot?service=918999198999&colour=red", 400, 200, bare),
    ("parameters", "GET", "/Slot?service=918999198999&status=%ff", 400, 400, bare),
    ("parameters", "GET", "/Appointment/{id}?colour=red", 400, 200, bare),
    ("parameters", "GET", "/Appointment/{id}?colour=%ff", 400, 400, bare),
    ("parameters", "GET", "/Appointment?identifier=x", 400, 400, bare),
    ("parameters", "GET", "/Appointment", 400, 400, bare),
    ("parameters", "GET", "{patient}1234567890", 400, 400, bare),
    ("parameters", "GET", "{patient}9476719931&colour=red", 400, 200, bare),
    ("no service", "GET", "/Slot?status=free", 400, 200, bare),
    ("unknown service", "GET", "/Slot?service=1", 404, 404, bare),
    ("window past", "GET", "/Slot?service=918999198999&start=ge2026-11-01&start=le2026-11-02", 400, 400, bare),
    ("not parseable", "POST", "/Appointment", 400, 400, malformed),
    ("not parseable", "PUT", "/Appointment/{id}", 400, 400, malformed),
    ("another resource", "POST", "/Appointment", 400, 400, another_resource),
    ("another resource", "PUT", "/Appointment/{id}", 400, 400, another_resource),
    ("fails profile", "POST", "/Appointment", 422, 422, of_no_known_status),
    ("fails profile", "PUT", "/Appointment/{id}", 422, 422, of_no_known_status),
    ("NHS number", "POST", "/Appointment", 422, 422, |ask, mut body| {
        patient_of(&mut body)["identifier"][0]["value"] = json!("1234567890");
        sent(ask, body)
    }),
    ("slot not free", "POST", "/Appointment", 422, 422, |ask, mut body| {
        body["slot"][0]["reference"] = json!("Slot/slot-1-19");
        (body["start"], body["end"]) = (json!("2026-11-24T13:45:00Z"), json!("2026-11-24T14:00:00Z"));
        sent(ask, body)
    }),
    ("request id", "POST", "/Appointment", 409, 409, of_a_used_request),
    ("request id", "PUT", "/Appointment/{id}", 409, 409, of_a_used_request),
    ("no request id", "POST", "/Appointment", 201, 400, |ask, body| sent(ask, body).without("X-Request-ID")),
    ("ranks", "POST", "/Appointment", 400, 400, |ask, mut body| {
        patient_of(&mut body)["telecom"][0]["rank"] = json!(2);
        sent(ask, body)
    }),
    ("not found", "GET", "/Appointment/nowhere", 404, 404, bare),
    ("not found", "GET", "/Appointment/{id}/_history/7", 404, 404, bare),
    ("not found", "GET", "{patient}1234554321", 200, 200, bare),
    ("not found", "PUT", "/Appointment/nowhere", 404, 404, cancelling),
    ("differences", "PUT", "/Appointment/{id}", 422, 422, |ask, mut body| {
        body["description"] = json!("other");
        cancelling(ask, body)
    }),
    ("stale If-Match", "PUT", "/Appointment/{id}", 409, 409, |ask, body| {
        cancelling(ask, body).header("If-Match", "W/\"7\"")
    }),
    ("no If-Match", "PUT", "/Appointment/{id}", 412, 412, |ask, body| cancelling(ask, body).without("If-Match")),
    ("not permitted", "POST", "/Appointment", 403, 403, by_a_barred_caller),
    ("not permitted", "PUT", "/Appointment/{id}", 403, 403, by_a_barred_caller),
    ("wrong verb", "DELETE", "/metadata", 405, 405, bare),
    ("wrong verb", "POST", "/Slot", 405, 405, bare),
    ("wrong verb", "DELETE", "/Appointment", 405, 405, bare),
    ("wrong verb", "PATCH", "/Appointment/{id}", 405, 405, bare),
    ("wrong verb", "OPTIONS", "/Appointment?identifier=1", 405, 405, bare),
    ("wrong verb", "DELETE", "/Appointment/{id}", 405, 405, bare),
    ("content type", "POST", "/Appointment", 415, 415, of_a_plain_media_type),
    ("content type", "PUT", "/Appointment/{id}", 415, 415, of_a_plain_media_type),
    ("success", "PUT", "/Appointment/{id}", 200, 200, cancelling),
];

/// The body that a row begins with: the booked Appointment for an update, else a booking of a Slot that no other row takes.
fn body_for(what: &str, verb: &str, booked: &Value) -> Value {
    match (verb, what) {
        ("PUT", _) => booked.clone(),
        (_, "success") => booking(0),
        (_, "no request id") => booking(1),
        _ => booking(2),
    }
}

// covers: OO-01, OO-02, OO-06, DEM-07, JW1-01, JW2-13, VER-03, VER-04, SLT-16, SLT-41, BOOK-10 to BOOK-13, READ-03, PAT-11, CAN-07, HTTP-02, HTTP-03
// covers, ERR-02, ERR-D06, ERR-D15, ERR-71, ERR-73, ERR-75, ERR-76, ERR-78 to ERR-84, ERR-86 to ERR-89
#[tokio::test]
async fn each_cell_of_the_status_matrix_holds() {
    for (base, is_first) in [(BASE_1, true), (BASE_2, false)] {
        for format in ["application/fhir+json", "application/fhir+xml"] {
            let house = House::with(|settings| settings.local_rules.barred = ["barred".to_owned()].into());
            let house = house.await.over_tls().await;
            let booked =
                house.ask("POST", "/Appointment").header("X-Request-ID", "used").json(&booking(19)).send().await;
            assert_eq!(booked.status, 201, "{}", booked.text);
            for (nth, (what, verb, path, first, second, condition)) in (0..).zip(MATRIX) {
                let path = path.replace("{id}", &booked.id()).replace("{patient}", PATIENT);
                let ask = house.ask_in(base, verb, &path).in_format(format);
                let ask =
                    if ask.has_body() && !is_first { ask.header("X-Request-ID", &format!("r{nth}")) } else { ask };
                let told = condition(ask, body_for(what, verb, &booked.value())).send().await;
                let expected = if is_first { *first } else { *second };
                assert_eq!(told.status, expected, "{what}: {verb} {path} at {base} in {format}: {}", told.text);
                assert_eq!(told.header("content-type"), format!("{format};charset=utf-8"), "{what}: {verb} {path}");
                if told.status >= 400 {
                    is_an_operation_outcome(&told.value(), what);
                }
            }
        }
    }
}

/// What OO-02 and the profile of the Spine's OperationOutcome ask for.
fn is_an_operation_outcome(outcome: &Value, what: &str) {
    assert_eq!(outcome["resourceType"], "OperationOutcome", "{what}");
    assert!(outcome["id"].as_str().is_some_and(|id| !id.is_empty() && id.len() <= 64), "{what}: {outcome}");
    for issue in outcome["issue"].as_array().expect("issues") {
        assert_eq!(issue["severity"], "error", "{what}");
        assert!(issue["code"].is_string() && issue["diagnostics"].is_string(), "{what}: {outcome}");
        assert!(issue.get("expression").is_none(), "{what}: {outcome}");
        assert_eq!(issue["details"]["coding"].as_array().map(Vec::len), Some(1), "{what}: {outcome}");
    }
    let parsed = fhir::json::read(outcome.to_string().as_bytes(), &fhir::Limits::STRICT).expect("an outcome");
    let options = profile::Options::validator();
    let issues = profile::validate_parsed(&parsed, profile::Definitions::standard(), &options);
    assert!(profile::is_valid(&issues), "{what}: {issues:?}");
}

// covers: OO-01, OO-06, OO-09, ERR-07, ERR-46, ERR-70, ERR-90, ERR-D11, SLT-41, BOOK-13, READ-03, PAT-11, CAN-07, META-01
#[tokio::test]
async fn a_database_that_is_gone_is_a_500_that_tells_nothing_of_it() {
    let server = TestPostgres::start().expect("a PostgreSQL server");
    let house = house_on_postgres(&server).await.over_tls().await;
    let booked = house.book(0).await;
    server.crash().expect("a stopped server");
    let rows: [(&str, String, u16, Condition); 7] = [
        ("GET", "/metadata".to_owned(), 200, bare),
        ("GET", format!("/Slot?service={SERVICE_ONE}"), 500, bare),
        ("POST", "/Appointment".to_owned(), 500, sent),
        ("GET", format!("/Appointment/{}", booked.id()), 500, bare),
        ("GET", format!("{PATIENT}9476719931"), 500, bare),
        ("PUT", format!("/Appointment/{}", booked.id()), 500, cancelling),
        ("GET", format!("/Appointment/{}/_history", booked.id()), 500, bare),
    ];
    for (verb, path, status, condition) in &rows {
        for base in [BASE_1, BASE_2] {
            for format in ["application/fhir+json", "application/fhir+xml"] {
                let body = if *verb == "PUT" { booked.value() } else { booking(1) };
                let told = condition(house.ask_in(base, verb, path).in_format(format), body).send().await;
                assert_eq!(told.status, *status, "{verb} {path} at {base}: {}", told.text);
                assert_eq!(told.header("content-type"), format!("{format};charset=utf-8"));
                if told.status == 500 {
                    assert_eq!(
                        (told.code().as_str(), &told.value()["issue"][0]["code"]),
                        ("INTERNAL_SERVER_ERROR", &json!("processing"))
                    );
                    is_an_operation_outcome(&told.value(), path);
                }
                let text = told.text.to_lowercase();
                for inner in ["postgres", "connection", "127.0.0.1", "sql"] {
                    assert!(!text.contains(inner), "{text}");
                }
            }
        }
    }
}

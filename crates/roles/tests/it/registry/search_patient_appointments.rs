//! The search for a patient's Appointments: every spelling, what is past, and the pointer to the Provider's copy.

use serde_json::{Value, json};

use super::house::{BOTH, House, REGISTRY_1, REGISTRY_2, SEARCH, pointer, registration, registration_with_end};

/// The pointers that a search finds, in its order.
fn pointers(bundle: &Value) -> Vec<String> {
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    assert_eq!(bundle["total"], entries.len(), "{bundle}");
    entries
        .iter()
        .map(|entry| entry["resource"]["identifier"][0]["value"].as_str().unwrap_or_default().to_owned())
        .collect()
}

// covers: REG-01, REG-10, READ-07, PAT-05, PAT-06, PAT-08, PAT-09, PAT-10
#[tokio::test]
async fn a_search_tells_where_the_providers_copies_are() {
    for base in BOTH {
        for format in ["application/fhir+json", "application/fhir+xml"] {
            let house = House::new().await;
            let first = house.register(base, &registration_with_end(1)).await;
            let second = house.register(base, &registration(0)).await;
            let told = house.ask(base, "GET", SEARCH).header("Accept", format).send().await;
            assert_eq!((told.status, told.header("content-type")), (200, format!("{format};charset=utf-8").as_str()));
            let bundle = told.value();
            assert_eq!(bundle["type"], "searchset");
            assert_eq!(pointers(&bundle), [pointer(0), pointer(1)]);
            for (entry, registered) in [(&bundle["entry"][0], &second), (&bundle["entry"][1], &first)] {
                assert_eq!(entry["fullUrl"], format!("{base}/Appointment/{}/_history/1", registered.id()));
                assert_eq!(entry["resource"], registered.value());
                assert_eq!(entry["search"]["mode"], "match");
            }
            let links = bundle["link"].as_array().unwrap();
            assert_eq!((links.len(), &links[0]["relation"]), (1, &json!("self")));
        }
    }
}

// covers: PAT-01, PAT-02, PAT-03, PAT-04, X-09, X-10
#[tokio::test]
async fn every_published_spelling_finds_the_same() {
    let names = [
        "Appointment.participant.actor",
        "Appointment.participant.actor:Patient.identifier",
        "Patient",
        "patient",
        "patient.identifier",
        "actor:Patient.identifier",
        "identifier",
    ];
    let values = [
        "https://demographics.spineservices.nhs.uk|9476719931",
        "https://demographics.spineservices.nhs.uk/%7C9476719931",
        "https://fhir.nhs.uk/Id/nhs-number|9476719931",
        "https%3A%2F%2Ffhir.nhs.uk%2FId%2Fnhs-number%7C9476719931",
        "https://demographics.spineservices.nhs.uk/9476719931",
        "https://demographics.spineservices.nhs.uk/Patient/9476719931",
    ];
    let house = House::new().await;
    house.register(REGISTRY_1, &registration(0)).await;
    for base in BOTH {
        for name in names {
            for value in values {
                // A bare `|` is no character of a URI, but it is what the published requests hold.
                let path = format!("/Appointment?{name}={}", value.replace('|', "%7C"));
                let told = house.ask(base, "GET", &path).send().await;
                assert_eq!((told.status, pointers(&told.value())), (200, vec![pointer(0)]), "{path}: {}", told.text);
            }
        }
    }
}

// covers: PAT-07, REG-10, X-24
#[tokio::test]
async fn what_has_begun_is_left_out_unless_a_range_asks_for_it() {
    let house = House::new().await;
    for (nth, start) in [
        (0, "2026-11-20T10:00:00+00:00"),
        (1, "2026-11-23T08:59:59+00:00"),
        (2, "2026-11-23T09:00:00+00:00"),
        (3, "2026-12-24T10:00:00+00:00"),
    ] {
        let mut body = registration(nth);
        body["start"] = json!(start);
        house.register(REGISTRY_1, &body).await;
    }
    let table: [(&str, &[u32]); 6] = [
        ("", &[2, 3]),
        ("&start=ge2026-11-01", &[0, 1, 2, 3]),
        ("&date=ge2026-11-01&date=lt2026-11-23", &[0]),
        ("&start=2026-11-23", &[1, 2]),
        ("&start=le2026-11-30", &[0, 1, 2]),
        ("&start=ge2027-01-01", &[]),
    ];
    for base in BOTH {
        for (range, expected) in table {
            let told = house.ask(base, "GET", &format!("{SEARCH}{range}")).send().await;
            let expected: Vec<String> = expected.iter().copied().map(pointer).collect();
            assert_eq!((told.status, pointers(&told.value())), (200, expected), "{range}: {}", told.text);
        }
    }
}

// covers: PAT-06, X-23
#[tokio::test]
async fn a_search_is_never_paged() {
    let house = House::new().await;
    for nth in 0..60 {
        let mut body = registration(nth);
        body["start"] = json!(format!("2026-12-01T10:{nth:02}:00+00:00"));
        house.register(REGISTRY_1, &body).await;
    }
    let told = house.ask(REGISTRY_1, "GET", &format!("{SEARCH}&_count=10")).send().await;
    assert_eq!(told.status, 200, "{}", told.text);
    assert_eq!(pointers(&told.value()).len(), 60);
    assert_eq!(told.value()["link"].as_array().unwrap().len(), 1);
}

// covers: PAT-11, X-05, HTTP-34
#[tokio::test]
async fn a_search_that_is_not_understood_is_refused() {
    let house = House::new().await;
    let valid = "https://fhir.nhs.uk/Id/nhs-number%7C9476719931";
    let table = [
        ("/Appointment".to_owned(), 400, 400),
        ("/Appointment?identifier=9476719931".to_owned(), 400, 400),
        ("/Appointment?identifier=https://fhir.nhs.uk/Id/nhs-number%7C9476719930".to_owned(), 400, 400),
        (format!("/Appointment?identifier={valid}&identifier={valid}"), 400, 400),
        (format!("/Appointment?identifier={valid}&start=never"), 400, 400),
        (format!("/Appointment?identifier={valid}&colour=red"), 400, 200),
        (format!("/Appointment?identifier={valid}&startXXX=ge2026"), 400, 400),
        (format!("/Appointment?identifier={valid}&_format=json"), 200, 200),
        ("/Appointment?identifier=https://x.test%7CP7".to_owned(), 200, 200),
    ];
    for (path, first, second) in table {
        for (base, status) in [(REGISTRY_1, first), (REGISTRY_2, second)] {
            let told = house.ask(base, "GET", &path).send().await;
            assert_eq!(told.status, status, "{path}: {}", told.text);
        }
    }
}

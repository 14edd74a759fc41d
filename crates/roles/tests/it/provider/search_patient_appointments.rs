//! The Appointments of one patient.

use serde_json::json;

use super::diary::booking;
use super::house::{BASE_1, BASE_2, House};

const NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number%7C9476719931";

// covers: PAT-01, PAT-02, PAT-03, PAT-04, PAT-05, PAT-08, PAT-09, X-09, X-10
#[tokio::test]
async fn a_patients_appointments_are_found_by_every_spelling() {
    let house = House::new().await;
    let booked = house.book(0).await;
    for parameter in [
        format!("Appointment.participant.actor={NUMBER}"),
        "Appointment.participant.actor=https://demographics.spineservices.nhs.uk%7C9476719931".to_owned(),
        "Appointment.participant.actor=https://demographics.spineservices.nhs.uk/9476719931".to_owned(),
        format!("Appointment.participant.actor:Patient.identifier={NUMBER}"),
        format!("patient.identifier={NUMBER}"),
        format!("identifier={NUMBER}"),
        format!("Patient={NUMBER}"),
    ] {
        let told = house.ask("GET", &format!("/Appointment?{parameter}")).send().await;
        assert_eq!(told.status, 200, "{parameter}: {}", told.text);
        let bundle = told.value();
        assert_eq!((&bundle["type"], &bundle["total"]), (&json!("searchset"), &json!(1)), "{parameter}");
        let entry = &bundle["entry"][0];
        assert_eq!(entry["fullUrl"], booked.header("location"));
        let resource = &entry["resource"];
        let url = format!("{BASE_1}/Appointment/{}", booked.id());
        assert_eq!(resource["identifier"], json!([{"system": "urn:ietf:rfc:3986", "value": url}]));
        let names: Vec<&String> = resource.as_object().unwrap().keys().collect();
        let kept = [
            "resourceType",
            "id",
            "meta",
            "language",
            "identifier",
            "status",
            "start",
            "end",
            "created",
            "participant",
        ];
        assert_eq!(names, kept, "{resource}");
        assert!(resource["participant"][0]["actor"].get("reference").is_none());
    }
}

// covers: PAT-05, PAT-06, PAT-07, PAT-11, X-24
#[tokio::test]
async fn nobody_is_an_empty_bundle_and_the_past_is_left_out_unless_asked_for() {
    let house = House::new().await;
    house.book(0).await;
    let total = |query: &str| {
        let ask = house.ask("GET", &format!("/Appointment?{query}"));
        async move {
            let told = ask.send().await;
            (told.status, told.value()["total"].clone())
        }
    };
    assert_eq!(total("Patient=https://fhir.nhs.uk/Id/nhs-number%7C1234554321").await, (200, json!(0)));
    assert_eq!(total(&format!("Patient={NUMBER}&start=ge2026-11-25")).await, (200, json!(0)));
    assert_eq!(total(&format!("Patient={NUMBER}&date=ge2020-01-01&date=le2026-12-01")).await, (200, json!(1)));
    for (query, code) in [
        ("Patient=https://fhir.nhs.uk/Id/nhs-number%7C1234567890", "INVALID_NHS_NUMBER"),
        ("Patient=9476719931", "INVALID_PARAMETER"),
        ("", "INVALID_PARAMETER"),
        ("colour=red", "INVALID_PARAMETER"),
    ] {
        let told = house.ask("GET", &format!("/Appointment?{query}")).send().await;
        assert_eq!((told.status, told.code().as_str()), (400, code), "{query}");
        assert!(!told.text.contains("1234567890"), "{}", told.text);
    }
    let told = house.ask_in(BASE_2, "GET", &format!("/Appointment?Patient={NUMBER}&colour=red")).send().await;
    assert_eq!(told.status, 200);
}

// covers: PAT-06
#[tokio::test]
async fn several_appointments_come_in_one_answer_by_their_start() {
    let house = House::new().await;
    for nth in [4, 2, 9] {
        let told = house.ask("POST", "/Appointment").json(&booking(nth)).send().await;
        assert_eq!(told.status, 201);
    }
    let bundle = house.ask("GET", &format!("/Appointment?Patient={NUMBER}")).send().await.value();
    let starts: Vec<&str> =
        bundle["entry"].as_array().unwrap().iter().map(|entry| entry["resource"]["start"].as_str().unwrap()).collect();
    assert_eq!(starts, ["2026-11-24T09:30:00+00:00", "2026-11-24T10:00:00+00:00", "2026-11-24T11:15:00+00:00"]);
    assert_eq!(bundle["link"].as_array().map(Vec::len), Some(1));
}

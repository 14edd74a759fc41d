//! `$validate` at a Provider: with the proxy's certificate and a token, without Ssp headers; and what its packages change in a
//! booking.

use profile::Definitions;
use profile::package::{File, add};
use serde_json::{Value, json};

use super::diary::booking;
use super::house::{BASE_1, BASE_2, House, Told, claims, signed};

const JSON: &str = "application/fhir+json";

fn errors(told: &Told) -> Vec<(String, String)> {
    assert_eq!(told.status, 200, "{}", told.text);
    let outcome = told.value();
    assert_eq!(outcome["resourceType"], "OperationOutcome");
    let issues = outcome["issue"].as_array().unwrap().iter().filter(|issue| issue["severity"] == "error");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    issues.map(|issue| (text(&issue["location"][0]), text(&issue["diagnostics"]))).collect()
}

/// A request at a root, with a token that is good there.
fn ask(house: &House, base: &'static str, path: &str) -> super::house::Ask {
    let mut claims = claims();
    claims["aud"] = json!(base);
    house.ask_in(base, "POST", path).token(&signed(&claims))
}

// covers: VAL-01, VAL-02, VAL-03, VAL-06, VIA-33
#[tokio::test]
async fn a_resource_is_judged_whatever_the_verdict_in_both_formats_and_dialects() {
    let house = House::new().await;
    let slot = json!({"resourceType": "Slot", "id": "s", "status": "open"});
    let inside = json!({"resourceType": "Parameters", "parameter": [
        {"name": "mode", "valueCode": "create"}, {"name": "resource", "resource": slot}]});
    for base in [BASE_1, BASE_2] {
        for body in [&slot, &inside] {
            for path in ["/Slot/$validate", "/Slot/%24validate"] {
                for told in
                    [ask(&house, base, path).json(body).send().await, ask(&house, base, path).xml(body).send().await]
                {
                    let found = errors(&told);
                    let status = found.iter().find(|(place, _)| place == "Slot.status").expect("an issue");
                    assert!(status.1.contains("\"open\"") && status.1.contains("Line "), "{}", status.1);
                    assert!(found.iter().all(|(place, _)| place.starts_with("Slot")), "{found:?}");
                }
            }
        }
    }
    let clean = json!({"resourceType": "Slot", "id": "s", "identifier": [{"value": "1"}], "status": "free",
        "schedule": {"reference": "Schedule/1"}, "start": "2026-11-24T09:00:00Z", "end": "2026-11-24T09:15:00Z"});
    let told = ask(&house, BASE_1, "/Slot/$validate").json(&clean).send().await;
    let issues = told.value()["issue"].as_array().unwrap().clone();
    assert_eq!(issues.len(), 1, "{}", told.text);
    assert_eq!((&issues[0]["severity"], &issues[0]["code"]), (&json!("information"), &json!("informational")));
}

// covers: VAL-02, VAL-05
#[tokio::test]
async fn it_is_judged_by_what_it_claims_else_by_its_type_and_by_what_is_asked_for() {
    let house = House::new().await;
    let care_connect = |of: &str| format!("https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-{of}-1");
    let patient = |profile: Option<&str>| {
        let mut patient = json!({"resourceType": "Patient", "name": [{"use": "usual", "family": "X"}]});
        if let Some(profile) = profile {
            patient["meta"] = json!({"profile": [profile]});
        }
        patient
    };
    let base = "http://hl7.org/fhir/StructureDefinition/Patient";
    let judged = async |path: &str, body: Value| errors(&house.ask("POST", path).json(&body).send().await);
    let by_type = judged("/Patient/$validate", patient(None)).await;
    assert!(
        by_type.iter().any(|(_, told)| told.contains("CareConnect-Patient-1 Patient.name:official")),
        "{by_type:?}"
    );
    assert_eq!(judged("/Patient/$validate", patient(Some(base))).await, []);
    let claimed = judged("/Patient/$validate", patient(Some(&care_connect("Patient")))).await;
    assert_eq!(claimed.len(), by_type.len(), "{claimed:?}");
    let path = format!("/Patient/$validate?profile={}", care_connect("Patient"));
    assert_eq!(judged(&path, patient(Some(base))).await.len(), 1);
    let wrapped = json!({"resourceType": "Parameters", "parameter": [
        {"name": "profile", "valueUri": care_connect("Patient")}, {"name": "resource", "resource": patient(Some(base))}]});
    assert_eq!(judged("/Patient/$validate", wrapped).await.len(), 1);
}

// covers: VAL-10
#[tokio::test]
async fn the_check_digit_of_an_nhs_number_is_looked_at_and_the_number_not_repeated() {
    let house = House::new().await;
    for (number, told) in [("9476719931", false), ("9476719930", true)] {
        let patient = json!({"resourceType": "Patient", "name": [{"use": "official", "family": "X"}], "identifier": [
            {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": number}]});
        let answer = house.ask("POST", "/Patient/$validate").json(&patient).send().await;
        assert_eq!(answer.text.contains("VAL-10"), told, "{}", answer.text);
        assert!(!answer.text.contains(number), "{}", answer.text);
    }
}

// covers: VAL-01, VAL-07
#[tokio::test]
async fn what_cannot_be_judged_is_refused_as_processing() {
    let house = House::new().await;
    let slot = || json!({"resourceType": "Slot", "id": "s", "status": "free"});
    let post = |path: &str| house.ask("POST", path);
    let bytes = |text: &str| text.as_bytes().to_vec();
    let cases = [
        (post("/Patient/$validate").json(&booking(0)), 400, "Patient"),
        (post("/Slot/$validate").body(JSON, Vec::new()), 400, ""),
        (post("/Slot/$validate").body(JSON, bytes("{")), 400, ""),
        (post("/Slot/$validate").body(JSON, bytes(r#"{"resourceType":"Parameters"}"#)), 400, "resource"),
        (post("/Slot/$validate?mode=guess").json(&slot()), 400, "guess"),
        (post("/Slot/$validate").body("text/plain", bytes("x")), 415, "text/plain"),
        (post("/Slot/$validate").body("application/x-resource", bytes("x")), 415, ""),
        (post("/Slot/$validate").json(&slot()).header("Accept", "text/turtle"), 415, "text/turtle"),
        (house.ask("GET", "/Slot/$validate"), 405, "POST"),
        (house.ask("PUT", "/Slot/%24validate").json(&slot()), 405, "POST"),
    ];
    for (ask, status, word) in cases {
        let told = ask.send().await;
        assert_eq!(told.status, status, "{}", told.text);
        assert!(told.text.contains("\"code\":\"processing\"") && told.text.contains(word), "{word}: {}", told.text);
    }
    // Another path is none of the validator's, and whoever is not let in is told so.
    assert_eq!(post("/Slot/$everything").json(&slot()).send().await.status, 404);
    let stranger = post("/Slot/$validate").without("Authorization").json(&slot()).send().await;
    assert_eq!((stranger.status, stranger.text.contains("processing")), (403, false), "{}", stranger.text);
}

// covers: HTTP-13
#[tokio::test]
async fn an_unknown_element_is_an_error_of_validation_and_no_reason_to_refuse_a_booking() {
    let house = House::new().await;
    let mut unknown = booking(0);
    unknown["ownElement"] = json!("x");
    let told = house.ask("POST", "/Appointment/$validate").json(&unknown).send().await;
    assert!(errors(&told).iter().any(|(_, told)| told.contains("\"ownElement\"")), "{}", told.text);
    let booked = house.ask("POST", "/Appointment").json(&unknown).send().await;
    assert_eq!(booked.status, 201, "{}", booked.text);
}

/// The built-in definitions and one more profile: a description has no more than ten letters.
fn with_a_package() -> &'static Definitions {
    let profile = r#"{"resourceType":"StructureDefinition","url":"https://a.example/Short","type":"Appointment",
        "derivation":"constraint","baseDefinition":"https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1",
        "differential":{"element":[{"path":"Appointment.description","maxLength":10}]}}"#;
    let mut definitions = Definitions::built_in();
    let added = add(&mut definitions, &[File { name: "p.json".to_owned(), bytes: profile.as_bytes().to_vec() }]);
    assert_eq!(added.profiles, ["https://a.example/Short"]);
    Box::leak(Box::new(definitions))
}

// covers: VAL-05, BOOK-11
#[tokio::test]
async fn a_package_is_judged_by_in_validation_and_in_booking() {
    let house = House::with(|settings| settings.definitions = with_a_package()).await;
    let mut claiming = booking(0);
    claiming["meta"]["profile"].as_array_mut().unwrap().push(json!("https://a.example/Short"));
    claiming["description"] = json!("longer than ten letters");
    let told = house.ask("POST", "/Appointment/$validate").json(&claiming).send().await;
    let [(place, told)] = &errors(&told)[..] else { panic!("one error: {}", told.text) };
    assert!(place == "Appointment.description" && told.contains("Rule: Short Appointment.description"), "{told}");
    let refused = house.ask("POST", "/Appointment").json(&claiming).send().await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let issue = &refused.value()["issue"][0];
    assert_eq!(issue["location"][0], "Appointment.description", "{issue}");
    for word in ["Short Appointment.description", "longer than ten letters", "at most 10 characters"] {
        assert!(issue["diagnostics"].as_str().unwrap().contains(word), "{word}: {issue}");
    }
    claiming["description"] = json!("short");
    let booked = house.ask("POST", "/Appointment").json(&claiming).send().await;
    assert_eq!(booked.status, 201, "{}", booked.text);
}

// covers: CAN-07
#[tokio::test]
async fn a_cancellation_that_breaks_its_profile_is_told_element_rule_and_value() {
    let house = House::new().await;
    let booked = house.book(0).await;
    let mut body = booked.value();
    (body["status"], body["participant"][0]["status"]) = (json!("cancelled"), json!("acepted"));
    let path = format!("/Appointment/{}", booked.id());
    let told = house.ask("PUT", &path).header("If-Match", "W/\"1\"").json(&body).send().await;
    assert_eq!(told.status, 422, "{}", told.text);
    let issue = &told.value()["issue"][0];
    assert_eq!(issue["location"][0], "Appointment.participant[0].status", "{issue}");
    let diagnostics = issue["diagnostics"].as_str().unwrap();
    for word in ["Rule: http://hl7.org/fhir/ValueSet/participationstatus", "Got: \"acepted\"", "accepted, declined"] {
        assert!(diagnostics.contains(word), "{word}: {diagnostics}");
    }
}

//! The public demonstrator's list: off unless asked for, each check by one body that breaks it.

use serde_json::{Value, json};

use super::diary::{booking, booking_with_contained_slot, patient_of};
use super::house::{BASE_2, House};

/// A booking that keeps to the whole list.
fn sound(nth: u32) -> Value {
    let mut body = booking(nth);
    patient_of(&mut body)["gender"] = json!("female");
    body
}

type Change = fn(&mut Value);

fn remove(value: &mut Value, member: &str) {
    value.as_object_mut().expect("an object").remove(member);
}

/// The first of a list once more.
fn again(value: &mut Value, member: &str) {
    let list = value[member].as_array_mut().expect("a list");
    list.push(list[0].clone());
}

/// What is changed, how bad the demonstrator takes it to be, and where.
const FAULTS: &[(&str, Change, &str, &str)] = &[
    ("id", |b| b["id"] = json!("mine"), "minor", "Appointment.id"),
    ("no meta", |b| remove(b, "meta"), "major", "Appointment.meta"),
    ("another language", |b| b["language"] = json!("fr"), "major", "Appointment.language"),
    ("another status", |b| b["status"] = json!("proposed"), "major", "Appointment.status"),
    ("no slot", |b| remove(b, "slot"), "critical", "Appointment.slot"),
    ("another slot", |b| b["slot"][0]["reference"] = json!("Location/1"), "critical", "Appointment.slot.reference"),
    ("no created", |b| remove(b, "created"), "major", "Appointment.created"),
    ("created to come", |b| b["created"] = json!("2026-11-23T09:00:01Z"), "major", "Appointment.created"),
    ("created long ago", |b| b["created"] = json!("2018-12-08T23:59:59Z"), "major", "Appointment.created"),
    ("two participants", |b| again(b, "participant"), "minor", "Appointment.participant"),
    ("no actor", |b| remove(&mut b["participant"][0], "actor"), "major", "Appointment.participant.actor"),
    (
        "no reference",
        |b| remove(&mut b["participant"][0]["actor"], "reference"),
        "critical",
        "Appointment.participant.actor.reference",
    ),
    (
        "another use",
        |b| b["participant"][0]["actor"]["identifier"]["use"] = json!("usual"),
        "major",
        "Appointment.participant.actor.identifier",
    ),
    ("no document", |b| remove(b, "supportingInformation"), "major", "Appointment.supportingInformation"),
    ("nothing contained", |b| remove(b, "contained"), "critical", "Appointment.contained"),
    (
        "a third contained resource",
        |b| b["contained"].as_array_mut().expect("a list").push(json!({"resourceType": "Location", "id": "l"})),
        "minor",
        "Appointment.contained",
    ),
    (
        "the document's profile",
        |b| remove(&mut b["contained"][0], "meta"),
        "major",
        "Appointment.contained.meta.profile",
    ),
    (
        "the document's identifier",
        |b| b["contained"][0]["identifier"][0]["value"] = json!("abc"),
        "major",
        "Appointment.contained.identifier",
    ),
    ("no identifier", |b| remove(patient_of(b), "identifier"), "critical", "Appointment.contained.identifier"),
    (
        "nine digits",
        |b| patient_of(b)["identifier"][0]["value"] = json!("947671993"),
        "major",
        "Appointment.contained.identifier",
    ),
    (
        "another verification",
        |b| {
            patient_of(b)["identifier"][0]["extension"][0]["valueCodeableConcept"]["coding"][0]["code"] = json!("02");
        },
        "minor",
        "Appointment.contained.identifier.extension",
    ),
    ("no name", |b| remove(patient_of(b), "name"), "critical", "Appointment.contained.name"),
    ("a short name", |b| patient_of(b)["name"][0]["family"] = json!("Ng"), "minor", "Appointment.contained.name"),
    ("no phone", |b| remove(patient_of(b), "telecom"), "major", "Appointment.contained.telecom"),
    (
        "a foreign phone",
        |b| patient_of(b)["telecom"][0]["value"] = json!("+33 123456789"),
        "major",
        "Appointment.contained.telecom",
    ),
    ("gender other", |b| patient_of(b)["gender"] = json!("other"), "minor", "Appointment.contained.gender"),
    (
        "born tomorrow",
        |b| patient_of(b)["birthDate"] = json!("2026-11-24"),
        "critical",
        "Appointment.contained.birthDate",
    ),
    ("born long ago", |b| patient_of(b)["birthDate"] = json!("1899-12-31"), "major", "Appointment.contained.birthDate"),
    (
        "no postcode",
        |b| remove(&mut patient_of(b)["address"][0], "postalCode"),
        "critical",
        "Appointment.contained.address",
    ),
    (
        "a foreign postcode",
        |b| patient_of(b)["address"][0]["postalCode"] = json!("75001"),
        "major",
        "Appointment.contained.address",
    ),
    ("an old address", |b| patient_of(b)["address"][0]["use"] = json!("old"), "minor", "Appointment.contained.address"),
    ("what the validator refuses", |b| b["ownElement"] = json!(1), "major", "Appointment"),
];

async fn demonstrator() -> House {
    House::with(|settings| settings.demonstrator_checks = true).await
}

// covers: DEM-09, DEM-12, VAL-11
#[tokio::test]
async fn each_check_of_the_demonstrators_list_refuses_what_breaks_it() {
    let house = demonstrator().await;
    for (what, change, weight, place) in FAULTS {
        let mut body = sound(0);
        change(&mut body);
        let told = house.ask("POST", "/Appointment").json(&body).send().await;
        assert_eq!(told.status, 422, "{what}: {}", told.text);
        let outcome = told.value();
        let issues = outcome["issue"].as_array().expect("issues");
        assert!(issues.len() <= 10, "{what}");
        let found = issues.iter().any(|issue| {
            let diagnostics = issue["diagnostics"].as_str().unwrap_or_default();
            issue["location"][0] == *place && diagnostics.contains(weight) && diagnostics.contains("DEM-09")
        });
        assert!(found, "{what}: {}", told.text);
        // Each fault once, unlike the demonstrator itself (DEM-12).
        let mut told: Vec<String> = issues.iter().map(ToString::to_string).collect();
        told.sort_unstable();
        told.dedup();
        assert_eq!(told.len(), issues.len(), "{what}");
    }
    assert_eq!(house.ask("GET", "/Slot/slot-1-00").send().await.value()["status"], "free");
}

// covers: DEM-09, DEM-12
#[tokio::test]
async fn a_booking_that_keeps_to_the_list_is_taken_in_both_forms() {
    let house = demonstrator().await;
    assert_eq!(house.ask("POST", "/Appointment").json(&sound(0)).send().await.status, 201);
    let mut body = booking_with_contained_slot(1);
    patient_of(&mut body)["gender"] = json!("male");
    let told = house.ask_in(BASE_2, "POST", "/Appointment").json(&body).send().await;
    assert_eq!(told.status, 201, "{}", told.text);
    let taken = house.ask("POST", "/Appointment").json(&sound(1)).send().await;
    assert_eq!((taken.status, taken.diagnostics().as_str()), (422, "Slot no longer available"));
}

// covers: DEM-09
#[tokio::test]
async fn a_body_full_of_faults_is_told_ten_and_one_that_is_no_appointment_is_400() {
    let house = demonstrator().await;
    let told = house.ask("POST", "/Appointment").json(&json!({"resourceType": "Appointment"})).send().await;
    assert_eq!((told.status, told.value()["issue"].as_array().map(Vec::len)), (422, Some(10)), "{}", told.text);
    assert_eq!(house.ask("POST", "/Appointment").json(&json!({"resourceType": "Slot"})).send().await.status, 400);
    let ordinary = House::new().await;
    assert_eq!(ordinary.ask("POST", "/Appointment").json(&booking(0)).send().await.status, 201, "gender other");
}

//! What differs between the dialects, seen from outside, each with its row.

use std::fs;

use serde_json::{Value, json};

use super::Demo;
use super::curl::{Answer, ThroughTheSsp};

const DEMOS: [fn() -> &'static Demo; 2] = [Demo::shared, Demo::shared_2_0_4];

/// Posts a booking through the SSP, with X-Request-ID where one is given.
fn post(demo: &Demo, body: &Value, request_id: Option<&str>) -> Answer {
    let file = demo.folder.join(format!("booking-{}.json", demo.slot()));
    fs::write(&file, body.to_string()).unwrap();
    let data = format!("@{}", file.display());
    let id = request_id.map(|id| format!("X-Request-ID: {id}"));
    let mut words = vec!["-H", "Content-Type: application/fhir+json", "--data-binary", &data];
    words.extend(id.iter().flat_map(|id| ["-H", id.as_str()]));
    ThroughTheSsp::new(demo, "create:appointment").call("Appointment", &words)
}

/// A booking as the verb sends it, taken from one that was made and put onto another Slot.
fn booking(demo: &Demo) -> Value {
    let mut body = demo.book("--no-register");
    let slot = demo.slot();
    let bundle = demo.json("slots 918999198999 --from tomorrow --to 2099-01-01 --json");
    let entries = bundle["entry"].as_array().unwrap();
    let free = entries.iter().map(|entry| &entry["resource"]).find(|resource| resource["id"] == *slot).unwrap();
    let members = body.as_object_mut().unwrap();
    members.remove("id");
    members.remove("identifier");
    members["meta"] = json!({"profile": body_profile()});
    members["start"] = free["start"].clone();
    members["end"] = free["end"].clone();
    let contained = members["contained"].as_array_mut().unwrap();
    contained.retain(|resource| resource["resourceType"] != "Slot");
    members["slot"] = json!([{"reference": format!("Slot/{slot}")}]);
    body
}

fn body_profile() -> Value {
    json!(["https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1"])
}

fn fresh(number: u8) -> String {
    format!("0b5b4ef8-7b5c-4d7d-9a77-0d2f4c8c3a{number:02}")
}

// covers: VER-10, HTTP-20
#[test]
fn each_dialect_has_its_service_root_and_sds_names_the_demos() {
    for (demo, major) in [(Demo::shared(), 1), (Demo::shared_2_0_4(), 2)] {
        let endpoint = demo.json("endpoint 918999198999 --json")["endpoint"].clone();
        assert_eq!(endpoint, demo.text("/provider/endpoint"));
        assert!(endpoint.as_str().unwrap().ends_with(&format!("/STU3/{major}/demo")), "{endpoint}");
    }
}

// covers: ASR-03
#[test]
fn the_official_packs_service_ids_are_known_to_a_demo() {
    let services = [("999999999", 200), ("999999998", 200), ("999999993", 200), ("999999995", 500), ("999999990", 404)];
    for demo in DEMOS.map(|demo| demo()) {
        for (service, status) in services {
            let path = format!("Slot?schedule.actor%3Ahealthcareservice={service}&status=free&start=ge2026-01-01");
            let answer = ThroughTheSsp::new(demo, "search:slot").call(&path, &[]);
            assert_eq!(answer.status, status, "{service}");
            let is_empty = answer.body()["total"] == 0;
            assert_eq!(is_empty, service == "999999998", "{service}");
        }
    }
}

// covers: X-05, HTTP-34
#[test]
fn an_unknown_parameter_is_refused_in_1_0_4_and_passed_over_in_2_0_4() {
    for (demo, status, near_status) in [(Demo::shared(), 400, 400), (Demo::shared_2_0_4(), 200, 400)] {
        let call = ThroughTheSsp::new(demo, "search:slot");
        let search = "Slot?schedule.actor%3Ahealthcareservice=918999198999&start=ge2099-01-01&start=le2099-01-02";
        assert_eq!(call.call(&format!("{search}&colour=red"), &[]).status, status);
        assert_eq!(call.call(&format!("{search}&startXXX=1"), &[]).status, near_status);
    }
}

// covers: X-08, BOOK-24
#[test]
fn created_is_the_consumers_in_1_0_4_and_the_providers_in_2_0_4() {
    let made_up = "2020-02-02T02:02:02+00:00";
    let mut kept = Vec::new();
    for demo in DEMOS.map(|demo| demo()) {
        let mut body = booking(demo);
        body["created"] = json!(made_up);
        let answer = post(demo, &body, Some(&fresh(1)));
        assert_eq!(answer.status, 201, "{answer:?}");
        kept.push(answer.body()["created"] == made_up);
        let mut without = booking(demo);
        without.as_object_mut().unwrap().remove("created");
        kept.push(post(demo, &without, Some(&fresh(2))).status == 201);
    }
    assert_eq!(kept, [true, false, false, true], "kept in 1.0.4 and demanded; replaced in 2.0.4 and not demanded");
}

// covers: X-22, XTI-07
#[test]
fn x_request_id_is_optional_in_1_0_4_and_demanded_in_2_0_4() {
    assert_eq!(post(Demo::shared(), &booking(Demo::shared()), None).status, 201);
    let demo = Demo::shared_2_0_4();
    post(demo, &booking(demo), None).is_refused(400, "XTI-07", "no X-Request-ID");
}

// covers: BOOK-17, X-45
#[test]
fn a_patient_without_an_nhs_number_is_booked_in_2_0_4_only() {
    let without_number = |demo: &Demo| {
        let mut body = booking(demo);
        body["participant"][0]["actor"].as_object_mut().unwrap().remove("identifier");
        for resource in body["contained"].as_array_mut().unwrap() {
            if resource["resourceType"] == "Patient" {
                resource.as_object_mut().unwrap().remove("identifier");
            }
        }
        post(demo, &body, Some(&fresh(3)))
    };
    assert_eq!(without_number(Demo::shared()).status, 422);
    let answer = without_number(Demo::shared_2_0_4());
    assert_eq!(answer.status, 201, "{answer:?}");
    let body = answer.body();
    let patient = body["contained"].as_array().unwrap().iter().find(|one| one["resourceType"] == "Patient").unwrap();
    let system = patient["identifier"][0]["system"].as_str().unwrap();
    assert!(system.ends_with("/Id/patient"), "the Provider's own identifier: {patient}");
}

// covers: BOOK-18, X-16
#[test]
fn the_consumer_refers_to_the_slot_as_its_dialect_has_it() {
    let first = Demo::shared().book("");
    assert!(first["slot"][0]["reference"].as_str().unwrap().starts_with("Slot/"), "{first}");
    let second = Demo::shared_2_0_4().book("");
    assert!(second["slot"][0]["reference"].as_str().unwrap().starts_with('#'), "{second}");
}

// covers: JWT-91, JWT-92, JW2-01
#[test]
fn unsigned_tokens_are_taken_behind_the_proxy_in_2_0_4_and_never_in_1_0_4() {
    for (demo, allowed) in [(Demo::shared(), false), (Demo::shared_2_0_4(), true)] {
        let call = ThroughTheSsp { token: Some(own_token(demo)), ..ThroughTheSsp::new(demo, "read:metadata") };
        let answer = call.call("metadata", &[]);
        assert_eq!(answer.status, if allowed { 200 } else { 403 }, "{answer:?}");
    }
}

/// What the Consumer of dialect 2.0.4 makes itself.
fn own_token(demo: &Demo) -> String {
    use spine::token::{Device, RequestingOrganisation, SelfMadeClaims, unsigned};
    let url = "https://200000000359.a1001.thirdparty.nhs.uk/".to_owned();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    unsigned(&SelfMadeClaims {
        issuer: url.clone(),
        subject: demo.text("/consumer/asid"),
        audience: demo.text("/provider/endpoint"),
        issued_at: i64::try_from(now).unwrap(),
        scope: spine::Operation::CapabilityStatement.scope().to_owned(),
        device: Device {
            system: format!("{url}Id/device"),
            value: "1".into(),
            model: "Test".into(),
            version: "1".into(),
        },
        organisation: RequestingOrganisation { name: "Test".into(), ods_code: spine::OdsCode::parse("A1001").unwrap() },
        practitioner: None,
    })
}

#[test]
fn the_whole_way_is_walked_in_2_0_4_too() {
    let demo = Demo::shared_2_0_4();
    let appointment = demo.book("");
    let id = appointment["id"].as_str().unwrap();
    let cancelled = demo.careslot(&format!("cancel {id}"));
    assert!(cancelled.stdout.contains("Registry     registration cancelled\n"), "{cancelled:?}");
    assert_eq!(demo.careslot("doctor").exit, 0);
}

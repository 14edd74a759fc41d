//! The elements of a booking and of what it contains, row by row of section 16: what must be there, what may be, what comes back.

use serde_json::{Value, json};

use super::diary::{booking, booking_with_contained_slot, patient_of, profile};
use super::house::{BASE_1, BASE_2, House};

type Change = fn(&mut Value);

fn remove(value: &mut Value, member: &str) {
    value.as_object_mut().expect("an object").remove(member);
}

fn document(body: &mut Value) -> &mut Value {
    &mut body["contained"][0]
}

fn actor(body: &mut Value) -> &mut Value {
    &mut body["participant"][0]["actor"]
}

const CHANNEL: &str = "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-DeliveryChannel-1";

/// The row of section 16, what is done to a sound booking, and the status in `1.0.4` and in `2.0.4`.
const ROWS: &[(&str, Change, u16, u16)] = &[
    ("A01: no id on the way in", |b| b["id"] = json!("mine"), 422, 422),
    ("A02: the profile is claimed", |b| remove(b, "meta"), 422, 422),
    ("A03: a version of the Consumer's own counts for nothing", |b| b["meta"]["versionId"] = json!("7"), 201, 201),
    ("A04: en", |b| b["language"] = json!("en"), 201, 201),
    ("A04: no language", |b| remove(b, "language"), 201, 422),
    ("A04: another language", |b| b["language"] = json!("cy"), 422, 422),
    (
        "A05: a narrative is optional",
        |b| b["text"] = json!({"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">111</div>"}),
        201,
        201,
    ),
    ("A05: a narrative is an object", |b| b["text"] = json!("111"), 422, 422),
    ("A06: no status", |b| remove(b, "status"), 422, 422),
    ("A06: another status", |b| b["status"] = json!("pending"), 422, 422),
    ("A06: the prose's spelling", |b| b["status"] = json!("entered in error"), 422, 422),
    ("A07: no patient", |b| drop(b["contained"].as_array_mut().expect("a list").pop()), 422, 422),
    (
        "A07: the order of contained resources says nothing",
        |b| b["contained"].as_array_mut().expect("a list").reverse(),
        201,
        201,
    ),
    (
        "A07: a contained resource that nothing refers to",
        |b| b["contained"].as_array_mut().expect("a list").push(json!({"resourceType": "Location", "id": "l"})),
        422,
        422,
    ),
    ("A08: no start", |b| remove(b, "start"), 422, 422),
    ("A08: a start without an offset", |b| b["start"] = json!("2026-11-24T09:00:00"), 422, 422),
    ("A09: no end", |b| remove(b, "end"), 422, 422),
    ("A09: an end before the start", |b| b["end"] = json!("2026-11-24T08:59:00Z"), 422, 422),
    ("A10: no created", |b| remove(b, "created"), 422, 201),
    ("A10: created without an offset", |b| b["created"] = json!("2019-01-17T14:00:00"), 422, 422),
    ("A11: no description", |b| remove(b, "description"), 422, 422),
    ("A12: no Slot", |b| remove(b, "slot"), 422, 422),
    (
        "A12: two Slots",
        |b| b["slot"] = json!([{"reference": "Slot/slot-1-00"}, {"reference": "Slot/slot-1-01"}]),
        422,
        422,
    ),
    ("A12: a Slot without a reference", |b| b["slot"] = json!([{"display": "the first"}]), 422, 422),
    (
        "A13: no document is referred to",
        |b| {
            remove(b, "supportingInformation");
            b["contained"].as_array_mut().expect("a list").remove(0);
        },
        422,
        201,
    ),
    (
        "A13: two references",
        |b| b["supportingInformation"] = json!([{"reference": "#D1"}, {"reference": "#D1"}]),
        422,
        422,
    ),
    (
        "A14: a referral elsewhere",
        |b| b["incomingReferral"] = json!([{"reference": "https://e.nhs.uk/ReferralRequest/1"}]),
        201,
        201,
    ),
    ("A14: a reference without a type", |b| b["incomingReferral"] = json!([{"reference": "Referral123"}]), 422, 422),
    ("A15: no participant", |b| remove(b, "participant"), 422, 422),
    (
        "A15: a second participant",
        |b| {
            b["participant"]
                .as_array_mut()
                .expect("a list")
                .push(json!({"actor": {"display": "Dr Webber"}, "status": "accepted"}));
        },
        422,
        201,
    ),
    ("A15: a participant who is not the patient", |b| remove(actor(b), "reference"), 422, 422),
    ("A16: no identifier", |b| remove(actor(b), "identifier"), 201, 201),
    (
        "A16: an older spelling of the system",
        |b| actor(b)["identifier"]["system"] = json!("https://demographics.spineservices.nhs.uk/"),
        201,
        201,
    ),
    ("A16: nine digits", |b| actor(b)["identifier"]["value"] = json!("947671993"), 422, 422),
    ("A17: the display is for people", |b| actor(b)["display"] = json!("Mx Alex Example of Leeds"), 201, 201),
    ("A18: no status of the participant", |b| remove(&mut b["participant"][0], "status"), 422, 422),
    ("A20: the delivery channel", |b| b["extension"] = json!([{"url": CHANNEL, "valueCode": "Video"}]), 201, 201),
    (
        "A20: two delivery channels",
        |b| {
            b["extension"] =
                json!([{"url": CHANNEL, "valueCode": "Video"}, {"url": CHANNEL, "valueCode": "Telephone"}]);
        },
        422,
        422,
    ),
    (
        "A20: an extension of nobody's",
        |b| b["extension"] = json!([{"url": "https://example.test/x", "valueString": "x"}]),
        201,
        201,
    ),
    ("A21: another service category", |b| b["serviceCategory"] = json!({"text": "urgent"}), 201, 201),
    ("P01: no id", |b| remove(patient_of(b), "id"), 422, 422),
    ("P01: another id than the participant's", |b| patient_of(b)["id"] = json!("other"), 422, 422),
    ("P02: the claimed profile binds", |b| patient_of(b)["name"] = json!([{"text": "Alex"}]), 422, 422),
    ("P02: another profile", |b| patient_of(b)["meta"]["profile"] = json!(["https://example.test/Patient"]), 422, 422),
    ("P03: no NHS number", |b| remove(patient_of(b), "identifier"), 422, 201),
    (
        "P03: another identifier instead",
        |b| patient_of(b)["identifier"] = json!([{"system": "https://local.test", "value": "7"}]),
        422,
        422,
    ),
    ("P04: no verification status", |b| remove(&mut patient_of(b)["identifier"][0], "extension"), 422, 422),
    (
        "P04: another code than 01",
        |b| patient_of(b)["identifier"][0]["extension"][0]["valueCodeableConcept"]["coding"][0] = json!({"system": "https://fhir.hl7.org.uk/STU3/CodeSystem/CareConnect-NHSNumberVerificationStatus-1", "code": "02", "display": "Number present but not traced"}),
        201,
        201,
    ),
    ("P05: a use that FHIR does not know", |b| patient_of(b)["identifier"][0]["use"] = json!("home"), 422, 422),
    ("P06: eleven digits", |b| patient_of(b)["identifier"][0]["value"] = json!("11122233333"), 422, 422),
    ("P06: no value", |b| remove(&mut patient_of(b)["identifier"][0], "value"), 422, 422),
    ("P07: no name", |b| remove(patient_of(b), "name"), 422, 422),
    (
        "P07: two official names",
        |b| patient_of(b)["name"] = json!([{"use": "official", "family": "A"}, {"use": "official", "family": "B"}]),
        422,
        422,
    ),
    ("P07: no family name", |b| remove(&mut patient_of(b)["name"][0], "family"), 422, 422),
    ("P08: a telecom without a value", |b| remove(&mut patient_of(b)["telecom"][0], "value"), 422, 422),
    ("P08: a telecom without a system", |b| remove(&mut patient_of(b)["telecom"][0], "system"), 422, 422),
    ("P08: no way to reach the patient", |b| remove(patient_of(b), "telecom"), 400, 400),
    ("P09: no gender", |b| remove(patient_of(b), "gender"), 422, 422),
    ("P09: a gender that FHIR does not know", |b| patient_of(b)["gender"] = json!("f"), 422, 422),
    ("P10: no date of birth", |b| remove(patient_of(b), "birthDate"), 422, 422),
    ("P10: a date of birth in words", |b| patient_of(b)["birthDate"] = json!("29/02/1980"), 422, 422),
    ("P11: no address", |b| remove(patient_of(b), "address"), 422, 422),
    (
        "P12: the contact alone can be reached",
        |b| {
            remove(patient_of(b), "telecom");
            patient_of(b)["contact"] = json!([{"relationship": [{"text": "mother"}], "name": {"use": "official", "family": "Example"},
            "telecom": [{"system": "phone", "value": "01632 960124", "rank": 1}]}]);
        },
        201,
        201,
    ),
    (
        "P12: a contact without a name",
        |b| patient_of(b)["contact"] = json!([{"telecom": [{"system": "phone", "value": "1", "rank": 2}]}]),
        422,
        422,
    ),
    ("P12: a name without a use", |b| patient_of(b)["contact"] = json!([{"name": {"family": "Example"}}]), 422, 422),
    (
        "P13: rank 1 twice",
        |b| {
            patient_of(b)["telecom"] =
                json!([{"system": "phone", "value": "1", "rank": 1}, {"system": "phone", "value": "2", "rank": 1}]);
        },
        400,
        400,
    ),
    ("P13: no rank", |b| remove(&mut patient_of(b)["telecom"][0], "rank"), 400, 400),
    ("P13: a rank of nothing", |b| patient_of(b)["telecom"][0]["rank"] = json!(0), 422, 422),
    (
        "P14: an email address besides",
        |b| {
            patient_of(b)["telecom"]
                .as_array_mut()
                .expect("a list")
                .push(json!({"system": "email", "value": "alex@example.test", "rank": 2}));
        },
        201,
        201,
    ),
    ("P15: an animal", |b| patient_of(b)["animal"] = json!({"species": {"text": "cat"}}), 422, 422),
    (
        "P15: a language of the patient",
        |b| patient_of(b)["communication"] = json!([{"language": {"text": "cy"}}]),
        422,
        422,
    ),
    ("D01: an id that nothing refers to", |b| document(b)["id"] = json!("other"), 422, 422),
    ("D02: the claimed profile binds", |b| remove(&mut document(b)["type"]["coding"][0], "display"), 422, 422),
    ("D03: no identifier", |b| remove(document(b), "identifier"), 422, 422),
    ("D03: another system", |b| document(b)["identifier"][0]["system"] = json!("uuid"), 422, 422),
    (
        "D03: upper case",
        |b| document(b)["identifier"][0]["value"] = json!("0B8A5B0E-5F3C-4C0E-9A51-3D6E3A7F8C11"),
        201,
        201,
    ),
    ("D04: superseded", |b| document(b)["status"] = json!("superseded"), 422, 422),
    ("D05: another type", |b| document(b)["type"]["coding"][0]["system"] = json!("http://snomed.info/sct"), 201, 422),
    ("D06: no time of indexing", |b| remove(document(b), "indexed"), 422, 422),
    ("D07: no content", |b| remove(document(b), "content"), 422, 422),
    (
        "D07: two contents",
        |b| {
            let content = document(b)["content"][0].clone();
            document(b)["content"] = json!([content, content]);
        },
        422,
        422,
    ),
    ("D07: en-GB", |b| document(b)["content"][0]["attachment"]["language"] = json!("en-GB"), 201, 201),
    (
        "D08: two documents",
        |b| {
            let mut other = document(b).clone();
            other["id"] = json!("D2");
            b["contained"].as_array_mut().expect("a list").push(other);
        },
        422,
        422,
    ),
];

// covers: RES-A01 to RES-A18, RES-A20, RES-A21, RES-P01 to RES-P15, RES-D01 to RES-D08, X-17 to, BOOK-11, BOOK-16, BOOK-22
// covers: PCT-05, OO-04, PROC-02, PROC-07
#[tokio::test]
async fn each_element_of_a_booking_is_held_to_its_row() {
    for base in [BASE_1, BASE_2] {
        let house = House::new().await;
        for (nth, (what, change, first, second)) in ROWS.iter().enumerate() {
            let mut body = booking(0);
            change(&mut body);
            let ask = house.ask_in(base, "POST", "/Appointment").header("X-Request-ID", &format!("r{nth}"));
            let told = ask.json(&body).send().await;
            let expected = if base == BASE_1 { *first } else { *second };
            assert_eq!(told.status, expected, "{what} at {base}: {}", told.text);
            if told.status == 201 {
                everything_came_back(&house, &body, &told.value(), what);
                cancel(&house, base, &told.value(), nth).await;
            } else {
                let location = &told.value()["issue"][0]["location"][0];
                assert!(
                    location.as_str().is_some_and(|place| place.starts_with("Appointment")),
                    "{what}: {}",
                    told.text
                );
            }
        }
    }
}

/// What was sent is what is kept, but for what the Provider may change: identity, `created`, systems, local identifiers.
fn everything_came_back(_: &House, sent: &Value, kept: &Value, what: &str) {
    assert_eq!(kept["meta"]["versionId"], "1", "{what}");
    assert!(kept["id"].is_string(), "{what}");
    let members = [
        "language",
        "text",
        "extension",
        "serviceCategory",
        "start",
        "end",
        "description",
        "slot",
        "supportingInformation",
        "incomingReferral",
        "status",
    ];
    for member in members {
        assert_eq!(kept.get(member), sent.get(member), "{what}: {member}");
    }
    for (before, after) in
        sent["contained"].as_array().into_iter().flatten().zip(kept["contained"].as_array().into_iter().flatten())
    {
        for (member, value) in before.as_object().into_iter().flatten() {
            assert_eq!(&after[member], value, "{what}: {member}");
        }
    }
    assert_eq!(kept["participant"][0]["actor"]["display"], sent["participant"][0]["actor"]["display"], "{what}");
}

/// Gives the Slot back, so that the next row finds it free.
async fn cancel(house: &House, base: &'static str, appointment: &Value, nth: usize) {
    let mut body = appointment.clone();
    body["status"] = json!("cancelled");
    let path = format!("/Appointment/{}", appointment["id"].as_str().expect("an id"));
    let ask = house.ask_in(base, "PUT", &path).header("If-Match", "W/\"1\"").header("X-Request-ID", &format!("c{nth}"));
    let told = ask.json(&body).send().await;
    assert_eq!(told.status, 200, "{}", told.text);
}

// covers: RES-S01, RES-S02, RES-S03, RES-S05, BOOK-18, BOOK-20, X-16, X-34
#[tokio::test]
async fn the_contained_slot_of_2_0_4_is_held_to_its_rows_and_read_again() {
    let house = House::new().await;
    let rows: &[(&str, Change, u16)] = &[
        ("no id", |slot| remove(slot, "id"), 422),
        ("another id than the reference", |slot| slot["id"] = json!("other"), 422),
        ("no identifier", |slot| remove(slot, "identifier"), 422),
        (
            "two identifiers",
            |slot| {
                let one = slot["identifier"][0].clone();
                slot["identifier"] = json!([one, one]);
            },
            422,
        ),
        (
            "an identifier of no Slot and an id of none",
            |slot| slot["identifier"][0]["value"] = json!("5d0f6a1c-9a77-4a30-8f57-000000000000"),
            201,
        ),
        ("no status", |slot| remove(slot, "status"), 422),
        ("a status that FHIR does not know", |slot| slot["status"] = json!("booked"), 422),
        ("no schedule", |slot| remove(slot, "schedule"), 422),
        ("no start", |slot| remove(slot, "start"), 422),
        ("free", |slot| slot["status"] = json!("free"), 201),
    ];
    let mut next = 0;
    for (nth, (what, change, status)) in rows.iter().enumerate() {
        let mut body = booking_with_contained_slot(next);
        change(&mut body["contained"][2]);
        let ask = house.ask_in(BASE_2, "POST", "/Appointment").header("X-Request-ID", &format!("r{nth}"));
        let told = ask.json(&body).send().await;
        assert_eq!(told.status, *status, "{what}: {}", told.text);
        if told.status == 201 {
            let read = house.ask_in(BASE_2, "GET", &format!("/Appointment/{}", told.id())).send().await.value();
            let types: Vec<&str> = read["contained"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|each| each["resourceType"].as_str().expect("a type"))
                .collect();
            assert_eq!(types, ["DocumentReference", "Patient", "Slot"], "{what}");
            let slot = &read["contained"][2];
            assert_eq!(slot["status"], "busy", "{what}");
            for member in ["id", "identifier", "schedule", "start", "end"] {
                assert_eq!(slot[member], body["contained"][2][member], "{what}: {member}");
            }
            next += 1;
        }
    }
}

// covers: RES-A19, PAT-09, PAT-10
#[tokio::test]
async fn an_entry_of_a_search_points_to_the_whole_and_an_appointment_does_not() {
    let house = House::new().await;
    let booked = house.book(0).await;
    assert_eq!(booked.value().get("identifier"), None);
    let path = "/Appointment?identifier=https://fhir.nhs.uk/Id/nhs-number%7C9476719931";
    let entry = house.ask("GET", path).send().await.value()["entry"][0]["resource"].clone();
    let pointer = json!([{"system": "urn:ietf:rfc:3986", "value": format!("{BASE_1}/Appointment/{}", booked.id())}]);
    assert_eq!(entry["identifier"], pointer);
    assert_eq!((&entry["status"], &entry["participant"][0]["status"]), (&json!("booked"), &json!("accepted")));
    assert_eq!(entry["meta"]["profile"], json!([profile("Appointment")]));
}

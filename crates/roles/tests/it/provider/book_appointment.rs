//! Booking: once, atomically, with every way in which it can be wrong told apart.

use serde_json::{Value, json};
use spine::Reason;
use store::testing::TestPostgres;

use super::diary::{booking, booking_with_contained_slot, patient_of};
use super::house::{Ask, BASE_1, BASE_2, House, LOCAL_SYSTEM, house_on_postgres};

// covers: BOOK-04, BOOK-05, BOOK-06, BOOK-08, BOOK-09, HTTP-28, HTTP-29, HTTP-30, HTTP-31, PROC-05
#[tokio::test]
async fn a_slot_is_booked_and_becomes_busy() {
    let house = House::new().await;
    let told = house.ask("POST", "/Appointment").json(&booking(3)).send().await;
    assert_eq!(told.status, 201, "{}", told.text);
    let id = told.id();
    let url = format!("{BASE_1}/Appointment/{id}/_history/1");
    assert_eq!((told.header("location"), told.header("content-location")), (url.as_str(), url.as_str()));
    assert_eq!(told.header("etag"), "W/\"1\"");
    assert_eq!(told.header("last-modified"), "Mon, 23 Nov 2026 09:00:00 GMT");
    assert_eq!(told.header("content-type"), "application/fhir+json;charset=utf-8");
    let appointment = told.value();
    assert_eq!((&appointment["id"], &appointment["meta"]["versionId"]), (&json!(id), &json!("1")));

    let slot = house.ask("GET", "/Slot/slot-1-03").send().await.value();
    assert_eq!(slot["status"], "busy");
    let again = house.ask("POST", "/Appointment").json(&booking(3)).send().await;
    assert_eq!((again.status, again.diagnostics().as_str()), (422, "Slot no longer available"));
    let issues = again.value()["issue"].as_array().map(Vec::len);
    assert_eq!(issues, Some(1));
}

// covers: CAN-10, HTTP-13
#[tokio::test]
async fn an_accepted_booking_is_stored_as_it_came_except_for_the_listed_changes() {
    let house = House::new().await;
    let mut body = booking(1);
    body["ownElement"] = json!({"kept": 1.50});
    body["participant"][0]["actor"]["identifier"]["system"] = json!("https://demographics.spineservices.nhs.uk/");
    let told = house.ask("POST", "/Appointment").json(&body).send().await;
    assert_eq!(told.status, 201, "{}", told.text);
    let read = house.ask("GET", &format!("/Appointment/{}", told.id())).send().await;
    assert_eq!(read.text, told.text);
    let mut stored = read.value();
    let removed = stored.as_object_mut().and_then(|object| object.shift_remove("id"));
    assert!(removed.is_some());
    stored["meta"] = body["meta"].clone();
    body["participant"][0]["actor"]["identifier"]["system"] = json!("https://fhir.nhs.uk/Id/nhs-number");
    assert_eq!(stored, body);
}

// covers: BOOK-18, BOOK-20, X-16
#[tokio::test]
async fn both_forms_of_the_slot_are_taken_in_both_dialects() {
    let house = House::new().await;
    for (nth, base, body) in [
        (0, BASE_1, booking(0)),
        (1, BASE_1, booking_with_contained_slot(1)),
        (2, BASE_2, booking(2)),
        (3, BASE_2, booking_with_contained_slot(3)),
    ] {
        let told = house
            .ask_in(base, "POST", "/Appointment")
            .header("X-Request-ID", &format!("r{nth}"))
            .json(&body)
            .send()
            .await;
        assert_eq!(told.status, 201, "{nth}: {}", told.text);
    }
    // The contained Slot is found by its identifier first, and is echoed as busy whatever was sent.
    let mut body = booking_with_contained_slot(4);
    body["contained"][2]["id"] = json!("other");
    body["contained"][2]["status"] = json!("free");
    body["slot"] = json!([{"reference": "#other"}]);
    let told = house.ask("POST", "/Appointment").json(&body).send().await;
    assert_eq!(told.status, 201, "{}", told.text);
    assert_eq!(told.value()["contained"][2]["status"], "busy");
    assert_eq!(house.ask("GET", "/Slot/slot-1-04").send().await.value()["status"], "busy");
}

// covers: BOOK-17, X-45, PAT-12
#[tokio::test]
async fn a_patient_without_nhs_number_gets_an_identifier_of_the_provider_in_2_0_4() {
    let house = House::new().await;
    let mut body = booking_with_contained_slot(0);
    patient_of(&mut body).as_object_mut().unwrap().remove("identifier");
    let refused = house.ask("POST", "/Appointment").json(&body).send().await;
    assert_eq!((refused.status, refused.code().as_str()), (422, "INVALID_RESOURCE"));
    let told = house.ask_in(BASE_2, "POST", "/Appointment").json(&body).send().await;
    assert_eq!(told.status, 201, "{}", told.text);
    let mut appointment = told.value();
    let identifier = &patient_of(&mut appointment)["identifier"][0];
    assert_eq!(identifier["system"], LOCAL_SYSTEM);
    let path = format!("/Appointment?patient={LOCAL_SYSTEM}%7C{}", identifier["value"].as_str().unwrap());
    assert_eq!(house.ask("GET", &path).send().await.value()["total"], 1);
}

// covers: BOOK-24, X-08
#[tokio::test]
async fn created_is_the_consumers_in_1_0_4_and_the_providers_in_2_0_4() {
    let house = House::new().await;
    let told = house.ask("POST", "/Appointment").json(&booking(0)).send().await;
    assert_eq!(told.value()["created"], "2026-11-23T08:59:00+00:00");
    let told = house.ask_in(BASE_2, "POST", "/Appointment").json(&booking(1)).send().await;
    assert_eq!(told.value()["created"], "2026-11-23T09:00:00.000+00:00");
    let mut body = booking(2);
    body.as_object_mut().unwrap().remove("created");
    assert_eq!(house.ask("POST", "/Appointment").json(&body).send().await.status, 422);
    let told = house.ask_in(BASE_2, "POST", "/Appointment").header("X-Request-ID", "r2").json(&body).send().await;
    assert_eq!((told.status, &told.value()["created"]), (201, &json!("2026-11-23T09:00:00.000+00:00")));
}

// covers: XTI-02, XTI-04, XTI-05, XTI-06, X-22, AUD-06
#[tokio::test]
async fn a_retry_is_told_so_and_books_nothing() {
    let house = House::new().await;
    let ask = |id: &str| house.ask("POST", "/Appointment").header("X-Request-ID", id).json(&booking(5));
    let first = ask("ABC-1").send().await;
    assert_eq!((first.status, first.header("x-correlation-id")), (201, "ABC-1"));
    assert!(!first.header("x-request-id").is_empty() && first.header("x-request-id") != "ABC-1");
    let retry = ask("ABC-1").send().await;
    assert_eq!((retry.status, retry.code().as_str()), (409, "DUPLICATE_REJECTED"));
    assert!(retry.diagnostics().contains(&first.id()), "{}", retry.diagnostics());
    assert_eq!(retry.header("x-correlation-id"), "ABC-1");
    // The id is asked for before anything about the body, and counts for one Consumer only.
    let unreadable = house.ask("POST", "/Appointment").header("X-Request-ID", "ABC-1");
    assert_eq!(unreadable.body("application/fhir+json", b"{".to_vec()).send().await.status, 409);
    let other = ask("ABC-1").header("Ssp-From", "200000000360").send().await;
    assert_eq!((other.status, other.diagnostics().as_str()), (422, "Slot no longer available"));
    // It survives a restart.
    let restarted = house.again().await;
    let retry = Ask::new(restarted, "POST", BASE_1, "/Appointment").header("X-Request-ID", "ABC-1").json(&booking(5));
    assert_eq!(retry.send().await.status, 409);
}

// covers: BOOK-09, XTI-05
#[tokio::test]
async fn of_64_who_book_one_slot_at_once_one_succeeds() {
    one_of_many_succeeds(House::new().await).await;
    one_of_many_succeeds(house_on_postgres(TestPostgres::shared()).await).await;
}

async fn one_of_many_succeeds(house: House) {
    let asks = (0..64).map(|nth| {
        let ask = house.ask("POST", "/Appointment").header("X-Request-ID", &format!("r{nth}")).json(&booking(7));
        tokio::spawn(async move { ask.send().await.status })
    });
    let mut statuses = Vec::new();
    for task in asks.collect::<Vec<_>>() {
        statuses.push(task.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (201, vec![422; 63].as_slice()));
    // The same request 16 times at once: one booking, and 15 are told that it was made.
    let asks = (0..16).map(|_| {
        let ask = house.ask("POST", "/Appointment").header("X-Request-ID", "same").json(&booking(8));
        tokio::spawn(async move { ask.send().await.status })
    });
    let mut statuses = Vec::new();
    for task in asks.collect::<Vec<_>>() {
        statuses.push(task.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (201, vec![409; 15].as_slice()));
}

type Change = fn(&mut Value);

/// What is wrong, the reason that names it, and where.
const FAULTS: &[(&str, Change, Reason, &str)] = &[
    ("an id", |b| b["id"] = json!("mine"), Reason::IdInCreate, "Appointment.id"),
    ("no profile", |b| b["meta"] = json!({"versionId": "1"}), Reason::ProfileBroken, "Appointment.meta.profile"),
    (
        "an unknown profile",
        |b| b["meta"] = json!({"profile": ["https://x"]}),
        Reason::ProfileBroken,
        "Appointment.meta.profile[0]",
    ),
    ("another language", |b| b["language"] = json!("fr"), Reason::ProfileBroken, "Appointment.language"),
    ("another status", |b| b["status"] = json!("proposed"), Reason::StatusNotBooked, "Appointment.status"),
    ("an unknown status", |b| b["status"] = json!("open"), Reason::ProfileBroken, "Appointment.status"),
    (
        "no description",
        |b| drop(b.as_object_mut().unwrap().remove("description")),
        Reason::ProfileBroken,
        "Appointment.description",
    ),
    ("no slot", |b| drop(b.as_object_mut().unwrap().remove("slot")), Reason::ProfileBroken, "Appointment.slot"),
    ("an unknown slot", |b| b["slot"][0]["reference"] = json!("Slot/nowhere"), Reason::SlotUnknown, "Appointment.slot"),
    (
        "a slot elsewhere",
        |b| b["slot"][0]["reference"] = json!("https://other.nhs.uk/Slot/slot-1-00"),
        Reason::SlotUnknown,
        "Appointment.slot",
    ),
    (
        "a dangling slot",
        |b| b["slot"][0]["reference"] = json!("#nowhere"),
        Reason::ProfileBroken,
        "Appointment.slot[0]",
    ),
    (
        "times before the slot",
        |b| b["start"] = json!("2026-11-24T08:00:00+00:00"),
        Reason::TimesOutsideSlot,
        "Appointment.start",
    ),
    (
        "times after the slot",
        |b| b["end"] = json!("2026-11-24T09:20:00+00:00"),
        Reason::TimesOutsideSlot,
        "Appointment.end",
    ),
    ("no patient", |b| drop(b["contained"].as_array_mut().unwrap().pop()), Reason::ProfileBroken, ""),
    (
        "no birth date",
        |b| drop(patient_of(b).as_object_mut().unwrap().remove("birthDate")),
        Reason::ProfileBroken,
        "Appointment.contained.birthDate",
    ),
    (
        "a wrong NHS number",
        |b| patient_of(b)["identifier"][0]["value"] = json!("1234567890"),
        Reason::NhsNumberInvalid,
        "Appointment.contained.identifier.value",
    ),
    (
        "a wrong participant",
        |b| b["participant"][0]["actor"]["identifier"]["value"] = json!("1234567890"),
        Reason::NhsNumberInvalid,
        "Appointment.participant.actor.identifier.value",
    ),
    (
        "two of rank 1",
        |b| patient_of(b)["contact"] = json!([{"name": {"use": "official", "family": "F"}, "telecom": [{"system": "phone", "value": "1", "rank": 1}]}]),
        Reason::RankRulesBroken,
        "Appointment.contained.telecom.rank",
    ),
    (
        "no rank 1",
        |b| patient_of(b)["telecom"][0]["rank"] = json!(2),
        Reason::RankRulesBroken,
        "Appointment.contained.telecom.rank",
    ),
    (
        "a reference to nothing",
        |b| b["incomingReferral"] = json!([{"reference": "ReferralRequest/1"}]),
        Reason::ReferenceUnknown,
        "Appointment.incomingReferral",
    ),
    (
        "a modifier",
        |b| b["modifierExtension"] = json!([{"url": "https://x", "valueBoolean": true}]),
        Reason::UnknownModifierExtension,
        "Appointment.modifierExtension",
    ),
    ("another resource", |b| *b = json!({"resourceType": "Slot"}), Reason::WrongResourceType, ""),
];

// covers: BOOK-03, BOOK-11, BOOK-12, BOOK-14, BOOK-15, BOOK-16, BOOK-19, BOOK-21, OO-04, OO-10, HTTP-13, HTTP-36, X-15, X-21
#[tokio::test]
async fn each_way_in_which_a_booking_can_be_wrong_has_its_own_reason_and_takes_no_slot() {
    let house = House::new().await;
    for (base, dialect) in [(BASE_1, &spine::dialect::DIALECT_1_0_4), (BASE_2, &spine::dialect::DIALECT_2_0_4)] {
        for (what, change, reason, place) in FAULTS {
            for xml in [false, true] {
                let mut body = booking(0);
                change(&mut body);
                let ask = house.ask_in(base, "POST", "/Appointment");
                let ask = if xml { ask.xml(&body) } else { ask.json(&body) };
                let told = ask.header("Accept", "application/fhir+json").send().await;
                let expected = reason.refused(dialect);
                assert_eq!(told.status, expected.status, "{what}: {}", told.text);
                assert_eq!(told.code(), expected.coding.map_or("", |coding| coding.code), "{what}: {}", told.text);
                let issue = &told.value()["issue"][0];
                assert!(place.is_empty() || issue["location"][0] == *place, "{what}: {}", told.text);
                assert!(told.diagnostics().contains(expected.requirement), "{what}: {}", told.diagnostics());
            }
        }
    }
    assert_eq!(house.ask("GET", "/Slot/slot-1-00").send().await.value()["status"], "free");
}

//
#[tokio::test]
async fn where_the_dialects_differ_about_a_body_each_keeps_to_its_row() {
    let house = House::new().await;
    let cases: &[(&str, Change, u16, u16)] = &[
        ("identities differ", |b| b["participant"][0]["actor"]["identifier"]["value"] = json!("1234554321"), 201, 422),
        ("no language", |b| drop(b.as_object_mut().unwrap().remove("language")), 201, 422),
        (
            "another document type",
            |b| b["contained"][0]["type"]["coding"][0] = json!({"system": "https://fhir.hl7.org.uk/STU3/CodeSystem/CareConnect-DocumentType-1", "code": "1", "display": "x"}),
            201,
            422,
        ),
        (
            "no document",
            |b| {
                b["contained"].as_array_mut().unwrap().remove(0);
                b.as_object_mut().unwrap().remove("supportingInformation");
            },
            422,
            201,
        ),
    ];
    for (nth, (what, change, first, second)) in (0..).zip(cases) {
        for (base, slot, status) in [(BASE_1, nth * 2, first), (BASE_2, nth * 2 + 1, second)] {
            let mut body = booking(slot);
            change(&mut body);
            let told = house
                .ask_in(base, "POST", "/Appointment")
                .header("X-Request-ID", &format!("r{slot}"))
                .json(&body)
                .send()
                .await;
            assert_eq!(told.status, *status, "{what} at {base}: {}", told.text);
        }
    }
}

// covers: BOOK-19
#[tokio::test]
async fn an_appointment_may_fill_part_of_its_slot() {
    let house = House::new().await;
    let mut body = booking(0);
    body["end"] = json!("2026-11-24T09:10:00Z");
    assert_eq!(house.ask("POST", "/Appointment").json(&body).send().await.status, 201);
}

// covers: BOOK-22
#[tokio::test]
async fn a_booking_is_found_by_its_document() {
    use store::Appointments as _;
    let house = House::new().await;
    let told = house.book(0).await;
    let found = house.store.appointments_with_document("0b8a5b0e-5f3c-4c0e-9a51-3d6e3a7f8c11").await.unwrap();
    assert_eq!(found[0].appointment_id, told.id());
}

// covers: HTTP-11, HTTP-15
#[tokio::test]
async fn a_gzip_body_is_booked_and_xml_out_of_order_is_refused() {
    use std::io::Write as _;
    let house = House::new().await;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(booking(0).to_string().as_bytes()).unwrap();
    let ask = house.ask("POST", "/Appointment").body("application/fhir+json", encoder.finish().unwrap());
    assert_eq!(ask.header("Content-Encoding", "gzip").send().await.status, 201);
    let xml = String::from_utf8(super::house::as_xml(&booking(1))).unwrap();
    let language = "<language value=\"en-GB\"/>";
    let moved = xml.replace(language, "").replace("</Appointment>", &format!("{language}</Appointment>"));
    assert_ne!(xml, moved);
    let told = house.ask("POST", "/Appointment").body("application/fhir+xml", moved.into_bytes()).send().await;
    assert_eq!((told.status, told.code().as_str()), (400, "MESSAGE_NOT_WELL_FORMED"), "{}", told.text);
}

// covers: XTI-05, JW2-17, VIA-33, BOOK-10 to BOOK-15, OO-10, SMG-08
#[tokio::test]
async fn the_checks_of_a_booking_come_in_their_order() {
    let house = House::new().await;
    house.book(0).await;
    let used = house.ask("POST", "/Appointment").header("X-Request-ID", "used").json(&booking(1)).send().await;
    assert_eq!(used.status, 201);
    // A body with every fault, and what is mended from one step to the next.
    let mut body = booking(0);
    body["status"] = json!("open");
    patient_of(&mut body)["identifier"][0]["value"] = json!("1234567890");
    body["incomingReferral"] = json!([{"reference": "ReferralRequest/1"}]);
    body["slot"][0]["reference"] = json!("Slot/nowhere");
    let ask = || house.ask("POST", "/Appointment").header("X-Request-ID", "new");
    let broken = || house.ask("POST", "/Appointment").body("text/plain", b"{".to_vec());
    let steps = [
        ("Ssp headers", broken().without("Ssp-From").token("a.b.c").header("X-Request-ID", "used"), 400, "SSP-26"),
        ("token", broken().token("a.b.c").header("X-Request-ID", "a b"), 403, "JWT-34"),
        ("request id", broken().header("X-Request-ID", "a b"), 400, "XTI-01"),
        ("media type", broken().header("X-Request-ID", "used"), 415, "HTTP-07"),
        (
            "used request id",
            ask().header("X-Request-ID", "used").body("application/fhir+json", b"{".to_vec()),
            409,
            "XTI-04",
        ),
        ("syntax", ask().body("application/fhir+json", b"{".to_vec()), 400, "BOOK-12"),
        ("profile", ask().json(&body), 422, "BOOK-11"),
    ];
    for (what, ask, status, requirement) in steps {
        let told = ask.send().await;
        assert_eq!(told.status, status, "{what}: {}", told.text);
        assert!(told.diagnostics().contains(&format!("[{requirement}]")), "{what}: {}", told.diagnostics());
    }
    let mendings: [(&str, Change, u16, &str); 4] = [
        ("rules", |b| b["status"] = json!("booked"), 422, "[BOOK-15]"),
        ("references", |b| patient_of(b)["identifier"][0]["value"] = json!("9476719931"), 422, "[OO-10]"),
        ("slot unknown", |b| drop(b.as_object_mut().unwrap().remove("incomingReferral")), 422, "[BOOK-14]"),
        ("slot taken", |b| b["slot"][0]["reference"] = json!("Slot/slot-1-00"), 422, "Slot no longer available"),
    ];
    for (what, mend, status, said) in mendings {
        mend(&mut body);
        let told = ask().json(&body).send().await;
        assert_eq!(told.status, status, "{what}: {}", told.text);
        assert!(told.diagnostics().contains(said), "{what}: {}", told.diagnostics());
    }
    // None of it used the request id up.
    assert_eq!(ask().json(&booking(2)).send().await.status, 201);
}

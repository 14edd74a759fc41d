//! Registering: the thin record, once.

use serde_json::{Value, json};

use super::house::{
    BOTH, House, NHS_NUMBER, NHS_SYSTEM, REGISTRY_1, REGISTRY_2, SEARCH, pointer, registration, registration_with_end,
};

/// What is done to a body that is right.
type Change = dyn Fn(&mut Value);

// covers: REG-03, REG-05, REG-07, X-14, HTTP-29, HTTP-28, VER-07
#[tokio::test]
async fn a_registration_is_answered_with_its_identity_and_nothing_else_of_it_is_changed() {
    for base in BOTH {
        let house = House::new().await;
        for (nth, body) in (0..).zip([registration(0), registration_with_end(1)]) {
            let told = house.register(base, &body).await;
            let id = told.id();
            assert_eq!(told.header("location"), format!("{base}/Appointment/{id}/_history/1"));
            assert_eq!(told.header("etag"), "W/\"1\"");
            assert_eq!(told.header("last-modified"), "Mon, 23 Nov 2026 09:00:00 GMT");
            let mut expected = body.clone();
            expected["id"] = json!(id);
            expected["meta"]["versionId"] = json!("1");
            expected["meta"]["lastUpdated"] = json!("2026-11-23T09:00:00.000+00:00");
            assert_eq!(told.value(), expected, "{base} {nth}");
            assert_eq!(house.ask(base, "GET", &format!("/Appointment/{id}")).send().await.text, told.text);
        }
    }
}

// covers: REG-03, HTTP-02, HTTP-05
#[tokio::test]
async fn a_registration_may_be_xml() {
    for base in BOTH {
        let house = House::new().await;
        let told = house.ask(base, "POST", "/Appointment").xml(&registration_with_end(0)).send().await;
        assert_eq!(told.status, 201, "{}", told.text);
        assert_eq!(told.header("content-type"), "application/fhir+xml;charset=utf-8");
        assert_eq!(told.value()["identifier"][0]["value"], pointer(0));
        let read = house.ask(base, "GET", &format!("/Appointment/{}", told.id())).send().await;
        assert_eq!(read.value(), told.value());
    }
}

// covers: REG-07, X-14
#[tokio::test]
async fn a_participant_without_a_status_is_taken_as_published() {
    for base in BOTH {
        let house = House::new().await;
        let mut body = registration(0);
        body["participant"][0].as_object_mut().unwrap().remove("status");
        house.register(base, &body).await;
    }
}

// covers: REG-04, REG-07, REG-08, OO-04
#[tokio::test]
async fn each_element_that_may_not_be_there_is_named() {
    let slot = json!([{"reference": "Slot/slot-1-01"}]);
    let table: [(&str, Value); 12] = [
        ("contained", json!([{"resourceType": "Patient", "id": "P1"}])),
        // Broken inside: what counts is that it may not be there at all.
        ("contained", json!([{"resourceType": "Patient", "id": "P1", "gender": "x"}])),
        ("supportingInformation", json!([{"reference": "DocumentReference/d"}])),
        ("description", json!("111")),
        ("slot", slot.clone()),
        ("comment", json!("x")),
        ("minutesDuration", json!(15)),
        ("priority", json!(1)),
        ("extension", json!([{"url": "https://x.test/e", "valueString": "x"}])),
        ("modifierExtension", json!([{"url": "https://x.test/e", "valueString": "x"}])),
        ("implicitRules", json!("https://x.test/rules")),
        ("own", json!("x")),
    ];
    for base in BOTH {
        let house = House::new().await;
        for (element, value) in &table {
            let mut body = registration(0);
            body[*element] = value.clone();
            let told = house.ask(base, "POST", "/Appointment").json(&body).send().await;
            assert_eq!((told.status, told.code().as_str()), (422, "INVALID_RESOURCE"), "{element}: {}", told.text);
            let issues = told.value()["issue"].as_array().unwrap().clone();
            assert_eq!(issues.len(), 1, "{element}: {}", told.text);
            assert_eq!(issues[0]["location"][0], format!("Appointment.{element}"), "{}", told.text);
        }
        let mut body = registration(0);
        (body["slot"], body["description"]) = (slot.clone(), json!("111"));
        let told = house.ask(base, "POST", "/Appointment").json(&body).send().await;
        assert_eq!(told.value()["issue"].as_array().unwrap().len(), 2, "{}", told.text);
        assert_eq!(house.ask(base, "GET", SEARCH).send().await.value()["total"], 0);
    }
}

// covers: REG-05, REG-06, REG-08, X-15, X-46
#[tokio::test]
async fn what_is_missing_or_has_another_form_is_named() {
    fn actor(body: &mut Value, actor: Value) {
        body["participant"][0]["actor"] = actor;
    }
    let table: [(&str, &Change); 18] = [
        ("Appointment.id", &|body| body["id"] = json!("mine")),
        ("Appointment.identifier", &|body| drop(body.as_object_mut().unwrap().remove("identifier"))),
        ("Appointment.identifier", &|body| {
            let one = body["identifier"][0].clone();
            body["identifier"].as_array_mut().unwrap().push(one);
        }),
        ("Appointment.identifier", &|body| body["identifier"][0]["system"] = json!("https://x.test")),
        ("Appointment.identifier", &|body| body["identifier"][0]["value"] = json!("http://p.test/Appointment/1")),
        ("Appointment.identifier", &|body| body["identifier"][0]["value"] = json!("https://p.test/Slot/1")),
        ("Appointment.identifier", &|body| {
            body["identifier"][0]["value"] = json!("https://p.test/Appointment/1/_history/1");
        }),
        ("Appointment.status", &|body| body["status"] = json!("pending")),
        ("Appointment", &|body| drop(body.as_object_mut().unwrap().remove("status"))),
        ("Appointment.start", &|body| drop(body.as_object_mut().unwrap().remove("start"))),
        ("Appointment.start", &|body| body["start"] = json!("2026-11-24")),
        ("Appointment.created", &|body| body["created"] = json!("2026-11-23")),
        ("Appointment", &|body| drop(body.as_object_mut().unwrap().remove("participant"))),
        ("Appointment.participant", &|body| actor(body, json!({"display": "Mx Alex Example"}))),
        ("Appointment.participant", &|body| {
            actor(body, json!({"identifier": {"system": "https://p.test/local", "value": "7"}}));
        }),
        ("Appointment.participant[0].actor.identifier.value", &|body| {
            body["participant"][0]["actor"]["identifier"]["value"] = json!("9476719930");
        }),
        ("Appointment.participant[0].actor", &|body| {
            body["participant"][0]["actor"]["reference"] = json!("#P1");
        }),
        ("Appointment.participant[0].actor.identifier.value", &|body| {
            drop(body["participant"][0]["actor"]["identifier"].as_object_mut().unwrap().remove("value"));
        }),
    ];
    for base in BOTH {
        let house = House::new().await;
        for (place, change) in table {
            let mut body = registration(0);
            change(&mut body);
            let told = house.ask(base, "POST", "/Appointment").json(&body).send().await;
            assert_eq!(told.status, 422, "{place}: {}", told.text);
            assert_eq!(told.value()["issue"][0]["location"][0], place, "{}", told.text);
        }
        assert_eq!(house.ask(base, "GET", SEARCH).send().await.value()["total"], 0);
    }
}

// covers: REG-05, X-08
#[tokio::test]
async fn created_may_be_absent_in_2_0_4_alone() {
    let house = House::new().await;
    let mut body = registration(0);
    body.as_object_mut().unwrap().remove("created");
    let told = house.ask(REGISTRY_1, "POST", "/Appointment").json(&body).send().await;
    assert_eq!((told.status, &told.value()["issue"][0]["location"][0]), (422, &json!("Appointment.created")));
    let told = house.register(REGISTRY_2, &body).await;
    assert_eq!(told.value()["created"], "2026-11-23T09:00:00.000+00:00");
}

// covers: REG-14, X-09
#[tokio::test]
async fn every_spelling_of_the_nhs_numbers_system_becomes_one() {
    for base in BOTH {
        let house = House::new().await;
        let spellings = spine::systems::NHS_NUMBER_ALIASES;
        for (nth, system) in (0..).zip(spellings) {
            let mut body = registration(nth);
            body["participant"][0]["actor"]["identifier"]["system"] = json!(system);
            let told = house.register(base, &body).await;
            let identifier = &told.value()["participant"][0]["actor"]["identifier"];
            assert_eq!((&identifier["system"], &identifier["value"]), (&json!(NHS_SYSTEM), &json!(NHS_NUMBER)));
        }
        assert_eq!(house.ask(base, "GET", SEARCH).send().await.value()["total"], spellings.len());
    }
}

// covers: REG-06
#[tokio::test]
async fn a_patient_who_stands_there_twice_is_one_patient() {
    let house = House::new().await;
    let mut body = registration(0);
    let one = body["participant"][0].clone();
    body["participant"].as_array_mut().unwrap().push(one);
    house.register(REGISTRY_1, &body).await;
    assert_eq!(house.ask(REGISTRY_1, "GET", SEARCH).send().await.value()["total"], 1);
}

// covers: REG-13, X-33
#[tokio::test]
async fn a_pointer_is_registered_once_whichever_root_it_comes_to() {
    let mut house = House::new().await;
    let first = house.register(REGISTRY_1, &registration(0)).await;
    house.restart().await;
    for base in BOTH {
        let mut again = registration(0);
        again["start"] = json!("2026-12-01T10:00:00+00:00");
        let told = house.ask(base, "POST", "/Appointment").header("X-Request-ID", "another").json(&again).send().await;
        assert_eq!((told.status, told.code().as_str()), (422, "DUPLICATE_REJECTED"), "{}", told.text);
        assert!(told.diagnostics().contains(&first.id()), "{}", told.text);
    }
}

// covers: REG-13
#[tokio::test]
async fn of_16_who_register_one_pointer_at_once_one_succeeds() {
    let house = House::new().await;
    let tasks: Vec<_> = (0..16)
        .map(|_| tokio::spawn(house.ask(REGISTRY_1, "POST", "/Appointment").json(&registration(0)).send()))
        .collect();
    let mut statuses = Vec::new();
    for task in tasks {
        statuses.push(task.await.unwrap().status);
    }
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (201, vec![422; 15].as_slice()));
}

// covers: XTI-02, XTI-04, XTI-05
#[tokio::test]
async fn a_retried_registration_is_told_what_the_first_made() {
    let mut house = House::new().await;
    for base in BOTH {
        let nth = u32::from(base == REGISTRY_2);
        let first = house.register(base, &registration(nth)).await;
        house.restart().await;
        let request = format!("p-{nth}");
        let retry = house.ask(base, "POST", "/Appointment").header("X-Request-ID", &request);
        let told = retry.json(&registration(nth)).send().await;
        assert_eq!((told.status, told.code().as_str()), (409, "DUPLICATE_REJECTED"), "{}", told.text);
        assert_eq!(told.header("location"), format!("{base}/Appointment/{}", first.id()));
        assert_eq!(told.header("x-correlation-id"), request);
        // That comes before anything else about the request (XTI-05).
        let mut broken = registration(nth);
        broken["slot"] = json!([{"reference": "Slot/1"}]);
        let retry = house.ask(base, "POST", "/Appointment").header("X-Request-ID", &request);
        assert_eq!(retry.json(&broken).send().await.status, 409);
        // Another Consumer's request of the same name is another request.
        let mut claims = super::house::claims(base);
        claims["appid"] = json!("client-2");
        let other = house.ask(base, "POST", "/Appointment").token(&crate::provider::house::signed(&claims));
        let told = other.header("X-Request-ID", &request).json(&registration(nth + 5)).send().await;
        assert_eq!(told.status, 201, "{}", told.text);
    }
}

// covers: X-22, XTI-07
#[tokio::test]
async fn a_registration_without_request_id_is_refused_in_2_0_4_alone() {
    let house = House::new().await;
    for (base, status) in [(REGISTRY_1, 201), (REGISTRY_2, 400)] {
        let ask = house.ask(base, "POST", "/Appointment").without("X-Request-ID");
        assert_eq!(ask.json(&registration(0)).send().await.status, status);
    }
}

//! Slot search: parameters, includes, pages, times.

use serde_json::{Value, json};

use super::diary::{SERVICE_ONE, SERVICE_TWO, profile, slot_uuid};
use super::house::{BASE_1, BASE_2, House, Told};

const DAY: &str = "start=ge2026-11-24T09:00:00%2B00:00&start=le2026-11-24T23:59:59%2B00:00";

async fn search(house: &House, query: &str) -> Told {
    let told = house.ask("GET", &format!("/Slot?{query}")).send().await;
    assert_eq!(told.status, 200, "{query}: {}", told.text);
    told
}

fn entries<'a>(bundle: &'a Value, resource_type: &str) -> Vec<&'a Value> {
    let all = bundle["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().filter(|entry| entry["resource"]["resourceType"] == resource_type).collect()
}

// covers: SLT-08, SLT-30, SLT-33, SLT-34, SLT-35, SLT-40, RES-C12
#[tokio::test]
async fn the_free_slots_of_a_service_are_found() {
    let house = House::new().await;
    let told = search(&house, &format!("schedule.actor:healthcareservice={SERVICE_ONE}&status=free&{DAY}")).await;
    let bundle = told.value();
    assert_eq!((&bundle["type"], &bundle["total"]), (&json!("searchset"), &json!(20)));
    assert_eq!(entries(&bundle, "Slot").len(), 20);
    let expected = json!({
        "fullUrl": format!("{BASE_1}/Slot/slot-1-00"),
        "resource": {
            "resourceType": "Slot", "id": "slot-1-00", "meta": {"profile": [profile("Slot")]},
            "identifier": [{"system": "https://tools.ietf.org/html/rfc4122", "value": slot_uuid("slot-1-00")}],
            "schedule": {"reference": "Schedule/sched1"}, "status": "free",
            "start": "2026-11-24T09:00:00+00:00", "end": "2026-11-24T09:15:00+00:00",
        },
        "search": {"mode": "match"},
    });
    assert_eq!(bundle["entry"][0], expected);
    assert_eq!(bundle["link"][0]["relation"], "self");
    let link = bundle["link"][0]["url"].as_str().unwrap();
    assert!(
        link.starts_with(&format!("{BASE_1}/Slot?schedule.actor%3Ahealthcareservice={SERVICE_ONE}&status=free")),
        "{link}"
    );
}

// covers: BOOK-09, SLT-06, SMG-07
#[tokio::test]
async fn a_booked_slot_is_found_as_busy_and_no_longer_as_free() {
    let house = House::new().await;
    house.book(0).await;
    for (status, total) in [("free", 19), ("busy", 1), ("free,busy", 20), ("busy%2Cfree", 20)] {
        let bundle = search(&house, &format!("service={SERVICE_ONE}&status={status}&{DAY}")).await.value();
        assert_eq!(bundle["total"], total, "{status}");
    }
    assert_eq!(search(&house, &format!("service={SERVICE_ONE}&{DAY}")).await.value()["total"], 20);
}

// covers: SLT-20, SLT-24, SLT-25, SLT-26, SLT-27, SLT-32, X-29
#[tokio::test]
async fn each_include_brings_its_resources_once() {
    let house = House::new().await;
    let includes = [
        ("Slot:schedule", "Schedule"),
        ("Schedule:actor:Practitioner", "Practitioner"),
        ("Schedule:actor:PractitionerRole", "PractitionerRole"),
        ("Schedule:actor:HealthcareService", "HealthcareService"),
        ("HealthcareService.providedBy", "Organization"),
        ("HealthcareService.location", "Location"),
    ];
    let query = format!("service={SERVICE_ONE},{SERVICE_TWO}&{DAY}");
    for (include, resource_type) in includes {
        let bundle = search(&house, &format!("{query}&_include={include}")).await.value();
        let found = entries(&bundle, resource_type);
        let once = if matches!(resource_type, "Schedule" | "HealthcareService" | "Location") { 2 } else { 1 };
        assert_eq!(found.len(), once, "{include}");
        assert!(found.iter().all(|entry| entry["search"]["mode"] == "include"));
        let slots = entries(&bundle, "Slot").len();
        assert_eq!(bundle["entry"].as_array().unwrap().len(), slots + once, "{include}");
        assert_eq!(bundle["total"], 40);
    }
    let all: String = includes.iter().map(|(include, _)| format!("&_include={include}")).collect();
    let bundle = search(&house, &format!("{query}{all}")).await.value();
    assert_eq!(bundle["entry"].as_array().unwrap().len(), 40 + 2 + 1 + 1 + 2 + 1 + 2);
    let nothing = search(&house, &format!("service={SERVICE_ONE}&start=ge2026-12-24{all}")).await.value();
    assert_eq!((&nothing["total"], nothing["entry"].as_array().unwrap().len()), (&json!(0), 1));
}

// covers: SLT-13, SLT-37, ERR-77
#[tokio::test]
async fn an_empty_answer_explains_itself() {
    let house = House::new().await;
    for window in ["start=ge2026-12-24", "start=ge2026-11-26&start=le2026-11-25"] {
        let bundle = search(&house, &format!("service={SERVICE_ONE}&{window}")).await.value();
        assert_eq!(bundle["total"], 0);
        let outcome = &bundle["entry"][0];
        assert_eq!(
            (&outcome["search"]["mode"], &outcome["resource"]["resourceType"]),
            (&json!("outcome"), &json!("OperationOutcome"))
        );
        assert_eq!(outcome["resource"]["issue"][0]["severity"], "information");
    }
}

// covers: SLT-15, SLT-31, SLT-33, X-23
#[tokio::test]
async fn pages_lead_through_all_slots_while_others_book() {
    let house = House::new().await;
    let mut query = format!("service={SERVICE_ONE}&status=free&{DAY}&_count=7");
    let mut found = Vec::new();
    for page in 0..3 {
        let bundle = search(&house, &query).await.value();
        found.extend(entries(&bundle, "Slot").iter().map(|entry| entry["resource"]["id"].as_str().unwrap().to_owned()));
        if page == 0 {
            assert_eq!(bundle["total"], 20);
            house.book(3).await;
        }
        let next = bundle["link"].as_array().unwrap().iter().find(|link| link["relation"] == "next");
        assert_eq!(next.is_some(), page < 2, "page {page}");
        if let Some(next) = next {
            query = next["url"].as_str().unwrap().split_once('?').unwrap().1.to_owned();
        }
    }
    let expected: Vec<String> = (0..20).map(|nth| format!("slot-1-{nth:02}")).collect();
    assert_eq!(found, expected);
    let counted = search(&house, &format!("service={SERVICE_ONE}&{DAY}&_count=0")).await.value();
    assert_eq!((&counted["total"], counted.get("entry")), (&json!(20), None));
}

// covers: X-31, SLT-10, SLT-11, SLT-36, TIM-03
#[tokio::test]
async fn times_come_in_the_offset_of_the_request() {
    let house = House::new().await;
    let table = [
        ("ge2026-11-24T10:00:00%2B01:00", "2026-11-24T10:00:00+01:00"),
        ("ge2026-11-24T10:00:00+01:00", "2026-11-24T10:00:00+01:00"),
        ("ge2026-11-24T09:00:00Z", "2026-11-24T09:00:00Z"),
        ("ge2026-11-24", "2026-11-24T09:00:00+00:00"),
        ("ge2026-11-24T04:00:00-05:00", "2026-11-24T04:00:00-05:00"),
    ];
    for (start, expected) in table {
        let bundle = search(&house, &format!("service={SERVICE_ONE}&start={start}")).await.value();
        assert_eq!(bundle["entry"][0]["resource"]["start"], expected, "{start}");
    }
}

// covers: SLT-03, SLT-04, SLT-05, SMG-06, X-03, X-06
#[tokio::test]
async fn services_are_known_by_id_and_identifier_and_unknown_ones_are_told() {
    let house = House::new().await;
    assert_eq!(
        search(&house, &format!("service=dos-2&{DAY}")).await.value()["entry"][0]["resource"]["id"],
        "slot-2-00"
    );
    for base in [BASE_1, BASE_2] {
        let told = house.ask_in(base, "GET", "/Slot?service=999&status=free").send().await;
        assert_eq!((told.status, told.code().as_str()), (404, "NO_RECORD_FOUND"));
    }
    assert_eq!(house.ask("GET", &format!("/Slot?status=free&{DAY}")).send().await.status, 400);
    let all = house.ask_in(BASE_2, "GET", &format!("/Slot?status=free&{DAY}")).send().await;
    assert_eq!((all.status, &all.value()["total"]), (200, &json!(40)));
}

// covers: SLT-07, SLT-12, SLT-16, SLT-23, HTTP-34, X-05, OO-04
#[tokio::test]
async fn invalid_parameters_are_refused_and_named() {
    let house = House::new().await;
    let refused = [
        ("status=open", "status"),
        ("start=ge2026-11-20&start=le2026-11-21", "start"),
        ("start=tomorrow", "start"),
        ("startXXXXXXX=ge2026-11-24", "startXXXXXXX"),
        ("_count=many", "_count"),
        ("_page=x", "_page"),
    ];
    for (query, place) in refused {
        for base in [BASE_1, BASE_2] {
            let told = house.ask_in(base, "GET", &format!("/Slot?service={SERVICE_ONE}&{query}")).send().await;
            assert_eq!((told.status, told.code().as_str()), (400, "INVALID_PARAMETER"), "{query}: {}", told.text);
            assert_eq!(told.value()["issue"][0]["location"][0], place);
        }
    }
    for (query, first, second) in
        [("colour=red", 400, 200), ("_revinclude=Slot:schedule", 200, 200), ("_pretty=true", 200, 200)]
    {
        let path = format!("/Slot?service={SERVICE_ONE}&{query}");
        let statuses =
            (house.ask("GET", &path).send().await.status, house.ask_in(BASE_2, "GET", &path).send().await.status);
        assert_eq!(statuses, (first, second), "{query}");
    }
}

// covers: HTTP-02, HTTP-03, HTTP-11
#[tokio::test]
async fn a_search_is_answered_in_xml_and_gzip_when_asked_for() {
    use std::io::Read as _;
    let house = House::new().await;
    let query = format!("service={SERVICE_ONE}&{DAY}&_include=Slot:schedule");
    let json = search(&house, &query).await;
    let xml = search(&house, &format!("{query}&_format=xml")).await;
    assert!(xml.text.contains("_format=xml"), "a link leads on in the format that was asked for");
    let xml_by_header =
        house.ask("GET", &format!("/Slot?{query}")).header("Accept", "application/fhir+xml").send().await;
    assert_eq!(xml.header("content-type"), "application/fhir+xml;charset=utf-8");
    assert!(xml_by_header.value() == json.value(), "the same Bundle in both formats");
    let told = house.ask("GET", &format!("/Slot?{query}")).header("Accept-Encoding", "gzip").send().await;
    assert_eq!(told.header("content-encoding"), "gzip");
    let mut plain = String::new();
    flate2::read::GzDecoder::new(told.bytes.as_ref()).read_to_string(&mut plain).unwrap();
    assert_eq!(plain, json.text);
}

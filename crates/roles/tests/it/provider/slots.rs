//! Slot search beyond the plain case: every spelling at once, pages while others book, controls, and what a Bundle must hold.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use store::DiaryContent;

use super::diary::{SERVICE_ONE, SERVICE_TWO, booking, content, profile, slot_uuid};
use super::house::{BASE_1, BASE_2, House, Told};

const DAY: &str = "start=ge2026-11-24T09:00:00%2B00:00&start=le2026-11-24T23:59:59%2B00:00";

async fn search_in(house: &House, base: &'static str, query: &str) -> Told {
    let told = house.ask_in(base, "GET", &format!("/Slot?{query}")).send().await;
    assert_eq!(told.status, 200, "{query} at {base}: {}", told.text);
    told
}

fn resources<'a>(bundle: &'a Value, resource_type: &str) -> Vec<&'a Value> {
    let all = bundle["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().map(|entry| &entry["resource"]).filter(|each| each["resourceType"] == resource_type).collect()
}

fn link(bundle: &Value, relation: &str) -> Option<String> {
    let links = bundle["link"].as_array()?;
    let found = links.iter().find(|link| link["relation"] == relation)?;
    found["url"].as_str()?.split_once("/Slot?").map(|(_, query)| query.to_owned())
}

// covers: SLT-02, SLT-03, SLT-06, SLT-08, SLT-10, SLT-11, SLT-14, SLT-36, VIA-06
#[tokio::test]
async fn every_spelling_of_one_search_finds_the_same_slots() {
    let house = House::new().await;
    let services = [
        "service",
        "schedule.actor:healthcareservice",
        "schedule.actor%3Ahealthcareservice",
        "schedule.actor:HealthcareService",
    ];
    let ids = [
        SERVICE_ONE.to_owned(),
        format!("HealthcareService/{SERVICE_ONE}"),
        "dos-1".to_owned(),
        format!("x%7C{SERVICE_ONE}"),
    ];
    let windows = [
        "start=ge2026-11-24T10:00:00%2B00:00&start=lt2026-11-24T11:00:00%2B00:00",
        "start=ge2026-11-24T10:00:00+00:00&start=lt2026-11-24T11:00:00+00:00",
        "start=lt2026-11-24T11%3A00%3A00Z&start=ge2026-11-24T10%3A00%3A00Z",
        "start=ge2026-11-24T11:00:00%2B01:00&start=le2026-11-24T11:59:59.999%2B01:00",
        "start=gt2026-11-24T09:59:59Z&start=lt2026-11-24T06:00:00-05:00",
        "start=sa2026-11-24T09:59:59Z&start=eb2026-11-24T11:00:00Z",
        "start=2026-11-24&start=ge2026-11-24T10:00Z&start=lt2026-11-24T11:00Z",
        "start=ge2026-11-24T10:00:00Z&start=lt2026-11-25&start=ne2026-11-23&start=lt2026-11-24T11:00:00Z",
    ];
    let statuses =
        ["status=free", "status=http://hl7.org/fhir/slotstatus%7Cfree", "status=free%2Cbusy", "status=busy,free"];
    for base in [BASE_1, BASE_2] {
        for (nth, window) in windows.iter().enumerate() {
            let (service, id, status) = (services[nth % 4], &ids[(nth / 2) % 4], statuses[(nth + 1) % 4]);
            let bundle = search_in(&house, base, &format!("{service}={id}&{status}&{window}")).await.value();
            let found: Vec<&str> =
                resources(&bundle, "Slot").iter().map(|slot| slot["id"].as_str().expect("an id")).collect();
            assert_eq!(found, ["slot-1-04", "slot-1-05", "slot-1-06", "slot-1-07"], "{service}={id}&{status}&{window}");
        }
    }
}

// covers: SLT-01, SLT-05, SLT-06, SLT-15, SLT-34, HTTP-34
#[tokio::test]
async fn any_parameter_may_be_absent_and_controls_shape_nothing() {
    let house = House::new().await;
    assert_eq!(search_in(&house, BASE_2, "").await.value()["total"], 40);
    assert_eq!(search_in(&house, BASE_2, DAY).await.value()["total"], 40);
    let plain = search_in(&house, BASE_1, &format!("service={SERVICE_ONE}")).await.value();
    assert_eq!(plain["total"], 20);
    // The rule stands in the capability statement: what is not honoured is passed over and not echoed.
    let statement = house.ask("GET", "/metadata").send().await.value();
    let rule = statement["rest"][0]["resource"][1]["documentation"].as_str().expect("the rule");
    for control in [
        "_summary=count",
        "_summary=true",
        "_elements=id",
        "_sort=-start",
        "_pretty=true",
        "_total=none",
        "_contained=both",
    ] {
        let (name, _) = control.split_once('=').expect("a pair");
        assert!(["_summary", "_elements", "_sort"].iter().all(|each| rule.contains(each)), "{rule}");
        for base in [BASE_1, BASE_2] {
            let bundle = search_in(&house, base, &format!("service={SERVICE_ONE}&{control}")).await.value();
            assert_eq!((&bundle["total"], resources(&bundle, "Slot").len()), (&json!(20), 20), "{control}");
            assert!(!link(&bundle, "self").expect("a self link").contains(name), "{control}");
        }
    }
    for (count, found) in [(0, 0), (1, 1), (19, 19), (20, 20), (4_000_000, 20)] {
        let bundle = search_in(&house, BASE_1, &format!("service={SERVICE_ONE}&_count={count}")).await.value();
        assert_eq!((&bundle["total"], resources(&bundle, "Slot").len()), (&json!(20), found), "{count}");
    }
    for count in ["-1", "many", "", "1.5"] {
        let told = house.ask("GET", &format!("/Slot?service={SERVICE_ONE}&_count={count}")).send().await;
        assert_eq!(told.status, 400, "{count}");
    }
}

// covers: SLT-15, SLT-31, SLT-33, SLT-34, SLT-36, X-23, SMG-07
#[tokio::test]
async fn pages_are_stable_while_slots_before_and_behind_are_booked_and_freed() {
    let house = House::new().await;
    let query = format!(
        "service={SERVICE_ONE},{SERVICE_TWO}&status=free&start=ge2026-11-24T10:00:00%2B01:00&_count=6&_format=json"
    );
    for format in ["json", "xml"] {
        let mut next = Some(query.replace("json", format));
        let (mut seen, mut pages) = (Vec::new(), 0);
        let mut booked = Vec::new();
        while let Some(page) = next {
            let bundle = search_in(&house, BASE_1, &page).await.value();
            for slot in resources(&bundle, "Slot") {
                assert_eq!(slot["status"], "free");
                assert!(slot["start"].as_str().is_some_and(|start| start.ends_with("+01:00")), "{slot}");
                seen.push(slot["id"].as_str().expect("an id").to_owned());
            }
            // One that was shown is booked, and one that is not yet shown.
            if pages == 0 {
                booked.push(house.book(1).await);
            }
            if pages == 1 {
                booked.push(house.book(15).await);
            }
            // The same page once more, by its own link, in spite of the bookings: it begins at the same place.
            let own = search_in(&house, BASE_1, &page).await.value();
            let last = |bundle: &Value| link(bundle, "next");
            assert_eq!(last(&bundle).is_some(), last(&own).is_some());
            next = link(&bundle, "next");
            if let Some(next) = &next {
                assert!(next.contains("_page=") && next.contains(&format!("_format={format}")), "{next}");
                assert!(!next.contains("slot-"), "a link is opaque: {next}");
            }
            pages += 1;
        }
        let once: BTreeSet<&String> = seen.iter().collect();
        assert_eq!((seen.len(), once.len(), pages), (39, 39, 7), "{seen:?}");
        assert!(!seen.contains(&"slot-1-15".to_owned()), "it was booked before its page came");
        for told in booked {
            let mut body = told.value();
            body["status"] = json!("cancelled");
            let ask = house.ask("PUT", &format!("/Appointment/{}", told.id())).header("If-Match", "*");
            assert_eq!(ask.json(&body).send().await.status, 200);
        }
    }
    for page in ["x", "AAAA", "LTEuYQ%3D%3D", "%00"] {
        let told = house.ask("GET", &format!("/Slot?service={SERVICE_ONE}&_page={page}")).send().await;
        assert_eq!(told.status, 400, "{page}");
    }
}

const INCLUDES: [&str; 6] = [
    "Slot:schedule",
    "Schedule:actor:Practitioner",
    "Schedule:actor:PractitionerRole",
    "Schedule:actor:HealthcareService",
    "HealthcareService.providedBy",
    "HealthcareService.location",
];

// covers: SLT-20, SLT-21, SLT-22, SLT-23, SLT-24, SLT-25, SLT-26, SLT-27, SLT-32, SLT-35, X-28, X-29, X-38, X-44, RES-C03
#[tokio::test]
async fn any_combination_of_includes_brings_what_it_names_once_and_nothing_else() {
    let house = House::new().await;
    let types = ["Schedule", "Practitioner", "PractitionerRole", "HealthcareService", "Organization", "Location"];
    let spellings = ["_include", "_include:iterate", "_include%3Arecurse"];
    for chosen in 0_u8..64 {
        let named = |nth: usize| chosen & (1 << nth) != 0;
        let includes: String = (0..6)
            .filter(|nth| named(*nth))
            .map(|nth| format!("&{}={}", spellings[(nth + usize::from(chosen)) % 3], INCLUDES[nth]))
            .collect();
        let query = format!(
            "service={SERVICE_ONE},{SERVICE_TWO}&{DAY}{includes}&_revinclude=Slot:schedule&_include=Slot:colour"
        );
        let bundle = search_in(&house, if chosen % 2 == 0 { BASE_1 } else { BASE_2 }, &query).await.value();
        for (nth, resource_type) in types.iter().enumerate() {
            let found: Vec<&Value> = resources(&bundle, resource_type).iter().map(|each| &each["id"]).collect();
            let expected = match (named(nth), nth) {
                (false, _) => 0,
                (true, 0 | 3 | 5) => 2,
                (true, _) => 1,
            };
            assert_eq!(found.len(), expected, "{includes}: {resource_type}");
        }
        assert_eq!(bundle["total"], 40);
    }
    let all: String = INCLUDES.iter().map(|include| format!("&_include={include}")).collect();
    let bundle = search_in(&house, BASE_2, &format!("service={SERVICE_ONE},{SERVICE_TWO}&{DAY}{all}")).await.value();
    every_reference_leads_to_an_entry(&bundle);
    let roles: Vec<&Value> = resources(&bundle, "PractitionerRole").iter().map(|each| &each["id"]).collect();
    assert_eq!(roles, ["R0260"]);
    // Where no Slot is found nothing is included.
    let none = search_in(&house, BASE_1, &format!("service={SERVICE_ONE}&start=ge2027-01-01{all}")).await.value();
    assert!(types.iter().all(|resource_type| resources(&none, resource_type).is_empty()));
}

/// Relative references, absolute full URLs, one HealthcareService for each Schedule.
fn every_reference_leads_to_an_entry(bundle: &Value) {
    let urls: Vec<&str> = bundle["entry"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|entry| entry["fullUrl"].as_str().expect("a URL"))
        .collect();
    let there = |reference: &Value| {
        let reference = reference.as_str().expect("a reference");
        assert!(!reference.contains("://") && !reference.starts_with('/'), "{reference}");
        assert!(urls.iter().any(|url| *url == format!("{BASE_2}/{reference}")), "{reference}");
    };
    for slot in resources(bundle, "Slot") {
        there(&slot["schedule"]["reference"]);
        assert_eq!(slot["meta"]["profile"], json!([profile("Slot")]));
        assert_eq!(slot["identifier"].as_array().map(Vec::len), Some(1));
    }
    for schedule in resources(bundle, "Schedule") {
        let actors: Vec<&Value> =
            schedule["actor"].as_array().expect("actors").iter().map(|actor| &actor["reference"]).collect();
        actors.iter().for_each(|actor| there(actor));
        let services =
            actors.iter().filter(|actor| actor.as_str().is_some_and(|text| text.starts_with("HealthcareService/")));
        assert_eq!(services.count(), 1, "{schedule}");
    }
    for service in resources(bundle, "HealthcareService") {
        there(&service["providedBy"]["reference"]);
        there(&service["location"][0]["reference"]);
        assert!(service["identifier"].is_array());
    }
}

const CHANNEL: &str = "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-DeliveryChannel-1";

// covers: SLT-39, DLV-01, RES-S06, SLT-40
#[tokio::test]
async fn the_delivery_channel_of_a_slot_is_told_where_it_is_known() {
    let mut resources_of = vec![
        json!({"resourceType": "HealthcareService", "id": SERVICE_ONE}),
        json!({"resourceType": "Schedule", "id": "s", "actor": [{"reference": format!("HealthcareService/{SERVICE_ONE}")}]}),
    ];
    for (nth, channel) in ["In-person", "Telephone", "Video", ""].iter().enumerate() {
        let id = format!("slot-{nth}");
        let mut slot = json!({"resourceType": "Slot", "id": id, "meta": {"profile": [profile("Slot")]},
            "extension": [{"url": CHANNEL, "valueCode": channel}],
            "identifier": [{"system": "https://tools.ietf.org/html/rfc4122", "value": slot_uuid(&id)}],
            "schedule": {"reference": "Schedule/s"}, "status": "free", "start": format!("2026-11-24T1{nth}:00:00Z"),
            "end": format!("2026-11-24T1{nth}:15:00Z")});
        if channel.is_empty() {
            slot.as_object_mut().expect("an object").remove("extension");
        }
        resources_of.push(slot);
    }
    let house = House::new().await.holding(diary_of(&resources_of)).await;
    for (base, format) in [(BASE_1, "json"), (BASE_2, "xml")] {
        let bundle = search_in(&house, base, &format!("service={SERVICE_ONE}&_format={format}")).await.value();
        let channels: Vec<&str> = resources(&bundle, "Slot")
            .iter()
            .map(|slot| slot["extension"][0]["valueCode"].as_str().unwrap_or("none"))
            .collect();
        assert_eq!(channels, ["In-person", "Telephone", "Video", "none"]);
    }
}

fn diary_of(resources: &[Value]) -> DiaryContent {
    let read = |resource: &Value| {
        fhir::json::read(resource.to_string().as_bytes(), &fhir::Limits::STRICT).expect("a resource").resource
    };
    roles::provider::diary_of(&resources.iter().map(read).collect::<Vec<_>>()).expect("a diary")
}

// covers: SMG-03, SMG-01, RES-C01, RES-C04
#[tokio::test]
async fn two_services_or_schedules_of_one_id_are_no_diary_and_the_old_one_stays() {
    use store::Diary as _;
    let house = House::new().await;
    let record = || store::AuditRecord {
        at: 0,
        trace_id: String::new(),
        requirement: "SMG-03".to_owned(),
        body: b"{}".to_vec(),
    };
    let mut twice = content();
    twice.services.push(twice.services[0].clone());
    assert!(house.store.load(twice, record()).await.is_err());
    let mut twice = content();
    let schedule = twice.resources.iter().find(|each| each.resource_type == "Schedule").expect("a Schedule").clone();
    twice.resources.push(schedule);
    assert!(house.store.load(twice, record()).await.is_err());
    assert_eq!(search_in(&house, BASE_1, &format!("service={SERVICE_ONE}")).await.value()["total"], 20);
    assert_eq!(house.ask("POST", "/Appointment").json(&booking(0)).send().await.status, 201);
}

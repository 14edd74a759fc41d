//! The demo's diary: the two services of the public demonstrator with 20 free Slots each from nine tomorrow, and three weeks of
//! working days after that, so that searches are worth looking at (DEM-08, SLT-26, SLT-40, RES-C01…RES-C11, X-03).

use anyhow::{Context, Result};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use fhir::Node;
use jiff::civil::{Date, Weekday, time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, ZonedDateTime};
use serde_json::{Value, json};
use spine::systems;
use store::{Diary, DiaryContent, SlotQuery, SlotStatus, Store};
use uuid::Builder;

use super::clients::record;
use super::directory::{SERVICE_ONE, SERVICE_TWO};
use crate::network::Shared;

const PROFILES: &str = "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-";
const NUMBERING: &str = "https://system.supplier.co.uk/MyDiary/Numbering";
const CHANNEL: &str = "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-DeliveryChannel-1";
const CHANNELS: [&str; 3] = ["In-person", "Telephone", "Video"];

/// Slots of a quarter of an hour.
const MINUTES: i64 = 15;
/// How many of them begin at nine tomorrow.
const TOMORROW: i64 = 20;
/// The hours of a working day in which Slots begin.
const HOURS: [i8; 6] = [9, 10, 11, 14, 15, 16];

/// One service with what belongs to it.
struct HealthcareService {
    id: &'static str,
    name: &'static str,
    local_id: &'static str,
    schedule: &'static str,
    schedule_number: &'static str,
    location: &'static str,
    location_name: &'static str,
    address: [&'static str; 3],
    first_slot: i64,
}

const SERVICES: [HealthcareService; 2] = [
    HealthcareService {
        id: SERVICE_ONE,
        name: "Service One",
        local_id: "357",
        schedule: "sched1111",
        schedule_number: "1015432",
        location: "loc1111",
        location_name: "Treatment Centre One",
        address: ["1 Example Street", "Leeds", "LS1 4HR"],
        first_slot: 1,
    },
    HealthcareService {
        id: SERVICE_TWO,
        name: "Service Two",
        local_id: "457",
        schedule: "sched2222",
        schedule_number: "6543189",
        location: "loc2222",
        location_name: "Treatment Centre Two",
        address: ["2 Example Road", "York", "YO1 7HH"],
        first_slot: 51,
    },
];

/// Fills the diary, unless an earlier start left one that still has free Slots to come.
pub(super) async fn fill(shared: &Shared, seed: &Seed) -> Result<()> {
    let store = shared.stores.of("provider").await?;
    let now = shared.clock.now();
    if has_slots_to_come(&store, now.as_second()).await? {
        return Ok(());
    }
    store.load(content(now, seed)?, record(now.as_millisecond(), "provider", "DEM-08")).await?;
    Ok(())
}

/// The whole diary as it begins at this moment.
pub(super) fn content(now: Timestamp, seed: &Seed) -> Result<DiaryContent> {
    let zone = TimeZone::get("Europe/London").context("the time zone is part of the program")?;
    let resources = resources(now.to_zoned_datetime(zone).date(), seed)?;
    Ok(roles::provider::diary_of(&resources)?)
}

async fn has_slots_to_come(store: &Store, now: i64) -> Result<bool> {
    let query = SlotQuery { statuses: vec![SlotStatus::Free], now, limit: 1, ..SlotQuery::default() };
    Ok(store.free_slots(&query).await?.total > 0)
}

/// What the demo's random choices come from.
#[derive(Clone)]
pub(super) struct Seed([u8; 16]);

impl Seed {
    /// The seed that is given, or a random one.
    pub(super) fn new(given: Option<u64>) -> Result<Self> {
        let mut bytes = [0_u8; 16];
        match given {
            Some(seed) => bytes[..8].copy_from_slice(&seed.to_be_bytes()),
            None => SystemRandom::new().fill(&mut bytes).context("the operating system gave no random bytes")?,
        }
        Ok(Self(bytes))
    }

    /// A UUID for a thing of this name: the same for the same seed.
    fn uuid(&self, name: &str) -> String {
        let mut bytes = [0_u8; 16];
        bytes.copy_from_slice(&digest(&SHA256, &[&self.0, name.as_bytes()].concat()).as_ref()[..16]);
        Builder::from_random_bytes(bytes).into_uuid().to_string()
    }
}

fn resources(today: Date, seed: &Seed) -> Result<Vec<Node>> {
    let mut all = vec![organisation(), practitioner(), practitioner_role()];
    for service in &SERVICES {
        all.extend([location(service), healthcare_service(service), schedule(service)]);
        all.extend(slots(service, today, seed)?);
    }
    let read = |value: &Value| -> Result<Node> {
        Ok(fhir::json::read(value.to_string().as_bytes(), &fhir::Limits::STRICT)?.resource)
    };
    all.iter().map(read).collect()
}

fn profile(resource_type: &str) -> Value {
    json!({"profile": [format!("{PROFILES}{resource_type}-1")]})
}

fn organisation() -> Value {
    json!({
        "resourceType": "Organization", "id": "A91545", "meta": profile("Organization"),
        "identifier": [{"system": systems::ODS_ORGANISATION, "value": "A91545"}],
        "name": "CareSlot Demonstration Trust",
        "telecom": [{"system": "phone", "value": "01632 960000", "use": "work"}],
        "address": [{"line": ["1 Example Street"], "city": "Leeds", "postalCode": "LS1 4HR"}],
    })
}

fn practitioner() -> Value {
    json!({
        "resourceType": "Practitioner", "id": "ABCD123456", "meta": profile("Practitioner"),
        "identifier": [
            {"system": systems::SDS_USER, "value": "ABCD123456"},
            {"system": systems::SDS_ROLE_PROFILE, "value": "R0260"},
        ],
        "name": [{"use": "official", "family": "Webber", "given": ["Libbie"], "prefix": ["Dr"]}],
        "gender": "female",
    })
}

fn practitioner_role() -> Value {
    json!({
        "resourceType": "PractitionerRole", "id": "R0260", "meta": profile("PractitionerRole"),
        "practitioner": {"reference": "Practitioner/ABCD123456"},
        "organization": {"reference": "Organization/A91545"},
        "code": [{"coding": [{
            "system": "https://fhir.hl7.org.uk/STU3/CodeSystem/CareConnect-SDSJobRoleName-1",
            "code": "R0260", "display": "General Medical Practitioner",
        }]}],
    })
}

fn location(service: &HealthcareService) -> Value {
    let [line, city, postcode] = service.address;
    json!({
        "resourceType": "Location", "id": service.location, "meta": profile("Location"),
        "identifier": [{"system": systems::ODS_SITE, "value": service.location.to_ascii_uppercase()}],
        "name": service.location_name,
        "address": {"line": [line], "city": city, "postalCode": postcode},
        "managingOrganization": {"reference": "Organization/A91545"},
    })
}

fn healthcare_service(service: &HealthcareService) -> Value {
    json!({
        "resourceType": "HealthcareService", "id": service.id, "meta": profile("HealthcareService"),
        "identifier": [{"system": NUMBERING, "value": service.id}],
        "providedBy": {"reference": "Organization/A91545"},
        "location": [{"reference": format!("Location/{}", service.location)}],
        "name": service.name,
        "comment": format!("Local id {}", service.local_id),
    })
}

fn schedule(service: &HealthcareService) -> Value {
    json!({
        "resourceType": "Schedule", "id": service.schedule, "meta": profile("Schedule"),
        "identifier": [{"system": NUMBERING, "value": service.schedule_number}],
        "actor": [
            {"reference": format!("HealthcareService/{}", service.id)},
            {"reference": "Practitioner/ABCD123456"},
            {"reference": "PractitionerRole/R0260"},
        ],
    })
}

/// 20 Slots tomorrow, then every working day of the three weeks from the day after.
fn slots(service: &HealthcareService, today: Date, seed: &Seed) -> Result<Vec<Value>> {
    let tomorrow = today.tomorrow()?;
    let nine = in_london(tomorrow, 9)?;
    let mut all = Vec::new();
    for number in 0..TOMORROW {
        let id = format!("slot{:03}", service.first_slot + number);
        all.push(slot(service, &id, &nine.checked_add((number * MINUTES).minutes())?, seed)?);
    }
    for offset in 1..=21 {
        let day = tomorrow.checked_add(offset.days())?;
        if matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            continue;
        }
        for hour in HOURS {
            for quarter in 0..4 {
                let start = in_london(day, hour)?.checked_add((quarter * MINUTES).minutes())?;
                let id = format!("{}-{}", service.schedule, start.strftime("%Y%m%d-%H%M"));
                all.push(slot(service, &id, &start, seed)?);
            }
        }
    }
    Ok(all)
}

fn in_london(day: Date, hour: i8) -> Result<ZonedDateTime> {
    Ok(day.to_datetime(time(hour, 0, 0, 0)).in_tz("Europe/London")?)
}

fn slot(service: &HealthcareService, id: &str, start: &ZonedDateTime, seed: &Seed) -> Result<Value> {
    let end = start.checked_add(MINUTES.minutes())?;
    let written = |at: &ZonedDateTime| at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    let identifier = seed.uuid(id);
    let channel = CHANNELS[usize::from(identifier.as_bytes()[0]) % CHANNELS.len()];
    Ok(json!({
        "resourceType": "Slot", "id": id, "meta": profile("Slot"),
        "extension": [{"url": CHANNEL, "valueCode": channel}],
        "identifier": [{"system": systems::UUID, "value": identifier}],
        "schedule": {"reference": format!("Schedule/{}", service.schedule)},
        "status": "free",
        "start": written(start),
        "end": written(&end),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(today: &str, seed: u64) -> Vec<Node> {
        resources(today.parse().unwrap(), &Seed::new(Some(seed)).unwrap()).unwrap()
    }

    // covers: DEM-08
    #[test]
    fn each_service_has_twenty_slots_from_nine_tomorrow_and_no_more_that_day() {
        for (today, nine) in [
            ("2026-11-24", "2026-11-25T09:00:00+00:00"),
            ("2026-03-28", "2026-03-29T09:00:00+01:00"),
            ("2026-10-24", "2026-10-25T09:00:00+00:00"),
        ] {
            let resources = all(today, 1);
            let day = &nine[..10];
            for (schedule, first, last) in [("sched1111", "slot001", "slot020"), ("sched2222", "slot051", "slot070")] {
                let on_that_day: Vec<&Node> = resources
                    .iter()
                    .filter(|each| {
                        each.type_name() == "Slot" && each.text_of("start").is_some_and(|start| start.starts_with(day))
                    })
                    .filter(|each| {
                        each.find("schedule.reference").and_then(Node::text) == Some(&format!("Schedule/{schedule}"))
                    })
                    .collect();
                assert_eq!(on_that_day.len(), 20, "{today} {schedule}");
                assert_eq!(on_that_day[0].text_of("start"), Some(nine));
                assert_eq!(on_that_day[0].text_of("id"), Some(first));
                assert_eq!(on_that_day[19].text_of("id"), Some(last));
            }
        }
    }

    // covers: SLT-26, SLT-35, SLT-40, RES-C01 to RES-C11, X-03, E-19
    #[test]
    fn every_resource_keeps_to_the_base_definitions_and_refers_to_what_is_there() {
        let resources = all("2026-11-24", 1);
        let known: Vec<String> =
            resources.iter().map(|each| format!("{}/{}", each.type_name(), each.text_of("id").unwrap())).collect();
        roles::provider::diary_of(&resources).unwrap();
        let by_type = profile::Options { by_type: true, ..profile::Options::validator() };
        for resource in &resources {
            let issues = profile::validate(resource, &[], profile::Definitions::standard(), &by_type);
            let errors: Vec<_> = issues.iter().filter(|issue| issue.severity.refuses()).collect();
            assert!(errors.is_empty(), "{}: {errors:?}", resource.type_name());
            let actors = resource.all("actor").chain(resource.all("location")).chain(resource.child("providedBy"));
            for reference in actors.filter_map(|each| each.text_of("reference")) {
                assert!(known.iter().any(|each| each == reference), "{reference}");
            }
        }
    }

    // covers: RES-C02, RES-C04 to RES-C11, RES-S02, DEM-12
    #[test]
    fn each_resource_has_what_the_catalogue_lists_for_its_type() {
        let resources = all("2026-11-24", 1);
        let needed = [
            ("Schedule", "identifier.value"),
            ("HealthcareService", "identifier.value"),
            ("HealthcareService", "providedBy.reference"),
            ("HealthcareService", "location.reference"),
            ("Practitioner", "identifier.value"),
            ("Practitioner", "name.family"),
            ("PractitionerRole", "code.coding.display"),
            ("Organization", "identifier.value"),
            ("Organization", "name"),
            ("Location", "identifier.value"),
            ("Location", "name"),
            ("Slot", "identifier.value"),
        ];
        for (resource_type, path) in needed {
            for resource in resources.iter().filter(|each| each.type_name() == resource_type) {
                assert!(resource.find(path).is_some(), "{resource_type}.{path}");
                assert!(resource.find("meta.profile").is_some(), "{resource_type} claims its profile");
            }
        }
        // The two services share no place, unlike the public demonstrator's.
        let places: Vec<_> =
            resources.iter().filter_map(|each| each.find("location.reference")).map(Node::text).collect();
        assert_eq!((places.len(), places[0] == places[1]), (2, false));
        let services = resources.iter().filter(|each| each.type_name() == "HealthcareService");
        assert!(
            services
                .map(|each| (each.text_of("id"), each.find("identifier.value").and_then(Node::text)))
                .all(|(id, value)| id == value)
        );
    }

    #[test]
    fn the_same_seed_makes_the_same_data() {
        let text = |seed| -> Vec<Vec<u8>> { all("2026-11-24", seed).iter().map(fhir::json::write).collect() };
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
    }
}

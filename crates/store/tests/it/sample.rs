//! Values that the tests book, change and look for.

use store::{
    Appointments, AuditRecord, BookOutcome, Booking, Change, Diary, DiaryContent, Include, NewSlot, Registration,
    RequestId, Resource, ScheduleOffer, ServiceOffer, SlotStatus, Store,
};

/// 09:00 on a Monday, in seconds since 1970.
pub(crate) const NINE: i64 = 1_800_003_600;
/// A quarter of an hour.
pub(crate) const QUARTER: i64 = 900;
pub(crate) const PATIENT: &str = "https://fhir.nhs.uk/Id/nhs-number|9990000018";

/// How many times over what counts is counted: once, or as `make soak` says.
#[expect(clippy::disallowed_methods, reason = "the length of a soak comes from whoever starts it")]
pub(crate) fn soak_factor() -> u32 {
    std::env::var("SOAK").map_or(1, |factor| factor.parse().expect("SOAK is a whole number"))
}

pub(crate) fn record(what: &str) -> AuditRecord {
    AuditRecord {
        at: NINE * 1000,
        trace_id: format!("trace of {what}"),
        requirement: "AUD-01".to_owned(),
        body: format!("{{\"what\":\"{what}\"}}").into_bytes(),
    }
}

pub(crate) fn slot(schedule: &str, number: i64) -> NewSlot {
    let id = format!("{schedule}-{number:03}");
    NewSlot {
        schedule_id: schedule.to_owned(),
        identifier: Some(("https://tools.ietf.org/html/rfc4122".to_owned(), format!("uuid-of-{id}"))),
        start: NINE + number * QUARTER,
        end: NINE + (number + 1) * QUARTER,
        status: SlotStatus::Free,
        fragment: format!("{{\"id\":\"{id}\"}}").into_bytes(),
        id,
    }
}

fn resource(include: Include, id: &str) -> Resource {
    let content = format!("{{\"resourceType\":\"{}\",\"id\":\"{id}\"}}", include.resource_type()).into_bytes();
    Resource { resource_type: include.resource_type().to_owned(), id: id.to_owned(), content }
}

/// Two services: `one` in schedules `s1` and `s2`, `two` in `s2` and `s3`; ten Slots in each schedule, one every quarter.
pub(crate) fn diary() -> DiaryContent {
    let service = |id: &str, schedules: [&str; 2]| ServiceOffer {
        id: id.to_owned(),
        names: vec![format!("asid-{id}"), format!("dos-{id}")],
        schedules: schedules.map(str::to_owned).to_vec(),
    };
    let schedule = |id: &str, services: &[&str]| ScheduleOffer {
        id: id.to_owned(),
        related: services
            .iter()
            .map(|service| (Include::HealthcareService, (*service).to_owned()))
            .chain([(Include::Practitioner, "doctor".to_owned()), (Include::Organization, "practice".to_owned())])
            .collect(),
    };
    DiaryContent {
        services: vec![service("one", ["s1", "s2"]), service("two", ["s2", "s3"])],
        schedules: vec![schedule("s1", &["one"]), schedule("s2", &["one", "two"]), schedule("s3", &["two"])],
        resources: vec![
            resource(Include::Schedule, "s1"),
            resource(Include::Schedule, "s2"),
            resource(Include::Schedule, "s3"),
            resource(Include::HealthcareService, "one"),
            resource(Include::HealthcareService, "two"),
            resource(Include::Practitioner, "doctor"),
            resource(Include::Organization, "practice"),
        ],
        slots: ["s1", "s2", "s3"].into_iter().flat_map(|id| (0..10).map(move |number| slot(id, number))).collect(),
    }
}

pub(crate) async fn loaded(store: Store) -> Store {
    store.load(diary(), record("load")).await.expect("the diary loads");
    store
}

pub(crate) fn request(value: &str) -> RequestId {
    RequestId { consumer: "200000000359".to_owned(), value: value.to_owned() }
}

pub(crate) fn booking(appointment_id: &str, slot_id: &str) -> Booking {
    Booking {
        appointment_id: appointment_id.to_owned(),
        slot_id: slot_id.to_owned(),
        request: Some(request(&format!("request of {appointment_id}"))),
        content: format!("{appointment_id}, version 1").into_bytes(),
        status: "booked".to_owned(),
        patients: vec![PATIENT.to_owned(), format!("local|{appointment_id}")],
        documents: vec![format!("document of {appointment_id}")],
        start: NINE,
        end: NINE + QUARTER,
        at: NINE * 1000,
        audit: record(appointment_id),
    }
}

/// A cancellation that was made from this version.
pub(crate) fn cancel(appointment_id: &str, expected_version: u32) -> Change {
    Change {
        appointment_id: appointment_id.to_owned(),
        expected_version,
        request: None,
        content: format!("{appointment_id}, version {}", expected_version + 1).into_bytes(),
        status: "cancelled".to_owned(),
        frees_slot: true,
        at: NINE * 1000 + 1,
        audit: record(&format!("cancel {appointment_id}")),
    }
}

pub(crate) fn registration(appointment_id: &str, pointer: &str) -> Registration {
    Registration {
        appointment_id: appointment_id.to_owned(),
        pointer: pointer.to_owned(),
        request: None,
        content: format!("{appointment_id}, version 1").into_bytes(),
        status: "booked".to_owned(),
        patients: vec![PATIENT.to_owned()],
        start: NINE,
        end: None,
        at: NINE * 1000,
        audit: record(appointment_id),
    }
}

/// Books and expects that it is booked.
pub(crate) async fn book(store: &Store, appointment_id: &str, slot_id: &str) {
    assert_eq!(store.book(booking(appointment_id, slot_id)).await, Ok(BookOutcome::Booked));
}

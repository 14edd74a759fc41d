//! The diary of the measured Provider, and the bookings of its Slots.

use fhir::Node;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::DiaryContent;

use crate::load::Fault;

/// The service with 20 free Slots, which is searched.
pub(super) const SEARCHED: &str = "918999198999";
/// The service whose Slots are booked.
pub(super) const BOOKED: &str = "118111118111";
/// Slots of the service that is searched.
const SEARCHED_SLOTS: u64 = 20;
const QUARTER: SignedDuration = SignedDuration::from_mins(15);

fn profile(name: &str) -> String {
    format!("https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-{name}-1")
}

/// When the first Slot begins: two days after the measurement, at 09:00.
#[derive(Clone, Copy)]
pub(super) struct FirstSlot(Timestamp);

impl FirstSlot {
    pub(super) fn after(now: Timestamp) -> Self {
        let midnight = now.as_second() / 86_400 * 86_400;
        Self(Timestamp::from_second(midnight + 2 * 86_400 + 9 * 3600).unwrap_or(now))
    }

    /// Start and end of the nth Slot.
    fn times(self, nth: u64) -> (String, String) {
        let start = self.0 + QUARTER * i32::try_from(nth).unwrap_or(i32::MAX);
        let text = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
        (text(start), text(start + QUARTER))
    }

    /// The `start` parameters of a search for everything that the searched service has.
    pub(super) fn window(self) -> String {
        let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
        let (from, until) = (self.0 - SignedDuration::from_hours(24), self.0 + SignedDuration::from_hours(24));
        format!("start=ge{}&start=le{}", day(from), day(until))
    }
}

/// Two services, each with a Schedule and what belongs to it; the second with as many Slots as are to be booked.
pub(super) fn content(first: FirstSlot, bookings: u64) -> Result<DiaryContent, Fault> {
    let mut resources = vec![
        json!({"resourceType": "Organization", "id": "A91545", "meta": {"profile": [profile("Organization")]},
            "identifier": [{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "A91545"}],
            "name": "Test Practice", "telecom": [{"system": "phone", "value": "01632 960000", "use": "work"}],
            "address": [{"use": "work", "line": ["2 Test Lane"], "city": "Leeds", "postalCode": "LS1 4HR"}]}),
        json!({"resourceType": "Practitioner", "id": "ABCD123456", "meta": {"profile": [profile("Practitioner")]},
            "identifier": [{"system": "https://fhir.nhs.uk/Id/sds-user-id", "value": "ABCD123456"}],
            "name": [{"use": "official", "family": "Webber", "given": ["Sam"], "prefix": ["Dr"]}], "gender": "other"}),
        json!({"resourceType": "PractitionerRole", "id": "R0260", "meta": {"profile": [profile("PractitionerRole")]},
            "practitioner": {"reference": "Practitioner/ABCD123456"}, "organization": {"reference": "Organization/A91545"},
            "code": [{"coding": [{"system": "https://fhir.nhs.uk/STU3/CodeSystem/CareConnect-SDSJobRoleName-1", "code": "R0260",
                "display": "General Medical Practitioner"}]}]}),
        json!({"resourceType": "Location", "id": "loc1", "meta": {"profile": [profile("Location")]}, "name": "Surgery",
            "address": {"use": "work", "line": ["2 Test Lane"], "city": "Leeds", "postalCode": "LS1 4HR"}}),
    ];
    for (service, slots) in [(SEARCHED, SEARCHED_SLOTS), (BOOKED, bookings)] {
        resources.push(json!({"resourceType": "HealthcareService", "id": service,
            "meta": {"profile": [profile("HealthcareService")]},
            "identifier": [{"system": "https://system.supplier.co.uk/Id/dos", "value": format!("dos-{service}")}],
            "active": true, "providedBy": {"reference": "Organization/A91545"},
            "location": [{"reference": "Location/loc1"}], "name": "Out of hours",
            "telecom": [{"system": "phone", "value": "01632 960000", "use": "work"}]}));
        let schedule = format!("schedule-{service}");
        resources.push(json!({"resourceType": "Schedule", "id": schedule, "meta": {"profile": [profile("Schedule")]},
            "actor": [{"reference": format!("HealthcareService/{service}")}, {"reference": "Practitioner/ABCD123456"},
                {"reference": "PractitionerRole/R0260"}],
            "planningHorizon": {"start": first.times(0).0, "end": first.times(slots).1}}));
        for nth in 0..slots {
            let id = slot_id(service, nth);
            let (start, end) = first.times(nth);
            resources.push(json!({"resourceType": "Slot", "id": id, "meta": {"profile": [profile("Slot")]},
                "identifier": [{"system": "https://tools.ietf.org/html/rfc4122", "value": uuid(1, service_number(service) + nth)}],
                "serviceType": [{"coding": [{"system": "http://hl7.org/fhir/service-type", "code": "124",
                    "display": "General Practice"}]}],
                "schedule": {"reference": format!("Schedule/{schedule}")}, "status": "free", "start": start, "end": end}));
        }
    }
    let nodes: Result<Vec<Node>, _> = resources
        .iter()
        .map(|resource| {
            fhir::json::read(resource.to_string().as_bytes(), &fhir::Limits::STRICT).map(|read| read.resource)
        })
        .collect();
    Ok(roles::provider::diary_of(&nodes?)?)
}

fn slot_id(service: &str, nth: u64) -> String {
    format!("slot-{}-{nth:06}", &service[..3])
}

fn service_number(service: &str) -> u64 {
    if service == SEARCHED { 1 << 32 } else { 0 }
}

/// An id that is spread over its range as a random one is.
pub(super) fn uuid(kind: u64, number: u64) -> String {
    let mixed = (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    uuid::Uuid::from_u64_pair(mixed, mixed.rotate_left(29) ^ kind).to_string()
}

/// An NHS number of the range that is kept for tests, with its check digit (modulus 11).
fn nhs_number(nth: u64) -> String {
    (nth * 2..)
        .find_map(|number| {
            let digits = format!("999{:06}", number % 1_000_000);
            let sum: u32 =
                digits.bytes().zip((2..=10).rev()).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
            match 11 - sum % 11 {
                10 => None,
                check => Some(format!("{digits}{}", check % 11)),
            }
        })
        .unwrap_or_default()
}

/// The booking of the nth Slot, in the form of `1.0.4` with two contained resources.
pub(super) fn booking(first: FirstSlot, nth: u64) -> String {
    let (start, end) = first.times(nth);
    json!({
        "resourceType": "Appointment", "meta": {"profile": [profile("Appointment")]}, "language": "en-GB",
        "contained": [document(nth), patient(nth)],
        "status": "booked", "description": "111 Referral", "supportingInformation": [{"reference": "#D1"}],
        "start": start, "end": end, "slot": [{"reference": format!("Slot/{}", slot_id(BOOKED, nth))}],
        "created": "2026-11-23T08:59:00+00:00",
        "participant": [{"actor": {"reference": "#P1", "identifier": {"use": "official",
            "system": "https://fhir.nhs.uk/Id/nhs-number", "value": nhs_number(nth)}, "display": "Mx Alex Example"},
            "status": "accepted"}],
    })
    .to_string()
}

fn document(nth: u64) -> Value {
    json!({"resourceType": "DocumentReference", "id": "D1", "meta": {"profile": [profile("DocumentReference")]},
        "identifier": [{"system": "https://tools.ietf.org/html/rfc4122", "value": uuid(2, nth)}],
        "status": "current",
        "type": {"coding": [{"system": "urn:oid:2.16.840.1.113883.2.1.3.2.4.18.17", "code": "POCD_MT200001GB02",
            "display": "Integrated Urgent Care Report"}]},
        "indexed": "2026-11-23T08:55:00+00:00",
        "content": [{"attachment": {"contentType": "application/hl7-v3+xml", "language": "en"}}]})
}

fn patient(nth: u64) -> Value {
    let status = "CareConnect-NHSNumberVerificationStatus-1";
    let verified = json!({"url": format!("https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-{status}"),
        "valueCodeableConcept": {"coding": [{"system": format!("https://fhir.hl7.org.uk/STU3/CodeSystem/{status}"),
            "code": "01", "display": "Number present and verified"}]}});
    json!({"resourceType": "Patient", "id": "P1", "meta": {"profile": [profile("Patient")]},
        "identifier": [{"extension": [verified], "use": "official", "system": "https://fhir.nhs.uk/Id/nhs-number",
            "value": nhs_number(nth)}],
        "name": [{"use": "official", "family": "Example", "given": ["Alex"], "prefix": ["Mx"]}],
        "telecom": [{"system": "phone", "value": "01632 960123", "use": "home", "rank": 1}],
        "gender": "other", "birthDate": "1980-02-29",
        "address": [{"use": "home", "line": ["1 Test Lane"], "city": "Leeds", "postalCode": "LS1 4HR"}]})
}

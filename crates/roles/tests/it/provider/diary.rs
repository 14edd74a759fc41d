//! A small diary for tests, and the bookings of its Slots.

use fhir::Node;
use serde_json::{Value, json};
use store::DiaryContent;

pub(crate) const SERVICE_ONE: &str = "918999198999";
pub(crate) const SERVICE_TWO: &str = "118111118111";
const PROFILES: &str = "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-";

pub(crate) fn profile(name: &str) -> String {
    format!("{PROFILES}{name}-1")
}

fn node(resource: &Value) -> Node {
    fhir::json::read(resource.to_string().as_bytes(), &fhir::Limits::STRICT).expect("a resource").resource
}

/// The UUID of a Slot, `slot-1-03` say.
pub(crate) fn slot_uuid(id: &str) -> String {
    let digits: String = id.chars().filter(char::is_ascii_digit).collect();
    format!("5d0f6a1c-9a77-4a30-8f57-{digits:0>12}")
}

/// Start and end of the nth Slot of tomorrow, from 09:00.
pub(crate) fn times(nth: u32) -> (String, String) {
    let at = |minutes: u32| format!("2026-11-24T{:02}:{:02}:00+00:00", 9 + minutes / 60, minutes % 60);
    (at(nth * 15), at(nth * 15 + 15))
}

/// Two services with a Schedule and 20 free Slots each, and all that belongs to them.
pub(crate) fn content() -> DiaryContent {
    let mut resources = vec![
        json!({"resourceType": "Organization", "id": "A91545", "meta": {"profile": [profile("Organization")]},
            "identifier": [{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "A91545"}], "name": "Test Practice"}),
        json!({"resourceType": "Practitioner", "id": "ABCD123456", "meta": {"profile": [profile("Practitioner")]},
            "identifier": [{"system": "https://fhir.nhs.uk/Id/sds-user-id", "value": "ABCD123456"}], "name": [{"family": "Webber"}]}),
        json!({"resourceType": "PractitionerRole", "id": "R0260", "meta": {"profile": [profile("PractitionerRole")]}}),
    ];
    for (number, service) in [(1, SERVICE_ONE), (2, SERVICE_TWO)] {
        let location = format!("loc{number}");
        resources.push(json!({"resourceType": "Location", "id": location, "name": "Surgery"}));
        resources.push(json!({"resourceType": "HealthcareService", "id": service,
            "meta": {"profile": [profile("HealthcareService")]},
            "identifier": [{"system": "https://example.nhs.uk/Id/dos", "value": format!("dos-{number}")}],
            "providedBy": {"reference": "Organization/A91545"}, "location": [{"reference": format!("Location/{location}")}]}));
        let schedule = format!("sched{number}");
        resources.push(json!({"resourceType": "Schedule", "id": schedule, "meta": {"profile": [profile("Schedule")]},
            "actor": [{"reference": format!("HealthcareService/{service}")}, {"reference": "Practitioner/ABCD123456"},
                {"reference": "PractitionerRole/R0260"}]}));
        for nth in 0..20 {
            let id = format!("slot-{number}-{nth:02}");
            let (start, end) = times(nth);
            resources.push(json!({"resourceType": "Slot", "id": id, "meta": {"profile": [profile("Slot")]},
                "identifier": [{"system": "https://tools.ietf.org/html/rfc4122", "value": slot_uuid(&id)}],
                "schedule": {"reference": format!("Schedule/{schedule}")}, "status": "free", "start": start, "end": end}));
        }
    }
    let nodes: Vec<Node> = resources.iter().map(node).collect();
    roles::provider::diary_of(&nodes).expect("a diary")
}

/// A booking of `1.0.4`: two contained resources and a relative reference to the Slot (S-2).
pub(crate) fn booking(nth: u32) -> Value {
    let (start, end) = times(nth);
    json!({
        "resourceType": "Appointment", "meta": {"profile": [profile("Appointment")]}, "language": "en-GB",
        "contained": [document(), patient()],
        "status": "booked", "description": "111 Referral", "supportingInformation": [{"reference": "#D1"}],
        "start": start, "end": end, "slot": [{"reference": format!("Slot/slot-1-{nth:02}")}],
        "created": "2026-11-23T08:59:00+00:00",
        "participant": [{"actor": {"reference": "#P1", "identifier": {"use": "official",
            "system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9476719931"}, "display": "Mx Alex Example"},
            "status": "accepted"}],
    })
}

/// The same booking in the form of `2.0.4`: a contained Slot besides (S-3).
pub(crate) fn booking_with_contained_slot(nth: u32) -> Value {
    let mut booking = booking(nth);
    let (start, end) = times(nth);
    let id = format!("slot-1-{nth:02}");
    let slot = json!({"resourceType": "Slot", "id": id, "meta": {"profile": [profile("Slot")]},
        "identifier": [{"system": "https://tools.ietf.org/html/rfc4122", "value": slot_uuid(&id)}],
        "schedule": {"reference": "Schedule/sched1"}, "status": "busy", "start": start, "end": end});
    booking["contained"].as_array_mut().expect("contained").push(slot);
    booking["slot"] = json!([{"reference": format!("#{id}")}]);
    booking
}

fn document() -> Value {
    json!({"resourceType": "DocumentReference", "id": "D1", "meta": {"profile": [profile("DocumentReference")]},
        "identifier": [{"system": "https://tools.ietf.org/html/rfc4122", "value": "0b8a5b0e-5f3c-4c0e-9a51-3d6e3a7f8c11"}],
        "status": "current",
        "type": {"coding": [{"system": "urn:oid:2.16.840.1.113883.2.1.3.2.4.18.17", "code": "POCD_MT200001GB02",
            "display": "Integrated Urgent Care Report"}]},
        "indexed": "2026-11-23T08:55:00+00:00",
        "content": [{"attachment": {"contentType": "application/hl7-v3+xml", "language": "en"}}]})
}

fn patient() -> Value {
    let verified = json!({"url": "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-NHSNumberVerificationStatus-1",
        "valueCodeableConcept": {"coding": [{
            "system": "https://fhir.hl7.org.uk/STU3/CodeSystem/CareConnect-NHSNumberVerificationStatus-1", "code": "01",
            "display": "Number present and verified"}]}});
    json!({"resourceType": "Patient", "id": "P1", "meta": {"profile": [profile("Patient")]},
        "identifier": [{"extension": [verified], "use": "official", "system": "https://fhir.nhs.uk/Id/nhs-number",
            "value": "9476719931"}],
        "name": [{"use": "official", "family": "Example", "given": ["Alex"], "prefix": ["Mx"]}],
        "telecom": [{"system": "phone", "value": "01632 960123", "use": "home", "rank": 1}],
        "gender": "other", "birthDate": "1980-02-29",
        "address": [{"use": "home", "line": ["1 Test Lane"], "city": "Leeds", "postalCode": "LS1 4HR"}]})
}

/// The contained Patient of a booking, to be changed.
pub(crate) fn patient_of(booking: &mut Value) -> &mut Value {
    booking["contained"]
        .as_array_mut()
        .expect("contained")
        .iter_mut()
        .find(|each| each["resourceType"] == "Patient")
        .expect("a Patient")
}

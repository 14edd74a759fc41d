//! The samples of the booking specification, through both formats and back.

use fhir::view::{Appointment, DocumentReference, OperationOutcome, Patient, Slot};

use super::{json_of, read_json, read_xml, told, xml_of};

const BOOKING_1: &str = include_str!("../fixtures/s2-booking-1.0.4.json");
const BOOKING_2: &str = include_str!("../fixtures/s3-booking-2.0.4.json");
const REGISTRATION: &str = include_str!("../fixtures/s5-registration.json");
const OUTCOMES: [&str; 2] =
    [include_str!("../fixtures/s6-outcome-spine.json"), include_str!("../fixtures/s6-outcome-slot-taken.json")];

// covers: HTTP-01, HTTP-02
#[test]
fn a_sample_loses_nothing_on_the_way_through_both_formats() {
    for source in [BOOKING_1, BOOKING_2, REGISTRATION, OUTCOMES[0], OUTCOMES[1]] {
        let first = read_json(source);
        assert_eq!(told(&first.issues), []);
        let as_xml = xml_of(&first);
        let second = read_xml(&as_xml);
        assert_eq!(told(&second.issues), [], "{as_xml}");
        assert!(first.resource.same_meaning(&second.resource));
        assert_eq!(xml_of(&second), as_xml);
        let again: serde_json::Value = serde_json::from_str(&json_of(&second)).unwrap();
        assert_eq!(again, serde_json::from_str::<serde_json::Value>(source).unwrap());
        let pretty = String::from_utf8(fhir::xml::write_pretty(&first.resource)).unwrap();
        assert!(read_xml(&pretty).resource.same_meaning(&first.resource));
    }
}

// covers: RES-A07, RES-A12, RES-A13, RES-A15, RES-P01, RES-D01
#[test]
fn the_parts_of_a_booking_are_found_by_their_references() {
    let parsed = read_xml(&xml_of(&read_json(BOOKING_2)));
    let booking = Appointment::of(&parsed.resource).unwrap();
    let types: Vec<&str> = booking.contained().map(fhir::Node::type_name).collect();
    assert_eq!(types, ["DocumentReference", "Patient", "Slot"]);
    let slot = booking.slots().next().and_then(|slot| slot.within(booking.node())).and_then(Slot::of).unwrap();
    assert_eq!((slot.id(), slot.status(), slot.start()), (Some("slot002"), Some("busy"), booking.start()));
    let patient =
        booking.participants().next().and_then(|one| one.actor()).and_then(|actor| actor.within(booking.node()));
    let patient = patient.and_then(Patient::of).unwrap();
    assert_eq!(patient.identifiers().next().and_then(|identifier| identifier.value()), Some("9476719931"));
    let document = booking.supporting_information().next().and_then(|one| one.within(booking.node()));
    assert_eq!(document.and_then(DocumentReference::of).and_then(|document| document.status()), Some("current"));
}

// covers: OO-03
#[test]
fn the_code_of_an_outcome_is_found() {
    let parsed = read_json(OUTCOMES[0]);
    let issue = OperationOutcome::of(&parsed.resource).and_then(|outcome| outcome.issues().next()).unwrap();
    assert_eq!((issue.severity(), issue.code()), (Some("error"), Some("not-found")));
    assert_eq!(issue.coding().and_then(|coding| coding.code()), Some("NO_RECORD_FOUND"));
}

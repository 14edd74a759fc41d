//! The steps of a walk in few words: the service, the patient, the question, a booking.

use fhir::Node;
use roles::consumer::{Booked, Booking, Consumer, Endpoint, Fault, FoundSlot, Patient, PatientWords, SlotQuestion};
use spine::{Asid, InteractionId, NhsNumber};

use super::network::SERVICE;
use crate::fixed::NOW;

pub(crate) fn service() -> Asid {
    Asid::parse(SERVICE).expect("an ASID")
}

pub(crate) fn nhs_number() -> NhsNumber {
    NhsNumber::parse("9476719931").expect("an NHS number")
}

/// The patient of the tests' bookings.
pub(crate) fn patient() -> Patient {
    let number = nhs_number();
    Patient::of_words(&PatientWords {
        nhs_number: Some(&number),
        family: "Example",
        given: "Alex",
        prefix: "Mx",
        gender: "other",
        birth_date: "1980-02-29",
        phone: "01632 960123",
        address: ["1 Test Lane", "Leeds", "LS1 4HR"],
    })
}

/// All free Slots of tomorrow.
pub(crate) fn question() -> SlotQuestion {
    SlotQuestion {
        service: SERVICE.to_owned(),
        from: "2026-11-24T09:00:00Z".parse().expect("a timestamp"),
        to: "2026-11-24T18:00:00Z".parse().expect("a timestamp"),
        statuses: vec!["free".to_owned()],
    }
}

/// The endpoint for slot search, and the free Slots there.
pub(crate) async fn free_slots(consumer: &Consumer) -> (Endpoint, Vec<FoundSlot>) {
    let endpoint = consumer.find_endpoint(&service(), &InteractionId::SEARCH_SLOT).await.expect("an endpoint");
    let found = consumer.search_free_slots(&endpoint, &question()).await.expect("Slots");
    (endpoint, found.slots)
}

/// Books a Slot.
pub(crate) async fn book(consumer: &Consumer, endpoint: &Endpoint, slot: &FoundSlot) -> Result<Booked, Fault> {
    book_as(consumer, endpoint, slot, None).await
}

/// Books a Slot under a request id of the caller's.
pub(crate) async fn book_as(
    consumer: &Consumer,
    endpoint: &Endpoint,
    slot: &FoundSlot,
    request_id: Option<&str>,
) -> Result<Booked, Fault> {
    let patient = patient();
    let booking = Booking {
        slot,
        patient: &patient,
        document: "0b8a5b0e-5f3c-4c0e-9a51-3d6e3a7f8c11",
        description: "111 Referral",
        at: NOW.parse().expect("a timestamp"),
    };
    consumer.book_appointment(endpoint, &booking, request_id).await
}

/// The Appointment of an answer.
pub(crate) fn appointment(booked: &Booked) -> Node {
    booked.received.resource("Appointment").expect("an Appointment")
}

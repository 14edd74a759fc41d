//! The demo's own booking, made by the real Consumer through every real part, and remembered as a story (PROC-01).

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use fhir::Node;
use jiff::ToSpan;
use roles::consumer::{Booking, Consumer, Patient, PatientWords, Registered, SlotQuestion};
use spine::{Asid, InteractionId, NhsNumber};

use super::directory::SERVICE_ONE;
use crate::network::{Shared, consumer};

/// An NHS number of the range that is kept for tests.
const TEST_NUMBER: &str = "9990000018";

/// What happened, for the first screen.
pub struct Told {
    /// The party key that SDS gave.
    pub party_key: String,
    /// The service root that SDS gave.
    pub root: String,
    /// How many free Slots the search of four days found.
    pub free: usize,
    /// The Slot that was booked.
    pub slot: String,
    /// Its start, as the Provider wrote it.
    pub start: String,
    /// Whose signature the token bears: the token endpoint's, or nobody's.
    pub signed_token: bool,
    /// The Appointment's id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Its URL.
    pub link: String,
    /// Whether the Registry has it.
    pub registered: bool,
    /// The Appointment as it came.
    pub appointment: Vec<u8>,
}

/// Books a Slot of the later weeks, so that both services keep their 20 free ones of tomorrow.
pub(super) async fn book(shared: &Shared) -> Result<Told> {
    let outbox = shared.stores.of("consumer").await?;
    let consumer = consumer(shared, Some(Arc::new(outbox)))?;
    let asid = Asid::parse(SERVICE_ONE)?;
    let endpoint = consumer.find_endpoint(&asid, &InteractionId::SEARCH_SLOT).await.context("Find Endpoint")?;
    let (from, to) = later(shared)?;
    let question = SlotQuestion { service: SERVICE_ONE.to_owned(), from, to, statuses: vec!["free".to_owned()] };
    let found = consumer.search_free_slots(&endpoint, &question).await.context("Search for free Slots")?;
    let Some(slot) = found.slots.get(found.slots.len() / 2) else { bail!("the later weeks have no free Slot") };
    let patient = patient()?;
    let document = shared.ids.uuid().to_string();
    let booking =
        Booking { slot, patient: &patient, document: &document, description: "111 Referral", at: shared.clock.now() };
    let booked = consumer.book_appointment(&endpoint, &booking, None).await.context("Book an Appointment")?;
    let appointment = booked.received.resource("Appointment")?;
    let registered = register(&consumer, &appointment, &booked.link).await?;
    Ok(Told {
        party_key: endpoint.party_key.clone(),
        root: endpoint.root.clone(),
        free: found.slots.len(),
        slot: slot.id.clone(),
        start: slot.start.clone(),
        signed_token: !consumer.makes_its_own_tokens(),
        id: booked.id.clone(),
        version: booked.version.clone(),
        link: booked.link.clone(),
        registered,
        appointment: booked.received.body.to_vec(),
    })
}

async fn register(consumer: &Consumer, appointment: &Node, link: &str) -> Result<bool> {
    let registered = consumer.register_appointment(appointment, link).await.context("Register the Appointment")?;
    Ok(matches!(registered, Registered::Told))
}

/// Four days of the second week, of which two at least are working days: few enough Slots for one page, since each call counts
/// against the Consumer's quota where one is configured (SSP-90).
fn later(shared: &Shared) -> Result<(jiff::Timestamp, jiff::Timestamp)> {
    let now = shared.clock.now();
    Ok((now.checked_add((9 * 24).hours())?, now.checked_add((13 * 24).hours())?))
}

/// The patient of the demo, made up from end to end.
pub(super) fn patient() -> Result<Patient> {
    let number = NhsNumber::parse(TEST_NUMBER)?;
    Ok(Patient::of_words(&PatientWords {
        nhs_number: Some(&number),
        family: "Example",
        given: "Alex",
        prefix: "Mx",
        gender: "female",
        birth_date: "1980-02-29",
        phone: "01632 960123",
        address: ["1 Test Lane", "Leeds", "LS1 4HR"],
    }))
}

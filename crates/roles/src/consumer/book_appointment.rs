//! Book an Appointment: one POST, made again with the same X-Request-ID when its answer was lost, and the link value for
//! the CDA document (BOOK-01, XTI-01, SSP-132, CON-11, CON-20).

use bytes::Bytes;
use fhir::Node;
use http::header::ETAG;
use serde_json::json;
use spine::Operation;

use super::Consumer;
use super::audit::{Event, is_slot_gone, told};
use super::body::Booking;
use super::call::{Ask, Received, Target, below_root};
use super::fault::{Fault, Party, Refused};
use super::find_endpoint::Endpoint;
use super::search_patient_appointments::appointments;

/// A booking that was made.
#[derive(Debug, Clone)]
pub struct Booked {
    /// The Appointment's id at the Provider.
    pub id: String,
    /// Its version.
    pub version: String,
    /// The URL of the Appointment without its version: what goes into the CDA document (CON-11) and into the Registry.
    pub link: String,
    /// The answer: 201 with the Appointment, or 200 when the first answer was lost and the booking was fetched.
    pub received: Received,
}

impl Consumer {
    /// Books. `request_id` is the caller's for a retry of its own (XTI-01), else a new one.
    ///
    /// # Errors
    /// See [`Fault`]; a Slot that is taken is a [`Fault::Refused`] by the Provider.
    pub async fn book_appointment(
        &self,
        endpoint: &Endpoint,
        booking: &Booking<'_>,
        request_id: Option<&str>,
    ) -> Result<Booked, Fault> {
        let request_id = request_id.map_or_else(|| self.ids.uuid().to_string(), str::to_owned);
        let body = booking.body(self.settings.dialect).to_string();
        let (service, document) = (&endpoint.asid, Some(booking.document));
        let about = json!({"request_id": request_id, "slot": booking.slot.id, "start": booking.slot.start});
        self.happened(Event::BookingTried, service, document, about).await;
        let ask = Ask {
            operation: Operation::BookAppointment,
            below: "Appointment".to_owned(),
            body: Some(Bytes::from(body.clone())),
            request_id: Some(request_id.clone()),
            if_match: None,
        };
        let booked = match self.call(Target::Provider(endpoint), &ask).await {
            Ok(received) => booked(endpoint, received),
            // The request was carried out before and its answer was lost: fetch it, do not alarm anyone (SSP-132).
            Err(Fault::Refused(refused)) if refused.is_reused_request_id() => {
                self.booked_before(endpoint, booking, refused).await
            }
            Err(fault) => Err(fault),
        };
        let (event, mut became) = match &booked {
            Ok(booked) => (Event::BookingMade, json!({"identity": booked.link, "version": booked.version})),
            // Nothing was sent, and nothing came of it.
            Err(Fault::Unsent(_)) => return booked,
            Err(fault) if is_slot_gone(fault) => (Event::SlotGone, told(fault, &body)),
            Err(fault) => (Event::BookingFailed, told(fault, &body)),
        };
        became["request_id"] = json!(request_id);
        self.happened(event, service, document, became).await;
        booked
    }

    /// The booking that an earlier attempt made. An id that made something else was no retry of it: that stays refused.
    async fn booked_before(
        &self,
        endpoint: &Endpoint,
        booking: &Booking<'_>,
        refused: Box<Refused>,
    ) -> Result<Booked, Fault> {
        let Some(location) = refused.made_before().map(str::to_owned) else {
            return self.booked_for_the_patient(endpoint, booking, refused).await;
        };
        let below = below_root(&endpoint.root, &location).ok_or_else(|| nowhere(&location))?;
        let fetched = self.call(Target::Provider(endpoint), &Ask::read(Operation::GetAppointment, below)).await?;
        if is_this_booking(&fetched.resource("Appointment")?, booking) {
            booked_at(endpoint, &location, fetched)
        } else {
            Err(Fault::Refused(refused))
        }
    }

    /// The same at a Provider whose refusal names nothing: among the patient's Appointments.
    async fn booked_for_the_patient(
        &self,
        endpoint: &Endpoint,
        booking: &Booking<'_>,
        refused: Box<Refused>,
    ) -> Result<Booked, Fault> {
        let Some(number) = booking.patient.nhs_number() else { return Err(Fault::Refused(refused)) };
        let found = self.search_patient_appointments(endpoint, number).await?.resource("Bundle")?;
        let made = appointments(&found).find(|appointment| is_this_booking(appointment, booking));
        let Some(id) = made.and_then(|made| made.text_of("id")) else { return Err(Fault::Refused(refused)) };
        let fetched = self.get_appointment(endpoint, id, None).await?;
        booked_at(endpoint, &format!("Appointment/{id}"), fetched)
    }
}

/// Whether an Appointment begins when the Slot of this booking does, and still stands.
fn is_this_booking(appointment: &Node, booking: &Booking<'_>) -> bool {
    let moment = |text: &str| text.parse::<jiff::Timestamp>().ok();
    let start = appointment.text_of("start").and_then(moment);
    start.is_some() && start == moment(&booking.slot.start) && appointment.text_of("status") == Some("booked")
}

fn booked(endpoint: &Endpoint, received: Received) -> Result<Booked, Fault> {
    let location = received.location().map(str::to_owned);
    let location = location.ok_or_else(|| unusable("its answer to a booking has no Location"))?;
    booked_at(endpoint, &location, received)
}

fn booked_at(endpoint: &Endpoint, location: &str, received: Received) -> Result<Booked, Fault> {
    // A Location may be relative in older wording (BOOK-06); the link must be fully qualified (CON-11).
    let absolute = if location.starts_with("https://") {
        location.to_owned()
    } else {
        format!("{}/{}", endpoint.root, location.trim_start_matches('/'))
    };
    let (link, version) = absolute.split_once("/_history/").unwrap_or((&absolute, ""));
    let id = link.rsplit_once("/Appointment/").map(|(_, id)| id).filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| nowhere(location))?.to_owned();
    let tag = received.header(&ETAG).map(|tag| tag.trim_start_matches("W/").trim_matches('"').to_owned());
    let version = if version.is_empty() { tag.unwrap_or_default() } else { version.to_owned() };
    Ok(Booked { id, version, link: link.to_owned(), received })
}

fn nowhere(location: &str) -> Fault {
    unusable(&format!("its Location {location} names no Appointment of its own"))
}

fn unusable(what: &str) -> Fault {
    Fault::Unusable { party: Party::Provider, what: what.to_owned() }
}

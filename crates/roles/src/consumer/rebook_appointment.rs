//! Rebook: no operation of its own, but the new Slot booked first and the old Appointment cancelled then, so that the patient
//! is never without one (PROC-09).

use fhir::Node;
use serde_json::json;
use spine::Operation;

use super::Consumer;
use super::audit::Event;
use super::body::{Booking, Patient};
use super::book_appointment::Booked;
use super::call::{Ask, Target, encoded};
use super::cancel_appointment::{Cancelled, document_of};
use super::fault::Fault;
use super::find_endpoint::Endpoint;
use super::search_free_slots::FoundSlot;

/// An Appointment that is to be moved.
pub struct Rebooking<'a> {
    /// Where the Appointment is.
    pub from: &'a Endpoint,
    /// Its id there.
    pub id: &'a str,
    /// Where the new Slot is.
    pub to: &'a Endpoint,
    /// The new Slot.
    pub slot: &'a FoundSlot,
    /// The UUID of the new CDA document: one that is linked is not changed (CON-11).
    pub document: &'a str,
    /// `X-Request-ID` of the new booking (XTI-01).
    pub request_id: &'a str,
}

/// What became of the two halves.
#[derive(Debug)]
pub struct Rebooked {
    /// The new Appointment.
    pub booked: Booked,
    /// The old one cancelled, or why it still stands beside the new one.
    pub cancelled: Result<Cancelled, Fault>,
}

impl Consumer {
    /// Books the new Slot for the patient of an Appointment, then cancels that.
    ///
    /// # Errors
    /// See [`Fault`]: nothing was changed. Where only the second half fails, [`Rebooked::cancelled`] tells it.
    pub async fn rebook_appointment(&self, rebooking: &Rebooking<'_>) -> Result<Rebooked, Fault> {
        let below = format!("Appointment/{}", encoded(rebooking.id));
        let ask = Ask::read(Operation::GetAppointment, below);
        let old = self.call(Target::Provider(rebooking.from), &ask).await?.resource("Appointment")?;
        let patient = patient_of(&old)?;
        let booking = Booking {
            slot: rebooking.slot,
            patient: &patient,
            document: rebooking.document,
            description: old.text_of("description").unwrap_or_default(),
            at: self.clock.now(),
        };
        let booked = self.book_appointment(rebooking.to, &booking, Some(rebooking.request_id)).await?;
        let cancelled = self.cancel_appointment(rebooking.from, rebooking.id, None).await;
        let about = json!({"identity": booked.link, "instead_of": document_of(&old), "old_stands": cancelled.is_err()});
        self.happened(Event::Rebooked, &rebooking.to.asid, Some(rebooking.document), about).await;
        Ok(Rebooked { booked, cancelled })
    }
}

/// The patient that a booked Appointment holds.
fn patient_of(appointment: &Node) -> Result<Patient, Fault> {
    let status = appointment.text_of("status").unwrap_or("without a status");
    if status != "booked" {
        return Err(Fault::Unsendable(format!(
            "the Appointment is {status}, and only one that is booked can be rebooked"
        )));
    }
    let mut contained = appointment.all("contained");
    let patient = contained.find(|resource| resource.type_name() == "Patient").ok_or_else(|| {
        Fault::Unsendable(
            "the Appointment holds no Patient: book the new Slot with the patient's words, then cancel this one"
                .to_owned(),
        )
    })?;
    Patient::of_resource(&fhir::json::write(patient))
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: PROC-09
    #[test]
    fn only_a_booked_appointment_with_its_patient_is_rebooked() {
        let of = |text: &str| patient_of(&fhir::json::read(text.as_bytes(), &fhir::Limits::STRICT).unwrap().resource);
        let patient = r#""contained":[{"resourceType":"Patient","id":"P1","gender":"female"}]"#;
        assert!(of(&format!(r#"{{"resourceType":"Appointment","status":"booked",{patient}}}"#)).is_ok());
        for (appointment, why) in [
            (format!(r#"{{"resourceType":"Appointment","status":"cancelled",{patient}}}"#), "cancelled"),
            (r#"{"resourceType":"Appointment","status":"booked"}"#.to_owned(), "no Patient"),
        ] {
            let Err(Fault::Unsendable(said)) = of(&appointment) else { panic!("{appointment} was taken") };
            assert!(said.contains(why), "{said}");
        }
    }
}

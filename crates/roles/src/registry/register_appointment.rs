//! `POST [base]/Appointment` at the Registry: a thin record under the pointer to the Provider's copy, once
//! (REG-02, REG-03, REG-05, REG-07, REG-08, REG-13, REG-14, X-14, XTI-04, HTTP-29).

use spine::Reason;
use spine::dialect::CreatedAbsent;
use store::{RegisterOutcome, Registration};

use super::Registry;
use super::thin_record::{ThinRecord, refuse_other_elements};
use crate::appointment::versions::versioned;
use crate::appointment::{changes, request_id_reused};
use crate::edge::answer::{Answer, Content};
use crate::edge::fhir_call::Call;
use crate::edge::judgement::accepted;
use crate::edge::refusal::Refusal;

/// Registers an Appointment.
pub(super) async fn register_appointment(registry: &Registry, call: &Call) -> Result<Answer, Refusal> {
    registry.refuse_used_request_id(call).await?;
    let parsed = call.resource()?;
    // Before the profile, whose faults inside an element that may not be there are of no interest.
    refuse_other_elements(&parsed.resource)?;
    let mut record = accepted(parsed, "Appointment", call, &call.dialect().registration_relaxes)?;
    if record.text_of("id").is_some() {
        return Err(Refusal::new(Reason::IdInCreate, "").at("Appointment.id"));
    }
    let thin = ThinRecord::read(&record, call.dialect())?;

    let id = registry.ids.uuid().to_string();
    changes::give_identity(&mut record, &id, 1, call.now);
    changes::unify_nhs_number_systems(&mut record);
    if record.text_of("created").is_none() && call.dialect().created_absent == CreatedAbsent::SetByProvider {
        changes::set_created(&mut record, call.now);
    }
    let content = fhir::json::write(&record);
    let versioned = versioned(&id, 1);
    let answer = Answer::created(Content::Json(content.clone().into()), call.url(&versioned))
        .in_version(1)
        .last_modified(call.now)
        .about(versioned);
    let registration = Registration {
        appointment_id: id,
        pointer: thin.pointer,
        request: call.request_id.clone(),
        content,
        status: thin.status,
        patients: thin.patients,
        start: thin.start,
        end: thin.end,
        at: call.now.as_millisecond(),
        audit: call.record_of_change(&answer),
    };
    match registry.registrations.register(registration).await? {
        RegisterOutcome::Registered => Ok(answer.recorded()),
        RegisterOutcome::DuplicatePointer { appointment_id } => {
            let what = format!("It is Appointment/{appointment_id} here");
            Err(Refusal::new(Reason::AlreadyRegistered, what).at("Appointment.identifier"))
        }
        RegisterOutcome::RequestIdReused { appointment_id } => Err(request_id_reused(call, &appointment_id)),
    }
}

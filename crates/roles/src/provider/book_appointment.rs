//! `POST [base]/Appointment`: one atomic request that takes a Slot and stores the Appointment, or does neither
//! (PROC-05, BOOK-01 to BOOK-22, BOOK-24, XTI-04, XTI-05, HTTP-29, SMG-04, SMG-08, JW2-16, DEM-09).

use fhir::Node;
use spine::dialect::{CreatedAbsent, CreatedSent, LocalIdentifier};
use spine::{Reason, systems};
use store::{BookOutcome, Booking};

use super::Provider;
use super::booking_rules::{self, contained, nhs_number_of, nhs_number_of_participant};
use super::demonstrator_checks;
use super::references::{all_exist, slot_of, times_inside};
use crate::appointment::versions::versioned;
use crate::appointment::{changes, request_id_reused};
use crate::edge::answer::{Answer, Content};
use crate::edge::fhir_call::Call;
use crate::edge::judgement::accepted;
use crate::edge::refusal::Refusal;

/// Books the Slot that the body names, once.
pub(super) async fn book_appointment(provider: &Provider, call: &Call) -> Result<Answer, Refusal> {
    provider.settings.local_rules.admit(&call.caller)?;
    provider.refuse_used_request_id(call).await?;
    let body = call.resource()?;
    if provider.settings.demonstrator_checks {
        demonstrator_checks::check(&body, call)?;
    }
    let mut appointment = accepted(body, "Appointment", call, &call.dialect().booking_relaxes)?;
    booking_rules::check(&appointment, call.dialect())?;
    all_exist(provider, &appointment).await?;
    let slot = slot_of(provider, call, &appointment).await?;
    provider.settings.local_rules.admit_to_schedule(&call.caller, &slot.schedule_id)?;
    let (start, end) = (seconds_of(&appointment, "start")?, seconds_of(&appointment, "end")?);
    times_inside(start, end, &slot)?;
    if slot.start < call.now.as_second() {
        // SMG-08: such a Slot is offered no more, whatever its status.
        return Err(Refusal::new(Reason::SlotNotFree, ""));
    }

    let id = provider.ids.uuid().to_string();
    edit(provider, call, &mut appointment, &id);
    let content = fhir::json::write(&appointment);
    let versioned = versioned(&id, 1);
    let answer = Answer::created(Content::Json(content.clone().into()), call.url(&versioned))
        .in_version(1)
        .last_modified(call.now)
        .about(versioned);
    let booking = Booking {
        appointment_id: id,
        slot_id: slot.id,
        request: call.request_id.clone(),
        content,
        status: "booked".to_owned(),
        patients: patients_of(&appointment),
        documents: documents_of(&appointment),
        start,
        end,
        at: call.now.as_millisecond(),
        audit: call.record_of_change(&answer),
    };
    match provider.appointments.book(booking).await? {
        BookOutcome::Booked => Ok(answer.recorded()),
        BookOutcome::SlotNotFree => Err(Refusal::new(Reason::SlotNotFree, "")),
        BookOutcome::UnknownSlot => Err(Refusal::new(Reason::SlotUnknown, "").at("Appointment.slot")),
        BookOutcome::RequestIdReused { appointment_id } => Err(request_id_reused(call, &appointment_id)),
    }
}

/// The changes that the requirements let the Provider make; nothing else of the body is touched.
fn edit(provider: &Provider, call: &Call, appointment: &mut Node, id: &str) {
    changes::give_identity(appointment, id, 1, call.now);
    changes::unify_nhs_number_systems(appointment);
    changes::mark_contained_slots_busy(appointment);
    let dialect = call.dialect();
    let absent = appointment.text_of("created").is_none();
    if dialect.created_sent == CreatedSent::Overwritten
        || (absent && dialect.created_absent == CreatedAbsent::SetByProvider)
    {
        changes::set_created(appointment, call.now);
    }
    let has_identifier = contained(appointment, "Patient").any(|patient| patient.child("identifier").is_some());
    if dialect.local_identifier == LocalIdentifier::FromTheAnswerOn && !has_identifier {
        let value = provider.ids.uuid().to_string();
        changes::add_local_identifier(appointment, &provider.settings.local_patient_system, &value);
    }
}

/// An instant of the body in seconds since 1970; the profile has made sure that it is one.
fn seconds_of(appointment: &Node, name: &str) -> Result<i64, Refusal> {
    let text = appointment.text_of(name).unwrap_or_default();
    let instant: Option<jiff::Timestamp> = text.parse().ok();
    let not_one =
        || Refusal::new(Reason::ProfileBroken, "expected an instant with an offset").at(format!("Appointment.{name}"));
    instant.map(jiff::Timestamp::as_second).ok_or_else(not_one)
}

/// The keys by which the Appointment is found: the identifiers of the contained Patient and of the participant (PAT-02, PAT-12).
fn patients_of(appointment: &Node) -> Vec<String> {
    let patients = || contained(appointment, "Patient");
    let numbers = patients().filter_map(nhs_number_of).chain(nhs_number_of_participant(appointment));
    let mut keys: Vec<String> = numbers.map(|number| format!("{}|{number}", systems::NHS_NUMBER)).collect();
    for identifier in patients().flat_map(|patient| patient.all("identifier")) {
        if let (Some(system), Some(value)) = (identifier.text_of("system"), identifier.text_of("value"))
            && !systems::is_nhs_number(system)
        {
            keys.push(format!("{system}|{value}"));
        }
    }
    keys
}

/// BOOK-22: a CDA document is matched with its booking by these.
fn documents_of(appointment: &Node) -> Vec<String> {
    let identifiers = contained(appointment, "DocumentReference").flat_map(|document| document.all("identifier"));
    identifiers.filter_map(|identifier| identifier.text_of("value")).map(str::to_owned).collect()
}

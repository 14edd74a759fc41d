//! `PUT [base]/Appointment/{id}`: a cancellation, which changes the status and nothing else, from the version that the Consumer read
//! (CAN-02 to CAN-07, CAN-09 to CAN-13, CAN-15, CAN-16, CAN-18, VER-03, VER-04, X-08, X-13, X-41, X-43).

use fhir::Node;
use spine::Reason;
use store::{AppointmentVersion, Change, ChangeOutcome};

use super::{Provider, changes, request_id_reused};
use crate::edge::answer::{Answer, Content};
use crate::edge::fhir_call::Call;
use crate::edge::judgement::accepted;
use crate::edge::refusal::{Refusal, RefusedIssue};

/// The statuses that a PUT may set (CAN-02, CAN-11).
const ENDINGS: [&str; 2] = ["cancelled", "entered-in-error"];

/// Cancels the Appointment and frees its Slot. The order of the checks is VER-04's: 412, 400, 404, 409, 422.
pub(super) async fn cancel_appointment(provider: &Provider, call: &Call) -> Result<Answer, Refusal> {
    provider.refuse_used_request_id(call).await?;
    let id = call.path.get(1).map_or("", String::as_str);
    let condition = call.if_match()?;
    let parsed = call.resource()?;
    let stored = provider.appointments.appointment(id).await?;
    let stored = stored.ok_or_else(|| Refusal::new(Reason::AppointmentNotFound, ""))?;
    if !condition.names(stored.version) {
        return Err(version_conflict(stored.version));
    }
    let mut appointment = accepted(parsed, "Appointment", call.dialect())?;
    if appointment.text_of("id") != Some(id) {
        return Err(Refusal::new(Reason::BodyIdDiffers, "").at("Appointment.id"));
    }
    let before = read_stored(&stored)?;
    let local_system = &provider.settings.local_patient_system;
    only_the_status_differs(&before, &appointment, local_system)?;
    let status = new_status(&stored, &appointment)?;

    let version = stored.version + 1;
    changes::give_identity(&mut appointment, id, version, call.now);
    changes::unify_nhs_number_systems(&mut appointment);
    changes::keep_local_identifiers(&mut appointment, &before, local_system);
    let content = fhir::json::write(&appointment);
    let versioned = format!("Appointment/{id}/_history/{version}");
    let answer = Answer::found(Content::Json(content.clone().into()))
        .in_version(version)
        .last_modified(call.now)
        .located_at(call.url(&versioned))
        .about(versioned);
    let change = Change {
        appointment_id: id.to_owned(),
        expected_version: stored.version,
        request: call.request_id.clone(),
        content,
        status,
        frees_slot: true,
        at: call.now.as_millisecond(),
        audit: call.record_of_change(&answer),
    };
    match provider.appointments.change(change).await? {
        ChangeOutcome::Changed { .. } => Ok(answer.recorded()),
        ChangeOutcome::VersionConflict { current } => Err(version_conflict(current)),
        ChangeOutcome::NotFound => Err(Refusal::new(Reason::AppointmentNotFound, "")),
        ChangeOutcome::RequestIdReused { appointment_id } => Err(request_id_reused(call, &appointment_id)),
    }
}

fn version_conflict(current: u32) -> Refusal {
    Refusal::new(Reason::VersionConflict, format!("it is at version {current}"))
}

fn read_stored(stored: &AppointmentVersion) -> Result<Node, Refusal> {
    let parsed = fhir::json::read(&stored.content, &fhir::Limits::GENEROUS);
    parsed
        .map(|parsed| parsed.resource)
        .map_err(|error| Refusal::new(Reason::StoredResourceBroken, "").caused_by(error))
}

/// CAN-04, CAN-05: a comparison of meaning; what a server may change, and what says nothing, is not compared.
fn only_the_status_differs(before: &Node, after: &Node, local_system: &str) -> Result<(), Refusal> {
    let (before, after) = (changes::for_comparison(before, local_system), changes::for_comparison(after, local_system));
    let ignored =
        ["Appointment.status", "Appointment.created", "Appointment.meta.versionId", "Appointment.meta.lastUpdated"];
    let issues: Vec<RefusedIssue> = before
        .differences(&after, &ignored)
        .into_iter()
        .map(|difference| RefusedIssue {
            code: "invalid".to_owned(),
            what: "this element differs from the stored version".to_owned(),
            location: Some(difference.path),
        })
        .collect();
    if issues.is_empty() { Ok(()) } else { Err(Refusal::new(Reason::OtherDifferences, "").listing(issues)) }
}

/// CAN-11, CAN-12.
fn new_status(stored: &AppointmentVersion, appointment: &Node) -> Result<String, Refusal> {
    if ENDINGS.contains(&stored.status.as_str()) {
        return Err(Refusal::new(Reason::AlreadyCancelled, "").at("Appointment.status"));
    }
    match appointment.text_of("status") {
        Some(status) if ENDINGS.contains(&status) => Ok(status.to_owned()),
        _ => Err(Refusal::new(Reason::StatusChangeNotAllowed, "").at("Appointment.status")),
    }
}

//! A cancellation: the status changes and nothing else, from the version that the Consumer read
//! (CAN-02 to CAN-06, CAN-11 to CAN-13, REG-11, REG-12, VER-03, VER-04, X-08, X-13, X-41, X-43).

use fhir::{Node, Parsed};
use spine::Reason;
use spine::dialect::Relaxations;
use store::{AppointmentVersion, Change, ChangeOutcome};

use super::versions::versioned;
use super::{changes, request_id_reused};
use crate::edge::answer::{Answer, Content};
use crate::edge::etag::Condition;
use crate::edge::fhir_call::Call;
use crate::edge::judgement::accepted;
use crate::edge::refusal::{Refusal, RefusedIssue};

/// The statuses that a PUT may set (CAN-02, CAN-11).
const ENDINGS: [&str; 2] = ["cancelled", "entered-in-error"];

/// What the party that keeps the Appointment lays down.
pub(crate) struct Terms<'a> {
    /// The rules of the profile that its Appointments may break (REG-07).
    pub(crate) relaxes: &'a Relaxations,
    /// The system of the patient identifiers that it gives itself (BOOK-17); empty where it gives none.
    pub(crate) local_system: &'a str,
    /// Whether the Appointment's Slot becomes free (CAN-09).
    pub(crate) frees_slot: bool,
}

/// A cancellation as it was asked for.
pub(crate) struct Asked<'c> {
    /// The Appointment's id, from the path.
    pub(crate) id: &'c str,
    condition: Condition,
    body: Parsed,
}

/// Reads the request; the first of VER-04's checks: 412, then 400.
///
/// # Errors
/// `Reason::MissingIfMatch` (412), `Reason::MalformedIfMatch` and `Reason::BodyNotWellFormed` (400).
pub(crate) fn asked(call: &Call) -> Result<Asked<'_>, Refusal> {
    let condition = call.if_match()?;
    Ok(Asked { id: call.path.get(1).map_or("", String::as_str), condition, body: call.resource()? })
}

impl Asked<'_> {
    /// The change that the store is to make, and its answer; the rest of VER-04's checks: 404, 409, 422.
    ///
    /// # Errors
    /// `Reason::AppointmentNotFound`, `Reason::VersionConflict`, and 422 for each rule of CAN-04 and CAN-12.
    pub(crate) fn change(
        self,
        call: &Call,
        stored: Option<AppointmentVersion>,
        terms: &Terms<'_>,
    ) -> Result<(Change, Answer), Refusal> {
        let stored = stored.ok_or_else(|| Refusal::new(Reason::AppointmentNotFound, ""))?;
        if !self.condition.names(stored.version) {
            return Err(version_conflict(stored.version));
        }
        let mut appointment = accepted(self.body, "Appointment", call, terms.relaxes)?;
        if appointment.text_of("id") != Some(self.id) {
            return Err(Refusal::new(Reason::BodyIdDiffers, "").at("Appointment.id"));
        }
        let before = read_stored(&stored)?;
        only_the_status_differs(&before, &appointment, terms.local_system)?;
        let status = new_status(&stored, &appointment)?;

        let version = stored.version + 1;
        changes::give_identity(&mut appointment, self.id, version, call.now);
        changes::unify_nhs_number_systems(&mut appointment);
        changes::keep_local_identifiers(&mut appointment, &before, terms.local_system);
        let content = fhir::json::write(&appointment);
        let versioned = versioned(self.id, version);
        let answer = Answer::found(Content::Json(content.clone().into()))
            .in_version(version)
            .last_modified(call.now)
            .located_at(call.url(&versioned))
            .about(versioned);
        let change = Change {
            appointment_id: self.id.to_owned(),
            expected_version: stored.version,
            request: call.request_id.clone(),
            content,
            status,
            frees_slot: terms.frees_slot,
            at: call.now.as_millisecond(),
            audit: call.record_of_change(&answer),
        };
        Ok((change, answer))
    }
}

/// The answer, or the refusal, that the store's word calls for.
///
/// # Errors
/// `Reason::VersionConflict`, `Reason::AppointmentNotFound`, `Reason::RequestIdReused`: somebody was faster.
pub(crate) fn concluded(call: &Call, outcome: &ChangeOutcome, answer: Answer) -> Result<Answer, Refusal> {
    match outcome {
        ChangeOutcome::Changed { .. } => Ok(answer.recorded()),
        ChangeOutcome::VersionConflict { current } => Err(version_conflict(*current)),
        ChangeOutcome::NotFound => Err(Refusal::new(Reason::AppointmentNotFound, "")),
        ChangeOutcome::RequestIdReused { appointment_id } => Err(request_id_reused(call, appointment_id)),
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

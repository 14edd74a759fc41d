//! `GET [base]/Appointment/{id}` and its versions at the Registry: the thin record as it was registered
//! (REG-09, READ-01, READ-02, READ-03, READ-07).

use spine::Reason;

use super::Registry;
use crate::appointment::versions::{Wanted, history, version, wanted};
use crate::edge::answer::Answer;
use crate::edge::fhir_call::Call;
use crate::edge::refusal::Refusal;

/// Answers the current version, one version, or every version.
pub(super) async fn get_registered_appointment(registry: &Registry, call: &Call) -> Result<Answer, Refusal> {
    call.refuse_unknown_parameters()?;
    let kept = &registry.registrations;
    let (found, none) = match wanted(call)? {
        Wanted::Current(id) => (kept.registration(id).await?, Reason::AppointmentNotFound),
        Wanted::One(id, number) => (kept.registration_version(id, number).await?, Reason::VersionNotFound),
        Wanted::All(id) => return history(call, id, &kept.registration_history(id).await?),
    };
    found.map(|found| version(call, found)).ok_or_else(|| Refusal::new(none, ""))
}

//! `GET [base]/Appointment/{id}`, `…/_history/{vid}` and `…/_history`: an Appointment, one of its versions, all of them
//! (READ-01 to READ-06, READ-08, VER-02, VER-05, HTTP-28, HTTP-30, HTTP-33, HTTP-34).

use spine::Reason;

use super::Provider;
use crate::appointment::versions::{Wanted, history, version, wanted};
use crate::edge::answer::Answer;
use crate::edge::fhir_call::Call;
use crate::edge::refusal::Refusal;

/// Answers the current version, one version, or every version.
pub(super) async fn get_appointment(provider: &Provider, call: &Call) -> Result<Answer, Refusal> {
    call.refuse_unknown_parameters()?;
    let (found, none) = match wanted(call)? {
        Wanted::Current(id) => (provider.appointments.appointment(id).await?, Reason::AppointmentNotFound),
        Wanted::One(id, number) => (provider.appointments.version(id, number).await?, Reason::VersionNotFound),
        Wanted::All(id) => return history(call, id, &provider.appointments.history(id).await?),
    };
    found.map(|found| version(call, found)).ok_or_else(|| Refusal::new(none, ""))
}

//! `GET [base]/Appointment?…`: the Appointments of one patient, as pointers to the whole
//! (PAT-01 to PAT-12, X-10, X-23, X-24, X-33).

use super::Provider;
use crate::appointment::patient_search::{self, PointsTo};
use crate::edge::answer::Answer;
use crate::edge::fhir_call::Call;
use crate::edge::refusal::Refusal;

/// Answers every Appointment of the patient that starts from now on, or in the range that is asked for.
pub(super) async fn search_patient_appointments(provider: &Provider, call: &Call) -> Result<Answer, Refusal> {
    let search = patient_search::read(call, &provider.zone)?;
    let found = provider.appointments.appointments_of(&search.query).await?;
    search.answer(call, &found, PointsTo::ThisCopy)
}

//! `GET [base]/Appointment?…` at the Registry: where a patient's Appointments are
//! (REG-01, REG-10, PAT-01 to PAT-11, X-09, X-10, X-23, X-24).

use super::Registry;
use crate::appointment::patient_search::{self, PointsTo};
use crate::edge::answer::Answer;
use crate::edge::fhir_call::Call;
use crate::edge::refusal::Refusal;

/// Answers every registered Appointment of the patient that starts from now on, or in the range that is asked for.
pub(super) async fn search_patient_appointments(registry: &Registry, call: &Call) -> Result<Answer, Refusal> {
    let search = patient_search::read(call, &registry.zone)?;
    let found = registry.registrations.registrations_of(&search.query).await?;
    search.answer(call, &found, PointsTo::TheProvidersCopy)
}

//! `PUT [base]/Appointment/{id}` at the Registry: the record says that the Appointment is cancelled
//! (REG-11, REG-12, VER-03, VER-04, CAN-02, CAN-03, CAN-12).

use super::Registry;
use crate::appointment::cancellation::{Terms, asked, concluded};
use crate::edge::answer::Answer;
use crate::edge::fhir_call::Call;
use crate::edge::refusal::Refusal;

/// Marks a registered Appointment as cancelled.
pub(super) async fn cancel_registered_appointment(registry: &Registry, call: &Call) -> Result<Answer, Refusal> {
    registry.refuse_used_request_id(call).await?;
    let asked = asked(call)?;
    let stored = registry.registrations.registration(asked.id).await?;
    // An element that a registration may not hold is a difference from what is stored, and refused as one.
    let terms = Terms { relaxes: &call.dialect().registration_relaxes, local_system: "", frees_slot: false };
    let (change, answer) = asked.change(call, stored, &terms)?;
    concluded(call, &registry.registrations.change_registration(change).await?, answer)
}

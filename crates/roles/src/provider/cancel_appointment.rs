//! `PUT [base]/Appointment/{id}`: the Appointment is cancelled and its Slot is free again
//! (CAN-02 to CAN-13, CAN-15, CAN-16, CAN-18, VER-03, VER-04, X-08, X-13, X-41, X-43).

use super::Provider;
use crate::appointment::cancellation::{Terms, asked, concluded};
use crate::edge::answer::Answer;
use crate::edge::fhir_call::Call;
use crate::edge::refusal::Refusal;

/// Cancels the Appointment and frees its Slot.
pub(super) async fn cancel_appointment(provider: &Provider, call: &Call) -> Result<Answer, Refusal> {
    provider.settings.local_rules.admit(&call.caller)?;
    provider.refuse_used_request_id(call).await?;
    let asked = asked(call)?;
    let stored = provider.appointments.appointment(asked.id).await?;
    let terms = Terms {
        relaxes: &call.dialect().booking_relaxes,
        local_system: &provider.settings.local_patient_system,
        frees_slot: true,
    };
    let (change, answer) = asked.change(call, stored, &terms)?;
    concluded(call, &provider.appointments.change(change).await?, answer)
}

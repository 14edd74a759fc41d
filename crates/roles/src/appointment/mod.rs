//! What Provider and Registry do alike with an Appointment, once: its versions on their way out, a cancellation, the search
//! by patient, `$validate`, and the only file that edits what a Consumer sent.

pub(crate) mod bundle;
pub(crate) mod cancellation;
pub(crate) mod changes;
pub(crate) mod patient_search;
pub(crate) mod start_window;
pub(crate) mod validate;
pub(crate) mod versions;

use spine::Reason;

use crate::edge::fhir_call::Call;
use crate::edge::refusal::Refusal;

/// XTI-04: a retry is told what its first attempt made or changed.
pub(crate) fn request_id_reused(call: &Call, appointment_id: &str) -> Refusal {
    let url = call.url(&format!("Appointment/{appointment_id}"));
    Refusal::new(Reason::RequestIdReused, format!("it made or changed {url}")).made_before(url)
}

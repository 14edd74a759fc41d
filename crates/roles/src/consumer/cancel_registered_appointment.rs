//! Cancel a registered Appointment, once the Provider's copy is cancelled: find the record by its pointer, read it, send it
//! back cancelled under its version (REG-11, REG-12, CAN-02, CAN-03).

use fhir::Node;
use serde_json::json;
use spine::NhsNumber;

use super::Consumer;
use super::call::Target;
use super::fault::Fault;
use super::register_appointment::{Registered, nhs_number};
use super::search_patient_appointments::{appointments, pointer};

impl Consumer {
    /// Tells the Registry that an Appointment is cancelled; when it cannot be told, the message is kept.
    ///
    /// # Errors
    /// As [`Consumer::register_appointment`]; [`Fault::Unsendable`] when the Registry knows nothing of the Appointment.
    pub async fn cancel_registered_appointment(&self, appointment: &Node, link: &str) -> Result<Registered, Fault> {
        let Some(number) = nhs_number(appointment) else { return Ok(Registered::WithoutNhsNumber) };
        self.tell(link, json!({"cancel": link, "nhs_number": number.as_str()})).await
    }

    pub(super) async fn cancel_registration(&self, link: &str, number: &NhsNumber) -> Result<(), Fault> {
        let found = self.search_registered_appointments(number).await?.resource("Bundle")?;
        let all;
        let record = match record_of(&found, link) {
            Some(record) => Some(record),
            // A message may have waited until the Appointment began.
            None => {
                all = self.all_registered_appointments(number).await?.resource("Bundle")?;
                record_of(&all, link)
            }
        };
        // Waiting does not cure this: what was to be registered before has been sent before.
        let record = record.ok_or_else(|| Fault::Unsendable(format!("the Registry has no registration of {link}")))?;
        if record.text_of("status") != Some("booked") {
            return Ok(());
        }
        let id = record.text_of("id").unwrap_or_default();
        self.cancel_at(Target::Registry(self.registry()?), id, None).await.map(|_| ())
    }
}

fn record_of<'b>(bundle: &'b Node, link: &str) -> Option<&'b Node> {
    appointments(bundle).find(|record| pointer(record) == Some(link))
}

//! Cancel a registered Appointment, once the Provider's copy is cancelled: find the record by its pointer, read it, send it
//! back cancelled under its version (REG-11, REG-12, CAN-02, CAN-03).

use fhir::Node;
use serde_json::json;
use spine::NhsNumber;

use super::Consumer;
use super::call::Target;
use super::fault::{Fault, Party};
use super::register_appointment::{Registered, nhs_number};
use super::search_patient_appointments::{appointments, pointer};

impl Consumer {
    /// Tells the Registry that an Appointment is cancelled; when it cannot be told, the message is kept.
    ///
    /// # Errors
    /// As [`Consumer::register_appointment`].
    pub async fn cancel_registered_appointment(&self, appointment: &Node, link: &str) -> Result<Registered, Fault> {
        let Some(number) = nhs_number(appointment) else { return Ok(Registered::WithoutNhsNumber) };
        self.tell(link, json!({"cancel": link, "nhs_number": number.as_str()})).await
    }

    pub(super) async fn cancel_registration(&self, link: &str, number: &NhsNumber) -> Result<(), Fault> {
        let bundle = self.search_registered_appointments(number).await?.resource("Bundle")?;
        let Some(record) = appointments(&bundle).find(|record| pointer(record) == Some(link)) else {
            return Err(Fault::Unusable { party: Party::Registry, what: format!("it has no registration of {link}") });
        };
        if record.text_of("status") == Some("cancelled") {
            return Ok(());
        }
        let id = record.text_of("id").unwrap_or_default();
        self.cancel_at(Target::Registry(self.registry()?), id, None).await.map(|_| ())
    }
}

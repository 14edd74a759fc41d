//! A patient's Appointments, at a Provider or in the Registry (PAT-01, PAT-03, PAT-05, PAT-07, X-24, X-33).

use fhir::Node;
use spine::{NhsNumber, Operation, systems};

use super::Consumer;
use super::call::{Ask, Received, Target, encoded};
use super::fault::Fault;
use super::find_endpoint::Endpoint;

impl Consumer {
    /// A patient's Appointments at a Provider.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn search_patient_appointments(
        &self,
        endpoint: &Endpoint,
        number: &NhsNumber,
    ) -> Result<Received, Fault> {
        self.appointments_at(Target::Provider(endpoint), number, None).await
    }

    /// A patient's Appointments anywhere, as the Registry knows them.
    ///
    /// # Errors
    /// See [`Fault`]; [`Fault::Unsendable`] when no Registry is configured.
    pub async fn search_registered_appointments(&self, number: &NhsNumber) -> Result<Received, Fault> {
        self.appointments_at(Target::Registry(self.registry()?), number, None).await
    }

    /// The same with those that have begun, which a search leaves out unless it names a range (PAT-07, X-24).
    pub(super) async fn all_registered_appointments(&self, number: &NhsNumber) -> Result<Received, Fault> {
        self.appointments_at(Target::Registry(self.registry()?), number, Some("ge1900-01-01")).await
    }

    async fn appointments_at(
        &self,
        target: Target<'_>,
        number: &NhsNumber,
        start: Option<&str>,
    ) -> Result<Received, Fault> {
        let mut below = patient_search(number);
        if let Some(start) = start {
            below.push_str(&format!("&start={}", encoded(start)));
        }
        self.call(target, &Ask::read(Operation::SearchPatientAppointments, below)).await
    }

    pub(super) fn registry(&self) -> Result<&str, Fault> {
        let none = || Fault::Unsendable("no Registry is configured: set [consumer] registry".to_owned());
        self.settings.registry.as_deref().ok_or_else(none)
    }
}

/// The search for a patient's Appointments as it stands below a service root (PAT-03).
#[must_use]
pub fn patient_search(number: &NhsNumber) -> String {
    let value = format!("{}|{}", systems::NHS_NUMBER, number.as_str());
    format!("Appointment?{}={}", encoded("Appointment.participant.actor:Patient.identifier"), encoded(&value))
}

/// The Appointments of a Bundle.
pub(super) fn appointments(bundle: &Node) -> impl Iterator<Item = &Node> {
    let resources = bundle.all("entry").filter_map(|entry| entry.child("resource"));
    resources.filter(|resource| resource.type_name() == "Appointment")
}

/// The pointer to the Provider's copy that a registration holds (REG-05).
pub(super) fn pointer(appointment: &Node) -> Option<&str> {
    let identifier =
        appointment.all("identifier").find(|identifier| identifier.text_of("system") == Some(systems::URL_POINTER));
    identifier?.text_of("value")
}

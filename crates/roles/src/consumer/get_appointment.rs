//! Get an Appointment: its current version, one version, or all of them (READ-01, READ-02, READ-05, VER-06).

use spine::Operation;

use super::Consumer;
use super::call::{Ask, Received, Target, encoded};
use super::fault::Fault;
use super::find_endpoint::Endpoint;

impl Consumer {
    /// An Appointment as the Provider has it: the current version, or the one that is named.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn get_appointment(
        &self,
        endpoint: &Endpoint,
        id: &str,
        version: Option<&str>,
    ) -> Result<Received, Fault> {
        let below = match version {
            Some(version) => format!("Appointment/{}/_history/{}", encoded(id), encoded(version)),
            None => format!("Appointment/{}", encoded(id)),
        };
        self.call(Target::Provider(endpoint), &Ask::read(Operation::GetAppointment, below)).await
    }

    /// Every version of an Appointment, as a Bundle.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn appointment_history(&self, endpoint: &Endpoint, id: &str) -> Result<Received, Fault> {
        let below = format!("Appointment/{}/_history", encoded(id));
        self.call(Target::Provider(endpoint), &Ask::read(Operation::GetAppointment, below)).await
    }
}

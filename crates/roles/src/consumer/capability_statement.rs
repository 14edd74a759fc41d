//! Read what a Provider can do, and in which versions (CON-17, META-01).

use spine::Operation;

use super::Consumer;
use super::call::{Ask, Received, Target};
use super::fault::Fault;
use super::find_endpoint::Endpoint;

impl Consumer {
    /// A Provider's CapabilityStatement, through the SSP as every call: the smallest call that needs everything to work.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn capability_statement(&self, endpoint: &Endpoint) -> Result<Received, Fault> {
        self.call(Target::Provider(endpoint), &Ask::read(Operation::CapabilityStatement, "metadata")).await
    }
}

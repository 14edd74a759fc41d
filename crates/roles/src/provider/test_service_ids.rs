//! Service ids that a test suite asks for, each with what it stands for, so that its requests meet synthetic data as they are (ASR-03).

use std::collections::BTreeMap;

use spine::Reason;

use crate::edge::refusal::Refusal;

/// What the id of a test stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StandIn {
    /// A service of the diary, by its id: its Slots are found.
    Found(String),
    /// A service that is known and never has a Slot.
    NoSlots,
    /// A service whose search ends in a fault of the server.
    Fault,
}

/// The ids of tests, by id; empty everywhere but in a demonstration.
#[derive(Debug, Clone, Default)]
pub struct TestServiceIds(pub BTreeMap<String, StandIn>);

impl TestServiceIds {
    /// The services of the diary that the wanted ones are or stand for.
    ///
    /// # Errors
    /// `Reason::InternalError` for the id that stands for a fault.
    pub(super) fn resolved(&self, wanted: Vec<String>) -> Result<Vec<String>, Refusal> {
        let mut services = Vec::new();
        for service in wanted {
            match self.0.get(&service) {
                None => services.push(service),
                Some(StandIn::Found(other)) => services.push(other.clone()),
                Some(StandIn::NoSlots) => {}
                Some(StandIn::Fault) => {
                    return Err(Refusal::new(Reason::InternalError, "this service id stands for a fault"));
                }
            }
        }
        Ok(services)
    }
}

//! The Consumer: the client that walks the whole way, readable as the standard tells it (PROC-01).
//!
//! | step | file |
//! |---|---|
//! | can the service be booked, and as whom? | `directory_of_services` |
//! | where is the service? two look-ups in SDS | `find_endpoint` |
//! | a token for it | `get_token` |
//! | every call: through the SSP, with its headers, tried again where that helps | `call` |
//! | what can it do? | `capability_statement` |
//! | which Slots are free? | `search_free_slots` |
//! | book one | `book_appointment` |
//! | read it, its versions | `get_appointment` |
//! | cancel it | `cancel_appointment` |
//! | move it: book first, then cancel | `rebook_appointment` |
//! | tell the Registry, and again if it could not be told | `register_appointment`, `cancel_registered_appointment` |
//! | a patient's appointments | `search_patient_appointments` |
//! | a record of each call, and of each thing that happened | `audit` |
//!
//! It is used by the command line and the pages; no role calls it.

mod audit;
mod body;
mod book_appointment;
mod call;
mod cancel_appointment;
mod cancel_registered_appointment;
mod capability_statement;
mod directory_of_services;
mod fault;
mod find_endpoint;
mod get_appointment;
mod get_token;
mod rebook_appointment;
mod register_appointment;
mod search_free_slots;
mod search_patient_appointments;
mod settings;
mod wire;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use spine::dialect::Tokens;
use store::Outbox;

use crate::edge::client::Client;
use crate::edge::clock::{Clock, Ids};
use crate::edge::directory::DirectoryClient;

use audit::Exchange;
pub use body::{Booking, Patient, PatientWords, registration};
pub use book_appointment::Booked;
pub use call::Received;
pub use cancel_appointment::Cancelled;
pub use directory_of_services::{Bookable, DosAttribute, DosEndpoint, DosFault, DosRecord};
pub use fault::{Fault, Party, Refused};
pub use find_endpoint::{Endpoint, EndpointFault, Lookup};
pub use rebook_appointment::{Rebooked, Rebooking};
pub use register_appointment::Registered;
pub use search_free_slots::{FoundSlot, SlotQuestion, SlotsFound};
pub use search_patient_appointments::patient_search;
pub use settings::{BACK_OFF, Settings, TokenClient};
pub use wire::{Observer, Step, Unsent, WireMessage};

/// A Consumer with everything it needs to call others. Cheap to share behind an `Arc`.
pub struct Consumer {
    settings: Settings,
    client: Arc<Client>,
    directory: DirectoryClient,
    outbox: Option<Arc<dyn Outbox>>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    observer: wire::Watched,
    trail: Option<audit::Trail>,
    shown_only: Option<Step>,
    tokens: Mutex<HashMap<String, get_token::Held>>,
}

impl Consumer {
    /// A Consumer. `client` presents its certificate; `outbox` keeps what the Registry could not be told yet.
    #[must_use]
    pub fn new(
        settings: Settings,
        client: Arc<Client>,
        directory: DirectoryClient,
        outbox: Option<Arc<dyn Outbox>>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        Self {
            settings,
            client,
            directory,
            outbox,
            clock,
            ids,
            observer: None,
            trail: None,
            shown_only: None,
            tokens: Mutex::default(),
        }
    }

    /// Lets somebody watch each message, with secrets masked.
    #[must_use]
    pub fn watched_by(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Does everything up to this step, and ends there with [`Fault::Unsent`], which tells what would have been sent.
    #[must_use]
    pub fn showing_only(mut self, step: Step) -> Self {
        self.shown_only = Some(step);
        self
    }

    /// What it was set up with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether it makes the tokens for a Provider itself, unsigned, as its dialect has it (JW2-01).
    #[must_use]
    pub fn makes_its_own_tokens(&self) -> bool {
        self.settings.dialect.tokens == Tokens::UnsignedBehindSsp
    }

    /// Ends the way here, where this step is to be shown only.
    fn show(&self, step: Step, unsent: impl FnOnce() -> Unsent) -> Result<(), Fault> {
        if self.shown_only == Some(step) { Err(Fault::Unsent(Box::new(unsent()))) } else { Ok(()) }
    }

    /// A message as it is to be noted, where anybody watches or records.
    fn seen(&self, began: Timestamp, attempt: u32, message: impl FnOnce() -> WireMessage) -> Option<Exchange> {
        let is_wanted = self.observer.is_some() || self.trail.is_some();
        is_wanted.then(|| Exchange { message: message(), began, attempt, faults: Vec::new() })
    }
}

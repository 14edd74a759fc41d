//! The Provider's Appointments: booked once (BOOK-09), every version kept (VER-02), a request carried out once (XTI-04, XTI-05).

pub(crate) mod read;
pub(crate) mod write;

use async_trait::async_trait;

use crate::error::Result;
use crate::window::Window;
use crate::{AuditRecord, Store};

/// A Consumer's `X-Request-ID`. Two Consumers may use the same value (XTI-05).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestId {
    /// Whose it is: the ASID in `Ssp-From`, else the token's `appid`.
    pub consumer: String,
    /// The header's value.
    pub value: String,
}

/// A booking to be made: everything that becomes durable at once, or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// The new Appointment's logical id, never used before.
    pub appointment_id: String,
    /// The Slot that it takes.
    pub slot_id: String,
    /// The request that asks for it, when it said who it is.
    pub request: Option<RequestId>,
    /// Version 1, as the bytes to serve.
    pub content: Vec<u8>,
    /// `Appointment.status`.
    pub status: String,
    /// The patients by which it is found, each as `system|value` (PAT-02, PAT-12). The same one twice counts once.
    pub patients: Vec<String>,
    /// The values of `DocumentReference.identifier` by which its CDA document is matched (BOOK-22).
    pub documents: Vec<String>,
    /// Start, in seconds since 1970.
    pub start: i64,
    /// End, in seconds since 1970.
    pub end: i64,
    /// When it is booked, in milliseconds since 1970.
    pub at: i64,
    /// The record that goes into the audit trail together with it.
    pub audit: AuditRecord,
}

/// What became of a [`Booking`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BookOutcome {
    /// It is booked and durable, as version 1.
    Booked,
    /// Someone else has the Slot (BOOK-10).
    SlotNotFree,
    /// There is no Slot with that id (BOOK-14).
    UnknownSlot,
    /// This request was carried out before, with this result (XTI-04).
    RequestIdReused {
        /// The Appointment that the request made or changed.
        appointment_id: String,
    },
}

/// A new version of an Appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The Appointment.
    pub appointment_id: String,
    /// The version that the change was made from (VER-01). The new one is the next.
    pub expected_version: u32,
    /// The request that asks for it, when it said who it is.
    pub request: Option<RequestId>,
    /// The new version, as the bytes to serve.
    pub content: Vec<u8>,
    /// The new `Appointment.status`.
    pub status: String,
    /// Whether its Slot becomes free (CAN-09).
    pub frees_slot: bool,
    /// When it is changed, in milliseconds since 1970.
    pub at: i64,
    /// The record that goes into the audit trail together with it.
    pub audit: AuditRecord,
}

/// What became of a [`Change`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// It is stored and durable.
    Changed {
        /// The new version.
        version: u32,
    },
    /// The Appointment has moved on (VER-03).
    VersionConflict {
        /// The version that it is at.
        current: u32,
    },
    /// There is no such Appointment.
    NotFound,
    /// This request was carried out before, with this result (XTI-04, CAN-15).
    RequestIdReused {
        /// The Appointment that the request made or changed.
        appointment_id: String,
    },
}

/// One version of an Appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentVersion {
    /// The Appointment.
    pub appointment_id: String,
    /// The version, from 1.
    pub version: u32,
    /// `Appointment.status` in this version.
    pub status: String,
    /// When this version was stored, in milliseconds since 1970.
    pub at: i64,
    /// The version as the bytes to serve.
    pub content: Vec<u8>,
}

/// A search for the Appointments of a patient (PAT-01).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PatientQuery {
    /// The patient, as `system|value`.
    pub patient: String,
    /// Where the start may lie (PAT-07, X-24).
    pub window: Window,
    /// At most so many: a search is not paged (PAT-06), so this is a safeguard and not a page.
    pub limit: u32,
}

/// The Appointments of a Provider.
#[async_trait]
pub trait Appointments: Send + Sync {
    /// Takes the Slot and stores the Appointment, both or neither. Of many who book one Slot exactly one succeeds.
    async fn book(&self, booking: Booking) -> Result<BookOutcome>;

    /// Stores a new version, if the Appointment is still at the expected one.
    async fn change(&self, change: Change) -> Result<ChangeOutcome>;

    /// The Appointment that a request made or changed, if it was carried out.
    async fn request(&self, request: &RequestId) -> Result<Option<String>>;

    /// The current version.
    async fn appointment(&self, id: &str) -> Result<Option<AppointmentVersion>>;

    /// One version.
    async fn version(&self, id: &str, version: u32) -> Result<Option<AppointmentVersion>>;

    /// Every version, newest first (FHIR's order of a history). Empty when there is no such Appointment.
    async fn history(&self, id: &str) -> Result<Vec<AppointmentVersion>>;

    /// The current versions of a patient's Appointments, by start and then by id.
    async fn appointments_of(&self, query: &PatientQuery) -> Result<Vec<AppointmentVersion>>;

    /// The current versions of the Appointments with this `DocumentReference.identifier` value (BOOK-22).
    async fn appointments_with_document(&self, identifier: &str) -> Result<Vec<AppointmentVersion>>;
}

#[async_trait]
impl Appointments for Store {
    async fn book(&self, booking: Booking) -> Result<BookOutcome> {
        self.carry_out(booking).await
    }

    async fn change(&self, change: Change) -> Result<ChangeOutcome> {
        self.carry_out(change).await
    }

    async fn request(&self, request: &RequestId) -> Result<Option<String>> {
        read::request(&mut self.reader().await?, request).await
    }

    async fn appointment(&self, id: &str) -> Result<Option<AppointmentVersion>> {
        read::current(&mut self.reader().await?, id).await
    }

    async fn version(&self, id: &str, version: u32) -> Result<Option<AppointmentVersion>> {
        read::version(&mut self.reader().await?, id, version).await
    }

    async fn history(&self, id: &str) -> Result<Vec<AppointmentVersion>> {
        read::history(&mut self.reader().await?, id).await
    }

    async fn appointments_of(&self, query: &PatientQuery) -> Result<Vec<AppointmentVersion>> {
        read::of_patient(&mut self.reader().await?, query).await
    }

    async fn appointments_with_document(&self, identifier: &str) -> Result<Vec<AppointmentVersion>> {
        read::with_document(&mut self.reader().await?, identifier).await
    }
}

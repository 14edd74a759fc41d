//! The Registry's Appointments: thin records that point to a Provider's (REG-01). They are kept, changed and found as the Provider's
//! own are; what differs is that the pointer, not a Slot, makes them unique (REG-13).

use async_trait::async_trait;

use crate::AuditRecord;
use crate::appointments::{AppointmentVersion, Change, ChangeOutcome, PatientQuery, RequestId};
use crate::error::Result;

/// A registration to be made: everything that becomes durable at once, or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The new record's logical id, never used before.
    pub appointment_id: String,
    /// The URL of the Provider's Appointment, `Appointment.identifier` (REG-05).
    pub pointer: String,
    /// The request that asks for it, when it said who it is.
    pub request: Option<RequestId>,
    /// Version 1, as the bytes to serve.
    pub content: Vec<u8>,
    /// `Appointment.status`.
    pub status: String,
    /// The patients by which it is found, each as `system|value`, the NHS number's system in its one spelling (REG-14).
    pub patients: Vec<String>,
    /// Start, in seconds since 1970.
    pub start: i64,
    /// End, in seconds since 1970, when the body has one.
    pub end: Option<i64>,
    /// When it is registered, in milliseconds since 1970.
    pub at: i64,
    /// The record that goes into the audit trail together with it.
    pub audit: AuditRecord,
}

/// What became of a [`Registration`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegisterOutcome {
    /// It is registered and durable, as version 1.
    Registered,
    /// There is a record with this pointer (REG-13).
    DuplicatePointer {
        /// The record that has it.
        appointment_id: String,
    },
    /// This request was carried out before, with this result (XTI-04).
    RequestIdReused {
        /// The record that the request made or changed.
        appointment_id: String,
    },
}

/// The Appointments of the Registry.
#[async_trait]
pub trait Registrations: Send + Sync {
    /// Stores the record, unless its pointer is known.
    async fn register(&self, registration: Registration) -> Result<RegisterOutcome>;

    /// Stores a new version, if the record is still at the expected one. `frees_slot` has no meaning here.
    async fn change_registration(&self, change: Change) -> Result<ChangeOutcome>;

    /// The record that a request made or changed, if it was carried out.
    async fn registration_request(&self, request: &RequestId) -> Result<Option<String>>;

    /// The current version.
    async fn registration(&self, id: &str) -> Result<Option<AppointmentVersion>>;

    /// One version.
    async fn registration_version(&self, id: &str, version: u32) -> Result<Option<AppointmentVersion>>;

    /// Every version, newest first. Empty when there is no such record.
    async fn registration_history(&self, id: &str) -> Result<Vec<AppointmentVersion>>;

    /// The current versions of a patient's records, by start and then by id.
    async fn registrations_of(&self, query: &PatientQuery) -> Result<Vec<AppointmentVersion>>;

    /// Forgets every record and request id, so that a demonstration begins anew. The audit trail stays and gets `audit` added.
    async fn clear_registrations(&self, audit: AuditRecord) -> Result<()>;
}

//! The Registry's Appointments: thin records that point to a Provider's (REG-01). They are kept, changed and found as the Provider's
//! own are; what differs is that the pointer, not a Slot, makes them unique (REG-13).

use async_trait::async_trait;

use crate::appointments::write::{NewAppointment, appointment_key, request_key, request_step, reused};
use crate::appointments::{AppointmentVersion, Change, ChangeOutcome, PatientQuery, RequestId, read};
use crate::error::{Result, StoreError};
use crate::group_commit::{EVERYTHING, Operation, Ruling};
use crate::sql::{Session, Step};
use crate::{AuditRecord, Store};

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

#[async_trait]
impl Registrations for Store {
    async fn register(&self, registration: Registration) -> Result<RegisterOutcome> {
        self.carry_out(registration).await
    }

    async fn change_registration(&self, change: Change) -> Result<ChangeOutcome> {
        self.carry_out(Change { frees_slot: false, ..change }).await
    }

    async fn registration_request(&self, request: &RequestId) -> Result<Option<String>> {
        read::request(&mut self.reader().await?, request).await
    }

    async fn registration(&self, id: &str) -> Result<Option<AppointmentVersion>> {
        read::current(&mut self.reader().await?, id).await
    }

    async fn registration_version(&self, id: &str, version: u32) -> Result<Option<AppointmentVersion>> {
        read::version(&mut self.reader().await?, id, version).await
    }

    async fn registration_history(&self, id: &str) -> Result<Vec<AppointmentVersion>> {
        read::history(&mut self.reader().await?, id).await
    }

    async fn registrations_of(&self, query: &PatientQuery) -> Result<Vec<AppointmentVersion>> {
        read::of_patient(&mut self.reader().await?, query).await
    }

    async fn clear_registrations(&self, audit: AuditRecord) -> Result<()> {
        self.carry_out(Clear { audit: Some(audit) }).await
    }
}

#[async_trait]
impl Operation for Registration {
    type Outcome = RegisterOutcome;

    fn keys(&self) -> Vec<String> {
        let request = self.request.iter().map(request_key);
        request.chain([appointment_key(&self.appointment_id), format!("pointer/{}", self.pointer)]).collect()
    }

    async fn run(&self, session: &mut Session) -> Result<Ruling<RegisterOutcome>> {
        let mut steps: Vec<Step<'_>> =
            self.request.iter().map(|request| request_step(request, &self.appointment_id)).collect();
        let requests = steps.len();
        NewAppointment {
            id: &self.appointment_id,
            pointer: Some(&self.pointer),
            content: &self.content,
            status: &self.status,
            patients: &self.patients,
            documents: &[],
            start: self.start,
            end: self.end,
            at: self.at,
        }
        .add_steps(&mut steps);
        match session.steps(&steps).await? {
            None => Ok(Ruling::Done(RegisterOutcome::Registered)),
            Some(place) if place < requests => {
                let appointment_id = reused(session, self.request.as_ref()).await?;
                Ok(Ruling::Refused(RegisterOutcome::RequestIdReused { appointment_id }))
            }
            Some(_) => {
                let sql = "select id from appointment where pointer = ?1";
                match session.first(sql, &[(&self.pointer).into()], |row| row.text(0)).await? {
                    Some(appointment_id) => Ok(Ruling::Refused(RegisterOutcome::DuplicatePointer { appointment_id })),
                    None => Err(StoreError::Unstorable("the id of the new record is in use".to_owned())),
                }
            }
        }
    }

    fn audit(&mut self) -> Option<AuditRecord> {
        Some(std::mem::take(&mut self.audit))
    }
}

struct Clear {
    audit: Option<AuditRecord>,
}

#[async_trait]
impl Operation for Clear {
    type Outcome = ();

    fn keys(&self) -> Vec<String> {
        vec![EVERYTHING.to_owned()]
    }

    async fn run(&self, session: &mut Session) -> Result<Ruling<()>> {
        crate::appointments::write::forget_all(session).await?;
        Ok(Ruling::Done(()))
    }

    fn audit(&mut self) -> Option<AuditRecord> {
        self.audit.take()
    }
}

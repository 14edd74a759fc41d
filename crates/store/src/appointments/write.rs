//! How an Appointment is made and changed. The request's row comes first and the Slot's after it (XTI-05): whoever repeats a request
//! that is just being carried out meets its row, or waits for its key, before looking at the Slot that the first one takes.

use async_trait::async_trait;

use super::{BookOutcome, Booking, Change, ChangeOutcome, RequestId};
use crate::AuditRecord;
use crate::error::{Result, StoreError};
use crate::group_commit::{Operation, Ruling};
use crate::sql::{Session, Step, Value};

/// An Appointment's first version, a Provider's or the Registry's.
pub(crate) struct NewAppointment<'a> {
    pub(crate) id: &'a str,
    pub(crate) pointer: Option<&'a str>,
    pub(crate) content: &'a [u8],
    pub(crate) status: &'a str,
    pub(crate) patients: &'a [String],
    pub(crate) documents: &'a [String],
    pub(crate) start: i64,
    pub(crate) end: Option<i64>,
    pub(crate) at: i64,
}

impl<'a> NewAppointment<'a> {
    /// The steps that store it. The first decides whether id and pointer are new.
    pub(crate) fn add_steps(&self, steps: &mut Vec<Step<'a>>) {
        let row: [Value<'a>; 4] = [self.id.into(), self.pointer.into(), self.start.into(), self.end.into()];
        steps.push(Step::deciding(
            "insert into appointment (id, version, pointer, start_at, end_at) values (?1, 1, ?2, ?3, ?4)
             on conflict do nothing",
            row,
        ));
        steps.push(version_step(self.id, 1, self.status, self.at, self.content));
        for patient in self.patients {
            let row: [Value<'a>; 3] = [patient.into(), self.start.into(), self.id.into()];
            steps.push(Step::following(
                "insert into appointment_patient (patient, start_at, appointment_id) values (?1, ?2, ?3)
                 on conflict do nothing",
                row,
            ));
        }
        for document in self.documents {
            let row: [Value<'a>; 2] = [document.into(), self.id.into()];
            steps.push(Step::following(
                "insert into appointment_document (identifier, appointment_id) values (?1, ?2) on conflict do nothing",
                row,
            ));
        }
    }
}

fn version_step<'a>(id: &'a str, version: u32, status: &'a str, at: i64, content: &'a [u8]) -> Step<'a> {
    let row: [Value<'a>; 5] = [id.into(), version.into(), status.into(), at.into(), content.into()];
    // Where an earlier step decided against the operation, this one must not fail: PostgreSQL has got it all the same.
    Step::deciding(
        "insert into appointment_version (appointment_id, version, status, stored_at, content)
         values (?1, ?2, ?3, ?4, ?5) on conflict do nothing",
        row,
    )
}

/// The step that decides whether a request is carried out for the first time.
pub(crate) fn request_step<'a>(request: &'a RequestId, appointment_id: &'a str) -> Step<'a> {
    let row: [Value<'a>; 3] = [(&request.consumer).into(), (&request.value).into(), appointment_id.into()];
    Step::deciding("insert into request (consumer, id, appointment_id) values (?1, ?2, ?3) on conflict do nothing", row)
}

pub(crate) fn request_key(request: &RequestId) -> String {
    format!("request/{}/{}", request.consumer, request.value)
}

pub(crate) fn appointment_key(id: &str) -> String {
    format!("appointment/{id}")
}

/// What a request that is not new made or changed.
pub(crate) async fn reused(session: &mut Session, request: Option<&RequestId>) -> Result<String> {
    let appointment_id = match request {
        Some(request) => super::read::request(session, request).await?,
        None => None,
    };
    appointment_id.ok_or_else(|| StoreError::Corrupt("a request id is in use and nowhere to be found".to_owned()))
}

/// Forgets every Appointment and every request.
pub(crate) async fn forget_all(session: &mut Session) -> Result<()> {
    for sql in [
        "delete from request",
        "delete from appointment",
        "delete from appointment_version",
        "delete from appointment_patient",
        "delete from appointment_document",
    ] {
        session.execute(sql, &[]).await?;
    }
    Ok(())
}

#[async_trait]
impl Operation for Booking {
    type Outcome = BookOutcome;

    fn keys(&self) -> Vec<String> {
        let request = self.request.iter().map(request_key);
        request.chain([format!("slot/{}", self.slot_id), appointment_key(&self.appointment_id)]).collect()
    }

    async fn run(&self, session: &mut Session) -> Result<Ruling<BookOutcome>> {
        let mut steps: Vec<Step<'_>> =
            self.request.iter().map(|request| request_step(request, &self.appointment_id)).collect();
        let slot = steps.len();
        let taking: [Value<'_>; 2] = [(&self.appointment_id).into(), (&self.slot_id).into()];
        steps.push(Step::deciding(
            "update slot set status = 'busy', appointment_id = ?1 where id = ?2 and status = 'free'",
            taking,
        ));
        NewAppointment {
            id: &self.appointment_id,
            pointer: None,
            content: &self.content,
            status: &self.status,
            patients: &self.patients,
            documents: &self.documents,
            start: self.start,
            end: Some(self.end),
            at: self.at,
        }
        .add_steps(&mut steps);
        match session.steps(&steps).await? {
            None => Ok(Ruling::Done(BookOutcome::Booked)),
            Some(place) if place < slot => {
                let appointment_id = reused(session, self.request.as_ref()).await?;
                Ok(Ruling::Refused(BookOutcome::RequestIdReused { appointment_id }))
            }
            Some(place) if place == slot => {
                let sql = "select 1 from slot where id = ?1";
                let known = session.first(sql, &[(&self.slot_id).into()], |_| Ok(())).await?;
                Ok(Ruling::Refused(known.map_or(BookOutcome::UnknownSlot, |()| BookOutcome::SlotNotFree)))
            }
            Some(_) => Err(StoreError::Unstorable("the id of the new Appointment is in use".to_owned())),
        }
    }

    fn audit(&mut self) -> Option<AuditRecord> {
        Some(std::mem::take(&mut self.audit))
    }
}

#[async_trait]
impl Operation for Change {
    type Outcome = ChangeOutcome;

    fn keys(&self) -> Vec<String> {
        // Its Slot needs no key: it is this Appointment's, so nobody else can take it before this is committed.
        self.request.iter().map(request_key).chain([appointment_key(&self.appointment_id)]).collect()
    }

    async fn run(&self, session: &mut Session) -> Result<Ruling<ChangeOutcome>> {
        let Some(version) = self.expected_version.checked_add(1) else {
            return Err(StoreError::Unstorable("an Appointment has at most 4294967295 versions".to_owned()));
        };
        let mut steps: Vec<Step<'_>> =
            self.request.iter().map(|request| request_step(request, &self.appointment_id)).collect();
        let requests = steps.len();
        let next: [Value<'_>; 3] = [version.into(), (&self.appointment_id).into(), self.expected_version.into()];
        steps.push(Step::deciding("update appointment set version = ?1 where id = ?2 and version = ?3", next));
        steps.push(version_step(&self.appointment_id, version, &self.status, self.at, &self.content));
        if self.frees_slot {
            steps.push(Step::following(
                "update slot set status = 'free', appointment_id = null where appointment_id = ?1 and status = 'busy'",
                [(&self.appointment_id).into()],
            ));
        }
        match session.steps(&steps).await? {
            None => Ok(Ruling::Done(ChangeOutcome::Changed { version })),
            Some(place) if place < requests => {
                let appointment_id = reused(session, self.request.as_ref()).await?;
                Ok(Ruling::Refused(ChangeOutcome::RequestIdReused { appointment_id }))
            }
            Some(place) if place == requests => self.not_at_version(session).await.map(Ruling::Refused),
            Some(_) => Err(StoreError::Corrupt("an Appointment has a version that comes after its last".to_owned())),
        }
    }

    fn audit(&mut self) -> Option<AuditRecord> {
        Some(std::mem::take(&mut self.audit))
    }
}

impl Change {
    async fn not_at_version(&self, session: &mut Session) -> Result<ChangeOutcome> {
        let sql = "select version from appointment where id = ?1";
        let current = session.first(sql, &[(&self.appointment_id).into()], |row| row.number(0)).await?;
        Ok(match current {
            Some(current) => ChangeOutcome::VersionConflict { current: super::read::version_number(current)? },
            None => ChangeOutcome::NotFound,
        })
    }
}

//! How an Appointment is found: each answer is the bytes of a stored version.

use super::{AppointmentVersion, PatientQuery, RequestId};
use crate::error::{Result, StoreError};
use crate::sql::{Query, Row, Session, Value};

/// A version as it stands in the database.
pub(crate) fn version_number(number: i64) -> Result<u32> {
    u32::try_from(number).map_err(|_| StoreError::Corrupt("an Appointment's version is out of range".to_owned()))
}

fn read_version(row: &dyn Row) -> Result<AppointmentVersion> {
    Ok(AppointmentVersion {
        appointment_id: row.text(0)?,
        version: version_number(row.number(1)?)?,
        status: row.text(2)?,
        at: row.number(3)?,
        content: row.bytes(4)?,
    })
}

pub(crate) async fn request(session: &mut Session, request: &RequestId) -> Result<Option<String>> {
    let sql = "select appointment_id from request where consumer = ?1 and id = ?2";
    let values: [Value<'_>; 2] = [(&request.consumer).into(), (&request.value).into()];
    session.first(sql, &values, |row| row.text(0)).await
}

pub(crate) async fn current(session: &mut Session, id: &str) -> Result<Option<AppointmentVersion>> {
    let sql = "select v.appointment_id, v.version, v.status, v.stored_at, v.content from appointment a
               join appointment_version v on v.appointment_id = a.id and v.version = a.version where a.id = ?1";
    session.first(sql, &[id.into()], read_version).await
}

pub(crate) async fn version(session: &mut Session, id: &str, version: u32) -> Result<Option<AppointmentVersion>> {
    let sql = "select appointment_id, version, status, stored_at, content from appointment_version
               where appointment_id = ?1 and version = ?2";
    session.first(sql, &[id.into(), version.into()], read_version).await
}

pub(crate) async fn history(session: &mut Session, id: &str) -> Result<Vec<AppointmentVersion>> {
    let sql = "select appointment_id, version, status, stored_at, content from appointment_version
               where appointment_id = ?1 order by version desc";
    session.rows(sql, &[id.into()], read_version).await
}

pub(crate) async fn of_patient(session: &mut Session, wanted: &PatientQuery) -> Result<Vec<AppointmentVersion>> {
    // The current version is the newest, which its own index tells: there is no need to visit the Appointment's row for it.
    let mut query = Query::new(
        "select v.appointment_id, v.version, v.status, v.stored_at, v.content from appointment_patient p
         join appointment_version v on v.appointment_id = p.appointment_id and v.version =
         (select max(n.version) from appointment_version n where n.appointment_id = p.appointment_id) where 1 = 1",
    );
    query.and("p.patient = {}", [(&wanted.patient).into()]);
    if let Some(lower) = wanted.window.lower() {
        query.and("p.start_at >= {}", [lower.into()]);
    }
    if let Some(upper) = wanted.window.upper() {
        query.and("p.start_at <= {}", [upper.into()]);
    }
    for (from, until) in wanted.window.gaps() {
        query.and("not (p.start_at >= {} and p.start_at < {})", [from.into(), until.into()]);
    }
    query.then("order by p.start_at, p.appointment_id limit {}", [wanted.limit.into()]);
    session.rows(query.sql(), query.values(), read_version).await
}

pub(crate) async fn with_document(session: &mut Session, identifier: &str) -> Result<Vec<AppointmentVersion>> {
    let sql = "select v.appointment_id, v.version, v.status, v.stored_at, v.content from appointment_document d
               join appointment a on a.id = d.appointment_id
               join appointment_version v on v.appointment_id = a.id and v.version = a.version
               where d.identifier = ?1 order by d.appointment_id";
    session.rows(sql, &[identifier.into()], read_version).await
}

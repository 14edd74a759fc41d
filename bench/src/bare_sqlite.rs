//! The anchor of every booking on SQLite: the statements and rows of each booking in a bare loop, audit record included.

use std::path::Path;
use std::time::Instant;

use rusqlite::{Connection, params};
use store::Booking;

/// The statements of one booking, as the store makes them.
const STATEMENTS: [&str; 7] = [
    "insert into request (consumer, id, appointment_id) values (?1, ?2, ?3) on conflict do nothing",
    "update slot set status = 'busy', appointment_id = ?1 where id = ?2 and status = 'free'",
    "insert into appointment (id, version, pointer, start_at, end_at) values (?1, 1, null, ?2, ?3) on conflict do nothing",
    "insert into appointment_version (appointment_id, version, status, stored_at, content)
     values (?1, 1, 'booked', ?2, ?3) on conflict do nothing",
    "insert into appointment_patient (patient, start_at, appointment_id) values (?1, ?2, ?3) on conflict do nothing",
    "insert into appointment_document (identifier, appointment_id) values (?1, ?2) on conflict do nothing",
    "insert into audit_record (chain, sequence, recorded_at, trace_id, requirement, body, hash, marks)
     values ('bare', ?1, ?2, ?3, ?4, ?5, ?6, ?7)",
];

/// Books through a database that the store has made and closed, `together` bookings in each durable transaction; gives bookings a
/// second. The Slots must be there, and free.
pub(crate) fn book_all(path: &Path, bookings: &[Booking], together: usize) -> rusqlite::Result<f64> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "cache_size", -16_000)?;
    let [mut request, mut slot, mut appointment, mut version, mut patient, mut document, mut audit] =
        STATEMENTS.map(|sql| connection.prepare(sql));
    let mut sequence = 0_i64;
    let begin = Instant::now();
    for group in bookings.chunks(together) {
        connection.execute_batch("begin immediate")?;
        for booking in group {
            if let Some(asked) = &booking.request {
                execute(&mut request, params![asked.consumer, asked.value, booking.appointment_id])?;
            }
            execute(&mut slot, params![booking.appointment_id, booking.slot_id])?;
            execute(&mut appointment, params![booking.appointment_id, booking.start, booking.end])?;
            execute(&mut version, params![booking.appointment_id, booking.at, booking.content])?;
            for number in &booking.patients {
                execute(&mut patient, params![number, booking.start, booking.appointment_id])?;
            }
            for identifier in &booking.documents {
                execute(&mut document, params![identifier, booking.appointment_id])?;
            }
        }
        sequence += group.len() as i64;
        let record = &group[0].audit;
        let (hash, none) = ([0_u8; 32], None::<Vec<u8>>);
        if group.len() == 1 {
            let row = params![sequence, record.at, record.trace_id, record.requirement, record.body, hash, none];
            execute(&mut audit, row)?;
        } else {
            // Records that are written together share a row.
            let bodies: Vec<u8> = group.iter().flat_map(|booking| booking.audit.body.iter().copied()).collect();
            let marks = vec![0_u8; 4 * group.len()];
            execute(&mut audit, params![sequence, record.at, "", "audit-records", bodies, hash, marks])?;
        }
        connection.execute_batch("commit")?;
    }
    Ok(bookings.len() as f64 / begin.elapsed().as_secs_f64())
}

fn execute(
    statement: &mut rusqlite::Result<rusqlite::Statement<'_>>,
    row: &[&dyn rusqlite::ToSql],
) -> rusqlite::Result<()> {
    match statement {
        Ok(statement) => statement.execute(row).map(drop),
        Err(_) => Err(rusqlite::Error::InvalidQuery),
    }
}

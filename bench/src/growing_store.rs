//! Appointments in the store alone, among a thousand and among a million: what it costs to read one by its id and to find a patient's,
//! and how much more it costs when there are more (goal: at most 1.5 times).

use std::path::Path;
use std::time::Instant;

use rusqlite::{Connection, params};
use store::{Appointments as _, PatientQuery, Store};

use crate::load::{Fault, median_of};

/// Appointments in the two stores.
const SIZES: [i64; 2] = [1_000, 1_000_000];
/// Bytes of one; a usual one has three times as many, which the disk of a workplace has no room for.
const CONTENT: usize = 1_000;
/// Questions of one run.
const QUESTIONS: i64 = 20_000;
/// Runs, of which the median counts.
const RUNS: usize = 5;
const BEGIN: i64 = 1_800_000_000;

/// Measures and prints.
pub(crate) async fn measure() -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    let mut stores = Vec::new();
    for size in SIZES {
        stores.push(filled(&folder.path().join(format!("{size}.db")), size).await?);
    }
    let mut times = [[Vec::new(), Vec::new()], [Vec::new(), Vec::new()]];
    for _ in 0..RUNS {
        for (number, size) in SIZES.into_iter().enumerate() {
            times[0][number].push(reads(&stores[number], size).await?);
            times[1][number].push(searches(&stores[number], size).await?);
        }
    }
    for (what, times) in ["read of one Appointment", "search for a patient's Appointments"].into_iter().zip(times) {
        let [few, many] = times.map(median_of);
        println!("{what} in the store, SQLite, median of {RUNS} runs of {QUESTIONS}:");
        println!("  among {:7}   {few:6.1} microseconds", SIZES[0]);
        println!("  among {:7}   {many:6.1} microseconds, {:.2} times (goal at most 1.50)", SIZES[1], many / few);
    }
    Ok(())
}

fn id_of(number: i64) -> String {
    let mixed = (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!("{mixed:016x}-{number:08}")
}

fn patient_of(number: i64) -> String {
    format!("https://fhir.nhs.uk/Id/nhs-number|{}", id_of(number))
}

/// A store with so many Appointments, each patient with one. The store makes the tables, the rows are put in at once.
async fn filled(path: &Path, size: i64) -> Result<Store, Fault> {
    Store::open_sqlite(path, "filling").await?.closed().await;
    let mut connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "off")?;
    let transaction = connection.transaction()?;
    {
        let mut appointment = transaction
            .prepare("insert into appointment (id, version, pointer, start_at, end_at) values (?1, 1, null, ?2, ?2)")?;
        let mut version = transaction.prepare(
            "insert into appointment_version (appointment_id, version, status, stored_at, content)
             values (?1, 1, 'booked', ?2, ?3)",
        )?;
        let mut patient = transaction
            .prepare("insert into appointment_patient (patient, start_at, appointment_id) values (?1, ?2, ?3)")?;
        let content = vec![b'c'; CONTENT];
        for number in 0..size {
            let (id, start) = (id_of(number), BEGIN + number);
            appointment.execute(params![id, start])?;
            version.execute(params![id, start, content])?;
            patient.execute(params![patient_of(number), start, id])?;
        }
    }
    transaction.commit()?;
    drop(connection);
    Ok(Store::open_sqlite(path, "bench").await?)
}

/// A number that visits all of them in no order.
fn strides(size: i64) -> impl Iterator<Item = i64> {
    (0..QUESTIONS).map(move |number| number * 7_919 % size)
}

/// Microseconds of one read.
async fn reads(store: &Store, size: i64) -> Result<f64, Fault> {
    let begin = Instant::now();
    for number in strides(size) {
        if store.appointment(&id_of(number)).await?.is_none() {
            return Err(format!("Appointment {number} is not there").into());
        }
    }
    Ok(begin.elapsed().as_micros() as f64 / QUESTIONS as f64)
}

/// Microseconds of one search.
async fn searches(store: &Store, size: i64) -> Result<f64, Fault> {
    let begin = Instant::now();
    for number in strides(size) {
        let query = PatientQuery { patient: patient_of(number), limit: 100, ..PatientQuery::default() };
        if store.appointments_of(&query).await?.len() != 1 {
            return Err(format!("the patient of Appointment {number} is not found").into());
        }
    }
    Ok(begin.elapsed().as_micros() as f64 / QUESTIONS as f64)
}

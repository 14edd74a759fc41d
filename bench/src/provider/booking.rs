//! 64 concurrent bookings over HTTP, each with its token, profile validation and audit record, beside the same statements and rows in
//! a bare loop: 64 a transaction, and one a transaction.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, params};
use store::{Audit as _, AuditFilter, AuditRecord, Booking, Diary as _, RequestId, Store};

use super::{House, diary};
use crate::bare_sqlite;
use crate::load::{Fault, Load, Outcome, Requests, Until, median, median_of};

/// Bookings of one run.
const BOOKINGS: u64 = 8192;
/// Bookings of a run that waits for the disk after each.
const ALONE: usize = 512;
/// Who books at the same time.
const CONSUMERS: usize = 64;
/// Runs of each side; the sides take turns.
const ROUNDS: usize = 5;

/// Measures and prints.
pub(crate) async fn measure() -> Result<(), Fault> {
    let (mut ours, mut together, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let house = House::start(BOOKINGS)?;
        let bodies: Vec<_> = (0..BOOKINGS).map(|nth| house.booking(nth)).collect();
        let requests: Requests = Arc::new(move |nth| bodies[usize::try_from(nth).unwrap_or(usize::MAX)].clone());
        let load = Load { port: house.port, connections: CONSUMERS, until: Until::Count(BOOKINGS), status: 201 };
        ours.push(load.run(&house.client, &house.search(), &requests, Some(house.provider.id())).await?);
        let House { folder, provider, first, .. } = house;
        drop(provider);
        let bookings = booked(&folder.path().join("provider.db")).await?;
        for (rates, bookings, size) in
            [(&mut together, bookings.as_slice(), CONSUMERS), (&mut alone, &bookings[..ALONE], 1)]
        {
            let empty = tempfile::tempdir()?;
            let path = empty.path().join("bare.db");
            let store = Store::open_sqlite(&path, "bench").await?;
            store.load(diary::content(first, BOOKINGS)?, AuditRecord::default()).await?;
            store.closed().await;
            rates.push(bare_sqlite::book_all(&path, bookings, size)?);
        }
    }
    let Outcome { rate, cpu_micros, p50, p99 } = median(ours);
    let (together, alone) = (median_of(together), median_of(alone));
    println!("booking over HTTP, SQLite, durable, {CONSUMERS} connections, median of {ROUNDS} turns of {BOOKINGS}");
    println!(
        "  Provider                     {rate:8.0} a second  {cpu_micros:5.0} µs CPU each  p50 {p50:.2} ms  p99 {p99:.2} ms"
    );
    println!("  bare loop, {CONSUMERS} a transaction   {together:8.0} a second");
    println!("  bare loop, 1 a transaction    {alone:8.0} a second");
    println!(
        "  ratio: {:.2} of the batched loop (goal 0.5), {:.1} times one a transaction (goal 5)",
        rate / together,
        rate / alone
    );
    Ok(())
}

/// The bookings that the Provider stored, in their order, with the rows that it wrote.
async fn booked(path: &Path) -> Result<Vec<Booking>, Fault> {
    let records = records(path).await?;
    let connection = Connection::open(path)?;
    let mut patients = connection.prepare("select patient from appointment_patient where appointment_id = ?1")?;
    let mut documents = connection.prepare("select identifier from appointment_document where appointment_id = ?1")?;
    let mut texts = |statement: usize, id: &str| -> rusqlite::Result<Vec<String>> {
        let statement = if statement == 0 { &mut patients } else { &mut documents };
        statement.query_map(params![id], |row| row.get(0))?.collect()
    };
    let mut rows = connection.prepare(
        "select a.id, s.id, r.consumer, r.id, v.content, v.status, a.start_at, a.end_at, v.stored_at
         from appointment a join slot s on s.appointment_id = a.id join request r on r.appointment_id = a.id
         join appointment_version v on v.appointment_id = a.id order by a.rowid",
    )?;
    let bookings: rusqlite::Result<Vec<Booking>> = rows
        .query_map([], |row| {
            let appointment_id: String = row.get(0)?;
            Ok(Booking {
                patients: texts(0, &appointment_id)?,
                documents: texts(1, &appointment_id)?,
                appointment_id,
                slot_id: row.get(1)?,
                request: Some(RequestId { consumer: row.get(2)?, value: row.get(3)? }),
                content: row.get(4)?,
                status: row.get(5)?,
                start: row.get(6)?,
                end: row.get(7)?,
                at: row.get(8)?,
                audit: AuditRecord::default(),
            })
        })?
        .collect();
    let mut bookings = bookings?;
    if bookings.len() as u64 != BOOKINGS || records.len() != bookings.len() {
        let found = (bookings.len(), records.len());
        return Err(format!(
            "{BOOKINGS} bookings were acknowledged, and these with their records are stored: {found:?}"
        )
        .into());
    }
    for (booking, record) in bookings.iter_mut().zip(records) {
        booking.audit = record;
    }
    Ok(bookings)
}

/// The records of the bookings, in the order of the trail.
async fn records(path: &Path) -> Result<Vec<AuditRecord>, Fault> {
    let store = Store::open_sqlite(path, "reader").await?;
    let mut filter = AuditFilter { chain: Some("bench-1".to_owned()), limit: u32::MAX, ..AuditFilter::default() };
    filter.from = Some(1);
    let mut kept = store.list(&filter).await?;
    store.closed().await;
    kept.sort_unstable_by_key(|kept| kept.sequence);
    let made = |record: &AuditRecord| {
        let made = br#""identity":"Appointment/"#;
        record.body.windows(made.len()).any(|window| window == made)
    };
    Ok(kept.into_iter().map(|kept| kept.record).filter(made).collect())
}

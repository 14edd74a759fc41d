//! Bookings a second through the store, 64 callers at a time, beside the same statements and rows in a bare loop that puts 64 into each
//! transaction (SQLite) or in `pgbench` (PostgreSQL); and beside a store that is asked for one booking at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use store::testing::TestPostgres;
use store::{Appointments, AuditRecord, BookOutcome, Booking, Diary, NewSlot, RequestId, SlotStatus, Store};

use crate::bare_sqlite;
use crate::load::{Fault, median_of};

/// Bookings of one run.
const BOOKINGS: i64 = 16_384;
/// Bookings of a run that waits for the disk after each.
const ALONE: i64 = 512;
/// Who books at the same time.
const CALLERS: i64 = 64;
/// Runs, of which the median counts.
const RUNS: usize = 5;

/// The sizes of a usual booking's parts.
const VERSION: usize = 3_000;
const FRAGMENT: usize = 700;
const AUDIT: usize = 800;

type Rate = f64;

/// Measures and prints.
pub(crate) fn measure() -> Result<(), Fault> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let mut bare = Vec::new();
    let mut ours = Vec::new();
    let mut alone = Vec::new();
    for _ in 0..RUNS {
        bare.push(bare_sqlite()?);
        ours.push(runtime.block_on(our_sqlite(BOOKINGS, CALLERS))?);
        alone.push(runtime.block_on(our_sqlite(ALONE, 1))?);
    }
    let (bare, ours, alone) = (median_of(bare), median_of(ours), median_of(alone));
    println!("booking, SQLite, durable, median of {RUNS} runs of {BOOKINGS}:");
    println!("  bare loop, 64 a transaction   {bare:9.0} a second");
    println!(
        "  store, {CALLERS} callers            {ours:9.0} a second   {:.2} of the bare loop (goal 0.80)",
        ours / bare
    );
    println!("  store, one caller             {alone:9.0} a second   {:.1} times as many with {CALLERS}", ours / alone);
    Ok(postgres(&runtime)?)
}

fn rate(bookings: i64, took: Duration) -> Rate {
    bookings as f64 / took.as_secs_f64()
}

/// An id that is spread over its range as a random one is.
fn spread(number: i64) -> String {
    let mixed = (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!("{mixed:016x}-{number:08}")
}

fn record(number: i64) -> AuditRecord {
    AuditRecord {
        at: 1_800_000_000_000 + number,
        trace_id: spread(number + 7),
        requirement: "BOOK-09".to_owned(),
        body: vec![b'a'; AUDIT],
    }
}

fn booking(number: i64) -> Booking {
    Booking {
        appointment_id: spread(number),
        slot_id: format!("slot-{number:08}"),
        request: Some(RequestId { consumer: "200000000359".to_owned(), value: spread(number + 3) }),
        content: vec![b'c'; VERSION],
        status: "booked".to_owned(),
        patients: vec![format!("https://fhir.nhs.uk/Id/nhs-number|{}", spread(number % 5_000))],
        documents: vec![spread(number + 5)],
        start: 1_800_000_000 + number,
        end: 1_800_000_900 + number,
        at: 1_800_000_000_000,
        audit: record(number),
    }
}

fn slots() -> Vec<NewSlot> {
    (0..BOOKINGS)
        .map(|number| NewSlot {
            id: format!("slot-{number:08}"),
            schedule_id: format!("schedule-{}", number % 20),
            identifier: Some(("https://tools.ietf.org/html/rfc4122".to_owned(), spread(number + 11))),
            start: 1_800_000_000 + number,
            end: 1_800_000_900 + number,
            status: SlotStatus::Free,
            fragment: vec![b'f'; FRAGMENT],
        })
        .collect()
}

async fn our_sqlite(bookings: i64, callers: i64) -> Result<Rate, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let store =
        Store::open_sqlite(&folder.path().join("store.db"), "bench").await.map_err(|error| error.to_string())?;
    through_the_store(store, bookings, callers).await
}

async fn through_the_store(store: Store, bookings: i64, callers: i64) -> Result<Rate, String> {
    store.add_slots(slots(), record(0)).await.map_err(|error| error.to_string())?;
    let next = Arc::new(AtomicI64::new(0));
    let begin = Instant::now();
    let callers: Vec<_> = (0..callers)
        .map(|_| {
            let (store, next) = (store.clone(), Arc::clone(&next));
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= bookings {
                        return Ok(());
                    }
                    match store.book(booking(number)).await {
                        Ok(BookOutcome::Booked) => {}
                        other => return Err(format!("a booking ended as {other:?}")),
                    }
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.map_err(|error| error.to_string())??;
    }
    let took = begin.elapsed();
    store.closed().await;
    Ok(rate(bookings, took))
}

fn bare_sqlite() -> Result<Rate, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let path = folder.path().join("store.db");
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    // The store makes the tables and the Slots, and is gone before the clock starts.
    runtime.block_on(async {
        let store = Store::open_sqlite(&path, "bench").await.map_err(|error| error.to_string())?;
        store.add_slots(slots(), record(0)).await.map_err(|error| error.to_string())?;
        store.closed().await;
        Ok::<_, String>(())
    })?;
    let bookings: Vec<Booking> = (0..BOOKINGS).map(booking).collect();
    bare_sqlite::book_all(&path, &bookings, CALLERS as usize).map_err(|error| error.to_string())
}

fn postgres(runtime: &tokio::runtime::Runtime) -> Result<(), String> {
    let server = TestPostgres::start()?;
    let mut anchor = Vec::new();
    let mut ours = Vec::new();
    for run in 0..RUNS {
        let open = |schema: String| {
            let (url, password) = (server.url(), server.password());
            async move {
                Store::open_postgres(&url, &schema, Some(password), "bench").await.map_err(|error| error.to_string())
            }
        };
        let schema = format!("bare_{run}");
        runtime.block_on(async {
            let store = open(schema.clone()).await?;
            store.add_slots(slots(), record(0)).await.map_err(|error| error.to_string())?;
            store.closed().await;
            Ok::<_, String>(())
        })?;
        anchor.push(pgbench(&server, &schema)?);
        ours.push(
            runtime
                .block_on(async { through_the_store(open(format!("ours_{run}")).await?, BOOKINGS, CALLERS).await })?,
        );
    }
    let (anchor, ours) = (median_of(anchor), median_of(ours));
    println!("booking, PostgreSQL, durable, median of {RUNS} runs of {BOOKINGS}:");
    println!("  pgbench, {CALLERS} clients           {anchor:9.0} a second");
    println!("  store, {CALLERS} callers            {ours:9.0} a second   {:.2} of pgbench (goal 0.70)", ours / anchor);
    Ok(())
}

/// The same statements by `pgbench`, a transaction for each booking; PostgreSQL shares its waits for the disk by itself.
fn pgbench(server: &TestPostgres, schema: &str) -> Result<Rate, String> {
    let filler = |length: usize| format!("repeat('x', {length})::bytea");
    let script = format!(
        "\\set n random(0, {last})
\\set c random(1, 1000000000000)
begin;
insert into request (consumer, id, appointment_id) values ('200000000359', md5(:c::text) || :client_id, md5(:c::text) || :client_id) on conflict do nothing;
update slot set status = 'busy', appointment_id = md5(:c::text) || :client_id where id = 'slot-' || lpad(:n::text, 8, '0');
insert into appointment (id, version, pointer, start_at, end_at) values (md5(:c::text) || :client_id, 1, null, :c, :c) on conflict do nothing;
insert into appointment_version (appointment_id, version, status, stored_at, content) values (md5(:c::text) || :client_id, 1, 'booked', :c, {version}) on conflict do nothing;
insert into appointment_patient (patient, start_at, appointment_id) values (md5((:n % 5000)::text), :c, md5(:c::text) || :client_id) on conflict do nothing;
insert into appointment_document (identifier, appointment_id) values (md5(:c::text), md5(:c::text) || :client_id) on conflict do nothing;
insert into audit_record (chain, sequence, recorded_at, trace_id, requirement, body, hash) values ('bare' || :client_id, :c, :c, md5(:c::text), 'BOOK-09', {audit}, {hash});
commit;
",
        last = BOOKINGS - 1,
        version = filler(VERSION),
        audit = filler(AUDIT),
        hash = filler(32),
    );
    let each = BOOKINGS / CALLERS;
    let output = server.pgbench(
        &script,
        schema,
        &["-n", "-M", "prepared", "-c", &CALLERS.to_string(), "-j", "2", "-t", &each.to_string()],
    )?;
    let line = output.lines().find(|line| line.starts_with("tps = "));
    line.and_then(|line| line["tps = ".len()..].split(' ').next()?.parse().ok())
        .ok_or_else(|| format!("pgbench did not say how fast it was: {output}"))
}

//! A search for a patient's registrations in the Registry's store, among ten thousand and among a million: how much more it costs
//! when there is more (goal: at most 1.5 times).

use std::sync::Arc;
use std::time::Instant;

use store::{AuditRecord, Bound, PatientQuery, RegisterOutcome, Registration, Registrations, Store, Window};

/// Registrations in the two stores.
const SIZES: [u32; 2] = [10_000, 1_000_000];
/// Registrations of one patient.
const OF_ONE_PATIENT: u32 = 4;
/// Registrations that are under way at once while a store is filled.
const AT_ONCE: u32 = 512;
/// Searches of one run.
const SEARCHES: u32 = 20_000;
/// Runs, of which the median counts.
const RUNS: usize = 5;
const BEGIN: i64 = 1_800_000_000;

/// Measures and prints.
pub(crate) fn measure() -> Result<(), String> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let begin = Instant::now();
        let small = filled(&folder.path().join("small.db"), SIZES[0]).await?;
        let large = filled(&folder.path().join("large.db"), SIZES[1]).await?;
        println!("registrations of both stores, made one by one and durable: {:.0} s", begin.elapsed().as_secs_f64());
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..RUNS {
            for ((times, store), size) in times.iter_mut().zip([&small, &large]).zip(SIZES) {
                times.push(searches(store, size / OF_ONE_PATIENT).await?);
            }
        }
        let [small, large] = times.map(|mut times| {
            times.sort_unstable_by(f64::total_cmp);
            times[RUNS / 2]
        });
        println!("a patient's {OF_ONE_PATIENT} registrations in the store, SQLite, median of {RUNS} runs:");
        println!("  {:8} registrations   {small:6.1} microseconds", SIZES[0]);
        let goal = "goal at most 1.50";
        println!("  {:8} registrations   {large:6.1} microseconds, {:.2} times ({goal})", SIZES[1], large / small);
        Ok(())
    })
}

async fn filled(path: &std::path::Path, count: u32) -> Result<Store, String> {
    let store = Arc::new(Store::open_sqlite(path, "bench").await.map_err(|error| error.to_string())?);
    let workers: Vec<_> = (0..AT_ONCE)
        .map(|worker| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in (worker..count).step_by(AT_ONCE as usize) {
                    match store.register(registration(number, count / OF_ONE_PATIENT)).await {
                        Ok(RegisterOutcome::Registered) => {}
                        other => return Err(format!("registration {number}: {other:?}")),
                    }
                }
                Ok(())
            })
        })
        .collect();
    for worker in workers {
        worker.await.map_err(|error| error.to_string())??;
    }
    Arc::into_inner(store).ok_or_else(|| "a worker still holds the store".to_owned())
}

/// The nth registration; a patient's are spread over all.
fn registration(number: u32, patients: u32) -> Registration {
    let start = BEGIN + i64::from(number) * 900;
    Registration {
        appointment_id: format!("registration-{number}"),
        pointer: format!("https://provider-{}.test.nhs.uk/STU3/1/demo/Appointment/{number}", number % 100),
        request: None,
        content: vec![b'r'; 700],
        status: "booked".to_owned(),
        patients: vec![patient(number % patients)],
        start,
        end: Some(start + 900),
        at: BEGIN * 1000,
        audit: AuditRecord { at: BEGIN * 1000, body: vec![b'a'; 600], ..AuditRecord::default() },
    }
}

fn patient(number: u32) -> String {
    format!("https://fhir.nhs.uk/Id/nhs-number|{number:010}")
}

/// Microseconds of one search.
async fn searches(store: &Store, patients: u32) -> Result<f64, String> {
    let begin = Instant::now();
    for number in 0..SEARCHES {
        // A stride that visits patients in no order.
        let patient = patient((u64::from(number) * 7_919 % u64::from(patients)) as u32);
        let query = PatientQuery { patient, window: Window::new([Bound::AtOrAfter(BEGIN)]), limit: 1_000 };
        let found = store.registrations_of(&query).await.map_err(|error| error.to_string())?;
        if found.len() != OF_ONE_PATIENT as usize {
            return Err(format!("a search found {} registrations", found.len()));
        }
    }
    Ok(begin.elapsed().as_micros() as f64 / f64::from(SEARCHES))
}

//! Side-by-side measurements: each prints our figure, an anchor's from the same run, and the ratio of the two.
//!
//! `cargo run --release -p bench -- all`, or the names of single ones. `make bench` runs them all. Servers run in processes of their own
//! (this program again, as `bench --serve PART FOLDER`), on the loopback alone, and end with the measurement.

mod bare_sqlite;
mod booking_store;
mod codec;
mod credentials;
#[path = "../../crates/roles/tests/it/directory.rs"]
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
mod directory;
mod growing_store;
mod load;
mod look_ups;
#[path = "../../crates/roles/tests/it/pki.rs"]
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
mod pki;
mod process;
mod provider;
mod proxy;
mod registry;
mod searching_store;
#[path = "../../crates/roles/tests/it/slapd/server.rs"]
mod slapd;
mod validation;

use std::future::Future;
use std::path::Path;
use std::process::ExitCode;

use load::Fault;

/// What the program itself uses; the anchors have it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures and prints; an error says why it could not.
type Measurement = fn() -> Result<(), Fault>;

/// What is measured only when it is named, for the disk that it takes.
const LARGEST: &str = "diary-10m";

/// The measurements by name, each with what it compares.
const MEASUREMENTS: [(&str, &str, Measurement); 12] = [
    ("codec", "JSON → tree → XML → tree → JSON of a booking, against serde_json's Value parse + write", codec::measure),
    ("search", "slot search through the Provider, against axum giving the same bytes", || run(provider::search())),
    ("read", "read of one Appointment, against axum giving the same bytes", || run(provider::read())),
    ("booking", "64 concurrent bookings over HTTP on SQLite, against a bare loop", || run(provider::book())),
    ("store", "bookings through the store, against a bare loop (SQLite) and pgbench", booking_store::measure),
    ("diary", "slot searches in the store, among 10,000 Slots and among 1,000,000", || {
        Ok(searching_store::measure(1_000_000)?)
    }),
    ("growth", "reads of Appointments in the store, among a thousand and among a million", || {
        run(growing_store::measure())
    }),
    (LARGEST, "slot searches among 10,000,000 Slots: twelve gigabytes of disk while it lasts", || {
        Ok(searching_store::measure(10_000_000)?)
    }),
    ("registry", "a patient's search in the Registry, among ten thousand registrations and a million", || {
        run(registry::measure())
    }),
    ("validation", "a booking judged by its profiles, against HAPI's validator", || Ok(validation::measure()?)),
    ("proxy", "the SSP against nginx on the same two mutual-TLS legs", || run(proxy::measure())),
    ("directory", "both SDS look-ups among 20,000 systems, against slapd's mdb, indexed", || run(look_ups::measure())),
];

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if let [serve, part, folder] = wanted.as_slice()
        && serve == "--serve"
    {
        return ended(part, run(serve_part(part, Path::new(folder))));
    }
    let all = wanted.iter().any(|one| one == "all");
    let unknown = wanted.iter().find(|one| *one != "all" && MEASUREMENTS.iter().all(|(name, ..)| name != one));
    if wanted.is_empty() || unknown.is_some() {
        return usage();
    }
    let chosen =
        MEASUREMENTS.iter().filter(|(name, ..)| (all && *name != LARGEST) || wanted.iter().any(|one| one == name));
    let mut worst = ExitCode::SUCCESS;
    for (name, _, measure) in chosen {
        if let Err(fault) = measure() {
            worst = ended(name, Err(fault));
        }
    }
    worst
}

fn run(work: impl Future<Output = Result<(), Fault>>) -> Result<(), Fault> {
    tokio::runtime::Runtime::new()?.block_on(work)
}

async fn serve_part(part: &str, folder: &Path) -> Result<(), Fault> {
    match part {
        "directory" => look_ups::serve(folder).await,
        "provider" | "axum" => provider::serve(part, folder).await,
        _ => proxy::serve(part, folder).await,
    }
}

fn ended(name: &str, result: Result<(), Fault>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{name}: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: bench all, or NAME…, where NAME is one of");
    for (name, what, _) in MEASUREMENTS {
        eprintln!("  {name:10} {what}");
    }
    ExitCode::from(2)
}

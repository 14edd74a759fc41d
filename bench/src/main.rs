//! Side-by-side measurements: each prints our figure, an anchor's from the same run, and the ratio of the two.
//!
//! `cargo run --release -p bench -- all`, or the names of single ones. `make bench` runs them all.

mod booking_store;
mod codec;
#[path = "../../crates/roles/tests/it/directory.rs"]
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
mod directory;
#[path = "../../crates/roles/tests/it/pki.rs"]
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
mod pki;
mod proxy;

use std::process::ExitCode;

/// Measures and prints; an error says why it could not.
type Measurement = fn() -> Result<(), String>;

/// The measurements by name, each with what it compares.
const MEASUREMENTS: [(&str, &str, Measurement); 3] = [
    ("codec", "JSON → tree → XML → tree → JSON of a booking, against serde_json's Value parse + write", || Ok(codec::run())),
    ("store", "bookings through the store, against a bare loop (SQLite) and pgbench (PostgreSQL)", booking_store::measure),
    ("proxy", "the SSP against nginx on the same two mutual-TLS legs", || Ok(proxy::run())),
];

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if let [serve, part, folder] = wanted.as_slice()
        && serve == "--serve"
    {
        proxy::serve(part, folder);
        return ExitCode::SUCCESS;
    }
    let all = wanted.iter().any(|one| one == "all");
    let unknown = wanted.iter().find(|one| *one != "all" && MEASUREMENTS.iter().all(|(name, ..)| name != one));
    if wanted.is_empty() || unknown.is_some() {
        return usage();
    }
    for (name, _, measure) in MEASUREMENTS {
        if (all || wanted.iter().any(|one| one == name))
            && let Err(why) = measure()
        {
            eprintln!("{name}: {why}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("usage: bench all, or NAME…, where NAME is one of");
    for (name, what, _) in MEASUREMENTS {
        eprintln!("  {name:10} {what}");
    }
    ExitCode::from(2)
}

//! Side-by-side measurements: each prints our time, an anchor's time from the same run, and the ratio of the two.
//!
//! `cargo run --release -p bench -- codec`

mod booking_store;
mod codec;
#[path = "../../crates/roles/tests/it/directory.rs"]
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
mod directory;
#[path = "../../crates/roles/tests/it/pki.rs"]
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
mod pki;
mod proxy;
mod searching_store;
mod validation;

use std::process::ExitCode;

/// Measures and prints; an error says why it could not.
type Measurement = fn() -> Result<(), String>;

/// The measurements by name, each with what it compares.
const MEASUREMENTS: [(&str, &str, Measurement); 5] = [
    ("codec", "JSON → tree → XML → tree → JSON of a booking, against serde_json's Value parse + write", codec),
    ("store", "bookings through the store, against a bare SQLite loop and pgbench", booking_store::measure),
    ("search", "slot searches in the store, in a small diary and in a large one", searching_store::measure),
    ("validation", "a booking judged by its profiles, against HAPI's validator", validation::measure),
    ("proxy", "the SSP against nginx on the same two mutual-TLS legs", proxy),
];

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if let [serve, part, folder] = wanted.as_slice()
        && serve == "--serve"
    {
        proxy::serve(part, folder);
        return ExitCode::SUCCESS;
    }
    let chosen: Vec<_> = MEASUREMENTS.iter().filter(|(name, ..)| wanted.iter().any(|one| one == name)).collect();
    if chosen.is_empty() || chosen.len() != wanted.len() {
        eprintln!("usage: bench NAME…, where NAME is one of");
        for (name, what, _) in MEASUREMENTS {
            eprintln!("  {name:10} {what}");
        }
        return ExitCode::from(2);
    }
    for (name, _, measure) in chosen {
        if let Err(why) = measure() {
            eprintln!("{name}: {why}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn codec() -> Result<(), String> {
    codec::run();
    Ok(())
}

fn proxy() -> Result<(), String> {
    proxy::run();
    Ok(())
}

//! Side-by-side measurements: each prints our time, an anchor's time from the same run, and the ratio of the two.
//!
//! `cargo run --release -p bench -- codec`

mod codec;

use std::process::ExitCode;

/// The measurements by name, each with what it compares.
const MEASUREMENTS: [(&str, &str, fn()); 1] =
    [("codec", "JSON → tree → XML → tree → JSON of a booking, against serde_json's Value parse + write", codec::run)];

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let chosen: Vec<_> = MEASUREMENTS.iter().filter(|(name, ..)| wanted.iter().any(|one| one == name)).collect();
    if chosen.is_empty() || chosen.len() != wanted.len() {
        eprintln!("usage: bench NAME…, where NAME is one of");
        for (name, what, _) in MEASUREMENTS {
            eprintln!("  {name:10} {what}");
        }
        return ExitCode::from(2);
    }
    for (_, _, run) in chosen {
        run();
    }
    ExitCode::SUCCESS
}

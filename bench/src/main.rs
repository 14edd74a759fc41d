//! Side-by-side measurements: each prints our time, an anchor's time from the same run, and the ratio of the two.
//!
//! `cargo run --release -p bench -- codec`

mod codec;
#[path = "../../crates/roles/tests/it/directory.rs"]
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
mod directory;
#[path = "../../crates/roles/tests/it/pki.rs"]
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
mod pki;
mod proxy;

use std::process::ExitCode;

/// The measurements by name, each with what it compares.
const MEASUREMENTS: [(&str, &str, fn()); 2] = [
    ("codec", "JSON → tree → XML → tree → JSON of a booking, against serde_json's Value parse + write", codec::run),
    ("proxy", "the SSP against nginx on the same two mutual-TLS legs", proxy::run),
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
    for (_, _, run) in chosen {
        run();
    }
    ExitCode::SUCCESS
}

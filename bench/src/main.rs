//! Side-by-side measurements: each prints the ratio to an anchor that ran in the same minute on the same machine.

mod booking_store;
mod searching_store;

use std::process::ExitCode;

/// Measures and prints; an error says why it could not.
type Measurement = fn() -> Result<(), String>;

/// The measurements by name.
const MEASUREMENTS: &[(&str, Measurement)] = &[("store", booking_store::measure), ("search", searching_store::measure)];

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let unknown = wanted.iter().find(|name| MEASUREMENTS.iter().all(|(known, _)| known != name));
    if let Some(unknown) = unknown {
        let known: Vec<_> = MEASUREMENTS.iter().map(|(name, _)| *name).collect();
        eprintln!("there is no measurement \"{unknown}\"; there are: {}", known.join(", "));
        return ExitCode::from(2);
    }
    for (name, measure) in MEASUREMENTS {
        if (wanted.is_empty() || wanted.iter().any(|wanted| wanted == name))
            && let Err(why) = measure()
        {
            eprintln!("{name}: {why}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

//! How fast a booking is judged by its profiles, bytes in and issues out, against HAPI's validator warm on one thread in the
//! same run. Goal: at least five hundred times. Where that validator cannot be run only our own figure is printed.

use std::hint::black_box;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use fhir::{Limits, json};
use profile::{Definitions, Options, validate_parsed};

/// The booking that is judged where the other validator's own is not at hand.
const BOOKING: &[u8] = include_bytes!("../fixtures/booking.json");
/// The other validator: it is no part of the product, and not always at hand.
const OTHER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/tools/oracle");
/// Resources that the other validator judges in one run.
const OTHERS_RESOURCES: &str = "1000";
/// Runs of ours before and after the other's, and bookings in one run.
const RUNS: usize = 11;
const BOOKINGS: u32 = 5000;

/// Measures and prints both rates and their ratio.
pub(crate) fn measure() -> Result<(), String> {
    let (started, empty) = (Instant::now(), resident());
    Definitions::standard();
    let (compiled, full) = (started.elapsed(), resident());
    println!("validation: the definitions were compiled in {compiled:.1?} (goal: less than 30 ms)");
    let other = PathBuf::from(OTHER);
    let sample = std::fs::read(other.join("sample/booking.json")).unwrap_or_else(|_| BOOKING.to_vec());
    let before = rate(&sample);
    // What the first bookings made of the definitions, such as the codes of value sets, counts as well.
    if let (Some(empty), Some(full), Some(used)) = (empty, full, resident()) {
        let megabytes = |kilobytes: u64| kilobytes.saturating_sub(empty) as f64 / 1024.0;
        let (full, used) = (megabytes(full), megabytes(used));
        println!(
            "  they take {full:.1} MB, {used:.1} MB once in use (goal: less than 20 MB; measured when nothing else ran before)"
        );
    }
    let theirs = others_rate(&other);
    let ours = f64::midpoint(before, rate(&sample));
    println!("  ours                         {ours:>10.0} bookings of {} bytes a second, one thread", sample.len());
    match theirs {
        Some(theirs) => {
            println!("  HAPI, warm, one thread       {theirs:>10.1} of the same");
            println!("  ratio {:.0} (goal: at least 500)", ours / theirs);
        }
        None => println!("  HAPI was not measured: {OTHER}/run is absent, or Java and Maven are"),
    }
    Ok(())
}

/// The memory of this process that is in use, in kilobytes; `None` where the system does not tell it.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// Bookings a second: the median of the runs.
fn rate(booking: &[u8]) -> f64 {
    let (definitions, options, limits) = (Definitions::standard(), Options::validator(), Limits::STRICT);
    let mut rates: Vec<f64> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            for _ in 0..BOOKINGS {
                let parsed = json::read(black_box(booking), &limits).expect("the booking is JSON");
                black_box(validate_parsed(&parsed, definitions, &options));
            }
            f64::from(BOOKINGS) / started.elapsed().as_secs_f64()
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    rates[RUNS / 2]
}

/// What the other validator says of itself: `1 thread: 1000 resources in 17.2 s = 58.1 resources/s`.
fn others_rate(folder: &std::path::Path) -> Option<f64> {
    let told = Command::new(folder.join("run")).args(["--bench", OTHERS_RESOURCES]).output().ok()?;
    let text = [told.stdout, told.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().find(|line| line.contains("1 thread:"))?;
    line.split_once("= ")?.1.split_whitespace().next()?.parse().ok()
}

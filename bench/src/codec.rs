//! How fast a booking goes through both formats: JSON → tree → XML → tree → JSON, against what `serde_json` takes to parse
//! the same text into a `Value` and write it again. Goal: at most four times.

use std::hint::black_box;
use std::time::{Duration, Instant};

use fhir::{Limits, json, xml};

/// The booking with three contained resources, in the form of 2.0.4.
const BOOKING: &[u8] = include_bytes!("../fixtures/booking.json");
/// Runs of each side, by turns.
const RUNS: usize = 21;
/// Bookings in one run.
const BOOKINGS: u32 = 2000;

/// Measures and prints the medians and their ratio.
pub(crate) fn measure() -> Result<(), crate::load::Fault> {
    let limits = Limits::default();
    let check = through_both(&limits);
    assert_eq!(value(&check), value(BOOKING), "the round trip changed the booking");
    let mut ours = Vec::new();
    let mut anchor = Vec::new();
    for _ in 0..RUNS {
        ours.push(time(|| drop(black_box(through_both(&limits)))));
        anchor.push(time(|| drop(black_box(serde_json::to_vec(&value(black_box(BOOKING)))))));
    }
    let (ours, anchor) = (median(ours), median(anchor));
    let ratio = ours.as_secs_f64() / anchor.as_secs_f64();
    println!("codec: {} bytes, {RUNS} runs of {BOOKINGS} by turns, medians for one booking", BOOKING.len());
    for (what, duration) in parts(&limits) {
        println!("  {what:28} {duration:>10.2?}");
    }
    println!("  both formats, there and back {ours:>10.2?}");
    println!("  serde_json Value             {anchor:>10.2?}");
    println!("  ratio {ratio:.2} (goal: at most 4)");
    Ok(())
}

fn through_both(limits: &Limits) -> Vec<u8> {
    let first = json::read(black_box(BOOKING), limits).expect("the booking is JSON").resource;
    let as_xml = xml::write(&first);
    let second = xml::read(&as_xml, limits).expect("what was written is XML").resource;
    json::write(&second)
}

/// The time of each step by itself.
fn parts(limits: &Limits) -> [(&'static str, Duration); 4] {
    let tree = json::read(BOOKING, limits).expect("the booking is JSON").resource;
    let as_xml = xml::write(&tree);
    let of = |step: &dyn Fn()| median((0..RUNS).map(|_| time(step)).collect());
    [
        ("JSON to tree", of(&|| drop(black_box(json::read(black_box(BOOKING), limits))))),
        ("tree to XML", of(&|| drop(black_box(xml::write(black_box(&tree)))))),
        ("XML to tree", of(&|| drop(black_box(xml::read(black_box(&as_xml), limits))))),
        ("tree to JSON", of(&|| drop(black_box(json::write(black_box(&tree)))))),
    ]
}

fn value(source: &[u8]) -> serde_json::Value {
    serde_json::from_slice(source).expect("the booking is JSON")
}

/// The mean time of one step within a run.
fn time(step: impl Fn()) -> Duration {
    let start = Instant::now();
    for _ in 0..BOOKINGS {
        step();
    }
    start.elapsed() / BOOKINGS
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

//! The package reader: any bytes as an archive or as files of definitions, by which a booking is then judged, against the checks
//! that the plain tests use too.
#![no_main]

use std::cell::RefCell;

#[expect(dead_code, reason = "each target uses one of the shared checks")]
#[path = "../../crates/profile/tests/it/checks.rs"]
mod checks;

const BOOKING: &[u8] = include_bytes!("../../crates/profile/tests/it/booking.json");
/// After so many runs the definitions begin anew, so that what was added does not fill the memory.
const RUNS: u32 = 20_000;

thread_local! {
    static STATE: RefCell<(profile::Definitions, u32)> = RefCell::new((profile::Definitions::built_in(), 0));
    static READ: fhir::Node = fhir::json::read(BOOKING, &fhir::Limits::STRICT).expect("well-formed").resource;
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    STATE.with_borrow_mut(|(definitions, runs)| {
        *runs += 1;
        if *runs == RUNS {
            (*definitions, *runs) = (profile::Definitions::built_in(), 0);
        }
        READ.with(|booking| checks::package(definitions, booking, bytes));
    });
});

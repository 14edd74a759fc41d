//! The FHIRPath parser and evaluator on any text, against the checks that the plain tests use too.
#![no_main]

use std::cell::RefCell;

#[expect(dead_code, reason = "each target uses one of the shared checks")]
#[path = "../../crates/profile/tests/it/checks.rs"]
mod checks;

const BOOKING: &[u8] = include_bytes!("../../crates/profile/tests/it/booking.json");

thread_local! {
    static STATE: RefCell<(profile::Definitions, fhir::Node)> = RefCell::new((
        profile::Definitions::built_in(),
        fhir::json::read(BOOKING, &fhir::Limits::STRICT).expect("well-formed").resource,
    ));
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    STATE.with_borrow_mut(|(definitions, booking)| checks::expression(definitions, booking, text));
});

//! Bearer tokens, against the checks that the plain tests use too.
#![no_main]

#[expect(dead_code, reason = "each target uses one of the shared checks")]
#[path = "../../crates/spine/tests/it/checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::check_token(bytes));

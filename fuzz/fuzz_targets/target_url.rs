//! Request targets at the proxy, against the checks that the plain tests use too.
#![no_main]

#[path = "../../crates/roles/tests/it/ssp/target_checks.rs"]
mod target_checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| target_checks::check_target(bytes));

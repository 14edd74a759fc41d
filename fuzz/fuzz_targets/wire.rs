//! Heads and bodies on the proxy's legs, against the checks that the plain tests use too.
#![no_main]

#[path = "../../crates/roles/tests/it/ssp/wire_checks.rs"]
mod wire_checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wire_checks::check_wire(bytes));

//! The program: everything is in the library beside it.

use std::process::ExitCode;

/// A fifth of a search's time was the system's allocator; this one takes much less of it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    careslot::cli::run(std::env::args_os())
}

//! `careslot doctor`: find out what keeps the network from working: environment, names, certificates, clocks, parts.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::terminal::{OutputFlags, Terminal};

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Environment file of a demo [default: .careslot/environment.json here, else that of the demo that is running]
    #[arg(long, value_name = "FILE")]
    pub env: Option<PathBuf>,
    /// Form of the output.
    #[command(flatten)]
    pub output: OutputFlags,
}

/// Do it.
pub async fn run(_args: Args, _terminal: &Terminal) -> Result<(), Failure> {
    Err(super::not_in_this_build("doctor"))
}

//! `careslot appointments`: a patient's Appointments, at a Provider or at the Registry (PAT-01).

use crate::cli::ConsumerFlags;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The patient's NHS number
    #[arg(long, value_name = "N")]
    pub nhs_number: String,
    /// Ask the Registry, which knows of every Provider
    #[arg(long)]
    pub registry: bool,
    /// Consumer flags.
    #[command(flatten)]
    pub consumer: ConsumerFlags,
}

/// Do it.
pub async fn run(_args: Args, _terminal: &Terminal) -> Result<(), Failure> {
    Err(super::not_in_this_build("appointments"))
}

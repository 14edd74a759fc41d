//! `careslot slots`: the Slots of a service (SLT-02, CON-03, CON-06).

use crate::cli::ConsumerFlags;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The service: its ASID
    #[arg(value_name = "SERVICE")]
    pub healthcare_service: String,
    /// Slots that start at this time or later; without a zone it is Europe/London
    #[arg(long, value_name = "TIME")]
    pub from: String,
    /// Slots that start at this time or earlier
    #[arg(long, value_name = "TIME")]
    pub to: String,
    /// Their status
    #[arg(long, value_name = "STATUS", default_value = "free")]
    pub status: String,
    /// Consumer flags.
    #[command(flatten)]
    pub consumer: ConsumerFlags,
}

/// Do it.
pub async fn run(_args: Args, _terminal: &Terminal) -> Result<(), Failure> {
    Err(super::not_in_this_build("slots"))
}

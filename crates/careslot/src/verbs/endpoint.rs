//! `careslot endpoint`: where a Provider is, by the two look-ups of SDS (FIND-12, SDS-20, SDS-21).

use crate::cli::ConsumerFlags;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The ASID to look for, as the Directory of Services gives it
    #[arg(value_name = "ASID")]
    pub asid: String,
    /// Consumer flags.
    #[command(flatten)]
    pub consumer: ConsumerFlags,
}

/// Do it.
pub async fn run(_args: Args, _terminal: &Terminal) -> Result<(), Failure> {
    Err(super::not_in_this_build("endpoint"))
}

//! `careslot history`: every version of an Appointment (VER-02).

use crate::cli::ConsumerFlags;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Its id, Appointment/ID or address
    #[arg(value_name = "ID")]
    pub id: String,
    /// Consumer flags.
    #[command(flatten)]
    pub consumer: ConsumerFlags,
}

/// Do it.
pub async fn run(_args: Args, _terminal: &Terminal) -> Result<(), Failure> {
    Err(super::not_in_this_build("history"))
}

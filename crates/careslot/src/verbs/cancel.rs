//! `careslot cancel`: cancel an Appointment, then its registration (CAN-01, VER-06).

use crate::cli::ConsumerFlags;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Its id, Appointment/ID or address
    #[arg(value_name = "ID")]
    pub id: String,
    /// The version to cancel [default: the newest, read first]
    #[arg(long, value_name = "V")]
    pub if_match: Option<String>,
    /// Do not cancel the registration
    #[arg(long)]
    pub no_register: bool,
    /// Consumer flags.
    #[command(flatten)]
    pub consumer: ConsumerFlags,
}

/// Do it.
pub async fn run(_args: Args, _terminal: &Terminal) -> Result<(), Failure> {
    Err(super::not_in_this_build("cancel"))
}

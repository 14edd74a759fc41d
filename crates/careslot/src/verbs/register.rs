//! `careslot register`: tell the Registry of an Appointment (REG-01).

use crate::cli::ConsumerFlags;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Address of the Appointment at its Provider
    #[arg(value_name = "URL", requires_all = ["nhs_number", "start"], required_unless_present = "pending")]
    pub url: Option<String>,
    /// The patient's NHS number
    #[arg(long, value_name = "N")]
    pub nhs_number: Option<String>,
    /// When the Appointment starts
    #[arg(long, value_name = "TIME")]
    pub start: Option<String>,
    /// Send what earlier commands could not
    #[arg(long, conflicts_with_all = ["url", "nhs_number", "start"])]
    pub pending: bool,
    /// Consumer flags.
    #[command(flatten)]
    pub consumer: ConsumerFlags,
}

/// Do it.
pub async fn run(_args: Args, _terminal: &Terminal) -> Result<(), Failure> {
    Err(super::not_in_this_build("register"))
}

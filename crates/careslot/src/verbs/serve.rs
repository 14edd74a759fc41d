//! `careslot serve`: one or more roles in this process, as the configuration says.

use crate::cli::ConfigFlags;
use crate::config::Role;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The roles to run
    #[arg(required = true, value_enum, value_name = "ROLE")]
    pub roles: Vec<Role>,
    /// Configuration file.
    #[command(flatten)]
    pub config: ConfigFlags,
}

/// Do it.
pub async fn run(_args: Args, _terminal: &Terminal) -> Result<(), Failure> {
    Err(super::not_in_this_build("serve"))
}

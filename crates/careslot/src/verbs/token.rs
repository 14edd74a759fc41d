//! `careslot token`: an access token from the token endpoint (TOK-01 to TOK-05).

use crate::cli::ConsumerFlags;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The scope: a service root followed by /.default [default: that of the Provider's endpoint]
    #[arg(long, value_name = "URL")]
    pub scope: Option<String>,
    /// Consumer flags.
    #[command(flatten)]
    pub consumer: ConsumerFlags,
}

/// Do it.
pub async fn run(_args: Args, _terminal: &Terminal) -> Result<(), Failure> {
    Err(super::not_in_this_build("token"))
}

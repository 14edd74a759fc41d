//! `careslot jwt`: look into tokens without sending them anywhere (UTL-01, UTL-05, UTL-06).

use clap::Subcommand;

use crate::failure::Failure;
use crate::terminal::{OutputFlags, Terminal};

/// The verbs for tokens.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What to do with it.
    #[command(subcommand)]
    pub verb: JwtVerb,
}

/// What can be done with a token.
#[derive(Clone, Debug, Subcommand)]
pub enum JwtVerb {
    /// Show header and claims, with times as dates
    Decode(Decode),
}

/// The flags of `jwt decode`.
#[derive(Clone, Debug, clap::Args)]
pub struct Decode {
    /// The token; without it, or with -, it comes from stdin. A leading `Bearer ` is dropped
    #[arg(value_name = "TOKEN")]
    pub token: Option<String>,
    /// Form of the output.
    #[command(flatten)]
    pub output: OutputFlags,
}

/// Do it.
pub async fn run(_args: Args, _terminal: &Terminal) -> Result<(), Failure> {
    Err(super::not_in_this_build("jwt"))
}

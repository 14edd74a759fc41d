//! `careslot token-client rotate`: another secret beside those that a client has; they go on for a while, so that nobody is
//! locked out in between (TOK-03).

use super::{ClientsAtHand, DAY, KeeperFlags, SecretLife, is_new, plain_name, tell};
use crate::failure::Failure;
use crate::terminal::{OutputFlags, Terminal};

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The client
    #[arg(value_name = "CLIENT-ID", value_parser = plain_name)]
    pub client_id: String,
    /// After how many days its older secrets end; 0 ends them at once
    #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(0..=36500))]
    pub older_days: u32,
    /// The new secret.
    #[command(flatten)]
    pub secret: SecretLife,
    /// Whose clients are meant.
    #[command(flatten)]
    pub keeper: KeeperFlags,
    /// Form of the output.
    #[command(flatten)]
    pub output: OutputFlags,
}

/// Do it.
pub(super) async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    is_new(args.secret.out.as_deref())?;
    let clients = ClientsAtHand::open(&args.keeper)?;
    let others_end_at = clients.now() + i64::from(args.older_days) * DAY;
    let made = clients.add_secret(&args.client_id, &args.secret, Some(others_end_at)).await?;
    clients.close().await;
    terminal.say(&match args.older_days {
        0 => "its older secrets have ended".to_owned(),
        days => format!("its older secrets end in {days} days at the latest"),
    });
    tell(&args.client_id, &made, args.secret.out.as_deref(), args.output.form(), terminal)
}

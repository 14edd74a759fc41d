//! `careslot token-client revoke`: an end to one secret of a client, or to the client. Tokens that it has live on until they
//! expire (JWT-04); no new one is given.

use super::{ClientsAtHand, KeeperFlags, plain_name};
use crate::failure::Failure;
use crate::terminal::Terminal;

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The client
    #[arg(value_name = "CLIENT-ID", value_parser = plain_name)]
    pub client_id: String,
    /// End this secret alone, by its name
    #[arg(long, value_name = "NAME", value_parser = plain_name)]
    pub secret: Option<String>,
    /// Whose clients are meant.
    #[command(flatten)]
    pub keeper: KeeperFlags,
}

/// Do it.
pub(super) async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    let clients = ClientsAtHand::open(&args.keeper)?;
    match &args.secret {
        Some(secret) => {
            clients.end_secret(&args.client_id, secret).await?;
            terminal.say(&format!("the secret {secret} of {} has ended", args.client_id));
        }
        None => {
            clients.remove(&args.client_id).await?;
            terminal.say(&format!("{} is no client any more; tokens that it holds end by themselves", args.client_id));
        }
    }
    clients.close().await;
    Ok(())
}

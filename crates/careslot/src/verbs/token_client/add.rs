//! `careslot token-client add`: a client of the token endpoint, assured for groups (TOK-09, TOK-10).

use roles::edge::clock::Ids;
use spine::interaction::Group;

use super::{ClientsAtHand, KeeperFlags, SecretLife, is_new, plain_name, tell};
use crate::failure::{Exit, Failure};
use crate::network::SystemIds;
use crate::terminal::{OutputFlags, Terminal};

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Whose client it is, in words: one service, not one system (TOK-09)
    #[arg(value_name = "NAME")]
    pub name: String,
    /// A group that it is assured for: read:slot, create:appointment; may be given several times
    #[arg(long = "group", value_name = "GROUP", required = true, value_parser = group)]
    pub groups: Vec<Group>,
    /// Its client_id [default: a new UUID]
    #[arg(long, value_name = "ID", value_parser = plain_name)]
    pub client_id: Option<String>,
    /// Its first secret.
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
    let client_id = match args.client_id {
        Some(client_id) => {
            refuse_known(&clients, &client_id).await?;
            client_id
        }
        None => SystemIds.uuid().to_string(),
    };
    clients.keep(&client_id, &args.name, &args.groups).await?;
    let made = clients.add_secret(&client_id, &args.secret, None).await?;
    clients.close().await;
    tell(&client_id, &made, args.secret.out.as_deref(), args.output.form(), terminal)
}

/// A client that is there is never replaced by mistake. Where nothing is kept yet there is none.
async fn refuse_known(clients: &ClientsAtHand, client_id: &str) -> Result<(), Failure> {
    match clients.named(client_id).await {
        Ok(_) => {
            let why = format!("there is a client {client_id} already");
            let cure = "name another with --client-id, or give it a new secret with `careslot token-client rotate`";
            Err(Failure::new(Exit::Refused, "no client was added", why, cure))
        }
        Err(failure) if [Exit::Refused, Exit::Usage].contains(&failure.exit) => Ok(()),
        Err(failure) => Err(failure),
    }
}

/// A group by its name, or by the end of it.
fn group(text: &str) -> Result<Group, String> {
    let found = Group::ALL
        .into_iter()
        .find(|group| group.name().strip_suffix(text).is_some_and(|before| before.is_empty() || before.ends_with(':')));
    found.filter(|_| !text.is_empty()).ok_or_else(|| {
        let names = Group::ALL.map(|group| group.name().rsplit("rest:").next().unwrap_or_default());
        format!("choose one of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: TOK-10
    #[test]
    fn a_group_is_named_in_short_or_whole() {
        assert_eq!(group("read:slot"), Ok(Group::ReadSlot));
        assert_eq!(group("create:appointment"), Ok(Group::CreateAppointment));
        assert_eq!(group(Group::ReadSlot.name()), Ok(Group::ReadSlot));
        for text in ["", "slot:", "delete:appointment", "lot"] {
            assert!(group(text).is_err(), "{text}");
        }
    }
}

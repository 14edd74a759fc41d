//! `careslot token-client`: who may ask the token endpoint, in which groups, with which secrets (TOK-03, TOK-09, TOK-10). The
//! administration is asked while the endpoint runs, else its store; what is changed counts for the next request either way.

mod add;
mod list;
mod revoke;
mod rotate;

use std::path::{Path, PathBuf};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use bytes::Bytes;
use clap::Subcommand;
use http::Method;
use roles::edge::clock::Ids;
use roles::token::secret::{hashed, new_secret};
use serde_json::{Value, json};
use spine::interaction::Group;
use store::{AuditRecord, HashedSecret, Store, StoreError, TokenClient, TokenClients};

use super::administered::{Keeper, KeeperFlags};
use super::private_file;
use crate::failure::{Exit, Failure};
use crate::network::SystemIds;
use crate::terminal::{OutputForm, Terminal};

/// The verbs for clients of the token endpoint.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub verb: TokenClientVerb,
}

/// What can be done with clients.
#[derive(Clone, Debug, Subcommand)]
pub enum TokenClientVerb {
    /// Register a client, and show its secret once
    Add(add::Args),
    /// Give a client another secret beside those that it has
    Rotate(rotate::Args),
    /// List the clients with their groups and the names of their secrets
    List(list::Args),
    /// End one secret of a client, or the client
    Revoke(revoke::Args),
}

/// Do it.
pub async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    match args.verb {
        TokenClientVerb::Add(args) => add::run(args, terminal).await,
        TokenClientVerb::Rotate(args) => rotate::run(args, terminal).await,
        TokenClientVerb::List(args) => list::run(&args, terminal).await,
        TokenClientVerb::Revoke(args) => revoke::run(args, terminal).await,
    }
}

/// The path of the clients at the administration.
const PATH: &str = "/token-clients";
/// The letters of a client_id, so that it needs no escaping anywhere.
const ID_LETTERS: &str = "letters, digits, hyphens, dots and underscores";

/// The clients, wherever they are kept.
struct ClientsAtHand(Keeper);

impl ClientsAtHand {
    fn open(flags: &KeeperFlags) -> Result<Self, Failure> {
        Ok(Self(Keeper::open(flags)?))
    }

    /// Milliseconds since 1970.
    fn now(&self) -> i64 {
        self.0.clock.now().as_millisecond()
    }

    /// Every client as the administration tells it: without hashes.
    async fn all(&self) -> Result<Vec<Value>, Failure> {
        if let Some(body) = self.0.ask(Method::GET, PATH, Bytes::new()).await? {
            return serde_json::from_slice(&body)
                .map_err(|fault| Failure::internal("the list of clients cannot be read", &fault.into()));
        }
        let clients = self.store(false).await?.token_clients().await.map_err(unkept)?;
        Ok(clients.iter().map(roles::administration::shown_client).collect())
    }

    /// The client of that id.
    async fn named(&self, client_id: &str) -> Result<Value, Failure> {
        let all = self.all().await?;
        all.into_iter().find(|client| client["client_id"] == client_id).ok_or_else(|| unknown(client_id))
    }

    /// Keeps a client; its secrets come afterwards.
    async fn keep(&self, client_id: &str, name: &str, groups: &[Group]) -> Result<(), Failure> {
        let groups: Vec<String> = groups.iter().map(|group| group.name().to_owned()).collect();
        let body = json!({ "name": name, "groups": groups });
        if self.0.ask(Method::PUT, &format!("{PATH}/{client_id}"), body.to_string().into()).await?.is_some() {
            return Ok(());
        }
        let client = TokenClient {
            client_id: client_id.to_owned(),
            name: name.to_owned(),
            secrets: Vec::new(),
            groups,
            enabled: true,
        };
        let done = self.store(true).await?.keep_token_client(client, self.record("added", client_id)).await;
        done.map_err(unkept)
    }

    /// Gives a client a secret of that name; the secret itself leaves this process for the terminal or a file alone.
    async fn add_secret(
        &self,
        client_id: &str,
        life: &SecretLife,
        others_end_at: Option<i64>,
    ) -> Result<(String, HashedSecret), Failure> {
        let secret = new_secret(&random()?);
        let hash = hashed(&secret, SystemIds.uuid().as_bytes());
        let hash = hash.map_err(|fault| Failure::internal("no secret was made", &fault.into()))?;
        let (id, created_at) = (life.secret_name.clone().unwrap_or_else(short_id), self.now());
        let expires_at = life.secret_days.map(|days| created_at + i64::from(days) * DAY);
        let kept = HashedSecret { id, hash, created_at, expires_at };
        let body = json!({
            "id": kept.id, "hash": kept.hash, "expires_at": expires_at, "others_end_at": others_end_at,
        });
        let path = format!("{PATH}/{client_id}/secrets");
        if self.0.ask(Method::POST, &path, body.to_string().into()).await?.is_none() {
            let store = self.store(false).await?;
            let record = self.record("secret added", client_id);
            let added = store.add_secret(client_id, kept.clone(), others_end_at, record).await;
            if !added.map_err(unkept)? {
                return Err(unknown(client_id));
            }
        }
        Ok((secret, kept))
    }

    /// Ends a secret.
    async fn end_secret(&self, client_id: &str, secret: &str) -> Result<(), Failure> {
        let path = format!("{PATH}/{client_id}/secrets/{secret}");
        if self.0.ask(Method::DELETE, &path, Bytes::new()).await?.is_some() {
            return Ok(());
        }
        let record = self.record("secret ended", client_id);
        let ended = self.store(false).await?.revoke_secret(client_id, secret, record).await;
        if ended.map_err(unkept)? { Ok(()) } else { Err(unknown(client_id)) }
    }

    /// Removes a client.
    async fn remove(&self, client_id: &str) -> Result<(), Failure> {
        if self.0.ask(Method::DELETE, &format!("{PATH}/{client_id}"), Bytes::new()).await?.is_some() {
            return Ok(());
        }
        let record = self.record("removed", client_id);
        let removed = self.store(false).await?.remove_token_client(client_id, record).await;
        if removed.map_err(unkept)? { Ok(()) } else { Err(unknown(client_id)) }
    }

    async fn store(&self, may_be_made: bool) -> Result<Store, Failure> {
        self.0.store("token", may_be_made).await
    }

    fn record(&self, what: &str, client_id: &str) -> AuditRecord {
        AuditRecord {
            at: self.now(),
            trace_id: String::new(),
            requirement: "TOK-09".to_owned(),
            body: json!({ "role": "token", "client": client_id, "event": what }).to_string().into_bytes(),
        }
    }

    async fn close(self) {
        self.0.close().await;
    }
}

/// A day in milliseconds.
const DAY: i64 = 86_400_000;

/// How a new secret is called, and how long it lives.
#[derive(Clone, Debug, clap::Args)]
pub struct SecretLife {
    /// What the new secret is called, to revoke it by [default: eight random digits]
    #[arg(long, value_name = "NAME", value_parser = plain_name)]
    pub secret_name: Option<String>,
    /// After how many days it ends [default: it does not]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36500))]
    pub secret_days: Option<u32>,
    /// Write the secret into this new file, mode 0600, instead of to stdout
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Tells a secret, once: to its file, else to stdout.
fn tell(
    client_id: &str,
    (secret, kept): &(String, HashedSecret),
    out: Option<&Path>,
    form: OutputForm,
    terminal: &Terminal,
) -> Result<(), Failure> {
    if let Some(path) = out {
        private_file::write(path, &format!("{secret}\n"))?;
        terminal.say(&format!("its secret {} is in {}, for you alone to read", kept.id, path.display()));
    } else {
        terminal.say(&format!("this is the only time that the secret {} is shown; only its hash is kept", kept.id));
    }
    let shown = out.is_none().then_some(secret);
    match form {
        OutputForm::Json => {
            let told = json!({
                "client_id": client_id, "secret_name": kept.id, "client_secret": shown, "expires_at": kept.expires_at,
            });
            terminal.data(&format!("{told:#}\n"));
        }
        OutputForm::Xml => return Err(super::no_xml("a client")),
        OutputForm::Table => {
            let mut fields = vec![("client_id", client_id.to_owned()), ("secret name", kept.id.clone())];
            fields.extend(shown.map(|secret| ("client_secret", secret.clone())));
            terminal.data(&super::table::fields(&fields));
        }
    }
    Ok(())
}

/// Makes sure, before anything is changed, that the file for a secret can be a new one.
fn is_new(out: Option<&Path>) -> Result<(), Failure> {
    match out {
        Some(path) if path.exists() => {
            let what = format!("{} is there already", path.display());
            Err(Failure::new(Exit::Usage, what, "a secret is written into a new file only", "name another with --out"))
        }
        _ => Ok(()),
    }
}

/// A name that can stand in a path and in a form without escaping.
fn plain_name(text: &str) -> Result<String, String> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
    if (1..=128).contains(&text.len()) && text.chars().all(fits) && !text.starts_with('.') {
        Ok(text.to_owned())
    } else {
        Err(format!("expected 1 to 128 {ID_LETTERS}, not beginning with a dot"))
    }
}

fn short_id() -> String {
    SystemIds.uuid().simple().to_string()[..8].to_owned()
}

fn random() -> Result<[u8; 32], Failure> {
    let mut random = [0_u8; 32];
    SystemRandom::new().fill(&mut random).map_err(|_| {
        let why = anyhow::anyhow!("the operating system gave no random bytes");
        Failure::internal("no secret was made", &why)
    })?;
    Ok(random)
}

fn unknown(client_id: &str) -> Failure {
    let why = format!("there is no client {client_id}, or it has no such secret");
    Failure::new(Exit::Refused, "nothing was changed", why, "see them with `careslot token-client list`")
}

fn unkept(fault: StoreError) -> Failure {
    Failure::starting("the token endpoint's database did not do it", &fault.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_need_escaping_is_refused() {
        for name in ["5d1f0f3c-2b0e-4a53-9a55-0c7f3c1f0001", "a", "A.b_c"] {
            assert!(plain_name(name).is_ok(), "{name}");
        }
        for name in ["", "a/b", "..", "a b", "ä", "a%2f"] {
            assert!(plain_name(name).is_err(), "{name}");
        }
    }
}

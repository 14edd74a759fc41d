//! `/token-clients`: who may ask the token endpoint, in which groups, with which secrets (TOK-03, TOK-09, TOK-10, AUD-09).
//!
//! Secrets come in as hashes and none ever goes out.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use store::{HashedSecret, TokenClient, TokenClients};

use super::{Administration, Asked, not_here};
use crate::edge::local::{LocalAnswer, LocalRefusal};

/// A client as it is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentClient {
    name: String,
    groups: Vec<String>,
    #[serde(default = "yes")]
    enabled: bool,
}

/// A secret as it is sent: salt and hash, in the token endpoint's form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentSecret {
    id: String,
    hash: String,
    /// Milliseconds since 1970.
    expires_at: Option<i64>,
    /// By when the client's other secrets end, in milliseconds since 1970.
    #[serde(default)]
    others_end_at: Option<i64>,
}

fn yes() -> bool {
    true
}

fn kept(administration: &Administration) -> Result<&Arc<dyn TokenClients>, LocalRefusal> {
    administration.keeps.token_clients.as_ref().ok_or_else(|| not_here("the token endpoint"))
}

/// Every client; of its secrets only names and times.
pub(super) async fn list(administration: &Administration) -> Result<LocalAnswer, LocalRefusal> {
    let clients: Vec<Value> = kept(administration)?.token_clients().await?.iter().map(shown_client).collect();
    Ok(LocalAnswer::Found("application/json", Value::from(clients).to_string().into_bytes()))
}

/// A client as it is told: of its secrets only names and times.
#[must_use]
pub fn shown_client(client: &TokenClient) -> Value {
    let secret = |secret: &HashedSecret| json!({ "id": secret.id, "created_at": secret.created_at, "expires_at": secret.expires_at });
    json!({
        "client_id": client.client_id,
        "name": client.name,
        "groups": client.groups,
        "enabled": client.enabled,
        "secrets": client.secrets.iter().map(secret).collect::<Vec<Value>>(),
    })
}

/// Adds a client, or changes its name, groups and whether it is enabled; its secrets stay.
pub(super) async fn keep(
    administration: &Administration,
    asked: &Asked,
    id: &str,
) -> Result<LocalAnswer, LocalRefusal> {
    let sent: SentClient = read(asked, "{name, groups, enabled}")?;
    let clients = kept(administration)?;
    let secrets = clients.token_client(id).await?.map(|client| client.secrets).unwrap_or_default();
    let client =
        TokenClient { client_id: id.to_owned(), name: sent.name, secrets, groups: sent.groups, enabled: sent.enabled };
    clients.keep_token_client(client, administration.record(asked, id)).await?;
    Ok(LocalAnswer::Done)
}

/// Removes a client.
pub(super) async fn remove(
    administration: &Administration,
    asked: &Asked,
    id: &str,
) -> Result<LocalAnswer, LocalRefusal> {
    there(kept(administration)?.remove_token_client(id, administration.record(asked, id)).await?, "client", id)
}

/// Adds a secret to a client, beside those that it has: both live while one is being replaced.
pub(super) async fn add_secret(
    administration: &Administration,
    asked: &Asked,
    id: &str,
) -> Result<LocalAnswer, LocalRefusal> {
    let sent: SentSecret = read(asked, "{id, hash, expires_at, others_end_at}")?;
    let created_at = administration.clock.now().as_millisecond();
    let secret = HashedSecret { id: sent.id, hash: sent.hash, created_at, expires_at: sent.expires_at };
    let added =
        kept(administration)?.add_secret(id, secret, sent.others_end_at, administration.record(asked, id)).await?;
    there(added, "client", id)
}

/// Ends a secret.
pub(super) async fn revoke_secret(
    administration: &Administration,
    asked: &Asked,
    id: &str,
    secret: &str,
) -> Result<LocalAnswer, LocalRefusal> {
    there(kept(administration)?.revoke_secret(id, secret, administration.record(asked, id)).await?, "secret", secret)
}

fn there(found: bool, what: &str, id: &str) -> Result<LocalAnswer, LocalRefusal> {
    if found { Ok(LocalAnswer::Done) } else { Err(LocalRefusal::NotThere(format!("there is no {what} {id}"))) }
}

fn read<'a, T: Deserialize<'a>>(asked: &'a Asked, form: &str) -> Result<T, LocalRefusal> {
    serde_json::from_slice(&asked.body).map_err(|error| LocalRefusal::Invalid(format!("expected JSON {form}: {error}")))
}

//! Who may ask the token endpoint for a token, with which secrets, and which groups a token names.

use async_trait::async_trait;

use crate::error::{Result, StoreError};
use crate::group_commit::{Operation, Ruling};
use crate::sql::{Row, Session, Step, Value};
use crate::{AuditRecord, Store};

/// A client of the token endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenClient {
    /// The `client_id`, which is also the `appid` of its tokens.
    pub client_id: String,
    /// Whose it is, in a person's words.
    pub name: String,
    /// Its live secrets: several while one is being replaced.
    pub secrets: Vec<HashedSecret>,
    /// The groups that its tokens name, `read:slot` say.
    pub groups: Vec<String>,
    /// Whether it gets tokens at all.
    pub enabled: bool,
}

/// A client secret, of which only a hash is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedSecret {
    /// A name for this secret, so that it can be revoked without knowing it.
    pub id: String,
    /// Salt and hash, in the form that the token role writes and checks.
    pub hash: String,
    /// When it was made, in milliseconds since 1970.
    pub created_at: i64,
    /// When it ends, in milliseconds since 1970, if it does.
    pub expires_at: Option<i64>,
}

/// The clients of the token endpoint.
#[async_trait]
pub trait TokenClients: Send + Sync {
    /// The client with this id, enabled or not.
    async fn token_client(&self, client_id: &str) -> Result<Option<TokenClient>>;

    /// All clients, by id.
    async fn token_clients(&self) -> Result<Vec<TokenClient>>;

    /// Adds a client, or puts it in place of the one with the same id.
    async fn keep_token_client(&self, client: TokenClient, audit: AuditRecord) -> Result<()>;

    /// Adds a secret to a client, and ends its others by `others_end_at` where they would live longer; false when there is
    /// no such client.
    async fn add_secret(
        &self,
        client_id: &str,
        secret: HashedSecret,
        others_end_at: Option<i64>,
        audit: AuditRecord,
    ) -> Result<bool>;

    /// Ends a secret of a client; false when there is no such secret.
    async fn revoke_secret(&self, client_id: &str, secret_id: &str, audit: AuditRecord) -> Result<bool>;

    /// Removes a client; false when there was none.
    async fn remove_token_client(&self, client_id: &str, audit: AuditRecord) -> Result<bool>;
}

#[async_trait]
impl TokenClients for Store {
    async fn token_client(&self, client_id: &str) -> Result<Option<TokenClient>> {
        let mut session = self.reader().await?;
        let sql = "select id, name, enabled from token_client where id = ?1";
        let read = |row: &dyn Row| Ok((row.text(0)?, row.text(1)?, row.number(2)?));
        let client = session.first(sql, &[client_id.into()], read).await?;
        let Some((client_id, name, enabled)) = client else { return Ok(None) };
        let secrets = secrets(&mut session, &client_id).await?;
        let groups = groups(&mut session, &client_id).await?;
        Ok(Some(TokenClient { client_id, name, secrets, groups, enabled: enabled != 0 }))
    }

    async fn token_clients(&self) -> Result<Vec<TokenClient>> {
        let mut session = self.reader().await?;
        let ids = session.rows("select id from token_client order by id", &[], |row| row.text(0)).await?;
        drop(session);
        let mut clients = Vec::with_capacity(ids.len());
        for id in ids {
            clients.extend(self.token_client(&id).await?);
        }
        Ok(clients)
    }

    async fn keep_token_client(&self, client: TokenClient, audit: AuditRecord) -> Result<()> {
        let change = ClientChange::Keep(client);
        self.carry_out(ChangeClient { change, audit: Some(audit) }).await.map(drop)
    }

    async fn add_secret(
        &self,
        client_id: &str,
        secret: HashedSecret,
        others_end_at: Option<i64>,
        audit: AuditRecord,
    ) -> Result<bool> {
        let change = ClientChange::AddSecret { client_id: client_id.to_owned(), secret, others_end_at };
        self.carry_out(ChangeClient { change, audit: Some(audit) }).await
    }

    async fn revoke_secret(&self, client_id: &str, secret_id: &str, audit: AuditRecord) -> Result<bool> {
        let change = ClientChange::RevokeSecret { client_id: client_id.to_owned(), secret_id: secret_id.to_owned() };
        self.carry_out(ChangeClient { change, audit: Some(audit) }).await
    }

    async fn remove_token_client(&self, client_id: &str, audit: AuditRecord) -> Result<bool> {
        let change = ClientChange::Remove { client_id: client_id.to_owned() };
        self.carry_out(ChangeClient { change, audit: Some(audit) }).await
    }
}

async fn secrets(session: &mut Session, client_id: &str) -> Result<Vec<HashedSecret>> {
    let sql = "select id, hash, created_at, expires_at from token_secret where client_id = ?1 order by created_at, id";
    session
        .rows(sql, &[client_id.into()], |row| {
            Ok(HashedSecret {
                id: row.text(0)?,
                hash: row.text(1)?,
                created_at: row.number(2)?,
                expires_at: row.optional_number(3)?,
            })
        })
        .await
}

async fn groups(session: &mut Session, client_id: &str) -> Result<Vec<String>> {
    let sql = "select name from token_group where client_id = ?1 order by position";
    session.rows(sql, &[client_id.into()], |row| row.text(0)).await
}

enum ClientChange {
    Keep(TokenClient),
    AddSecret { client_id: String, secret: HashedSecret, others_end_at: Option<i64> },
    RevokeSecret { client_id: String, secret_id: String },
    Remove { client_id: String },
}

/// A change of one client; the outcome is whether there was what it changes.
struct ChangeClient {
    change: ClientChange,
    audit: Option<AuditRecord>,
}

#[async_trait]
impl Operation for ChangeClient {
    type Outcome = bool;

    fn keys(&self) -> Vec<String> {
        let client_id = match &self.change {
            ClientChange::Keep(client) => &client.client_id,
            ClientChange::AddSecret { client_id, .. }
            | ClientChange::RevokeSecret { client_id, .. }
            | ClientChange::Remove { client_id } => client_id,
        };
        vec![format!("token client/{client_id}")]
    }

    async fn run(&self, session: &mut Session) -> Result<Ruling<bool>> {
        let lacking = match &self.change {
            ClientChange::Keep(client) => session.steps(&keep_steps(client)?).await?,
            ClientChange::AddSecret { client_id, secret, others_end_at } => {
                // Touches the client's row, to see that there is one.
                let known = Step::deciding("update token_client set name = name where id = ?1", [client_id.into()]);
                let mut steps = vec![known];
                steps.extend(others_end_at.map(|end| ending_step(client_id, end)));
                steps.push(secret_step(client_id, secret));
                session.steps(&steps).await?
            }
            ClientChange::RevokeSecret { client_id, secret_id } => {
                let which: [Value<'_>; 2] = [client_id.into(), secret_id.into()];
                session
                    .steps(&[Step::deciding("delete from token_secret where client_id = ?1 and id = ?2", which)])
                    .await?
            }
            ClientChange::Remove { client_id } => {
                let itself = Step::deciding("delete from token_client where id = ?1", [client_id.into()]);
                let [secrets, groups] = forget_steps(client_id);
                session.steps(&[itself, secrets, groups]).await?
            }
        };
        Ok(if lacking.is_none() { Ruling::Done(true) } else { Ruling::Refused(false) })
    }

    fn audit(&mut self) -> Option<AuditRecord> {
        self.audit.take()
    }
}

fn keep_steps(client: &TokenClient) -> Result<Vec<Step<'_>>> {
    let id = &client.client_id;
    let row: [Value<'_>; 3] = [id.into(), (&client.name).into(), client.enabled.into()];
    let mut steps = vec![Step::following(
        "insert into token_client (id, name, enabled) values (?1, ?2, ?3)
         on conflict (id) do update set name = excluded.name, enabled = excluded.enabled",
        row,
    )];
    steps.extend(forget_steps(id));
    steps.extend(client.secrets.iter().map(|secret| secret_step(id, secret)));
    for (position, group) in client.groups.iter().enumerate() {
        let position = i64::try_from(position).map_err(|_| StoreError::Unstorable("too many groups".to_owned()))?;
        let row: [Value<'_>; 3] = [id.into(), position.into(), group.into()];
        steps.push(Step::following("insert into token_group (client_id, position, name) values (?1, ?2, ?3)", row));
    }
    Ok(steps)
}

fn forget_steps(client_id: &str) -> [Step<'_>; 2] {
    [
        Step::following("delete from token_secret where client_id = ?1", [client_id.into()]),
        Step::following("delete from token_group where client_id = ?1", [client_id.into()]),
    ]
}

/// Ends every secret of a client that would live longer.
fn ending_step(client_id: &str, end: i64) -> Step<'_> {
    Step::following(
        "update token_secret set expires_at = ?2 where client_id = ?1 and (expires_at is null or expires_at > ?2)",
        [client_id.into(), Value::from(end)],
    )
}

fn secret_step<'a>(client_id: &'a str, secret: &'a HashedSecret) -> Step<'a> {
    let row: [Value<'a>; 5] = [
        client_id.into(),
        (&secret.id).into(),
        (&secret.hash).into(),
        secret.created_at.into(),
        secret.expires_at.into(),
    ];
    Step::following(
        "insert into token_secret (client_id, id, hash, created_at, expires_at) values (?1, ?2, ?3, ?4, ?5)",
        row,
    )
}

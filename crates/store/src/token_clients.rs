//! Who may ask the token endpoint for a token, with which secrets, and which groups a token names.

use async_trait::async_trait;

use crate::AuditRecord;
use crate::error::Result;

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

    /// Adds a secret to a client; false when there is no such client.
    async fn add_secret(&self, client_id: &str, secret: HashedSecret, audit: AuditRecord) -> Result<bool>;

    /// Ends a secret of a client; false when there is no such secret.
    async fn revoke_secret(&self, client_id: &str, secret_id: &str, audit: AuditRecord) -> Result<bool>;

    /// Removes a client; false when there was none.
    async fn remove_token_client(&self, client_id: &str, audit: AuditRecord) -> Result<bool>;
}

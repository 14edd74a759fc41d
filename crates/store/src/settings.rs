//! The few things that a role makes once and must find again: the token endpoint's signing key, say.

use async_trait::async_trait;

use crate::error::Result;

/// Named values of a role.
#[async_trait]
pub trait Settings: Send + Sync {
    /// The value with this name.
    async fn setting(&self, name: &str) -> Result<Option<Vec<u8>>>;

    /// Keeps a value, in place of the one that is there.
    async fn keep_setting(&self, name: &str, value: Vec<u8>) -> Result<()>;

    /// Keeps a value unless there is one, and returns the one that is kept: of two processes that start at once both get the same.
    async fn setting_or_keep(&self, name: &str, value: Vec<u8>) -> Result<Vec<u8>>;
}

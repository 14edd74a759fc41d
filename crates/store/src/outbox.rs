//! What the Consumer still has to tell the Registry: a registration is kept here until the Registry has taken it.

use async_trait::async_trait;

use crate::error::Result;

/// A message that waits to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxItem {
    /// Its id, made by the caller; the `X-Request-ID` under which it is sent, each time the same.
    pub id: String,
    /// What it is about: the Provider's Appointment. Messages about one subject are sent in the order in which they came.
    pub subject: String,
    /// The message, in a form that only the Consumer reads.
    pub content: Vec<u8>,
    /// When it was put here, in milliseconds since 1970.
    pub created_at: i64,
    /// How often sending failed.
    pub attempts: u32,
    /// Not to be sent before this time, in milliseconds since 1970.
    pub due_at: i64,
    /// Why the last attempt failed; empty when there was none.
    pub last_failure: String,
}

/// The messages that wait to be sent.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Keeps a message. One with the same id is left as it is.
    async fn keep_message(&self, item: OutboxItem) -> Result<()>;

    /// The messages that are due at this time, oldest first, and of each subject only the first.
    async fn due_messages(&self, now: i64, limit: u32) -> Result<Vec<OutboxItem>>;

    /// All messages, oldest first.
    async fn waiting_messages(&self) -> Result<Vec<OutboxItem>>;

    /// Notes that sending failed and when to try again.
    async fn message_failed(&self, id: &str, why: &str, due_at: i64) -> Result<()>;

    /// Removes a message that was sent.
    async fn message_sent(&self, id: &str) -> Result<()>;
}

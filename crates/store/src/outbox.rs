//! What the Consumer still has to tell the Registry: a registration is kept here until the Registry has taken it.

use async_trait::async_trait;

use crate::error::{Result, StoreError};
use crate::group_commit::{Operation, Ruling};
use crate::sql::{Row, Session, Value};
use crate::{AuditRecord, Store};

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

#[async_trait]
impl Outbox for Store {
    async fn keep_message(&self, item: OutboxItem) -> Result<()> {
        self.carry_out(OutboxChange::Keep(item)).await
    }

    async fn due_messages(&self, now: i64, limit: u32) -> Result<Vec<OutboxItem>> {
        let sql = "select id, subject, content, created_at, attempts, due_at, last_failure from outbox o
                   where due_at <= ?1
                     and not exists (select 1 from outbox f where f.subject = o.subject and f.position < o.position)
                   order by position limit ?2";
        self.reader().await?.rows(sql, &[now.into(), limit.into()], read_item).await
    }

    async fn waiting_messages(&self) -> Result<Vec<OutboxItem>> {
        let sql =
            "select id, subject, content, created_at, attempts, due_at, last_failure from outbox order by position";
        self.reader().await?.rows(sql, &[], read_item).await
    }

    async fn message_failed(&self, id: &str, why: &str, due_at: i64) -> Result<()> {
        self.carry_out(OutboxChange::Failed { id: id.to_owned(), why: why.to_owned(), due_at }).await
    }

    async fn message_sent(&self, id: &str) -> Result<()> {
        self.carry_out(OutboxChange::Sent { id: id.to_owned() }).await
    }
}

fn read_item(row: &dyn Row) -> Result<OutboxItem> {
    Ok(OutboxItem {
        id: row.text(0)?,
        subject: row.text(1)?,
        content: row.bytes(2)?,
        created_at: row.number(3)?,
        attempts: u32::try_from(row.number(4)?)
            .map_err(|_| StoreError::Corrupt("a message's attempts are out of range".to_owned()))?,
        due_at: row.number(5)?,
        last_failure: row.text(6)?,
    })
}

enum OutboxChange {
    Keep(OutboxItem),
    Failed { id: String, why: String, due_at: i64 },
    Sent { id: String },
}

#[async_trait]
impl Operation for OutboxChange {
    type Outcome = ();

    fn keys(&self) -> Vec<String> {
        vec!["outbox".to_owned()]
    }

    async fn run(&self, session: &mut Session) -> Result<Ruling<()>> {
        match self {
            Self::Keep(item) => {
                let row: [Value<'_>; 7] = [
                    (&item.id).into(),
                    (&item.subject).into(),
                    (&item.content).into(),
                    item.created_at.into(),
                    item.attempts.into(),
                    item.due_at.into(),
                    (&item.last_failure).into(),
                ];
                let sql = "insert into outbox
                           (id, subject, content, created_at, attempts, due_at, last_failure, position)
                           values (?1, ?2, ?3, ?4, ?5, ?6, ?7, (select coalesce(max(position), 0) + 1 from outbox))
                           on conflict do nothing";
                session.execute(sql, &row).await?;
            }
            Self::Failed { id, why, due_at } => {
                let sql = "update outbox set attempts = attempts + 1, last_failure = ?1, due_at = ?2 where id = ?3";
                session.execute(sql, &[why.into(), (*due_at).into(), id.into()]).await?;
            }
            Self::Sent { id } => {
                session.execute("delete from outbox where id = ?1", &[id.into()]).await?;
            }
        }
        Ok(Ruling::Done(()))
    }

    fn audit(&mut self) -> Option<AuditRecord> {
        None
    }
}

//! The few things that a role makes once and must find again: the token endpoint's signing key, say.

use async_trait::async_trait;

use crate::error::{Result, StoreError};
use crate::group_commit::{Operation, Ruling};
use crate::sql::{Session, Value};
use crate::{AuditRecord, Store};

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

#[async_trait]
impl Settings for Store {
    async fn setting(&self, name: &str) -> Result<Option<Vec<u8>>> {
        setting(&mut self.reader().await?, name).await
    }

    async fn keep_setting(&self, name: &str, value: Vec<u8>) -> Result<()> {
        self.carry_out(Keep { name: name.to_owned(), value, replaces: true }).await.map(drop)
    }

    async fn setting_or_keep(&self, name: &str, value: Vec<u8>) -> Result<Vec<u8>> {
        self.carry_out(Keep { name: name.to_owned(), value, replaces: false }).await
    }
}

async fn setting(session: &mut Session, name: &str) -> Result<Option<Vec<u8>>> {
    session.first("select value from setting where name = ?1", &[name.into()], |row| row.bytes(0)).await
}

/// Keeps a value; the outcome is the one that is there afterwards.
struct Keep {
    name: String,
    value: Vec<u8>,
    replaces: bool,
}

#[async_trait]
impl Operation for Keep {
    type Outcome = Vec<u8>;

    fn keys(&self) -> Vec<String> {
        vec![format!("setting/{}", self.name)]
    }

    async fn run(&self, session: &mut Session) -> Result<Ruling<Vec<u8>>> {
        let sql = if self.replaces {
            "insert into setting (name, value) values (?1, ?2) on conflict (name) do update set value = excluded.value"
        } else {
            "insert into setting (name, value) values (?1, ?2) on conflict do nothing"
        };
        let row: [Value<'_>; 2] = [(&self.name).into(), (&self.value).into()];
        session.execute(sql, &row).await?;
        let kept = setting(session, &self.name).await?;
        kept.map(Ruling::Done).ok_or_else(|| StoreError::Corrupt("a setting is not kept".to_owned()))
    }

    fn audit(&mut self) -> Option<AuditRecord> {
        None
    }
}

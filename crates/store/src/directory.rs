//! The entries of the directory (SDS), and which of them changed since a reader last looked.

use async_trait::async_trait;
use tokio::sync::watch;

use crate::error::{Result, StoreError};
use crate::group_commit::{Operation, Ruling};
use crate::sql::{Row, Session, Step, Value};
use crate::{AuditRecord, Store};

/// An entry of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// The distinguished name in the one spelling in which equal names are equal. The caller makes it; it is the entry's key.
    pub key: String,
    /// The distinguished name as it was written.
    pub dn: String,
    /// Attributes with one value each, in the order in which they were written; an attribute with many values has many rows.
    pub attributes: Vec<(String, Vec<u8>)>,
}

/// The directory, or what changed in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DirectoryChanges {
    /// How far this goes: ask for the changes since here next time.
    pub counter: i64,
    /// Entries that were added or replaced, by key.
    pub kept: Vec<DirectoryEntry>,
    /// The keys of entries that were removed.
    pub removed: Vec<String>,
}

/// The entries of the directory.
#[async_trait]
pub trait DirectoryEntries: Send + Sync {
    /// What changed after this counter; from 0, every entry.
    async fn directory_changes(&self, since: i64) -> Result<DirectoryChanges>;

    /// Becomes different whenever this process has changed an entry, after the change is durable.
    fn directory_counter(&self) -> watch::Receiver<i64>;

    /// Adds entries, or puts them in place of those with the same key; all or none.
    async fn keep_entries(&self, entries: Vec<DirectoryEntry>, audit: AuditRecord) -> Result<()>;

    /// Removes an entry; false when there was none.
    async fn remove_entry(&self, key: &str, audit: AuditRecord) -> Result<bool>;

    /// Puts these entries in place of all that are there.
    async fn replace_entries(&self, entries: Vec<DirectoryEntry>, audit: AuditRecord) -> Result<()>;
}

#[async_trait]
impl DirectoryEntries for Store {
    async fn directory_changes(&self, since: i64) -> Result<DirectoryChanges> {
        changes(&mut self.reader().await?, since).await
    }

    fn directory_counter(&self) -> watch::Receiver<i64> {
        self.directory_counter.subscribe()
    }

    async fn keep_entries(&self, entries: Vec<DirectoryEntry>, audit: AuditRecord) -> Result<()> {
        self.change_directory(DirectoryChange::Keep(entries), audit).await.map(drop)
    }

    async fn remove_entry(&self, key: &str, audit: AuditRecord) -> Result<bool> {
        self.change_directory(DirectoryChange::Remove(key.to_owned()), audit).await
    }

    async fn replace_entries(&self, entries: Vec<DirectoryEntry>, audit: AuditRecord) -> Result<()> {
        self.change_directory(DirectoryChange::Replace(entries), audit).await.map(drop)
    }
}

impl Store {
    async fn change_directory(&self, change: DirectoryChange, audit: AuditRecord) -> Result<bool> {
        let counter = self.carry_out(ChangeDirectory { change, audit: Some(audit) }).await?;
        if let Some(counter) = counter {
            // Two changes may come here in either order; the counter does not go back.
            self.directory_counter.send_if_modified(|seen| {
                let newer = counter > *seen;
                *seen = counter.max(*seen);
                newer
            });
        }
        Ok(counter.is_some())
    }
}

async fn changes(session: &mut Session, since: i64) -> Result<DirectoryChanges> {
    // One statement, so that entries and attributes are of one moment. The counter is that of the newest row in it.
    let sql = "select e.key, e.dn, e.changed, e.removed, a.name, a.value from directory_entry e
               left join directory_attribute a on a.key = e.key where e.changed > ?1 order by e.key, a.position";
    let mut found = DirectoryChanges { counter: since, ..DirectoryChanges::default() };
    for row in session.rows(sql, &[since.into()], read_row).await? {
        found.counter = found.counter.max(row.changed);
        if row.removed {
            found.removed.push(row.key);
            continue;
        }
        if found.kept.last().is_none_or(|entry| entry.key != row.key) {
            found.kept.push(DirectoryEntry { key: row.key, dn: row.dn, attributes: Vec::new() });
        }
        if let (Some(entry), Some(attribute)) = (found.kept.last_mut(), row.attribute) {
            entry.attributes.push(attribute);
        }
    }
    Ok(found)
}

struct EntryRow {
    key: String,
    dn: String,
    changed: i64,
    removed: bool,
    attribute: Option<(String, Vec<u8>)>,
}

fn read_row(row: &dyn Row) -> Result<EntryRow> {
    let attribute = match row.optional_text(4)? {
        Some(name) => Some((name, row.bytes(5)?)),
        None => None,
    };
    Ok(EntryRow {
        key: row.text(0)?,
        dn: row.text(1)?,
        changed: row.number(2)?,
        removed: row.number(3)? != 0,
        attribute,
    })
}

enum DirectoryChange {
    Keep(Vec<DirectoryEntry>),
    Remove(String),
    Replace(Vec<DirectoryEntry>),
}

/// A change of the directory; the outcome is the counter after it, or nothing when there was nothing to change.
struct ChangeDirectory {
    change: DirectoryChange,
    audit: Option<AuditRecord>,
}

#[async_trait]
impl Operation for ChangeDirectory {
    type Outcome = Option<i64>;

    fn keys(&self) -> Vec<String> {
        // The counter orders all changes, so they come one after the other.
        vec!["directory".to_owned()]
    }

    async fn run(&self, session: &mut Session) -> Result<Ruling<Option<i64>>> {
        let sql = "update directory_counter set value = value + 1 where id = 1 returning value";
        let counter = session.first(sql, &[], |row| row.number(0)).await?;
        let counter = counter.ok_or_else(|| StoreError::Corrupt("the directory has lost its counter".to_owned()))?;
        match &self.change {
            DirectoryChange::Keep(entries) => keep(session, entries, counter).await?,
            DirectoryChange::Remove(key) => {
                if !remove(session, key, counter).await? {
                    return Ok(Ruling::Refused(None));
                }
            }
            DirectoryChange::Replace(entries) => {
                session
                    .execute(
                        "update directory_entry set removed = 1, changed = ?1 where removed = 0",
                        &[counter.into()],
                    )
                    .await?;
                session.execute("delete from directory_attribute", &[]).await?;
                keep(session, entries, counter).await?;
            }
        }
        Ok(Ruling::Done(Some(counter)))
    }

    fn audit(&mut self) -> Option<AuditRecord> {
        self.audit.take()
    }
}

async fn keep(session: &mut Session, entries: &[DirectoryEntry], counter: i64) -> Result<()> {
    let mut steps = Vec::new();
    for entry in entries {
        let row: [Value<'_>; 3] = [(&entry.key).into(), (&entry.dn).into(), counter.into()];
        steps.push(Step::following(
            "insert into directory_entry (key, dn, changed, removed) values (?1, ?2, ?3, 0)
             on conflict (key) do update set dn = excluded.dn, changed = excluded.changed, removed = 0",
            row,
        ));
        steps.push(Step::following("delete from directory_attribute where key = ?1", [(&entry.key).into()]));
        for (position, (name, value)) in (0_i64..).zip(&entry.attributes) {
            let row: [Value<'_>; 4] = [(&entry.key).into(), position.into(), name.into(), value.into()];
            steps.push(Step::following(
                "insert into directory_attribute (key, position, name, value) values (?1, ?2, ?3, ?4)",
                row,
            ));
        }
    }
    session.steps(&steps).await.map(drop)
}

async fn remove(session: &mut Session, key: &str, counter: i64) -> Result<bool> {
    let row: [Value<'_>; 2] = [counter.into(), key.into()];
    let gone =
        Step::deciding("update directory_entry set removed = 1, changed = ?1 where key = ?2 and removed = 0", row);
    let attributes = Step::following("delete from directory_attribute where key = ?1", [key.into()]);
    Ok(session.steps(&[gone, attributes]).await?.is_none())
}

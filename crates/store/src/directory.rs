//! The entries of the directory (SDS), and which of them changed since a reader last looked.

use async_trait::async_trait;
use tokio::sync::watch;

use crate::AuditRecord;
use crate::error::Result;

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

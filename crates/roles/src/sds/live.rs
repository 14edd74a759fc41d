//! The directory as searches see it: a snapshot in memory, put in place of the one before as soon as the store changes.
//!
//! A change that this process made is in the very next search. A change of another process, which cannot tell us, is
//! found by looking, at most [`LOOK_EVERY`] later; revoking a system has to bite within a minute (SDS-53).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use spine::sds::{Directory, Dn};
use store::{DirectoryChanges, DirectoryEntries, StoreError};
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;

use crate::edge::directory_entry::as_kept;

/// How often the store is asked for changes of other processes.
pub const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The directory of one moment.
struct Snapshot {
    directory: Arc<Directory>,
    /// How far the store's changes are in it.
    changes: i64,
    /// What this process's own counter said before they were read.
    told: i64,
}

/// A directory that follows its store.
pub struct LiveDirectory {
    entries: Arc<dyn DirectoryEntries>,
    told: watch::Receiver<i64>,
    snapshot: ArcSwap<Snapshot>,
    /// Held while the store is read, so that many searches at once read it once.
    reading: Mutex<()>,
    /// Whether the last attempt to read the store succeeded.
    fresh: AtomicBool,
}

impl LiveDirectory {
    /// Reads the whole directory.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn open(entries: Arc<dyn DirectoryEntries>) -> Result<Self, StoreError> {
        let told = entries.directory_counter();
        let seen = *told.borrow();
        let changes = entries.directory_changes(0).await?;
        let snapshot = Snapshot::after(&Directory::new(), &changes, seen);
        Ok(Self {
            entries,
            told,
            snapshot: ArcSwap::from_pointee(snapshot),
            reading: Mutex::new(()),
            fresh: AtomicBool::new(true),
        })
    }

    /// The directory with every change of this process. When the store cannot be read it is the last one that could:
    /// a look-up that is a little old is of more use than none.
    pub async fn now(&self) -> Arc<Directory> {
        if *self.told.borrow() != self.snapshot.load().told {
            self.look().await;
        }
        self.snapshot.load().directory.clone()
    }

    /// Whether the store could be read when it was last looked at.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.fresh.load(Ordering::Relaxed)
    }

    /// Follows the store until `shutdown`.
    pub async fn follow(&self, shutdown: CancellationToken) {
        let mut told = self.told.clone();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                // When the store is gone it tells nothing any more, and looking says so.
                Ok(()) = told.changed() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            self.look().await;
        }
    }

    async fn look(&self) {
        let _reading = self.reading.lock().await;
        let before = self.snapshot.load_full();
        let told = *self.told.borrow();
        match self.entries.directory_changes(before.changes).await {
            Ok(changes) => {
                if !self.fresh.swap(true, Ordering::Relaxed) {
                    tracing::info!("the directory's store can be read again");
                }
                if changes.counter != before.changes || told != before.told {
                    self.snapshot.store(Arc::new(Snapshot::after(&before.directory, &changes, told)));
                }
            }
            Err(fault) => {
                if self.fresh.swap(false, Ordering::Relaxed) {
                    tracing::error!(%fault, "the directory's store cannot be read; the last directory stays in use");
                }
            }
        }
    }
}

impl Snapshot {
    /// A directory with these changes made in it.
    fn after(directory: &Directory, changes: &DirectoryChanges, told: i64) -> Self {
        let mut directory = directory.clone();
        for key in &changes.removed {
            // A key is a name in its normal form, so it reads back as that name.
            if let Ok(dn) = Dn::parse(key) {
                directory.remove(&dn);
            }
        }
        for kept in &changes.kept {
            match as_kept(kept) {
                Ok(entry) => directory.put(entry),
                Err(fault) => tracing::warn!(fault, "a directory entry is left out"),
            }
        }
        Self { directory: Arc::new(directory), changes: changes.counter, told }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::directory_entry::{key_of, to_keep};
    use async_trait::async_trait;
    use spine::sds::Entry;
    use std::sync::Mutex as BlockingMutex;
    use store::{AuditRecord, DirectoryEntry, Result};

    /// A store that holds what the test puts there, and can be away.
    struct Shelf {
        changes: BlockingMutex<Result<DirectoryChanges>>,
        told: watch::Sender<i64>,
    }

    impl Shelf {
        fn tell(&self, changes: Result<DirectoryChanges>) {
            *self.changes.lock().expect("not poisoned") = changes;
            self.told.send_modify(|told| *told += 1);
        }
    }

    #[async_trait]
    impl DirectoryEntries for Shelf {
        async fn directory_changes(&self, _: i64) -> Result<DirectoryChanges> {
            self.changes.lock().expect("not poisoned").clone()
        }

        fn directory_counter(&self) -> watch::Receiver<i64> {
            self.told.subscribe()
        }

        async fn keep_entries(&self, _: Vec<DirectoryEntry>, _: AuditRecord) -> Result<()> {
            Ok(())
        }

        async fn remove_entry(&self, _: &str, _: AuditRecord) -> Result<bool> {
            Ok(false)
        }

        async fn replace_entries(&self, _: Vec<DirectoryEntry>, _: AuditRecord) -> Result<()> {
            Ok(())
        }
    }

    fn entry(dn: &str) -> Entry {
        Entry::new(Dn::parse(dn).expect("a name")).with("objectClass", "nhsAs")
    }

    fn kept(counter: i64, dn: &str) -> DirectoryChanges {
        DirectoryChanges { counter, kept: vec![to_keep(&entry(dn))], removed: Vec::new() }
    }

    // covers: SDS-45, SDS-53
    #[tokio::test]
    async fn the_last_directory_stays_in_use_while_its_store_is_away() {
        let first = "uniqueIdentifier=1,ou=Services,o=nhs";
        // A comma inside a value: the key has to name the same entry.
        let second = r"uniqueIdentifier=a\,b,ou=Services,o=nhs";
        let shelf = Arc::new(Shelf { changes: BlockingMutex::new(Ok(kept(1, first))), told: watch::Sender::new(0) });
        let live = LiveDirectory::open(shelf.clone()).await.expect("it can be read");
        let has = async |dn: &str| live.now().await.get(entry(dn).dn()).is_some();
        assert!(has(first).await && !has(second).await);

        shelf.tell(Err(StoreError::Unavailable("gone".to_owned())));
        assert!(has(first).await && !live.is_fresh());
        shelf.tell(Ok(kept(2, second)));
        assert!(has(first).await && has(second).await && live.is_fresh());

        let removed = vec![key_of(entry(second).dn())];
        shelf.tell(Ok(DirectoryChanges { counter: 3, kept: Vec::new(), removed }));
        assert!(has(first).await && !has(second).await);
    }
}

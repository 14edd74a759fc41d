//! The door: a database that is open, with one writer and many readers.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;

use crate::ChainHead;
use crate::audit::chain::Chain;
use crate::diary::remembered::Remembered;
use crate::error::{Result, StoreError};
use crate::group_commit::{Operation, Queue, Writer};
use crate::postgres::{PostgresPlace, PostgresReaders, PostgresSession};
use crate::sql::{Session, check_migrated, migrate};
use crate::sqlite::{self, SqliteReaders};

/// An open database. Clones share it. Every trait of this crate is implemented for it; a role is given those it needs.
///
/// What was asked for is carried out even when the last clone is dropped in the meantime; [`Store::closed`] waits for that.
#[derive(Clone)]
pub struct Store {
    readers: Readers,
    queue: Queue,
    ended: watch::Receiver<bool>,
    pub(crate) directory_counter: Arc<watch::Sender<i64>>,
    pub(crate) diary: Arc<Remembered>,
    /// The end of the audit chain that this process writes.
    own_head: Arc<watch::Sender<Option<ChainHead>>>,
}

#[derive(Clone)]
enum Readers {
    Sqlite(Arc<SqliteReaders>),
    Postgres(Arc<PostgresReaders>),
}

impl Store {
    /// Opens a SQLite file, makes it when it is not there, and brings it up to date.
    ///
    /// `process` names this run of the program: letters, digits and hyphens that no other run ever uses (a UUID). The audit chain is
    /// named after it.
    pub async fn open_sqlite(path: &Path, process: &str) -> Result<Self> {
        check_process(process)?;
        let mut session = Session::Sqlite(sqlite::open_writer(path)?);
        migrate(&mut session).await?;
        let (queue, waiting) = Queue::new();
        let own_head = Arc::default();
        let writer = Writer::new(session, Chain::new(process, Arc::clone(&own_head)), waiting);
        let (ending, ended) = watch::channel(false);
        // A commit waits for the disk, so the writer has a thread of its own.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|error| StoreError::Unavailable(format!("no runtime for the writer: {error}")))?;
        std::thread::Builder::new()
            .name("store writer".to_owned())
            .spawn(move || {
                runtime.block_on(writer.run());
                ending.send_replace(true);
            })
            .map_err(|error| StoreError::Unavailable(format!("no thread for the writer: {error}")))?;
        Ok(Self::new(Readers::Sqlite(Arc::new(SqliteReaders::new(path))), queue, ended, own_head))
    }

    /// Opens a schema of a PostgreSQL database, makes it when it is not there, and brings it up to date.
    ///
    /// `url` is `postgres://user@host:port/database` without a password, which is given beside it; [`crate::password_from`] finds it in
    /// the text of a PGPASSFILE. `process` is as for [`Store::open_sqlite`].
    pub async fn open_postgres(url: &str, schema: &str, password: Option<&str>, process: &str) -> Result<Self> {
        check_process(process)?;
        let place = Arc::new(PostgresPlace::new(url, schema, password)?);
        place.make_schema().await?;
        let connection = Arc::new(place.connect().await?);
        let mut session = Session::Postgres(PostgresSession::new(Arc::clone(&place), connection));
        migrate(&mut session).await?;
        let (queue, waiting) = Queue::new();
        let own_head = Arc::default();
        let writer = Writer::new(session, Chain::new(process, Arc::clone(&own_head)), waiting);
        let (ending, ended) = watch::channel(false);
        tokio::spawn(async move {
            writer.run().await;
            ending.send_replace(true);
        });
        Ok(Self::new(Readers::Postgres(Arc::new(PostgresReaders::new(place))), queue, ended, own_head))
    }

    /// Opens a SQLite file that another process may be writing, to read it alone: nothing is made, changed or brought up to date, and
    /// whatever would write is refused.
    pub async fn read_sqlite(path: &Path) -> Result<Self> {
        if !path.is_file() {
            return Err(StoreError::Absent(format!("there is no {}", path.display())));
        }
        Self::reading(Readers::Sqlite(Arc::new(SqliteReaders::new(path)))).await
    }

    /// Opens a schema of a PostgreSQL database to read it alone, as [`Store::read_sqlite`] does a file.
    pub async fn read_postgres(url: &str, schema: &str, password: Option<&str>) -> Result<Self> {
        let place = Arc::new(PostgresPlace::new(url, schema, password)?);
        Self::reading(Readers::Postgres(Arc::new(PostgresReaders::new(place)))).await
    }

    async fn reading(readers: Readers) -> Result<Self> {
        let (queue, _) = Queue::new();
        let store = Self::new(readers, queue, watch::Sender::new(true).subscribe(), Arc::default());
        check_migrated(&mut store.reader().await?).await?;
        Ok(store)
    }

    fn new(
        readers: Readers,
        queue: Queue,
        ended: watch::Receiver<bool>,
        own_head: Arc<watch::Sender<Option<ChainHead>>>,
    ) -> Self {
        let diary = Arc::new(Remembered::new());
        Self { readers, queue, ended, directory_counter: Arc::new(watch::Sender::new(0)), diary, own_head }
    }

    /// The last record that this process has written.
    pub(crate) fn own_head(&self) -> Option<ChainHead> {
        self.own_head.borrow().clone()
    }

    /// Gives this clone up and returns when the writer has ended: when the other clones are gone too and everything that was asked for
    /// is done.
    pub async fn closed(self) {
        let Self { readers, queue, mut ended, directory_counter, diary, own_head } = self;
        drop((readers, queue, directory_counter, diary, own_head));
        drop(ended.wait_for(|ended| *ended).await);
    }

    /// Answers when the database can be read.
    pub async fn ready(&self) -> Result<()> {
        self.reader().await?.first("select count(*) from migration", &[], |row| row.number(0)).await.map(drop)
    }

    /// A connection to read with. It never waits behind the writer.
    ///
    /// With SQLite the reading is done by whoever asks: an indexed look-up takes less time than handing it to another thread.
    pub(crate) async fn reader(&self) -> Result<Session> {
        match &self.readers {
            Readers::Sqlite(readers) => readers.session().map(Session::Sqlite),
            Readers::Postgres(readers) => readers.session().await.map(Session::Postgres),
        }
    }

    pub(crate) async fn carry_out<O: Operation>(&self, operation: O) -> Result<O::Outcome> {
        self.queue.carry_out(operation).await
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }
}

/// The name stands in the audit trail between other words, so it is a plain one.
fn check_process(process: &str) -> Result<()> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    if process.is_empty() || process.len() > 64 || !process.chars().all(plain) {
        let why = format!("\"{process}\" cannot name a process: letters, digits and hyphens, at most 64");
        return Err(StoreError::Misconfigured(why));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::group_commit::Ruling;
    use crate::{Audit, AuditRecord, Settings};

    /// Says how large the file may become: a disk that is full.
    struct MaximumPages(u32);

    #[async_trait]
    impl Operation for MaximumPages {
        type Outcome = ();

        fn keys(&self) -> Vec<String> {
            Vec::new()
        }

        async fn run(&self, session: &mut Session) -> Result<Ruling<()>> {
            // SQLite takes the size that the file has when this is smaller.
            let sql = format!("pragma max_page_count = {}", self.0);
            session.rows(&sql, &[], |row| row.number(0)).await?;
            Ok(Ruling::Done(()))
        }

        fn audit(&mut self) -> Option<AuditRecord> {
            None
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_full_disk_acknowledges_nothing_and_loses_nothing() {
        let folder = tempfile::TempDir::new().unwrap();
        let store = Store::open_sqlite(&folder.path().join("store.db"), "p").await.unwrap();
        let record = |at| AuditRecord { at, body: vec![b'x'; 5_000], ..AuditRecord::default() };
        store.append(record(1)).await.unwrap();
        store.carry_out(MaximumPages(1)).await.unwrap();
        let refused = store.keep_setting("large", vec![0; 100_000]).await.unwrap_err();
        assert!(matches!(&refused, StoreError::Unavailable(why) if why.contains("full")), "{refused}");
        assert_eq!(store.setting("large").await, Ok(None));
        assert!(matches!(store.append(record(2)).await, Err(StoreError::Unavailable(_))));
        store.append_behind(record(3)).await.unwrap();
        assert!(matches!(store.append(record(4)).await, Err(StoreError::Unavailable(_))));

        store.carry_out(MaximumPages(1_000_000)).await.unwrap();
        store.keep_setting("large", vec![0; 100_000]).await.unwrap();
        store.append(record(5)).await.unwrap();
        let filter = crate::AuditFilter { limit: 99, ..Default::default() };
        let kept = store.list(&filter).await.unwrap();
        let times: Vec<_> =
            kept.iter().filter(|kept| !kept.record.body.starts_with(b"{")).map(|kept| kept.record.at).collect();
        assert_eq!(
            times,
            [1, 3, 5],
            "those that were not acknowledged are not there, and none is lost that had to be kept"
        );
        assert_eq!(store.verify().await.unwrap().faults, []);
    }
}

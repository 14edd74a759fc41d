//! Where a test's database is: a SQLite file in a folder of its own, or a schema of its own in the PostgreSQL of this process.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use store::Store;
use store::testing::TestPostgres;
use tempfile::TempDir;
use tokio_postgres::NoTls;

static OPENED: AtomicU32 = AtomicU32::new(0);

/// A database that a test can open, close and open again.
pub(crate) enum Place {
    Sqlite(TempDir),
    Postgres { server: &'static TestPostgres, schema: String },
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(TempDir::new().expect("a folder"))
    }

    pub(crate) fn postgres() -> Self {
        let server = TestPostgres::shared();
        Self::Postgres { server, schema: server.new_schema() }
    }

    pub(crate) fn file(&self) -> PathBuf {
        match self {
            Self::Sqlite(folder) => folder.path().join("store.db"),
            Self::Postgres { .. } => unreachable!("only SQLite is a file"),
        }
    }

    /// Opens it as a process of its own would.
    pub(crate) async fn open(&self) -> Store {
        let process = format!("process-{}-{}", std::process::id(), OPENED.fetch_add(1, Ordering::Relaxed));
        match self {
            Self::Sqlite(_) => Store::open_sqlite(&self.file(), &process).await,
            Self::Postgres { server, schema } => {
                Store::open_postgres(&server.url(), schema, Some(server.password()), &process).await
            }
        }
        .expect("the database opens")
    }

    /// Changes the database behind the store's back.
    pub(crate) async fn tamper(&self, sql: &str) {
        match self {
            Self::Sqlite(_) => {
                let connection = rusqlite::Connection::open(self.file()).expect("the file opens");
                connection.execute_batch(sql).expect("SQLite takes it");
            }
            Self::Postgres { server, schema } => {
                let mut config: tokio_postgres::Config = server.url().parse().expect("a URL");
                config.password(server.password()).options(format!("-c search_path={schema}"));
                let (client, connection) = config.connect(NoTls).await.expect("the server answers");
                tokio::spawn(connection);
                client.batch_execute(sql).await.expect("PostgreSQL takes it");
            }
        }
    }
}

/// Makes a test for each database from one body.
macro_rules! on_both_databases {
    ($($(#[$attribute:meta])* async fn $name:ident($place:ident: Place) $body:block)+) => {
        $(mod $name {
            use super::*;

            async fn check($place: Place) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                check(Place::sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                check(Place::postgres()).await;
            }
        })+
    };
}
pub(crate) use on_both_databases;

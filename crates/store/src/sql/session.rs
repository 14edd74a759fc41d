//! One connection to either database, and what the operations of this crate can do with it.

use super::{Flavour, Row, Step, Value};
use crate::error::Result;
use crate::postgres::PostgresSession;
use crate::sqlite::SqliteSession;

/// A connection. With SQLite every call is done when it returns its future's first answer; nothing waits.
pub(crate) enum Session {
    Sqlite(SqliteSession),
    Postgres(PostgresSession),
}

impl Session {
    pub(crate) fn flavour(&self) -> &'static Flavour {
        match self {
            Self::Sqlite(_) => &crate::sqlite::FLAVOUR,
            Self::Postgres(_) => &crate::postgres::FLAVOUR,
        }
    }

    /// Every row of an answer.
    pub(crate) async fn rows<T: Send>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        read: fn(&dyn Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        match self {
            Self::Sqlite(session) => session.rows(sql, values, read),
            Self::Postgres(session) => session.rows(sql, values, read).await,
        }
    }

    /// The first row of an answer.
    pub(crate) async fn first<T: Send>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        read: fn(&dyn Row) -> Result<T>,
    ) -> Result<Option<T>> {
        Ok(self.rows(sql, values, read).await?.into_iter().next())
    }

    /// Carries out a statement; the answer is the number of rows that it touched.
    pub(crate) async fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64> {
        match self {
            Self::Sqlite(session) => session.execute(sql, values),
            Self::Postgres(session) => session.execute(sql, values).await,
        }
    }

    /// Carries out the steps and names the first deciding one that touched no row. When there is one, the later steps may or may not
    /// have been carried out (PostgreSQL gets them all at once), and the caller must have the operation undone.
    pub(crate) async fn steps(&mut self, steps: &[Step<'_>]) -> Result<Option<usize>> {
        match self {
            Self::Sqlite(session) => session.steps(steps),
            Self::Postgres(session) => session.steps(steps).await,
        }
    }

    /// Carries out many statements without values.
    pub(crate) async fn batch(&mut self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(session) => session.batch(sql),
            Self::Postgres(session) => session.batch(sql).await,
        }
    }

    /// Begins a transaction that may write. `keys` name what it is going to touch: where other processes write too it waits for them,
    /// for all keys in one order, so that no two ever wait for each other.
    pub(crate) async fn begin(&mut self, keys: &[String]) -> Result<()> {
        match self {
            Self::Sqlite(session) => session.batch("begin immediate"),
            Self::Postgres(session) => session.begin(keys).await,
        }
    }

    /// Waits, inside a transaction, for whoever else touches what these keys name. To be asked for last, after every key of the
    /// beginning.
    pub(crate) async fn lock(&mut self, keys: &[String]) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(session) => session.lock(keys).await,
        }
    }

    /// Makes durable what was written since the beginning.
    pub(crate) async fn commit(&mut self) -> Result<()> {
        match self {
            Self::Sqlite(session) => session.batch("commit"),
            Self::Postgres(session) => session.commit().await,
        }
    }

    /// Undoes what was written since the beginning.
    pub(crate) async fn roll_back(&mut self) {
        match self {
            // SQLite has rolled back by itself after some faults, and then has nothing to roll back.
            Self::Sqlite(session) => drop(session.batch("rollback")),
            Self::Postgres(session) => session.roll_back().await,
        }
    }

    /// Marks the beginning of one operation in the transaction.
    pub(crate) async fn begin_operation(&mut self) -> Result<()> {
        match self {
            Self::Sqlite(session) => session.execute("savepoint operation", &[]).map(drop),
            Self::Postgres(session) => {
                session.begin_operation();
                Ok(())
            }
        }
    }

    /// Keeps what the operation wrote.
    pub(crate) async fn keep_operation(&mut self) -> Result<()> {
        match self {
            Self::Sqlite(session) => session.execute("release operation", &[]).map(drop),
            Self::Postgres(session) => {
                session.keep_operation();
                Ok(())
            }
        }
    }

    /// Undoes what the operation wrote.
    pub(crate) async fn undo_operation(&mut self) -> Result<()> {
        match self {
            Self::Sqlite(session) => {
                session.execute("rollback to operation", &[])?;
                session.execute("release operation", &[]).map(drop)
            }
            Self::Postgres(session) => session.undo_operation().await,
        }
    }

    /// Makes the connection fit for use again after a fault, if it is not.
    pub(crate) async fn recover(&mut self) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(session) => session.recover().await,
        }
    }
}

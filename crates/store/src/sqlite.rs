//! SQLite: one file with a write-ahead log, one connection that writes, and others that read beside it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, params_from_iter};

use crate::error::{Result, StoreError};
use crate::sql::{Flavour, Row, Step, Value};

/// SQLite's spelling of the migrations.
pub(crate) const FLAVOUR: Flavour = Flavour {
    words: &[
        ("NUMBER", "integer"),
        ("BYTES", "blob"),
        ("TEXT", "text"),
        (") ROWS", ") strict"),
        (") KEYED", ") strict, without rowid"),
        ("ON_POSTGRES ", "-- "),
    ],
    count_tables: "select count(*) from sqlite_schema where type = 'table'",
};

/// How long a connection waits for another process that writes.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many reading connections stay open when nobody reads.
const IDLE_READERS: usize = 4;
/// How many statements a connection keeps prepared.
const PREPARED: usize = 64;

/// A connection, for writing or borrowed for reading.
pub(crate) struct SqliteSession {
    /// `None` only while it is being given back.
    connection: Option<Connection>,
    home: Option<Arc<SqliteReaders>>,
}

/// The connections that read.
pub(crate) struct SqliteReaders {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

/// Opens the file for writing, and makes it when it is not there.
pub(crate) fn open_writer(path: &Path) -> Result<SqliteSession> {
    create_private(path)?;
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(|error| cannot_open(path, &fault(&error)))?;
    set_up(&connection)?;
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
        .map_err(|error| cannot_open(path, &fault(&error)))?;
    if mode != "wal" {
        let why = format!("{} cannot have a write-ahead log there (its journal is \"{mode}\")", path.display());
        return Err(StoreError::Misconfigured(why));
    }
    // Durable means that the log is on the disk before a commit returns, whatever happens to the machine.
    connection.pragma_update(None, "synchronous", "full").map_err(|error| fault(&error))?;
    // The log goes into the file when it has 16 MB: a page that many bookings change is then written there once.
    connection.pragma_update(None, "wal_autocheckpoint", 4_000).map_err(|error| fault(&error))?;
    connection.pragma_update(None, "cache_size", -16_000).map_err(|error| fault(&error))?;
    Ok(SqliteSession { connection: Some(connection), home: None })
}

/// What is stored names patients: only its owner reads the file. SQLite gives the log the same rights.
fn create_private(path: &Path) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(StoreError::Misconfigured(format!("{}: {error}", path.display()))),
    }
}

fn cannot_open(path: &Path, why: &StoreError) -> StoreError {
    match why {
        StoreError::Unavailable(why) => StoreError::Unavailable(format!("{}: {why}", path.display())),
        StoreError::Corrupt(why) => StoreError::Corrupt(format!("{}: {why}", path.display())),
        other => other.clone(),
    }
}

fn set_up(connection: &Connection) -> Result<()> {
    connection.set_prepared_statement_cache_capacity(PREPARED);
    let set_up = || {
        connection.busy_timeout(PATIENCE)?;
        // A statement keeps its plan whatever values it is given; without this SQLite prepares it anew for each value of a range.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update(None, "temp_store", "memory")
    };
    set_up().map_err(|error| fault(&error))
}

impl SqliteReaders {
    /// Readers of a file that a writer has opened.
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), idle: Mutex::new(Vec::new()) }
    }

    /// A connection that nobody else uses until it is dropped. It never waits: when all are lent it opens one more.
    pub(crate) fn session(self: &Arc<Self>) -> Result<SqliteSession> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.connect()?,
        };
        Ok(SqliteSession { connection: Some(connection), home: Some(Arc::clone(self)) })
    }

    fn connect(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(&self.path, flags).map_err(|error| cannot_open(&self.path, &fault(&error)))?;
        set_up(&connection)?;
        connection.pragma_update(None, "query_only", true).map_err(|error| fault(&error))?;
        Ok(connection)
    }
}

impl Drop for SqliteSession {
    fn drop(&mut self) {
        if let (Some(home), Some(connection)) = (self.home.take(), self.connection.take()) {
            let mut idle = home.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < IDLE_READERS {
                idle.push(connection);
            }
        }
    }
}

impl SqliteSession {
    fn connection(&self) -> Result<&Connection> {
        self.connection.as_ref().ok_or_else(|| StoreError::Unavailable("the connection was given back".to_owned()))
    }

    pub(crate) fn rows<T>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        read: fn(&dyn Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.connection()?.prepare_cached(sql).map_err(|error| fault(&error))?;
        let mut rows = statement.query(params_from_iter(values)).map_err(|error| fault(&error))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(|error| fault(&error))? {
            found.push(read(row)?);
        }
        Ok(found)
    }

    pub(crate) fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64> {
        let mut statement = self.connection()?.prepare_cached(sql).map_err(|error| fault(&error))?;
        let touched = statement.execute(params_from_iter(values)).map_err(|error| fault(&error))?;
        Ok(touched as u64)
    }

    pub(crate) fn steps(&mut self, steps: &[Step<'_>]) -> Result<Option<usize>> {
        for (place, step) in steps.iter().enumerate() {
            if self.execute(step.sql, &step.values)? == 0 && step.decides {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<()> {
        self.connection()?.execute_batch(sql).map_err(|error| fault(&error))
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Value::Null => ValueRef::Null,
            Value::Number(number) => ValueRef::Integer(number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl Row for rusqlite::Row<'_> {
    fn number(&self, column: usize) -> Result<i64> {
        self.get(column).map_err(|error| fault(&error))
    }

    fn optional_number(&self, column: usize) -> Result<Option<i64>> {
        self.get(column).map_err(|error| fault(&error))
    }

    fn text(&self, column: usize) -> Result<String> {
        self.get(column).map_err(|error| fault(&error))
    }

    fn optional_text(&self, column: usize) -> Result<Option<String>> {
        self.get(column).map_err(|error| fault(&error))
    }

    fn bytes(&self, column: usize) -> Result<Vec<u8>> {
        self.get(column).map_err(|error| fault(&error))
    }

    fn optional_bytes(&self, column: usize) -> Result<Option<Vec<u8>>> {
        self.get(column).map_err(|error| fault(&error))
    }

    fn is_null(&self, column: usize) -> Result<bool> {
        self.get_ref(column).map(|value| value == ValueRef::Null).map_err(|error| fault(&error))
    }
}

/// What a fault of SQLite means. Its messages name tables and columns, never values.
fn fault(error: &rusqlite::Error) -> StoreError {
    let Some(code) = error.sqlite_error_code() else {
        return StoreError::Corrupt(format!("a row is not as it was written: {error}"));
    };
    let what = error.to_string();
    match code {
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown => StoreError::Corrupt(what),
        ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch => StoreError::Unstorable(what),
        _ => StoreError::Unavailable(what),
    }
}

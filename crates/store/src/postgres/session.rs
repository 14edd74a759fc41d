//! A connection to PostgreSQL. What belongs to one operation is sent at once and answered together, so that an operation costs one
//! journey and not one for each statement.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::BytesMut;
use futures_util::future::{join, join_all};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Statement};

use super::{PostgresPlace, fault};
use crate::error::{Result, StoreError};
use crate::group_commit::EVERYTHING;
use crate::sql::{Row, Step, Value};

/// How many statements a connection keeps prepared. How many there are depends on what is asked for.
const PREPARED: usize = 256;
/// How many statements are on their way at a time.
const IN_FLIGHT: usize = 30;

/// A connection and the statements that are prepared on it.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    statements: Mutex<HashMap<String, Statement>>,
}

impl Connection {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, statements: Mutex::default() }
    }

    async fn prepare(&self, sql: &str) -> Result<Statement> {
        let known = self.statements.lock().unwrap_or_else(PoisonError::into_inner).get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        // `?1` is `$1` here, and no statement has a question mark for anything else.
        let statement = self.client.prepare(&sql.replace('?', "$")).await.map_err(|error| fault(&error))?;
        let mut statements = self.statements.lock().unwrap_or_else(PoisonError::into_inner);
        if statements.len() >= PREPARED {
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// A connection, and where the writer's transaction stands.
pub(crate) struct PostgresSession {
    place: Arc<PostgresPlace>,
    connection: Arc<Connection>,
    operation: Savepoint,
    /// Whether the savepoint of the operation before is still to be released.
    release: bool,
    /// Whether the connection must not be used again: it may be in a transaction that could not be ended.
    broken: bool,
}

/// The savepoint of the operation that is going on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Savepoint {
    /// There is none.
    None,
    /// It is set together with the operation's first statement.
    Due,
    /// It is set.
    Set,
}

impl PostgresSession {
    pub(crate) fn new(place: Arc<PostgresPlace>, connection: Arc<Connection>) -> Self {
        Self { place, connection, operation: Savepoint::None, release: false, broken: false }
    }

    /// What must be sent before the next statement.
    fn due(&mut self) -> &'static str {
        let due = match (self.release, self.operation) {
            (true, Savepoint::Due) => "release savepoint operation; savepoint operation",
            (true, _) => "release savepoint operation",
            (false, Savepoint::Due) => "savepoint operation",
            (false, _) => "",
        };
        self.release = false;
        if self.operation == Savepoint::Due {
            self.operation = Savepoint::Set;
        }
        due
    }

    pub(crate) async fn rows<T>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        read: fn(&dyn Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let due = self.due();
        let connection = Arc::clone(&self.connection);
        send_due(&connection.client, due).await?;
        let statement = connection.prepare(sql).await?;
        let rows = connection.client.query(&statement, &borrowed(values)).await.map_err(|error| fault(&error))?;
        rows.iter().map(|row| read(row)).collect()
    }

    pub(crate) async fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64> {
        let due = self.due();
        let connection = Arc::clone(&self.connection);
        send_due(&connection.client, due).await?;
        let statement = connection.prepare(sql).await?;
        connection.client.execute(&statement, &borrowed(values)).await.map_err(|error| fault(&error))
    }

    pub(crate) async fn steps(&mut self, steps: &[Step<'_>]) -> Result<Option<usize>> {
        for (flight, some) in (0..).zip(steps.chunks(IN_FLIGHT)) {
            if let Some(place) = self.send_together(some).await? {
                return Ok(Some(flight * IN_FLIGHT + place));
            }
        }
        Ok(None)
    }

    async fn send_together(&mut self, steps: &[Step<'_>]) -> Result<Option<usize>> {
        let due = self.due();
        let connection = Arc::clone(&self.connection);
        let mut statements = Vec::with_capacity(steps.len());
        for step in steps {
            statements.push(connection.prepare(step.sql).await?);
        }
        // A future sends when it is first asked, and these are asked in their order.
        let sent = steps.iter().zip(&statements).map(|(step, statement)| {
            let client = &connection.client;
            async move { client.execute(statement, &borrowed(&step.values)).await }
        });
        let (begun, touched) = join(send_due(&connection.client, due), join_all(sent)).await;
        begun?;
        for (place, (step, touched)) in steps.iter().zip(touched).enumerate() {
            if touched.map_err(|error| fault(&error))? == 0 && step.decides {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    pub(crate) async fn batch(&mut self, sql: &str) -> Result<()> {
        self.connection.client.batch_execute(sql).await.map_err(|error| fault(&error))
    }

    pub(crate) async fn begin(&mut self, keys: &[String]) -> Result<()> {
        self.operation = Savepoint::None;
        self.release = false;
        self.batch("begin").await?;
        // Whoever touches everything is alone; the others are there together and wait for each other key by key.
        let alone = keys.iter().any(|key| key == EVERYTHING);
        let sql = if alone { "select pg_advisory_xact_lock(?1)" } else { "select pg_advisory_xact_lock_shared(?1)" };
        self.rows(sql, &[self.place.lock(EVERYTHING).into()], |_| Ok(())).await?;
        if alone {
            return Ok(());
        }
        self.lock(keys).await
    }

    /// Waits until no other process touches what these keys name, and keeps it so until the transaction ends.
    pub(crate) async fn lock(&mut self, keys: &[String]) -> Result<()> {
        let mut locks: Vec<i64> = keys.iter().map(|key| self.place.lock(key)).collect();
        if locks.is_empty() {
            return Ok(());
        }
        locks.sort_unstable();
        locks.dedup();
        let statement =
            self.connection.prepare("select pg_advisory_xact_lock(key) from unnest(?1::bigint[]) as key").await?;
        self.connection.client.query(&statement, &[&locks]).await.map(drop).map_err(|error| fault(&error))
    }

    pub(crate) async fn commit(&mut self) -> Result<()> {
        self.operation = Savepoint::None;
        self.release = false;
        self.batch("commit").await
    }

    pub(crate) async fn roll_back(&mut self) {
        self.operation = Savepoint::None;
        self.release = false;
        self.broken = self.batch("rollback").await.is_err();
    }

    pub(crate) fn begin_operation(&mut self) {
        self.operation = Savepoint::Due;
    }

    pub(crate) fn keep_operation(&mut self) {
        self.release |= self.operation == Savepoint::Set;
        self.operation = Savepoint::None;
    }

    pub(crate) async fn undo_operation(&mut self) -> Result<()> {
        let set = self.operation == Savepoint::Set;
        self.operation = Savepoint::None;
        if set {
            self.batch("rollback to savepoint operation; release savepoint operation").await?;
        }
        Ok(())
    }

    pub(crate) async fn recover(&mut self) -> Result<()> {
        if self.broken || self.connection.client.is_closed() {
            self.connection = Arc::new(self.place.connect().await?);
            self.broken = false;
        }
        Ok(())
    }
}

async fn send_due(client: &Client, due: &str) -> Result<()> {
    if due.is_empty() {
        return Ok(());
    }
    client.batch_execute(due).await.map_err(|error| fault(&error))
}

fn borrowed<'v>(values: &'v [Value<'v>]) -> Vec<&'v (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Number(number) => number.to_sql(kind, out),
            Self::Text(text) => text.to_sql(kind, out),
            Self::Bytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(kind)
    }

    to_sql_checked!();
}

impl Row for tokio_postgres::Row {
    fn number(&self, column: usize) -> Result<i64> {
        self.try_get(column).map_err(|error| wrong(&error))
    }

    fn optional_number(&self, column: usize) -> Result<Option<i64>> {
        self.try_get(column).map_err(|error| wrong(&error))
    }

    fn text(&self, column: usize) -> Result<String> {
        self.try_get(column).map_err(|error| wrong(&error))
    }

    fn optional_text(&self, column: usize) -> Result<Option<String>> {
        self.try_get(column).map_err(|error| wrong(&error))
    }

    fn bytes(&self, column: usize) -> Result<Vec<u8>> {
        self.try_get(column).map_err(|error| wrong(&error))
    }

    fn optional_bytes(&self, column: usize) -> Result<Option<Vec<u8>>> {
        self.try_get(column).map_err(|error| wrong(&error))
    }

    fn is_null(&self, column: usize) -> Result<bool> {
        self.optional_text(column).map(|text| text.is_none())
    }
}

fn wrong(error: &tokio_postgres::Error) -> StoreError {
    StoreError::Corrupt(format!("a row is not as it was written: {error}"))
}

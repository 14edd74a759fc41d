//! Where a role's schema is and how it is reached.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_lc_rs::digest;
use tokio::sync::Mutex;
use tokio_postgres::{Config, NoTls};

use super::fault;
use super::session::{Connection, PostgresSession};
use crate::error::{Result, StoreError};

/// How many connections read. Each carries many questions at a time.
const READERS: usize = 3;
/// How long a connection is waited for.
const CONNECT: Duration = Duration::from_secs(5);
/// How long the server's silence is borne.
const SILENCE: Duration = Duration::from_secs(10);
/// A schema's longest name: PostgreSQL cuts names at 63 bytes.
const SCHEMA_NAME: usize = 63;

/// A schema in a database.
#[derive(Debug)]
pub(crate) struct PostgresPlace {
    config: Config,
    schema: String,
}

impl PostgresPlace {
    /// The place that a URL and a schema name. The password stands in neither.
    pub(crate) fn new(url: &str, schema: &str, password: Option<&str>) -> Result<Self> {
        let mut config = Config::from_str(url).map_err(|error| {
            // The cause alone: the URL itself could hold a password by mistake.
            StoreError::Misconfigured(format!("store.url is not postgres://user@host:port/database: {error}"))
        })?;
        if config.get_password().is_some() {
            let why =
                "store.url holds a password; put it into the file that store.password_file names, or into PGPASSFILE";
            return Err(StoreError::Misconfigured(why.to_owned()));
        }
        let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        if schema.is_empty() || schema.len() > SCHEMA_NAME || !schema.chars().all(plain) {
            let why =
                format!("\"{schema}\" is not a schema's name: small letters, digits and _, at most {SCHEMA_NAME}");
            return Err(StoreError::Misconfigured(why));
        }
        if let Some(password) = password {
            config.password(password);
        }
        config.application_name("careslot").connect_timeout(CONNECT).keepalives_idle(SILENCE).tcp_user_timeout(SILENCE);
        Ok(Self { config, schema: schema.to_owned() })
    }

    /// Makes the schema when it is not there.
    pub(crate) async fn make_schema(&self) -> Result<()> {
        let connection = self.connect().await?;
        let found = connection
            .client
            .query_opt("select 1 from pg_namespace where nspname = $1", &[&self.schema])
            .await
            .map_err(|error| fault(&error))?;
        if found.is_some() {
            return Ok(());
        }
        match connection.client.batch_execute(&format!("create schema {}", self.schema)).await {
            Ok(()) => Ok(()),
            // Another process made it at the same time: the name is taken, or will be when that one commits.
            Err(error) if matches!(fault(&error), StoreError::Unstorable(_)) => Ok(()),
            Err(error) if error.code() == Some(&tokio_postgres::error::SqlState::DUPLICATE_SCHEMA) => Ok(()),
            Err(error) => Err(fault(&error)),
        }
    }

    pub(crate) async fn connect(&self) -> Result<Connection> {
        let (client, connection) = self.config.connect(NoTls).await.map_err(|error| fault(&error))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(fault = %fault(&error), "a connection to PostgreSQL ended");
            }
        });
        // A lock that is not granted and a statement that does not end are faults, and a process that stopped in the middle of a
        // transaction loses it: the others must go on. A commit that is not on the disk is no commit, whatever the server's default.
        let set_up = format!(
            "set search_path to {}; set lock_timeout to '10s'; set statement_timeout to '60s';
             set idle_in_transaction_session_timeout to '30s'; set client_min_messages to warning;
             select set_config('synchronous_commit', 'on', false)
             where current_setting('synchronous_commit') in ('off', 'local')",
            self.schema
        );
        client.batch_execute(&set_up).await.map_err(|error| fault(&error))?;
        Ok(Connection::new(client))
    }

    /// The number under which PostgreSQL keeps the lock for this key of this schema. Two keys that share one only wait for each other
    /// without need.
    pub(crate) fn lock(&self, key: &str) -> i64 {
        let hash = digest::digest(&digest::SHA256, format!("{}/{key}", self.schema).as_bytes());
        hash.as_ref().iter().take(8).fold(0, |number, byte| (number << 8) | i64::from(*byte))
    }
}

/// The connections that read.
#[derive(Debug)]
pub(crate) struct PostgresReaders {
    place: Arc<PostgresPlace>,
    connections: [Mutex<Option<Arc<Connection>>>; READERS],
    turn: AtomicUsize,
}

impl PostgresReaders {
    pub(crate) fn new(place: Arc<PostgresPlace>) -> Self {
        Self { place, connections: Default::default(), turn: AtomicUsize::new(0) }
    }

    /// A connection, shared with others who read at the same time.
    pub(crate) async fn session(&self) -> Result<PostgresSession> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % READERS;
        let mut held = self.connections[turn].lock().await;
        let connection = match &*held {
            Some(connection) if !connection.client.is_closed() => Arc::clone(connection),
            _ => Arc::clone(held.insert(Arc::new(self.place.connect().await?))),
        };
        Ok(PostgresSession::new(Arc::clone(&self.place), connection))
    }
}

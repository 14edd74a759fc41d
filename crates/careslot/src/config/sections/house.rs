//! `[process]`, `[store]`, `[audit]` and `[http]`: what every role shares.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::reader::Reader;

/// `[process]`
#[derive(Clone, Debug)]
pub struct Process {
    /// The name of this process in audit records.
    pub name: String,
    /// Whether this is a demonstration with synthetic data.
    pub demonstration: bool,
    /// Which log lines are written, a filter of `tracing`.
    pub log: String,
    /// How they are written.
    pub log_format: LogFormat,
    /// How long calls that are under way may take to end.
    pub drain: Duration,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line.
    Json,
}

impl Process {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let process = Self {
            name: reader.text("name"),
            demonstration: reader.switch("demonstration"),
            log: reader.text("log"),
            log_format: reader.choice("log_format", &[("text", LogFormat::Text), ("json", LogFormat::Json)]),
            drain: reader.seconds("drain_seconds", 0..=600),
        };
        if process.name.is_empty() || process.name.len() > 64 || process.name.contains(char::is_whitespace) {
            reader.problem("name", format!("is {:?}", process.name), "give a name of 1 to 64 letters without spaces");
        }
        if let Err(error) = process.log.parse::<tracing_subscriber::filter::Targets>() {
            let cure = "give error, warn, info, debug or trace, or a filter such as \"info,roles::ssp=debug\"";
            reader.problem("log", format!("is {:?}: {error}", process.log), cure);
        }
        process
    }
}

/// `[store]`: which database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Store {
    /// A SQLite file for each role in this folder.
    Sqlite {
        /// The folder.
        folder: PathBuf,
    },
    /// A schema for each role in one PostgreSQL database.
    Postgres {
        /// The address, which holds no password.
        url: String,
        /// File of the password; without it the one that `PGPASSFILE` names.
        password_file: Option<PathBuf>,
    },
}

impl Store {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let url = reader.text("url");
        let folder = reader.file("folder").unwrap_or_default();
        let password_file = reader.file("password_file");
        if url == "sqlite" {
            if folder.as_os_str().is_empty() {
                reader.problem("folder", "is empty", "name the folder of the SQLite databases");
            }
            return Self::Sqlite { folder };
        }
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            // The text is not repeated: it may hold a password.
            reader.problem(
                "url",
                "is neither sqlite nor an address of PostgreSQL",
                "write \"sqlite\" or \"postgres://USER@HOST:PORT/DATABASE\"",
            );
        } else if holds_password(&url) {
            reader.problem(
                "url",
                "holds a password",
                "take it out: put it into a file and name that in store.password_file, or use PGPASSFILE",
            );
        }
        Self::Postgres { url, password_file }
    }
}

fn holds_password(url: &str) -> bool {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or("");
    let in_user = authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'));
    let in_query =
        rest.split_once('?').is_some_and(|(_, query)| query.split('&').any(|part| part.starts_with("password=")));
    in_user || in_query
}

/// `[audit]`
#[derive(Clone, Debug)]
pub struct Audit {
    /// What an answer waits for.
    pub wait: AuditWait,
}

/// Which answers wait until their audit record is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditWait {
    /// Those to changes.
    Changes,
    /// All of them.
    All,
}

impl Audit {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self { wait: reader.choice("wait", &[("changes", AuditWait::Changes), ("all", AuditWait::All)]) }
    }
}

/// `[http]`: limits of every HTTP listener.
#[derive(Clone, Debug)]
pub struct Http {
    /// The longest request line and headers together, in bytes.
    pub max_head: usize,
    /// The longest body that Provider and Registry read, in bytes.
    pub max_body: usize,
    /// Connections served at a time by one listener.
    pub max_connections: usize,
    /// How long the head of a request may take.
    pub head: Duration,
    /// How long a connection may stay open without a request.
    pub idle: Duration,
}

impl Http {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            max_head: reader.size("max_head_bytes", 8192..=1_048_576),
            max_body: reader.size("max_body_bytes", 65_536..=104_857_600),
            max_connections: reader.size("max_connections", 1..=1_000_000),
            head: reader.seconds("head_seconds", 1..=300),
            idle: reader.seconds("idle_seconds", 1..=3600),
        }
    }
}

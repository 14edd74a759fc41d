//! PostgreSQL: a schema of its own for each role, one connection that writes, and a few that read.

mod password;
mod place;
mod session;

pub use password::password_from;
pub(crate) use place::{PostgresPlace, PostgresReaders};
pub(crate) use session::PostgresSession;

use tokio_postgres::error::SqlState;

use crate::error::StoreError;
use crate::sql::Flavour;

/// PostgreSQL's spelling of the migrations. Texts are ordered byte by byte, as SQLite orders them.
pub(crate) const FLAVOUR: Flavour = Flavour {
    words: &[
        ("NUMBER", "bigint"),
        ("BYTES", "bytea"),
        ("TEXT", "text collate \"C\""),
        (") ROWS", ")"),
        (") KEYED", ")"),
        ("ON_POSTGRES ", ""),
    ],
    count_tables: "select count(*) from pg_tables where schemaname = current_schema()",
};

/// What a fault of PostgreSQL means. A server's message may quote a value, so only those of the classes that speak of the server itself
/// are repeated.
fn fault(error: &tokio_postgres::Error) -> StoreError {
    let Some(refused) = error.as_db_error() else {
        let told = with_causes(error);
        // The driver tells only by its words that it lacks something, a password for example, with which to ask at all.
        return if error.is_closed() {
            StoreError::Unavailable("the connection to PostgreSQL is closed".to_owned())
        } else if told.starts_with("invalid configuration") {
            StoreError::Misconfigured(format!("PostgreSQL: {told}"))
        } else {
            StoreError::Unavailable(format!("PostgreSQL: {told}"))
        };
    };
    let code = refused.code().code();
    match &code[..code.len().min(2)] {
        "22" | "23" => StoreError::Unstorable(format!("PostgreSQL refused it with SQLSTATE {code}")),
        "28" | "3D" | "42" => StoreError::Misconfigured(format!("PostgreSQL: {} (SQLSTATE {code})", refused.message())),
        "XX" if *refused.code() != SqlState::INTERNAL_ERROR => {
            StoreError::Corrupt(format!("PostgreSQL: {} (SQLSTATE {code})", refused.message()))
        }
        "08" | "53" | "57" | "58" => {
            StoreError::Unavailable(format!("PostgreSQL: {} (SQLSTATE {code})", refused.message()))
        }
        _ => StoreError::Unavailable(format!("PostgreSQL refused with SQLSTATE {code}")),
    }
}

fn with_causes(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

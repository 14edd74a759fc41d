//! What can go wrong with the database itself. A refusal in the words of the standard (the Slot is taken, the version is old) is an
//! outcome of its operation and never an error.

/// A fault of the database or of how it was opened. No message holds a stored value, so each may be logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, is locked, or cannot write (a full disk, say). The operation was not acknowledged; whether it
    /// happened is unknown when the connection broke during the commit, so a caller repeats it under the same request id.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The database holds something that this program never writes.
    #[error("the database is damaged or not CareSlot's: {0}")]
    Corrupt(String),
    /// The database was last used by a later CareSlot.
    #[error(
        "the database is at migration {found} and this CareSlot knows {known}: use the CareSlot that made it, or a later one"
    )]
    NewerDatabase {
        /// The migration that the database is at.
        found: i64,
        /// The last migration that this program has.
        known: i64,
    },
    /// The place or the way to reach it cannot be used as it was given.
    #[error("the database cannot be opened: {0}")]
    Misconfigured(String),
    /// Nothing is kept there yet. Only who opens a place to read it alone hears of this.
    #[error("nothing is kept there yet: {0}")]
    Absent(String),
    /// A value cannot be stored, or an id that must be new is in use.
    #[error("the value cannot be stored: {0}")]
    Unstorable(String),
}

/// The answer of every operation: an outcome, or a fault of the database.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

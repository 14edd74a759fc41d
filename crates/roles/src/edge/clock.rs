//! Time and identifiers as arguments: the process hands in the real ones, tests hand in fixed ones.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use uuid::Uuid;

/// Where a role reads the time from.
pub trait Clock: Send + Sync + 'static {
    /// The present moment, UTC.
    fn now(&self) -> Timestamp;
}

/// Where a role takes new identifiers from.
pub trait Ids: Send + Sync + 'static {
    /// A UUID that nobody has seen before.
    fn uuid(&self) -> Uuid;
}

/// The same moment as certificate checks want it: seconds since 1970, and 1970 for anything before.
pub(crate) fn unix_time(moment: Timestamp) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(moment.as_second()).unwrap_or(0)))
}

/// A role's clock in the form that rustls asks for, so that one clock decides on every date.
pub(crate) struct TlsClock(pub(crate) Arc<dyn Clock>);

impl fmt::Debug for TlsClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsClock")
    }
}

impl rustls::time_provider::TimeProvider for TlsClock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(unix_time(self.0.now()))
    }
}

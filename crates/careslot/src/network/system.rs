//! The real clock and real ids: the only place where the process takes them from the machine.

use jiff::Timestamp;
use roles::edge::clock::{Clock, Ids};
use uuid::Uuid;

/// The machine's clock; keep it with NTP (VIA-38, SSP-121).
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the time comes from that everyone else is handed")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Random UUIDs (BOOK-08).
#[derive(Debug, Clone, Copy)]
pub struct SystemIds;

impl Ids for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "this is where the ids come from that everyone else is handed")]
    fn uuid(&self) -> Uuid {
        Uuid::new_v4()
    }
}

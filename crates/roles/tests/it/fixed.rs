//! A clock that stands still, and ids that count.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use roles::edge::clock::{Clock, Ids};
use uuid::Uuid;

/// The moment at which all tests take place.
pub(crate) const NOW: &str = "2026-11-23T09:00:00Z";

pub(crate) struct FixedClock(pub(crate) Timestamp);

impl Default for FixedClock {
    fn default() -> Self {
        Self(NOW.parse().expect("NOW is a timestamp"))
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// Ids that count: `00000000-0000-0000-0000-000000000001` and so on.
#[derive(Default)]
pub(crate) struct CountedIds(AtomicU64);

impl Ids for CountedIds {
    fn uuid(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)) + 1)
    }
}

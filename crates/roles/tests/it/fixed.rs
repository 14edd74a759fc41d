//! A clock that stands still, and ids in a row.

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

/// Ids that differ from each other and are the same in every run; in the form of random ones.
#[derive(Default)]
pub(crate) struct CountedIds(AtomicU64);

impl Ids for CountedIds {
    fn uuid(&self) -> Uuid {
        let counted = u128::from(self.0.fetch_add(1, Ordering::Relaxed));
        uuid::Builder::from_random_bytes(counted.to_be_bytes()).into_uuid()
    }
}

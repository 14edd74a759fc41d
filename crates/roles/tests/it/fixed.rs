//! A clock that stands still.

use jiff::Timestamp;
use roles::edge::clock::Clock;

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

/// Identifiers that count upwards, so that each is new and every run has the same.
#[derive(Default)]
pub(crate) struct CountingIds(std::sync::atomic::AtomicU64);

impl roles::edge::clock::Ids for CountingIds {
    fn uuid(&self) -> uuid::Uuid {
        let next = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        uuid::Uuid::from_u64_pair(0x0000_0000_0000_4000, 0x8000_0000_0000_0000 | next)
    }
}

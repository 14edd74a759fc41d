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

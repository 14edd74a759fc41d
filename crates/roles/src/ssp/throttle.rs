//! Quotas: calls a minute for each address and ASID, calls under way for each Provider, all off until they are configured;
//! and the circuit that leaves a failing Provider alone (SSP-41, SSP-49, SSP-90 to SSP-95).

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const PERIOD: Duration = Duration::from_secs(60);
/// How many callers are counted at once; the oldest are forgotten first.
const MOST: usize = 20_000;

/// Where a caller stands after a call: what `X-Rate-Limit-*` says (SSP-92).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) limit: u32,
    pub(super) remaining: u32,
    /// Seconds until the count starts anew.
    pub(super) reset: u64,
}

/// Counts calls in periods of a minute.
pub(super) struct PerMinute<K> {
    limit: u32,
    counts: Mutex<HashMap<K, Count>>,
}

struct Count {
    since: Instant,
    calls: u32,
}

impl<K: Eq + Hash + Clone> PerMinute<K> {
    pub(super) fn new(limit: u32) -> Self {
        Self { limit, counts: Mutex::default() }
    }

    /// Counts a call. `Ok(None)` where there is no limit.
    ///
    /// # Errors
    /// When the quota is used up.
    pub(super) fn count(&self, caller: &K) -> Result<Option<Standing>, Standing> {
        if self.limit == 0 {
            return Ok(None);
        }
        let now = Instant::now();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MOST && !counts.contains_key(caller) {
            counts.retain(|_, count| now - count.since < PERIOD);
        }
        let count = counts.entry(caller.clone()).or_insert(Count { since: now, calls: 0 });
        if now - count.since >= PERIOD {
            *count = Count { since: now, calls: 0 };
        }
        let reset = (PERIOD - (now - count.since)).as_secs() + 1;
        if count.calls >= self.limit {
            return Err(Standing { limit: self.limit, remaining: 0, reset });
        }
        count.calls += 1;
        Ok(Some(Standing { limit: self.limit, remaining: self.limit - count.calls, reset }))
    }
}

/// Counts the calls that are under way to each Provider.
pub(super) struct InFlight {
    limit: u32,
    calls: Arc<Mutex<HashMap<String, u32>>>,
}

/// A call that is under way; it is over when this is dropped.
#[derive(Debug)]
pub(super) struct Underway {
    calls: Arc<Mutex<HashMap<String, u32>>>,
    provider: String,
}

impl InFlight {
    pub(super) fn new(limit: u32) -> Self {
        Self { limit, calls: Arc::default() }
    }

    /// Takes a place for a call. `Ok(None)` where there is no limit, `Err` when all are taken.
    pub(super) fn enter(&self, provider: &str) -> Result<Option<Underway>, ()> {
        if self.limit == 0 {
            return Ok(None);
        }
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let underway = calls.entry(provider.to_owned()).or_default();
        if *underway >= self.limit {
            return Err(());
        }
        *underway += 1;
        Ok(Some(Underway { calls: self.calls.clone(), provider: provider.to_owned() }))
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(underway) = calls.get_mut(&self.provider) {
            *underway = underway.saturating_sub(1);
            if *underway == 0 {
                calls.remove(&self.provider);
            }
        }
    }
}

/// Leaves a Provider alone for a while after it failed several times in a row, so that its silence does not become
/// everybody's (SSP-95).
pub(super) struct Circuits {
    failures: u32,
    pause: Duration,
    failing: Mutex<HashMap<String, Failing>>,
}

struct Failing {
    times: u32,
    until: Instant,
}

impl Circuits {
    /// `failures` of 0 is never.
    pub(super) fn new(failures: u32, pause: Duration) -> Self {
        Self { failures, pause, failing: Mutex::default() }
    }

    /// Lets a call go to a Provider. After a pause one call tries, and the others wait for what becomes of it.
    ///
    /// # Errors
    /// The seconds for which the Provider is left alone.
    pub(super) fn enter(&self, provider: &str) -> Result<(), u64> {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = failing.get_mut(provider).filter(|entry| entry.times >= self.failures) else { return Ok(()) };
        let now = Instant::now();
        if now < entry.until {
            return Err((entry.until - now).as_secs() + 1);
        }
        entry.until = now + self.pause;
        Ok(())
    }

    /// Notes that a Provider answered.
    pub(super) fn answered(&self, provider: &str) {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).remove(provider);
    }

    /// Notes that a Provider could not be reached, or did not answer.
    pub(super) fn failed(&self, provider: &str) {
        if self.failures == 0 {
            return;
        }
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let until = Instant::now() + self.pause;
        let entry = failing.entry(provider.to_owned()).or_insert(Failing { times: 0, until });
        entry.times = entry.times.saturating_add(1);
        entry.until = until;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: SSP-90, SSP-92, SSP-95
    #[tokio::test(start_paused = true)]
    async fn a_quota_is_used_up_and_comes_back_within_a_minute() {
        let quota = PerMinute::new(2);
        assert_eq!(quota.count(&"a"), Ok(Some(Standing { limit: 2, remaining: 1, reset: 61 })));
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(quota.count(&"a").unwrap().unwrap().remaining, 0);
        assert_eq!(quota.count(&"a"), Err(Standing { limit: 2, remaining: 0, reset: 41 }));
        assert!(quota.count(&"b").is_ok());
        tokio::time::advance(Duration::from_secs(40)).await;
        assert_eq!(quota.count(&"a").unwrap().unwrap().remaining, 1);
        assert_eq!(PerMinute::new(0).count(&"a"), Ok(None));
    }

    // covers: SSP-95
    #[tokio::test(start_paused = true)]
    async fn a_provider_that_fails_is_left_alone_and_then_tried_by_one_call() {
        let circuits = Circuits::new(2, Duration::from_secs(5));
        circuits.failed("p.test");
        assert_eq!(circuits.enter("p.test"), Ok(()));
        circuits.failed("p.test");
        assert_eq!((circuits.enter("p.test"), circuits.enter("q.test")), (Err(6), Ok(())));
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!((circuits.enter("p.test"), circuits.enter("p.test")), (Ok(()), Err(6)));
        circuits.answered("p.test");
        assert_eq!(circuits.enter("p.test"), Ok(()));
        let never = Circuits::new(0, Duration::from_secs(5));
        never.failed("p.test");
        assert_eq!(never.enter("p.test"), Ok(()));
    }

    // covers: SSP-91, SSP-95
    #[test]
    fn calls_under_way_are_counted_for_each_provider() {
        let in_flight = InFlight::new(1);
        let first = in_flight.enter("p.test").unwrap();
        assert!(in_flight.enter("p.test").is_err());
        assert!(in_flight.enter("q.test").is_ok());
        drop(first);
        assert!(in_flight.enter("p.test").is_ok());
        assert!(InFlight::new(0).enter("p.test").unwrap().is_none());
    }
}

//! Failed attempts by client_id: after a number of them (ten unless configured), a client waits half a minute before it is
//! heard again.
//!
//! Secrets here are long random strings, so guessing is hopeless anyway; the wait keeps a broken client from filling
//! the log and makes a stolen client_id visible. It counts names that do not exist too, so that the answer says
//! nothing about which clients exist. Time is an argument, in seconds.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How long it waits, in seconds.
pub const WAIT: i64 = 30;
/// A name that has not failed for this many seconds starts again from nothing.
const FORGOTTEN_AFTER: i64 = 600;
/// The most names remembered at once, so that invented names cannot fill the memory.
const MOST_NAMES: usize = 10_000;

/// The failures of one client_id.
#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: i64,
}

/// The failures of every client_id that failed lately.
#[derive(Debug)]
pub struct FailedAttempts {
    /// After this many failures a client waits.
    let_through: u32,
    by_client: Mutex<HashMap<String, Failures>>,
}

impl FailedAttempts {
    /// Nobody has failed yet; after `let_through` failures a client waits.
    #[must_use]
    pub fn new(let_through: u32) -> Self {
        Self { let_through, by_client: Mutex::default() }
    }

    /// How many seconds this client has to wait from `now`; `None` where it is heard.
    #[must_use]
    pub fn wait(&self, client_id: &str, now: i64) -> Option<u32> {
        let by_client = self.by_client.lock().unwrap_or_else(PoisonError::into_inner);
        let failures = by_client.get(client_id)?;
        let left = failures.last + WAIT - now;
        if failures.count < self.let_through || left <= 0 {
            return None;
        }
        // A clock that was set back must not keep anyone out for longer than the wait itself.
        u32::try_from(left.min(WAIT)).ok()
    }

    /// Notes a failure.
    pub fn failed(&self, client_id: &str, now: i64) {
        let mut by_client = self.by_client.lock().unwrap_or_else(PoisonError::into_inner);
        if by_client.len() >= MOST_NAMES && !by_client.contains_key(client_id) {
            make_room(&mut by_client, now);
        }
        let failures = by_client.entry(client_id.to_owned()).or_insert(Failures { count: 0, last: now });
        if now - failures.last > FORGOTTEN_AFTER {
            failures.count = 0;
        }
        *failures = Failures { count: failures.count.saturating_add(1), last: now };
    }

    /// Notes that the client proved itself: its failures are forgotten.
    pub fn succeeded(&self, client_id: &str) {
        self.by_client.lock().unwrap_or_else(PoisonError::into_inner).remove(client_id);
    }
}

/// Drops what is forgotten anyway; where that is not enough, the half that failed longest ago.
fn make_room(by_client: &mut HashMap<String, Failures>, now: i64) {
    by_client.retain(|_, failures| now - failures.last <= FORGOTTEN_AFTER);
    if by_client.len() < MOST_NAMES {
        return;
    }
    let mut times: Vec<i64> = by_client.values().map(|failures| failures.last).collect();
    let (_, middle, _) = times.select_nth_unstable(MOST_NAMES / 2);
    let middle = *middle;
    by_client.retain(|_, failures| failures.last > middle);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_waits_after_ten_failures_and_is_let_in_again_within_a_minute() {
        let attempts = FailedAttempts::new(10);
        for second in 0..10 {
            assert_eq!(attempts.wait("a", second), None, "failure {second}");
            attempts.failed("a", second);
        }
        assert_eq!(attempts.wait("a", 9), Some(30));
        assert_eq!(attempts.wait("a", 38), Some(1));
        assert_eq!(attempts.wait("b", 9), None, "another client is not slowed");
        assert_eq!(attempts.wait("a", 39), None);
        attempts.failed("a", 39);
        assert_eq!(attempts.wait("a", 40), Some(29), "the eleventh failure waits again at once");
    }

    #[test]
    fn a_success_forgets_the_failures() {
        let attempts = FailedAttempts::new(10);
        for _ in 0..9 {
            attempts.failed("a", 0);
        }
        attempts.succeeded("a");
        for _ in 0..9 {
            attempts.failed("a", 1);
        }
        assert_eq!(attempts.wait("a", 1), None);
    }

    #[test]
    fn old_failures_do_not_count() {
        let attempts = FailedAttempts::new(10);
        for _ in 0..9 {
            attempts.failed("a", 0);
        }
        attempts.failed("a", FORGOTTEN_AFTER + 1);
        assert_eq!(attempts.wait("a", FORGOTTEN_AFTER + 1), None);
    }

    #[test]
    fn a_clock_set_back_keeps_nobody_out_for_long() {
        let attempts = FailedAttempts::new(10);
        for _ in 0..10 {
            attempts.failed("a", 1_000_000);
        }
        assert_eq!(attempts.wait("a", 0), Some(30));
    }

    #[test]
    fn invented_names_do_not_fill_the_memory() {
        let attempts = FailedAttempts::new(10);
        for number in 0..(3 * MOST_NAMES) {
            attempts.failed(&number.to_string(), i64::try_from(number).expect("small"));
        }
        assert!(attempts.by_client.lock().expect("not poisoned").len() <= MOST_NAMES);
        for _ in 0..10 {
            attempts.failed("a", 30_000);
        }
        assert!(attempts.wait("a", 30_000).is_some(), "a name that fails now is counted all the same");
    }
}

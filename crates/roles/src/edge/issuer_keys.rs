//! The issuer's public keys as a role believes them: replaced while it runs, and read again early when a token names a key
//! that is not among them (TOK-08, JWT-12).
//!
//! Reading them is somebody else's work: whoever follows the issuer waits for [`IssuerKeys::wanted`], reads, and hands the
//! outcome to [`IssuerKeys::renew`]. A hostile token can bring a reading forward once in [`REST`] and no more.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use spine::token::KeySet;
use tokio::sync::{Notify, watch};

/// After one reading, how long no token can bring the next one forward.
pub const REST: Duration = Duration::from_secs(10);
/// How long a request waits for a reading that it asked for.
const PATIENCE: Duration = Duration::from_secs(2);

/// The keys, shared by those who believe them and the one who follows the issuer.
#[derive(Clone)]
pub struct IssuerKeys(Arc<Shared>);

struct Shared {
    current: ArcSwap<KeySet>,
    asked: Notify,
    follower: watch::Sender<Follower>,
}

/// What the one who follows the issuer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follower {
    /// It has read lately, or there is none: asking is in vain.
    Rests,
    /// It reads when it is asked.
    Listens,
    /// It is reading.
    Reads,
}

impl From<Arc<KeySet>> for IssuerKeys {
    /// Keys that nobody reads again.
    fn from(keys: Arc<KeySet>) -> Self {
        let (follower, _) = watch::channel(Follower::Rests);
        Self(Arc::new(Shared { current: ArcSwap::new(keys), asked: Notify::new(), follower }))
    }
}

impl IssuerKeys {
    /// The keys as they are now.
    #[must_use]
    pub fn current(&self) -> Arc<KeySet> {
        self.0.current.load_full()
    }

    /// Waits until the keys are wanted before their time; from now on asking helps.
    pub async fn wanted(&self) {
        self.0.follower.send_replace(Follower::Listens);
        self.0.asked.notified().await;
    }

    /// Notes that the keys are being read: who misses one waits for that.
    pub fn reading(&self) {
        self.0.follower.send_replace(Follower::Reads);
    }

    /// Puts renewed keys in place; `None` where the reading failed or found the same. Who waits goes on.
    pub fn renew(&self, keys: Option<Arc<KeySet>>) {
        if let Some(keys) = keys {
            self.0.current.store(keys);
        }
        self.0.follower.send_replace(Follower::Rests);
    }

    /// Asks for the keys to be read again because one is missing, and waits for it a little.
    pub(super) async fn read_again(&self) {
        let mut follower = self.0.follower.subscribe();
        let state = *follower.borrow_and_update();
        match state {
            Follower::Rests => return,
            Follower::Listens => self.0.asked.notify_one(),
            Follower::Reads => {}
        }
        // A reading that takes longer than anyone waits is of use to the next request.
        drop(tokio::time::timeout(PATIENCE, follower.wait_for(|state| *state == Follower::Rests)).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none() -> Arc<KeySet> {
        Arc::new(KeySet::of(Vec::new()))
    }

    // covers: JWT-12
    #[tokio::test]
    async fn a_missing_key_brings_one_reading_forward() {
        let keys = IssuerKeys::from(none());
        let before = keys.current();
        keys.read_again().await;
        assert!(Arc::ptr_eq(&before, &keys.current()), "nobody follows the issuer, and nobody waits");
        let follower = tokio::spawn({
            let keys = keys.clone();
            async move {
                let mut readings = 0;
                while readings < 2 {
                    keys.wanted().await;
                    keys.reading();
                    readings += 1;
                    keys.renew((readings == 2).then(none));
                }
            }
        });
        // Asked until it listens; then each asker waits for the reading that it caused.
        while !follower.is_finished() {
            keys.read_again().await;
            tokio::task::yield_now().await;
        }
        assert!(!Arc::ptr_eq(&before, &keys.current()), "the second reading found other keys");
    }
}

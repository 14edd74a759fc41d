//! Keeps what the directory answered for a short while: 60 s what it has, 10 s that it has nothing, one question at a
//! time for the same thing, and up to 5 minutes the old answer while the directory is away (SDS-53).

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::Instant;

/// How many answers are kept before old ones are dropped.
const MOST: usize = 20_000;

/// How long answers are kept.
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    /// An answer with something in it. Revoking an ASID bites after this time at the latest.
    pub found: Duration,
    /// An empty answer.
    pub absent: Duration,
    /// An answer whose time is over, while the directory cannot be asked.
    pub stale: Duration,
    /// After a failure, before the directory is asked again.
    pub pause: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            found: Duration::from_secs(60),
            absent: Duration::from_secs(10),
            stale: Duration::from_secs(300),
            pause: Duration::from_secs(1),
        }
    }
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Source {
    /// It was kept.
    #[default]
    Kept,
    /// The directory was asked.
    Asked,
    /// It was kept and is too old; the directory is away.
    Stale,
}

/// An answer of the directory, `None` when it has nothing.
pub(super) struct Looked<V> {
    pub(super) value: Option<Arc<V>>,
    pub(super) source: Source,
}

/// Answers by what was asked for.
pub(super) struct Kept<K, V> {
    places: RwLock<HashMap<K, Arc<Place<V>>>>,
    lifetimes: Lifetimes,
    /// Says of an answer that there is nothing in it after all.
    is_empty: fn(&V) -> bool,
}

struct Place<V> {
    known: RwLock<Known<V>>,
    /// Held by whoever asks the directory; the others wait for the answer.
    asking: tokio::sync::Mutex<()>,
}

struct Known<V> {
    answer: Option<(Option<Arc<V>>, Instant)>,
    failed: Option<Instant>,
}

impl<K: Eq + Hash + Clone, V> Kept<K, V> {
    pub(super) fn new(lifetimes: Lifetimes, is_empty: fn(&V) -> bool) -> Self {
        Self { places: RwLock::default(), lifetimes, is_empty }
    }

    /// The answer for `key`, kept or asked for with `ask`.
    ///
    /// # Errors
    /// That of `ask`, when nothing that is kept can stand in; `None` while the directory is left alone after a failure.
    pub(super) async fn get<A, E>(&self, key: &K, ask: impl FnOnce() -> A) -> Result<Looked<V>, Option<E>>
    where
        A: Future<Output = Result<Option<V>, E>>,
    {
        let place = self.place(key);
        if let Some(value) = self.fresh(&place) {
            return Ok(Looked { value, source: Source::Kept });
        }
        let _asking = place.asking.lock().await;
        if let Some(value) = self.fresh(&place) {
            return Ok(Looked { value, source: Source::Kept });
        }
        if place.failed_lately(self.lifetimes) {
            return place.stale(self.lifetimes).ok_or(None);
        }
        match ask().await {
            Ok(value) => {
                let value = value.map(Arc::new);
                place.learn(value.clone());
                Ok(Looked { value, source: Source::Asked })
            }
            Err(error) => {
                place.fail();
                place.stale(self.lifetimes).ok_or(Some(error))
            }
        }
    }

    fn fresh(&self, place: &Place<V>) -> Option<Option<Arc<V>>> {
        let known = place.known.read().unwrap_or_else(PoisonError::into_inner);
        let (value, at) = known.answer.as_ref()?;
        let found = value.as_ref().is_some_and(|value| !(self.is_empty)(value));
        let lifetime = if found { self.lifetimes.found } else { self.lifetimes.absent };
        (at.elapsed() < lifetime).then(|| value.clone())
    }

    /// Forgets everything: `POST /sds-cache/purge`.
    pub(super) fn purge(&self) {
        self.places.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn place(&self, key: &K) -> Arc<Place<V>> {
        if let Some(place) = self.places.read().unwrap_or_else(PoisonError::into_inner).get(key) {
            return place.clone();
        }
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= MOST {
            places.retain(|_, place| self.fresh(place).is_some());
        }
        if places.len() >= MOST {
            places.clear();
        }
        places.entry(key.clone()).or_default().clone()
    }
}

impl<V> Default for Place<V> {
    fn default() -> Self {
        Self { known: RwLock::new(Known { answer: None, failed: None }), asking: tokio::sync::Mutex::default() }
    }
}

impl<V> Place<V> {
    fn stale(&self, lifetimes: Lifetimes) -> Option<Looked<V>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let (value, at) = known.answer.as_ref()?;
        (value.is_some() && at.elapsed() < lifetimes.stale)
            .then(|| Looked { value: value.clone(), source: Source::Stale })
    }

    fn failed_lately(&self, lifetimes: Lifetimes) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.failed.is_some_and(|at| at.elapsed() < lifetimes.pause)
    }

    fn learn(&self, value: Option<Arc<V>>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        *known = Known { answer: Some((value, Instant::now())), failed: None };
    }

    fn fail(&self) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).failed = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn kept() -> Kept<&'static str, u32> {
        Kept::new(Lifetimes::default(), |number| *number == 0)
    }

    async fn ask(
        kept: &Kept<&'static str, u32>,
        answer: Result<Option<u32>, ()>,
    ) -> Result<(Option<u32>, Source), bool> {
        match kept.get(&"key", async || answer).await {
            Ok(looked) => Ok((looked.value.map(|value| *value), looked.source)),
            Err(error) => Err(error.is_some()),
        }
    }

    // covers: SDS-53
    #[tokio::test(start_paused = true)]
    async fn an_answer_is_kept_for_a_minute_and_an_empty_one_for_ten_seconds() {
        let kept = kept();
        assert_eq!(ask(&kept, Ok(Some(1))).await, Ok((Some(1), Source::Asked)));
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!(ask(&kept, Ok(Some(2))).await, Ok((Some(1), Source::Kept)));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(ask(&kept, Ok(None)).await, Ok((None, Source::Asked)));
        tokio::time::advance(Duration::from_secs(9)).await;
        assert_eq!(ask(&kept, Ok(Some(3))).await, Ok((None, Source::Kept)));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(ask(&kept, Ok(Some(3))).await, Ok((Some(3), Source::Asked)));
        kept.purge();
        assert_eq!(ask(&kept, Ok(Some(0))).await, Ok((Some(0), Source::Asked)));
        tokio::time::advance(Duration::from_secs(11)).await;
        assert_eq!(ask(&kept, Ok(Some(4))).await, Ok((Some(4), Source::Asked)));
    }

    // covers: SDS-53, SDS-45
    #[tokio::test(start_paused = true)]
    async fn an_old_answer_stands_in_for_five_minutes_while_the_directory_is_away() {
        let kept = kept();
        assert_eq!(ask(&kept, Err(())).await, Err(true));
        assert_eq!(ask(&kept, Ok(Some(1))).await, Err(false), "it is left alone for a moment after a failure");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(ask(&kept, Ok(Some(1))).await, Ok((Some(1), Source::Asked)));
        tokio::time::advance(Duration::from_secs(61)).await;
        assert_eq!(ask(&kept, Err(())).await, Ok((Some(1), Source::Stale)));
        assert_eq!(ask(&kept, Ok(Some(2))).await, Ok((Some(1), Source::Stale)));
        tokio::time::advance(Duration::from_secs(240)).await;
        assert_eq!(ask(&kept, Err(())).await, Err(true));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(ask(&kept, Ok(Some(2))).await, Ok((Some(2), Source::Asked)));
    }

    // covers: SDS-53
    #[tokio::test]
    async fn many_who_ask_at_once_ask_the_directory_once() {
        let kept = Arc::new(kept());
        let asked = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let (kept, asked) = (kept.clone(), asked.clone());
                tokio::spawn(async move {
                    let ask = async || {
                        asked.fetch_add(1, Ordering::Relaxed);
                        tokio::task::yield_now().await;
                        Ok::<_, ()>(Some(7))
                    };
                    kept.get(&"key", ask).await.ok().and_then(|looked| looked.value).map(|value| *value)
                })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), Some(7));
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }
}

//! How many Slots there are, free and booked, out of the Provider's diary where it is at hand.

use std::sync::Arc;

use store::{Diary, SlotQuery, SlotStatus, StoreError};

use super::{CountSlots, SlotCounts};
use crate::edge::clock::Clock;

/// Counts the Slots of a diary, each time anew. Only Slots that can still be booked count as free (SMG-08).
#[must_use]
pub fn count_slots(diary: Arc<dyn Diary>, clock: Arc<dyn Clock>) -> CountSlots {
    Arc::new(move || {
        let (diary, now) = (diary.clone(), clock.now().as_second());
        Box::pin(async move {
            let counted = counted(diary.as_ref(), now).await;
            counted.inspect_err(|fault| tracing::warn!(%fault, "the Slots could not be counted")).ok()
        })
    })
}

async fn counted(diary: &dyn Diary, now: i64) -> Result<SlotCounts, StoreError> {
    let count = async |statuses: Vec<SlotStatus>| {
        let query = SlotQuery { statuses, now, ..SlotQuery::default() };
        diary.free_slots(&query).await.map(|page| page.total)
    };
    Ok(SlotCounts {
        all: count(SlotStatus::ALL.to_vec()).await?,
        free: count(vec![SlotStatus::Free]).await?,
        booked: count(vec![SlotStatus::Busy]).await?,
    })
}

//! A slot search in the store alone, in a small diary and in a large one: what it costs, and how much more it costs
//! when there is more (goal: at most 1.5 times).

use std::time::Instant;

use store::{
    AuditRecord, Bound, Diary, DiaryContent, Include, NewSlot, ServiceOffer, SlotQuery, SlotStatus, Store, Window,
};

/// Slots of the small diary.
const SMALL: i64 = 10_000;
/// Slots of one service, all within the window that is searched and the weeks after it.
const OF_ONE_SERVICE: i64 = 1_000;
/// Slots in the window that is searched.
const IN_WINDOW: i64 = 40;
/// Slots on the page that is asked for.
const PAGE: u32 = 20;
/// Searches of one run.
const SEARCHES: i64 = 20_000;
/// Runs, of which the median counts.
const RUNS: usize = 5;
/// The length of a Slot.
const QUARTER: i64 = 900;
const BEGIN: i64 = 1_800_000_000;

/// Measures and prints; the large diary has so many Slots.
pub(crate) fn measure(large: i64) -> Result<(), String> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let sizes = [SMALL, large];
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let small = filled(&folder.path().join("small.db"), sizes[0]).await?;
        let large = filled(&folder.path().join("large.db"), sizes[1]).await?;
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..RUNS {
            for ((times, store), size) in times.iter_mut().zip([&small, &large]).zip(sizes) {
                times.push(searches(store, size / OF_ONE_SERVICE).await?);
            }
        }
        let [small, large] = times.map(|mut times| {
            times.sort_unstable_by(f64::total_cmp);
            times[RUNS / 2]
        });
        println!(
            "slot search in the store, SQLite, {PAGE} of {IN_WINDOW} Slots and what is included, median of {RUNS} runs:"
        );
        println!("  {:8} Slots   {small:6.1} microseconds", sizes[0]);
        println!("  {:8} Slots   {large:6.1} microseconds, {:.2} times (goal at most 1.50)", sizes[1], large / small);
        Ok(())
    })
}

async fn filled(path: &std::path::Path, slots: i64) -> Result<Store, String> {
    let store = Store::open_sqlite(path, "bench").await.map_err(|error| error.to_string())?;
    let services = slots / OF_ONE_SERVICE;
    let content = DiaryContent {
        services: (0..services)
            .map(|number| ServiceOffer {
                id: format!("service-{number}"),
                names: vec![],
                schedules: vec![format!("schedule-{number}")],
            })
            .collect(),
        schedules: (0..services)
            .map(|number| store::ScheduleOffer {
                id: format!("schedule-{number}"),
                related: vec![
                    (Include::HealthcareService, format!("service-{number}")),
                    (Include::Practitioner, "doctor".to_owned()),
                ],
            })
            .collect(),
        resources: std::iter::once((Include::Practitioner, "doctor".to_owned()))
            .chain((0..services).map(|number| (Include::HealthcareService, format!("service-{number}"))))
            .chain((0..services).map(|number| (Include::Schedule, format!("schedule-{number}"))))
            .map(|(include, id)| store::Resource {
                resource_type: include.resource_type().to_owned(),
                id,
                content: vec![b'r'; 900],
            })
            .collect(),
        slots: vec![],
    };
    store.load(content, AuditRecord::default()).await.map_err(|error| error.to_string())?;
    for number in 0..services {
        let slots = (0..OF_ONE_SERVICE).map(|slot| slot_of(number, slot)).collect();
        store.add_slots(slots, AuditRecord::default()).await.map_err(|error| error.to_string())?;
    }
    Ok(store)
}

fn slot_of(service: i64, slot: i64) -> NewSlot {
    NewSlot {
        id: format!("slot-{service}-{slot}"),
        schedule_id: format!("schedule-{service}"),
        identifier: Some(("https://tools.ietf.org/html/rfc4122".to_owned(), format!("{service}-{slot}"))),
        start: BEGIN + slot * QUARTER,
        end: BEGIN + (slot + 1) * QUARTER,
        status: SlotStatus::Free,
        fragment: vec![b'f'; 600],
    }
}

/// Microseconds of one search.
async fn searches(store: &Store, services: i64) -> Result<f64, String> {
    let begin = Instant::now();
    for number in 0..SEARCHES {
        // A stride that visits services in no order.
        let service = number * 7_919 % services;
        let query = SlotQuery {
            services: Some(vec![format!("service-{service}")]),
            statuses: vec![SlotStatus::Free],
            window: Window::new([Bound::AtOrAfter(BEGIN), Bound::Before(BEGIN + IN_WINDOW * QUARTER)]),
            now: BEGIN,
            limit: PAGE,
            includes: Include::ALL.to_vec(),
            ..SlotQuery::default()
        };
        let page = store.free_slots(&query).await.map_err(|error| error.to_string())?;
        if page.slots.len() != PAGE as usize || page.included.len() != 3 {
            return Err(format!("a search found {} Slots and {} others", page.slots.len(), page.included.len()));
        }
    }
    Ok(begin.elapsed().as_micros() as f64 / SEARCHES as f64)
}

//! The slot search: one indexed query for a page of Slots, and what belongs to them out of what is remembered.

use super::remembered::Remembered;
use super::{SlotPage, SlotQuery, SlotStatus, StoredSlot};
use crate::error::{Result, StoreError};
use crate::sql::{Query, Row, Session, Value};

/// How often a search begins anew because the diary was replaced in its midst.
const ATTEMPTS: usize = 3;

/// The Slot whose columns begin at this one.
fn read_slot_at(row: &dyn Row, first: usize) -> Result<StoredSlot> {
    Ok(StoredSlot {
        id: row.text(first)?,
        schedule_id: row.text(first + 1)?,
        start: row.number(first + 2)?,
        end: row.number(first + 3)?,
        status: SlotStatus::from_code(&row.text(first + 4)?)
            .ok_or_else(|| StoreError::Corrupt("a Slot has a status that there is not".to_owned()))?,
        fragment: row.bytes(first + 5)?,
    })
}

fn read_slot(row: &dyn Row) -> Result<StoredSlot> {
    read_slot_at(row, 0)
}

/// A row of a search: the diary's edition, and a Slot unless none matches.
fn read_found(row: &dyn Row) -> Result<(i64, Option<StoredSlot>)> {
    let slot = if row.is_null(1)? { None } else { Some(read_slot_at(row, 1)?) };
    Ok((row.number(0)?, slot))
}

pub(crate) async fn free_slots(session: &mut Session, remembered: &Remembered, wanted: &SlotQuery) -> Result<SlotPage> {
    for _ in 0..ATTEMPTS {
        if let Some(page) = in_one_edition(session, remembered, wanted).await? {
            return Ok(page);
        }
        remembered.forget();
    }
    Err(StoreError::Unavailable("the diary was replaced while it was searched, again and again".to_owned()))
}

/// The page, or `None` when its parts are of different editions of the diary.
async fn in_one_edition(
    session: &mut Session,
    remembered: &Remembered,
    wanted: &SlotQuery,
) -> Result<Option<SlotPage>> {
    let mut sought = match &wanted.services {
        Some(names) => Some(remembered.services(session, names).await?),
        None => None,
    };
    if let Some(sought) = &mut sought {
        sought.schedules.retain(|schedule| !wanted.withheld_schedules.contains(schedule));
        if sought.schedules.is_empty() {
            let edition =
                session.first("select number from diary_edition where id = 1", &[], |row| row.number(0)).await?;
            let page = SlotPage { unknown_service: sought.unknown.take(), ..SlotPage::default() };
            return Ok(edition.filter(|edition| sought.is_of(*edition)).map(|_| page));
        }
    }
    let schedules = sought.as_ref().map(|sought| sought.schedules.as_slice());
    let is_of = |edition| sought.as_ref().is_none_or(|sought| sought.is_of(edition));
    let mut page =
        SlotPage { unknown_service: sought.as_ref().and_then(|sought| sought.unknown.clone()), ..SlotPage::default() };
    let mut edition = None;
    if wanted.limit > 0 {
        let query = page_of(wanted, schedules);
        let rows = session.rows(query.sql(), query.values(), read_found).await?;
        edition = rows.first().map(|(edition, _)| *edition).filter(|edition| is_of(*edition));
        if edition.is_none() {
            return Ok(None);
        }
        page.slots = rows.into_iter().filter_map(|(_, slot)| slot).collect();
        page.total = page.slots.len() as u64;
    }
    // What fits on the first page need not be counted.
    if wanted.after.is_some() || page.slots.len() >= wanted.limit as usize {
        let query = count(wanted, schedules);
        let read = |row: &dyn Row| Ok((row.number(0)?, row.number(1)?));
        match session.first(query.sql(), query.values(), read).await? {
            Some((of, total)) if is_of(of) => page.total = u64::try_from(total).unwrap_or(0),
            _ => return Ok(None),
        }
    }
    if let (Some(edition), false, false) = (edition, page.slots.is_empty(), wanted.includes.is_empty()) {
        let mut schedules: Vec<&str> = page.slots.iter().map(|slot| slot.schedule_id.as_str()).collect();
        schedules.sort_unstable();
        schedules.dedup();
        match remembered.included(session, edition, &schedules, &wanted.includes).await? {
            Some(included) => page.included = included,
            None => return Ok(None),
        }
    }
    Ok(Some(page))
}

fn count<'a>(wanted: &'a SlotQuery, schedules: Option<&'a [String]>) -> Query<'a> {
    let mut query = Query::new("select max(d.number), count(s.id) from diary_edition d left join slot s on 1 = 1");
    add_conditions(&mut query, wanted, schedules);
    query.then("where d.id = 1", []);
    query
}

fn page_of<'a>(wanted: &'a SlotQuery, schedules: Option<&'a [String]>) -> Query<'a> {
    let mut query = Query::new(
        "select d.number, s.id, s.schedule_id, s.start_at, s.end_at, s.status, s.fragment
         from diary_edition d left join slot s on 1 = 1",
    );
    add_conditions(&mut query, wanted, schedules);
    if let Some(after) = &wanted.after {
        query.and("(s.start_at, s.id) > ({}, {})", [after.start.into(), (&after.id).into()]);
    }
    query.then("where d.id = 1 order by s.start_at, s.id limit {}", [wanted.limit.into()]);
    query
}

/// The conditions that a Slot must meet. They narrow by Schedule and start first, as the index is ordered.
fn add_conditions<'a>(query: &mut Query<'a>, wanted: &'a SlotQuery, schedules: Option<&'a [String]>) {
    if let Some(schedules) = schedules {
        query.and_one_of("s.schedule_id", schedules.iter().map(Value::from));
    } else {
        for schedule in &wanted.withheld_schedules {
            query.and("s.schedule_id <> {}", [schedule.into()]);
        }
    }
    let only_free = wanted.statuses.iter().all(|status| *status == SlotStatus::Free) && !wanted.statuses.is_empty();
    let lower = match wanted.window.lower() {
        Some(lower) if only_free => Some(lower.max(wanted.now)),
        None if only_free => Some(wanted.now),
        lower => lower,
    };
    if let Some(lower) = lower {
        query.and("s.start_at >= {}", [lower.into()]);
    }
    if let Some(upper) = wanted.window.upper() {
        query.and("s.start_at <= {}", [upper.into()]);
    }
    for (from, until) in wanted.window.gaps() {
        query.and("not (s.start_at >= {} and s.start_at < {})", [from.into(), until.into()]);
    }
    if !wanted.statuses.is_empty() {
        query.and_one_of("s.status", wanted.statuses.iter().map(|status| Value::from(status.code())));
    }
    if !only_free {
        query.and("(s.status <> 'free' or s.start_at >= {})", [wanted.now.into()]);
    }
}

pub(crate) async fn slot(session: &mut Session, id: &str) -> Result<Option<StoredSlot>> {
    let sql = "select id, schedule_id, start_at, end_at, status, fragment from slot where id = ?1";
    session.first(sql, &[id.into()], read_slot).await
}

pub(crate) async fn slot_by_identifier(session: &mut Session, system: &str, value: &str) -> Result<Option<StoredSlot>> {
    let sql = "select id, schedule_id, start_at, end_at, status, fragment from slot
               where identifier_value = ?1 and identifier_system = ?2";
    session.first(sql, &[value.into(), system.into()], read_slot).await
}

pub(crate) async fn resource(session: &mut Session, resource_type: &str, id: &str) -> Result<Option<Vec<u8>>> {
    let sql = "select content from resource where type = ?1 and id = ?2";
    session.first(sql, &[resource_type.into(), id.into()], |row| row.bytes(0)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diary::SlotCursor;
    use crate::window::{Bound, Window};

    async fn plan(session: &mut Session, query: &Query<'_>) -> String {
        let sql = format!("explain query plan {}", query.sql());
        session.rows(&sql, query.values(), |row| row.text(3)).await.unwrap().join("; ")
    }

    // covers: SLT-30
    #[tokio::test]
    async fn a_search_reads_the_part_of_an_index_that_it_needs() {
        let folder = tempfile::TempDir::new().unwrap();
        let store = crate::Store::open_sqlite(&folder.path().join("store.db"), "p").await.unwrap();
        let mut session = store.reader().await.unwrap();
        let window = Window::new([Bound::AtOrAfter(1), Bound::Before(9), Bound::Outside { from: 3, until: 4 }]);
        let plain = SlotQuery { window, limit: 20, ..SlotQuery::default() };
        let free = SlotQuery { statuses: vec![SlotStatus::Free], ..plain.clone() };
        let several = SlotQuery { statuses: vec![SlotStatus::Free, SlotStatus::Busy], ..plain.clone() };
        let next = SlotQuery { after: Some(SlotCursor { start: 5, id: "x".to_owned() }), ..free.clone() };
        let schedules = ["a", "b", "c"].map(str::to_owned);
        for wanted in [&plain, &free, &several, &next] {
            for schedules in [&schedules[..1], &schedules[..]] {
                let count = plan(&mut session, &count(wanted, Some(schedules))).await;
                let page = plan(&mut session, &page_of(wanted, Some(schedules))).await;
                let part = "INDEX slot_of_schedule (schedule_id=? AND start_at>? AND start_at<?";
                assert!(count.contains(&format!("SEARCH s USING COVERING {part}")), "{count}");
                assert!(page.contains(&format!("SEARCH s USING {part}")), "{page}");
                assert_eq!(page.contains("TEMP B-TREE"), schedules.len() > 1, "{page}");
            }
            let all = plan(&mut session, &page_of(wanted, None)).await;
            assert!(all.contains("SEARCH s USING INDEX slot_by_start (start_at>? AND start_at<?"), "{all}");
        }
    }
}

//! The slot search: which Schedules, how many Slots, and one page of them, each an indexed look-up; and the resources around them.

use super::{Include, Resource, SlotPage, SlotQuery, SlotStatus, StoredSlot};
use crate::error::{Result, StoreError};
use crate::sql::{Query, Row, Session, Value};

fn read_slot(row: &dyn Row) -> Result<StoredSlot> {
    Ok(StoredSlot {
        id: row.text(0)?,
        schedule_id: row.text(1)?,
        start: row.number(2)?,
        end: row.number(3)?,
        status: SlotStatus::from_code(&row.text(4)?)
            .ok_or_else(|| StoreError::Corrupt("a Slot has a status that there is not".to_owned()))?,
        fragment: row.bytes(5)?,
    })
}

pub(crate) async fn free_slots(session: &mut Session, wanted: &SlotQuery) -> Result<SlotPage> {
    let schedules = match &wanted.services {
        Some(names) => {
            let mut schedules = schedules_of(session, names).await?;
            schedules.retain(|schedule| !wanted.withheld_schedules.contains(schedule));
            Some(schedules)
        }
        None => None,
    };
    if schedules.as_ref().is_some_and(Vec::is_empty) {
        return Ok(SlotPage::default());
    }
    let counting = count(wanted, schedules.as_deref());
    let total = session.first(counting.sql(), counting.values(), |row| row.number(0)).await?.unwrap_or(0);
    let page = page(wanted, schedules.as_deref());
    let slots = match total {
        0 => Vec::new(),
        _ => session.rows(page.sql(), page.values(), read_slot).await?,
    };
    Ok(SlotPage { slots, total: u64::try_from(total).unwrap_or(0) })
}

async fn schedules_of(session: &mut Session, names: &[String]) -> Result<Vec<String>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = Query::new(
        "select s.schedule_id from service_name n join service_schedule s on s.service_id = n.service_id where 1 = 1",
    );
    query.and_one_of("n.name", names.iter().map(Value::from));
    // Put in order here: a few rows are not worth the table that the database would make for it.
    let mut schedules = session.rows(query.sql(), query.values(), |row| row.text(0)).await?;
    schedules.sort_unstable();
    schedules.dedup();
    Ok(schedules)
}

fn count<'a>(wanted: &'a SlotQuery, schedules: Option<&'a [String]>) -> Query<'a> {
    let mut query = Query::new("select count(*) from slot where 1 = 1");
    add_conditions(&mut query, wanted, schedules);
    query
}

fn page<'a>(wanted: &'a SlotQuery, schedules: Option<&'a [String]>) -> Query<'a> {
    let mut query = Query::new("select id, schedule_id, start_at, end_at, status, fragment from slot where 1 = 1");
    add_conditions(&mut query, wanted, schedules);
    if let Some(after) = &wanted.after {
        query.and("(start_at, id) > ({}, {})", [after.start.into(), (&after.id).into()]);
    }
    query.then("order by start_at, id limit {}", [wanted.limit.into()]);
    query
}

/// The conditions that a Slot must meet. They narrow by Schedule and start first, as the index is ordered.
fn add_conditions<'a>(query: &mut Query<'a>, wanted: &'a SlotQuery, schedules: Option<&'a [String]>) {
    if let Some(schedules) = schedules {
        query.and_one_of("schedule_id", schedules.iter().map(Value::from));
    } else {
        for schedule in &wanted.withheld_schedules {
            query.and("schedule_id <> {}", [schedule.into()]);
        }
    }
    let only_free = wanted.statuses.iter().all(|status| *status == SlotStatus::Free) && !wanted.statuses.is_empty();
    let lower = match wanted.window.lower() {
        Some(lower) if only_free => Some(lower.max(wanted.now)),
        None if only_free => Some(wanted.now),
        lower => lower,
    };
    if let Some(lower) = lower {
        query.and("start_at >= {}", [lower.into()]);
    }
    if let Some(upper) = wanted.window.upper() {
        query.and("start_at <= {}", [upper.into()]);
    }
    for (from, until) in wanted.window.gaps() {
        query.and("not (start_at >= {} and start_at < {})", [from.into(), until.into()]);
    }
    if !wanted.statuses.is_empty() {
        query.and_one_of("status", wanted.statuses.iter().map(|status| Value::from(status.code())));
    }
    if !only_free {
        query.and("(status <> 'free' or start_at >= {})", [wanted.now.into()]);
    }
}

pub(crate) async fn service_known(session: &mut Session, name: &str) -> Result<bool> {
    let sql = "select 1 from service_name where name = ?1 limit 1";
    Ok(session.first(sql, &[name.into()], |_| Ok(())).await?.is_some())
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

pub(crate) async fn included(
    session: &mut Session,
    schedule_ids: &[String],
    includes: &[Include],
) -> Result<Vec<Resource>> {
    if schedule_ids.is_empty() || includes.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = Query::new(
        "select r.type, r.id, r.content from schedule_related s join resource r on r.type = s.include and r.id = s.id
         where 1 = 1",
    );
    query.and_one_of("s.schedule_id", schedule_ids.iter().map(Value::from));
    if Include::ALL.iter().any(|include| !includes.contains(include)) {
        query.and_one_of("s.include", includes.iter().map(|include| Value::from(include.resource_type())));
    }
    let read = |row: &dyn Row| Ok(Resource { resource_type: row.text(0)?, id: row.text(1)?, content: row.bytes(2)? });
    // Put in order here, as the Schedules are: a page has few of them, and most often one.
    let mut resources = session.rows(query.sql(), query.values(), read).await?;
    resources.sort_unstable_by(|a, b| (&a.resource_type, &a.id).cmp(&(&b.resource_type, &b.id)));
    resources.dedup_by(|a, b| (&a.resource_type, &a.id) == (&b.resource_type, &b.id));
    Ok(resources)
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
                let page = plan(&mut session, &page(wanted, Some(schedules))).await;
                let part = "INDEX slot_of_schedule (schedule_id=? AND start_at>? AND start_at<?";
                assert!(count.contains(&format!("SEARCH slot USING COVERING {part}")), "{count}");
                assert!(page.contains(&format!("SEARCH slot USING {part}")), "{page}");
                assert_eq!(page.contains("TEMP B-TREE"), schedules.len() > 1, "{page}");
            }
            let all = plan(&mut session, &page(wanted, None)).await;
            assert!(all.contains("SEARCH slot USING INDEX slot_by_start (start_at>? AND start_at<?"), "{all}");
        }
    }
}

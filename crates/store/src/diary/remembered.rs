//! What a service offers and what belongs to a Schedule, remembered between searches (SLT-30). Only a new edition of the diary changes
//! them, and every search reads the edition's number together with its Slots: so nobody, in whichever process, answers from one that is
//! gone.

use std::collections::BTreeMap;
use std::sync::Arc;

use moka::sync::Cache;

use super::{Include, Resource};
use crate::error::Result;
use crate::sql::{Query, Row, Session, Value};

/// Bytes of services that are remembered.
const SERVICES: u64 = 8 << 20;
/// Bytes of what belongs to Schedules that are remembered.
const SCHEDULES: u64 = 32 << 20;

/// What was read once, and is true of one edition of the diary.
#[derive(Debug)]
struct Of<T> {
    edition: i64,
    value: T,
}

/// What this process remembers of the diary.
#[derive(Debug)]
pub(crate) struct Remembered {
    /// The Schedules of a service, by each name of it. One that is unknown or has none is asked for anew each time.
    services: Cache<String, Arc<Of<Vec<String>>>>,
    /// The resources that belong to a Schedule, by type and id.
    schedules: Cache<String, Arc<Of<Vec<Arc<Resource>>>>>,
}

/// The services of a search.
#[derive(Debug, Default)]
pub(super) struct Sought {
    /// Their Schedules, each once, in order.
    pub(super) schedules: Vec<String>,
    /// The first name that no service goes by.
    pub(super) unknown: Option<String>,
    editions: Vec<i64>,
}

impl Sought {
    /// Whether all of it was read in this edition.
    pub(super) fn is_of(&self, edition: i64) -> bool {
        self.editions.iter().all(|each| *each == edition)
    }
}

impl Remembered {
    pub(crate) fn new() -> Self {
        let long = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        let services = Cache::builder()
            .weigher(move |name: &String, found: &Arc<Of<Vec<String>>>| {
                long(name.len() + found.value.iter().map(|id| id.len() + 24).sum::<usize>() + 100)
            })
            .max_capacity(SERVICES)
            .build();
        let schedules = Cache::builder()
            .weigher(move |id: &String, found: &Arc<Of<Vec<Arc<Resource>>>>| {
                long(id.len() + found.value.iter().map(|each| each.content.len() + 150).sum::<usize>() + 100)
            })
            .max_capacity(SCHEDULES)
            .build();
        Self { services, schedules }
    }

    /// Forgets everything: there is a new edition.
    pub(super) fn forget(&self) {
        self.services.invalidate_all();
        self.schedules.invalidate_all();
    }

    /// The Schedules of the services that go by these names.
    pub(super) async fn services(&self, session: &mut Session, names: &[String]) -> Result<Sought> {
        let mut sought = Sought::default();
        let mut missing = Vec::new();
        for name in names {
            match self.services.get(name) {
                Some(known) => {
                    sought.editions.push(known.edition);
                    sought.schedules.extend_from_slice(&known.value);
                }
                None => missing.push(name),
            }
        }
        if !missing.is_empty() {
            let found = read_services(session, &missing).await?;
            sought.editions.push(found.edition);
            sought.unknown = missing.into_iter().find(|name| !found.value.contains_key(*name)).cloned();
            for (name, schedules) in found.value.into_iter().filter(|(_, schedules)| !schedules.is_empty()) {
                sought.schedules.extend_from_slice(&schedules);
                self.services.insert(name, Arc::new(Of { edition: found.edition, value: schedules }));
            }
        }
        sought.schedules.sort_unstable();
        sought.schedules.dedup();
        Ok(sought)
    }

    /// What these includes bring for these Schedules, each resource once (SLT-32), by type and id; `None` when the edition is gone.
    pub(super) async fn included(
        &self,
        session: &mut Session,
        edition: i64,
        schedules: &[&str],
        includes: &[Include],
    ) -> Result<Option<Vec<Arc<Resource>>>> {
        let mut included: Vec<Arc<Resource>> = Vec::with_capacity(8);
        let mut add = |related: &[Arc<Resource>]| {
            let wanted = |each: &&Arc<Resource>| includes.iter().any(|one| one.resource_type() == each.resource_type);
            included.extend(related.iter().filter(wanted).cloned());
        };
        let mut missing = Vec::new();
        for schedule in schedules {
            match self.schedules.get(*schedule) {
                Some(known) if known.edition == edition => add(&known.value),
                _ => missing.push(*schedule),
            }
        }
        if !missing.is_empty() {
            let found = read_related(session, &missing).await?;
            if found.edition != edition {
                return Ok(None);
            }
            for (schedule, related) in found.value {
                add(&related);
                self.schedules.insert(schedule, Arc::new(Of { edition, value: related }));
            }
        }
        // What one Schedule brings is in order, and a page most often shows one.
        if schedules.len() > 1 {
            included.sort_unstable_by(|a, b| place(a).cmp(&place(b)));
            included.dedup_by(|a, b| place(a) == place(b));
        }
        Ok(Some(included))
    }
}

fn place(resource: &Resource) -> (&str, &str) {
    (&resource.resource_type, &resource.id)
}

/// The Schedules of every service that goes by one of these names, by that name.
async fn read_services(session: &mut Session, names: &[&String]) -> Result<Of<BTreeMap<String, Vec<String>>>> {
    let mut query =
        Query::new("select d.number, n.name, s.schedule_id from diary_edition d left join service_name n on 1 = 1");
    query.and_one_of("n.name", names.iter().copied().map(Value::from));
    query.then("left join service_schedule s on s.service_id = n.service_id where d.id = 1", []);
    let read = |row: &dyn Row| Ok((row.number(0)?, row.optional_text(1)?, row.optional_text(2)?));
    let rows = session.rows(query.sql(), query.values(), read).await?;
    let mut found = Of { edition: rows.first().map_or(0, |(edition, ..)| *edition), value: BTreeMap::new() };
    for (_, name, schedule) in rows {
        let Some(name) = name else { continue };
        let schedules: &mut Vec<String> = found.value.entry(name).or_default();
        schedules.extend(schedule);
    }
    Ok(found)
}

/// The resources that belong to each of these Schedules, by type and id.
async fn read_related(session: &mut Session, schedules: &[&str]) -> Result<Of<BTreeMap<String, Vec<Arc<Resource>>>>> {
    let mut query = Query::new(
        "select d.number, x.schedule_id, r.type, r.id, r.content from diary_edition d left join schedule_related x on 1 = 1",
    );
    query.and_one_of("x.schedule_id", schedules.iter().copied().map(Value::from));
    query.then("left join resource r on r.type = x.include and r.id = x.id where d.id = 1", []);
    let read = |row: &dyn Row| {
        let Some(resource_type) = row.optional_text(2)? else { return Ok((row.number(0)?, None)) };
        let resource = Resource { resource_type, id: row.text(3)?, content: row.bytes(4)? };
        Ok((row.number(0)?, Some((row.text(1)?, Arc::new(resource)))))
    };
    let rows = session.rows(query.sql(), query.values(), read).await?;
    let mut found = Of { edition: rows.first().map_or(0, |(edition, _)| *edition), value: BTreeMap::new() };
    for (schedule, resource) in rows.into_iter().filter_map(|(_, related)| related) {
        let related: &mut Vec<Arc<Resource>> = found.value.entry(schedule).or_default();
        related.push(resource);
    }
    for related in found.value.values_mut() {
        related.sort_unstable_by(|a, b| place(a).cmp(&place(b)));
    }
    Ok(found)
}

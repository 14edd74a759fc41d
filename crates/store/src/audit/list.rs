//! The list of records: rows of one record as they are found, and those that many share where time and call lead to them.

use std::collections::BTreeMap;

use super::packing::{SPAN, StoredRow, may_have};
use super::verify::{COLUMNS, read_row};
use super::{AuditFilter, StoredRecord};
use crate::error::{Result, StoreError};
use crate::sql::{Query, Row, Session, Value};

/// How many shared rows are looked through at a time.
const PAGE: i64 = 64;

/// Records in the order of the list, cut off at its length.
struct Found<'a> {
    filter: &'a AuditFilter,
    limit: usize,
    records: BTreeMap<(i64, String, i64), StoredRecord>,
}

/// A shared row without its records.
struct Header {
    chain: String,
    sequence: i64,
    earliest: i64,
    marks: Vec<u8>,
}

fn read_header(row: &dyn Row) -> Result<Header> {
    Ok(Header { chain: row.text(0)?, sequence: row.number(1)?, earliest: row.number(2)?, marks: row.bytes(3)? })
}

/// The records that pass the filter, by time, chain and sequence.
pub(super) async fn list(session: &mut Session, filter: &AuditFilter) -> Result<Vec<StoredRecord>> {
    let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    let mut found = Found { filter, limit, records: BTreeMap::new() };
    for stored in single(session, filter).await? {
        found.add(stored);
    }
    let mut last: Option<Header> = None;
    'rows: loop {
        let headers = headers(session, filter, last.as_ref()).await?;
        let is_last = headers.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        for header in headers {
            if found.is_complete_before(&header) {
                break 'rows;
            }
            if filter.trace_id.as_ref().is_none_or(|trace_id| may_have(&header.marks, trace_id)) {
                records(session, &header).await?.into_iter().for_each(|stored| found.add(stored));
            }
            last = Some(header);
        }
        if is_last {
            break;
        }
        // Others wait for this thread when the database is a file.
        tokio::task::yield_now().await;
    }
    let records = found.records.into_values();
    Ok(if filter.newest_first { records.rev().collect() } else { records.collect() })
}

impl Found<'_> {
    fn add(&mut self, stored: StoredRecord) {
        if !passes(self.filter, &stored) {
            return;
        }
        self.records.insert((stored.record.at, stored.chain.clone(), stored.sequence), stored);
        if self.records.len() > self.limit {
            if self.filter.newest_first {
                self.records.pop_first()
            } else {
                self.records.pop_last()
            };
        }
    }

    /// Whether neither this row nor those after it can add anything.
    fn is_complete_before(&self, header: &Header) -> bool {
        if self.records.len() < self.limit {
            return false;
        }
        if self.filter.newest_first {
            self.records.keys().next().is_none_or(|(at, ..)| header.earliest.saturating_add(SPAN) < *at)
        } else {
            self.records.keys().next_back().is_none_or(|(at, ..)| header.earliest > *at)
        }
    }
}

/// The records that have a row of their own.
async fn single(session: &mut Session, filter: &AuditFilter) -> Result<Vec<StoredRecord>> {
    let mut query = Query::new(COLUMNS);
    query.then("where marks is null", []);
    if let Some(trace_id) = &filter.trace_id {
        query.and("trace_id = {}", [trace_id.into()]);
    }
    if let Some(chain) = &filter.chain {
        query.and("chain = {}", [chain.into()]);
    }
    if let Some(from) = filter.from {
        query.and("recorded_at >= {}", [from.into()]);
    }
    if let Some(until) = filter.until {
        query.and("recorded_at < {}", [until.into()]);
    }
    if let Some(after) = &filter.after {
        goes_on(&mut query, filter, (after.at, &after.chain, after.sequence));
    }
    in_order(&mut query, filter, i64::from(filter.limit));
    let rows = session.rows(query.sql(), query.values(), read_row).await?;
    Ok(rows.into_iter().map(|row| row.row).collect())
}

/// Some rows that many records share, in the order of their earliest.
async fn headers(session: &mut Session, filter: &AuditFilter, last: Option<&Header>) -> Result<Vec<Header>> {
    let mut query = Query::new("select chain, sequence, recorded_at, marks from audit_record where marks is not null");
    if let Some(chain) = &filter.chain {
        query.and("chain = {}", [chain.into()]);
    }
    let after = filter.after.as_ref().map(|after| after.at);
    let (oldest, newest) = if filter.newest_first { (None, after) } else { (after, None) };
    if let Some(oldest) = filter.from.max(oldest) {
        query.and("recorded_at >= {}", [oldest.saturating_sub(SPAN).into()]);
    }
    if let Some(until) = filter.until {
        query.and("recorded_at < {}", [until.into()]);
    }
    if let Some(newest) = newest {
        query.and("recorded_at <= {}", [newest.into()]);
    }
    if let Some(last) = last {
        goes_on(&mut query, filter, (last.earliest, &last.chain, last.sequence));
    }
    in_order(&mut query, filter, PAGE);
    session.rows(query.sql(), query.values(), read_header).await
}

fn goes_on<'a>(query: &mut Query<'a>, filter: &AuditFilter, (at, chain, sequence): (i64, &'a String, i64)) {
    let older = "(recorded_at, chain, sequence) < ({}, {}, {})";
    let newer = "(recorded_at, chain, sequence) > ({}, {}, {})";
    query.and(if filter.newest_first { older } else { newer }, [at.into(), chain.into(), sequence.into()]);
}

fn in_order(query: &mut Query<'_>, filter: &AuditFilter, limit: i64) {
    let newest_first = "order by recorded_at desc, chain desc, sequence desc limit {}";
    let oldest_first = "order by recorded_at, chain, sequence limit {}";
    query.then(if filter.newest_first { newest_first } else { oldest_first }, [limit.into()]);
}

async fn records(session: &mut Session, header: &Header) -> Result<Vec<StoredRecord>> {
    let mut query = Query::new(COLUMNS);
    let place: [Value<'_>; 2] = [(&header.chain).into(), header.sequence.into()];
    query.then("where chain = {} and sequence = {}", place);
    let row = session.first(query.sql(), query.values(), read_row).await?;
    let what = || format!("the audit records up to number {} of {} cannot be read", header.sequence, header.chain);
    row.and_then(StoredRow::records).ok_or_else(|| StoreError::Corrupt(what()))
}

fn passes(filter: &AuditFilter, stored: &StoredRecord) -> bool {
    let at = stored.record.at;
    let place = (at, stored.chain.as_str(), stored.sequence);
    let goes_on = filter.after.as_ref().is_none_or(|after| {
        let after = (after.at, after.chain.as_str(), after.sequence);
        if filter.newest_first { place < after } else { place > after }
    });
    goes_on
        && filter.from.is_none_or(|from| at >= from)
        && filter.until.is_none_or(|until| at < until)
        && filter.trace_id.as_ref().is_none_or(|trace_id| stored.record.trace_id == *trace_id)
}

//! `/audit`: the trails of the roles that run here, read and checked (AUD-01, AUD-04, AUD-06, AUD-08, AUD-10). Nothing here changes a
//! record, and none of them holds an NHS number.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use store::{Audit, AuditCursor, AuditFilter, ChainHead, StoreError, StoredRecord, Verification};

use super::{Administration, Asked, not_here};
use crate::edge::local::{LocalAnswer, LocalRefusal};
use crate::edge::query::Query;

/// How many records are read at a time, at most.
const MOST: u32 = 1000;

/// Where a record may name the caller: the parties' own ASIDs, codes and names, by the shape of each role's records.
const CALLER: [&str; 7] = [
    "/ssp/from",
    "/caller/asid",
    "/caller/ods",
    "/caller/cn",
    "/connection/certificate/cn",
    "/token/appid",
    "/token/organisation",
];
/// Where it may name the service that is called (AUD-10).
const SERVICE: [&str; 3] = ["/ssp/to", "/target/asid", "/target/ods"];
/// Where it may name the request: the caller's X-Request-ID or our own of the answer (AUD-06).
const REQUEST: [&str; 3] = ["/request_id", "/exchange", "/correlation_id"];

/// A chain's end, as it is written for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenHead {
    /// The chain.
    pub chain: String,
    /// How many records it has.
    pub records: i64,
    /// The hash of the last one, in hexadecimal digits.
    pub hash: String,
    /// Whether its process closed it.
    #[serde(default)]
    pub closed: bool,
}

/// A place where a chain is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenFault {
    /// The chain.
    pub chain: String,
    /// The record.
    pub record: i64,
    /// What does not fit.
    pub what: String,
}

/// What a check found, as it is written for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenVerification {
    /// The role whose trail this is.
    pub role: String,
    /// Every chain, in the order in which they began.
    pub chains: Vec<WrittenHead>,
    /// Every place that does not fit. None means intact.
    pub faults: Vec<WrittenFault>,
}

/// A page of records, and where the next one begins.
#[derive(Debug, Serialize, Deserialize)]
pub struct WrittenPage {
    /// Each record as one object: where it stands, when it was made, its hash, and what was recorded, byte for byte.
    pub records: Vec<Box<RawValue>>,
    /// For `after`; absent on the last page.
    pub next: Option<String>,
}

fn trail<'a>(administration: &'a Administration, role: &str) -> Result<&'a Arc<dyn Audit>, LocalRefusal> {
    administration.keeps.audit.get(role).ok_or_else(|| not_here("the audit trail of that role"))
}

/// The roles whose trails are here.
pub(super) fn roles(administration: &Administration) -> LocalAnswer {
    let roles: Vec<_> = administration.keeps.audit.keys().collect();
    LocalAnswer::Found("application/json", json!(roles).to_string().into_bytes())
}

/// Checks a trail from end to end; the body may list the heads that an earlier check found.
pub(super) async fn verify(
    administration: &Administration,
    asked: &Asked,
    role: &str,
) -> Result<LocalAnswer, LocalRefusal> {
    let trail = trail(administration, role)?;
    let known: Vec<WrittenHead> = match asked.body.as_ref() {
        b"" => Vec::new(),
        body => serde_json::from_slice(body)
            .map_err(|error| LocalRefusal::Invalid(format!("expected JSON [{{chain, records, hash}}]: {error}")))?,
    };
    let known: Option<Vec<ChainHead>> = known.into_iter().map(read_head).collect();
    let known = known.ok_or_else(|| LocalRefusal::Invalid("expected each hash as 64 hexadecimal digits".to_owned()))?;
    trail.settled().await?;
    let found = match trail.verify_against(&known).await {
        // A database that is damaged is what a check looks for.
        Err(StoreError::Corrupt(what)) => unreadable(role, what),
        found => written(role, found?),
    };
    Ok(LocalAnswer::Found("application/json", json!(found).to_string().into_bytes()))
}

fn read_head(written: WrittenHead) -> Option<ChainHead> {
    let hash = hex::decode(&written.hash).ok().filter(|hash| hash.len() == 32)?;
    Some(ChainHead { chain: written.chain, sequence: written.records, hash })
}

fn unreadable(role: &str, what: String) -> WrittenVerification {
    let fault = WrittenFault { chain: "(none can be read)".to_owned(), record: 0, what };
    WrittenVerification { role: role.to_owned(), chains: Vec::new(), faults: vec![fault] }
}

fn written(role: &str, found: Verification) -> WrittenVerification {
    let head = |head: ChainHead| WrittenHead {
        closed: found.ended.contains(&head.chain),
        records: head.sequence,
        hash: hex::encode(head.hash),
        chain: head.chain,
    };
    let faults = found.faults.into_iter().map(|fault| WrittenFault {
        chain: fault.chain,
        record: fault.sequence,
        what: fault.what,
    });
    WrittenVerification {
        role: role.to_owned(),
        faults: faults.collect(),
        chains: found.chains.into_iter().map(head).collect(),
    }
}

/// One page of the records that are wanted; it may be empty and still not the last.
pub(super) async fn records(
    administration: &Administration,
    asked: &Asked,
    role: &str,
) -> Result<LocalAnswer, LocalRefusal> {
    let (filter, wanted) = wanted(&asked.query)?;
    let trail = trail(administration, role)?;
    if filter.after.is_none() {
        trail.settled().await?;
    }
    let found = trail.list(&filter).await?;
    let is_last = found.len() < filter.limit as usize;
    let next = found.last().filter(|_| !is_last).map(cursor);
    let records = found.iter().filter_map(|stored| line(role, stored, &wanted));
    let page = WrittenPage { records: records.collect(), next };
    let body = serde_json::to_vec(&page).map_err(|error| LocalRefusal::Broken(error.into()))?;
    Ok(LocalAnswer::Found("application/json", body))
}

/// What is looked for in the body of a record.
#[derive(Debug, Default)]
struct Wanted<'q> {
    caller: Option<&'q str>,
    service: Option<&'q str>,
    request: Option<&'q str>,
    refused: bool,
}

fn wanted(query: &Query) -> Result<(AuditFilter, Wanted<'_>), LocalRefusal> {
    let mut filter = AuditFilter { limit: MOST, ..AuditFilter::default() };
    let mut wanted = Wanted::default();
    for (name, value) in query.pairs() {
        match name {
            "trace" => filter.trace_id = Some(value.to_ascii_lowercase()),
            "chain" => filter.chain = Some(value.to_owned()),
            "from" => filter.from = Some(milliseconds(name, value)?),
            "until" => filter.until = Some(milliseconds(name, value)?),
            "after" => filter.after = Some(read_cursor(value)?),
            "limit" => filter.limit = limit(value)?,
            "newest-first" => filter.newest_first = true,
            "caller" => wanted.caller = Some(value),
            "service" => wanted.service = Some(value),
            "request" => wanted.request = Some(value),
            "refused" => wanted.refused = true,
            _ => {
                let known = "trace, chain, from, until, after, limit, newest-first, caller, service, request, refused";
                return Err(LocalRefusal::Invalid(format!("expected of the query: {known}")));
            }
        }
    }
    Ok((filter, wanted))
}

fn milliseconds(name: &str, value: &str) -> Result<i64, LocalRefusal> {
    let moment = value.parse::<Timestamp>().map(Timestamp::as_millisecond);
    moment.map_err(|_| LocalRefusal::Invalid(format!("expected {name} as a time such as 2026-11-25T09:00:00Z")))
}

fn limit(value: &str) -> Result<u32, LocalRefusal> {
    let limit = value.parse().ok().filter(|limit| (1..=MOST).contains(limit));
    limit.ok_or_else(|| LocalRefusal::Invalid(format!("expected limit as a number from 1 to {MOST}")))
}

fn cursor(stored: &StoredRecord) -> String {
    format!("{}.{}.{}", stored.record.at, stored.sequence, stored.chain)
}

fn read_cursor(value: &str) -> Result<AuditCursor, LocalRefusal> {
    let mut parts = value.splitn(3, '.');
    let read = |parts: &mut std::str::SplitN<'_, char>| {
        let (at, sequence) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(AuditCursor { at, sequence, chain: parts.next()?.to_owned() })
    };
    read(&mut parts).ok_or_else(|| LocalRefusal::Invalid("expected after as `next` of the page before".to_owned()))
}

/// A record as it is written: what makes its hash stands in it as it was hashed.
#[derive(Serialize)]
struct Line<'a> {
    role: &'a str,
    chain: &'a str,
    sequence: i64,
    at: String,
    trace_id: &'a str,
    requirement: &'a str,
    hash: String,
    record: &'a RawValue,
}

/// The line of a record, when it is wanted.
fn line(role: &str, stored: &StoredRecord, wanted: &Wanted<'_>) -> Option<Box<RawValue>> {
    let body: &RawValue = serde_json::from_slice(&stored.record.body).unwrap_or(RawValue::NULL);
    if !wanted.takes(body) {
        return None;
    }
    let at = Timestamp::from_millisecond(stored.record.at).unwrap_or_default();
    let line = Line {
        role,
        chain: &stored.chain,
        sequence: stored.sequence,
        at: format!("{at:.3}"),
        trace_id: &stored.record.trace_id,
        requirement: &stored.record.requirement,
        hash: hex::encode(&stored.hash),
        record: body,
    };
    serde_json::value::to_raw_value(&line).ok()
}

impl Wanted<'_> {
    fn takes(&self, body: &RawValue) -> bool {
        if self.caller.is_none() && self.service.is_none() && self.request.is_none() && !self.refused {
            return true;
        }
        let body: Value = serde_json::from_str(body.get()).unwrap_or_default();
        let names = |places: &[&str], wanted: Option<&str>| {
            wanted.is_none_or(|wanted| {
                let mut told = places.iter().filter_map(|place| body.pointer(place)?.as_str());
                told.any(|told| told.eq_ignore_ascii_case(wanted))
            })
        };
        names(&CALLER, self.caller)
            && names(&SERVICE, self.service)
            && names(&REQUEST, self.request)
            && (!self.refused || body["refusal"].is_string() || body["status"].as_u64() >= Some(400))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(query: &str, body: &str) -> bool {
        let query = Query::read(Some(query)).unwrap();
        let body = RawValue::from_string(body.to_owned()).unwrap();
        wanted(&query).unwrap().1.takes(&body)
    }

    // covers: AUD-06, AUD-10
    #[test]
    fn a_record_is_found_by_whoever_it_names() {
        let at_the_provider = r#"{"exchange":"E1","request_id":"R1","ssp":{"from":"200000000359","to":"918999198999"},
            "connection":{"certificate":{"cn":"ssp.test"}},"token":{"appid":"app"},"refusal":null}"#;
        let at_the_proxy =
            r#"{"caller":{"asid":"200000000359","ods":"A1001"},"target":{"asid":"918999198999"},"status":422}"#;
        for (query, provider, proxy) in [
            ("", true, true),
            ("caller=200000000359", true, true),
            ("caller=a1001", false, true),
            ("caller=SSP.test", true, false),
            ("caller=918999198999", false, false),
            ("service=918999198999", true, true),
            ("service=918999198999&caller=app", true, false),
            ("request=r1", true, false),
            ("request=e1", true, false),
            ("refused", false, true),
        ] {
            assert_eq!((takes(query, at_the_provider), takes(query, at_the_proxy)), (provider, proxy), "{query}");
        }
    }

    #[test]
    fn a_query_that_cannot_be_read_is_refused_with_what_was_expected() {
        for (query, expected) in [
            ("nhs-number=9", "expected of the query: trace"),
            ("from=yesterday", "expected from as a time"),
            ("limit=0", "a number from 1 to 1000"),
            ("limit=1001", "a number from 1 to 1000"),
            ("after=1.2", "`next` of the page before"),
        ] {
            let query = Query::read(Some(query)).unwrap();
            let Err(LocalRefusal::Invalid(told)) = wanted(&query) else { panic!("{query:?} is refused") };
            assert!(told.contains(expected), "{told}");
        }
        let query = Query::read(Some("after=5.7.a-b-1")).unwrap();
        let after = AuditCursor { at: 5, sequence: 7, chain: "a-b-1".to_owned() };
        assert_eq!(wanted(&query).unwrap().0.after, Some(after));
    }
}

//! The check of all chains, from end to end.

use std::collections::{BTreeMap, BTreeSet};

use super::chain::{HASH, Link, OPENED, START, named_heads, read_head};
use super::packing::StoredRow;
use super::{AuditRecord, ChainFault, ChainHead, StoredRecord, Verification};
use crate::error::Result;
use crate::sql::{Query, Row, Session, Value};

/// How many rows are read at a time; each may hold many records.
const PAGE: i64 = 32;
/// How many faults of one chain are told.
const FAULTS: usize = 100;
/// What a row is read from.
pub(super) const COLUMNS: &str =
    "select chain, sequence, recorded_at, trace_id, requirement, body, hash, marks from audit_record";
/// What is wrong with a record whose hash is not the one that follows.
const ANOTHER: &str = "the record is not the one that was written here: it was changed, moved or put in";

pub(super) fn read_row(row: &dyn Row) -> Result<StoredRow> {
    let record =
        AuditRecord { at: row.number(2)?, trace_id: row.text(3)?, requirement: row.text(4)?, body: row.bytes(5)? };
    let record = StoredRecord { chain: row.text(0)?, sequence: row.number(1)?, record, hash: row.bytes(6)? };
    Ok(StoredRow { row: record, marks: row.optional_bytes(7)? })
}

/// Somebody who knows a record of a chain, and so notices when it is gone or another.
struct Witness {
    who: &'static str,
    head: ChainHead,
}

/// One chain as it was read.
struct Walked {
    head: Link,
    /// What its first record says of the chains before it.
    names: Vec<ChainHead>,
    faults: Vec<ChainFault>,
}

/// Checks every chain by itself, and that every record is there that somebody knows of: the chain's own end, a later chain, this
/// process (`own`), or whoever kept the heads of an earlier check (`known`).
pub(crate) async fn verify(session: &mut Session, own: Option<ChainHead>, known: &[ChainHead]) -> Result<Verification> {
    let mut found = Verification::default();
    // Whoever writes meanwhile goes on: what was there before is there, and what is there is not beyond the end that is kept afterwards.
    let kept = heads(session).await?;
    found.ended = session.rows(ENDED, &[], |row| row.text(0)).await?.into_iter().collect();
    let chains = session.rows("select id from audit_chain order by position", &[], |row| row.text(0)).await?;
    let mut witnesses: Vec<Witness> =
        own.into_iter().map(|head| Witness { who: "the process that wrote it", head }).collect();
    witnesses.extend(known.iter().cloned().map(|head| Witness { who: "the earlier check", head }));
    let mut order = Order::default();
    for chain in &chains {
        let mut walked = walk(session, chain).await?;
        order.goes_on_with(chain, &walked.names, &mut walked.faults);
        match kept.get(chain) {
            Some(head) => witnesses.push(Witness { who: "the chain's own end", head: head.clone() }),
            None => {
                walked.faults.push(fault(chain, walked.head.sequence, "the end of the chain is not kept beside it"));
            }
        }
        witnesses.extend(walked.names.into_iter().map(|head| Witness { who: "a later chain", head }));
        let (sequence, hash) = (walked.head.sequence, walked.head.hash.to_vec());
        found.chains.push(ChainHead { chain: chain.clone(), sequence, hash });
        found.faults.append(&mut walked.faults);
    }
    found.faults.extend(order.unnamed());
    for witness in &witnesses {
        found.faults.extend(missed(session, witness).await?);
    }
    let now_kept = heads(session).await?;
    found.faults.extend(found.chains.iter().filter_map(|head| beyond(head, now_kept.get(&head.chain)?)));
    found.faults.extend(unknown_chains(session).await?);
    // Several witnesses may know of one record.
    let mut told = BTreeSet::new();
    found.faults.retain(|fault| told.insert((fault.chain.clone(), fault.sequence)));
    Ok(found)
}

const ENDED: &str = "select chain from audit_head where ended = 1";

fn fault(chain: &str, sequence: i64, what: impl Into<String>) -> ChainFault {
    ChainFault { chain: chain.to_owned(), sequence, what: what.into() }
}

/// The ends that are kept beside the records.
async fn heads(session: &mut Session) -> Result<BTreeMap<String, ChainHead>> {
    let heads = session.rows("select chain, sequence, hash from audit_head", &[], read_head).await?;
    Ok(heads.into_iter().map(|head| (head.chain.clone(), head)).collect())
}

async fn walk(session: &mut Session, chain: &str) -> Result<Walked> {
    let mut walked = Walked { head: Link::start(), names: Vec::new(), faults: Vec::new() };
    loop {
        let page = page(session, chain, walked.head.sequence).await?;
        let is_last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        for row in page {
            let (sequence, hash) = (row.row.sequence, row.row.hash.clone());
            match row.records() {
                Some(records) => records.iter().for_each(|stored| step(&mut walked, chain, stored)),
                None => {
                    walked.faults.push(fault(chain, walked.head.sequence + 1, ANOTHER));
                    walked.head = link_at(sequence, &hash);
                }
            }
        }
        if is_last || walked.faults.len() >= FAULTS {
            break;
        }
        // Others wait for this thread when the database is a file.
        tokio::task::yield_now().await;
    }
    if walked.head.sequence == 0 {
        walked.faults.push(fault(chain, 1, "the record is missing, and so are all others of this chain"));
    }
    Ok(walked)
}

/// Goes on by one record. What does not fit is told, and the chain followed from there, so that every such place is found.
fn step(walked: &mut Walked, chain: &str, stored: &StoredRecord) {
    let link = walked.head.next(chain, &stored.record);
    let missing = stored.sequence - link.sequence;
    if missing > 0 {
        let more = if missing == 1 { String::new() } else { format!(", and so are the {} after it", missing - 1) };
        walked.faults.push(fault(chain, link.sequence, format!("the record is missing{more}")));
    } else if stored.hash != link.hash {
        walked.faults.push(fault(chain, stored.sequence, ANOTHER));
    }
    if link.sequence == 1 && missing == 0 {
        match (stored.record.requirement == OPENED, named_heads(&stored.record.body)) {
            (true, Ok(heads)) => walked.names = heads,
            _ => walked.faults.push(fault(chain, 1, "the chain does not begin with the record that opens one")),
        }
    }
    walked.head = link_at(stored.sequence, &stored.hash);
}

fn link_at(sequence: i64, hash: &[u8]) -> Link {
    Link { sequence, hash: <[u8; HASH]>::try_from(hash).unwrap_or(START) }
}

async fn page(session: &mut Session, chain: &str, after: i64) -> Result<Vec<StoredRow>> {
    let mut query = Query::new(COLUMNS);
    query.then(
        "where chain = {} and sequence > {} order by sequence limit {}",
        [chain.into(), after.into(), PAGE.into()],
    );
    session.rows(query.sql(), query.values(), read_row).await
}

/// The order in which chains began: each names those before it that went on, so that every chain but the last is named by a later one.
#[derive(Default)]
struct Order {
    seen: BTreeSet<String>,
    last: String,
    named: BTreeSet<String>,
}

impl Order {
    fn goes_on_with(&mut self, chain: &str, names: &[ChainHead], faults: &mut Vec<ChainFault>) {
        for head in names {
            if !self.seen.contains(&head.chain) {
                let what = format!("the chain names {}, which did not begin before it", head.chain);
                faults.push(fault(chain, 1, what));
            }
            self.named.insert(head.chain.clone());
        }
        self.seen.insert(chain.to_owned());
        chain.clone_into(&mut self.last);
    }

    fn unnamed(&self) -> Vec<ChainFault> {
        let unnamed = self.seen.difference(&self.named).filter(|chain| **chain != self.last);
        unnamed.map(|chain| fault(chain, 1, "no later chain names this one: it was put in")).collect()
    }
}

async fn missed(session: &mut Session, witness: &Witness) -> Result<Option<ChainFault>> {
    let head = &witness.head;
    let sql = "select chain, sequence, hash from audit_record where chain = ?1 and sequence = ?2";
    let values: [Value<'_>; 2] = [(&head.chain).into(), head.sequence.into()];
    let found = session.first(sql, &values, read_head).await?;
    if head.hash.len() == HASH && found.as_ref() == Some(head) {
        return Ok(None);
    }
    let who = witness.who;
    let what = match found {
        Some(_) => format!("the record is not the one that {who} names"),
        None => format!("the record is missing, and {who} names it"),
    };
    Ok(Some(fault(&head.chain, head.sequence, what)))
}

/// Records behind the end of their chain.
fn beyond(found: &ChainHead, end: &ChainHead) -> Option<ChainFault> {
    let what = "the record was put in behind the end of the chain";
    (found.sequence > end.sequence).then(|| fault(&found.chain, end.sequence + 1, what))
}

async fn unknown_chains(session: &mut Session) -> Result<Vec<ChainFault>> {
    let sql = "select distinct chain from audit_record where chain not in (select id from audit_chain)";
    let chains = session.rows(sql, &[], |row| row.text(0)).await?;
    Ok(chains.iter().map(|chain| fault(chain, 1, "there is no sign that this chain was ever begun")).collect())
}

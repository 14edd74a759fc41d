//! The check of all chains, from end to end.

use super::chain::{HASH, Link, OPENED, named_heads, read_head};
use super::{AuditRecord, ChainFault, ChainHead, StoredRecord, Verification};
use crate::error::Result;
use crate::sql::{Row, Session, Value};

/// How many records are read at a time.
const PAGE: i64 = 500;

pub(crate) fn read_record(row: &dyn Row) -> Result<StoredRecord> {
    Ok(StoredRecord {
        chain: row.text(0)?,
        sequence: row.number(1)?,
        record: AuditRecord {
            at: row.number(2)?,
            trace_id: row.text(3)?,
            requirement: row.text(4)?,
            body: row.bytes(5)?,
        },
        hash: row.bytes(6)?,
    })
}

/// Checks every chain by itself, and that the heads that chains name are there.
pub(crate) async fn verify(session: &mut Session) -> Result<Verification> {
    let mut found = Verification::default();
    let mut named = Vec::new();
    let chains = session.rows("select id from audit_chain order by position", &[], |row| row.text(0)).await?;
    for chain in &chains {
        let head = verify_chain(session, chain, &mut named, &mut found.faults).await?;
        found.chains.push(head);
    }
    for head in &named {
        found.faults.extend(verify_named(session, head).await?);
    }
    found.faults.extend(unknown_chains(session).await?);
    Ok(found)
}

async fn verify_chain(
    session: &mut Session,
    chain: &str,
    named: &mut Vec<ChainHead>,
    faults: &mut Vec<ChainFault>,
) -> Result<ChainHead> {
    let mut head = Link::start();
    let fault = |sequence, what: &str| ChainFault { chain: chain.to_owned(), sequence, what: what.to_owned() };
    'chain: loop {
        let page = page(session, chain, head.sequence).await?;
        let last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        for stored in page {
            let link = head.next(chain, &stored.record);
            if stored.sequence != link.sequence {
                faults.push(fault(link.sequence, "the record is missing"));
                break 'chain;
            }
            if stored.hash != link.hash {
                faults.push(fault(link.sequence, "the record was changed, or the one before it"));
                break 'chain;
            }
            if link.sequence == 1 {
                match (stored.record.requirement == OPENED, named_heads(&stored.record.body)) {
                    (true, Ok(heads)) => named.extend(heads),
                    _ => faults.push(fault(1, "the chain does not begin with the record that opens one")),
                }
            }
            head = link;
        }
        if last {
            break;
        }
        // Others wait for this thread when the database is a file.
        tokio::task::yield_now().await;
    }
    if head.sequence == 0 && faults.iter().all(|fault| fault.chain != chain) {
        faults.push(fault(1, "the record is missing"));
    }
    Ok(ChainHead { chain: chain.to_owned(), sequence: head.sequence, hash: head.hash.to_vec() })
}

async fn page(session: &mut Session, chain: &str, after: i64) -> Result<Vec<StoredRecord>> {
    let sql = "select chain, sequence, recorded_at, trace_id, requirement, body, hash from audit_record
               where chain = ?1 and sequence > ?2 order by sequence limit ?3";
    session.rows(sql, &[chain.into(), after.into(), PAGE.into()], read_record).await
}

async fn verify_named(session: &mut Session, head: &ChainHead) -> Result<Option<ChainFault>> {
    let sql = "select chain, sequence, hash from audit_record where chain = ?1 and sequence = ?2";
    let values: [Value<'_>; 2] = [(&head.chain).into(), head.sequence.into()];
    let found = session.first(sql, &values, read_head).await?;
    if head.hash.len() == HASH && found.as_ref() == Some(head) {
        return Ok(None);
    }
    let what = match found {
        Some(_) => "the record is not the one that a later chain names",
        None => "the record is missing, and a later chain names it",
    };
    Ok(Some(ChainFault { chain: head.chain.clone(), sequence: head.sequence, what: what.to_owned() }))
}

async fn unknown_chains(session: &mut Session) -> Result<Vec<ChainFault>> {
    let sql = "select distinct chain from audit_record where chain not in (select id from audit_chain)";
    let chains = session.rows(sql, &[], |row| row.text(0)).await?;
    let fault =
        |chain| ChainFault { chain, sequence: 1, what: "there is no sign that this chain was ever begun".to_owned() };
    Ok(chains.into_iter().map(fault).collect())
}

//! The chain of hashes: each record's hash covers the record and the hash before it. A process has one chain. Its end is kept three
//! times: beside the records in their own transaction, in the process that writes it, and in the first record of the chain after it,
//! so that none can lose its end unnoticed.

use std::sync::Arc;

use aws_lc_rs::digest;
use serde_json::json;
use tokio::sync::watch;

use super::packing::{Content, NewRow, rows};
use super::{AuditRecord, ChainHead};
use crate::error::{Result, StoreError};
use crate::sql::{Row, Session, Step, Value};

/// The `requirement` of a chain's first record, which the store itself makes.
pub(crate) const OPENED: &str = "audit-chain-opened";
/// What a chain starts from, in place of a hash before the first record.
pub(crate) const START: [u8; HASH] = [0; HASH];
/// Bytes of a hash.
pub(crate) const HASH: usize = 32;

/// The chain that this process writes.
pub(crate) struct Chain {
    process: String,
    /// How many chains this process has begun.
    begun: u32,
    name: String,
    /// The last record that is written, `None` before the first.
    head: Option<Link>,
    /// The last record that is durable, for whoever checks the chain in this process.
    durable: Arc<watch::Sender<Option<ChainHead>>>,
}

/// The end of a chain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub(crate) sequence: i64,
    pub(crate) hash: [u8; HASH],
}

impl Link {
    /// The link that this record makes after this one.
    pub(crate) fn next(self, chain: &str, record: &AuditRecord) -> Self {
        let sequence = self.sequence + 1;
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&self.hash);
        context.update(&sequence.to_be_bytes());
        context.update(&record.at.to_be_bytes());
        for part in [chain.as_bytes(), record.trace_id.as_bytes(), record.requirement.as_bytes(), &record.body] {
            // The length first, so that nothing can move from one part to the next.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut hash = START;
        hash.copy_from_slice(context.finish().as_ref());
        Self { sequence, hash }
    }

    /// What stands before the first record.
    pub(crate) fn start() -> Self {
        Self { sequence: 0, hash: START }
    }
}

impl Chain {
    /// A chain that begins with its first record. `process` names this run of the program and no other.
    pub(crate) fn new(process: &str, durable: Arc<watch::Sender<Option<ChainHead>>>) -> Self {
        Self { process: process.to_owned(), begun: 0, name: String::new(), head: None, durable }
    }

    /// Gives the chain up: the next record begins another.
    pub(crate) fn leave(&mut self) {
        self.head = None;
    }

    /// What was written is committed.
    pub(crate) fn committed(&self) {
        if let Some(head) = self.head {
            let (chain, sequence, hash) = (self.name.clone(), head.sequence, head.hash.to_vec());
            self.durable.send_replace(Some(ChainHead { chain, sequence, hash }));
        }
    }

    /// Notes that this process ends the chain, and was not cut off. False when there is none to end.
    pub(crate) async fn end(&self, session: &mut Session) -> Result<bool> {
        if self.head.is_none() {
            return Ok(false);
        }
        session.execute("update audit_head set ended = 1 where chain = ?1", &[(&self.name).into()]).await?;
        Ok(true)
    }

    /// Writes records at the end of the chain, in this transaction.
    pub(crate) async fn write(&mut self, session: &mut Session, records: &[&AuditRecord]) -> Result<()> {
        let Some(first) = records.first() else { return Ok(()) };
        let head = match self.head {
            Some(head) => head,
            None => self.begin(session, first.at).await?,
        };
        let rows = rows(&self.name, head, records);
        let head = rows.last().map_or(head, |row| row.head);
        let mut steps: Vec<Step<'_>> = rows.iter().map(|row| insertion(&self.name, row)).collect();
        let values: [Value<'_>; 3] = [head.sequence.into(), Value::Bytes(&head.hash), (&self.name).into()];
        steps.push(Step::following("update audit_head set sequence = ?1, hash = ?2 where chain = ?3", values));
        session.steps(&steps).await?;
        self.head = Some(head);
        Ok(())
    }

    /// Begins a chain with a record that names the heads of the others, as far as no chain has named them yet.
    async fn begin(&mut self, session: &mut Session, at: i64) -> Result<Link> {
        session.lock(&["audit chains".to_owned()]).await?;
        self.begun += 1;
        self.name = format!("{}-{}", self.process, self.begun);
        let unnamed = unnamed_heads(session).await?;
        let named: Vec<_> = unnamed
            .iter()
            .map(|head| json!({"chain": head.chain, "sequence": head.sequence, "hash": hex::encode(&head.hash)}))
            .collect();
        let body = json!({ "continues": named }).to_string().into_bytes();
        let record = AuditRecord { at, trace_id: String::new(), requirement: OPENED.to_owned(), body };
        let opening = rows(&self.name, Link::start(), &[&record]);
        let link = opening.last().map_or(Link::start(), |row| row.head);
        let mut steps = vec![
            Step::following(
                "insert into audit_chain (position, id, named)
                 select coalesce(max(position), 0) + 1, ?1, 0 from audit_chain",
                [(&self.name).into()],
            ),
            Step::following(
                "insert into audit_head (chain, sequence, hash, ended) values (?1, ?2, ?3, 0)",
                [(&self.name).into(), link.sequence.into(), Value::Bytes(&link.hash)],
            ),
        ];
        steps.extend(opening.iter().map(|row| insertion(&self.name, row)));
        steps.extend(unnamed.iter().map(|head| {
            let values: [Value<'_>; 2] = [head.sequence.into(), (&head.chain).into()];
            Step::following("update audit_chain set named = ?1 where id = ?2", values)
        }));
        session.steps(&steps).await?;
        Ok(link)
    }
}

fn insertion<'a>(chain: &'a str, row: &'a NewRow<'_>) -> Step<'a> {
    let (body, marks) = match &row.content {
        Content::One(body) => (Value::Bytes(body), Value::Null),
        Content::Many { records, marks } => (records.into(), marks.into()),
    };
    let values: [Value<'a>; 8] = [
        chain.into(),
        row.head.sequence.into(),
        row.at.into(),
        row.trace_id.into(),
        row.requirement.into(),
        body,
        Value::Bytes(&row.head.hash),
        marks,
    ];
    let sql = "insert into audit_record (chain, sequence, recorded_at, trace_id, requirement, body, hash, marks)
               values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    Step::following(sql, values)
}

async fn unnamed_heads(session: &mut Session) -> Result<Vec<ChainHead>> {
    let sql = "select r.chain, r.sequence, r.hash from audit_chain c
               join audit_record r on r.chain = c.id
                and r.sequence = (select max(sequence) from audit_record where chain = c.id)
               where r.sequence > c.named order by c.position";
    session.rows(sql, &[], read_head).await
}

pub(crate) fn read_head(row: &dyn Row) -> Result<ChainHead> {
    Ok(ChainHead { chain: row.text(0)?, sequence: row.number(1)?, hash: row.bytes(2)? })
}

/// The heads that a chain's first record names.
pub(crate) fn named_heads(body: &[u8]) -> Result<Vec<ChainHead>> {
    let damaged =
        || StoreError::Corrupt("the first record of an audit chain does not say what it continues".to_owned());
    let body: serde_json::Value = serde_json::from_slice(body).map_err(|_| damaged())?;
    let heads = body["continues"].as_array().ok_or_else(damaged)?;
    heads
        .iter()
        .map(|head| {
            Some(ChainHead {
                chain: head["chain"].as_str()?.to_owned(),
                sequence: head["sequence"].as_i64()?,
                hash: hex::decode(head["hash"].as_str()?).ok()?,
            })
        })
        .collect::<Option<_>>()
        .ok_or_else(damaged)
}

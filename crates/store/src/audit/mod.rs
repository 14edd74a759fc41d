//! The audit trail: every access and every refusal, one record each, in order, in a chain of hashes that shows a change made behind
//! the program's back (AUD-01, AUD-04). There is no operation that changes or removes a record.

pub(crate) mod chain;
mod list;
mod packing;
mod verify;

use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::Store;
use crate::error::{Result, StoreError};
use crate::group_commit::{Operation, Ruling};
use crate::sql::Session;

/// One thing that happened, as the role tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditRecord {
    /// When it happened, in milliseconds since 1970.
    pub at: i64,
    /// The `Ssp-TraceID` of the call, by which it is followed across systems (AUD-08); empty when there was none.
    pub trace_id: String,
    /// The requirement that a refusal enforced, or the interaction that was carried out.
    pub requirement: String,
    /// Everything else, as the JSON that the role made.
    pub body: Vec<u8>,
}

/// A record as it stands in its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// The chain: one for each run of a process.
    pub chain: String,
    /// The place in the chain, from 1.
    pub sequence: i64,
    /// What was recorded.
    pub record: AuditRecord,
    /// SHA-256 over the hash before it and this record, 32 bytes.
    pub hash: Vec<u8>,
}

/// Which records to list. Everything that is left out does not narrow the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only those of this call.
    pub trace_id: Option<String>,
    /// Only those of this chain.
    pub chain: Option<String>,
    /// Only those at or after this time, in milliseconds since 1970.
    pub from: Option<i64>,
    /// Only those before this time, in milliseconds since 1970.
    pub until: Option<i64>,
    /// Only those after this one, the last of the page before. Records are ordered by time, chain and sequence.
    pub after: Option<AuditCursor>,
    /// The newest first instead; `after` then goes on to older ones.
    pub newest_first: bool,
    /// At most so many.
    pub limit: u32,
}

/// A place in the list of all records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditCursor {
    /// The record's time, in milliseconds since 1970.
    pub at: i64,
    /// The record's chain.
    pub chain: String,
    /// The record's place in the chain.
    pub sequence: i64,
}

/// What a check of all chains found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// Each chain with its last record, in the order in which the chains began. Kept elsewhere, these heads show a later cut.
    pub chains: Vec<ChainHead>,
    /// Those chains whose process closed them. Any other is still being written, or its process was killed or cut off: the records of
    /// reads and refusals from its last 100 ms may be missing then, those of changes never.
    pub ended: BTreeSet<String>,
    /// Where a chain is not as it was written. Empty means intact.
    pub faults: Vec<ChainFault>,
}

/// The last record of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    /// The chain.
    pub chain: String,
    /// The last record's place, which is also the number of records.
    pub sequence: i64,
    /// The last record's hash, 32 bytes.
    pub hash: Vec<u8>,
}

/// One place where a chain is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainFault {
    /// The chain.
    pub chain: String,
    /// The first record that does not fit.
    pub sequence: i64,
    /// What does not fit, in a sentence.
    pub what: String,
}

/// The audit trail of one role.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Writes a record and returns when it is durable.
    async fn append(&self, record: AuditRecord) -> Result<()>;

    /// Hands a record over to be written with the next group, at most 100 ms later, and returns as soon as it is in the queue. For
    /// reads and refusals, whose answers do not wait. While the database is away the records are kept and written when it is back.
    async fn append_behind(&self, record: AuditRecord) -> Result<()>;

    /// Returns when every record that was handed over before is written, as far as the database can be written at all.
    async fn settled(&self) -> Result<()> {
        Ok(())
    }

    /// Reads all chains from end to end and computes every hash again.
    async fn verify(&self) -> Result<Verification> {
        self.verify_against(&[]).await
    }

    /// The same, and that these records are there, as an earlier check found them.
    async fn verify_against(&self, known: &[ChainHead]) -> Result<Verification>;

    /// The records that pass the filter, oldest first unless it says otherwise.
    async fn list(&self, filter: &AuditFilter) -> Result<Vec<StoredRecord>>;
}

#[async_trait]
impl Audit for Store {
    async fn append(&self, record: AuditRecord) -> Result<()> {
        self.carry_out(Append { record: Some(record) }).await
    }

    async fn append_behind(&self, record: AuditRecord) -> Result<()> {
        self.queue().record(record).await
    }

    async fn settled(&self) -> Result<()> {
        match self.carry_out(Append { record: None }).await {
            // What can be read is read all the same.
            Err(StoreError::Unavailable(_)) => Ok(()),
            written => written,
        }
    }

    async fn verify_against(&self, known: &[ChainHead]) -> Result<Verification> {
        verify::verify(&mut self.reader().await?, self.own_head(), known).await
    }

    async fn list(&self, filter: &AuditFilter) -> Result<Vec<StoredRecord>> {
        list::list(&mut self.reader().await?, filter).await
    }
}

/// A record whose caller waits for it. It touches nothing else.
struct Append {
    record: Option<AuditRecord>,
}

#[async_trait]
impl Operation for Append {
    type Outcome = ();

    fn keys(&self) -> Vec<String> {
        Vec::new()
    }

    async fn run(&self, _session: &mut Session) -> Result<Ruling<()>> {
        Ok(Ruling::Done(()))
    }

    fn audit(&mut self) -> Option<AuditRecord> {
        self.record.take()
    }
}

//! Whether an answer waits until its audit record is on disk: `audit.wait` (SSP-100, AUD-04).

use std::sync::Arc;

use async_trait::async_trait;
use store::{Audit, AuditFilter, AuditRecord, ChainHead, Result, Store, StoredRecord, Verification};

use super::Shared;
use crate::config::AuditWait;

/// The audit trail of a role, as `audit.wait` wants it.
pub(super) fn trail(shared: &Shared, store: Store) -> Arc<dyn Audit> {
    match shared.config.audit.wait {
        AuditWait::Changes => Arc::new(store),
        AuditWait::All => Arc::new(EveryAnswerWaits(store)),
    }
}

/// A trail in which the records of reads and refusals are waited for as those of changes are.
struct EveryAnswerWaits(Store);

#[async_trait]
impl Audit for EveryAnswerWaits {
    async fn append(&self, record: AuditRecord) -> Result<()> {
        self.0.append(record).await
    }

    async fn append_behind(&self, record: AuditRecord) -> Result<()> {
        self.0.append(record).await
    }

    async fn verify_against(&self, known: &[ChainHead]) -> Result<Verification> {
        self.0.verify_against(known).await
    }

    async fn list(&self, filter: &AuditFilter) -> Result<Vec<StoredRecord>> {
        self.0.list(filter).await
    }
}

//! The audit record of what a connection asked: every operation, in its order, those of a moment in one record (AUD-04). A
//! directory answers thousands of searches a second; one record for each would cost more than the answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use spine::sds::session::Answer;
use store::{Audit, AuditRecord};

use crate::edge::audit::{connection, without_nhs_numbers};
use crate::edge::clock::{Clock, Ids};
use crate::edge::peer::Peer;

/// The most operations that one record tells of.
const MOST: usize = 256;
/// The most letters of a base or a filter that are kept.
const LONGEST: usize = 500;

/// Where records go, and what they are stamped with.
#[derive(Clone)]
pub struct Recorder {
    /// The audit trail.
    pub audit: Arc<dyn Audit>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// How long operations are gathered before their record is written; with zero it is written before they are answered.
    pub gather: Duration,
}

/// The operations of one connection that no record tells of yet.
pub(super) struct Untold<'a> {
    recorder: &'a Recorder,
    connection: Value,
    began: Option<Instant>,
    operations: Vec<Value>,
}

impl<'a> Untold<'a> {
    pub(super) fn new(recorder: &'a Recorder, peer: &Peer) -> Self {
        Self { recorder, connection: connection(peer, None), began: None, operations: Vec::new() }
    }

    /// Notes an answer; what has none (Unbind, Abandon) is not noted.
    pub(super) fn note(&mut self, answer: &Answer, took: Duration) {
        let Some(result) = answer.exchange.result else { return };
        self.began.get_or_insert_with(Instant::now);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let mut told = json!({ "operation": answer.exchange.operation, "result": result, "us": micros });
        if let Some(searched) = &answer.searched {
            told["base"] = shown(&searched.base);
            told["scope"] = searched.scope.into();
            told["filter"] = shown(&searched.filter);
            told["entries"] = answer.exchange.entries.into();
        }
        self.operations.push(told);
    }

    /// Whether the record has to be written before the answers leave.
    pub(super) fn comes_first(&self) -> bool {
        self.recorder.gather.is_zero() || self.operations.len() >= MOST
    }

    /// When the record is due; `None` while there is nothing to tell.
    pub(super) fn due(&self) -> Option<Instant> {
        self.began.map(|began| began + self.recorder.gather)
    }

    /// Hands the record over.
    pub(super) async fn tell(&mut self) {
        if self.began.take().is_none() {
            return;
        }
        let operations = std::mem::take(&mut self.operations);
        let body = json!({
            "role": "sds",
            "exchange": self.recorder.ids.uuid().to_string(),
            "interaction": "ldap",
            "connection": self.connection,
            "operations": operations,
        });
        let record = AuditRecord {
            at: self.recorder.clock.now().as_millisecond(),
            trace_id: String::new(),
            requirement: "ldap".to_owned(),
            body: body.to_string().into_bytes(),
        };
        if let Err(fault) = self.recorder.audit.append_behind(record).await {
            tracing::error!(%fault, "an audit record of the directory was not taken");
        }
    }
}

fn shown(text: &str) -> Value {
    let short: String = text.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect();
    without_nhs_numbers(&short).into_owned().into()
}

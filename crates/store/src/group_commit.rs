//! The one that writes. It gathers the operations that wait into one transaction, each undone by itself when it is refused, and answers
//! each only after the commit: many share one wait for the disk.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::AuditRecord;
use crate::audit::chain::Chain;
use crate::error::{Result, StoreError};
use crate::sql::Session;

/// How many operations share a transaction. PostgreSQL keeps 64 savepoints of a transaction in its quick memory.
const OPERATIONS: usize = 64;
/// How much is taken from the queue for one transaction: operations, and audit records that nobody waits for.
const GATHERED: usize = 2048;
/// How many may wait in the queue; whoever comes later waits for a place.
const QUEUE: usize = 8192;
/// How long audit records that nobody waits for may lie before they are written.
const LINGER: Duration = Duration::from_millis(80);
/// How long a group waits for one more operation, when the group before it was larger.
const NEXT: Duration = Duration::from_micros(60);
/// How long a group waits for all of them together.
const COMPANY: Duration = Duration::from_millis(1);
/// How many audit records are kept while the database is away.
const OWED: usize = 65_536;
/// How long after a failed commit those records are tried again when nothing else comes.
const RETRY: Duration = Duration::from_secs(1);

/// The key of an operation that touches all there is.
pub(crate) const EVERYTHING: &str = "everything";

/// What an operation decided.
pub(crate) enum Ruling<T> {
    /// It is done: keep what it wrote.
    Done(T),
    /// It is refused: undo what it wrote.
    Refused(T),
}

/// One atomic operation that writes.
#[async_trait]
pub(crate) trait Operation: Send + Sync + 'static {
    /// What it answers.
    type Outcome: Send + 'static;

    /// Names what it is going to touch and what others may touch at the same time.
    fn keys(&self) -> Vec<String>;

    /// Does it.
    async fn run(&self, session: &mut Session) -> Result<Ruling<Self::Outcome>>;

    /// The record that belongs to it, asked for once, when it is done.
    fn audit(&mut self) -> Option<AuditRecord>;
}

/// What waits in the queue.
pub(crate) enum Work {
    /// An audit record whose caller does not wait.
    Record(AuditRecord),
    /// An operation whose caller waits.
    Operation(Box<dyn Waiting>),
}

/// An operation together with the one who waits for it.
#[async_trait]
pub(crate) trait Waiting: Send {
    fn keys(&self) -> Vec<String>;
    /// Does it and keeps the outcome; true when what it wrote is to be kept.
    async fn run(&mut self, session: &mut Session) -> Result<bool>;
    fn audit(&mut self) -> Option<AuditRecord>;
    /// Answers: with the outcome when the transaction is committed or the operation failed by itself, else with the fault.
    fn answer(self: Box<Self>, committed: Result<()>);
}

struct Pending<O: Operation> {
    operation: O,
    outcome: Option<Result<O::Outcome>>,
    answer: oneshot::Sender<Result<O::Outcome>>,
}

#[async_trait]
impl<O: Operation> Waiting for Pending<O> {
    fn keys(&self) -> Vec<String> {
        self.operation.keys()
    }

    async fn run(&mut self, session: &mut Session) -> Result<bool> {
        let (outcome, keep) = match self.operation.run(session).await {
            Ok(Ruling::Done(outcome)) => (Ok(outcome), true),
            Ok(Ruling::Refused(outcome)) => (Ok(outcome), false),
            // This operation cannot be done; those beside it may still.
            Err(fault @ StoreError::Unstorable(_)) => (Err(fault), false),
            Err(fault) => return Err(fault),
        };
        self.outcome = Some(outcome);
        Ok(keep)
    }

    fn audit(&mut self) -> Option<AuditRecord> {
        self.operation.audit()
    }

    fn answer(self: Box<Self>, committed: Result<()>) {
        let never_run = || Err(StoreError::Unavailable("the operation was not carried out".to_owned()));
        let answer = match committed {
            Ok(()) => self.outcome.unwrap_or_else(never_run),
            Err(fault) => Err(fault),
        };
        // Whoever asked may have gone; the operation stands all the same.
        drop(self.answer.send(answer));
    }
}

/// The way to the writer.
#[derive(Clone)]
pub(crate) struct Queue {
    sender: mpsc::Sender<Work>,
    urgent: Arc<Notify>,
}

/// The writer's end of the queue.
pub(crate) struct Waits {
    receiver: mpsc::Receiver<Work>,
    /// Rung when an operation came, or so many records that they must not lie any longer. A single record rings nothing: the writer
    /// would be woken for each.
    urgent: Arc<Notify>,
}

impl Queue {
    /// A queue and its end.
    pub(crate) fn new() -> (Self, Waits) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let urgent = Arc::new(Notify::new());
        (Self { sender, urgent: Arc::clone(&urgent) }, Waits { receiver, urgent })
    }

    /// Has an operation done and waits until it is durable.
    pub(crate) async fn carry_out<O: Operation>(&self, operation: O) -> Result<O::Outcome> {
        let (answer, outcome) = oneshot::channel();
        self.send(Work::Operation(Box::new(Pending { operation, outcome: None, answer }))).await?;
        self.urgent.notify_one();
        outcome.await.map_err(|_| stopped())?
    }

    /// Hands over a record that nobody waits for.
    pub(crate) async fn record(&self, record: AuditRecord) -> Result<()> {
        self.send(Work::Record(record)).await?;
        if self.sender.capacity() < QUEUE - GATHERED {
            self.urgent.notify_one();
        }
        Ok(())
    }

    async fn send(&self, work: Work) -> Result<()> {
        self.sender.send(work).await.map_err(|_| stopped())
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}

/// The writer with its connection and its audit chain.
pub(crate) struct Writer {
    session: Session,
    chain: Chain,
    queue: mpsc::Receiver<Work>,
    urgent: Arc<Notify>,
    /// Records whose transaction failed.
    owed: VecDeque<AuditRecord>,
    /// How many operations the group before had.
    before: usize,
}

/// What goes into one transaction.
#[derive(Default)]
struct Group {
    records: Vec<AuditRecord>,
    operations: Vec<Box<dyn Waiting>>,
}

impl Group {
    fn add(&mut self, work: Work) {
        match work {
            Work::Record(record) => self.records.push(record),
            Work::Operation(operation) => self.operations.push(operation),
        }
    }

    fn is_full(&self) -> bool {
        self.operations.len() >= OPERATIONS || self.records.len() >= GATHERED
    }
}

impl Writer {
    pub(crate) fn new(session: Session, chain: Chain, queue: Waits) -> Self {
        let Waits { receiver, urgent } = queue;
        Self { session, chain, queue: receiver, urgent, owed: VecDeque::new(), before: 0 }
    }

    /// Writes until nobody is left who could ask for anything, and everything that was asked is answered.
    pub(crate) async fn run(mut self) {
        while let Some(group) = self.gather().await {
            self.write(group).await;
        }
        if !self.owed.is_empty() {
            tracing::error!(records = self.owed.len(), "audit records are lost: the database did not come back");
        }
        if let Err(fault) = self.end_chain().await {
            tracing::warn!(%fault, "the end of the audit chain could not be noted; it will look as if the process had been killed");
        }
    }

    async fn end_chain(&mut self) -> Result<()> {
        self.session.recover().await?;
        self.session.begin(&[]).await?;
        if self.chain.end(&mut self.session).await? {
            self.session.commit().await
        } else {
            self.session.roll_back().await;
            Ok(())
        }
    }

    /// Everything that waits, up to a full group. `None` when the queue is closed and empty.
    async fn gather(&mut self) -> Option<Group> {
        let mut group = Group::default();
        if self.owed.is_empty() {
            group.add(self.queue.recv().await?);
        } else if let Ok(next) = tokio::time::timeout(RETRY, self.queue.recv()).await {
            group.add(next?);
        }
        self.take_waiting(&mut group);
        if group.operations.is_empty() {
            // Records wait a little, so that reading does not cost the disk one write each. An operation ends the wait.
            let until = tokio::time::Instant::now() + LINGER;
            let mut rung = true;
            while rung && group.operations.is_empty() && !group.is_full() && !self.queue.is_closed() {
                rung = tokio::time::timeout_at(until, self.urgent.notified()).await.is_ok();
                self.take_waiting(&mut group);
            }
        }
        self.take_company(&mut group).await;
        self.before = group.operations.len();
        Some(group)
    }

    /// Those who were answered together come back together, but not at the same moment: without a little patience the first of them
    /// would have a transaction for itself, and the others would wait for it.
    async fn take_company(&mut self, group: &mut Group) {
        let begin = Instant::now();
        let mut last = begin;
        while group.operations.len() < self.before && last.elapsed() < NEXT && begin.elapsed() < COMPANY {
            std::thread::yield_now();
            tokio::task::yield_now().await;
            let seen = group.operations.len();
            self.take_waiting(group);
            if group.operations.len() > seen {
                last = Instant::now();
            }
        }
    }

    fn take_waiting(&mut self, group: &mut Group) {
        while !group.is_full() {
            match self.queue.try_recv() {
                Ok(work) => group.add(work),
                Err(_) => break,
            }
        }
    }

    /// Writes a group in one transaction and answers everyone in it.
    async fn write(&mut self, mut group: Group) {
        let mut records: Vec<_> = self.owed.drain(..).collect();
        records.append(&mut group.records);
        let written = self.transact(&records, &mut group.operations).await;
        if written.is_ok() {
            self.chain.committed();
        }
        if let Err(fault) = &written {
            tracing::error!(%fault, operations = group.operations.len(), "a transaction failed; none of its operations is acknowledged");
            self.session.roll_back().await;
            // What became of the commit is unknown, so the next record begins a new chain that names the head that is found then.
            self.chain.leave();
            self.owe(records);
        }
        for operation in group.operations {
            operation.answer(written.clone());
        }
    }

    fn owe(&mut self, records: Vec<AuditRecord>) {
        self.owed.extend(records);
        if self.owed.len() > OWED {
            tracing::error!(
                records = self.owed.len() - OWED,
                "audit records are lost: the database is away for too long"
            );
            self.owed.drain(..self.owed.len() - OWED);
        }
    }

    async fn transact(&mut self, records: &[AuditRecord], operations: &mut [Box<dyn Waiting>]) -> Result<()> {
        self.session.recover().await?;
        let keys: Vec<String> = match self.session {
            // One process writes a SQLite file at a time, so nothing needs to be named.
            Session::Sqlite(_) => Vec::new(),
            Session::Postgres(_) => operations.iter().flat_map(|operation| operation.keys()).collect(),
        };
        self.session.begin(&keys).await?;
        let mut changes = Vec::new();
        for operation in operations {
            self.session.begin_operation().await?;
            if operation.run(&mut self.session).await? {
                self.session.keep_operation().await?;
                changes.extend(operation.audit());
            } else {
                self.session.undo_operation().await?;
            }
        }
        let records: Vec<&AuditRecord> = records.iter().chain(&changes).collect();
        self.chain.write(&mut self.session, &records).await?;
        self.session.commit().await
    }
}

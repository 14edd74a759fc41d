//! Where a role keeps what it was told: SQLite and PostgreSQL behind one door.
//!
//! [`Store`] is the door. What can be done behind it are the operations of the traits, one trait for each owner, and each operation is
//! atomic and durable when it returns. There is no way to begin or commit, and no SQL anywhere else. A refusal in the words of the
//! standard is an outcome, an enum of its operation; a [`StoreError`] is a fault of the database.
//!
//! Ids, times and randomness are arguments.

mod appointments;
mod audit;
mod diary;
mod directory;
mod error;
mod group_commit;
mod outbox;
mod postgres;
mod registrations;
mod settings;
mod sql;
mod sqlite;
mod store;
#[cfg(all(unix, feature = "testing"))]
pub mod testing;
mod token_clients;
mod window;

pub use appointments::{
    AppointmentVersion, Appointments, BookOutcome, Booking, Change, ChangeOutcome, PatientQuery, RequestId,
};
pub use audit::{Audit, AuditCursor, AuditFilter, AuditRecord, ChainFault, ChainHead, StoredRecord, Verification};
pub use diary::{
    Diary, DiaryContent, Include, NewSlot, Resource, ScheduleOffer, ServiceOffer, SlotCursor, SlotPage, SlotQuery,
    SlotStatus, StoredSlot,
};
pub use directory::{DirectoryChanges, DirectoryEntries, DirectoryEntry};
pub use error::{Result, StoreError};
pub use outbox::{Outbox, OutboxItem};
pub use postgres::password_from;
pub use registrations::{RegisterOutcome, Registration, Registrations};
pub use settings::Settings;
pub use store::Store;
pub use token_clients::{HashedSecret, TokenClient, TokenClients};
pub use window::{Bound, Window};

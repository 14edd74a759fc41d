//! The Spine Directory Service: its schema, its records, their LDIF, the directory itself and the LDAP session that
//! answers for it, all without a socket (SDS-01 … SDS-65, FIND-01 … FIND-19).
//!
//! What it answers, and where it differs from OpenLDAP, stands in `docs/reference/directory.md`.

pub mod directory;
pub mod dn;
pub mod entry;
pub mod filter;
pub mod ldif;
pub mod lint;
pub mod lookup;
pub mod matching;
pub mod records;
pub mod registration;
pub mod schema;
pub mod session;

pub use directory::{Directory, Scope};
pub use dn::Dn;
pub use entry::{Attribute, Entry};
pub use filter::Filter;
pub use records::{NhsAs, NhsMhs, RecordFault};
pub use registration::Registration;

/// The base under which systems stand (SDS-05).
pub const SERVICES: &str = "ou=Services,o=nhs";
/// The root of the tree.
pub const ROOT: &str = "o=nhs";

//! FHIR's JSON form (`application/fhir+json`, HTTP-01, HTTP-14): a reader straight into the tree and a writer from it.
//!
//! The reader takes RFC 8259 and nothing looser. A byte order mark is passed over; comments, `fhir_comments` and
//! duplicate keys are refused. A primitive and its `_` companion become one node. What has another shape than the
//! definitions say is kept as it came and written again as it came.
//!
//! JSON says nothing of the order of an object's members, and the tree keeps the order that came, except that the writer
//! puts `resourceType` first and a companion straight behind its primitive.

mod companion;
mod lexer;
mod read;
mod seen;
mod value;
mod write;

pub use read::{read, read_with};
pub use write::{write, write_into, write_pretty};

pub(crate) use lexer::is_number;

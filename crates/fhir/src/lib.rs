//! FHIR STU3 values: a lossless tree read from and written to JSON and XML.
//!
//! Every resource is one [`Node`]: [`json::read`] and [`xml::read`] make it, [`json::write`] and [`xml::write`] write it,
//! whatever it came from, and nothing is lost on the way but what the two formats cannot both say (see [`xml`]). What a
//! document has that the definitions in [`schema`] do not is kept and reported as [`Issue`]s; only broken syntax fails.
//!
//! [`view`] reads a tree with the words of FHIR, [`date`] and [`search`] know its times and search values, [`outcome`]
//! builds OperationOutcomes. There is no input or output, no clock and no randomness here.

pub mod date;
mod difference;
mod edit;
mod issue;
pub mod json;
mod limits;
mod node;
pub mod outcome;
mod position;
pub mod schema;
pub mod search;
pub mod view;
pub mod xml;

pub use difference::Difference;
pub use issue::{Issue, IssueKind, Parsed, SyntaxError, SyntaxKind};
pub use limits::Limits;
pub use node::{Node, Scalar};
pub use position::{Lines, Position, position};

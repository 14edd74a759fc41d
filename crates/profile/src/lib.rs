//! Does a resource keep to its profile? Definitions in, issues out (VAL-01…VAL-10).

mod issue;
mod primitive;
pub mod terminology;

pub use issue::{Issue, Kind, Severity, is_valid};

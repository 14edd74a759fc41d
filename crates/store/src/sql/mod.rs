//! SQL as the rest of this crate speaks it: written once, with `?1`, `?2` … for values, and carried out by either database.

mod migrations;
mod query;
mod session;
mod value;

pub(crate) use migrations::{Flavour, check_migrated, migrate};
pub(crate) use query::Query;
pub(crate) use session::Session;
pub(crate) use value::{Row, Step, Value};

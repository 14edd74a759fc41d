//! What the pages are served with and Rust does not make: the styles, compiled from npm's nhsuk-frontend by `make assets`.

/// The style sheet of every page.
pub const STYLES: &str = include_str!(concat!(env!("OUT_DIR"), "/careslot.css"));

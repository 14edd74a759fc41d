//! `[validation]`: what resources are judged by beside the built-in definitions.

use std::path::PathBuf;

use crate::config::reader::Reader;

/// `[validation]`
#[derive(Clone, Debug)]
pub struct Validation {
    /// FHIR packages: archives, folders, single definitions.
    pub packages: Vec<PathBuf>,
}

impl Validation {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self { packages: reader.files("packages") }
    }
}

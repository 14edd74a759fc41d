//! What resources are judged by: the built-in definitions, and the packages that `[validation]` names.

use profile::Definitions;

use crate::config::Config;
use crate::failure::Failure;
use crate::packages;

/// Loads the packages of the configuration; what cannot be used of them is logged.
///
/// # Errors
/// Exit 2: a package that cannot be read or of which nothing can be used.
pub fn definitions(config: &Config) -> Result<&'static Definitions, Failure> {
    let loaded = packages::load(&config.validation.packages)?;
    for unusable in loaded.unusable() {
        tracing::warn!(%unusable, "a definition of validation.packages cannot be used in full");
    }
    if let Some(summary) = loaded.summary() {
        tracing::info!(%summary, "validation.packages were loaded");
    }
    Ok(loaded.definitions)
}

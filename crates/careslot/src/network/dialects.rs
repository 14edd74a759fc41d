//! The dialects as this deployment wants them: two settings change single answers of the standard's own
//! (JWT-81, ERR-D12, ERR-D13, ERR-D14).

use spine::Dialect;
use spine::dialect::{TokenFailure, UnknownInteraction, UnknownReceiver};

use crate::config::{Compat, Config, ErrorProfile};

/// A dialect with the answers that `jwt.error_profile` and `ssp.compat` ask for.
pub(super) fn as_configured(config: &Config, dialect: &'static Dialect) -> &'static Dialect {
    let mut wanted = dialect.clone();
    wanted.token_failure = match config.jwt.error_profile {
        ErrorProfile::Standard => wanted.token_failure,
        ErrorProfile::Uec => TokenFailure::UecGuide,
        ErrorProfile::GpConnect => TokenFailure::GpConnect,
        ErrorProfile::Rfc6750 => TokenFailure::Rfc6750,
    };
    if config.ssp.compat == Compat::Live {
        wanted.unknown_receiver = UnknownReceiver::BadRequest;
        wanted.unknown_interaction = UnknownInteraction::UnsupportedMediaType;
    }
    // A handful of bytes for the life of the process: everyone else may keep a plain reference.
    if wanted == *dialect { dialect } else { Box::leak(Box::new(wanted)) }
}

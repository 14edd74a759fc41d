//! The national words: identifiers, Interaction IDs, Ssp headers, tokens, directory records, Spine codes, refusals and
//! dialects, as values that both ends of each wire share.
//!
//! Nothing here reads a socket, a file, a clock or the environment, nothing logs, and nothing panics on input.

pub mod codes;
pub mod dialect;
pub mod headers;
pub mod identifiers;
pub mod interaction;
pub mod reason;
pub mod sds;
pub mod systems;
pub mod token;

pub use codes::SpineCode;
pub use dialect::Dialect;
pub use headers::SspHeaders;
pub use identifiers::{Asid, Malformed, NhsNumber, OdsCode, PartyKey, TraceId};
pub use interaction::{InteractionId, Operation};
pub use reason::{Reason, Refused};

//! The nine walls of ARCHITECTURE.md, each kept by a pure check over the source tree and the manifests, and each check shown to
//! fail on a planted violation.

mod crates;
mod documents;
mod pure;
mod roles;
mod source;
mod walls;

pub(crate) use crates::metadata;
pub(crate) use documents::is_requirement;
pub(crate) use source::{Source, root, tree};

//! placeholder
use super::Export;
use crate::failure::Failure;
use crate::verbs::caller::Caller;
pub(super) async fn written(_: &Caller) -> Result<Export, Failure> {
    unreachable!()
}

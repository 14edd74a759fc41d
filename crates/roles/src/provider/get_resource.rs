//! `GET [base]/{Type}/{id}`: a resource that a Slot or an Appointment refers to (SLT-42, VIA-33, HTTP-21, HTTP-28, HTTP-33,
//! HTTP-35).

use aws_lc_rs::digest::{SHA256, digest};
use spine::Reason;

use super::times::{TimeStyle, Times};
use super::{Provider, slot_fragment};
use crate::edge::answer::{Answer, Content};
use crate::edge::etag::names_tag;
use crate::edge::fhir_call::Call;
use crate::edge::negotiate::shortened;
use crate::edge::refusal::Refusal;

/// Answers the resource; a Slot as it stands now.
pub(super) async fn get_resource(provider: &Provider, call: &Call) -> Result<Answer, Refusal> {
    call.refuse_unknown_parameters()?;
    let [resource_type, id] = call.path.as_slice() else {
        return Err(Refusal::new(Reason::UnknownPath, ""));
    };
    let content = if resource_type == "Slot" {
        provider.diary.slot(id).await?.map(|slot| {
            let mut bytes = Vec::with_capacity(slot.fragment.len() + 100);
            let style = TimeStyle::Zone(provider.zone.clone());
            slot_fragment::write(&mut bytes, &slot, &mut Times::in_style(&style));
            bytes
        })
    } else {
        provider.diary.resource(resource_type, id).await?
    };
    let not_found = || Refusal::new(Reason::ResourceNotFound, format!("{resource_type} {}", shortened(id)));
    let content = content.ok_or_else(not_found)?;
    // These have no versions: what tells one state from another is the content itself.
    let tag = hex::encode(digest(&SHA256, &content).as_ref().get(..TAG_BYTES).unwrap_or_default());
    let known = call.header_text("if-none-match").is_some_and(|header| names_tag(header, &tag));
    let answer = if known { Answer::unchanged(tag) } else { Answer::found(Content::Json(content.into())).tagged(tag) };
    Ok(answer.about(format!("{resource_type}/{id}")))
}

/// Of a SHA-256, enough to tell the states of one resource apart.
const TAG_BYTES: usize = 16;

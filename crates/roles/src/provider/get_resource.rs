//! `GET [base]/{Type}/{id}`: a resource that a Slot or an Appointment refers to (SLT-42, VIA-33, HTTP-21, HTTP-35).

use spine::Reason;

use super::times::{TimeStyle, Times};
use super::{Provider, slot_fragment};
use crate::edge::answer::{Answer, Content};
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
    Ok(Answer::found(Content::Json(content.into())).about(format!("{resource_type}/{id}")))
}

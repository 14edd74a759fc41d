//! `GET /samples/{name}`: bodies that can be sent as they are, made for a Slot that is free now (DEM-06).

use serde_json::json;
use spine::Dialect;
use store::{SlotQuery, SlotStatus, StoredSlot};

use super::{Administration, Asked, not_here};
use crate::edge::local::{LocalAnswer, LocalRefusal};
use crate::edge::negotiate::Format;

/// What can be asked for.
const NAMES: [(&str, Format); 2] = [("booking.json", Format::Json), ("booking.xml", Format::Xml)];

/// The names of the samples.
pub(super) fn list() -> LocalAnswer {
    let names = NAMES.map(|(name, _)| name);
    LocalAnswer::Found("application/json", json!(names).to_string().into_bytes())
}

/// A sample; `dialect` and `service` in the query say for which.
pub(super) async fn sample(
    administration: &Administration,
    asked: &Asked,
    name: &str,
) -> Result<LocalAnswer, LocalRefusal> {
    let Some((_, format)) = NAMES.iter().find(|(known, _)| *known == name) else {
        let names = NAMES.map(|(name, _)| name).join(" and ");
        return Err(LocalRefusal::NotThere(format!("the samples are {names}")));
    };
    let demonstration = administration.demonstration()?;
    let dialect = match asked.query.first("dialect") {
        None => demonstration.dialect,
        Some(name) => Dialect::named(name)
            .ok_or_else(|| LocalRefusal::Invalid("expected one of the dialects 1.0.4 and 2.0.4".to_owned()))?,
    };
    let slot = free_slot(administration, asked.query.first("service")).await?;
    let booking = (demonstration.sample)(&slot, dialect, administration.clock.now());
    let booking = booking.ok_or_else(|| LocalRefusal::Broken(format!("no sample of Slot {}", slot.id).into()))?;
    let bytes = match format {
        Format::Json => fhir::json::write(&booking),
        Format::Xml => fhir::xml::write(&booking),
    };
    Ok(LocalAnswer::Found(format.content_type(), bytes))
}

/// The first Slot that is free, of one service or of any.
async fn free_slot(administration: &Administration, service: Option<&str>) -> Result<StoredSlot, LocalRefusal> {
    let diary = administration.keeps.diary.as_ref().ok_or_else(|| not_here("a diary"))?;
    let query = SlotQuery {
        services: service.map(|service| vec![service.to_owned()]),
        statuses: vec![SlotStatus::Free],
        now: administration.clock.now().as_second(),
        limit: 1,
        ..SlotQuery::default()
    };
    let page = diary.free_slots(&query).await?;
    page.slots.into_iter().next().ok_or_else(|| LocalRefusal::NotThere("no Slot is free".to_owned()))
}

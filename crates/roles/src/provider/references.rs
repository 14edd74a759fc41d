//! What a booking refers to must be there: the Slot it takes, and everything else that it names on this server
//! (BOOK-14, BOOK-18, BOOK-19, OO-10, HTTP-36, X-16).

use fhir::Node;
use spine::Reason;
use spine::interaction::REFERENCED_TYPES;
use store::StoredSlot;

use super::Provider;
use super::booking_rules::contained;
use crate::edge::fhir_call::Call;
use crate::edge::negotiate::shortened;
use crate::edge::refusal::Refusal;

/// The most references that one booking may hold: it needs about five.
const MOST_REFERENCES: usize = 64;

/// Where a reference leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target<'a> {
    /// A contained resource.
    Contained(&'a str),
    /// A resource of this server.
    Here { resource_type: &'a str, id: &'a str },
    /// Somewhere else; it is not followed (HTTP-36).
    Elsewhere,
}

/// The Slot that a booking takes: through a contained Slot by its identifier, then by its id, or by a reference to this server.
///
/// # Errors
/// `Reason::SlotUnknown` (BOOK-14).
pub(super) async fn slot_of(provider: &Provider, call: &Call, appointment: &Node) -> Result<StoredSlot, Refusal> {
    let reference = appointment.find("slot.reference").and_then(Node::text).unwrap_or_default();
    let found = match target(reference, provider) {
        Target::Contained(id) => {
            let slot = contained(appointment, "Slot").find(|slot| slot.text_of("id") == Some(id));
            match slot {
                Some(slot) => slot_like(provider, slot, id).await?,
                None => None,
            }
        }
        Target::Here { resource_type: "Slot", id } => provider.diary.slot(id).await?,
        Target::Here { .. } | Target::Elsewhere => None,
    };
    found.ok_or_else(|| {
        let what = format!("{} leads to no Slot of {}", shortened(reference), call.base.url());
        Refusal::new(Reason::SlotUnknown, what).at("Appointment.slot")
    })
}

async fn slot_like(provider: &Provider, slot: &Node, id: &str) -> Result<Option<StoredSlot>, Refusal> {
    for identifier in slot.all("identifier") {
        if let (Some(system), Some(value)) = (identifier.text_of("system"), identifier.text_of("value"))
            && let Some(found) = provider.diary.slot_by_identifier(system, value).await?
        {
            return Ok(Some(found));
        }
    }
    Ok(provider.diary.slot(id).await?)
}

/// Every reference but the Slot's own, which has a reason of its own (OO-10).
///
/// # Errors
/// `Reason::ReferenceUnknown` for the first that leads nowhere.
pub(super) async fn all_exist(provider: &Provider, appointment: &Node) -> Result<(), Refusal> {
    let mut references = Vec::new();
    collect(appointment, &mut vec!["Appointment"], &mut references);
    if references.len() > MOST_REFERENCES {
        let what = format!("{} references; a booking may hold {MOST_REFERENCES}", references.len());
        return Err(Refusal::new(Reason::ReferenceUnknown, what));
    }
    for (path, reference) in references.iter().filter(|(path, _)| path != "Appointment.slot") {
        let there = match target(reference, provider) {
            Target::Contained(id) => appointment.all("contained").any(|each| each.text_of("id") == Some(id)),
            Target::Here { resource_type: "Slot", id } => provider.diary.slot(id).await?.is_some(),
            Target::Here { resource_type, id } if REFERENCED_TYPES.contains(&resource_type) => {
                provider.diary.resource(resource_type, id).await?.is_some()
            }
            Target::Here { .. } => false,
            Target::Elsewhere => true,
        };
        if !there {
            return Err(Refusal::new(Reason::ReferenceUnknown, shortened(reference)).at(path.as_str()));
        }
    }
    Ok(())
}

fn collect<'a>(node: &'a Node, path: &mut Vec<&'a str>, into: &mut Vec<(String, &'a str)>) {
    for child in node.children() {
        path.push(child.name());
        if child.kind().name() == "Reference"
            && let Some(reference) = child.text_of("reference")
        {
            into.push((path.join("."), reference));
        }
        collect(child, path, into);
        path.pop();
    }
}

fn target<'a>(reference: &'a str, provider: &Provider) -> Target<'a> {
    if let Some(id) = reference.strip_prefix('#') {
        return Target::Contained(id);
    }
    let bases = provider.course.bases.iter();
    let below = bases.filter_map(|base| reference.strip_prefix(base.url())).find_map(|rest| rest.strip_prefix('/'));
    let relative = below.unwrap_or(reference);
    if below.is_none() && (reference.contains("://") || reference.starts_with("urn:")) {
        return Target::Elsewhere;
    }
    let mut segments = relative.split('/');
    let (resource_type, id) = (segments.next().unwrap_or_default(), segments.next().unwrap_or_default());
    Target::Here { resource_type, id }
}

/// BOOK-19: the Appointment lies inside its Slot; it need not fill it. Times in seconds since 1970.
///
/// # Errors
/// `Reason::TimesOutsideSlot`.
pub(super) fn times_inside(start: i64, end: i64, slot: &StoredSlot) -> Result<(), Refusal> {
    if slot.start <= start && start <= end && end <= slot.end {
        return Ok(());
    }
    let location = if start < slot.start || start > slot.end { "Appointment.start" } else { "Appointment.end" };
    Err(Refusal::new(Reason::TimesOutsideSlot, "").at(location))
}

//! What the administration puts back in a demonstration, and the sample bookings it makes (DEM-05, DEM-06).

use std::sync::Arc;

use anyhow::Result;
use fhir::Node;
use jiff::Timestamp;
use roles::administration::{Demonstration, Seed as Beginning};
use roles::consumer::{Booking, FoundSlot};
use roles::edge::clock::Ids;
use spine::Dialect;
use store::StoredSlot;

use super::diary::Seed;
use super::folder::Folder;
use super::layout::Layout;
use super::{booking, clients, diary, directory};
use crate::network::Shared;

/// How this demo is put back, and how its samples are made.
pub(super) fn demonstration(
    layout: &Layout,
    folder: &Folder,
    seed: Seed,
    shared: &Shared,
    dialect: &'static Dialect,
) -> Demonstration {
    let (layout, folder, ids) = (layout.clone(), folder.clone(), shared.ids.clone());
    let sample_ids = shared.ids.clone();
    Demonstration {
        seed: Arc::new(move |now| {
            beginning(&layout, &folder, &seed, ids.as_ref(), now).unwrap_or_else(|fault| {
                // The same data were made when the demo began, so that only a folder that somebody emptied leads here.
                tracing::error!(fault = format!("{fault:#}"), "the demonstration's data could not be made again");
                Beginning::default()
            })
        }),
        sample: Arc::new(move |slot, dialect, now| sample(slot, dialect, &sample_ids.uuid().to_string(), now)),
        dialect,
    }
}

fn beginning(layout: &Layout, folder: &Folder, seed: &Seed, ids: &dyn Ids, now: Timestamp) -> Result<Beginning> {
    Ok(Beginning {
        diary: diary::content(now, seed)?,
        directory: directory::entries(layout)?,
        token_clients: clients::clients(folder, ids, now.as_millisecond())?,
    })
}

/// The booking of a Slot, as the real Consumer would send it.
fn sample(slot: &StoredSlot, dialect: &Dialect, document: &str, now: Timestamp) -> Option<Node> {
    let described = roles::provider::slot_resource(slot)?;
    let text = |name: &str| described.text_of(name).map(str::to_owned);
    let identifier = described.child("identifier");
    let slot = FoundSlot {
        id: slot.id.clone(),
        identifier: identifier.and_then(|each| Some((each.text_of("system")?.into(), each.text_of("value")?.into()))),
        schedule: format!("Schedule/{}", slot.schedule_id),
        start: text("start")?,
        end: text("end")?,
        ..FoundSlot::default()
    };
    let patient = booking::patient().ok()?;
    let booking = Booking { slot: &slot, patient: &patient, document, description: "111 Referral", at: now };
    let body = booking.body(dialect).to_string();
    Some(fhir::json::read(body.as_bytes(), &fhir::Limits::STRICT).ok()?.resource)
}

//! A Slot as it is kept and as it is served: everything but status and times is rendered once, these three are written in each time
//! (SLT-30, SLT-35, SLT-36, RES-S01 to RES-S06).

use fhir::Node;
use jiff::tz::Offset;
use store::StoredSlot;

use super::times::{TimeStyle, Times};

/// Where status and times go. No JSON text holds this byte.
const GAP: u8 = 0;

/// Renders a Slot for the store, with a gap where status and times stand in the standard's order.
#[must_use]
pub(super) fn fragment(slot: &Node) -> Vec<u8> {
    let is_after = |node: &Node| matches!(node.name(), "overbooked" | "comment");
    let mut before = slot.clone();
    before.retain(|child| !matches!(child.name(), "status" | "start" | "end") && !is_after(child));
    let mut after = slot.clone();
    after.retain(is_after);
    let mut bytes = fhir::json::write(&before);
    // The closing brace becomes the comma before `status`.
    bytes.pop();
    bytes.extend_from_slice(&[b',', GAP]);
    let tail = fhir::json::write(&after);
    let opening = br#"{"resourceType":"Slot""#;
    bytes.extend_from_slice(tail.get(opening.len()..).unwrap_or(b"}"));
    bytes
}

/// Writes a Slot as it stands now.
pub(super) fn write(out: &mut Vec<u8>, slot: &StoredSlot, times: &mut Times<'_>) {
    // From the end, since little or nothing follows the gap.
    let gap = slot.fragment.iter().rposition(|byte| *byte == GAP).unwrap_or(slot.fragment.len());
    let (before, after) = slot.fragment.split_at(gap);
    out.extend_from_slice(before);
    out.extend_from_slice(b"\"status\":\"");
    out.extend_from_slice(slot.status.code().as_bytes());
    out.extend_from_slice(b"\",\"start\":\"");
    times.write(out, slot.start);
    out.extend_from_slice(b"\",\"end\":\"");
    times.write(out, slot.end);
    out.push(b'"');
    out.extend_from_slice(after.get(1..).unwrap_or(b"}"));
}

/// A stored Slot as a resource, its times in UTC; `None` when what is stored is no Slot.
#[must_use]
pub fn slot_resource(slot: &StoredSlot) -> Option<Node> {
    let mut bytes = Vec::new();
    write(&mut bytes, slot, &mut Times::in_style(&TimeStyle::Fixed(Offset::UTC)));
    fhir::json::read(&bytes, &fhir::Limits::GENEROUS).ok().map(|parsed| parsed.resource)
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::SlotStatus;

    // covers: SLT-36, RES-S03, RES-S04
    #[test]
    fn status_and_times_are_written_into_a_rendered_slot() {
        let text = concat!(
            r#"{"resourceType":"Slot","id":"s1","schedule":{"reference":"Schedule/1"},"status":"free","#,
            r#""start":"2026-11-24T09:00:00+00:00","end":"2026-11-24T09:15:00+00:00","overbooked":false,"comment":"x"}"#
        );
        for text in [text.to_owned(), text.replace(r#","overbooked":false,"comment":"x""#, "")] {
            let slot = fhir::json::read(text.as_bytes(), &fhir::Limits::STRICT).unwrap().resource;
            let stored = StoredSlot {
                id: "s1".to_owned(),
                schedule_id: "1".to_owned(),
                start: 1_795_510_800,
                end: 1_795_511_700,
                status: SlotStatus::Busy,
                fragment: fragment(&slot),
            };
            let mut out = Vec::new();
            write(&mut out, &stored, &mut Times::in_style(&TimeStyle::Fixed(Offset::UTC)));
            assert_eq!(String::from_utf8(out).unwrap(), text.replace("free", "busy"));
            assert_eq!(fhir::json::write(&slot_resource(&stored).unwrap()), text.replace("free", "busy").into_bytes());
        }
    }
}

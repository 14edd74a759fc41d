//! How the times of Slots are written: in the offset of the request, else in Europe/London's (SLT-36, TIM-03, X-31).

use fhir::date::format_instant;
use fhir::search::DateValue;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

/// The way in which an answer writes its instants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TimeStyle {
    /// `2026-11-24T09:00:00Z`, because the request wrote `Z`: comparing as text then holds at both bounds.
    Zulu,
    /// With the offset that the request used, whatever the season at the Slot.
    Fixed(Offset),
    /// As the clocks of this zone show it.
    Zone(TimeZone),
}

impl TimeStyle {
    /// The style of the first of these `start` values that has an offset, else that of `zone`.
    pub(super) fn of_request<'a>(values: impl IntoIterator<Item = &'a str>, zone: &TimeZone) -> Self {
        values.into_iter().find_map(written_offset).unwrap_or_else(|| Self::Zone(zone.clone()))
    }

    /// An instant given in seconds since 1970, as text. What no calendar of ours reaches is written as 1970.
    #[must_use]
    pub(super) fn text(&self, seconds: i64) -> String {
        let instant = Timestamp::from_second(seconds).unwrap_or_default();
        let offset = match self {
            Self::Zulu => Offset::UTC,
            Self::Fixed(offset) => *offset,
            Self::Zone(zone) => zone.to_offset(instant),
        };
        let text = format_instant(instant, offset);
        match self {
            Self::Zulu => text.replace("+00:00", "Z"),
            _ => text,
        }
    }
}

/// The times of one answer. Most Slots begin when the one before ends, and that time is written already.
pub(super) struct Times<'a> {
    style: &'a TimeStyle,
    last: Option<(i64, String)>,
}

impl<'a> Times<'a> {
    /// Times in this style.
    pub(super) fn in_style(style: &'a TimeStyle) -> Self {
        Self { style, last: None }
    }

    /// Appends an instant given in seconds since 1970.
    pub(super) fn write(&mut self, out: &mut Vec<u8>, seconds: i64) {
        let (_, text) = match self.last.take() {
            Some(last) if last.0 == seconds => self.last.insert(last),
            _ => self.last.insert((seconds, self.style.text(seconds))),
        };
        out.extend_from_slice(text.as_bytes());
    }
}

/// The offset of a search value such as `ge2026-11-24T09:00:00+00:00`; a space may stand for the plus (SLT-11).
fn written_offset(value: &str) -> Option<TimeStyle> {
    let offset = DateValue::parse(value).ok()?.date.offset()?;
    Some(if value.ends_with('Z') { TimeStyle::Zulu } else { TimeStyle::Fixed(offset) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn london() -> TimeZone {
        TimeZone::get("Europe/London").unwrap()
    }

    // covers: X-31, SLT-11, SLT-36
    #[test]
    fn times_follow_the_requests_offset() {
        let table: &[(&[&str], &str)] = &[
            (&["ge2026-07-01T09:00:00+00:00"], "2026-07-01T09:00:00+00:00"),
            (&["ge2026-07-01T09:00:00 01:00"], "2026-07-01T10:00:00+01:00"),
            (&["ge2026-07-01", "le2026-07-02T00:00:00-05:30"], "2026-07-01T03:30:00-05:30"),
            (&["ge2026-07-01T09:00:00Z"], "2026-07-01T09:00:00Z"),
            (&["ge2026-07-01"], "2026-07-01T10:00:00+01:00"),
            (&[], "2026-07-01T10:00:00+01:00"),
            (&["ge2026-07-01T09:00:00+99:00"], "2026-07-01T10:00:00+01:00"),
        ];
        let seconds = "2026-07-01T09:00:00Z".parse::<Timestamp>().unwrap().as_second();
        for (values, expected) in table {
            let style = TimeStyle::of_request(values.iter().copied(), &london());
            assert_eq!(style.text(seconds), *expected, "{values:?}");
        }
    }

    // covers: TIM-03
    #[test]
    fn london_changes_its_offset_with_its_clocks() {
        let table = [
            ("2026-03-29T00:59:59Z", "2026-03-29T00:59:59+00:00"),
            ("2026-03-29T01:00:00Z", "2026-03-29T02:00:00+01:00"),
            ("2026-10-25T00:59:59Z", "2026-10-25T01:59:59+01:00"),
            ("2026-10-25T01:00:00Z", "2026-10-25T01:00:00+00:00"),
            ("2027-03-28T01:00:00Z", "2027-03-28T02:00:00+01:00"),
            ("2027-10-31T01:00:00Z", "2027-10-31T01:00:00+00:00"),
        ];
        let style = TimeStyle::Zone(london());
        for (instant, expected) in table {
            let seconds = instant.parse::<Timestamp>().unwrap().as_second();
            assert_eq!(style.text(seconds), expected);
        }
    }
}

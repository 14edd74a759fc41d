//! Times as people write and read them: Europe/London, with UTC beside (TIM-01, TIM-02).

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, ZonedDateTime};

use crate::failure::{Exit, Failure};

/// Which end of a day is meant where only a day is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// Its first second.
    Start,
    /// Its last second.
    End,
}

/// The moment that somebody typed: with a zone, without one (Europe/London then), a day, `today`, `tomorrow` or `now`.
///
/// # Errors
/// Exit 2, naming `flag` and what is understood.
pub(super) fn moment(flag: &str, text: &str, edge: Edge, now: Timestamp) -> Result<Timestamp, Failure> {
    let wrong = || {
        Failure::new(
            Exit::Usage,
            format!("{flag} cannot be read"),
            format!("{text:?} is no time"),
            "write 2026-11-25T09:00 (Europe/London), 2026-11-25T09:00:00Z, 2026-11-25, today, tomorrow or now",
        )
    };
    let today = now.to_zoned_datetime(london()).date();
    let day = match text {
        "now" => return Ok(now),
        "today" => Some(today),
        "tomorrow" => today.tomorrow().ok(),
        _ => text.parse::<Date>().ok().filter(|_| !text.contains(['T', ':', ' '])),
    };
    if let Some(day) = day {
        return edge_of(day, edge).ok_or_else(wrong);
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let local: DateTime = text.parse().map_err(|_| wrong())?;
    // A text with a zone that is no moment must not be taken for a local time.
    let zoned = text.get(10..).is_some_and(|rest| rest.contains(['Z', 'z', '+', '-', '[']));
    let local = Some(local).filter(|_| !zoned).ok_or_else(wrong)?;
    local.to_zoned_datetime(london()).map(|zoned| zoned.timestamp()).map_err(|_| wrong())
}

fn edge_of(day: Date, edge: Edge) -> Option<Timestamp> {
    let start = |day: Date| day.to_zoned_datetime(london()).ok().map(|zoned: ZonedDateTime| zoned.timestamp());
    match edge {
        Edge::Start => start(day),
        Edge::End => start(day.checked_add(1.day()).ok()?)?.checked_sub(SignedDuration::from_secs(1)).ok(),
    }
}

/// `Wed 25 Nov 2026 09:00`, in Europe/London.
pub(super) fn local(moment: Timestamp) -> String {
    moment.to_zoned_datetime(london()).strftime("%a %d %b %Y %H:%M").to_string()
}

/// `09:00Z`.
pub(super) fn utc(moment: Timestamp) -> String {
    moment.strftime("%H:%MZ").to_string()
}

/// Both, of a FHIR instant; the text itself where it is none.
pub(crate) fn both(instant: &str) -> String {
    match instant.parse::<Timestamp>() {
        Ok(moment) => format!("{} ({})", local(moment), moment.strftime("%Y-%m-%dT%H:%M:%SZ")),
        Err(_) => instant.to_owned(),
    }
}

/// The two columns of a table, of a FHIR instant.
pub(super) fn columns(instant: &str) -> [String; 2] {
    match instant.parse::<Timestamp>() {
        Ok(moment) => [local(moment), utc(moment)],
        Err(_) => [instant.to_owned(), String::new()],
    }
}

/// `09:15`, in Europe/London; the text itself where it is no instant.
pub(super) fn clock(instant: &str) -> String {
    match instant.parse::<Timestamp>() {
        Ok(moment) => moment.to_zoned_datetime(london()).strftime("%H:%M").to_string(),
        Err(_) => instant.to_owned(),
    }
}

/// Europe/London. The zones are part of the program, so that there is always one.
pub(super) fn london() -> TimeZone {
    TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: TIM-01, TIM-02
    #[test]
    fn a_time_without_a_zone_is_local_and_a_day_is_a_whole_day() {
        let now: Timestamp = "2026-03-28T23:30:00Z".parse().unwrap();
        for (text, start, end) in [
            ("now", "2026-03-28T23:30:00Z", "2026-03-28T23:30:00Z"),
            ("today", "2026-03-28T00:00:00Z", "2026-03-28T23:59:59Z"),
            // The clocks go forward: the day has 23 hours.
            ("tomorrow", "2026-03-29T00:00:00Z", "2026-03-29T22:59:59Z"),
            ("2026-07-01", "2026-06-30T23:00:00Z", "2026-07-01T22:59:59Z"),
            ("2026-07-01T09:00", "2026-07-01T08:00:00Z", "2026-07-01T08:00:00Z"),
            ("2026-11-25T09:00:30", "2026-11-25T09:00:30Z", "2026-11-25T09:00:30Z"),
            ("2026-07-01T09:00Z", "2026-07-01T09:00:00Z", "2026-07-01T09:00:00Z"),
            ("2026-07-01T09:00:00+02:00", "2026-07-01T07:00:00Z", "2026-07-01T07:00:00Z"),
        ] {
            for (edge, expected) in [(Edge::Start, start), (Edge::End, end)] {
                let read = moment("--from", text, edge, now).unwrap();
                assert_eq!(read, expected.parse().unwrap(), "{text} {edge:?}");
            }
        }
        for text in ["", "soon", "2026-13-01", "25/11/2026", "2026-11-25T25:00", "2026-07-01T09:00+99:00"] {
            let failure = moment("--from", text, Edge::Start, now).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage, "{text}");
            assert!(failure.what.contains("--from") && failure.cure.contains("tomorrow"), "{failure}");
        }
    }

    // covers: TIM-02
    #[test]
    fn people_read_local_time_with_utc_beside() {
        assert_eq!(both("2026-07-01T08:00:00+00:00"), "Wed 01 Jul 2026 09:00 (2026-07-01T08:00:00Z)");
        assert_eq!(columns("2026-07-01T09:00:00+01:00"), ["Wed 01 Jul 2026 09:00", "08:00Z"]);
        assert_eq!(both("soon"), "soon");
    }
}

//! Dates and times as people in the United Kingdom say them: Monday 23 November 2026, 9:30am.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A moment in local time, as a person would write it.
#[must_use]
pub fn in_words(moment: Timestamp) -> String {
    let local = moment.to_zoned_datetime(london());
    format!("{}, {}", local.strftime("%A %-d %B %Y"), time_of_day(local.hour(), local.minute()))
}

/// The same moment for a program, with its offset.
#[must_use]
pub fn for_machines(moment: Timestamp) -> String {
    moment.to_zoned_datetime(london()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// A time of day with a full stop nowhere: 9am, 9:30am, midday, midnight.
fn time_of_day(hour: i8, minute: i8) -> String {
    let half = if hour < 12 { "am" } else { "pm" };
    let twelve = match hour % 12 {
        0 => 12,
        hour => hour,
    };
    match (hour, minute) {
        (0, 0) => "midnight".to_owned(),
        (12, 0) => "midday".to_owned(),
        (_, 0) => format!("{twelve}{half}"),
        (_, minute) => format!("{twelve}:{minute:02}{half}"),
    }
}

/// Europe/London, from the database that is built in.
fn london() -> TimeZone {
    TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_local_time_as_a_person_says_it() {
        for (moment, words, machine) in [
            ("2026-11-23T09:30:00Z", "Monday 23 November 2026, 9:30am", "2026-11-23T09:30:00+00:00"),
            ("2026-07-01T08:05:00Z", "Wednesday 1 July 2026, 9:05am", "2026-07-01T09:05:00+01:00"),
            ("2026-07-01T23:00:00Z", "Thursday 2 July 2026, midnight", "2026-07-02T00:00:00+01:00"),
            ("2026-12-01T12:00:00Z", "Tuesday 1 December 2026, midday", "2026-12-01T12:00:00+00:00"),
            ("2026-12-01T12:15:00Z", "Tuesday 1 December 2026, 12:15pm", "2026-12-01T12:15:00+00:00"),
            ("2026-12-01T00:15:00Z", "Tuesday 1 December 2026, 12:15am", "2026-12-01T00:15:00+00:00"),
            ("2026-12-01T17:00:00Z", "Tuesday 1 December 2026, 5pm", "2026-12-01T17:00:00+00:00"),
        ] {
            let moment: Timestamp = moment.parse().expect("a timestamp");
            assert_eq!(in_words(moment), words);
            assert_eq!(for_machines(moment), machine);
        }
    }
}

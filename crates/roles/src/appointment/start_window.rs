//! Where the start of a Slot may lie, from the `start` parameters of a search (SLT-08 to SLT-13, X-31).

use fhir::search::DateValue;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use spine::Reason;
use store::{Bound, Window};

use crate::edge::negotiate::shortened;
use crate::edge::refusal::Refusal;

/// The most `start` parameters: two make a window.
const MOST: usize = 10;

/// All the bounds of one search.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct StartWindow {
    windows: Vec<fhir::search::Window>,
}

impl StartWindow {
    /// Reads the values of `start`; days without a time are whole days in `zone`.
    ///
    /// # Errors
    /// `Reason::InvalidParameter` for the first that is no date.
    pub(crate) fn read(values: &[&str], zone: &TimeZone, now: Timestamp) -> Result<Self, Refusal> {
        let invalid = |what: String| Refusal::new(Reason::InvalidParameter, what).at("start");
        if values.len() > MOST {
            return Err(invalid(format!("start came {} times; two make a window", values.len())));
        }
        let mut windows = Vec::new();
        for value in values {
            let date =
                DateValue::parse(value).map_err(|error| invalid(format!("{error}, got {}", shortened(value))))?;
            windows.push(date.window(zone, now));
        }
        Ok(Self { windows })
    }

    /// The bounds in whole seconds, which is what a Slot's start is kept in.
    pub(crate) fn bounds(&self) -> Window {
        let mut bounds = Vec::new();
        for window in &self.windows {
            match (window.outside, window.from.map(up_to_a_second), window.before.map(up_to_a_second)) {
                (true, Some(from), Some(until)) => bounds.push(Bound::Outside { from, until }),
                (true, ..) => {}
                (false, from, before) => {
                    bounds.extend(from.map(Bound::AtOrAfter));
                    bounds.extend(before.map(Bound::Before));
                }
            }
        }
        Window::new(bounds)
    }

    /// Whether both bounds are past; a search with a lower bound alone never is (SLT-12, ERR-78).
    pub(crate) fn is_past(&self, now: Timestamp) -> bool {
        self.upper().is_some_and(|upper| upper <= now) && self.lower().is_none_or(|lower| lower <= now)
    }

    /// Whether the upper bound lies before the lower one, so that no start fits (SLT-13).
    pub(crate) fn is_reversed(&self) -> bool {
        self.lower().zip(self.upper()).is_some_and(|(lower, upper)| upper <= lower)
    }

    fn lower(&self) -> Option<Timestamp> {
        self.windows.iter().filter(|window| !window.outside).filter_map(|window| window.from).max()
    }

    fn upper(&self) -> Option<Timestamp> {
        self.windows.iter().filter(|window| !window.outside).filter_map(|window| window.before).min()
    }
}

/// The first whole second at or after a moment.
fn up_to_a_second(moment: Timestamp) -> i64 {
    let second = moment.as_second();
    if moment.subsec_nanosecond() > 0 { second + 1 } else { second }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(values: &[&str]) -> Vec<Bound> {
        let zone = TimeZone::get("Europe/London").unwrap();
        StartWindow::read(values, &zone, Timestamp::UNIX_EPOCH).unwrap().bounds().bounds
    }

    fn second(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    // covers: SLT-08, SLT-09, SLT-10, SLT-11, TIM-03, TIM-04
    #[test]
    fn every_prefix_and_precision_bounds_the_start() {
        let nine = second("2026-07-01T08:00:00Z");
        let table: &[(&str, &[Bound])] = &[
            ("ge2026-07-01T09:00:00+01:00", &[Bound::AtOrAfter(nine)]),
            ("ge2026-07-01T09:00:00 01:00", &[Bound::AtOrAfter(nine)]),
            ("ge2026-07-01T08:00:00Z", &[Bound::AtOrAfter(nine)]),
            ("ge2026-07-01T08:00:00.500Z", &[Bound::AtOrAfter(nine + 1)]),
            ("gt2026-07-01T09:00:00+01:00", &[Bound::AtOrAfter(nine + 1)]),
            ("sa2026-07-01T09:00:00+01:00", &[Bound::AtOrAfter(nine + 1)]),
            ("le2026-07-01T09:00:00+01:00", &[Bound::Before(nine + 1)]),
            ("lt2026-07-01T09:00:00+01:00", &[Bound::Before(nine)]),
            ("eb2026-07-01T09:00:00+01:00", &[Bound::Before(nine)]),
            ("2026-07-01T09:00:00+01:00", &[Bound::AtOrAfter(nine), Bound::Before(nine + 1)]),
            ("eq2026-07-01", &[Bound::AtOrAfter(nine - 9 * 3600), Bound::Before(nine + 15 * 3600)]),
            ("ne2026-07-01", &[Bound::Outside { from: nine - 9 * 3600, until: nine + 15 * 3600 }]),
            ("le2026-10-25", &[Bound::Before(second("2026-10-26T00:00:00Z"))]),
        ];
        for (value, expected) in table {
            assert_eq!(bounds(&[value]), *expected, "{value}");
        }
    }

    // covers: SLT-16
    #[test]
    fn what_is_no_date_is_refused() {
        let zone = TimeZone::UTC;
        for value in ["", "ge", "gx2026", "tomorrow", "ge2026-13-01", "ge2026-07-01T25:00:00Z"] {
            let refusal = StartWindow::read(&[value], &zone, Timestamp::UNIX_EPOCH).unwrap_err();
            assert_eq!(refusal.reason, Reason::InvalidParameter, "{value}");
        }
        assert!(StartWindow::read(&["ge2026"; 11], &zone, Timestamp::UNIX_EPOCH).is_err());
    }
}

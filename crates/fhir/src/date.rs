//! FHIR's `date`, `dateTime` and `instant`: texts that keep their precision, and the range of time that each covers.
//!
//! `2019-07` is neither the first of July nor 31 days of anything in particular until a zone is named: the time zone is an
//! argument wherever a text has none. Nothing here knows what time it is now.

use std::cmp::Ordering;
use std::fmt::Write as _;

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, civil};

/// A `date`, `dateTime` or `instant` as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateTime {
    text: Box<str>,
    precision: Precision,
    /// Where it begins, by the clock of its place. A leap second is the second before it.
    begins: civil::DateTime,
    leap_second: bool,
    offset: Option<Offset>,
}

/// How much of a time was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// `2019`
    Year,
    /// `2019-07`
    Month,
    /// `2019-07-02`
    Day,
    /// `2019-07-02T09:15`, in search values only.
    Minute,
    /// `2019-07-02T09:15:00`
    Second,
    /// A second with so many digits behind the point.
    Fraction(u8),
}

/// Why a text is not a date or time; what the text should have been, in words for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct DateError {
    /// What was expected.
    pub expected: &'static str,
}

/// A half-open range of time: from its first moment up to, and not including, its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeRange {
    /// The first moment.
    pub from: Timestamp,
    /// The first moment behind it.
    pub until: Timestamp,
}

const DATE: DateError = DateError { expected: "a date: YYYY, YYYY-MM or YYYY-MM-DD, of a day that exists" };
const DATE_TIME: DateError = DateError {
    expected: "a dateTime: YYYY, YYYY-MM, YYYY-MM-DD, or a day with time and offset such as 2019-07-02T09:15:00+01:00",
};
const INSTANT: DateError =
    DateError { expected: "an instant: a day with time to the second and offset, such as 2019-07-02T09:15:00+01:00" };
const SEARCH: DateError =
    DateError { expected: "a date or a time such as 2019-07-02 or 2019-07-02T09:15:00+01:00 (in a URL, + is %2B)" };

impl DateTime {
    /// Reads a FHIR `date`: year, month or day.
    ///
    /// # Errors
    ///
    /// When the text is no date or names a day that does not exist.
    pub fn parse_date(text: &str) -> Result<DateTime, DateError> {
        parse(text).filter(|date| date.precision <= Precision::Day).ok_or(DATE)
    }

    /// Reads a FHIR `dateTime`: a date, or a time to the second with its offset.
    ///
    /// # Errors
    ///
    /// When the text is no dateTime; a time without an offset is none.
    pub fn parse_date_time(text: &str) -> Result<DateTime, DateError> {
        let whole = |date: &DateTime| match date.precision {
            Precision::Minute => false,
            Precision::Second | Precision::Fraction(_) => date.offset.is_some(),
            _ => true,
        };
        parse(text).filter(whole).ok_or(DATE_TIME)
    }

    /// Reads a FHIR `instant`: a time to the second with its offset.
    ///
    /// # Errors
    ///
    /// When the text is no instant.
    pub fn parse_instant(text: &str) -> Result<DateTime, DateError> {
        DateTime::parse_date_time(text).ok().filter(|date| date.precision >= Precision::Second).ok_or(INSTANT)
    }

    /// Reads the date of a search value without its prefix: as `dateTime`, and besides without seconds, without an
    /// offset, and with the blank that an unescaped `+` becomes in a URL (SLT-10, SLT-11).
    ///
    /// # Errors
    ///
    /// When the text is none of these.
    pub fn parse_search(text: &str) -> Result<DateTime, DateError> {
        let mended = match text.rsplit_once(' ') {
            Some((time, offset)) if time.contains('T') && offset.len() == 5 => parse(&format!("{time}+{offset}")),
            _ => parse(text),
        };
        mended.map(|date| DateTime { text: text.into(), ..date }).ok_or(SEARCH)
    }

    /// The text as it came.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How much of a time it is.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The offset from UTC that was written.
    #[must_use]
    pub fn offset(&self) -> Option<Offset> {
        self.offset
    }

    /// The day on which it begins, by the clock of its place.
    #[must_use]
    pub fn day(&self) -> civil::Date {
        self.begins.date()
    }

    /// All the time that the text covers: `2019` a year, `2019-07-02` a day, `…T09:15:00Z` a second. `zone` is where a
    /// text without an offset is meant, for booking Europe/London. Times that a calendar cannot hold are cut off.
    #[must_use]
    pub fn range(&self, zone: &TimeZone) -> TimeRange {
        let at = |clock: Option<civil::DateTime>| {
            let found = clock.and_then(|clock| match self.offset {
                Some(offset) => offset.to_timestamp(clock).ok(),
                None => zone.to_timestamp(clock).ok(),
            });
            found.unwrap_or(if self.begins.year() < 0 { Timestamp::MIN } else { Timestamp::MAX })
        };
        let leap = SignedDuration::from_secs(i64::from(self.leap_second));
        let from = at(Some(self.begins)).saturating_add(leap).unwrap_or(Timestamp::MAX);
        let until = match self.precision {
            Precision::Year | Precision::Month | Precision::Day => at(self.next_begin()),
            Precision::Minute => lasting(from, SignedDuration::from_secs(60)),
            Precision::Second => lasting(from, SignedDuration::from_secs(1)),
            Precision::Fraction(digits) => {
                lasting(from, SignedDuration::from_nanos(10_i64.pow(9_u32.saturating_sub(u32::from(digits)))))
            }
        };
        TimeRange { from, until }
    }

    /// Where the next year, month or day begins.
    fn next_begin(&self) -> Option<civil::DateTime> {
        let (year, month) = (self.begins.year(), self.begins.month());
        let date = match (self.precision, month) {
            (Precision::Year, _) => civil::Date::new(year.checked_add(1)?, 1, 1),
            (Precision::Month, 12) => civil::Date::new(year.checked_add(1)?, 1, 1),
            (Precision::Month, _) => civil::Date::new(year, month + 1, 1),
            _ => self.begins.date().tomorrow(),
        };
        date.ok().map(|date| date.to_datetime(civil::Time::midnight()))
    }

    /// Which of two is earlier; `None` where their precision does not tell.
    #[must_use]
    pub fn compare(&self, other: &DateTime, zone: &TimeZone) -> Option<Ordering> {
        self.range(zone).compare(&other.range(zone))
    }
}

impl TimeRange {
    /// The range of one moment, as short as can be.
    #[must_use]
    pub fn moment(at: Timestamp) -> TimeRange {
        TimeRange { from: at, until: lasting(at, SignedDuration::from_nanos(1)) }
    }

    /// Whether the whole of another range is in this one.
    #[must_use]
    pub fn contains(&self, other: &TimeRange) -> bool {
        self.from <= other.from && other.until <= self.until
    }

    /// Whether the two have any time in common.
    #[must_use]
    pub fn overlaps(&self, other: &TimeRange) -> bool {
        self.from < other.until && other.from < self.until
    }

    /// Which of two is earlier; `None` where they overlap without being equal.
    #[must_use]
    pub fn compare(&self, other: &TimeRange) -> Option<Ordering> {
        if self == other {
            Some(Ordering::Equal)
        } else if self.until <= other.from {
            Some(Ordering::Less)
        } else if other.until <= self.from {
            Some(Ordering::Greater)
        } else {
            None
        }
    }
}

fn lasting(from: Timestamp, duration: SignedDuration) -> Timestamp {
    from.saturating_add(duration).unwrap_or(Timestamp::MAX)
}

/// Writes an instant with this offset: `2019-07-02T09:15:00+01:00`. UTC is `+00:00`; a fraction is written when there is
/// one.
#[must_use]
pub fn format_instant(at: Timestamp, offset: Offset) -> String {
    let clock = offset.to_datetime(at);
    let mut text = String::with_capacity(32);
    match u16::try_from(clock.year()) {
        Ok(year) => [year / 100, year % 100].into_iter().for_each(|pair| push_pair(&mut text, pair as u8)),
        Err(_) => push(&mut text, format_args!("{:04}", clock.year())),
    }
    let rest =
        [('-', clock.month()), ('-', clock.day()), ('T', clock.hour()), (':', clock.minute()), (':', clock.second())];
    for (mark, number) in rest {
        text.push(mark);
        push_pair(&mut text, number.unsigned_abs());
    }
    match clock.subsec_nanosecond() {
        0 => {}
        nanos if nanos % 1_000_000 == 0 => push(&mut text, format_args!(".{:03}", nanos / 1_000_000)),
        nanos => push(&mut text, format_args!(".{nanos:09}")),
    }
    let minutes = offset.seconds() / 60;
    text.push(if minutes < 0 { '-' } else { '+' });
    push_pair(&mut text, (minutes.abs() / 60) as u8);
    text.push(':');
    push_pair(&mut text, (minutes.abs() % 60) as u8);
    text
}

/// Two digits.
fn push_pair(text: &mut String, number: u8) {
    text.push(char::from(b'0' + number / 10 % 10));
    text.push(char::from(b'0' + number % 10));
}

/// Writes an instant with the offset that `zone` has at that time.
#[must_use]
pub fn format_instant_in(at: Timestamp, zone: &TimeZone) -> String {
    format_instant(at, zone.to_offset(at))
}

fn push(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = text.write_fmt(what);
}

/// Reads every form that any of the types or a search value allows.
fn parse(text: &str) -> Option<DateTime> {
    let mut rest = Digits { rest: text.as_bytes() };
    let sign = if rest.take(b'-') { -1 } else { 1 };
    let year = sign * i16::try_from(rest.number(4)?).ok()?;
    let mut clock = Clock { year, month: 1, day: 1, hour: 0, minute: 0, second: 0, nanosecond: 0 };
    let mut precision = Precision::Year;
    let mut offset = None;
    if rest.take(b'-') {
        (precision, clock.month) = (Precision::Month, rest.small(2)?);
        if rest.take(b'-') {
            (precision, clock.day) = (Precision::Day, rest.small(2)?);
            if rest.take(b'T') {
                precision = rest.time(&mut clock)?;
                offset = rest.offset()?;
            }
        }
    }
    let leap_second = clock.second == 60;
    if leap_second {
        clock.second = 59;
    }
    let date = civil::Date::new(clock.year, clock.month, clock.day).ok()?;
    let time = civil::Time::new(clock.hour, clock.minute, clock.second, clock.nanosecond).ok()?;
    // The standard has no year 0.
    let whole = rest.rest.is_empty() && year != 0 && clock.hour < 24;
    whole.then(|| DateTime { text: text.into(), precision, begins: date.to_datetime(time), leap_second, offset })
}

struct Clock {
    year: i16,
    month: i8,
    day: i8,
    hour: i8,
    minute: i8,
    second: i8,
    nanosecond: i32,
}

/// A cursor over a text of fixed-width numbers.
struct Digits<'t> {
    rest: &'t [u8],
}

impl Digits<'_> {
    fn take(&mut self, byte: u8) -> bool {
        let found = self.rest.first() == Some(&byte);
        if found {
            self.rest = self.rest.get(1..).unwrap_or_default();
        }
        found
    }

    fn number(&mut self, width: usize) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(width)?;
        let all = digits.iter().all(u8::is_ascii_digit);
        self.rest = rest;
        all.then(|| digits.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0')))
    }

    fn small(&mut self, width: usize) -> Option<i8> {
        self.number(width).and_then(|number| i8::try_from(number).ok())
    }

    /// Reads hour, minute, and where they are there seconds and their fraction.
    fn time(&mut self, clock: &mut Clock) -> Option<Precision> {
        clock.hour = self.small(2)?;
        if !self.take(b':') {
            return None;
        }
        clock.minute = self.small(2)?;
        if !self.take(b':') {
            return Some(Precision::Minute);
        }
        clock.second = self.small(2).filter(|second| *second <= 60)?;
        if !self.take(b'.') {
            return Some(Precision::Second);
        }
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        let first_nine = digits.iter().copied().chain(std::iter::repeat(b'0')).take(9);
        clock.nanosecond = first_nine.fold(0, |value, digit| value * 10 + i32::from(digit - b'0'));
        (count > 0).then(|| Precision::Fraction(u8::try_from(count).unwrap_or(u8::MAX)))
    }

    /// Reads the offset, if there is one; the outer `None` is a wrong one.
    fn offset(&mut self) -> Option<Option<Offset>> {
        if self.take(b'Z') {
            return Some(Some(Offset::UTC));
        }
        let sign = match self.rest.first() {
            None => return Some(None),
            Some(b'+') => 1,
            Some(b'-') => -1,
            Some(_) => return None,
        };
        self.rest = self.rest.get(1..).unwrap_or_default();
        let hours = i32::try_from(self.number(2)?).ok()?;
        if !self.take(b':') {
            return None;
        }
        let minutes = i32::try_from(self.number(2)?).ok()?;
        let in_range = minutes < 60 && hours * 60 + minutes <= 14 * 60;
        in_range.then(|| Offset::from_seconds(sign * (hours * 60 + minutes) * 60).ok()).flatten().map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn london() -> TimeZone {
        TimeZone::get("Europe/London").unwrap()
    }

    // covers: HTTP-14
    #[test]
    fn each_type_takes_its_own_precisions() {
        let table = [
            // text, date, dateTime, instant, search value
            ("2019", true, true, false, true),
            ("2019-07", true, true, false, true),
            ("2019-07-02", true, true, false, true),
            ("2019-07-02T09:15", false, false, false, true),
            ("2019-07-02T09:15Z", false, false, false, true),
            ("2019-07-02T09:15:00", false, false, false, true),
            ("2019-07-02T09:15:00Z", false, true, true, true),
            ("2019-07-02T09:15:00+01:00", false, true, true, true),
            ("2019-07-02T09:15:00-14:00", false, true, true, true),
            ("2019-07-02T09:15:00.123456789012+01:00", false, true, true, true),
            ("2016-12-31T23:59:60Z", false, true, true, true),
            ("2020-02-29", true, true, false, true),
            ("-0044-03-15", true, true, false, true),
            ("2019-07-02T09:15:00 01:00", false, false, false, true),
            ("2019-02-29", false, false, false, false),
            ("2019-13", false, false, false, false),
            ("2019-7-2", false, false, false, false),
            ("0000", false, false, false, false),
            ("201507-02", false, false, false, false),
            ("2019-07-02T24:00:00Z", false, false, false, false),
            ("2019-07-02T09:15:61Z", false, false, false, false),
            ("2019-07-02T09:15:00.Z", false, false, false, false),
            ("2019-07-02T09:15:00+14:01", false, false, false, false),
            ("2019-07-02T09:15:00+0100", false, false, false, false),
            ("2019-07-02T09Z", false, false, false, false),
            ("2019-07-02 09:15:00Z", false, false, false, false),
            ("2019-07-02Z", false, false, false, false),
            ("2019-07-02T09:15:00Z ", false, false, false, false),
            ("", false, false, false, false),
        ];
        for (text, date, date_time, instant, search) in table {
            assert_eq!(DateTime::parse_date(text).is_ok(), date, "date {text}");
            assert_eq!(DateTime::parse_date_time(text).is_ok(), date_time, "dateTime {text}");
            assert_eq!(DateTime::parse_instant(text).is_ok(), instant, "instant {text}");
            assert_eq!(DateTime::parse_search(text).is_ok(), search, "search {text}");
            assert!(DateTime::parse_search(text).is_ok_and(|read| read.text() == text) == search);
        }
    }

    // covers: SLT-10, SLT-11
    #[test]
    fn a_text_covers_its_whole_precision_in_the_zone_of_its_place() {
        let table = [
            ("2019-07-02T09:15:00Z", "2019-07-02T09:15:00Z", "2019-07-02T09:15:01Z"),
            ("2019-07-02T09:15:00.5+01:00", "2019-07-02T08:15:00.5Z", "2019-07-02T08:15:00.6Z"),
            ("2019-07-02T09:15", "2019-07-02T08:15:00Z", "2019-07-02T08:16:00Z"),
            ("2019-07-02T09:15:00 01:00", "2019-07-02T08:15:00Z", "2019-07-02T08:15:01Z"),
            ("2019-07-02", "2019-07-01T23:00:00Z", "2019-07-02T23:00:00Z"),
            ("2019-01-02", "2019-01-02T00:00:00Z", "2019-01-03T00:00:00Z"),
            // The days on which the clocks change have 23 and 25 hours.
            ("2019-03-31", "2019-03-31T00:00:00Z", "2019-03-31T23:00:00Z"),
            ("2019-10-27", "2019-10-26T23:00:00Z", "2019-10-28T00:00:00Z"),
            ("2019-12", "2019-12-01T00:00:00Z", "2020-01-01T00:00:00Z"),
            ("2019-06", "2019-05-31T23:00:00Z", "2019-06-30T23:00:00Z"),
            ("2019", "2019-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", "2017-01-01T00:00:01Z"),
        ];
        for (text, from, until) in table {
            let range = DateTime::parse_search(text).unwrap().range(&london());
            assert_eq!(range, TimeRange { from: from.parse().unwrap(), until: until.parse().unwrap() }, "{text}");
        }
        assert_eq!(DateTime::parse_date("9999").unwrap().range(&london()).until, Timestamp::MAX);
    }

    #[test]
    fn dates_are_ordered_only_as_far_as_their_precision_tells() {
        let compare = |one, two| {
            DateTime::parse_date_time(one).unwrap().compare(&DateTime::parse_date_time(two).unwrap(), &london())
        };
        assert_eq!(compare("2019-07-02T09:15:00+01:00", "2019-07-02T08:15:00Z"), Some(Ordering::Equal));
        assert_eq!(compare("2019-07-02", "2019-07-03T00:00:00+01:00"), Some(Ordering::Less));
        assert_eq!(compare("2020", "2019-12"), Some(Ordering::Greater));
        assert_eq!(compare("2019", "2019-12"), None);
    }

    #[test]
    fn instants_are_written_with_an_offset() {
        let table = [
            ("2019-07-02T08:15:00Z", 3600, "2019-07-02T09:15:00+01:00"),
            ("2019-07-02T08:15:00.25Z", 0, "2019-07-02T08:15:00.250+00:00"),
            ("2019-07-02T08:15:00.000001Z", -12600, "2019-07-02T04:45:00.000001000-03:30"),
        ];
        for (at, seconds, text) in table {
            let written = format_instant(at.parse().unwrap(), Offset::from_seconds(seconds).unwrap());
            assert_eq!(written, text);
            assert!(DateTime::parse_instant(&written).is_ok());
        }
        assert_eq!(format_instant_in("2019-07-02T08:15:00Z".parse().unwrap(), &london()), "2019-07-02T09:15:00+01:00");
        assert_eq!(format_instant_in("2019-01-02T08:15:00Z".parse().unwrap(), &london()), "2019-01-02T08:15:00+00:00");
    }
}

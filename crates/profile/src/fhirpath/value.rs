//! What an expression works on: nodes of the tree, and values.

use std::borrow::Cow;
use std::cmp::Ordering;

use fhir::schema::ScalarKind;
use fhir::{Node, Scalar};

/// One member of a collection.
#[derive(Debug, Clone)]
pub(crate) enum Item<'n> {
    Node(&'n Node),
    Boolean(bool),
    Text(Cow<'n, str>),
    Number(Number),
    /// A date, dateTime, instant or time, as text.
    Date(Cow<'n, str>),
}

/// What an expression gives.
pub(crate) type Collection<'n> = Vec<Item<'n>>;

/// A decimal number, exactly: `mantissa` × 10^-`scale`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number {
    mantissa: i128,
    scale: u32,
}

impl Number {
    pub(crate) fn whole(value: i64) -> Number {
        Number { mantissa: i128::from(value), scale: 0 }
    }

    /// From digits with an optional sign, fraction and exponent; `None` beyond thirty digits.
    pub(crate) fn parse(text: &str) -> Option<Number> {
        let (digits, exponent) = match text.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all = format!("{whole}{fraction}");
        if all.len() > 31 {
            return None;
        }
        let mut number = Number { mantissa: all.parse().ok()?, scale: 0 };
        let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        if scale >= 0 {
            number.scale = u32::try_from(scale).ok().filter(|scale| *scale <= 60)?;
        } else {
            let power = 10_i128.checked_pow(scale.unsigned_abs())?;
            number.mantissa = number.mantissa.checked_mul(power)?;
        }
        Some(number)
    }

    /// Both with the same scale; `None` where that does not fit.
    fn aligned(self, other: Number) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        let raise = |number: Number| number.mantissa.checked_mul(10_i128.checked_pow(scale - number.scale)?);
        Some((raise(self)?, raise(other)?, scale))
    }

    pub(crate) fn compare(self, other: Number) -> Option<Ordering> {
        self.aligned(other).map(|(one, two, _)| one.cmp(&two))
    }

    pub(crate) fn plus(self, other: Number) -> Option<Number> {
        let (one, two, scale) = self.aligned(other)?;
        Some(Number { mantissa: one.checked_add(two)?, scale })
    }

    pub(crate) fn negative(self) -> Number {
        Number { mantissa: -self.mantissa, scale: self.scale }
    }

    pub(crate) fn times(self, other: Number) -> Option<Number> {
        let scale = self.scale.checked_add(other.scale).filter(|scale| *scale <= 60)?;
        Some(Number { mantissa: self.mantissa.checked_mul(other.mantissa)?, scale })
    }

    /// The quotient to eighteen places, without zeros at its end; `None` for a division by zero.
    pub(crate) fn divided_by(self, other: Number) -> Option<Number> {
        const PLACES: u32 = 18;
        let (one, two, _) = self.aligned(other)?;
        let raised = one.checked_mul(10_i128.checked_pow(PLACES)?)?;
        let mut quotient = Number { mantissa: raised.checked_div(two)?, scale: PLACES };
        while quotient.scale > 0 && quotient.mantissa % 10 == 0 {
            quotient = Number { mantissa: quotient.mantissa / 10, scale: quotient.scale - 1 };
        }
        Some(quotient)
    }

    /// How often the other goes into it, and what is left; `None` for a division by zero.
    pub(crate) fn divided(self, other: Number) -> Option<(Number, Number)> {
        let (one, two, scale) = self.aligned(other)?;
        let (whole, rest) = (one.checked_div(two)?, one.checked_rem(two)?);
        Some((Number { mantissa: whole, scale: 0 }, Number { mantissa: rest, scale }))
    }

    /// The number as a count, where it is whole.
    pub(crate) fn as_whole(self) -> Option<i64> {
        let power = 10_i128.checked_pow(self.scale)?;
        if self.mantissa % power != 0 {
            return None;
        }
        i64::try_from(self.mantissa / power).ok()
    }

    /// In digits, with the zeros that it came with.
    pub(crate) fn text(self) -> String {
        if self.scale == 0 {
            return self.mantissa.to_string();
        }
        let scale = self.scale as usize;
        let digits = format!("{:0>width$}", self.mantissa.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        format!("{}{whole}.{fraction}", if self.mantissa < 0 { "-" } else { "" })
    }
}

impl<'n> Item<'n> {
    /// The value of a primitive node, or the value itself; `None` for a complex node and one without a value.
    pub(crate) fn value(&self) -> Option<Item<'n>> {
        let Item::Node(node) = self else { return Some(self.clone()) };
        let scalar = node.value()?;
        match (scalar, node.kind().scalar()) {
            (Scalar::Boolean(value), _) => Some(Item::Boolean(*value)),
            (scalar, Some(ScalarKind::Number)) | (scalar @ Scalar::Number(_), _) => {
                Number::parse(scalar.text()).map(Item::Number)
            }
            (Scalar::String(text), _) => match node.kind().name() {
                "date" | "dateTime" | "instant" | "time" => Some(Item::Date(Cow::Borrowed(text))),
                _ => Some(Item::Text(Cow::Borrowed(text))),
            },
        }
    }

    /// The value as text.
    pub(crate) fn text(&self) -> Option<Cow<'n, str>> {
        match self {
            Item::Node(node) => node.text().map(Cow::Borrowed),
            Item::Boolean(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
            Item::Text(text) | Item::Date(text) => Some(text.clone()),
            Item::Number(number) => Some(Cow::Owned(number.text())),
        }
    }

    /// Are they equal? `None` where that cannot be said: dates of differing precision.
    pub(crate) fn equals(&self, other: &Item<'_>) -> Option<bool> {
        if let (Item::Node(one), Item::Node(two)) = (self, other)
            && (!one.kind().is_primitive() || !two.kind().is_primitive())
        {
            return Some(one.same_meaning(two));
        }
        let (Some(one), Some(two)) = (self.value(), other.value()) else { return Some(false) };
        match (one, two) {
            (Item::Boolean(one), Item::Boolean(two)) => Some(one == two),
            (Item::Number(one), Item::Number(two)) => Some(one.compare(two) == Some(Ordering::Equal)),
            (Item::Date(one), Item::Date(two) | Item::Text(two)) | (Item::Text(one), Item::Date(two)) => {
                if one == two {
                    Some(true)
                } else {
                    compare_dates(&one, &two).map(Ordering::is_eq)
                }
            }
            (Item::Text(one), Item::Text(two)) => Some(one == two),
            _ => Some(false),
        }
    }

    /// Which is less? `None` where that cannot be said.
    pub(crate) fn compare(&self, other: &Item<'_>) -> Option<Ordering> {
        if let (Item::Node(one), Item::Node(two)) = (self, other)
            && let Some(answer) = compare_quantities(one, two)
        {
            return answer;
        }
        match (self.value()?, other.value()?) {
            (Item::Number(one), Item::Number(two)) => one.compare(two),
            (Item::Date(one), Item::Date(two) | Item::Text(two)) | (Item::Text(one), Item::Date(two)) => {
                compare_dates(&one, &two)
            }
            (Item::Text(one), Item::Text(two)) => Some(one.cmp(&two)),
            _ => None,
        }
    }
}

/// Quantities compare where they have the same unit; `Some(None)` where they cannot be compared, `None` where one is none.
fn compare_quantities(one: &Node, two: &Node) -> Option<Option<Ordering>> {
    let (low, high) = (one.child("value")?, two.child("value")?);
    if one.kind().is_primitive() || two.kind().is_primitive() {
        return None;
    }
    let unit = |node: &'_ Node| {
        let of = |name| node.text_of(name).map(str::to_owned);
        (of("system"), of("code").or_else(|| of("unit")))
    };
    if unit(one) != unit(two) {
        return Some(None);
    }
    Some(Number::parse(low.text()?).zip(Number::parse(high.text()?)).and_then(|(low, high)| low.compare(high)))
}

/// A date or dateTime taken apart: year, month, day as far as given, and the moment where there is a time with a zone.
#[derive(Debug)]
struct Parts {
    date: Vec<i64>,
    moment: Option<i128>,
}

impl Parts {
    fn parse(text: &str) -> Option<Parts> {
        let (date_text, time) = match text.split_once('T') {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let date: Vec<i64> = date_text.split('-').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        if date.is_empty() || date.len() > 3 {
            return None;
        }
        let moment = match (time, date.as_slice()) {
            (Some(time), [year, month, day]) => Some(moment(*year, *month, *day, time)?),
            (Some(_), _) => return None,
            (None, _) => None,
        };
        Some(Parts { date, moment })
    }
}

/// Nanoseconds since 1970 in UTC.
fn moment(year: i64, month: i64, day: i64, time: &str) -> Option<i128> {
    let zone_at = time.find(['Z', '+', '-'])?;
    let (clock, zone) = time.split_at(zone_at);
    let (seconds_text, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut parts = seconds_text.split(':').map(|part| part.parse::<i64>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let nanoseconds: i64 = format!("{fraction:0<9.9}").parse().ok()?;
    let offset = match zone.strip_prefix(['+', '-']) {
        Some(rest) => {
            let (hours, minutes) = rest.split_once(':')?;
            let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
            if zone.starts_with('-') { -minutes } else { minutes }
        }
        None => 0,
    };
    let within = (0..10_000).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    let clock_within = (0..=24).contains(&hours) && (0..60).contains(&minutes) && (0..=60).contains(&seconds);
    if !within || !clock_within {
        return None;
    }
    let seconds = ((days_since_1970(year, month, day) * 24 + hours) * 60 + minutes - offset) * 60 + seconds;
    Some(i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds))
}

/// Days from 1970-01-01 in the Gregorian calendar; years are counted from March so that the leap day is the last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Compares as far as both are given; equal so far but of differing precision cannot be said.
fn compare_dates(one: &str, two: &str) -> Option<Ordering> {
    if !one.contains('-') && one.contains(':') && !two.contains('-') && two.contains(':') {
        return Some(one.cmp(two));
    }
    let (one, two) = (Parts::parse(one)?, Parts::parse(two)?);
    if let (Some(one), Some(two)) = (one.moment, two.moment) {
        return Some(one.cmp(&two));
    }
    let shared = one.date.len().min(two.date.len());
    match one.date[..shared].cmp(&two.date[..shared]) {
        Ordering::Equal => {
            let same_precision = one.date.len() == two.date.len() && one.moment.is_some() == two.moment.is_some();
            same_precision.then_some(Ordering::Equal)
        }
        different => Some(different),
    }
}

#[cfg(test)]
mod tests {
    use super::{Number, compare_dates, days_since_1970};
    use std::cmp::Ordering::{Equal, Greater, Less};

    #[test]
    fn numbers_are_exact() {
        let number = |text| Number::parse(text).expect(text);
        for (one, two, expected) in [
            ("1.0", "1", Equal),
            ("0.1", "0.10", Equal),
            ("-2", "1", Less),
            ("1e2", "100", Equal),
            ("1e-2", "0.02", Less),
        ] {
            assert_eq!(number(one).compare(number(two)), Some(expected), "{one} {two}");
        }
        assert_eq!(number("0.10").plus(number("0.2")).map(Number::text).as_deref(), Some("0.30"));
        assert_eq!(number("-0.05").text(), "-0.05");
        assert_eq!(number("3.0").as_whole(), Some(3));
        assert_eq!(number("3.5").as_whole(), None);
        for bad in ["", "much", "1e", "1e999", "12345678901234567890123456789012345"] {
            assert!(Number::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn dates_compare_as_far_as_they_are_given() {
        for (one, two, expected) in [
            ("2024-05-01", "2024-05-02", Some(Less)),
            ("2024-05", "2024-05-02", None),
            ("2024-04", "2024-05-02", Some(Less)),
            ("2024", "2024", Some(Equal)),
            ("2024-05-01T10:00:00+01:00", "2024-05-01T09:00:00Z", Some(Equal)),
            ("2024-05-01T10:00:00.5Z", "2024-05-01T10:00:00.25Z", Some(Greater)),
            ("2024-05-01T10:00:00Z", "2024-05-01", None),
            ("2024-05-01T10:00:00Z", "2024-06", Some(Less)),
            ("today", "2024", None),
            ("09:00:00", "10:00:00", Some(Less)),
        ] {
            assert_eq!(compare_dates(one, two), expected, "{one} {two}");
        }
    }

    #[test]
    fn days_are_counted_from_1970() {
        for (date, days) in [((1970, 1, 1), 0), ((2000, 3, 1), 11_017), ((2024, 2, 29), 19_782), ((1, 1, 1), -719_162)]
        {
            assert_eq!(days_since_1970(date.0, date.1, date.2), days, "{date:?}");
        }
    }
}

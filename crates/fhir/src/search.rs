//! Search values: dates with a prefix, tokens, and lists of alternatives (SLT-06 to SLT-11).

use std::borrow::Cow;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::date::{DateError, DateTime, TimeRange};

/// How a value is compared with what a resource holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Prefix {
    /// `eq`, or no prefix: the value's range contains the resource's.
    Equal,
    /// `ne`: it does not.
    NotEqual,
    /// `gt`: the resource's range reaches beyond the value's.
    Greater,
    /// `ge`: greater or equal.
    GreaterOrEqual,
    /// `lt`: the resource's range begins before the value's.
    Less,
    /// `le`: less or equal.
    LessOrEqual,
    /// `sa`: the resource's range begins when the value's is over.
    StartsAfter,
    /// `eb`: the resource's range is over when the value's begins.
    EndsBefore,
    /// `ap`: the two overlap, give or take a tenth of the time between the value and now.
    Approximate,
}

/// All prefixes as they are written.
pub const PREFIXES: [(&str, Prefix); 9] = [
    ("eq", Prefix::Equal),
    ("ne", Prefix::NotEqual),
    ("gt", Prefix::Greater),
    ("ge", Prefix::GreaterOrEqual),
    ("lt", Prefix::Less),
    ("le", Prefix::LessOrEqual),
    ("sa", Prefix::StartsAfter),
    ("eb", Prefix::EndsBefore),
    ("ap", Prefix::Approximate),
];

impl Prefix {
    /// Takes the prefix off a value; without one it is [`Prefix::Equal`].
    #[must_use]
    pub fn split(text: &str) -> (Prefix, &str) {
        let found = PREFIXES.iter().find_map(|(letters, prefix)| Some((*prefix, text.strip_prefix(letters)?)));
        found.unwrap_or((Prefix::Equal, text))
    }
}

/// A date of a search: `ge2019-07-02T09:00:00+01:00`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateValue {
    /// How to compare.
    pub prefix: Prefix,
    /// With what.
    pub date: DateTime,
}

/// The moments that a [`DateValue`] selects, for things that have one moment, such as the start of a Slot: those from
/// `from` on and before `before`, or, with `outside`, all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first moment; `None` is without bound.
    pub from: Option<Timestamp>,
    /// The first moment behind it; `None` is without bound.
    pub before: Option<Timestamp>,
    /// Whether the moments outside of these bounds are meant.
    pub outside: bool,
}

impl DateValue {
    /// Reads a value as it comes out of a URL.
    ///
    /// # Errors
    ///
    /// When what follows the prefix is no date; a prefix that does not exist is part of it.
    pub fn parse(text: &str) -> Result<DateValue, DateError> {
        let (prefix, date) = Prefix::split(text);
        DateTime::parse_search(date).map(|date| DateValue { prefix, date })
    }

    /// Whether a resource's time matches. `zone` is where dates without an offset are meant; only `ap` looks at `now`.
    #[must_use]
    pub fn matches(&self, target: &TimeRange, zone: &TimeZone, now: Timestamp) -> bool {
        let value = self.range(zone, now);
        match self.prefix {
            Prefix::Equal => value.contains(target),
            Prefix::NotEqual => !value.contains(target),
            Prefix::Greater => target.until > value.until,
            Prefix::GreaterOrEqual => target.until > value.until || value.contains(target),
            Prefix::Less => target.from < value.from,
            Prefix::LessOrEqual => target.from < value.from || value.contains(target),
            Prefix::StartsAfter => target.from >= value.until,
            Prefix::EndsBefore => target.until <= value.from,
            Prefix::Approximate => value.overlaps(target),
        }
    }

    /// The same question for things that have one moment, as bounds that a database can look up.
    #[must_use]
    pub fn window(&self, zone: &TimeZone, now: Timestamp) -> Window {
        let TimeRange { from, until } = self.range(zone, now);
        let (from, before, outside) = match self.prefix {
            Prefix::Equal | Prefix::Approximate => (Some(from), Some(until), false),
            Prefix::NotEqual => (Some(from), Some(until), true),
            Prefix::Greater | Prefix::StartsAfter => (Some(until), None, false),
            Prefix::GreaterOrEqual => (Some(from), None, false),
            Prefix::Less | Prefix::EndsBefore => (None, Some(from), false),
            Prefix::LessOrEqual => (None, Some(until), false),
        };
        Window { from, before, outside }
    }

    /// The range of the value, for `ap` made wider.
    fn range(&self, zone: &TimeZone, now: Timestamp) -> TimeRange {
        let range = self.date.range(zone);
        if self.prefix != Prefix::Approximate {
            return range;
        }
        let seconds = now.duration_since(range.from).as_secs().checked_abs().unwrap_or(i64::MAX);
        let tenth = SignedDuration::from_secs(seconds / 10);
        TimeRange {
            from: range.from.saturating_sub(tenth).unwrap_or(Timestamp::MIN),
            until: range.until.saturating_add(tenth).unwrap_or(Timestamp::MAX),
        }
    }
}

impl Window {
    /// Whether a moment is selected.
    #[must_use]
    pub fn selects(&self, moment: Timestamp) -> bool {
        let inside = self.from.is_none_or(|from| from <= moment) && self.before.is_none_or(|before| moment < before);
        inside != self.outside
    }
}

/// A token of a search: `code`, `system|code`, `|code` or `system|`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The system: `None` when any will do, empty when there must be none.
    pub system: Option<String>,
    /// The code or value: `None` when any will do.
    pub code: Option<String>,
}

impl Token {
    /// Reads a token as it comes out of a URL, one of the alternatives that [`alternatives`] makes.
    #[must_use]
    pub fn parse(text: &str) -> Token {
        match split_unescaped(text, '|').as_slice() {
            [] => Token { system: None, code: None },
            [code] => Token { system: None, code: Some(unescape(code).into_owned()) },
            [system, rest @ ..] => {
                let code = unescape(&rest.join("|")).into_owned();
                Token { system: Some(unescape(system).into_owned()), code: (!code.is_empty()).then_some(code) }
            }
        }
    }

    /// Whether a system and a code match.
    #[must_use]
    pub fn matches(&self, system: Option<&str>, code: Option<&str>) -> bool {
        let system_fits = self.system.as_deref().is_none_or(|wanted| wanted == system.unwrap_or_default());
        system_fits && self.code.as_deref().is_none_or(|wanted| Some(wanted) == code)
    }
}

/// The alternatives of a value, apart by commas: `free,busy`. A `\` before a comma makes it part of the value.
#[must_use]
pub fn alternatives(text: &str) -> Vec<&str> {
    split_unescaped(text, ',')
}

fn split_unescaped(text: &str, separator: char) -> Vec<&str> {
    let mut escaped = false;
    text.split(|letter| {
        let splits = letter == separator && !escaped;
        escaped = letter == '\\' && !escaped;
        splits
    })
    .collect()
}

/// Takes the `\` away from before `,`, `|`, `$` and `\`.
#[must_use]
pub fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let escapes = letter == '\\' && letters.peek().is_some_and(|next| matches!(next, ',' | '|' | '$' | '\\'));
        plain.push(if escapes { letters.next().unwrap_or(letter) } else { letter });
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn london() -> TimeZone {
        TimeZone::get("Europe/London").unwrap()
    }

    fn now() -> Timestamp {
        "2019-07-01T08:00:00Z".parse().unwrap()
    }

    // covers: SLT-08, SLT-09, SLT-10, SLT-11
    #[test]
    fn every_prefix_compares_ranges() {
        let day = "2019-07-02";
        let second = "2019-07-02T09:15:00+01:00";
        let table = [
            // value, target, matches
            ("2019-07-02", second, true),
            ("eq2019-07-02", second, true),
            ("eq2019-07-02T09:15:00+01:00", day, false),
            ("eq2019-07-02T08:15:00Z", second, true),
            ("ne2019-07-02", second, false),
            ("ne2019-07-02T09:15:00+01:00", day, true),
            ("gt2019-07-02", second, false),
            ("gt2019-07-02T09:14:59+01:00", second, true),
            ("gt2019-07-02T09:15:00+01:00", second, false),
            ("gt2019-07-02T09:15:00+01:00", day, true),
            ("ge2019-07-02T09:15:00+01:00", second, true),
            ("ge2019-07-02T09:15:00 01:00", second, true),
            ("ge2019-07-02T09:15:00.000+01:00", second, true),
            ("ge2019-07-02T09:15:01+01:00", second, false),
            ("ge2019-07-03", second, false),
            ("lt2019-07-02T09:15:00+01:00", second, false),
            ("lt2019-07-02T09:15:01+01:00", second, true),
            ("lt2019-07-02T09:15:00+01:00", day, true),
            ("le2019-07-02T09:15:00+01:00", second, true),
            ("le2019-07-02", second, true),
            ("le2019-07-01", second, false),
            ("sa2019-07-01", second, true),
            ("sa2019-07-02", second, false),
            ("sa2019-07-02T09:15:00+01:00", day, false),
            ("eb2019-07-03", second, true),
            ("eb2019-07-02T09:15:00+01:00", day, false),
            ("ap2019-07-02T10:00:00+01:00", second, true),
            ("ap2019-07-04", second, false),
        ];
        for (value, target, expected) in table {
            let target = DateTime::parse_date_time(target).unwrap().range(&london());
            let read = DateValue::parse(value).unwrap();
            assert_eq!(read.matches(&target, &london(), now()), expected, "{value}");
        }
    }

    // covers: SLT-08, SLT-09
    #[test]
    fn a_window_selects_what_the_comparison_of_a_moment_does() {
        let moments = ["2019-07-01T22:59:59Z", "2019-07-01T23:00:00Z", "2019-07-02T08:15:00Z", "2019-07-02T23:00:00Z"];
        for (letters, _) in PREFIXES {
            let value = DateValue::parse(&format!("{letters}2019-07-02")).unwrap();
            let window = value.window(&london(), now());
            for moment in moments {
                let moment: Timestamp = moment.parse().unwrap();
                let matches = value.matches(&TimeRange::moment(moment), &london(), now());
                assert_eq!(window.selects(moment), matches, "{letters} {moment}");
            }
        }
    }

    // covers: SLT-09, SLT-16
    #[test]
    fn what_is_no_date_is_refused() {
        for value in ["", "ge", "gefoo", "xx2019-07-02", "ge 2019-07-02", "GE2019-07-02", "ge2019-07-02T09:00:00 1:00"]
        {
            assert!(DateValue::parse(value).is_err(), "{value}");
        }
    }

    // covers: SLT-06
    #[test]
    fn tokens_have_a_system_a_code_or_both() {
        let table = [
            ("free", None, Some("free")),
            ("http://a|b", Some("http://a"), Some("b")),
            ("|b", Some(""), Some("b")),
            ("http://a|", Some("http://a"), None),
            (r"a\|b", None, Some("a|b")),
            (r"a|b|c\,d\\", Some("a"), Some(r"b|c,d\")),
            ("", None, Some("")),
        ];
        for (text, system, code) in table {
            let token = Token::parse(text);
            assert_eq!((token.system.as_deref(), token.code.as_deref()), (system, code), "{text}");
        }
        assert!(Token::parse("a|b").matches(Some("a"), Some("b")));
        assert!(Token::parse("b").matches(Some("a"), Some("b")) && Token::parse("a|").matches(Some("a"), Some("b")));
        assert!(Token::parse("|b").matches(None, Some("b")) && !Token::parse("|b").matches(Some("a"), Some("b")));
        assert_eq!(alternatives(r"free,busy,a\,b"), ["free", "busy", r"a\,b"]);
    }
}

//! The formats of STU3's primitive types (3.0.2, with technical correction 2), one function each, one table (VAL-05).
//!
//! The date types also have to exist in the calendar; `uri` follows RFC 3986 with the characters of RFC 3987 let in,
//! since the standard's `anyURI` does.

/// Why a value is not of its type: what the type allows, in words that complete "expected …".
pub(crate) type Expected = &'static str;

type Check = fn(&str) -> Result<(), Expected>;

/// Type → check. `string`, `markdown` and `xhtml` have a rule of their own: only the size and being there.
const CHECKS: &[(&str, Check)] = &[
    ("base64Binary", base64),
    ("boolean", boolean),
    ("code", code),
    ("date", date),
    ("dateTime", date_time),
    ("decimal", decimal),
    ("id", id),
    ("instant", instant),
    ("integer", integer),
    ("markdown", string),
    ("oid", oid),
    ("positiveInt", positive_int),
    ("string", string),
    ("time", time),
    ("unsignedInt", unsigned_int),
    ("uri", uri),
    ("uuid", uuid),
];

/// Checks `text` against the format of the primitive type. A type that is not in the table passes.
pub(crate) fn check(type_name: &str, text: &str) -> Result<(), Expected> {
    match CHECKS.iter().find(|(name, _)| *name == type_name) {
        Some((_, check)) => check(text),
        None => Ok(()),
    }
}

/// The longest `string`, in characters: the definition's maxLength.
pub(crate) const LONGEST_STRING: usize = 1_048_576;

fn pass(good: bool, expected: Expected) -> Result<(), Expected> {
    if good { Ok(()) } else { Err(expected) }
}

fn string(text: &str) -> Result<(), Expected> {
    let fits = text.len() <= LONGEST_STRING || text.chars().count() <= LONGEST_STRING;
    pass(!text.is_empty() && fits, "text of at least one and at most 1,048,576 characters")
}

fn boolean(text: &str) -> Result<(), Expected> {
    pass(matches!(text, "true" | "false"), "true or false")
}

fn code(text: &str) -> Result<(), Expected> {
    let mut blank_before = true;
    let mut good = true;
    for c in text.chars() {
        let blank = c.is_whitespace();
        good &= !(blank && (blank_before || c != ' '));
        blank_before = blank;
    }
    pass(good && !blank_before, "a code: no blank at its ends, and only single blanks inside")
}

fn id(text: &str) -> Result<(), Expected> {
    let good =
        (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    pass(good, "an id: 1 to 64 of the characters A-Z, a-z, 0-9, - and .")
}

/// True for `-?(0|[1-9][0-9]*)`.
fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'))
}

fn decimal(text: &str) -> Result<(), Expected> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let fraction_good = fraction.is_none_or(|f| !f.is_empty() && f.bytes().all(|b| b.is_ascii_digit()));
    pass(is_whole(whole) && fraction_good, "a decimal number without an exponent, such as 51.50")
}

fn integer(text: &str) -> Result<(), Expected> {
    let good = is_whole(text) && text.parse::<i32>().is_ok();
    pass(good, "a whole number from -2147483648 to 2147483647")
}

fn unsigned_int(text: &str) -> Result<(), Expected> {
    let good = is_whole(text) && text.parse::<i32>().is_ok_and(|n| n >= 0) && !text.starts_with('-');
    pass(good, "a whole number from 0 to 2147483647")
}

fn positive_int(text: &str) -> Result<(), Expected> {
    let good = is_whole(text) && text.parse::<i32>().is_ok_and(|n| n >= 1);
    pass(good, "a whole number from 1 to 2147483647")
}

/// Base64 with its padding (RFC 4648 §4); white space between the characters is let pass, as XML Schema does.
fn base64(text: &str) -> Result<(), Expected> {
    let mut characters = 0_usize;
    let mut padding = 0_usize;
    let mut good = true;
    for b in text.bytes() {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                good &= padding == 0;
                characters += 1;
            }
            b'=' => padding += 1,
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => good = false,
        }
    }
    let whole = characters > 0 && padding <= 2 && (characters + padding).is_multiple_of(4);
    pass(good && whole, "base64 with padding (RFC 4648, section 4)")
}

fn oid(text: &str) -> Result<(), Expected> {
    let good = text.strip_prefix("urn:oid:").is_some_and(is_oid);
    pass(
        good,
        "urn:oid: and numbers with dots between them, the first 0 to 2, no leading zeros, such as urn:oid:1.2.826",
    )
}

/// True for `[0-2](\.(0|[1-9][0-9]*))*`: the standard of OIDs, X.660, has three root arcs.
fn is_oid(text: &str) -> bool {
    let mut arcs = text.split('.');
    arcs.next().is_some_and(|root| matches!(root, "0" | "1" | "2"))
        && arcs.all(|arc| is_whole(arc) && !arc.starts_with('-'))
}

fn uuid(text: &str) -> Result<(), Expected> {
    let good = text.strip_prefix("urn:uuid:").is_some_and(is_uuid);
    pass(good, "urn:uuid: and a UUID in lower case")
}

/// True for a UUID in lower case, without a prefix.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => matches!(b, b'0'..=b'9' | b'a'..=b'f'),
        })
}

fn uri(text: &str) -> Result<(), Expected> {
    if text.starts_with("urn:uuid:") {
        return uuid(text);
    }
    if text.starts_with("urn:oid:") {
        return oid(text);
    }
    pass(!text.is_empty() && has_uri_characters(text), "a URI: no blanks, and only the characters of RFC 3986")
}

/// True where only characters occur that a URI may have, and each `%` starts an escape. Letters beyond ASCII are let in.
fn has_uri_characters(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.char_indices().all(|(at, c)| match c {
        '%' => bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)),
        'A'..='Z' | 'a'..='z' | '0'..='9' => true,
        '-' | '.' | '_' | '~' | ':' | '/' | '?' | '#' | '[' | ']' | '@' => true,
        '!' | '$' | '&' | '\'' | '(' | ')' | '*' | '+' | ',' | ';' | '=' | '|' => true,
        c => !c.is_ascii() && !c.is_control() && !c.is_whitespace(),
    })
}

/// A clock over the bytes of a date: takes what it recognises from the front.
struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    /// The next `count` digits as a number.
    fn number(&mut self, count: usize) -> Option<u32> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.0 = rest;
        Some(digits.iter().fold(0, |n, d| n * 10 + u32::from(d - b'0')))
    }

    fn byte(&mut self, wanted: u8) -> bool {
        match self.0.split_first() {
            Some((first, rest)) if *first == wanted => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn is_done(&self) -> bool {
        self.0.is_empty()
    }

    /// `-MM` or `-DD`, within its range.
    fn part(&mut self, last: u32) -> Option<u32> {
        if !self.byte(b'-') {
            return None;
        }
        self.number(2).filter(|n| (1..=last).contains(n))
    }

    /// `hh:mm:ss` with an optional fraction; a leap second where `last_second` is 60.
    fn clock(&mut self, last_second: u32) -> Option<()> {
        self.number(2).filter(|hour| *hour < 24)?;
        self.colon_number(59)?;
        self.colon_number(last_second)?;
        if self.byte(b'.') {
            self.number(1)?;
            while self.number(1).is_some() {}
        }
        Some(())
    }

    fn colon_number(&mut self, last: u32) -> Option<u32> {
        if !self.byte(b':') {
            return None;
        }
        self.number(2).filter(|n| *n <= last)
    }

    /// `Z` or an offset of at most 14 hours.
    fn zone(&mut self) -> Option<()> {
        if self.byte(b'Z') {
            return Some(());
        }
        if !self.byte(b'+') && !self.byte(b'-') {
            return None;
        }
        let hours = self.number(2)?;
        let minutes = self.colon_number(59)?;
        (hours < 14 || (hours == 14 && minutes == 0)).then_some(())
    }

    /// A full date that exists in the calendar.
    fn calendar_date(&mut self) -> Option<()> {
        let year = self.number(4).filter(|year| *year > 0)?;
        let month = self.part(12)?;
        self.part(days_in(year, month)).map(|_| ())
    }
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD` at the front; what is left follows a full date only.
fn partial_date<'a>(text: &'a str, full: &mut bool) -> Option<Digits<'a>> {
    let mut digits = Digits(text.as_bytes());
    let year = digits.number(4).filter(|year| *year > 0)?;
    *full = false;
    if digits.is_done() {
        return Some(digits);
    }
    let month = digits.part(12)?;
    if digits.is_done() {
        return Some(digits);
    }
    digits.part(days_in(year, month))?;
    *full = true;
    Some(digits)
}

fn date(text: &str) -> Result<(), Expected> {
    let good = partial_date(text, &mut false).is_some_and(|rest| rest.is_done());
    pass(good, "a date that exists: YYYY, YYYY-MM or YYYY-MM-DD")
}

fn date_time(text: &str) -> Result<(), Expected> {
    let mut full = false;
    let good = partial_date(text, &mut full).is_some_and(|mut rest| {
        rest.is_done() || full && rest.byte(b'T') && rest.clock(60).is_some() && rest.zone().is_some() && rest.is_done()
    });
    pass(good, "a date, or a date with a time and its zone, such as 2024-05-01T09:00:00+01:00")
}

fn instant(text: &str) -> Result<(), Expected> {
    let mut digits = Digits(text.as_bytes());
    let good = digits.calendar_date().is_some()
        && digits.byte(b'T')
        && digits.clock(60).is_some()
        && digits.zone().is_some()
        && digits.is_done();
    pass(good, "a date with a time and its zone, to the second or finer, such as 2024-05-01T09:00:00+01:00")
}

fn time(text: &str) -> Result<(), Expected> {
    let mut digits = Digits(text.as_bytes());
    pass(
        digits.clock(59).is_some() && digits.is_done(),
        "a time of day to the second, such as 09:00:00, without a zone",
    )
}

#[cfg(test)]
mod tests {
    use super::check;

    /// type, values that pass, values that do not.
    const TABLE: &[(&str, &[&str], &[&str])] = &[
        ("boolean", &["true", "false"], &["True", "1", "yes", ""]),
        ("code", &["booked", "ACCESS DENIED", "<="], &[" a", "a ", "a  b", "a\tb", "a\n", ""]),
        ("id", &["a", "A-1.b"], &["", "a b", "a_b", "#a", "ä"]),
        ("decimal", &["0", "-0", "1.00", "51.5", "-0.1"], &["", ".5", "5.", "1e3", "01", "+1", "much"]),
        ("integer", &["0", "-5", "2147483647"], &["2147483648", "1.0", "1e2", "007", "-", ""]),
        ("unsignedInt", &["0", "2147483647"], &["-1", "-0", "1.5", "2147483648"]),
        ("positiveInt", &["1"], &["0", "-1", "01"]),
        ("base64Binary", &["SGVsbG8=", "SGVs bG8=", "AAAA"], &["SGVsbG8", "SGVsbG8==", "SG-_", "=", "", "A=AA"]),
        (
            "oid",
            &["urn:oid:1.2.3", "urn:oid:1", "urn:oid:0.9"],
            &["1.2.3", "urn:oid:1.02", "urn:oid:1.", "URN:OID:1.2"],
        ),
        (
            "uuid",
            &["urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"],
            &["urn:uuid:0C3151BD-1CBF-4D64-B04D-CD9187A4C6E0", "0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "urn:uuid:"],
        ),
        (
            "uri",
            &["https://a.example/x?y=1#z", "../x", "urn:x", "https://ä.example", "#x", "http://a/%20"],
            &["", " a", "a b", "a\nb", "a%zz", "a<b", "a%2", "urn:oid:1.02.x", "urn:uuid:X"],
        ),
        (
            "date",
            &["2024", "2024-02", "2024-02-29", "1800-01-01"],
            &[
                "24",
                "0000",
                "2023-02-29",
                "2024-06-31",
                "2024-00",
                "2024-13",
                "2024-5-1",
                "2024-05-01T00:00:00Z",
                "-2024",
                "",
            ],
        ),
        (
            "dateTime",
            &["2024", "2024-05-01", "2024-05-01T08:30:00Z", "2024-05-01T08:30:60.5+14:00"],
            &[
                "2024-05-01T08:30Z",
                "2024-05-01T08:30:00",
                "2024-05T08:30:00Z",
                "2024-02-30",
                "2024-05-01T08Z",
                "2024-05-01 08:30:00Z",
            ],
        ),
        (
            "instant",
            &["2024-05-01T08:30:00Z", "2024-05-01T08:30:00.123456789-05:00"],
            &[
                "2024-05-01",
                "2024-05-01T08:30Z",
                "2024-05-01T08:30:00",
                "2024-05-01T08:30:00.Z",
                "2024-05-01T24:00:00Z",
                "2024-05-01T08:30:00+1:00",
                "2024-05-01T08:30:00+14:01",
                "2024-05-01t08:30:00Z",
                "0000-01-01T00:00:00Z",
                " 2024-05-01T08:30:00Z",
                "now",
            ],
        ),
        ("time", &["09:00:00", "23:59:59.9"], &["9:00:00", "24:00:00", "09:00", "09:00:60", "09:00:00Z"]),
        ("string", &["x", " x "], &[""]),
        ("xhtml", &["anything"], &[]),
    ];

    // covers: VAL-05
    #[test]
    fn each_primitive_type_has_its_format() {
        for (type_name, good, bad) in TABLE {
            for text in *good {
                assert_eq!(check(type_name, text), Ok(()), "{type_name} {text:?}");
            }
            for text in *bad {
                assert!(check(type_name, text).is_err(), "{type_name} {text:?}");
            }
        }
    }

    #[test]
    fn an_id_has_at_most_64_characters() {
        assert!(check("id", &"x".repeat(64)).is_ok());
        assert!(check("id", &"x".repeat(65)).is_err());
    }

    #[test]
    fn a_string_of_more_than_the_limit_is_refused() {
        assert!(check("string", &"a".repeat(super::LONGEST_STRING)).is_ok());
        assert!(check("string", &"ä".repeat(super::LONGEST_STRING)).is_ok());
        assert!(check("string", &"a".repeat(super::LONGEST_STRING + 1)).is_err());
    }
}

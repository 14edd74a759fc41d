//! The head of an HTTP/1.1 message, read so strictly that no two servers can understand it differently (SSP-37), and kept
//! as it came, so that names keep their case and fields their order (SSP-61, SSP-73).

use std::fmt;
use std::ops::Range;

/// How much of a head is read before it is refused with 431.
#[derive(Debug, Clone, Copy)]
pub struct HeadLimits {
    /// Bytes, from the first of the start line to the empty line.
    pub bytes: usize,
    /// Header fields.
    pub fields: usize,
}

/// The head of a request or of an answer.
#[derive(Debug)]
pub struct Head {
    bytes: Box<[u8]>,
    start: [Range<usize>; 3],
    fields: Vec<(Range<usize>, Range<usize>)>,
}

/// Where a head ends in what has come so far: the place after its empty line. `from` is what was searched before.
#[must_use]
pub fn end_of_head(buffer: &[u8], from: usize) -> Option<usize> {
    let mut at = from.saturating_sub(3);
    while let Some(found) = buffer.get(at..)?.iter().position(|byte| *byte == b'\n') {
        at += found + 1;
        match buffer.get(at..).unwrap_or_default() {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
    None
}

impl Head {
    /// Reads the head of a request: `VERB target HTTP/1.x`, then fields.
    ///
    /// # Errors
    /// See [`HeadFault`].
    pub fn request(bytes: &[u8], limits: HeadLimits) -> Result<Self, HeadFault> {
        let (line, rest) = first_line(bytes)?;
        let mut words = line.split(|byte| *byte == b' ');
        let words = [words.next(), words.next(), words.next(), words.next()];
        let [Some(verb), Some(target), Some(version), None] = words else { return Err(HeadFault::StartLine) };
        if !is_token(verb) || target.is_empty() || !matches!(version, b"HTTP/1.1" | b"HTTP/1.0") {
            return Err(HeadFault::StartLine);
        }
        let target_at = verb.len() + 1;
        let version_at = target_at + target.len() + 1;
        let start = [0..verb.len(), target_at..target_at + target.len(), version_at..line.len()];
        Self::whole(bytes, start, rest, limits)
    }

    /// Reads the head of an answer: `HTTP/1.x status reason`, then fields.
    ///
    /// # Errors
    /// See [`HeadFault`].
    pub fn answer(bytes: &[u8], limits: HeadLimits) -> Result<Self, HeadFault> {
        let (line, rest) = first_line(bytes)?;
        let (version, after) = line.split_at_checked(8).ok_or(HeadFault::StartLine)?;
        if !matches!(version, b"HTTP/1.1" | b"HTTP/1.0") {
            return Err(HeadFault::StartLine);
        }
        let reason = match after {
            [b' ', b'1'..=b'9', second, third] if second.is_ascii_digit() && third.is_ascii_digit() => line.len(),
            [b' ', b'1'..=b'9', second, third, b' ', ..] if second.is_ascii_digit() && third.is_ascii_digit() => 13,
            _ => return Err(HeadFault::StartLine),
        };
        Self::whole(bytes, [0..8, 9..12, reason..line.len()], rest, limits)
    }

    fn whole(bytes: &[u8], start: [Range<usize>; 3], rest: usize, limits: HeadLimits) -> Result<Self, HeadFault> {
        let mut fields = Vec::with_capacity(24);
        let mut at = rest;
        loop {
            let (line, next) = line_at(bytes, at)?;
            if line.is_empty() {
                break;
            }
            if fields.len() == limits.fields {
                return Err(HeadFault::TooManyFields(limits.fields));
            }
            let (name, value) = field(line)?;
            fields.push((at + name.start..at + name.end, at + value.start..at + value.end));
            at = next;
        }
        Ok(Self { bytes: bytes.into(), start, fields })
    }

    /// The verb, or the version of an answer.
    #[must_use]
    pub fn first(&self) -> &str {
        self.text(&self.start[0])
    }

    /// The request target as it came; an empty text when it is not ASCII.
    #[must_use]
    pub fn target(&self) -> &str {
        self.text(&self.start[1])
    }

    /// The request target as it came, whatever its bytes.
    #[must_use]
    pub fn raw_target(&self) -> &[u8] {
        &self.bytes[self.start[1].clone()]
    }

    /// The status of an answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.text(&self.start[1]).parse().unwrap_or_default()
    }

    /// The reason phrase of an answer, whatever its bytes.
    #[must_use]
    pub fn reason(&self) -> &[u8] {
        &self.bytes[self.start[2].clone()]
    }

    /// Whether a request is HTTP/1.1.
    #[must_use]
    pub fn is_request_11(&self) -> bool {
        self.text(&self.start[2]) == "HTTP/1.1"
    }

    /// Whether an answer is HTTP/1.1.
    #[must_use]
    pub fn is_answer_11(&self) -> bool {
        self.first() == "HTTP/1.1"
    }

    /// Every field in its order, the name as it was written.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.fields.iter().map(|(name, value)| (self.text(name), &self.bytes[value.clone()]))
    }

    /// Every value of a field, whose name may be in any case.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let named = move |(given, _): &&(Range<usize>, Range<usize>)| {
            self.bytes[given.clone()].eq_ignore_ascii_case(name.as_bytes())
        };
        self.fields.iter().filter(named).map(|(_, value)| &self.bytes[value.clone()])
    }

    /// The first value of a field.
    #[must_use]
    pub fn value<'a>(&'a self, name: &'a str) -> Option<&'a [u8]> {
        self.values(name).next()
    }

    /// The first value of a field, when it is text.
    #[must_use]
    pub fn text_value<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        std::str::from_utf8(self.value(name)?).ok()
    }

    /// Whether the comma-separated lists of a field hold an element, in any case.
    #[must_use]
    pub fn lists(&self, name: &str, element: &str) -> bool {
        self.elements(name).any(|given| given.eq_ignore_ascii_case(element.as_bytes()))
    }

    /// The elements of all comma-separated lists of a field.
    pub fn elements<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.values(name).flat_map(|value| value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii)
    }

    fn text(&self, range: &Range<usize>) -> &str {
        std::str::from_utf8(&self.bytes[range.clone()]).unwrap_or_default()
    }
}

/// The start line, and where the fields begin.
fn first_line(bytes: &[u8]) -> Result<(&[u8], usize), HeadFault> {
    let (line, next) = line_at(bytes, 0)?;
    if line.iter().any(|byte| *byte < b' ' || *byte == 0x7f) { Err(HeadFault::StartLine) } else { Ok((line, next)) }
}

/// The line that begins at a place, without its CR LF, and the place after that.
fn line_at(bytes: &[u8], at: usize) -> Result<(&[u8], usize), HeadFault> {
    let rest = bytes.get(at..).unwrap_or_default();
    let end = rest.iter().position(|byte| *byte == b'\n').ok_or(HeadFault::LineEnd)?;
    let line = rest[..end].strip_suffix(b"\r").ok_or(HeadFault::LineEnd)?;
    Ok((line, at + end + 1))
}

/// The name and the value of one field, as places in its line (RFC 9112, section 5).
pub(super) fn field(line: &[u8]) -> Result<(Range<usize>, Range<usize>), HeadFault> {
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return Err(HeadFault::Folded);
    }
    let colon = line.iter().position(|byte| *byte == b':').ok_or(HeadFault::Name)?;
    if !is_token(&line[..colon]) {
        return Err(HeadFault::Name);
    }
    let value = &line[colon + 1..];
    if value.iter().any(|byte| (*byte < b' ' && *byte != b'\t') || *byte == 0x7f) {
        return Err(HeadFault::Value);
    }
    let blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
    let start = value.iter().position(|byte| !blank(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    Ok((0..colon, colon + 1 + start..colon + 1 + end))
}

fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// What is wrong with a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadFault {
    /// The first line is not what HTTP/1.1 begins with.
    StartLine,
    /// A line ends in a bare LF.
    LineEnd,
    /// A value goes on in the next line, which RFC 9112 forbids.
    Folded,
    /// A name is empty or holds what no name may, or a blank stands before its colon.
    Name,
    /// A value holds NUL, a bare CR or another control character.
    Value,
    /// It did not come whole: the peer stopped, or went away.
    Unfinished,
    /// It is longer than so many bytes.
    TooLong(usize),
    /// It has more than so many fields.
    TooManyFields(usize),
}

impl HeadFault {
    /// Whether it is a matter of size (431) rather than of form (400).
    #[must_use]
    pub fn is_size(self) -> bool {
        matches!(self, Self::TooLong(_) | Self::TooManyFields(_))
    }
}

impl fmt::Display for HeadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StartLine => f.write_str("the first line is not a verb, a target without blanks and HTTP/1.1"),
            Self::LineEnd => f.write_str("a line ends without CR LF"),
            Self::Folded => f.write_str("a header value is folded over two lines: write it on one"),
            Self::Name => f.write_str("a header name is malformed, or a blank stands before its colon"),
            Self::Value => f.write_str("a header value holds NUL, a bare CR or another control character"),
            Self::Unfinished => f.write_str("it did not come whole"),
            Self::TooLong(most) => write!(f, "at most {most} bytes are read"),
            Self::TooManyFields(most) => write!(f, "at most {most} header fields are read"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: HeadLimits = HeadLimits { bytes: 8192, fields: 4 };

    // covers: SSP-25, SSP-61, SSP-73
    #[test]
    fn a_head_is_read_and_kept_as_it_came() {
        let bytes = b"GET /https://p.test/a#b HTTP/1.1\r\nHost: p\r\nX-odd-CASE:  a, B \t\r\nx-ODD-case:c\r\n\r\n";
        assert_eq!(end_of_head(bytes, 0), Some(bytes.len()));
        let head = Head::request(bytes, LIMITS).unwrap();
        assert_eq!((head.first(), head.target()), ("GET", "/https://p.test/a#b"));
        let fields: Vec<_> = head.fields().collect();
        assert_eq!(fields, [("Host", &b"p"[..]), ("X-odd-CASE", b"a, B"), ("x-ODD-case", b"c")]);
        assert!(head.lists("x-odd-case", "b") && head.lists("X-Odd-Case", "C") && !head.lists("x-odd-case", "a,"));
        let head = Head::answer(b"HTTP/1.0 404 Not  here\r\n\r\n", LIMITS).unwrap();
        assert_eq!((head.status(), head.reason(), head.is_answer_11()), (404, &b"Not  here"[..], false));
        assert_eq!(Head::answer(b"HTTP/1.1 200\r\n\r\n", LIMITS).unwrap().reason(), b"");
    }

    // covers: SSP-37
    #[test]
    fn a_request_that_could_be_read_in_two_ways_is_refused() {
        use HeadFault::*;
        let table: [(&[u8], HeadFault); 27] = [
            (b"GET / HTTP/1.1\nHost: p\r\n\r\n", LineEnd),
            (b"GET / HTTP/1.1\r\nHost: p\n\r\n", LineEnd),
            (b"GET / HTTP/1.1\r\nHost: p\r\n\n", LineEnd),
            (b"\r\n\r\n", StartLine),
            (b"GET  / HTTP/1.1\r\n\r\n", StartLine),
            (b" GET / HTTP/1.1\r\n\r\n", StartLine),
            (b"GET / HTTP/1.1 \r\n\r\n", StartLine),
            (b"GET /a b HTTP/1.1\r\n\r\n", StartLine),
            (b"GET\t/ HTTP/1.1\r\n\r\n", StartLine),
            (b"GET /a\0b HTTP/1.1\r\n\r\n", StartLine),
            (b"GET /a\rb HTTP/1.1\r\n\r\n", StartLine),
            (b"GET /\r\n\r\n", StartLine),
            (b"G(T / HTTP/1.1\r\n\r\n", StartLine),
            (b"GET / HTTP/1.2\r\n\r\n", StartLine),
            (b"GET / HTTP/2.0\r\n\r\n", StartLine),
            (b"GET / http/1.1\r\n\r\n", StartLine),
            (b"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", Folded),
            (b"GET / HTTP/1.1\r\nA: b\r\n\tc\r\n\r\n", Folded),
            (b"GET / HTTP/1.1\r\nA : b\r\n\r\n", Name),
            (b"GET / HTTP/1.1\r\n: b\r\n\r\n", Name),
            (b"GET / HTTP/1.1\r\nA\r\n\r\n", Name),
            (b"GET / HTTP/1.1\r\nTransfer\0Encoding: b\r\n\r\n", Name),
            (b"GET / HTTP/1.1\r\nTransfer\x0bEncoding: b\r\n\r\n", Name),
            (b"GET / HTTP/1.1\r\nA: b\0\r\n\r\n", Value),
            (b"GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", Value),
            (b"GET / HTTP/1.1\r\nA: b\r\r\n\r\n", Value),
            (b"GET / HTTP/1.1\r\na: 1\r\na: 2\r\na: 3\r\na: 4\r\na: 5\r\n\r\n", TooManyFields(4)),
        ];
        for (bytes, fault) in table {
            let read = Head::request(bytes, LIMITS).map(|head| head.target().to_owned());
            assert_eq!(read, Err(fault), "{}", bytes.escape_ascii());
        }
    }

    // covers: SSP-80
    #[test]
    fn an_answer_that_is_no_http_is_refused() {
        for line in
            ["SSH-2.0-OpenSSH_9.2", "HTTP/2.0 200 OK", "HTTP/1.1  200 OK", "HTTP/1.1 20 OK", "HTTP/1.1 2000", "x"]
        {
            let read = Head::answer(format!("{line}\r\n\r\n").as_bytes(), LIMITS);
            assert_eq!(read.map(|head| head.status()), Err(HeadFault::StartLine), "{line}");
        }
    }

    // covers: SSP-37
    #[test]
    fn the_end_of_a_head_is_found_however_its_lines_end() {
        for (bytes, end) in [
            (&b"GET / HTTP/1.1\r\n\r\nrest"[..], Some(18)),
            (b"GET / HTTP/1.1\n\nrest", Some(16)),
            (b"GET / HTTP/1.1\n\r\nrest", Some(17)),
            (b"GET / HTTP/1.1\r\nA: b\r\n\r", None),
            (b"", None),
        ] {
            for from in 0..=end.map_or(bytes.len(), |end| end - 3) {
                assert_eq!(end_of_head(bytes, from), end, "{} from {from}", bytes.escape_ascii());
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = (Head::request(&bytes, LIMITS), Head::answer(&bytes, LIMITS), end_of_head(&bytes, 7));
        }
    }
}

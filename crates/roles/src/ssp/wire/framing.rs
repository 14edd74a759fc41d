//! Where the body of a message ends: one reading, or none (SSP-37, SSP-67; RFC 9112, section 6). Chunks are taken apart and
//! put together anew, so that no extension and no odd spelling of a length reaches the other side.

use bytes::{Buf, BytesMut};

use super::head::{Head, field};

/// The longest line of a chunk's length with its extensions, which are dropped.
const LONGEST_SIZE_LINE: usize = 1024;
/// The most bytes of trailers.
const MOST_TRAILERS: usize = 8192;
/// What a trailer may not be: it would change what was decided by the head.
const NEVER_TRAILERS: [&str; 8] =
    ["authorization", "connection", "content-length", "host", "te", "trailer", "transfer-encoding", "upgrade"];

/// How a body is framed, and how much of it is still to come.
#[derive(Debug)]
pub enum Framing {
    /// So many bytes.
    Length(u64),
    /// Chunks.
    Chunks(Chunk),
    /// Everything until the connection ends; answers only.
    UntilEnd,
}

/// What comes next of a chunked body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunk {
    /// The line with the next chunk's length.
    Size,
    /// So many bytes of a chunk.
    Data(u64),
    /// The CR LF after a chunk.
    DataEnd,
    /// Trailers, of which so many bytes were read.
    Trailers(usize),
    /// Nothing.
    Over,
}

impl Framing {
    /// No body at all.
    pub const NONE: Self = Self::Length(0);

    /// The framing of a request's body.
    ///
    /// # Errors
    /// In words, when its end could be understood in two ways.
    pub fn of_request(head: &Head) -> Result<Self, &'static str> {
        Ok(Self::named(head)?.unwrap_or(Self::NONE))
    }

    /// The framing of an answer's body.
    ///
    /// # Errors
    /// As [`Framing::of_request`].
    pub fn of_answer(head: &Head, to_verb: &str) -> Result<Self, &'static str> {
        let named = Self::named(head)?;
        if to_verb == "HEAD" || matches!(head.status(), 100..=199 | 204 | 304) {
            return Ok(Self::NONE);
        }
        if matches!(named, Some(Self::Chunks(_))) && !head.is_answer_11() {
            return Err("HTTP/1.0 has no Transfer-Encoding");
        }
        Ok(named.unwrap_or(Self::UntilEnd))
    }

    fn named(head: &Head) -> Result<Option<Self>, &'static str> {
        let (mut lengths, mut codings) = (head.values("content-length"), head.values("transfer-encoding"));
        match (lengths.next(), codings.next()) {
            (Some(_), Some(_)) => Err("Content-Length and Transfer-Encoding came together"),
            _ if lengths.next().is_some() => Err("Content-Length came more than once"),
            _ if codings.next().is_some() => Err("Transfer-Encoding came more than once"),
            (Some(length), None) => match length_of(length) {
                Some(length) => Ok(Some(Self::Length(length))),
                None => Err("Content-Length is not a plain number"),
            },
            (None, Some(coding)) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Some(Self::Chunks(Chunk::Size))),
            (None, Some(_)) => Err("Transfer-Encoding is something else than chunked"),
            (None, None) => Ok(None),
        }
    }

    /// Whether everything has come.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunks(Chunk::Over))
    }

    /// Moves what is there of the body from `raw` to `out`, in chunks where the body has no length of its own.
    /// Tells how many bytes of the body that were.
    ///
    /// # Errors
    /// In words, when chunks are malformed.
    pub fn carry(&mut self, raw: &mut BytesMut, out: &mut BytesMut, trailers: bool) -> Result<u64, &'static str> {
        match self {
            Self::Length(left) => {
                let length = usize::try_from(*left).unwrap_or(usize::MAX).min(raw.len());
                *left -= length as u64;
                if out.is_empty() && length == raw.len() {
                    std::mem::swap(raw, out);
                } else {
                    out.extend_from_slice(&raw[..length]);
                    raw.advance(length);
                }
                Ok(length as u64)
            }
            Self::UntilEnd => {
                let length = raw.len();
                write_chunk(out, raw);
                raw.clear();
                Ok(length as u64)
            }
            Self::Chunks(next) => {
                let mut carried = 0;
                while let Some(then) = next.step(raw, out, trailers, &mut carried)? {
                    *next = then;
                }
                Ok(carried)
            }
        }
    }

    /// Closes a body that ended with its connection.
    pub fn end(&mut self, out: &mut BytesMut) {
        out.extend_from_slice(b"0\r\n\r\n");
        *self = Self::NONE;
    }
}

impl Chunk {
    /// One part of a chunked body, if it is there: what comes after it.
    fn step(
        self,
        raw: &mut BytesMut,
        out: &mut BytesMut,
        trailers: bool,
        carried: &mut u64,
    ) -> Result<Option<Self>, &'static str> {
        Ok(match self {
            Self::Over => None,
            Self::Data(left) => {
                let length = usize::try_from(left).unwrap_or(usize::MAX).min(raw.len());
                if length == 0 {
                    return Ok(None);
                }
                write_chunk(out, &raw[..length]);
                raw.advance(length);
                *carried += length as u64;
                Some(if left == length as u64 { Self::DataEnd } else { Self::Data(left - length as u64) })
            }
            Self::DataEnd => match raw.get(..2) {
                None if raw.first().is_some_and(|byte| *byte != b'\r') => return Err("a chunk is longer than it says"),
                None => None,
                Some(b"\r\n") => {
                    raw.advance(2);
                    Some(Self::Size)
                }
                Some(_) => return Err("a chunk is longer than it says"),
            },
            Self::Size => match line(raw, LONGEST_SIZE_LINE)? {
                None => None,
                Some(length) => match chunk_size(&raw[..length])? {
                    0 => {
                        raw.advance(length + 2);
                        out.extend_from_slice(b"0\r\n");
                        Some(Self::Trailers(0))
                    }
                    size => {
                        raw.advance(length + 2);
                        Some(Self::Data(size))
                    }
                },
            },
            Self::Trailers(before) => match line(raw, MOST_TRAILERS.saturating_sub(before))? {
                None => None,
                Some(0) => {
                    raw.advance(2);
                    out.extend_from_slice(b"\r\n");
                    Some(Self::Over)
                }
                Some(length) => {
                    let (name, _) = field(&raw[..length]).map_err(|_| "a trailer is malformed")?;
                    let named = |never: &str| raw[name.clone()].eq_ignore_ascii_case(never.as_bytes());
                    if trailers && !NEVER_TRAILERS.iter().any(|never| named(never)) {
                        out.extend_from_slice(&raw[..length + 2]);
                    }
                    raw.advance(length + 2);
                    Some(Self::Trailers(before + length + 2))
                }
            },
        })
    }
}

fn write_chunk(out: &mut BytesMut, data: &[u8]) {
    if data.is_empty() {
        return;
    }
    out.reserve(data.len() + 20);
    out.extend_from_slice(format!("{:x}\r\n", data.len()).as_bytes());
    out.extend_from_slice(data);
    out.extend_from_slice(b"\r\n");
}

/// The length of the line at the beginning, without its CR LF, when it is there whole.
fn line(raw: &[u8], most: usize) -> Result<Option<usize>, &'static str> {
    match raw.iter().position(|byte| *byte == b'\n') {
        Some(end) if end > most => Err("a line of a chunked body is too long"),
        None if raw.len() > most => Err("a line of a chunked body is too long"),
        None => Ok(None),
        Some(end) if end > 0 && raw[end - 1] == b'\r' => Ok(Some(end - 1)),
        Some(_) => Err("a line of a chunked body ends without CR LF"),
    }
}

/// `1*HEXDIG`, and extensions after a semicolon (RFC 9112, section 7.1).
fn chunk_size(line: &[u8]) -> Result<u64, &'static str> {
    let digits = line.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(line.len());
    let (size, extension) = line.split_at(digits);
    let plain = |byte: &u8| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f);
    if !matches!(extension, [] | [b';', ..]) || !extension.iter().all(plain) {
        return Err("a chunk's length is not a plain hexadecimal number");
    }
    let size = std::str::from_utf8(size).ok().filter(|text| text.len() <= 16);
    size.and_then(|text| u64::from_str_radix(text, 16).ok()).ok_or("a chunk's length is not a plain hexadecimal number")
}

/// `1*DIGIT`, at most nineteen of them.
fn length_of(value: &[u8]) -> Option<u64> {
    if value.is_empty() || value.len() > 19 || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::head::HeadLimits;
    use super::*;
    use proptest::prelude::*;

    const LIMITS: HeadLimits = HeadLimits { bytes: 8192, fields: 20 };

    fn request(fields: &str) -> Result<String, &'static str> {
        let head = Head::request(format!("POST / HTTP/1.1\r\n{fields}\r\n").as_bytes(), LIMITS).unwrap();
        Framing::of_request(&head).map(|framing| format!("{framing:?}"))
    }

    // covers: SSP-37
    #[test]
    fn a_body_whose_end_could_be_understood_in_two_ways_is_refused() {
        for fields in [
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\ncontent-length: 5\r\n",
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: 5, 5\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: -5\r\n",
            "Content-Length: 0x5\r\n",
            "Content-Length: 5 5\r\n",
            "Content-Length:\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked, chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: identity\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding: \"chunked\"\r\n",
            "Transfer-Encoding: chunked;q=1\r\n",
            "Transfer-Encoding:\r\n",
        ] {
            assert!(request(fields).is_err(), "{fields}");
        }
        assert_eq!(request("Content-Length: 0005\r\n").unwrap(), "Length(5)");
        assert_eq!(request("TRANSFER-ENCODING: CHUNKED\r\n").unwrap(), "Chunks(Size)");
        assert_eq!(request("").unwrap(), "Length(0)");
    }

    /// The chunks put together anew, fed in parts of a length; the rest stays.
    fn carried(raw: &[u8], part: usize, trailers: bool) -> Result<(String, String), &'static str> {
        let (mut framing, mut out, mut waiting) = (Framing::Chunks(Chunk::Size), BytesMut::new(), BytesMut::new());
        for part in raw.chunks(part) {
            waiting.extend_from_slice(part);
            framing.carry(&mut waiting, &mut out, trailers)?;
        }
        if !framing.is_over() {
            return Err("unfinished");
        }
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Ok((text(&out), text(&waiting)))
    }

    // covers: SSP-37, SSP-67, SSP-72
    #[test]
    fn chunks_are_put_together_anew_without_extensions_and_trailers() {
        let raw = b"3;a=\"b\"\r\nabc\r\n0002\r\nde\r\n000\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\nGET /";
        let (out, rest) = carried(raw, raw.len(), false).unwrap();
        assert_eq!((out.as_str(), rest.as_str()), ("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "GET /"));
        let (out, _) = carried(raw, raw.len(), true).unwrap();
        assert!(out.ends_with("0\r\nX-Sum: 1\r\n\r\n"), "{out}");
        for part in 1..9 {
            let (out, rest) = carried(raw, part, false).unwrap();
            let data: String = out.lines().skip(1).step_by(2).take_while(|data| !data.is_empty()).collect();
            assert_eq!((data.as_str(), rest.as_str()), ("abcde", "GET /"), "{part}: {out}");
        }
    }

    // covers: SSP-37
    #[test]
    fn malformed_chunks_are_refused() {
        for raw in [
            &b"3\nabc\r\n0\r\n\r\n"[..],
            b"3 \r\nabc\r\n0\r\n\r\n",
            b" 3\r\nabc\r\n0\r\n\r\n",
            b"+3\r\nabc\r\n0\r\n\r\n",
            b"0x3\r\nabc\r\n0\r\n\r\n",
            b"\r\nabc\r\n0\r\n\r\n",
            b"g\r\nabc\r\n0\r\n\r\n",
            b"3;a\rb\r\nabc\r\n0\r\n\r\n",
            b"3\r\nabcd\r\n0\r\n\r\n",
            b"3\r\nabc0\r\n\r\n",
            b"3\r\nabc\n0\r\n\r\n",
            b"10000000000000000\r\nabc\r\n0\r\n\r\n",
            b"0\r\nX : 1\r\n\r\n",
            b"0\r\n X: 1\r\n\r\n",
            b"0\r\nX: 1\n\r\n",
        ] {
            for part in [1, raw.len()] {
                assert!(carried(raw, part, true).is_err(), "{}", raw.escape_ascii());
            }
        }
        let long = [b"3;".as_slice(), &[b'a'; 2000], b"\r\nabc\r\n0\r\n\r\n"].concat();
        assert!(carried(&long, 100, false).is_err());
    }

    proptest! {
        // covers: SSP-37, SSP-67
        #[test]
        fn what_is_put_together_anew_reads_back_as_the_same_data(raw in "([0-4]\r\n|[a-c]{1,4}|\r\n|0\r\n\r\n|;x|\n){0,12}", part in 1usize..20) {
            if let Ok((out, _)) = carried(raw.as_bytes(), part, true) {
                let (again, rest) = carried(out.as_bytes(), out.len(), true).unwrap();
                prop_assert_eq!((again, rest), (out, String::new()));
            }
        }
    }
}

//! The target URL in the path of a call to the proxy, read without changing a byte of it
//! (SSP-07, SSP-08, SSP-09, SSP-10, SSP-11, SSP-12, SSP-13, SSP-14).

use std::borrow::Cow;
use std::fmt;

/// What the proxy takes as a target.
#[derive(Debug, Clone, Copy)]
pub struct TargetRules {
    /// The longest request target in bytes; longer ones are refused with 414 (SSP-14: at least 8 KiB).
    pub longest: usize,
    /// Takes `%2F` in the path, for Providers whose ids need it (SSP-12).
    pub encoded_slash: bool,
}

impl Default for TargetRules {
    fn default() -> Self {
        Self { longest: 16 * 1024, encoded_slash: false }
    }
}

/// The absolute `https` URL that a call is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target<'a> {
    url: Cow<'a, str>,
    path: usize,
    query: usize,
}

impl<'a> Target<'a> {
    /// Reads the target out of an origin-form request target (`/https://host/…`, or the same percent-encoded once).
    ///
    /// # Errors
    /// See [`TargetFault`].
    pub fn read(origin_form: &'a str, rules: TargetRules) -> Result<Self, TargetFault> {
        if origin_form.len() > rules.longest {
            return Err(TargetFault::TooLong { longest: rules.longest });
        }
        let inner = origin_form.strip_prefix('/').ok_or(TargetFault::NoTarget)?;
        let url = plain(inner)?;
        let path = authority_end(&url)?;
        let query = url.find('?').unwrap_or(url.len());
        path_is_safe(&url[path..query], rules)?;
        Ok(Self { url, path, query })
    }

    /// The URL up to its query: what is compared with the endpoint in SDS (SSP-40).
    #[must_use]
    pub fn without_query(&self) -> &str {
        &self.url[..self.query]
    }

    /// What the Provider is asked for: path and query, byte for byte (SSP-63).
    #[must_use]
    pub fn origin_form(&self) -> Cow<'_, str> {
        match &self.url[self.path..] {
            rest if rest.starts_with('/') => Cow::Borrowed(rest),
            rest => Cow::Owned(format!("/{rest}")),
        }
    }

    /// The query without its `?`, empty when there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        self.url.get(self.query + 1..).unwrap_or_default()
    }
}

/// The target as plain text: as it is, or with its one layer of percent-encoding taken off (SSP-07).
fn plain(inner: &str) -> Result<Cow<'_, str>, TargetFault> {
    if let Some(bad) = inner.bytes().find(|byte| !is_allowed(*byte)) {
        return Err(TargetFault::Byte(bad));
    }
    if inner.starts_with("https://") {
        return Ok(Cow::Borrowed(inner));
    }
    if inner.get(..14).is_some_and(|start| start.eq_ignore_ascii_case("https%3a%2f%2f")) && inner.starts_with("https") {
        return decoded(inner).map(Cow::Owned);
    }
    Err(TargetFault::of_start(inner))
}

fn decoded(inner: &str) -> Result<String, TargetFault> {
    let (encoded, query) = match inner.split_once('?') {
        Some((encoded, query)) => (encoded, Some(query)),
        None => (inner, None),
    };
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = encoded.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let (byte, after) = match (first, after) {
            (b'%', [high, low, after @ ..]) => (hex_pair(*high, *low).ok_or(TargetFault::Encoding)?, after),
            (b'%', _) => return Err(TargetFault::Encoding),
            (byte, after) => (*byte, after),
        };
        if !is_allowed(byte) {
            return Err(TargetFault::Byte(byte));
        }
        bytes.push(byte);
        rest = after;
    }
    let mut url = String::from_utf8(bytes).map_err(|_| TargetFault::Encoding)?;
    if let Some(query) = query {
        if url.contains('?') {
            return Err(TargetFault::TwoQueries);
        }
        url.push('?');
        url.push_str(query);
    }
    Ok(url)
}

fn hex_pair(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

/// Printable ASCII without the backslash, which some servers take for a slash (SSP-10).
fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'\\'
}

/// Where the authority of an `https://` URL ends, when it is a host with or without a port (SSP-10).
fn authority_end(url: &str) -> Result<usize, TargetFault> {
    const START: usize = "https://".len();
    let rest = &url[START..];
    if rest.contains('#') {
        return Err(TargetFault::Fragment);
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let authority = &rest[..end];
    if authority.contains('@') {
        return Err(TargetFault::UserInformation);
    }
    crate::edge::client::Authority::parse(authority, true).ok_or(TargetFault::Host)?;
    Ok(START + end)
}

/// Nothing that a server behind the proxy could read as a step up, as another slash or as an end (SSP-12).
fn path_is_safe(path: &str, rules: TargetRules) -> Result<(), TargetFault> {
    for segment in path.split('/').filter(|segment| matches!(segment.as_bytes(), [b'.' | b'%', ..])) {
        let name = segment.split(';').next().unwrap_or_default().to_ascii_lowercase().replace("%2e", ".");
        if name == "." || name == ".." {
            return Err(TargetFault::DotSegment);
        }
    }
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        let pair = rest.as_bytes().get(at + 1..at + 3).ok_or(TargetFault::Encoding)?;
        match hex_pair(pair[0], pair[1]).ok_or(TargetFault::Encoding)? {
            b'/' if rules.encoded_slash => {}
            byte @ (b'/' | b'\\' | 0) => return Err(TargetFault::EncodedSeparator(byte)),
            _ => {}
        }
        rest = &rest[at + 3..];
    }
    Ok(())
}

/// Why a target cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetFault {
    /// It is longer than the limit (SSP-14).
    TooLong {
        /// The limit in bytes.
        longest: usize,
    },
    /// There is no URL in the path.
    NoTarget,
    /// There are two slashes before the URL (SSP-11).
    TwoSlashes,
    /// One of the two slashes after `https:` is missing (SSP-11).
    CollapsedSlash,
    /// The scheme is another one than lower-case `https` (SSP-10).
    Scheme,
    /// It holds a control character, a space, a backslash or a byte that is not ASCII (SSP-10).
    Byte(u8),
    /// A percent sign is not followed by two hexadecimal digits.
    Encoding,
    /// The encoded URL has a query, and so has the request target (SSP-08).
    TwoQueries,
    /// It names a user (SSP-10).
    UserInformation,
    /// It has a fragment (SSP-10).
    Fragment,
    /// The host is empty or malformed, or the port is (SSP-10).
    Host,
    /// A path segment is `.` or `..` in some spelling (SSP-12).
    DotSegment,
    /// The path holds an encoded slash, backslash or NUL (SSP-12).
    EncodedSeparator(u8),
}

impl TargetFault {
    /// The fault of a text that starts neither with `https://` nor with its encoded form.
    fn of_start(inner: &str) -> Self {
        let lower = inner.get(..8).unwrap_or(inner).to_ascii_lowercase();
        if inner.starts_with('/') {
            Self::TwoSlashes
        } else if lower.starts_with("https:/") && !lower.starts_with("https://") {
            Self::CollapsedSlash
        } else if inner.split(['/', '?']).next().is_some_and(|first| first.contains(':')) || lower.starts_with("http") {
            Self::Scheme
        } else {
            Self::NoTarget
        }
    }
}

impl fmt::Display for TargetFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { longest } => write!(f, "the request target is longer than {longest} bytes"),
            Self::NoTarget => f.write_str("the path holds no target: expected /https:// and the Provider's URL"),
            Self::TwoSlashes => f.write_str("there are two slashes before the target: expected exactly one"),
            Self::CollapsedSlash => {
                f.write_str("a slash after https: is missing: something on the way merges slashes, or it was left out")
            }
            Self::Scheme => f.write_str("the target's scheme is not https (lower case)"),
            Self::Byte(byte) => write!(f, "the target holds the byte 0x{byte:02x}: percent-encode it"),
            Self::Encoding => f.write_str("a percent sign in the target is not followed by two hexadecimal digits"),
            Self::TwoQueries => {
                f.write_str("the encoded target has a query, and another query follows it: send one of them")
            }
            Self::UserInformation => f.write_str("the target names a user before its host: leave that out"),
            Self::Fragment => f.write_str("the target has a fragment: leave that out"),
            Self::Host => f.write_str("the target's host or port is missing or malformed"),
            Self::DotSegment => f.write_str("the target's path has a . or .. segment: send the path it leads to"),
            Self::EncodedSeparator(byte) => write!(f, "the target's path holds %{byte:02X}, which is refused"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(origin_form: &str) -> Result<Target<'_>, TargetFault> {
        Target::read(origin_form, TargetRules::default())
    }

    // covers: SSP-07, SSP-09, SSP-13, SSP-63
    #[test]
    fn a_target_is_read_and_not_a_byte_of_it_changed() {
        let table = [
            (
                "/https://p.test/STU3/1/Slot?start=ge&start=le",
                "https://p.test/STU3/1/Slot",
                "/STU3/1/Slot?start=ge&start=le",
            ),
            ("/https%3A%2F%2Fp.test%2FSTU3%2F1%2Fmetadata", "https://p.test/STU3/1/metadata", "/STU3/1/metadata"),
            ("/https%3a%2f%2fp.test/a", "https://p.test/a", "/a"),
            ("/https%3A%2F%2Fp.test%2Fa%3Fb%3Dc%2526d", "https://p.test/a", "/a?b=c%26d"),
            ("/https%3A%2F%2Fp.test%2Fa?b=%3Ac", "https://p.test/a", "/a?b=%3Ac"),
            ("/https://p.test", "https://p.test", "/"),
            ("/https://p.test?x=1", "https://p.test", "/?x=1"),
            ("/https://P.test:19192/A//b/?", "https://P.test:19192/A//b/", "/A//b/?"),
            ("/https://p.test/a?b=../c/%2e%2E%2F|{}<>", "https://p.test/a", "/a?b=../c/%2e%2E%2F|{}<>"),
            ("/https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443/x", "/x"),
            ("/https://p.test/a%20b/...", "https://p.test/a%20b/...", "/a%20b/..."),
            ("/https://p.test/a?next=https://q.test/b", "https://p.test/a", "/a?next=https://q.test/b"),
        ];
        for (origin_form, without_query, forwarded) in table {
            let target = read(origin_form).unwrap_or_else(|fault| panic!("{origin_form}: {fault}"));
            assert_eq!(target.without_query(), without_query, "{origin_form}");
            assert_eq!(target.origin_form(), forwarded, "{origin_form}");
        }
        assert_eq!(read("/https://p.test/a?_format=xml").unwrap().query(), "_format=xml");
        assert_eq!(read("/https://p.test/a").unwrap().query(), "");
    }

    // covers: SSP-08, SSP-10, SSP-11, SSP-12, SSP-39
    #[test]
    fn a_target_that_could_be_read_in_two_ways_is_refused() {
        use TargetFault::*;
        let table = [
            ("//https://p.test/a", TwoSlashes),
            ("/https:/p.test/a", CollapsedSlash),
            ("/http://p.test/a", Scheme),
            ("/HTTPS://p.test/a", Scheme),
            ("/HTTPS%3A%2F%2Fp.test", Scheme),
            ("/ftp://p.test/a", Scheme),
            ("/https", Scheme),
            ("/", NoTarget),
            ("/metadata", NoTarget),
            ("*", NoTarget),
            ("/https://user@p.test/a", UserInformation),
            ("/https%3A%2F%2Fuser%40p.test", UserInformation),
            ("/https://", Host),
            ("/https:///a", Host),
            ("/https://p.test:/a", Host),
            ("/https://p.test:0x50/a", Host),
            ("/https://p%2etest/a", Host),
            ("/https://p.test,q.test/a", Host),
            ("/https://p.test/a#b", Fragment),
            ("/https%3A%2F%2Fp.test%2Fa%23b", Fragment),
            ("/https://p.test/a\\b", Byte(b'\\')),
            ("/https://p.test/a b", Byte(b' ')),
            ("/https://p.test/\u{e9}", Byte(0xc3)),
            ("/https://p.test/a\u{7f}", Byte(0x7f)),
            ("/https%3A%2F%2Fp.test%2Fa%0D%0Ab", Byte(b'\r')),
            ("/https%3A%2F%2Fp.test%2F%00", Byte(0)),
            ("/https%3A%2F%2Fp.test%2F%C3%A9", Byte(0xc3)),
            ("/https%3A%2F%2Fp.test%2", Encoding),
            ("/https%3A%2F%2Fp.test%zz", Encoding),
            ("/https://p.test/%", Encoding),
            ("/https://p.test/%4", Encoding),
            ("/https://p.test/%g0", Encoding),
            ("/https%3A%2F%2Fp.test%2Fa%3Fb?c", TwoQueries),
            ("/https://p.test/fhir/../x", DotSegment),
            ("/https://p.test/fhir/./x", DotSegment),
            ("/https://p.test/fhir/%2e%2E/x", DotSegment),
            ("/https://p.test/fhir/.%2e", DotSegment),
            ("/https://p.test/fhir/..;v=1/x", DotSegment),
            ("/https%3A%2F%2Fp.test%2Ffhir%2F%252e%252e%2Fx", DotSegment),
            ("/https://p.test/a%2fb", EncodedSeparator(b'/')),
            ("/https://p.test/a%5Cb", EncodedSeparator(b'\\')),
            ("/https://p.test/a%00b", EncodedSeparator(0)),
        ];
        for (origin_form, fault) in table {
            assert_eq!(read(origin_form), Err(fault), "{origin_form}");
        }
    }

    proptest! {
        // covers: SSP-07, SSP-09, SSP-12
        #[test]
        fn whatever_is_read_stays_as_it_was_and_has_no_step_up(text in "/(https://|https%3A%2F%2F)[ -~]{0,40}") {
            if let Ok(target) = read(&text) {
                let whole = format!("{}{}", target.without_query(), target.url[target.query..].to_owned());
                prop_assert!(whole.starts_with("https://"));
                if text.starts_with("/https://") {
                    prop_assert_eq!(&text[1..], whole);
                    prop_assert!(text.ends_with(target.origin_form().trim_start_matches('/')));
                }
                let path = target.origin_form().split('?').next().unwrap_or_default().to_lowercase();
                prop_assert!(!path.replace("%2e", ".").split('/').any(|segment| segment == ".." || segment == "."));
                prop_assert!(!path.contains("%2f") && !path.contains("%5c") && !path.contains('\\'));
            }
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in any::<String>()) {
            let _ = read(&text);
            let _ = read(&format!("/https%3A%2F%2F{text}"));
        }
    }

    // covers: SSP-12, SSP-14
    #[test]
    fn length_and_encoded_slashes_follow_the_rules_given() {
        let long = format!("/https://p.test/{}", "a".repeat(9000));
        assert!(read(&long).is_ok());
        let rules = TargetRules { longest: 8192, encoded_slash: true };
        assert_eq!(Target::read(&long, rules), Err(TargetFault::TooLong { longest: 8192 }));
        assert!(Target::read("/https://p.test/a%2Fb", rules).is_ok());
        assert!(Target::read("/https://p.test/a%5Cb", rules).is_err());
    }
}

//! The `Authorization: Bearer …` header (SSP-24, TOK-12, JW1-06). Only its form is looked at here; the token itself is
//! judged by `token::check`.

use super::{values_of, without_outer_space};
use crate::token::LONGEST_TOKEN;

/// Why no bearer token could be taken from a request. None of these repeats the header's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BearerFault {
    /// There is no `Authorization` header.
    #[error("there is no Authorization header")]
    Missing,
    /// There is more than one.
    #[error("Authorization came more than once: send it once")]
    Repeated,
    /// The scheme is another one, or is followed by something else than a space.
    #[error("Authorization has another scheme: write `Bearer`, one space and the token")]
    NotBearer,
    /// The scheme stands alone.
    #[error("Authorization holds no token after `Bearer`")]
    Empty,
    /// The token has characters that no compact JWS has.
    #[error("the bearer token has a character outside A-Z a-z 0-9 - _ . (padding is not used)")]
    NotCompact,
    /// The token is longer than [`LONGEST_TOKEN`] bytes (JWT-35).
    #[error("the bearer token is longer than 16 KiB")]
    TooLong,
}

/// The bearer token of a request, out of all its headers; the scheme's case does not matter, one space or more follow.
///
/// # Errors
/// See [`BearerFault`].
pub fn bearer<'a>(headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<&'a str, BearerFault> {
    let headers: Vec<_> = headers.into_iter().collect();
    let value = match values_of(&headers, "Authorization").as_slice() {
        [] => return Err(BearerFault::Missing),
        [value] => without_outer_space(value),
        _ => return Err(BearerFault::Repeated),
    };
    let (scheme, rest) = value.split_at(value.len().min("Bearer".len()));
    if !scheme.eq_ignore_ascii_case(b"Bearer") {
        return Err(if value.is_empty() { BearerFault::Empty } else { BearerFault::NotBearer });
    }
    match rest {
        [] => Err(BearerFault::Empty),
        [b' ' | b'\t', ..] => compact(without_outer_space(rest)),
        _ => Err(BearerFault::NotBearer),
    }
}

fn compact(token: &[u8]) -> Result<&str, BearerFault> {
    if token.len() > LONGEST_TOKEN {
        return Err(BearerFault::TooLong);
    }
    // Without a branch for each byte, so that many are looked at together: every call brings its token.
    let in_compact = |byte: u8| byte.is_ascii_alphanumeric() | (byte == b'-') | (byte == b'_') | (byte == b'.');
    if !token.iter().fold(true, |all, byte| all & in_compact(*byte)) {
        return Err(BearerFault::NotCompact);
    }
    std::str::from_utf8(token).map_err(|_| BearerFault::NotCompact)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(value: &str) -> Result<&str, BearerFault> {
        bearer([("authorization", value.as_bytes())])
    }

    // covers: SSP-24, TOK-12, JW1-06, JWT-32, JWT-33
    #[test]
    fn the_scheme_is_found_in_any_case_with_one_space_or_more() {
        for value in ["Bearer a.b.c", "bearer   a.b.c", "BEARER a.b.c ", "Bearer\ta.b.c"] {
            assert_eq!(of(value), Ok("a.b.c"), "{value}");
        }
        assert_eq!(of("Bearer a.b."), Ok("a.b."));
        let refused = [
            ("", BearerFault::Empty),
            ("Bearer", BearerFault::Empty),
            ("Bearer: a.b.c", BearerFault::NotBearer),
            ("Bearera.b.c", BearerFault::NotBearer),
            ("Basic YTpi", BearerFault::NotBearer),
            ("Bearer a b", BearerFault::NotCompact),
            ("Bearer a.b.c=", BearerFault::NotCompact),
            ("Bearer a+b/c", BearerFault::NotCompact),
        ];
        for (value, fault) in refused {
            assert_eq!(of(value), Err(fault), "{value}");
        }
    }

    // covers: SSP-24, JWT-35
    #[test]
    fn none_two_and_an_oversized_one_are_refused() {
        assert_eq!(bearer([]), Err(BearerFault::Missing));
        let one: (&str, &[u8]) = ("Authorization", b"Bearer a.b.c");
        assert_eq!(bearer([one, one]), Err(BearerFault::Repeated));
        assert_eq!(of(&format!("Bearer {}", "a".repeat(LONGEST_TOKEN + 1))), Err(BearerFault::TooLong));
        assert!(of(&format!("Bearer {}", "a".repeat(LONGEST_TOKEN))).is_ok());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(value in any::<Vec<u8>>()) {
            let _ = bearer([("Authorization", value.as_slice())]);
        }
    }
}

//! The little of DER that RSA public keys need: definite lengths, SEQUENCE, INTEGER, BIT STRING (RFC 8017 A.1.1), and the
//! way to the key of a certificate (RFC 5280 4.1).

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;
/// The version of a certificate, `[0]`.
const VERSION: u8 = 0xa0;

/// Modulus and exponent, big-endian without leading zeros, of an RSAPublicKey or of a SubjectPublicKeyInfo around one.
pub(super) fn rsa_public_key(der: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (body, []) = element(SEQUENCE, der)? else { return None };
    if let Some((_algorithm, rest)) = element(SEQUENCE, body) {
        let (bits, []) = element(BIT_STRING, rest)? else { return None };
        return rsa_public_key(bits.strip_prefix(&[0])?);
    }
    let (modulus, rest) = element(INTEGER, body)?;
    let (exponent, []) = element(INTEGER, rest)? else { return None };
    Some((unsigned(modulus)?, unsigned(exponent)?))
}

/// The key of a certificate: the sixth element of its first part, after the version if there is one.
pub(super) fn key_of_certificate(der: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (certificate, []) = element(SEQUENCE, der)? else { return None };
    let (mut rest, _signature) = element(SEQUENCE, certificate)?;
    if let Some((_, after)) = element(VERSION, rest) {
        rest = after;
    }
    // Serial number, algorithm, issuer, validity, subject.
    for tag in [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE] {
        rest = element(tag, rest)?.1;
    }
    let whole = rest.len();
    let (_, after) = element(SEQUENCE, rest)?;
    rsa_public_key(rest.get(..whole - after.len())?)
}

/// The RSAPublicKey of a modulus and an exponent.
pub(super) fn bare_key(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let sign: &[u8] = if number.first().is_none_or(|first| *first >= 0x80) { &[0] } else { &[] };
        written(INTEGER, &[sign, number].concat())
    };
    written(SEQUENCE, &[integer(modulus), integer(exponent)].concat())
}

fn written(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len().to_be_bytes();
    let significant = &length[length.iter().position(|octet| *octet != 0).unwrap_or(length.len())..];
    let mut der = vec![tag];
    match significant {
        [] => der.push(0),
        [short @ 0..=0x7f] => der.push(*short),
        long => {
            der.push(0x80 | u8::try_from(long.len()).unwrap_or(0));
            der.extend(long);
        }
    }
    der.extend(contents);
    der
}

/// The contents of the first element, which must have this tag, and what follows it.
fn element(tag: u8, input: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = input.strip_prefix(&[tag])?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// A positive INTEGER without its sign octet.
fn unsigned(contents: &[u8]) -> Option<Vec<u8>> {
    match contents {
        [] | [0x80..=0xff, ..] | [0] => None,
        [0, rest @ ..] => Some(rest.to_vec()),
        other => Some(other.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_bare_key_and_one_with_its_algorithm_are_read() {
        let bare = [0x30, 0x07, 0x02, 0x02, 0x00, 0xc1, 0x02, 0x01, 0x03];
        assert_eq!(rsa_public_key(&bare), Some((vec![0xc1], vec![3])));
        let mut wrapped = vec![0x30, 0x0e, 0x30, 0x00, 0x03, 0x0a, 0x00];
        wrapped.extend(bare);
        assert_eq!(rsa_public_key(&wrapped), Some((vec![0xc1], vec![3])));
        for broken in [&bare[..8], &[0x30, 0x80], &[0x30, 0x84, 1, 1, 1, 1], &[], &[0x30, 0x03, 0x02, 0x01, 0x00]] {
            assert_eq!(rsa_public_key(broken), None);
        }
    }

    #[test]
    fn a_key_that_is_written_is_read_again() {
        for (modulus, exponent) in
            [(vec![0xc1], vec![3]), (vec![0x41; 200], vec![1, 0, 1]), (vec![0xc1; 512], vec![0x80])]
        {
            assert_eq!(rsa_public_key(&bare_key(&modulus, &exponent)), Some((modulus, exponent)));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
            let _ = rsa_public_key(&bytes);
            let _ = key_of_certificate(&bytes);
        }
    }
}

//! The issuer's public keys: read from a JWKS or from DER, parsed once, found by `kid` (TOK-08, JWT-12, JWT-13).

use super::{der, pem};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The longest JWKS document that is read, in bytes.
pub const LONGEST_JWKS: usize = 64 * 1024;
/// The most keys that a JWKS may hold.
pub const MOST_KEYS: usize = 32;

/// Why a key, or a set of keys, cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// The document is no JWKS within the limits.
    #[error("the JWKS cannot be read: {0}")]
    NotAJwks(String),
    /// The set holds no RSA key for signatures.
    #[error("the JWKS holds no RSA key of 2048 to 8192 bits for RS256 signatures that has a kid")]
    NoUsableKey,
    /// Two keys have the same `kid`.
    #[error("the JWKS holds two keys of the same kid")]
    RepeatedKeyId,
    /// The key is not RSA, or of another length than 2048 to 8192 bits.
    #[error("the key is not an RSA key of 2048 to 8192 bits{0}")]
    NotRsa(&'static str),
}

/// An RSA public key for RS256 with the id that tokens name it by.
#[derive(Debug)]
pub struct PublicKey {
    key_id: String,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    parsed: ParsedPublicKey,
}

impl PublicKey {
    /// A key of its modulus and exponent, big-endian without leading zeros.
    ///
    /// # Errors
    /// A modulus that is shorter than 2048 or longer than 8192 bits, or an exponent that is even, 1 or over 32 bits.
    pub fn from_components(key_id: &str, modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyFault> {
        let bits = modulus.len() * 8 - modulus.first().map_or(0, |first| first.leading_zeros() as usize);
        let odd = exponent.last().is_some_and(|last| last % 2 == 1);
        if !(2048..=8192).contains(&bits) || !odd || exponent == [1] || exponent.len() > 4 {
            return Err(KeyFault::NotRsa(" with a common exponent"));
        }
        let parsed = RsaPublicKeyComponents { n: modulus, e: exponent }
            .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
            .map_err(|_| KeyFault::NotRsa(""))?;
        let (modulus, exponent) = (modulus.to_vec(), exponent.to_vec());
        Ok(Self { key_id: key_id.to_owned(), modulus, exponent, parsed })
    }

    /// A key in DER: an RSAPublicKey, or the SubjectPublicKeyInfo of a certificate or of a `PUBLIC KEY` PEM block.
    ///
    /// # Errors
    /// DER that holds no such key, and what [`PublicKey::from_components`] refuses.
    pub fn from_der(key_id: &str, der: &[u8]) -> Result<Self, KeyFault> {
        let (modulus, exponent) = der::rsa_public_key(der).ok_or(KeyFault::NotRsa(": its DER is something else"))?;
        Self::from_components(key_id, &modulus, &exponent)
    }

    /// A key in PEM: the first `PUBLIC KEY`, `RSA PUBLIC KEY` or `CERTIFICATE` block. Its id is its thumbprint, as
    /// [`SigningKey`](super::SigningKey) has it.
    ///
    /// # Errors
    /// A text without such a block, and what [`PublicKey::from_components`] refuses.
    pub fn from_pem(text: &str) -> Result<Self, KeyFault> {
        let block = pem::block(text, &["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE"])
            .ok_or(KeyFault::NotRsa(": there is no PUBLIC KEY or CERTIFICATE block of base64 in the PEM text"))?;
        let key = match block.label {
            "CERTIFICATE" => der::key_of_certificate(&block.contents),
            _ => der::rsa_public_key(&block.contents),
        };
        let (modulus, exponent) = key.ok_or(KeyFault::NotRsa(": its PEM block holds something else"))?;
        Self::from_components(&thumbprint(&der::bare_key(&modulus, &exponent)), &modulus, &exponent)
    }

    /// The same key under another id.
    #[must_use]
    pub fn under(self, key_id: &str) -> Self {
        Self { key_id: key_id.to_owned(), ..self }
    }

    /// The id that tokens name the key by.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Whether `signature` is this key's RS256 signature of `message`.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(message, signature).is_ok()
    }

    /// The key as a JWK (RFC 7517) for RS256 signatures.
    #[must_use]
    pub fn to_jwk(&self) -> Value {
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.key_id,
            "n": URL_SAFE_NO_PAD.encode(&self.modulus), "e": URL_SAFE_NO_PAD.encode(&self.exponent),
        })
    }

    /// The key of a JWK; `None` for a key that is not meant for RS256 signatures or has no `kid`, which is passed over.
    fn from_jwk(jwk: &Value) -> Option<Result<Self, KeyFault>> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let fits = |name: &str, wanted: &str| text(name).is_none_or(|value| value == wanted);
        if text("kty") != Some("RSA") || !fits("use", "sig") || !fits("alg", "RS256") {
            return None;
        }
        let key_id = text("kid").filter(|kid| !kid.is_empty())?;
        let number = |name: &str| text(name).and_then(|value| URL_SAFE_NO_PAD.decode(value).ok());
        let (Some(modulus), Some(exponent)) = (number("n"), number("e")) else {
            return Some(Err(KeyFault::NotRsa(": n or e is not base64url")));
        };
        let significant = |bytes: &[u8]| bytes.iter().position(|byte| *byte != 0).map_or(bytes.len(), |start| start);
        Some(Self::from_components(key_id, &modulus[significant(&modulus)..], &exponent[significant(&exponent)..]))
    }
}

/// The base64url SHA-1 of a public key's DER: the form of `kid` that JWT-12 shows.
pub(super) fn thumbprint(bare_key: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, bare_key))
}

/// The keys of one issuer.
#[derive(Debug, Default)]
pub struct KeySet(Vec<PublicKey>);

impl KeySet {
    /// A set of keys that are already there.
    #[must_use]
    pub fn of(keys: Vec<PublicKey>) -> Self {
        Self(keys)
    }

    /// Reads a JWKS document (RFC 7517 section 5); keys for other uses are passed over.
    ///
    /// # Errors
    /// A document that is too large, no JWKS, holds a broken RSA key, two of one `kid`, or none that can be used.
    pub fn from_jwks(document: &[u8]) -> Result<Self, KeyFault> {
        if document.len() > LONGEST_JWKS {
            return Err(KeyFault::NotAJwks("it is longer than 64 KiB".to_owned()));
        }
        let object = super::strict_json::read_object(document).map_err(KeyFault::NotAJwks)?;
        let listed = object.get("keys").and_then(Value::as_array);
        let listed = listed.ok_or_else(|| KeyFault::NotAJwks("it has no array \"keys\"".to_owned()))?;
        if listed.len() > MOST_KEYS {
            return Err(KeyFault::NotAJwks(format!("it holds more than {MOST_KEYS} keys")));
        }
        let keys = listed.iter().filter_map(PublicKey::from_jwk).collect::<Result<Vec<_>, _>>()?;
        let repeated = keys.iter().enumerate().any(|(n, key)| keys[..n].iter().any(|other| other.key_id == key.key_id));
        match keys.is_empty() {
            true => Err(KeyFault::NoUsableKey),
            false if repeated => Err(KeyFault::RepeatedKeyId),
            false => Ok(Self(keys)),
        }
    }

    /// The key of that id.
    #[must_use]
    pub fn find(&self, key_id: &str) -> Option<&PublicKey> {
        self.0.iter().find(|key| key.key_id == key_id)
    }

    /// The keys in their order.
    #[must_use]
    pub fn keys(&self) -> &[PublicKey] {
        &self.0
    }

    /// The keys, taken out of the set.
    #[must_use]
    pub fn into_keys(self) -> Vec<PublicKey> {
        self.0
    }

    /// The JWKS document of these keys.
    #[must_use]
    pub fn to_jwks(&self) -> String {
        json!({ "keys": self.0.iter().map(PublicKey::to_jwk).collect::<Vec<_>>() }).to_string()
    }
}

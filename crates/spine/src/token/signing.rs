//! Signing with RS256: a key pair that is parsed once (TOK-08, JWT-11).

use super::keys::{KeyFault, PublicKey};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

/// A private key of the issuer. `Debug` shows its id only.
pub struct SigningKey {
    pair: RsaKeyPair,
    key_id: String,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.key_id)
    }
}

/// The library could not sign; a key that was read once always can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token could not be signed")]
pub struct SigningFailed;

impl SigningKey {
    /// Reads a PKCS#8 key in DER. Its id is the base64url SHA-1 of its public key, the form that JWT-12 shows.
    ///
    /// # Errors
    /// Anything that is no RSA key pair of 2048 to 8192 bits.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyFault> {
        let pair = RsaKeyPair::from_pkcs8(der).map_err(|_| KeyFault::NotRsa(" in PKCS#8"))?;
        let key_id = URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, pair.public_key().as_ref()));
        Ok(Self { pair, key_id })
    }

    /// Reads the first `PRIVATE KEY` block of a PEM text.
    ///
    /// # Errors
    /// A text without such a block, and what [`SigningKey::from_pkcs8_der`] refuses.
    pub fn from_pkcs8_pem(text: &str) -> Result<Self, KeyFault> {
        const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
        const END: &str = "-----END PRIVATE KEY-----";
        let block = text.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END)).map(|(block, _)| block);
        let block = block.ok_or(KeyFault::NotRsa(": there is no PRIVATE KEY block in the PEM text"))?;
        let base64: String = block.split_ascii_whitespace().collect();
        let der = STANDARD.decode(base64).map_err(|_| KeyFault::NotRsa(": its PEM block is not base64"))?;
        Self::from_pkcs8_der(&der)
    }

    /// The id under which the public key is published.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The public key, to publish and to verify with.
    ///
    /// # Errors
    /// A key pair whose public half is outside what is accepted for verification.
    pub fn public_key(&self) -> Result<PublicKey, KeyFault> {
        PublicKey::from_der(&self.key_id, self.pair.public_key().as_ref())
    }

    /// The compact token of these claims with the header of JW1: `typ`, `alg` RS256, `x5t` and `kid`, which are equal.
    ///
    /// # Errors
    /// When the library fails.
    pub fn sign(&self, claims: &Map<String, Value>) -> Result<String, SigningFailed> {
        let header = json!({ "typ": "JWT", "alg": "RS256", "x5t": self.key_id, "kid": self.key_id });
        self.sign_with_header(&header, claims)
    }

    /// The compact token of these claims under any header, so that testers can make tokens that are wrong.
    ///
    /// # Errors
    /// When the library fails.
    pub fn sign_with_header(&self, header: &Value, claims: &Map<String, Value>) -> Result<String, SigningFailed> {
        let claims = serde_json::to_string(claims).map_err(|_| SigningFailed)?;
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        // Of the digest, since PKCS#1 padding needs no randomness and this way asks for none.
        let digest = digest(&SHA256, text.as_bytes());
        self.pair.sign_digest(&RSA_PKCS1_SHA256, &digest, &mut signature).map_err(|_| SigningFailed)?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

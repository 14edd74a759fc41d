//! Signing with RS256: a key pair that is parsed once (TOK-08, JWT-11).

use super::keys::{KeyFault, PublicKey};
use aws_lc_rs::digest::{Algorithm, SHA256, SHA512, digest};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
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
        let key_id = super::keys::thumbprint(pair.public_key().as_ref());
        Ok(Self { pair, key_id })
    }

    /// Reads the first `PRIVATE KEY` block of a PEM text.
    ///
    /// # Errors
    /// A text without such a block, and what [`SigningKey::from_pkcs8_der`] refuses.
    pub fn from_pkcs8_pem(text: &str) -> Result<Self, KeyFault> {
        let der = super::pem::block(text, &["PRIVATE KEY"])
            .ok_or(KeyFault::NotRsa(": there is no PRIVATE KEY block of base64 in the PEM text"))?;
        Self::from_pkcs8_der(&der.contents)
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
        let signature = self.rs256(&text)?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    pub(super) fn rs256(&self, text: &str) -> Result<Vec<u8>, SigningFailed> {
        self.signature(&SHA256, &RSA_PKCS1_SHA256, text)
    }

    pub(super) fn rs512(&self, text: &str) -> Result<Vec<u8>, SigningFailed> {
        self.signature(&SHA512, &RSA_PKCS1_SHA512, text)
    }

    fn signature(
        &self,
        hash: &'static Algorithm,
        padding: &'static dyn RsaEncoding,
        text: &str,
    ) -> Result<Vec<u8>, SigningFailed> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        // Of the digest, since PKCS#1 padding needs no randomness and this way asks for none.
        let digest = digest(hash, text.as_bytes());
        self.pair.sign_digest(padding, &digest, &mut signature).map_err(|_| SigningFailed)?;
        Ok(signature)
    }

    /// The public key as a `PUBLIC KEY` PEM block.
    ///
    /// # Errors
    /// When the library fails.
    pub fn public_pem(&self) -> Result<String, SigningFailed> {
        let der: PublicKeyX509Der<'_> = self.pair.public_key().as_der().map_err(|_| SigningFailed)?;
        Ok(super::pem::write("PUBLIC KEY", der.as_ref()))
    }
}

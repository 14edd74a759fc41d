//! Making tokens: the Consumer's own unsigned token (JW2-01, JWT-31, JWT-32), and drafts of any shape for those who test
//! with them, good or broken (UTL-02, UTL-03).

use super::breakage::Breakage;
use super::claims::{AccessClaims, SelfMadeClaims};
use super::compact::Shape;
use super::signing::{SigningFailed, SigningKey};
use crate::identifiers::Asid;
use crate::systems;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

/// The compact unsigned token of these claims: header exactly `{"alg":"none","typ":"JWT"}`, and a dot at the end.
#[must_use]
pub fn unsigned(claims: &SelfMadeClaims) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let payload = URL_SAFE_NO_PAD.encode(Value::Object(claims.to_json()).to_string());
    format!("{header}.{payload}.")
}

/// Who signs a draft, and how.
#[derive(Debug, Clone, Copy)]
pub enum Signer<'a> {
    /// Nobody: `none`, and an empty signature.
    Nobody,
    /// RS256, as the token endpoint does.
    Rs256(&'a SigningKey),
    /// RS512, which booking does not take (UTL-03).
    Rs512(&'a SigningKey),
    /// HS256 with a shared secret, which booking does not take (UTL-03).
    Hs256(&'a [u8]),
}

impl Signer<'_> {
    /// The header that goes with it; a key is named by its id.
    #[must_use]
    pub fn header(&self) -> Map<String, Value> {
        let header = match self {
            Self::Nobody => json!({ "alg": "none", "typ": "JWT" }),
            Self::Hs256(_) => json!({ "alg": "HS256", "typ": "JWT" }),
            Self::Rs256(key) => json!({ "typ": "JWT", "alg": "RS256", "x5t": key.key_id(), "kid": key.key_id() }),
            Self::Rs512(key) => json!({ "alg": "RS512", "typ": "JWT", "kid": key.key_id() }),
        };
        match header {
            Value::Object(header) => header,
            _ => Map::new(),
        }
    }

    /// The bytes of the signature over a text.
    ///
    /// # Errors
    /// When the library fails.
    fn sign(&self, text: &str) -> Result<Vec<u8>, SigningFailed> {
        match self {
            Self::Nobody => Ok(Vec::new()),
            Self::Rs256(key) => key.rs256(text),
            Self::Rs512(key) => key.rs512(text),
            Self::Hs256(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                Ok(hmac::sign(&key, text.as_bytes()).as_ref().to_vec())
            }
        }
    }
}

/// How the parts of a token are put together; anything but the default is for tests of those who receive it (UTL-03).
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// Plain base64 with padding, which no receiver should take, instead of base64url without.
    pub plain_base64: bool,
    /// How often the payload stands there: once, or not at all, or again behind the signature.
    pub payloads: usize,
}

impl Default for Form {
    fn default() -> Self {
        Self { plain_base64: false, payloads: 1 }
    }
}

impl Form {
    /// Header and payload as texts, signed, as one token.
    ///
    /// # Errors
    /// When the library cannot sign.
    pub fn join(&self, header: &str, payload: &str, signer: &Signer<'_>) -> Result<String, SigningFailed> {
        let encode = |bytes: &[u8]| match self.plain_base64 {
            true => STANDARD.encode(bytes),
            false => URL_SAFE_NO_PAD.encode(bytes),
        };
        let (header, payload) = (encode(header.as_bytes()), encode(payload.as_bytes()));
        let signed_text = if self.payloads == 0 { header } else { format!("{header}.{payload}") };
        let mut token = format!("{signed_text}.{}", encode(&signer.sign(&signed_text)?));
        for _ in 1..self.payloads {
            token.push('.');
            token.push_str(&payload);
        }
        Ok(token)
    }
}

/// A token before it is signed.
#[derive(Clone)]
pub struct Draft<'a> {
    /// The members of its header.
    pub header: Map<String, Value>,
    /// Its claims.
    pub claims: Map<String, Value>,
    /// Who signs it.
    pub signer: Signer<'a>,
    /// Which of the three shapes it has.
    pub shape: Shape,
}

impl<'a> Draft<'a> {
    /// A token as the token endpoint gives it.
    #[must_use]
    pub fn access(claims: &AccessClaims, key: &'a SigningKey) -> Self {
        Self::of(Shape::AccessToken, claims.to_json(), Signer::Rs256(key))
    }

    /// A token as a Consumer makes it.
    #[must_use]
    pub fn self_made(claims: &SelfMadeClaims) -> Self {
        Self::of(Shape::SelfMade, claims.to_json(), Signer::Nobody)
    }

    /// A token of the older Spine Core shape that says the same (JWT-40 … JWT-48); `system` is the Consumer's ASID.
    #[must_use]
    pub fn spine_core(claims: &SelfMadeClaims, system: &Asid) -> Self {
        let system = format!("{}|{system}", systems::ACCREDITED_SYSTEM);
        let user = claims.practitioner.as_ref().map(|practitioner| {
            let role = practitioner.sds_role_profile.as_deref().unwrap_or("UNK");
            format!("{}|{role}", systems::SDS_ROLE_PROFILE)
        });
        let (compartment, rest) = claims.scope.split_once('/').unwrap_or(("patient", "*.read"));
        let access = rest.rsplit_once('.').map_or("read", |(_, access)| access);
        let mut older = json!({
            "iss": claims.issuer, "sub": user.as_ref().unwrap_or(&system), "aud": claims.audience,
            "exp": claims.expires_at(), "iat": claims.issued_at,
            "reason_for_request": "directcare", "scope": format!("{compartment}/*.{access}"),
            "requesting_system": system,
            "requesting_organization": format!("{}|{}", systems::ODS_ORGANISATION, claims.organisation.ods_code),
        });
        if let (Value::Object(claims), Some(user)) = (&mut older, user) {
            claims.insert("requesting_user".to_owned(), user.into());
        }
        let claims = match older {
            Value::Object(claims) => claims,
            _ => Map::new(),
        };
        Self::of(Shape::SpineCore, claims, Signer::Nobody)
    }

    fn of(shape: Shape, claims: Map<String, Value>, signer: Signer<'a>) -> Self {
        Self { header: signer.header(), claims, signer, shape }
    }

    /// The compact token.
    ///
    /// # Errors
    /// When the library cannot sign.
    pub fn finish(&self) -> Result<String, SigningFailed> {
        let payload = Value::Object(self.claims.clone()).to_string();
        Form::default().join(&Value::Object(self.header.clone()).to_string(), &payload, &self.signer)
    }

    /// The token, broken on purpose and marked so by a claim of its own; `None` where a token of this shape cannot be
    /// broken so.
    ///
    /// # Errors
    /// When the library cannot sign.
    pub fn broken(self, breakage: &Breakage) -> Result<Option<String>, SigningFailed> {
        breakage.requirement(self.shape).map(|_| breakage.apply(self)).transpose()
    }
}

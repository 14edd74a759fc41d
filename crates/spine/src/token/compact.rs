//! The compact form of a token taken apart: three base64url segments, a header and claims that are JSON objects (JWT-32,
//! JWT-34, JWT-35). Nothing is believed yet.

use super::fault::TokenFault;
use super::{LONGEST_TOKEN, strict_json};
use crate::reason::Reason;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// The three shapes of token in the published material.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Generation 1: an access token of the token endpoint (section 8.2).
    AccessToken,
    /// Generation 2: made by the Consumer, claims that are FHIR resources (section 8.3).
    SelfMade,
    /// The older Spine Core shape: made by the Consumer, claims that are text. Recognised, never accepted (JW2-19).
    SpineCore,
}

impl Shape {
    /// The shape of a token with these claims.
    #[must_use]
    pub fn of(claims: &Map<String, Value>) -> Self {
        let has = |name: &str| claims.contains_key(name);
        if has("requested_scope") || has("requesting_device") || has("requesting_practitioner") {
            Self::SelfMade
        } else if has("requesting_system") || (has("scope") && has("reason_for_request")) {
            Self::SpineCore
        } else {
            Self::AccessToken
        }
    }

    /// What the shape is called in explanations.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::AccessToken => "access token of the token endpoint (generation 1)",
            Self::SelfMade => "token made by the Consumer (generation 2)",
            Self::SpineCore => "Spine Core token with text claims (recognised only)",
        }
    }
}

/// A token taken apart. `Debug` shows its shape only: claims name people.
#[derive(Clone, PartialEq)]
pub struct Compact<'a> {
    /// The header's members as they are in the token.
    pub header: Map<String, Value>,
    /// The claims as they are in the token.
    pub claims: Map<String, Value>,
    /// The bytes of the signature; empty in an unsigned token.
    pub signature: Vec<u8>,
    /// The text that the signature is over: the first two segments with their dot.
    pub signed_text: &'a str,
}

impl std::fmt::Debug for Compact<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Compact({:?}, {} signature bytes)", self.shape(), self.signature.len())
    }
}

impl<'a> Compact<'a> {
    /// Takes a token apart; `token` is what follows `Bearer `.
    ///
    /// # Errors
    /// One fault: too long, not three segments, not base64url without padding, or not JSON within the limits.
    pub fn split(token: &'a str) -> Result<Self, TokenFault> {
        let malformed = |sentence: String| TokenFault::new(Reason::TokenMalformed, "JWT-34", sentence);
        if token.len() > LONGEST_TOKEN {
            return Err(TokenFault::new(Reason::TokenMalformed, "JWT-35", "the token is longer than 16 KiB"));
        }
        let segments: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = segments.as_slice() else {
            let sentence = format!(
                "a token has three segments joined by dots (the third empty when unsigned), this one has {}",
                segments.len()
            );
            return Err(TokenFault::new(Reason::TokenMalformed, "JWT-32", sentence));
        };
        let bytes = |name: &str, segment: &str| {
            URL_SAFE_NO_PAD
                .decode(segment)
                .map_err(|_| malformed(format!("the {name} is not base64url without padding")))
        };
        let object = |name: &str, segment: &str| {
            strict_json::read_object(&bytes(name, segment)?)
                .map_err(|problem| malformed(format!("the {name} is not a JSON object: {problem}")))
        };
        Ok(Self {
            header: object("header", header)?,
            claims: object("payload", claims)?,
            signature: bytes("signature", signature)?,
            signed_text: &token[..header.len() + 1 + claims.len()],
        })
    }

    /// The header's `alg`, exactly as it is written.
    #[must_use]
    pub fn algorithm(&self) -> Option<&str> {
        self.header.get("alg").and_then(Value::as_str)
    }

    /// The header's `kid`.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.header.get("kid").and_then(Value::as_str)
    }

    /// The shape that the claims have, whoever signed them.
    #[must_use]
    pub fn shape(&self) -> Shape {
        Shape::of(&self.claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn token(header: &str, claims: &str) -> String {
        format!("{}.{}.", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    }

    // covers: JWT-32, JWT-34, JWT-35
    #[test]
    fn only_three_base64url_segments_of_json_objects_are_taken_apart() {
        let good = token("{\"alg\":\"none\"}", "{\"aud\":\"x\"}");
        assert_eq!(Compact::split(&good).unwrap().algorithm(), Some("none"));
        let refused = [
            String::new(),
            ".".to_owned(),
            "..".to_owned(),
            good.trim_end_matches('.').to_owned(),
            format!("{good}."),
            good.replace('.', "=."),
            format!("{good}a"),
            token("[]", "{}"),
            token("{}", "{\"a\":1,\"a\":2}"),
            "a".repeat(LONGEST_TOKEN + 1),
        ];
        for text in refused {
            let fault = Compact::split(&text).unwrap_err();
            assert_eq!(fault.reason, Reason::TokenMalformed, "{text}");
        }
    }

    // covers: JW2-19, E-22
    #[test]
    fn the_three_shapes_are_told_apart_by_their_claims() {
        let shapes = [
            ("{\"groups\":[],\"appid\":\"x\"}", Shape::AccessToken),
            ("{\"requested_scope\":\"x\",\"reason_for_request\":\"directcare\"}", Shape::SelfMade),
            ("{\"scope\":\"x\",\"requesting_system\":\"x|y\"}", Shape::SpineCore),
            ("{\"scope\":\"x\",\"reason_for_request\":\"directcare\"}", Shape::SpineCore),
        ];
        for (claims, shape) in shapes {
            assert_eq!(Compact::split(&token("{}", claims)).unwrap().shape(), shape, "{claims}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>(), header in any::<Vec<u8>>(), claims in any::<Vec<u8>>()) {
            let _ = Compact::split(&text);
            let built = format!("{}.{}.", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
            let _ = Compact::split(&built);
        }
    }
}

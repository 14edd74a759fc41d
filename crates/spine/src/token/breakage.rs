//! The ways to break a token on purpose, as a table: what is changed, and which requirement it then breaks in each shape.
//! Every token that is made so says of itself that it is broken.

use super::compact::Shape;
use super::make::{Draft, Form, Signer};
use super::signing::SigningFailed;
use super::{LONGEST_TOKEN, strict_json};
use serde_json::{Map, Value, json};

/// The claim by which a token that is broken on purpose says so.
pub const MARK: &str = "broken_on_purpose";

/// More than any leeway: two hours.
const TWO_HOURS: i64 = 7200;

/// One way to break a token.
#[derive(Debug)]
pub struct Breakage {
    /// Its name.
    pub name: &'static str,
    /// What is wrong with the token then.
    pub words: &'static str,
    /// What it breaks in an access token, in a self-made token and in the Spine Core shape.
    requirements: [Option<&'static str>; 3],
    how: How,
}

/// Where a token is changed.
#[derive(Debug)]
enum How {
    Claims(fn(&mut Map<String, Value>)),
    Header(fn(&mut Map<String, Value>)),
    /// Another `alg`, and no signature.
    Unsigned(&'static str),
    /// HS256, with the public key that verifies as its secret.
    HmacWithThePublicKey,
    /// The payload before it is encoded.
    Payload(fn(&str) -> String),
    /// The whole token.
    Token(fn(&str) -> String),
}

/// Every way.
pub const BREAKAGES: &[Breakage] = &[
    of_any("expired", "exp is past", ["JWT-16", "JWT-63", "JWT-43"], How::Claims(|claims| shift(claims, -TWO_HOURS))),
    of_access("not-yet", "nbf is to come", "JWT-16", How::Claims(|claims| shift(claims, TWO_HOURS))),
    of_any(
        "aud",
        "aud is another endpoint",
        ["JWT-15", "JWT-62", "JWT-42"],
        How::Claims(|c| put(c, "aud", "notanendpoint")),
    ),
    of_any(
        "issuer",
        "iss is another issuer, or empty",
        ["JWT-14", "JWT-60", "JWT-40"],
        How::Claims(|claims| {
            let other = if claims.contains_key("appid") { "https://issuer.invalid/" } else { "" };
            put(claims, "iss", other);
        }),
    ),
    of_any(
        "signature",
        "the signature belongs to another text, or to none",
        ["JWT-13", "JWT-92", "JWT-92"],
        How::Token(spoil_signature),
    ),
    of_access("alg-none", "alg is none and the signature is empty", "JWT-92", How::Unsigned("none")),
    of_any("alg-None", "alg is None, in a spelling that some libraries take", ["JWT-92"; 3], How::Unsigned("None")),
    of_access("alg-hmac", "alg is HS256, with the public key as the secret", "JWT-11", How::HmacWithThePublicKey),
    of_access(
        "kid",
        "kid is a key that nobody published",
        "JWT-12",
        How::Header(|header| put(header, "kid", "../../dev/null")),
    ),
    of_access("no-kid", "kid is missing", "JWT-12", How::Header(|header| drop(header.remove("kid")))),
    of_access(
        "jwk",
        "the header brings a key of its own",
        "JWT-92",
        How::Header(|header| {
            header.insert("jwk".to_owned(), json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" }));
        }),
    ),
    of_access(
        "jku",
        "the header says where to fetch the keys",
        "JWT-92",
        How::Header(|h| put(h, "jku", "https://keys.invalid/")),
    ),
    of_access(
        "x5u",
        "the header says where to fetch the certificate",
        "JWT-92",
        How::Header(|h| put(h, "x5u", "https://keys.invalid/")),
    ),
    of_access(
        "crit",
        "the header demands what is not understood",
        "JWT-92",
        How::Header(|header| {
            header.insert("crit".to_owned(), json!(["exp"]));
        }),
    ),
    of_any(
        "header",
        "the header has a member that its shape does not know, or another typ",
        ["JWT-10", "JWT-31", "JWT-31"],
        How::Header(|header| {
            put(header, "typ", "JOSE");
        }),
    ),
    of_any(
        "claims",
        "a claim that must be there is missing",
        ["JWT-17", "JWT-67", "JWT-46"],
        How::Claims(|claims| {
            for name in ["appid", "requesting_device", "requesting_system"] {
                claims.remove(name);
            }
        }),
    ),
    of_access("groups", "groups is missing", "JWT-19", How::Claims(|claims| drop(claims.remove("groups")))),
    of_access(
        "tenant",
        "tid is another tenant than the issuer's",
        "JWT-20",
        How::Claims(|claims| put(claims, "tid", "another-tenant")),
    ),
    of_access("version", "ver is 2.0", "JWT-22", How::Claims(|claims| put(claims, "ver", "2.0"))),
    self_made(
        "lifetime",
        "exp is iat plus 301 seconds",
        "JW2-06",
        "JWT-43",
        How::Claims(|claims| {
            let later = claims.get("exp").and_then(Value::as_i64).map(|exp| exp + 1);
            claims.insert("exp".to_owned(), later.into());
        }),
    ),
    self_made(
        "scope",
        "the scope covers no operation of booking",
        "JW2-09",
        "JWT-45",
        How::Claims(|claims| {
            let name = if claims.contains_key("scope") { "scope" } else { "requested_scope" };
            put(claims, name, "observation.write");
        }),
    ),
    self_made(
        "purpose",
        "reason_for_request is marketing",
        "JW2-08",
        "JWT-44",
        How::Claims(|c| put(c, "reason_for_request", "marketing")),
    ),
    self_made(
        "subject",
        "sub is not the person who asks",
        "JW2-04",
        "JWT-41",
        How::Claims(|claims| {
            put(claims, "sub", "somebody-else");
            if claims.contains_key("requested_scope") && !claims.contains_key("requesting_practitioner") {
                let practitioner = json!({ "resourceType": "Practitioner", "id": "1", "name": [{ "family": "Test" }] });
                claims.insert("requesting_practitioner".to_owned(), practitioner);
            }
        }),
    ),
    Breakage {
        name: "resource-type",
        words: "requesting_device is a Medication",
        requirements: [None, Some("JWT-67"), None],
        how: How::Claims(|claims| {
            drop(claims.insert("requesting_device".to_owned(), json!({ "resourceType": "Medication" })));
        }),
    },
    self_made(
        "organisation",
        "requesting_organization has no ODS code",
        "JW2-11",
        "JWT-47",
        How::Claims(|claims| match claims.get_mut("requesting_organization") {
            Some(Value::Object(organisation)) => drop(organisation.remove("identifier")),
            _ => put(claims, "requesting_organization", "nobody"),
        }),
    ),
    of_any(
        "duplicate",
        "aud stands there twice",
        ["JWT-34"; 3],
        How::Payload(|payload| payload.replacen('{', "{\"aud\":\"https://elsewhere.invalid/\",", 1)),
    ),
    of_any(
        "huge",
        "the token is longer than 16 KiB",
        ["JWT-35"; 3],
        How::Claims(|claims| {
            put(claims, "filling", &"x".repeat(LONGEST_TOKEN));
        }),
    ),
    of_any(
        "deep",
        "the claims are nested too deeply",
        ["JWT-34"; 3],
        How::Payload(|payload| {
            let levels = strict_json::DEEPEST + 1;
            payload.replacen('{', &format!("{{\"deep\":{}{},", "[".repeat(levels), "]".repeat(levels)), 1)
        }),
    ),
    of_any("padding", "the base64 is padded", ["JWT-34"; 3], How::Token(|token| token.replacen('.', "=.", 1))),
    of_any("segments", "it has four segments", ["JWT-32"; 3], How::Token(|token| format!("{token}.e30"))),
];

const fn of_any(name: &'static str, words: &'static str, each: [&'static str; 3], how: How) -> Breakage {
    Breakage { name, words, requirements: [Some(each[0]), Some(each[1]), Some(each[2])], how }
}

const fn of_access(name: &'static str, words: &'static str, requirement: &'static str, how: How) -> Breakage {
    Breakage { name, words, requirements: [Some(requirement), None, None], how }
}

const fn self_made(
    name: &'static str,
    words: &'static str,
    requirement: &'static str,
    of_spine_core: &'static str,
    how: How,
) -> Breakage {
    Breakage { name, words, requirements: [None, Some(requirement), Some(of_spine_core)], how }
}

impl Breakage {
    /// The way of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        BREAKAGES.iter().find(|breakage| breakage.name == name)
    }

    /// The requirement that a token of this shape then breaks; `None` where it cannot be broken so.
    #[must_use]
    pub fn requirement(&self, shape: Shape) -> Option<&'static str> {
        let [access, self_made, spine_core] = self.requirements;
        match shape {
            Shape::AccessToken => access,
            Shape::SelfMade => self_made,
            Shape::SpineCore => spine_core,
        }
    }

    pub(super) fn apply(&self, mut draft: Draft<'_>) -> Result<String, SigningFailed> {
        draft.claims.insert(MARK.to_owned(), self.name.into());
        match &self.how {
            How::Claims(change) => change(&mut draft.claims),
            How::Header(change) => change(&mut draft.header),
            How::Unsigned(algorithm) => {
                draft.signer = Signer::Nobody;
                draft.header = draft.signer.header();
                put(&mut draft.header, "alg", algorithm);
            }
            How::HmacWithThePublicKey => {
                let Signer::Rs256(key) = draft.signer else { return draft.finish() };
                put(&mut draft.header, "alg", "HS256");
                let secret = key.public_pem()?;
                return Draft { signer: Signer::Hs256(secret.as_bytes()), ..draft }.finish();
            }
            How::Payload(change) => {
                let (header, payload) = (Value::Object(draft.header), Value::Object(draft.claims));
                return Form::default().join(&header.to_string(), &change(&payload.to_string()), &draft.signer);
            }
            How::Token(change) => return Ok(change(&draft.finish()?)),
        }
        draft.finish()
    }
}

fn put(members: &mut Map<String, Value>, name: &str, value: &str) {
    members.insert(name.to_owned(), value.into());
}

/// Moves every time of the token by the same number of seconds.
fn shift(claims: &mut Map<String, Value>, seconds: i64) {
    for name in ["iat", "nbf", "exp"] {
        if let Some(time) = claims.get(name).and_then(Value::as_i64) {
            claims.insert(name.to_owned(), time.saturating_add(seconds).into());
        }
    }
}

/// A signature that differs in its first letter, or one where there was none.
fn spoil_signature(token: &str) -> String {
    match token.rsplit_once('.') {
        Some((signed, signature)) if !signature.is_empty() => {
            let first = if signature.starts_with('A') { 'B' } else { 'A' };
            format!("{signed}.{first}{}", &signature[1..])
        }
        _ => format!("{token}AAAA"),
    }
}

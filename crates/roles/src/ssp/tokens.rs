//! What a bearer token says, for the audit record and, where that is set, for admission (SSP-48, SSP-53, SSP-100, JWT-94,
//! JWT-95). The proxy verifies no signature: that is the Provider's business.

use std::sync::Arc;

use jiff::Timestamp;
use moka::sync::Cache;
use serde_json::{Map, Value, json};
use spine::token::Compact;
use spine::{Asid, Reason};

use crate::edge::refusal::Refusal;

/// How many tokens are remembered, so that one that comes again need not be read again.
const REMEMBERED: u64 = 10_000;
/// The claims that the audit record keeps as they are. None of them names a patient.
const KEPT_CLAIMS: [&str; 9] =
    ["iss", "sub", "aud", "iat", "exp", "reason_for_request", "requested_scope", "appid", "groups"];
/// How the older tokens name a system (JWT-46).
const SYSTEM_PREFIX: &str = "https://fhir.nhs.uk/Id/accredited-system|";

/// What a token says of itself; nothing of it is verified.
#[derive(Debug)]
pub(super) struct TokenFacts {
    /// For the audit record.
    pub(super) record: Value,
    fault: Option<String>,
    expires_at: Option<i64>,
    system: Option<String>,
}

/// Reads tokens, and remembers them by their hash.
pub(super) struct TokenReader(Cache<[u8; 32], Arc<TokenFacts>>);

impl Default for TokenReader {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl TokenReader {
    pub(super) fn read(&self, token: &str) -> Arc<TokenFacts> {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes());
        let mut key = [0; 32];
        key.copy_from_slice(digest.as_ref());
        if let Some(known) = self.0.get(&key) {
            return known;
        }
        let facts = Arc::new(TokenFacts::read(token, &hex::encode(key)));
        self.0.insert(key, facts.clone());
        facts
    }
}

impl TokenFacts {
    fn read(token: &str, sha256: &str) -> Self {
        match Compact::split(token) {
            Ok(token) => Self {
                record: record(&token, sha256),
                fault: None,
                expires_at: token.claims.get("exp").and_then(Value::as_i64),
                system: text(&token.claims, "requesting_system")
                    .map(|system| system.trim_start_matches(SYSTEM_PREFIX).to_owned()),
            },
            Err(fault) => Self {
                record: json!({ "assurance": "invalid", "sha256": sha256, "fault": fault.to_string() }),
                fault: Some(fault.to_string()),
                expires_at: None,
                system: None,
            },
        }
    }

    /// What enforcement asks of a token: that it can be read, has not expired, and names no other system than the sender.
    ///
    /// # Errors
    /// 400 when it cannot be read, 403 otherwise.
    pub(super) fn admit(&self, from: &Asid, now: Timestamp) -> Result<(), Refusal> {
        if let Some(fault) = &self.fault {
            return Err(Refusal::new(Reason::TokenMalformedAtProxy, fault.clone()));
        }
        if self.expires_at.is_none_or(|expires_at| expires_at <= now.as_second()) {
            return Err(Refusal::new(Reason::TokenRefusedAtProxy, "its exp is past or missing (JWT-63)"));
        }
        match &self.system {
            Some(system) if system != from.as_str() => {
                let what = "its requesting_system names another ASID than Ssp-From (JWT-94)";
                Err(Refusal::new(Reason::TokenRefusedAtProxy, what))
            }
            _ => Ok(()),
        }
    }
}

fn record(token: &Compact<'_>, sha256: &str) -> Value {
    let mut record = Map::new();
    let assurance = if token.signature.is_empty() { "unsigned" } else { "signed" };
    record.insert("assurance".into(), assurance.into());
    record.insert("sha256".into(), sha256.into());
    record.insert("alg".into(), token.algorithm().into());
    record.insert("kid".into(), token.key_id().into());
    for name in KEPT_CLAIMS {
        if let Some(value) = token.claims.get(name) {
            record.insert(name.into(), value.clone());
        }
    }
    let ods = identifier(token.claims.get("requesting_organization"), "ods-organization-code");
    record.insert("organisation".into(), ods.or_else(|| text(&token.claims, "requesting_organization")).into());
    let practitioner = token.claims.get("requesting_practitioner");
    record.insert("user".into(), identifier(practitioner, "sds-user-id").into());
    record.insert("role".into(), identifier(practitioner, "sds-role-profile-id").into());
    Value::Object(record)
}

fn text(claims: &Map<String, Value>, name: &str) -> Option<String> {
    claims.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// The value of a claim's identifier whose system ends in `/{kind}`.
fn identifier(resource: Option<&Value>, kind: &str) -> Option<String> {
    let identifiers = resource?.get("identifier")?.as_array()?;
    let found = identifiers.iter().find(|identifier| {
        let system = identifier.get("system").and_then(Value::as_str).unwrap_or_default();
        system.rsplit('/').next() == Some(kind)
    });
    found?.get("value")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn token(claims: &Value) -> String {
        format!("{}.{}.", URL_SAFE_NO_PAD.encode("{\"alg\":\"none\"}"), URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    fn claims() -> Value {
        json!({
            "iss": "https://c.test", "sub": "10019", "exp": 1_795_424_500,
            "requesting_organization": { "identifier": [
                { "system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "A91342" } ] },
            "requesting_practitioner": { "name": [{ "family": "Jones" }], "identifier": [
                { "system": "https://fhir.nhs.uk/Id/sds-role-profile-id", "value": "111122223333" } ] },
            "requesting_patient": "https://fhir.nhs.net/Id/nhs-number|9476719931",
        })
    }

    // covers: SSP-53, SSP-100, JWT-95
    #[test]
    fn the_record_keeps_who_and_why_and_neither_token_nor_patient() {
        let token = token(&claims());
        let facts = TokenReader::default().read(&token);
        assert_eq!(facts.record["assurance"], "unsigned");
        assert_eq!(facts.record["organisation"], "A91342");
        assert_eq!(facts.record["role"], "111122223333");
        let record = facts.record.to_string();
        for absent in [token.as_str(), "9476719931", "Jones"] {
            assert!(!record.contains(absent), "{record}");
        }
    }

    // covers: SSP-48, JWT-94
    #[test]
    fn enforcement_refuses_what_cannot_be_read_is_past_or_names_another_system() {
        let reader = TokenReader::default();
        let from = Asid::parse("200000000359").unwrap();
        let admit = |token: &str, second: i64| {
            let now = Timestamp::from_second(second).unwrap();
            reader.read(token).admit(&from, now).map_err(|refusal| refusal.reason)
        };
        assert_eq!(admit(&token(&claims()), 1_795_424_499), Ok(()));
        assert_eq!(admit(&token(&claims()), 1_795_424_500), Err(Reason::TokenRefusedAtProxy));
        assert_eq!(admit("a.b", 0), Err(Reason::TokenMalformedAtProxy));
        for (asid, verdict) in [("200000000359", Ok(())), ("200000000360", Err(Reason::TokenRefusedAtProxy))] {
            let claims = json!({ "exp": 10, "requesting_system": format!("{SYSTEM_PREFIX}{asid}") });
            assert_eq!(admit(&token(&claims), 5), verdict);
        }
    }
}

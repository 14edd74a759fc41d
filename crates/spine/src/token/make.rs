//! Making the Consumer's own unsigned token (JW2-01, JWT-31, JWT-32).

use super::claims::SelfMadeClaims;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// The compact unsigned token of these claims: header exactly `{"alg":"none","typ":"JWT"}`, and a dot at the end.
#[must_use]
pub fn unsigned(claims: &SelfMadeClaims) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let payload = URL_SAFE_NO_PAD.encode(Value::Object(claims.to_json()).to_string());
    format!("{header}.{payload}.")
}

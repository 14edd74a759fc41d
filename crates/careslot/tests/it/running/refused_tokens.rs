//! Tokens that are refused by Provider and Registry, made with the demo's own signing key where that takes one.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use spine::token::SigningKey;

use super::Demo;
use super::curl::{ThroughTheSsp, curl};

/// A good token's header and claims, to be spoilt.
struct Good {
    header: Value,
    claims: Map<String, Value>,
    text: String,
    key: SigningKey,
}

impl Good {
    fn of(demo: &Demo, root: &str) -> Self {
        let text = demo.token(root);
        let decoded = demo.json(&format!("jwt decode {text} --json"));
        let claims = decoded["claims"].as_object().unwrap().clone();
        let pem = fs::read_to_string(demo.file("/token/signing_key")).unwrap();
        Self { header: decoded["header"].clone(), claims, text, key: SigningKey::from_pkcs8_pem(&pem).unwrap() }
    }

    fn signed(&self, spoil: impl FnOnce(&mut Map<String, Value>)) -> String {
        let mut claims = self.claims.clone();
        spoil(&mut claims);
        self.key.sign_with_header(&self.header, &claims).unwrap()
    }

    /// The same claims under another `alg`, with whatever stands for a signature.
    fn under(&self, algorithm: &str, signature: &str) -> String {
        let header = json!({"alg": algorithm, "typ": "JWT"}).to_string();
        let claims = Value::Object(self.claims.clone()).to_string();
        format!("{}.{}.{signature}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    }

    fn tampered(&self) -> String {
        let (signed, signature) = self.text.rsplit_once('.').unwrap();
        let first = if signature.starts_with('A') { 'B' } else { 'A' };
        format!("{signed}.{first}{}", &signature[1..])
    }
}

/// Each wrong token with the rule that it breaks.
fn wrong_tokens(demo: &Demo, root: &str, elsewhere: &str) -> Vec<(&'static str, String, &'static str)> {
    let good = Good::of(demo, root);
    let hs256 = {
        let unsigned = good.under("HS256", "");
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"public key as a secret");
        let tag = aws_lc_rs::hmac::sign(&key, unsigned.trim_end_matches('.').as_bytes());
        format!("{unsigned}{}", URL_SAFE_NO_PAD.encode(tag))
    };
    vec![
        ("wrong audience", demo.token(elsewhere), "JWT-15"),
        ("expired", good.signed(|claims| drop(claims.insert("exp".into(), json!(1_700_000_000)))), "JWT-16"),
        ("wrong issuer", good.signed(|claims| drop(claims.insert("iss".into(), json!("https://x/")))), "JWT-14"),
        ("wrong signature", good.tampered(), "JWT-13"),
        ("alg none", good.under("none", ""), "JWT-91"),
        ("alg HS256", hs256, "JWT-11"),
        ("no token at all", "abc".to_owned(), "JWT-34"),
    ]
}

// covers: JWT-11, JWT-13, JWT-14, JWT-15, JWT-16, JWT-34, JWT-91
#[test]
fn the_provider_refuses_wrong_tokens_behind_the_proxy() {
    let demo = Demo::shared();
    let (root, registry) = (demo.text("/provider/endpoint"), demo.text("/registry/endpoint"));
    for (what, token, rule) in wrong_tokens(demo, &root, &registry) {
        let call = ThroughTheSsp { token: Some(token), ..ThroughTheSsp::new(demo, "read:metadata") };
        call.call("metadata", &[]).is_refused(403, rule, what);
    }
}

// covers: JWT-11, JWT-13, JWT-14, JWT-15, JWT-16, JWT-34, JWT-91
#[test]
fn the_registry_refuses_wrong_tokens() {
    let demo = Demo::shared();
    let (root, provider) = (demo.text("/registry/endpoint"), demo.text("/provider/endpoint"));
    for (what, token, rule) in wrong_tokens(demo, &root, &provider) {
        let bearer = format!("Authorization: Bearer {token}");
        curl(demo, Some("/consumer"), &format!("{root}/metadata"), &["-H", &bearer]).is_refused(403, rule, what);
    }
}

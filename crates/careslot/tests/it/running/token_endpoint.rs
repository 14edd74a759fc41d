//! The token endpoint's refusals, in the form of RFC 6749 §5.2.

use std::fs;

use super::Demo;
use super::curl::{ThroughTheSsp, curl};

// covers: TOK-02, TOK-05, TOK-06
#[test]
fn the_token_endpoint_answers_as_rfc_6749_says() {
    let demo = Demo::shared();
    let secret = fs::read_to_string(demo.file("/consumer/client_secret_file")).unwrap();
    let (client, secret) = (demo.text("/consumer/client_id"), secret.trim());
    let scope = format!("{}/.default", demo.text("/provider/endpoint"));
    let ask = |fields: &[(&str, &str)]| {
        let written: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let words: Vec<&str> = written.iter().flat_map(|field| ["--data-urlencode", field.as_str()]).collect();
        curl(demo, None, &demo.text("/token/endpoint"), &words)
    };
    let good = [
        ("client_id", client.as_str()),
        ("client_secret", secret),
        ("grant_type", "client_credentials"),
        ("scope", &scope),
    ];
    let answer = ask(&good);
    assert_eq!((answer.status, answer.body()["token_type"].clone()), (200, "Bearer".into()));
    assert!(answer.header("Cache-Control").is_some_and(|value| value.contains("no-store")), "{answer:?}");
    let with =
        |name: &str, value: &'static str| good.map(|(each, given)| (each, if each == name { value } else { given }));
    for (fields, status, error) in [
        (with("client_secret", "wrong"), 401, "invalid_client"),
        (with("client_id", "nobody"), 401, "invalid_client"),
        (with("grant_type", "password"), 400, "unsupported_grant_type"),
        (with("scope", "https://elsewhere.test/.default"), 400, "invalid_scope"),
        (with("grant_type", ""), 400, "invalid_request"),
    ] {
        let answer = ask(&fields);
        assert_eq!(answer.status, status, "{error}: {answer:?}");
        let body = answer.body();
        assert_eq!(body["error"], error, "{body}");
        assert!(body["error_description"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    }
    let answer = curl(demo, None, &demo.text("/token/endpoint"), &[]);
    assert_eq!(answer.status, 405, "a GET: {answer:?}");
}

// covers: TOK-08, JWT-12
#[test]
fn a_new_signing_key_takes_over_while_everything_runs() {
    let demo = Demo::start(&[], &[("CARESLOT_TLS__RELOAD_SECONDS", "1")]);
    let root = demo.text("/provider/endpoint");
    let key_of = |token: &str| demo.json(&format!("jwt decode {token} --json"))["header"]["kid"].clone();
    let status = |token: &str| {
        let (from, token) = (demo.text("/consumer/asid"), Some(token.to_owned()));
        let call = ThroughTheSsp { demo: &demo, shown: Some("/consumer"), from, interaction: "read:metadata", token };
        call.call("metadata", &[]).status
    };
    let old = demo.token(&root);
    assert_eq!(status(&old), 200);
    let made = demo.careslot("jwt keys --out next.key");
    let next: serde_json::Value = serde_json::from_str(&made.stdout).unwrap();
    fs::copy(demo.folder.join("next.key"), demo.file("/token/signing_key")).unwrap();
    // Each attempt is a process of its own: a second for the key to be read, ten until the Provider reads the set again early.
    let new = (0..200).map(|_| demo.token(&root)).find(|token| key_of(token) == next["keys"][0]["kid"]);
    let new = new.expect("the endpoint signs with the new key");
    assert!((0..500).any(|_| status(&new) == 200), "the Provider reads the keys early for it");
    assert_eq!(status(&old), 403, "what was remembered is forgotten with its key");
}

//! `careslot jwt` as a process: tokens judged against the demo, made for it, and broken on purpose.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use super::Demo;

/// The requirements that `jwt check` names, and whether it calls the token valid.
fn checked(demo: &Demo, token: &str, more: &str) -> (bool, Vec<String>) {
    let mut words = vec!["jwt", "check", "--json"];
    words.extend(more.split_whitespace());
    let seen = demo.careslot_with(&words, token);
    let told: Value = serde_json::from_str(&seen.stdout).unwrap_or_else(|error| panic!("{error}: {seen:?}"));
    let valid = told["valid"].as_bool().unwrap();
    assert_eq!(seen.exit, i32::from(!valid), "{seen:?}");
    let failures = told["failures"].as_array().unwrap().iter();
    (valid, failures.map(|failure| failure["requirement"].as_str().unwrap().to_owned()).collect())
}

fn made(demo: &Demo, line: &str) -> String {
    let seen = demo.careslot(&format!("jwt make {line}"));
    assert_eq!(seen.exit, 0, "{line}: {seen:?}");
    seen.stdout.trim_end().to_owned()
}

// covers: UTL-05, UTL-06, JWT-12, JWT-13, JWT-15
#[test]
fn a_token_is_judged_against_the_running_network() {
    let demo = Demo::shared();
    let token = demo.token(&demo.text("/provider/endpoint"));
    for operation in ["", "metadata", "slots", "book", "get", "cancel", "appointments"] {
        let flag = if operation.is_empty() { String::new() } else { format!("--operation {operation}") };
        assert_eq!(checked(demo, &format!("Bearer {token}\n"), &flag), (true, vec![]), "{operation}");
    }
    let (_, failures) = checked(demo, &token, "--at 2099-01-01 --issuer https://other/ --audience https://other.test");
    assert_eq!(failures, ["JWT-14", "JWT-15", "JWT-16", "JWT-20"]);
    assert_eq!(checked(demo, "abc", "").1, ["JWT-32"]);
    let pem = demo.file("/token/signing_key");
    let set = demo.careslot(&format!("jwt keys {}", pem.display()));
    fs::write(demo.folder.join("own.jwks"), &set.stdout).unwrap();
    for key in ["--jwks own.jwks".to_owned(), format!("--key {}", pem.display())] {
        assert!(checked(demo, &token, &key).0, "{key}");
    }
    assert_eq!(checked(demo, &token, &format!("--key {}", demo.file("/ca").display())).1, ["JWT-13"]);
    let seen = demo.careslot(&format!("jwt check {token} --jwks http://127.0.0.1:9/jwks"));
    assert_eq!((seen.exit, seen.stderr.contains("https only")), (2, true), "{seen:?}");
    let seen = demo.careslot(&format!("jwt check {token} --jwks https://localhost:9/jwks"));
    assert_eq!(seen.exit, 3, "{seen:?}");
}

// covers: UTL-05
#[test]
fn every_failing_rule_is_told_with_what_to_do() {
    let demo = Demo::shared();
    let token = made(demo, "access --break expired --claim aud=notanendpoint");
    let seen = demo.careslot(&format!("jwt check {token} --operation book"));
    assert_eq!(seen.exit, 1, "{seen:?}");
    for expected in ["JWT-15  aud must be", "JWT-16  the token expired at"] {
        assert!(seen.stdout.contains(expected), "{seen:?}");
    }
    for expected in
        ["error: the token breaks 2 rules", "a Provider answers 403", "Get a token whose scope is this endpoint"]
    {
        assert!(seen.stderr.contains(expected), "{seen:?}");
    }
}

// covers: UTL-01, UTL-02, UTL-04, JW2-01, JW2-03, JWT-33, JWT-50, JW2-19
#[test]
fn a_token_of_each_shape_is_made_from_its_template() {
    let demo = Demo::shared();
    assert_eq!(checked(demo, &made(demo, "access"), "--operation book"), (true, vec![]));
    for (template, operation) in [
        ("metadata", "metadata"),
        ("slot-search", "slots"),
        ("slot-search-without-practitioner", "slots"),
        ("book", "book"),
        ("cancel", "cancel"),
        ("read-appointment", "get"),
        ("patient-search", "appointments"),
    ] {
        let token = made(demo, template);
        // The pack's own form of the header's value: two segments of base64url and a dot.
        let segments: Vec<&str> = token.split('.').collect();
        let [header, claims, ""] = segments.as_slice() else { panic!("{token}") };
        let letters = |text: &str| text.chars().all(|each| each.is_ascii_alphanumeric() || each == '-' || each == '_');
        assert!(letters(header) && letters(claims), "{token}");
        let flags = format!("--dialect 2.0.4 --operation {operation}");
        assert_eq!(checked(demo, &token, &flags), (true, vec![]), "{template}");
        let issuer = demo.json(&format!("jwt decode {token} --json"))["claims"]["iss"].clone();
        assert!(issuer.as_str().is_some_and(|issuer| issuer.starts_with("https://")), "{issuer}");
        assert_eq!(checked(demo, &token, "--dialect 1.0.4").1, ["JWT-91"], "{template}");
        assert_eq!(checked(demo, &token, "--dialect 2.0.4 --direct").1, ["JWT-91"], "{template}");
    }
    let registry = format!("book --audience {}", demo.text("/registry/endpoint"));
    assert_eq!(checked(demo, &made(demo, &registry), "--dialect 2.0.4").1, ["JWT-91"], "the Registry takes none");
    let older = made(demo, r#"spine-core --claim act={"sub":"https://fhir.nhs.uk/Id/nhs-number"}"#);
    assert_eq!(checked(demo, &older, "--dialect 2.0.4 --operation slots").1, ["JW2-19"]);
    let told = demo.careslot(&format!("jwt decode {older}"));
    for expected in ["Claims: Spine Core token", "whom the patient lets act", "the system that asks: its ASID"] {
        assert!(told.stdout.contains(expected), "{told:?}");
    }
}

// covers: UTL-02, UTL-05
#[test]
fn a_token_that_is_broken_on_purpose_is_marked_and_refused() {
    let demo = Demo::shared();
    for (template, way, rule) in [
        ("access", "expired", "JWT-16"),
        ("access", "not-yet", "JWT-16"),
        ("access", "aud", "JWT-15"),
        ("access", "issuer", "JWT-14"),
        ("access", "signature", "JWT-13"),
        ("access", "alg-none", "JWT-92"),
        ("access", "alg-hmac", "JWT-11"),
        ("access", "kid", "JWT-12"),
        ("access", "claims", "JWT-17"),
        ("book", "lifetime", "JW2-06"),
        ("book", "scope", "JW2-09"),
        ("book", "aud", "JWT-62"),
    ] {
        let seen = demo.careslot(&format!("jwt make {template} --break {way}"));
        assert!(seen.stderr.contains("broken on purpose"), "{seen:?}");
        let token = seen.stdout.trim_end();
        assert!(checked(demo, token, "--dialect 2.0.4 --operation book").1.contains(&rule.to_owned()), "{way}");
        let claims = demo.json(&format!("jwt decode {token} --json"))["claims"].clone();
        assert_eq!(claims["broken_on_purpose"], way);
    }
    for (line, told) in [
        ("book --break not-yet", "--break not-yet is no fault of a token made by the Consumer"),
        ("book --break kindly", "choose one of expired, not-yet, aud"),
        ("nothing-like-it", "is no template"),
        ("access --key none.pem", "cannot be read"),
    ] {
        let seen = demo.careslot(&format!("jwt make {line}"));
        assert_eq!((seen.exit, seen.stderr.contains(told)), (2, true), "{seen:?}");
    }
    let list = demo.careslot("jwt make --list");
    assert!(list.stdout.contains("slot-search-without-practitioner") && list.stdout.contains("alg-hmac"), "{list:?}");
}

// covers: UTL-03
#[test]
fn a_template_of_ones_own_is_filled_in_and_signed_in_each_way() {
    let demo = Demo::shared();
    let template = r#"{"sub":"__PRACTITIONER_ID__","aud":"__NHS_NUMBER__","iat":__CURRENT_UTC__,
        "exp":__CURRENT_UTC_PLUS_5_MIN__,"jti":"__GUID__","requested_scope":"__SCOPE__"}"#;
    fs::write(demo.folder.join("template.json"), template).unwrap();
    fs::write(demo.folder.join("shared.secret"), "a secret that both have\n").unwrap();
    let flags = "template.json --practitioner-id p1 --nhs-number https://provider.test --substitute __SCOPE__=x.read";
    for (more, algorithm, segments) in [
        ("", "none", 3),
        ("--secret-file shared.secret", "HS256", 3),
        ("--alg rs512", "RS512", 3),
        ("--alg RS256", "RS256", 3),
        ("--alg none --payloads 2", "none", 4),
        ("--alg none --payloads 0", "none", 2),
    ] {
        let token = made(demo, &format!("{flags} {more}"));
        assert_eq!(token.split('.').count(), segments, "{token}");
        if segments != 3 {
            continue;
        }
        let decoded = demo.json(&format!("jwt decode {token} --json"));
        assert_eq!(decoded["header"]["alg"], algorithm);
        let claims = &decoded["claims"];
        assert_eq!(
            (&claims["sub"], &claims["aud"], &claims["requested_scope"]),
            (&"p1".into(), &"https://provider.test".into(), &"x.read".into())
        );
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
        assert_eq!(claims["jti"].as_str().unwrap().len(), 36);
    }
    let plain = made(demo, &format!("{flags} --plain-base64 --secret-file shared.secret"));
    let key = jsonwebtoken::DecodingKey::from_secret(b"a secret that both have");
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
    rules.set_audience(&["https://provider.test"]);
    let usual = made(demo, &format!("{flags} --secret-file shared.secret"));
    assert!(jsonwebtoken::decode::<Value>(&usual, &key, &rules).is_ok(), "an independent library verifies it");
    assert!(jsonwebtoken::decode::<Value>(&plain, &key, &rules).is_err(), "base64 with padding is none: {plain}");
}

// covers: TOK-08
#[test]
fn a_key_pair_is_made_for_its_owner_alone_and_published_as_a_set() {
    let demo = Demo::shared();
    let seen = demo.careslot("jwt keys --out next.key");
    assert_eq!(seen.exit, 0, "{seen:?}");
    let mode = fs::metadata(demo.folder.join("next.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!seen.stdout.contains("PRIVATE") && !seen.stdout.contains("\"d\""), "{seen:?}");
    fs::write(demo.folder.join("next.jwks"), &seen.stdout).unwrap();
    let next: Value = serde_json::from_str(&seen.stdout).unwrap();
    let both = demo.json(&format!("jwt keys {} next.jwks next.key", demo.file("/token/signing_key").display()));
    assert_eq!(both["keys"].as_array().map(Vec::len), Some(2), "the same key counts once");
    assert_eq!(both["keys"][1], next["keys"][0]);
    let token = made(demo, "access --key next.key");
    assert!(checked(demo, &token, "--jwks next.jwks").0);
    assert_eq!(checked(demo, &token, "").1, ["JWT-12"], "the demo does not publish it");
    let again = demo.careslot("jwt keys --out next.key");
    assert_eq!((again.exit, again.stdout.as_str()), (2, ""), "nothing is written over: {again:?}");
}

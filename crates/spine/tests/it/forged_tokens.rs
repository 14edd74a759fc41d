//! Tokens that must not be believed: forged, incomplete, for somebody else, or over the limits.

use crate::made_tokens::unsigned_json;
use crate::tokens::{access_claims, broken, dialects, expected, faults, issuer, other_key, self_made_claims};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use spine::Reason;
use spine::dialect::{DIALECT_1_0_4, DIALECT_2_0_4};
use spine::token::{KeySet, unsigned};

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn good() -> String {
    issuer().key.sign(&access_claims().to_json()).unwrap()
}

fn under(header: &Value) -> String {
    issuer().key.sign_with_header(header, &access_claims().to_json()).unwrap()
}

// covers: JWT-11, JWT-92, JW1-02, X-01
#[test]
fn no_trick_with_the_algorithm_or_the_key_is_believed() {
    let kid = issuer().key.key_id();
    let [header, payload, signature] = good().split('.').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
    let relabelled =
        |alg: &str| format!("{}.{payload}.{signature}", encode(&json!({ "typ": "JWT", "alg": alg, "kid": kid })));
    let hmac_key = issuer().keys.keys()[0].to_jwk()["n"].as_str().unwrap().to_owned();
    let hmac_text = format!("{}.{payload}", encode(&json!({ "typ": "JWT", "alg": "HS256", "kid": kid })));
    let hmac = aws_lc_rs::hmac::sign(
        &aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, hmac_key.as_bytes()),
        hmac_text.as_bytes(),
    );
    let cases = [
        (relabelled("none"), Reason::TokenAlgorithmRefused),
        (relabelled("None"), Reason::TokenAlgorithmRefused),
        (relabelled("NONE"), Reason::TokenAlgorithmRefused),
        (relabelled("RS512"), Reason::TokenAlgorithmRefused),
        (relabelled("PS256"), Reason::TokenAlgorithmRefused),
        (relabelled("rs256"), Reason::TokenAlgorithmRefused),
        (relabelled(""), Reason::TokenAlgorithmRefused),
        (format!("{hmac_text}.{}", URL_SAFE_NO_PAD.encode(hmac)), Reason::TokenAlgorithmRefused),
        (format!("{header}.{payload}."), Reason::TokenSignatureInvalid),
        (format!("{header}.{}.{signature}", encode(&json!({}))), Reason::TokenSignatureInvalid),
        (format!("{header}.{payload}.{}", URL_SAFE_NO_PAD.encode([0; 256])), Reason::TokenSignatureInvalid),
        (other_key().sign(&access_claims().to_json()).unwrap(), Reason::TokenKeyUnknown),
        (
            other_key().sign_with_header(&json!({"alg": "RS256", "kid": kid}), &access_claims().to_json()).unwrap(),
            Reason::TokenSignatureInvalid,
        ),
        (under(&json!({"alg": "RS256"})), Reason::TokenKeyUnknown),
        (under(&json!({"alg": "RS256", "kid": 7})), Reason::TokenKeyUnknown),
        (under(&json!({"alg": "RS256", "kid": "../../etc/passwd"})), Reason::TokenKeyUnknown),
        (under(&json!({"alg": "RS256", "kid": kid, "crit": ["exp"]})), Reason::TokenAlgorithmRefused),
        (under(&json!({"alg": "RS256", "kid": kid, "jku": "https://evil.test/"})), Reason::TokenAlgorithmRefused),
        (
            under(&json!({"alg": "RS256", "kid": kid, "jwk": issuer().keys.keys()[0].to_jwk()})),
            Reason::TokenAlgorithmRefused,
        ),
        (under(&json!({"alg": "RS256", "kid": kid, "typ": "JOSE"})), Reason::TokenMalformed),
        (under(&json!({"alg": ["RS256"], "kid": kid})), Reason::TokenAlgorithmRefused),
    ];
    for dialect in dialects() {
        for (index, (token, reason)) in cases.iter().enumerate() {
            let faults = faults(token, &expected(dialect));
            assert!(faults.iter().any(|fault| fault.reason == *reason), "case {index}: {faults:?}");
            assert_eq!(faults[0].reason.refused(dialect).status, 403, "case {index}");
        }
    }
}

// covers: JWT-10, JWT-14, JWT-17, JWT-19, JWT-20, JWT-22, JWT-34, UTL-05
#[test]
fn each_claim_of_an_access_token_is_needed_in_its_form() {
    type Change = fn(&mut Map<String, Value>);
    let set = |change: Change| {
        let mut claims = access_claims().to_json();
        change(&mut claims);
        broken(&issuer().key.sign(&claims).unwrap())
    };
    let cases: &[(Change, &[&str])] = &[
        (|c| drop(c.remove("iss")), &["JWT-14"]),
        (|c| drop(c.insert("iss".into(), "https://sts.example/tenant".into())), &["JWT-14"]),
        (|c| drop(c.insert("iss".into(), Value::Null)), &["JWT-14"]),
        (|c| drop(c.remove("aud")), &["JWT-15"]),
        (|c| drop(c.remove("exp")), &["JWT-16"]),
        (|c| drop(c.insert("exp".into(), "1561975500".into())), &["JWT-16"]),
        (|c| drop(c.insert("exp".into(), json!(1_561_975_500.5))), &["JWT-16"]),
        (|c| drop(c.insert("exp".into(), json!(-1))), &["JWT-16"]),
        (|c| drop(c.insert("exp".into(), json!(i64::MAX))), &["JWT-16"]),
        (|c| drop(c.remove("appid")), &["JWT-17"]),
        (|c| drop(c.remove("groups")), &["JWT-19"]),
        (|c| drop(c.insert("groups".into(), "guid-create".into())), &["JWT-19"]),
        (|c| drop(c.insert("groups".into(), json!([]))), &["JW1-04"]),
        (|c| drop(c.insert("groups".into(), json!(["guid-read"]))), &["JW1-04"]),
        (|c| drop(c.insert("tid".into(), "other".into())), &["JWT-20"]),
        (|c| drop(c.insert("ver".into(), "2.0".into())), &["JWT-22"]),
        (
            |c| {
                c.remove("appid");
                c.insert("aud".into(), "notanendpoint".into());
                c.insert("iss".into(), "x".into());
            },
            &["JWT-14", "JWT-15", "JWT-17"],
        ),
        (|c| drop(c.insert("unknown".into(), json!({"x": 1}))), &[]),
    ];
    for (index, (change, requirements)) in cases.iter().enumerate() {
        assert_eq!(set(*change), *requirements, "case {index}");
    }
}

// covers: JWT-60, JWT-61, JWT-62, JWT-65, JWT-66, JWT-67, JWT-68, JWT-70, JWT-92, JW2-02, JW2-04, JW2-08, JW2-10, JW2-11
#[test]
fn each_claim_of_a_self_made_token_is_needed_in_its_form() {
    type Change = fn(&mut Map<String, Value>);
    let set = |change: Change| {
        let mut claims = self_made_claims().to_json();
        change(&mut claims);
        broken(&unsigned_json(&claims))
    };
    let cases: &[(Change, &[&str])] = &[
        (|c| drop(c.remove("iss")), &["JWT-60"]),
        (|c| drop(c.insert("iss".into(), "".into())), &["JWT-60"]),
        (|c| drop(c.remove("sub")), &["JWT-61"]),
        (|c| drop(c.insert("sub".into(), "10020".into())), &["JW2-04"]),
        (|c| drop(c.insert("aud".into(), "notanendpoint".into())), &["JWT-62"]),
        (|c| drop(c.remove("exp")), &["JWT-63"]),
        (|c| drop(c.remove("iat")), &["JWT-64"]),
        (|c| drop(c.remove("reason_for_request")), &["JWT-65"]),
        (|c| drop(c.insert("reason_for_request".into(), "secondaryuses".into())), &["JW2-08"]),
        (|c| drop(c.remove("requested_scope")), &["JWT-66"]),
        (|c| drop(c.insert("requested_scope".into(), "organization/slot.read".into())), &["JW2-09"]),
        (|c| drop(c.insert("requested_scope".into(), "patient/*.write".into())), &["JW2-09"]),
        (|c| drop(c.insert("requested_scope".into(), "x patient/appointment.write".into())), &[]),
        (|c| drop(c.remove("requesting_device")), &["JWT-67"]),
        (|c| drop(c.insert("requesting_device".into(), json!({"resourceType": "Medication"}))), &["JWT-67"]),
        (|c| drop(c.insert("requesting_device".into(), json!({"resourceType": "Device", "model": "x"}))), &["JW2-10"]),
        (|c| drop(c.remove("requesting_organization")), &["JWT-68"]),
        (|c| c["requesting_organization"]["identifier"][0]["system"] = "https://x".into(), &["JW2-11"]),
        (
            |c| {
                c["requesting_organization"]["identifier"][0]["system"] =
                    "http://fhir.nhs.net/Id/ods-organization-code".into();
            },
            &[],
        ),
        (|c| c["requesting_practitioner"]["resourceType"] = "Patient".into(), &["JWT-69"]),
        (|c| drop(c["requesting_practitioner"].as_object_mut().unwrap().remove("name")), &["JW2-12"]),
        (|c| drop(c["requesting_practitioner"].as_object_mut().unwrap().remove("identifier")), &[]),
        (|c| drop(c.insert("requested_record".into(), json!({"resourceType": "Patient"}))), &[]),
        (|c| drop(c.insert("groups".into(), json!(["guid-create"]))), &["JWT-92"]),
        (|c| drop(c.insert("appid".into(), "x".into())), &["JWT-92"]),
    ];
    for (index, (change, requirements)) in cases.iter().enumerate() {
        assert_eq!(set(*change), *requirements, "case {index}");
    }
}

// covers: JWT-31, JWT-92, JW2-19
#[test]
fn an_unsigned_token_of_another_form_or_shape_is_refused() {
    let good = unsigned(&self_made_claims());
    let payload = good.split('.').nth(1).unwrap();
    let header = |value: Value| format!("{}.{payload}.", encode(&value));
    assert_eq!(broken(&header(json!({"alg": "none"}))), ["JWT-31"]);
    assert_eq!(broken(&header(json!({"alg": "none", "typ": "JWT", "kid": "x"}))), ["JWT-31"]);
    assert_eq!(broken(&header(json!({"alg": "None", "typ": "JWT"}))), ["JWT-92"]);
    assert_eq!(broken(&format!("{good}AAAA")), ["JWT-92"]);
    let spine_core = json!({"iss": "x", "sub": "y", "scope": "patient/*.write", "requesting_system": "x|1", "reason_for_request": "directcare"});
    assert!(broken(&unsigned_json(spine_core.as_object().unwrap())).contains(&"JW2-19"));
}

// covers: AUD-09, ERR-07
#[test]
fn a_fault_never_repeats_a_name_or_the_token() {
    let mut claims = self_made_claims().to_json();
    claims.insert("sub".into(), "someone-else".into());
    claims["requesting_practitioner"]["resourceType"] = "Nobody".into();
    let token = unsigned_json(&claims);
    for fault in faults(&token, &expected(&DIALECT_1_0_4)) {
        let text = fault.to_string();
        assert!(!text.contains("Caller") && !text.contains("someone-else") && !text.contains(&token), "{text}");
    }
    let debug = format!("{:?}", spine::token::check(&unsigned(&self_made_claims()), &expected(&DIALECT_2_0_4)));
    assert!(!debug.contains("Caller"), "{debug}");
}

// covers: TOK-08, JWT-12
#[test]
fn a_broken_or_weak_key_set_is_refused_and_keys_for_other_uses_passed_over() {
    let jwk = issuer().keys.keys()[0].to_jwk();
    let set = |keys: Vec<Value>| KeySet::from_jwks(json!({ "keys": keys }).to_string().as_bytes());
    let with = |name: &str, value: Value| {
        let mut changed = jwk.clone();
        changed[name] = value;
        changed
    };
    assert_eq!(set(vec![with("kty", json!("EC")), with("use", json!("enc")), jwk.clone()]).unwrap().keys().len(), 1);
    let short = URL_SAFE_NO_PAD.encode([0xc1; 128]);
    for keys in [
        vec![],
        vec![with("kid", json!(""))],
        vec![with("alg", json!("HS256"))],
        vec![with("n", json!(short))],
        vec![with("n", json!("!"))],
        vec![with("e", json!("AQ"))],
        vec![with("e", json!(""))],
        vec![jwk.clone(), jwk.clone()],
        vec![jwk.clone(); 33],
    ] {
        assert!(set(keys.clone()).is_err(), "{keys:?}");
    }
    for document in ["", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[],\"keys\":[]}"] {
        assert!(KeySet::from_jwks(document.as_bytes()).is_err(), "{document}");
    }
    assert!(KeySet::from_jwks(&vec![b' '; spine::token::LONGEST_JWKS + 1]).is_err());
}

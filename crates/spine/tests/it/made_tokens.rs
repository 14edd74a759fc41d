//! Tokens as they should be: made, checked, and what they allow.

use crate::tokens::{ENDPOINT, NOW, access_claims, broken, dialects, expected, faults, issuer, self_made_claims};
use serde_json::{Map, Value, json};
use spine::dialect::{DIALECT_1_0_4, DIALECT_2_0_4};
use spine::interaction::Group;
use spine::token::{AcceptUnsigned, Assurance, Claims, Compact, KeySet, Shape, SigningKey, check, unsigned};
use spine::{Operation, Reason};

// covers: JW1-02, JW1-03, TOK-08, JWT-11, JWT-12, JWT-13
#[test]
fn a_signed_token_of_the_issuer_is_believed_in_both_dialects() {
    let token = issuer().key.sign(&access_claims().to_json()).unwrap();
    for dialect in dialects() {
        let checked = check(&token, &expected(dialect)).unwrap();
        assert_eq!(checked.claims, Claims::Access(access_claims()));
        assert_eq!(checked.groups, Group::ALL);
        assert_eq!(checked.assurance(), Assurance::Signed);
        assert_eq!(checked.key_id.as_deref(), Some(issuer().key.key_id()));
    }
}

// covers: JW2-01, JW2-02, JW2-12, JWT-31, JWT-69
#[test]
fn a_self_made_token_is_believed_with_and_without_a_practitioner() {
    let with = self_made_claims();
    let mut without = self_made_claims();
    without.practitioner = None;
    for claims in [with, without] {
        let token = unsigned(&claims);
        assert!(token.ends_with('.') && !token.contains('='));
        let checked = check(&token, &expected(&DIALECT_2_0_4)).unwrap();
        let mut read = claims.clone();
        if let Some(practitioner) = &mut read.practitioner {
            practitioner.sds_user = Some("UNK".to_owned());
            practitioner.sds_role_profile = Some("UNK".to_owned());
        }
        assert_eq!(checked.claims, Claims::SelfMade(Box::new(read)));
        assert_eq!(checked.assurance(), Assurance::Unsigned);
        assert_eq!(checked.organisation().unwrap().as_str(), "A1001");
    }
}

// covers: JWT-91, X-01
#[test]
fn an_unsigned_token_is_refused_unless_dialect_setting_and_connection_agree() {
    let token = unsigned(&self_made_claims());
    let mut never = expected(&DIALECT_2_0_4);
    never.accept_unsigned = AcceptUnsigned::Never;
    let mut direct = expected(&DIALECT_2_0_4);
    direct.behind_ssp = false;
    for expectation in [expected(&DIALECT_1_0_4), never, direct] {
        let faults = faults(&token, &expectation);
        assert_eq!(faults[0].reason, Reason::TokenUnsigned);
        assert_eq!(faults[0].reason.refused(expectation.dialect).status, 403);
    }
}

// covers: X-30, JW1-04, JWT-19, JWT-93
#[test]
fn each_operation_asks_for_its_own_group_or_scope() {
    let mut reader = access_claims();
    reader.groups = vec!["guid-read".to_owned()];
    let token = issuer().key.sign(&reader.to_json()).unwrap();
    let allowed = |operation| {
        let mut expectation = expected(&DIALECT_1_0_4);
        expectation.operation = operation;
        faults(&token, &expectation).is_empty()
    };
    for operation in [Operation::SearchFreeSlots, Operation::CapabilityStatement, Operation::GetAppointment] {
        assert!(allowed(operation), "{operation:?}");
    }
    for operation in [Operation::BookAppointment, Operation::CancelAppointment] {
        assert!(!allowed(operation), "{operation:?}");
    }
    assert!(allowed(Operation::Validate));

    let mut expectation = expected(&DIALECT_2_0_4);
    let self_made = check(&unsigned(&self_made_claims()), &expectation).unwrap();
    assert!(self_made.allows(Operation::CancelAppointment).is_ok());
    assert_eq!(self_made.allows(Operation::SearchFreeSlots).unwrap_err().reason, Reason::TokenScopeWrong);
    expectation.operation = Operation::SearchFreeSlots;
    assert_eq!(faults(&unsigned(&self_made_claims()), &expectation)[0].reason, Reason::TokenScopeWrong);
}

// covers: JWT-15, JWT-62, JW2-18, TOK-07
#[test]
fn the_audience_may_be_any_accepted_root_with_or_without_its_slash_or_a_list() {
    let sign = |audience: Value| {
        let mut claims = access_claims().to_json();
        claims.insert("aud".to_owned(), audience);
        issuer().key.sign(&claims).unwrap()
    };
    for audience in
        [json!(ENDPOINT), json!(format!("{ENDPOINT}/")), json!(["urn:x", ENDPOINT]), json!("https://localhost:8444/x")]
    {
        assert_eq!(broken(&sign(audience.clone())), [""; 0], "{audience}");
    }
    for audience in [
        "notanendpoint",
        "https://provider.nhs.uk/STU3/1/uec2",
        "https://provider.nhs.uk",
        "https://PROVIDER.nhs.uk/STU3/1/uec",
    ] {
        assert_eq!(broken(&sign(json!(audience))), ["JWT-15"], "{audience}");
    }
    for audience in [json!([]), json!([1]), json!(5)] {
        assert_eq!(broken(&sign(audience)), ["JWT-15"]);
    }
}

// covers: JWT-16, JWT-63, JWT-64, JW2-06, JW2-07
#[test]
fn times_are_judged_to_the_second() {
    let signed = |change: &dyn Fn(&mut spine::token::AccessClaims)| {
        let mut claims = access_claims();
        change(&mut claims);
        broken(&issuer().key.sign(&claims.to_json()).unwrap())
    };
    assert_eq!(signed(&|claims| claims.expires_at = NOW - 59), [""; 0]);
    assert_eq!(signed(&|claims| claims.expires_at = NOW - 60), ["JWT-16"]);
    assert_eq!(signed(&|claims| claims.not_before = Some(NOW + 60)), [""; 0]);
    assert_eq!(signed(&|claims| claims.not_before = Some(NOW + 61)), ["JWT-16"]);
    assert_eq!(signed(&|claims| (claims.issued_at, claims.not_before) = (None, None)), [""; 0]);

    let made = |issued_at: i64, lifetime: i64| {
        let mut claims = self_made_claims().to_json();
        claims.insert("iat".to_owned(), issued_at.into());
        claims.insert("exp".to_owned(), (issued_at + lifetime).into());
        broken(&unsigned_json(&claims))
    };
    assert_eq!(made(NOW, 300), [""; 0]);
    assert_eq!(made(NOW + 200, 300), [""; 0], "an iat in the future is no fault");
    assert_eq!(made(NOW, 299), ["JW2-06"]);
    assert_eq!(made(NOW, 301), ["JW2-06"]);
    assert_eq!(made(NOW - 600, 300), ["JWT-63"]);
    assert_eq!(made(NOW - 359, 300), [""; 0]);
    assert_eq!(made(NOW - 360, 300), ["JWT-63"]);
}

/// An unsigned token of any claims.
pub(crate) fn unsigned_json(claims: &Map<String, Value>) -> String {
    use base64::Engine;
    let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.", encode(r#"{"alg":"none","typ":"JWT"}"#), encode(&Value::Object(claims.clone()).to_string()))
}

// covers: TOK-08
#[test]
fn a_published_key_set_is_read_again_and_verifies() {
    let document = issuer().keys.to_jwks();
    let read = KeySet::from_jwks(document.as_bytes()).unwrap();
    let token = issuer().key.sign(&access_claims().to_json()).unwrap();
    let compact = Compact::split(&token).unwrap();
    let key = read.find(issuer().key.key_id()).unwrap();
    assert!(key.verifies(compact.signed_text.as_bytes(), &compact.signature));
    assert!(!key.verifies(b"another text", &compact.signature));
    assert_eq!(compact.shape(), Shape::AccessToken);
}

#[test]
fn a_key_pair_is_read_from_pem_and_nothing_else_is() {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use base64::Engine;
    let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let base64 = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
    let lines: Vec<&str> = base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
    let key = SigningKey::from_pkcs8_pem(&pem).unwrap();
    assert_eq!(key.key_id(), SigningKey::from_pkcs8_der(der.as_ref()).unwrap().key_id());
    assert!(!format!("{key:?}").contains(&base64[..20]));
    for text in ["", &pem.replace("PRIVATE", "PUBLIC"), &pem.replace("MII", "!!!")] {
        assert!(SigningKey::from_pkcs8_pem(text).is_err());
    }
}

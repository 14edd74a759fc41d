//! Tokens that are broken on purpose, of each shape: each breaks the requirement that its table names.

use crate::tokens::{access_claims, broken, expected, faults, issuer, self_made_claims};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use spine::Asid;
use spine::dialect::DIALECT_2_0_4;
use spine::token::{BREAKAGES, Breakage, Compact, Draft, Form, MARK, PublicKey, Shape, Signer, check, unsigned};

fn drafts() -> [Draft<'static>; 3] {
    let asid = Asid::parse("200000000359").unwrap();
    [
        Draft::access(&access_claims(), &issuer().key),
        Draft::self_made(&self_made_claims()),
        Draft::spine_core(&self_made_claims(), &asid),
    ]
}

// covers: UTL-02, UTL-04, JW2-19
#[test]
fn a_draft_of_each_shape_is_a_token_of_that_shape() {
    let [access, self_made, spine_core] = drafts().map(|draft| draft.finish().unwrap());
    assert_eq!(access, issuer().key.sign(&access_claims().to_json()).unwrap());
    assert_eq!(self_made, unsigned(&self_made_claims()));
    assert!(check(&self_made, &expected(&DIALECT_2_0_4)).is_ok());
    assert_eq!(Compact::split(&spine_core).unwrap().shape(), Shape::SpineCore);
    assert_eq!(broken(&spine_core), ["JW2-19"], "nothing else is wrong with it");
}

// covers: UTL-02, UTL-05, JWT-35, JWT-40, JWT-41, JWT-42, JWT-43, JWT-44, JWT-45, JWT-46, JWT-47
#[test]
fn each_way_to_break_a_token_breaks_the_requirement_that_it_names() {
    for breakage in BREAKAGES {
        let mut shapes = 0;
        for draft in drafts() {
            let (shape, requirement) = (draft.shape, breakage.requirement(draft.shape));
            let token = draft.broken(breakage).unwrap();
            assert_eq!(token.is_some(), requirement.is_some());
            let (Some(token), Some(requirement)) = (token, requirement) else { continue };
            let told = broken(&token);
            assert!(told.contains(&requirement), "{} of {shape:?}: {told:?}", breakage.name);
            assert_eq!(faults(&token, &expected(&DIALECT_2_0_4))[0].reason.refused(&DIALECT_2_0_4).status, 403);
            shapes += 1;
        }
        assert!(shapes > 0, "{} breaks nothing", breakage.name);
    }
}

#[test]
fn a_token_that_is_broken_on_purpose_says_so() {
    for name in ["expired", "signature", "alg-hmac"] {
        let [access, ..] = drafts();
        let token = access.broken(Breakage::named(name).unwrap()).unwrap().unwrap();
        assert_eq!(Compact::split(&token).unwrap().claims[MARK], name);
    }
    assert!(Breakage::named("kindly").is_none());
}

// covers: JWT-45, JWT-46, JWT-47, JWT-48, JWT-49, JW2-19
#[test]
fn each_claim_of_a_spine_core_token_is_judged_by_its_own_rule() {
    type Change = fn(&mut serde_json::Map<String, Value>);
    let cases: &[(Change, &[&str])] = &[
        (|c| drop(c.insert("scope".into(), "user/Appointment.write".into())), &["JW2-19"]),
        (|c| drop(c.insert("scope".into(), "patient/*.read".into())), &["JW2-19", "JWT-45"]),
        (|c| drop(c.insert("scope".into(), "organization/*.write".into())), &["JW2-19", "JWT-45"]),
        (|c| drop(c.insert("requesting_organization".into(), "A1001".into())), &["JW2-19", "JWT-47"]),
        (|c| drop(c.remove("requesting_organization")), &["JW2-19"]),
        (
            |c| drop(c.insert("requesting_patient".into(), "http://fhir.nhs.net/Id/nhs-number|9990000018".into())),
            &["JW2-19", "JWT-48"],
        ),
        (
            |c| {
                let patient = "https://fhir.nhs.net/Id/nhs-number|9990000018";
                c.remove("requesting_user");
                c.insert("requesting_patient".into(), patient.into());
                c.insert("sub".into(), patient.into());
            },
            &["JW2-19"],
        ),
        (
            |c| {
                c.remove("requesting_user");
                c.insert("requesting_patient".into(), "https://fhir.nhs.uk/Id/nhs-number|1".into());
                c.insert("sub".into(), c["requesting_system"].clone());
            },
            &["JW2-19", "JWT-49"],
        ),
        (|c| drop(c.insert("reason_for_request".into(), "patientaccess".into())), &["JW2-19"]),
    ];
    for (index, (change, requirements)) in cases.iter().enumerate() {
        let [.., mut draft] = drafts();
        change(&mut draft.claims);
        assert_eq!(broken(&draft.finish().unwrap()), *requirements, "case {index}");
    }
}

// covers: UTL-03
#[test]
fn a_token_is_put_together_in_the_forms_that_receivers_are_tested_with() {
    let (header, payload) = (r#"{"alg":"HS256","typ":"JWT"}"#, r#"{"sub":"??>"}"#);
    let join = |form: Form, signer: &Signer<'_>| form.join(header, payload, signer).unwrap();
    let usual = join(Form::default(), &Signer::Hs256(b"secret"));
    let [first, second, signature] = usual.split('.').collect::<Vec<_>>().try_into().unwrap();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"secret");
    let signed = format!("{first}.{second}");
    aws_lc_rs::hmac::verify(&key, signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    let plain = join(Form { plain_base64: true, payloads: 1 }, &Signer::Nobody);
    assert_eq!(plain, format!("{}.{}.", STANDARD.encode(header), STANDARD.encode(payload)));
    assert_eq!(join(Form { payloads: 0, ..Form::default() }, &Signer::Nobody), format!("{first}."));
    let twice = join(Form { payloads: 2, ..Form::default() }, &Signer::Nobody);
    assert_eq!(twice, format!("{first}.{second}..{second}"));

    let rs512 = join(Form::default(), &Signer::Rs512(&issuer().key));
    let (text, signature) = rs512.rsplit_once('.').unwrap();
    let public = PublicKey::from_pem(&issuer().key.public_pem().unwrap()).unwrap();
    assert!(!public.verifies(text.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()), "it is not RS256");
    assert_eq!(public.key_id(), issuer().key.key_id());
}

// covers: JWT-13, TOK-08
#[test]
fn a_public_key_is_read_from_pem_of_its_own_and_of_a_certificate() {
    let key = &issuer().key;
    let pem = key.public_pem().unwrap();
    assert_eq!(PublicKey::from_pem(&pem).unwrap().to_jwk(), key.public_key().unwrap().to_jwk());
    let certificate = PublicKey::from_pem(CERTIFICATE).unwrap().under("x");
    assert_eq!(certificate.key_id(), "x");
    assert!(PublicKey::from_pem(&CERTIFICATE.replace("CERTIFICATE", "PUBLIC KEY")).is_err());
    assert!(PublicKey::from_pem("").is_err());
    let unnamed = pem.replace("PUBLIC", "ENCRYPTED PRIVATE");
    assert!(PublicKey::from_pem(&unnamed).is_err());
}

/// A certificate of an RSA key that is used nowhere.
const CERTIFICATE: &str = include_str!("unused-certificate.pem");

//! Who gets in at the Registry, and with what headers.

use roles::edge::peer::{CertificateFault, Verdict};
use serde_json::{Value, json};

use super::house::{Ask, BOTH, House, REGISTRY_1, REGISTRY_2, SEARCH, claims, registration};
use crate::provider::house::{BASE_1, BOOKERS, READERS, SSP_FQDN, new_key, peer, peer_with, signed, unsigned_for};

/// Each interaction of the Registry.
const INTERACTIONS: [(&str, &str); 8] = [
    ("GET", "/metadata"),
    ("POST", "/Appointment"),
    ("GET", SEARCH),
    ("GET", "/Appointment/x"),
    ("GET", "/Appointment/x/_history"),
    ("GET", "/Appointment/x/_history/1"),
    ("PUT", "/Appointment/x"),
    ("POST", "/Appointment/$validate"),
];

fn ask(house: &House, base: &'static str, verb: &'static str, path: &str) -> Ask {
    let ask = house.ask(base, verb, path);
    if verb == "GET" { ask } else { ask.json(&registration(0)) }
}

fn with(base: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut claims = claims(base);
    change(&mut claims);
    signed(&claims)
}

// covers: REG-08, PAT-11, JW1-01, JW1-02, JW1-03, JWT-11, JWT-15, JWT-91, X-01
#[tokio::test]
async fn no_token_and_every_broken_token_is_403() {
    let house = House::new().await;
    for base in BOTH {
        let broken = [
            ("for a Provider", with(base, |c| c["aud"] = json!(BASE_1))),
            ("expired", with(base, |c| c["exp"] = json!(crate::provider::house::NOW - 61))),
            ("of another issuer", with(base, |c| c["iss"] = json!("https://sts.test/other/"))),
            ("of another key", new_key().sign(claims(base).as_object().unwrap()).unwrap()),
            ("unsigned", unsigned_for(base, "patient/appointment.write")),
            ("unsigned for reading", unsigned_for(base, "patient/appointment.read")),
            ("none", "x".to_owned()),
        ];
        for (verb, path) in INTERACTIONS {
            let none = ask(&house, base, verb, path).without("Authorization").send().await;
            assert_eq!((none.status, none.code().as_str()), (403, "ACCESS DENIED"), "{verb} {path}: {}", none.text);
            for (what, token) in &broken {
                // Through the proxy or directly, an unsigned token is none.
                for name in ["consumer.test.nhs.uk", SSP_FQDN] {
                    let told = ask(&house, base, verb, path).from(Some(peer(name))).token(token).send().await;
                    assert_eq!(told.status, 403, "{what}: {verb} {path}: {}", told.text);
                    assert_eq!(told.value()["resourceType"], "OperationOutcome");
                }
            }
        }
    }
    assert_eq!(house.ask(REGISTRY_1, "GET", SEARCH).send().await.value()["total"], 0);
}

// covers: JW1-04, JWT-19, X-30
#[tokio::test]
async fn a_reader_may_not_register_or_cancel() {
    let house = House::new().await;
    for base in BOTH {
        let reader = with(base, |c| c["groups"] = json!([READERS]));
        let booker = with(base, |c| c["groups"] = json!([BOOKERS]));
        let nobody = with(base, |c| c["groups"] = json!(["guid-of-something-else"]));
        for (verb, path) in INTERACTIONS {
            let writes = verb != "GET" && !path.ends_with("$validate");
            let told = ask(&house, base, verb, path).token(&reader).send().await;
            assert_eq!(told.status == 403, writes, "{verb} {path}: {}", told.text);
            if writes {
                assert_ne!(ask(&house, base, verb, path).token(&booker).send().await.status, 403, "{verb} {path}");
                assert_eq!(ask(&house, base, verb, path).token(&nobody).send().await.status, 403, "{verb} {path}");
            }
        }
    }
}

// covers: REG-15, TLS-18, X-33
#[tokio::test]
async fn any_good_certificate_is_let_in_and_no_other() {
    let house = House::new().await;
    let bad = |fault| Verdict::Bad { fault, certificate: None };
    for base in BOTH {
        for name in ["consumer.test.nhs.uk", SSP_FQDN, "stranger.test"] {
            assert_eq!(ask(&house, base, "GET", SEARCH).from(Some(peer(name))).send().await.status, 200, "{name}");
        }
        for (verb, path) in INTERACTIONS {
            for (verdict, status) in [
                (Verdict::None, 496),
                (bad(CertificateFault::Expired), 495),
                (bad(CertificateFault::Revoked), 495),
                (bad(CertificateFault::UnknownIssuer), 495),
                (Verdict::PlainHttp, 497),
            ] {
                let told = ask(&house, base, verb, path).from(Some(peer_with(verdict.clone()))).send().await;
                assert_eq!(told.status, status, "{verdict:?} {verb} {path}");
                assert_eq!(told.value()["resourceType"], "OperationOutcome");
            }
            assert_eq!(ask(&house, base, verb, path).from(None).send().await.status, 496);
        }
    }
}

// covers: REG-15, VIA-33, XTI-05
#[tokio::test]
async fn ssp_headers_are_all_there_or_none() {
    let house = House::new().await;
    let search = "urn:nhs:names:services:careconnect:fhir:rest:search:appointment";
    let all = [
        ("Ssp-TraceID", "1c3c5e3e-0c0e-4c39-9a1f-5d3b6f1f2a77"),
        ("Ssp-From", "200000000359"),
        ("Ssp-To", "918999198115"),
        ("Ssp-InteractionID", search),
    ];
    let headed = |base| all.iter().fold(house.ask(base, "GET", SEARCH), |ask, (name, value)| ask.header(name, value));
    for base in BOTH {
        assert_eq!(headed(base).send().await.status, 200);
        for (name, _) in all {
            let told = headed(base).without(name).send().await;
            assert_eq!(
                (told.status, told.code().as_str()),
                (400, "MISSING_OR_INVALID_HEADER"),
                "{name}: {}",
                told.text
            );
        }
        let other = search.replace("search:", "create:");
        let told = headed(base).header("Ssp-InteractionID", &other).send().await;
        assert_eq!(told.status, 400, "{}", told.text);
    }
    // Ssp-From tells the Consumers apart where it is there.
    let create = search.replace("search:", "create:");
    for (from, nth, status) in [("200000000359", 0, 201), ("200000000359", 1, 409), ("200000000360", 1, 201)] {
        let ask = all
            .iter()
            .fold(house.ask(REGISTRY_2, "POST", "/Appointment"), |ask, (name, value)| ask.header(name, value));
        let ask = ask.header("Ssp-From", from).header("Ssp-InteractionID", &create).header("X-Request-ID", "same");
        assert_eq!(ask.json(&registration(nth)).send().await.status, status, "{from} {nth}");
    }
}

// covers: AUD-01, AUD-02, AUD-04, AUD-09
#[tokio::test]
async fn every_exchange_leaves_one_record_without_nhs_numbers_and_tokens() {
    let house = House::new().await;
    house.register(REGISTRY_1, &registration(0)).await;
    ask(&house, REGISTRY_1, "POST", "/Appointment").send().await;
    ask(&house, REGISTRY_1, "GET", SEARCH).send().await;
    ask(&house, REGISTRY_1, "GET", SEARCH).without("Authorization").send().await;
    ask(&house, REGISTRY_1, "GET", SEARCH).from(None).send().await;
    let records = house.records().await;
    let statuses: Vec<u64> = records.iter().filter_map(|record| record["status"].as_u64()).collect();
    assert_eq!(statuses, [201, 422, 200, 403, 496]);
    for record in records {
        let text = record.to_string();
        assert!(!text.contains("9476719931") && !text.contains("eyJ"), "{text}");
    }
}

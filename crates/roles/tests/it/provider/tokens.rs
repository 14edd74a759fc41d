//! Who gets in: every interaction against every broken credential.

use serde_json::{Value, json};

use super::diary::{SERVICE_ONE, booking};
use super::house::{
    Ask, BASE_1, BASE_2, BOOKERS, House, NOW, READERS, SSP_FQDN, claims, new_key, peer, signed, unsigned,
};

/// Each interaction with a request that would be answered with success or with something other than 403.
const INTERACTIONS: [(&str, &str); 9] = [
    ("GET", "/metadata"),
    ("GET", "/Slot?service=918999198999"),
    ("POST", "/Appointment"),
    ("GET", "/Appointment/x"),
    ("GET", "/Appointment/x/_history"),
    ("PUT", "/Appointment/x"),
    ("GET", "/Appointment?Patient=x%7Cy"),
    ("GET", "/Location/loc1"),
    ("POST", "/Slot/$validate"),
];

fn ask(house: &House, base: &'static str, verb: &'static str, path: &str) -> Ask {
    let ask = house.ask_in(base, verb, path);
    if verb == "GET" { ask } else { ask.json(&booking(0)) }
}

fn with(change: impl FnOnce(&mut Value)) -> String {
    let mut claims = claims();
    change(&mut claims);
    signed(&claims)
}

fn header(header: &Value, signature: &str) -> String {
    use base64::Engine as _;
    let encode = |value: &Value| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", encode(header), encode(&claims()))
}

// covers: JW1-01, JW1-02, JW1-03, JW2-14, JW2-17, JWT-11, JWT-12, JWT-13, JWT-14, JWT-15, JWT-16, JWT-92, X-01, BOOK-13, SLT-41
#[tokio::test]
async fn every_interaction_refuses_every_broken_token() {
    let house = House::new().await;
    let good = signed(&claims());
    let other_key = new_key();
    let (signed_part, _) = good.rsplit_once('.').unwrap();
    let broken: Vec<(&str, String)> = vec![
        ("expired", with(|c| c["exp"] = json!(NOW - 61))),
        ("not yet valid", with(|c| c["nbf"] = json!(NOW + 61))),
        ("wrong audience", with(|c| c["aud"] = json!("https://registry.test.nhs.uk/STU3/1/registry"))),
        ("wrong issuer", with(|c| c["iss"] = json!("https://sts.test/other/"))),
        ("no groups", with(|c| drop(c.as_object_mut().unwrap().remove("groups")))),
        ("unknown key", other_key.sign(claims().as_object().unwrap()).unwrap()),
        ("no signature", format!("{signed_part}.")),
        ("other signature", format!("{signed_part}.AAAA")),
        ("alg none", header(&json!({"alg": "none", "typ": "JWT"}), "")),
        ("alg None", header(&json!({"alg": "None", "typ": "JWT"}), "")),
        ("alg none, signed", header(&json!({"alg": "none", "typ": "JWT"}), "AAAA")),
        ("alg HS256", header(&json!({"alg": "HS256", "typ": "JWT", "kid": super::house::KEY.key_id()}), "AAAA")),
        ("no token at all", "x".to_owned()),
    ];
    for (verb, path) in INTERACTIONS {
        for base in [BASE_1, BASE_2] {
            let none = ask(&house, base, verb, path).without("Authorization").send().await;
            assert_eq!(
                (none.status, none.header("www-authenticate")),
                (403, "Bearer realm=\"booking\""),
                "{verb} {path}"
            );
            assert_eq!(none.code(), "ACCESS DENIED");
            for (what, token) in &broken {
                let told = ask(&house, base, verb, path).token(token).send().await;
                assert_eq!(told.status, 403, "{what}: {verb} {path}: {}", told.text);
                assert!(told.header("www-authenticate").starts_with("Bearer realm=\"booking\", error="), "{what}");
                assert_eq!(told.value()["resourceType"], "OperationOutcome");
                assert!(!told.text.contains(token.as_str()));
            }
            let told = ask(&house, base, verb, path).token(&good).send().await;
            assert_ne!(told.status, 403, "{verb} {path}: {}", told.text);
        }
    }
}

// covers: JW1-04, JWT-19, X-30
#[tokio::test]
async fn each_interaction_needs_its_own_group() {
    let house = House::new().await;
    let reader = with(|c| c["groups"] = json!([READERS]));
    let booker = with(|c| c["groups"] = json!([BOOKERS]));
    for (verb, path) in INTERACTIONS {
        let writes = path.starts_with("/Appointment") && verb != "GET";
        let validates = path.ends_with("$validate");
        for (token, may) in [(&reader, !writes), (&booker, writes || validates)] {
            // Twice, since the second time the token is remembered.
            for _ in 0..2 {
                let told = ask(&house, BASE_1, verb, path).token(token).send().await;
                assert_eq!(told.status != 403, may, "{verb} {path}: {}", told.text);
            }
        }
    }
    let told = ask(&house, BASE_1, "POST", "/Appointment").token(&reader).send().await;
    assert!(told.header("www-authenticate").contains("insufficient_scope"));
}

// covers: JWT-91, JW2-09, JW2-13, JWT-93, READ-09, SSP-115
#[tokio::test]
async fn an_unsigned_token_is_taken_in_2_0_4_from_the_proxy_alone() {
    let house = House::new().await;
    let slots = format!("/Slot?service={SERVICE_ONE}");
    let token = unsigned("organization/slot.read");
    let told = house.ask_in(BASE_2, "GET", &slots).token(&token).send().await;
    assert_eq!(told.status, 200, "{}", told.text);
    assert_eq!(house.ask_in(BASE_1, "GET", &slots).token(&token).send().await.status, 403);
    let write = unsigned("patient/appointment.write");
    assert_eq!(house.ask_in(BASE_2, "GET", &slots).token(&write).send().await.status, 403);
    let body = super::diary::booking_with_contained_slot(0);
    assert_eq!(house.ask_in(BASE_2, "POST", "/Appointment").token(&write).json(&body).send().await.status, 201);
    assert_eq!(house.ask_in(BASE_2, "POST", "/Appointment").token(&token).json(&body).send().await.status, 403);
    // Each kind of reading has its own scope.
    let read = unsigned("patient/appointment.read");
    for path in ["/Appointment/x", "/Appointment/x/_history/1", "/Appointment?Patient=https://x%7C1"] {
        let with = async |token| house.ask_in(BASE_2, "GET", path).token(token).send().await.status;
        assert_eq!((with(&read).await == 403, with(&token).await, with(&write).await), (false, 403, 403), "{path}");
    }
    let never = House::with(|settings| settings.trust.accept_unsigned = spine::token::AcceptUnsigned::Never).await;
    assert_eq!(never.ask_in(BASE_2, "GET", &slots).token(&token).send().await.status, 403);
}

// covers: SSP-110, VIA-33, JWT-96
#[tokio::test]
async fn only_the_proxys_certificate_lets_in() {
    let house = House::new().await;
    let slots = format!("/Slot?service={SERVICE_ONE}");
    let told = house.ask("GET", &slots).from(Some(peer("consumer.test.nhs.uk"))).send().await;
    assert_eq!(told.status, 495, "{}", told.text);
    assert!(told.diagnostics().contains("SSP-110"));
    assert_eq!(house.ask("GET", &slots).from(Some(peer(&SSP_FQDN.to_uppercase()))).send().await.status, 200);
    assert_eq!(house.ask("GET", &slots).from(None).send().await.status, 495);
}

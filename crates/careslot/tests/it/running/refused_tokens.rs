//! Tokens that Provider and Registry refuse through the built network, made with the demo's own signing key where that takes
//! one: the table of forgeries (JWT-92, X-01), and the acceptance vectors V20 to V22.

use std::fs;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use spine::Asid;
use spine::token::{BREAKAGES, Breakage, Draft, Shape, Signer, SigningKey};

use super::Demo;
use super::curl::{Answer, ThroughTheSsp, curl};

/// What makes tokens for one service root, good and bad.
pub(super) struct Forger {
    key: SigningKey,
    claims: Map<String, Value>,
}

impl Forger {
    pub(super) fn of(demo: &Demo, root: &str) -> Self {
        let decoded = demo.json(&format!("jwt decode {} --json", demo.token(root)));
        let pem = fs::read_to_string(demo.file("/token/signing_key")).unwrap();
        Self { key: SigningKey::from_pkcs8_pem(&pem).unwrap(), claims: decoded["claims"].as_object().unwrap().clone() }
    }

    fn draft(&self) -> Draft<'_> {
        let signer = Signer::Rs256(&self.key);
        Draft { header: signer.header(), claims: self.claims.clone(), signer, shape: Shape::AccessToken }
    }

    /// A token that is past its time and right in everything else.
    pub(super) fn expired(&self) -> String {
        let way = BREAKAGES.iter().find(|way| way.name == "expired").unwrap();
        self.broken(way).unwrap()
    }

    fn broken(&self, way: &Breakage) -> Option<String> {
        self.draft().broken(way).unwrap()
    }

    /// The claims signed by a key that is nobody's, under the name of the issuer's key.
    fn by_another_key(&self) -> String {
        let pair = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
        let other = SigningKey::from_pkcs8_pem(&pair.serialize_pem()).unwrap();
        let header = Value::Object(self.draft().header);
        other.sign_with_header(&header, &self.claims).unwrap()
    }
}

/// Each forgery with the rule that the refusal names, which is that of its first fault.
fn forgeries(demo: &Demo, root: &str, elsewhere: &str) -> Vec<(String, String, &'static str)> {
    let forger = Forger::of(demo, root);
    let rule = |name: &str| match name {
        "expired" | "not-yet" => "JWT-16",
        "aud" => "JWT-15",
        "issuer" => "JWT-14",
        "signature" => "JWT-13",
        "alg-none" => "JWT-91",
        "kid" | "no-kid" => "JWT-12",
        "claims" => "JW2-02",
        "groups" => "JW1-04",
        "tenant" => "JWT-20",
        "version" => "JWT-22",
        "header" | "duplicate" | "huge" | "deep" | "padding" | "segments" => "JWT-34",
        // jwk, jku, x5u, crit, alg-hmac, alg-None: the header asks for what configuration does not allow.
        _ => "JWT-11",
    };
    let mut forgeries: Vec<(String, String, &str)> =
        BREAKAGES.iter().filter_map(|way| Some((way.name.to_owned(), forger.broken(way)?, rule(way.name)))).collect();
    forgeries.push(("wrong audience".to_owned(), demo.token(elsewhere), "JWT-15"));
    forgeries.push(("another key under the issuer's kid".to_owned(), forger.by_another_key(), "JWT-13"));
    forgeries.push(("no token at all".to_owned(), "abc".to_owned(), "JWT-34"));
    assert!(forgeries.len() > 22, "{}", forgeries.len());
    forgeries
}

fn is_refused(answer: &Answer, status: u16, rule: &str, what: &str) {
    answer.is_refused(status, rule, what);
    let challenge = answer.header("WWW-Authenticate").unwrap_or_default();
    assert!(challenge.starts_with("Bearer realm="), "{what}: {answer:?}");
}

// covers: JW1-01, JW1-02, JW2-14, JWT-11, JWT-12, JWT-13, JWT-14, JWT-15, JWT-16, JWT-34, JWT-35, JWT-91, JWT-92, X-01
#[test]
fn the_provider_refuses_every_forged_token_behind_the_proxy() {
    let demo = Demo::shared();
    let (root, registry) = (demo.text("/provider/endpoint"), demo.text("/registry/endpoint"));
    let mut call = ThroughTheSsp::new(demo, "read:metadata");
    for (what, token, rule) in forgeries(demo, &root, &registry) {
        call.token = Some(token);
        let answer = call.call("metadata", &[]);
        match what.as_str() {
            // The proxy itself takes no token of this length, and none with padding.
            "huge" | "padding" => answer.is_refused(400, "SSP-26", &what),
            _ => is_refused(&answer, 403, rule, &what),
        }
    }
}

// covers: JW1-01, JW1-02, JWT-11, JWT-12, JWT-13, JWT-14, JWT-15, JWT-16, JWT-34, JWT-35, JWT-91, JWT-92, X-01
#[test]
fn the_registry_refuses_every_forged_token() {
    let demo = Demo::shared();
    let (root, provider) = (demo.text("/registry/endpoint"), demo.text("/provider/endpoint"));
    for (what, token, rule) in forgeries(demo, &root, &provider) {
        let bearer = format!("Authorization: Bearer {token}");
        let answer = curl(demo, Some("/consumer"), &format!("{root}/metadata"), &["-H", &bearer]);
        is_refused(&answer, 403, rule, &what);
    }
}

// covers: JWT-00, JWT-90, JWT-91, JWT-92, JWT-96, JW2-19
#[test]
fn an_unsigned_token_is_refused_wherever_the_proxy_did_not_bring_it() {
    let demo = Demo::shared_2_0_4();
    let bases = |party: &str| ["1.0.4", "2.0.4"].map(|dialect| demo.text(&format!("/{party}/bases/{dialect}")));
    let ask = |root: &str, token: &str| {
        let bearer = format!("Authorization: Bearer {token}");
        curl(demo, Some("/consumer"), &format!("{root}/metadata"), &["-H", &bearer])
    };
    for root in bases("registry") {
        for (breaking, rule) in [("", "JWT-91"), (" --break signature", "JWT-91"), (" --break alg-None", "JWT-11")] {
            let made = demo.careslot(&format!("jwt make metadata --audience {root}{breaking}"));
            is_refused(&ask(&root, made.stdout.trim()), 403, rule, breaking);
        }
    }
    for root in bases("provider") {
        let made = demo.careslot(&format!("jwt make metadata --audience {root}"));
        ask(&root, made.stdout.trim()).is_refused(495, "SSP-110", "past the proxy");
    }
    let older = demo.careslot("jwt make spine-core --claim scope=organization/*.read");
    let call =
        ThroughTheSsp { token: Some(older.stdout.trim().to_owned()), ..ThroughTheSsp::new(demo, "read:metadata") };
    is_refused(&call.call("metadata", &[]), 403, "JW2-19", "the older shape");
    assert!(Asid::parse(&demo.text("/consumer/asid")).is_ok());
}

/// The claims of V20, each with what becomes of a search for Slots: in the standard's statuses, and in those of `uec`.
fn vector_20(now: i64) -> Vec<(String, u16, u16)> {
    let shifted = |iat: i64, life: i64| format!("slot-search --claim iat={iat} --claim exp={}", iat + life);
    vec![
        ("slot-search".to_owned(), 200, 200),
        ("slot-search-without-practitioner".to_owned(), 200, 200),
        (shifted(now, 299), 403, 400),
        (shifted(now, 301), 403, 400),
        (shifted(now + 200, 300), 200, 200),
        (shifted(now - 600, 300), 403, 403),
        ("slot-search --break aud".to_owned(), 403, 403),
        ("slot-search --break scope".to_owned(), 403, 403),
        ("slot-search --break resource-type".to_owned(), 403, 400),
    ]
}

fn search(demo: &Demo, make: &str) -> Answer {
    let made = demo.careslot(&format!("jwt make {make}"));
    assert_eq!(made.exit, 0, "{made:?}");
    let call = ThroughTheSsp { token: Some(made.stdout.trim().to_owned()), ..ThroughTheSsp::new(demo, "search:slot") };
    let service = demo.text("/provider/services/0/id");
    let (from, to) = ("ge2026-01-01T00:00:00Z", "le2099-01-01T00:00:00Z");
    let query = format!(
        "Slot?start={from}&start={to}&status=free&_include=Slot:schedule&schedule.actor:HealthcareService={service}"
    );
    call.call(&query, &[])
}

#[expect(clippy::disallowed_methods, reason = "the program that is tested has the machine's clock")]
fn now() -> i64 {
    Timestamp::now().as_second()
}

// covers: JW2-05, JW2-06, JW2-07, JW2-09, JW2-12, JW2-13, JWT-62, JWT-63, JWT-64, JWT-66, JWT-69
#[test]
fn a_self_made_token_is_judged_claim_by_claim_through_the_proxy() {
    let demo = Demo::shared_2_0_4();
    for (make, status, _) in vector_20(now()) {
        let answer = search(demo, &make);
        assert_eq!(answer.status, status, "{make}: {answer:?}");
    }
}

// covers: JWT-81, JWT-80, JWT-17, JW2-16
#[test]
fn statuses_known_clients_and_organisations_are_configured() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.toml");
    let client = "5d1f0f3c-2b0e-4a53-9a55-0c7f3c1f0001";
    fs::write(&file, format!("[jwt]\nerror_profile = \"uec\"\norganisations = [\"A1001\"]\n[jwt.clients]\n\"{client}\" = \"The demo's Consumer\"\n")).unwrap();
    let demo = Demo::start(&["--dialect", "2.0.4", "--config", &file.to_string_lossy()], &[]);
    for (make, _, status) in vector_20(now()) {
        let answer = search(&demo, &make);
        assert_eq!(answer.status, status, "{make}: {answer:?}");
    }
    let elsewhere = json!({"resourceType": "Organization", "name": "Elsewhere",
        "identifier": [{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "X99999"}]});
    let answer = search(
        &demo,
        &format!("slot-search --claim requesting_organization={}", elsewhere.to_string().replace(' ', "")),
    );
    assert!(answer.status == 403 && answer.text.contains("JW2-16"), "{answer:?}");

    let registry = demo.text("/registry/endpoint");
    assert_eq!(demo.text("/consumer/client_id"), client);
    for (client, status) in [(client, 200), ("5d1f0f3c-2b0e-4a53-9a55-0c7f3c1f0002", 403)] {
        let made = demo.careslot(&format!("jwt make access --audience {registry} --client {client}"));
        let bearer = format!("Authorization: Bearer {}", made.stdout.trim());
        let answer = curl(&demo, Some("/consumer"), &format!("{registry}/metadata"), &["-H", &bearer]);
        assert_eq!(answer.status, status, "{answer:?}");
        if status == 403 {
            is_refused(&answer, 403, "JWT-17", "a client that is not on the list");
        }
    }
}

// covers: JW1-03, JW1-04, JWT-14, JWT-19, X-30
#[test]
fn a_client_without_the_group_may_look_and_not_book() {
    let demo = Demo::shared();
    let read = r#"groups=["00000000-0000-4000-8000-000000000011"]"#;
    let made = demo.careslot(&format!("jwt make access --claim {read}"));
    let token = Some(made.stdout.trim().to_owned());
    let call = ThroughTheSsp { token: token.clone(), ..ThroughTheSsp::new(demo, "read:metadata") };
    assert_eq!(call.call("metadata", &[]).status, 200);
    let call = ThroughTheSsp { token, ..ThroughTheSsp::new(demo, "create:appointment") };
    let words = ["-H", "Content-Type: application/fhir+json", "--data-raw", "{}"];
    let answer = call.call("Appointment", &words);
    is_refused(&answer, 403, "JW1-04", "booking");
    assert!(answer.header("WWW-Authenticate").unwrap().contains("insufficient_scope"), "{answer:?}");
}

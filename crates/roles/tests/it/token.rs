//! The token endpoint through real TLS, with a client and a verifier that know nothing of CareSlot.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use http::{HeaderMap, Request};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use oauth2::basic::BasicClient;
use oauth2::{AuthType, ClientId, ClientSecret, EmptyExtraTokenFields, HttpRequest, Scope, TokenResponse, TokenUrl};
use roles::edge::client::{Authority, Client, Timeouts, Upload};
use roles::edge::clock::Clock;
use roles::edge::listen::Door;
use roles::edge::tls::{self, ClientCertificates, ClientTlsSettings, ServerTls, ServerTlsSettings, Versions};
use roles::token::{self, Group, Keys, Settings, Token, secret};
use serde_json::{Value, json};
use spine::Operation;
use spine::dialect::DIALECT_1_0_4;
use spine::token::{AcceptUnsigned, EVERY_CLIENT, Expectation, GroupIds, KeySet, SigningKey, check};
use store::{Audit, AuditFilter, AuditRecord, HashedSecret, Store, TokenClient, TokenClients};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::fixed::{CountedIds, FixedClock, NOW};
use crate::pki;

const AUDIENCE: &str = "https://localhost:8444/STU3/1/demo";
const REGISTRY: &str = "https://localhost:8445/STU3/1/registry/";
const ISSUER: &str = "https://localhost:8446/tenant/";
const CLIENT: &str = "8b2dc7a5-consumer";
const SECRET: &str = "a-secret-of-the-consumer-that-is-long-enough";
const NEXT_SECRET: &str = "the-secret-that-will-take-its-place-one-day";
const OLD_SECRET: &str = "a-secret-that-ended-some-time-before-today";
const READ_SLOT: &str = "urn:nhs:names:services:careconnect:fhir:rest:read:slot";
const READ_SLOT_ID: Uuid = Uuid::from_u128(0x0aa1);

/// A clock that a test moves by hand.
struct HandClock(AtomicI64);

impl HandClock {
    fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::Relaxed)).expect("a timestamp")
    }
}

/// A running endpoint.
struct Endpoint {
    token: Arc<Token>,
    store: Store,
    clock: Arc<HandClock>,
    address: SocketAddr,
    client: Client,
    shutdown: CancellationToken,
    _folder: tempfile::TempDir,
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

fn kept(secret: &str, expires_at: Option<i64>) -> HashedSecret {
    let hash = secret::hashed(secret, &[9; 16]).expect("long enough");
    HashedSecret { id: secret.to_owned(), hash, created_at: 0, expires_at }
}

fn audit() -> AuditRecord {
    AuditRecord { at: 0, trace_id: String::new(), requirement: "TOK-09".to_owned(), body: b"{}".to_vec() }
}

fn now() -> i64 {
    NOW.parse::<Timestamp>().expect("a timestamp").as_second()
}

impl Endpoint {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_sqlite(&folder.path().join("token.db"), "token-test").await.expect("a database");
        for (client_id, enabled) in [(CLIENT, true), ("retired", false)] {
            let client = TokenClient {
                client_id: client_id.to_owned(),
                name: "A consumer".to_owned(),
                secrets: vec![
                    kept(SECRET, None),
                    kept(NEXT_SECRET, Some((now() + 60) * 1000)),
                    kept(OLD_SECRET, Some((now() - 60) * 1000)),
                ],
                groups: vec![READ_SLOT.to_owned()],
                enabled,
            };
            store.keep_token_client(client, audit()).await.expect("kept");
        }
        let authority = pki::Authority::new("Root");
        let clock = Arc::new(HandClock(AtomicI64::new(now())));
        let keys = Keys { signing: signing_key(&authority), others: Vec::new() };
        let all = Arc::new(store.clone());
        let ids = Arc::new(CountedIds::default());
        let token = Arc::new(Token::new(settings(), keys, all.clone(), all, clock.clone(), ids).expect("an endpoint"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shutdown = CancellationToken::new();
        let tls = ServerTlsSettings {
            identity: authority.server().identity(),
            clients: ClientCertificates::NotAsked,
            versions: Versions::Only12,
        };
        let door = Door::Tls(Arc::new(ServerTls::new(tls, Arc::new(FixedClock::default())).expect("TLS")));
        tokio::spawn(token::run(listener, door, token.clone(), shutdown.clone()));
        // The client presents no certificate: this endpoint asks for none.
        let tls = ClientTlsSettings {
            identity: None,
            trust: authority.trust(),
            common_name_only: None,
            versions: Versions::Only12,
        };
        let client = Client::new(tls::client_config(tls, Arc::new(FixedClock::default())).expect("TLS"));
        Self { token, store, clock, address, client, shutdown, _folder: folder }
    }

    async fn send(&self, request: Request<Upload>) -> io::Result<(u16, HeaderMap, Bytes)> {
        let here = Authority { secure: true, host: "localhost".to_owned(), port: self.address.port() };
        let answered = self.client.send(&here, request, &Timeouts::default()).await.map_err(io::Error::other)?;
        let (head, body) = answered.response.into_parts();
        Ok((head.status.as_u16(), head.headers, body.read_to_end(1 << 20).await.map_err(io::Error::other)?))
    }

    /// Posts a form; status, headers and body as JSON.
    async fn post(&self, form: &str) -> (u16, HeaderMap, Value) {
        let request = Request::post("/oauth2/token").header("content-type", "application/x-www-form-urlencoded");
        self.answered(request.body(Upload::Whole(form.to_owned().into())).expect("a request")).await
    }

    async fn answered(&self, request: Request<Upload>) -> (u16, HeaderMap, Value) {
        let (status, headers, body) = self.send(request).await.expect("an answer");
        assert_eq!(headers["content-type"], "application/json;charset=utf-8");
        (status, headers, serde_json::from_slice(&body).expect("JSON"))
    }

    async fn get(&self, path: &str) -> (u16, HeaderMap, Value) {
        self.answered(Request::get(path).body(Upload::Empty).expect("a request")).await
    }

    /// An OAuth client from its registry, over our wire.
    async fn with_oauth2(&self, way: AuthType, secret: &str, scope: &str) -> Result<Issued, String> {
        let client = BasicClient::new(ClientId::new(CLIENT.to_owned()))
            .set_client_secret(ClientSecret::new(secret.to_owned()))
            .set_auth_type(way)
            .set_token_uri(TokenUrl::new("https://localhost/oauth2/token".to_owned()).expect("a URL"));
        let send = async |request: HttpRequest| {
            let (parts, body) = request.into_parts();
            let mut request = Request::post("/oauth2/token").body(Upload::Whole(body.into())).expect("a request");
            *request.headers_mut() = parts.headers;
            let (status, headers, body) = self.send(request).await?;
            let mut response = http::Response::new(body.to_vec());
            *response.status_mut() = http::StatusCode::from_u16(status).map_err(io::Error::other)?;
            *response.headers_mut() = headers;
            Ok::<_, io::Error>(response)
        };
        let asked = client.exchange_client_credentials().add_scope(Scope::new(scope.to_owned()));
        asked.request_async(&|request| send(request)).await.map_err(|error| error.to_string())
    }

    /// What an independent library makes of a token, with the published keys.
    async fn verified(&self, access_token: &str) -> Value {
        let (_, _, jwks) = self.get("/.well-known/jwks.json").await;
        let jwks: jsonwebtoken::jwk::JwkSet = serde_json::from_value(jwks).expect("a key set");
        let header = jsonwebtoken::decode_header(access_token).expect("a header");
        assert_eq!((header.alg, header.typ.as_deref()), (Algorithm::RS256, Some("JWT")));
        assert_eq!(header.x5t, header.kid);
        let key = jwks.find(&header.kid.expect("a kid")).expect("the key is published");
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[ISSUER]);
        validation.validate_exp = false;
        let key = DecodingKey::from_jwk(key).expect("a key");
        jsonwebtoken::decode::<Value>(access_token, &key, &validation).expect("a valid token").claims
    }
}

type Issued = oauth2::StandardTokenResponse<EmptyExtraTokenFields, oauth2::basic::BasicTokenType>;

fn signing_key(authority: &pki::Authority) -> SigningKey {
    SigningKey::from_pkcs8_pem(&authority.server().key).expect("an RSA key")
}

fn settings() -> Settings {
    Settings {
        issuer: ISSUER.to_owned(),
        tenant: "tenant".to_owned(),
        address: "https://localhost:8446".to_owned(),
        audiences: vec![AUDIENCE.to_owned(), REGISTRY.to_owned()],
        groups: vec![Group { name: READ_SLOT.to_owned(), id: READ_SLOT_ID }],
        lifetime: 3600,
        back_dated: 300,
        failures_before_slowing: 10,
    }
}

fn form(client_id: &str, secret: &str, scope: &str) -> String {
    format!("client_id={client_id}&client_secret={secret}&grant_type=client_credentials&scope={scope}")
}

fn good_form() -> String {
    form(CLIENT, SECRET, &format!("{AUDIENCE}/.default"))
}

// covers: TOK-01, TOK-02, TOK-05, TOK-07, TOK-08, TOK-10, JWT-01, JWT-03, JWT-10, JWT-11, JWT-12, JWT-13
#[tokio::test]
async fn an_independent_client_gets_a_token_that_an_independent_library_verifies() {
    let endpoint = Endpoint::start().await;
    for way in [AuthType::RequestBody, AuthType::BasicAuth] {
        let scope = format!("{AUDIENCE}/.default");
        let issued = endpoint.with_oauth2(way, SECRET, &scope).await.expect("a token");
        assert_eq!(issued.expires_in(), Some(std::time::Duration::from_secs(3600)));
        let claims = endpoint.verified(issued.access_token().secret()).await;
        assert_eq!(
            (&claims["aud"], &claims["iss"], &claims["appid"]),
            (&json!(AUDIENCE), &json!(ISSUER), &json!(CLIENT))
        );
        assert_eq!(claims["groups"], json!([READ_SLOT_ID.to_string()]));
        assert_eq!((claims["exp"].as_i64(), claims["nbf"].as_i64()), (Some(now() + 3600), Some(now() - 300)));
    }
    let refused = endpoint.with_oauth2(AuthType::BasicAuth, "wrong", "x/.default").await;
    assert!(refused.expect_err("refused").contains("Server returned error response"));
}

// covers: JWT-14, JWT-15, JWT-19, JWT-20, X-27, X-30
#[tokio::test]
async fn a_token_passes_the_checks_of_those_who_receive_it() {
    let endpoint = Endpoint::start().await;
    let (_, _, issued) = endpoint.post(&good_form()).await;
    let (_, _, jwks) = endpoint.get("/.well-known/jwks.json").await;
    let keys = KeySet::from_jwks(jwks.to_string().as_bytes()).expect("keys");
    let groups = GroupIds::from([(READ_SLOT_ID.to_string(), spine::interaction::Group::ReadSlot)]);
    let expecting = |operation, now| Expectation {
        dialect: &DIALECT_1_0_4,
        audiences: &[],
        issuer: ISSUER,
        keys: &keys,
        groups: &groups,
        clients: &EVERY_CLIENT,
        operation,
        now,
        leeway: 0,
        behind_ssp: false,
        accept_unsigned: AcceptUnsigned::Never,
    };
    let audiences = [AUDIENCE.to_owned()];
    let access_token = issued["access_token"].as_str().expect("a token");
    for (operation, after, taken) in [
        (Operation::SearchFreeSlots, 0, true),
        // A receiver whose clock is five minutes slow takes it too.
        (Operation::SearchFreeSlots, -300, true),
        (Operation::SearchFreeSlots, 3599, true),
        (Operation::SearchFreeSlots, 3600, false),
        (Operation::BookAppointment, 0, false),
    ] {
        let expected = Expectation { audiences: &audiences, ..expecting(operation, now() + after) };
        let checked = check(access_token, &expected);
        assert_eq!(checked.is_ok(), taken, "{operation:?} after {after} seconds: {checked:?}");
    }
}

// covers: TOK-05, TOK-06, JWT-03
#[tokio::test]
async fn a_token_is_answered_with_four_fields_and_never_cached() {
    let endpoint = Endpoint::start().await;
    let (status, headers, body) = endpoint.post(&good_form()).await;
    assert_eq!(status, 200);
    assert_eq!(
        (&body["token_type"], &body["expires_in"], &body["ext_expires_in"]),
        (&json!("Bearer"), &json!(3600), &json!(3600))
    );
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(4));
    assert_eq!(
        (&headers["cache-control"], &headers["pragma"]),
        (&"no-store".parse().unwrap(), &"no-cache".parse().unwrap())
    );
}

// covers: TOK-01, TOK-02, TOK-03, TOK-04, TOK-06, TOK-07, JWT-05
#[tokio::test]
async fn each_refusal_is_an_error_of_rfc_6749() {
    let endpoint = Endpoint::start().await;
    let scope = format!("{AUDIENCE}/.default");
    let cases = [
        (good_form().replace("client_credentials", "password"), 400, "unsupported_grant_type"),
        (good_form().replace("grant_type=client_credentials", ""), 400, "invalid_request"),
        (format!("{}&scope=again", good_form()), 400, "invalid_request"),
        (form(CLIENT, "wrong", &scope), 401, "invalid_client"),
        (form("nobody", SECRET, &scope), 401, "invalid_client"),
        (form(CLIENT, OLD_SECRET, &scope), 401, "invalid_client"),
        (format!("grant_type=client_credentials&scope={scope}"), 401, "invalid_client"),
        (form("retired", SECRET, &scope), 400, "unauthorized_client"),
        (form(CLIENT, SECRET, ""), 400, "invalid_scope"),
        (form(CLIENT, SECRET, AUDIENCE), 400, "invalid_scope"),
        (form(CLIENT, SECRET, "https://elsewhere.test/STU3/1/x/.default"), 400, "invalid_scope"),
        (form(CLIENT, SECRET, &format!("{scope}+{REGISTRY}.default")), 400, "invalid_scope"),
        ("x".repeat(20_000), 400, "invalid_request"),
    ];
    for (form, status, error) in cases {
        let (got, headers, body) = endpoint.post(&form).await;
        assert_eq!((got, &body["error"]), (status, &json!(error)), "{form}: {body}");
        assert!(body["error_description"].as_str().is_some_and(|text| text.contains('[')), "it names the rule: {body}");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers.contains_key("www-authenticate"), status == 401);
        assert!(body.get("resourceType").is_none(), "never an OperationOutcome");
    }
    let json = Request::post("/oauth2/token").header("content-type", "application/json");
    let (status, _, body) = endpoint.answered(json.body(Upload::Whole("{}".into())).unwrap()).await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_request")));
}

// covers: TOK-07, JWT-02
#[tokio::test]
async fn an_endpoint_with_a_trailing_slash_names_the_same_audience() {
    let endpoint = Endpoint::start().await;
    for scope in [format!("{REGISTRY}.default"), format!("{REGISTRY}/.default")] {
        let (status, _, body) = endpoint.post(&form(CLIENT, SECRET, &scope)).await;
        assert_eq!(status, 200, "{scope}: {body}");
        let token = body["access_token"].as_str().expect("a token");
        let claims = jsonwebtoken::dangerous::insecure_decode::<Value>(token).expect("claims").claims;
        assert_eq!(claims["aud"], REGISTRY.trim_end_matches('/'));
    }
}

// covers: TOK-03
#[tokio::test]
async fn two_secrets_live_side_by_side_until_one_ends() {
    let endpoint = Endpoint::start().await;
    let with = |secret| form(CLIENT, secret, &format!("{AUDIENCE}/.default"));
    assert_eq!(endpoint.post(&with(SECRET)).await.0, 200);
    assert_eq!(endpoint.post(&with(NEXT_SECRET)).await.0, 200);
    endpoint.clock.forward(60);
    assert_eq!(endpoint.post(&with(NEXT_SECRET)).await.0, 401, "it ended");
    assert_eq!(endpoint.post(&with(SECRET)).await.0, 200);
}

#[tokio::test]
async fn a_client_waits_after_ten_failures_and_is_let_in_again() {
    let endpoint = Endpoint::start().await;
    let wrong = form(CLIENT, "wrong", &format!("{AUDIENCE}/.default"));
    for _ in 0..10 {
        assert_eq!(endpoint.post(&wrong).await.0, 401);
    }
    let (status, headers, body) = endpoint.post(&good_form()).await;
    assert_eq!((status, &body["error"]), (429, &json!("slow_down")), "the right secret waits too");
    let seconds: i64 = headers["retry-after"].to_str().unwrap().parse().expect("seconds");
    assert!((1..60).contains(&seconds), "{seconds}");
    endpoint.clock.forward(seconds);
    assert_eq!(endpoint.post(&good_form()).await.0, 200);
}

// covers: TOK-08
#[tokio::test]
async fn tokens_of_a_former_key_can_still_be_verified() {
    let endpoint = Endpoint::start().await;
    let (_, _, before) = endpoint.post(&good_form()).await;
    let pair = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).expect("a key");
    let keys = Keys {
        signing: SigningKey::from_pkcs8_pem(&pair.serialize_pem()).expect("an RSA key"),
        others: vec![signing_key(&pki::Authority::new("Root")).public_key().expect("a public key")],
    };
    endpoint.token.replace_keys(keys).expect("replaced");
    let (_, _, after) = endpoint.post(&good_form()).await;
    for body in [before, after] {
        endpoint.verified(body["access_token"].as_str().expect("a token")).await;
    }
    let (_, headers, jwks) = endpoint.get("/.well-known/jwks.json").await;
    assert_eq!(jwks["keys"].as_array().map(Vec::len), Some(2));
    assert!(!jwks.to_string().contains("\"d\""), "no private part is published");
    assert_eq!(headers["cache-control"], "public, max-age=300");
}

// covers: TOK-08
#[tokio::test]
async fn a_key_that_signs_next_is_published_before_and_a_key_named_twice_once() {
    let endpoint = Endpoint::start().await;
    let pair = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).expect("a key");
    let next = || SigningKey::from_pkcs8_pem(&pair.serialize_pem()).expect("an RSA key");
    let published = |key: &SigningKey| key.public_key().expect("a public key");
    let signing = signing_key(&pki::Authority::new("Root"));
    let others = vec![published(&next()), published(&signing), published(&next())];
    endpoint.token.replace_keys(Keys { signing, others }).expect("replaced");
    let (_, _, jwks) = endpoint.get("/.well-known/jwks.json").await;
    assert_eq!(jwks["keys"].as_array().map(Vec::len), Some(2));
    let receiver = KeySet::from_jwks(jwks.to_string().as_bytes()).expect("a set that receivers take");
    endpoint.token.replace_keys(Keys { signing: next(), others: Vec::new() }).expect("replaced");
    let (_, _, issued) = endpoint.post(&good_form()).await;
    let header = jsonwebtoken::decode_header(issued["access_token"].as_str().expect("a token")).expect("a header");
    assert!(receiver.find(&header.kid.expect("a kid")).is_some(), "who knew the set before can verify it");
}

#[tokio::test]
async fn the_discovery_document_says_where_everything_is() {
    let endpoint = Endpoint::start().await;
    let (status, _, document) = endpoint.get("/.well-known/openid-configuration").await;
    assert_eq!(status, 200);
    assert_eq!(document["issuer"], ISSUER);
    assert_eq!(document["token_endpoint"], "https://localhost:8446/oauth2/token");
    assert_eq!(document["jwks_uri"], "https://localhost:8446/.well-known/jwks.json");
    assert_eq!(document["scopes_supported"][1], format!("{REGISTRY}.default"));
}

// covers: AUD-04, AUD-09
#[tokio::test]
async fn every_request_leaves_one_record_without_secret_or_token() {
    let endpoint = Endpoint::start().await;
    let (_, _, issued) = endpoint.post(&good_form()).await;
    endpoint.post(&form(CLIENT, "a-wrong-secret", "x/.default")).await;
    endpoint.post(&form("a-secret-in-the-wrong-field", "wrong", "x/.default")).await;
    // A record of a change is written after all that were handed over before it.
    endpoint.store.append(audit()).await.expect("written");
    let filter = AuditFilter { limit: 100, ..AuditFilter::default() };
    let records = endpoint.store.list(&filter).await.expect("records");
    let bodies: Vec<Value> = records
        .iter()
        .filter_map(|stored| serde_json::from_slice::<Value>(&stored.record.body).ok())
        .filter(|body| body["role"] == "token")
        .collect();
    let outcomes: Vec<_> =
        bodies.iter().map(|body| (body["status"].as_i64(), body["token"]["appid"].as_str())).collect();
    assert_eq!(outcomes, [(Some(200), Some(CLIENT)), (Some(401), Some(CLIENT)), (Some(401), None)]);
    assert_eq!(bodies[0]["token"]["aud"], AUDIENCE);
    assert_eq!(bodies[1]["refusal"], "ClientUnknown");
    let text = format!("{bodies:?}");
    let access_token = issued["access_token"].as_str().expect("a token");
    for hidden in [SECRET, "a-wrong-secret", "a-secret-in-the-wrong-field", access_token] {
        assert!(!text.contains(hidden), "{hidden} is in a record");
    }
}

#[tokio::test]
async fn other_addresses_and_verbs_are_refused_as_json() {
    let endpoint = Endpoint::start().await;
    let (status, headers, body) = endpoint.get("/oauth2/token").await;
    assert_eq!((status, &headers["allow"], &body["error"]), (405, &"POST".parse().unwrap(), &json!("invalid_request")));
    assert_eq!(endpoint.get("/").await.0, 404);
    let post = Request::post("/.well-known/jwks.json").body(Upload::Empty).unwrap();
    let (status, headers, _) = endpoint.answered(post).await;
    assert_eq!((status, &headers["allow"]), (405, &"GET, HEAD".parse().unwrap()));
}

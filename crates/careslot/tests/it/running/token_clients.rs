//! `careslot token-client`: while the token endpoint runs, through its administration; else in its store. And an OAuth client
//! and a JWT library that know nothing of CareSlot, against the program as it is built.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use oauth2::basic::BasicClient;
use oauth2::{AuthType, ClientId, ClientSecret, HttpRequest, Scope, TokenResponse, TokenUrl};
use serde_json::Value;

use super::curl::curl;
use super::{CARESLOT, Demo, Seen, run};

/// Asks for a token with a client and its secret; status and body.
fn ask(demo: &Demo, client_id: &str, secret: &str) -> (u16, Value) {
    let scope = format!("scope={}/.default", demo.text("/provider/endpoint"));
    let (client, secret) = (format!("client_id={client_id}"), format!("client_secret={secret}"));
    let fields = ["grant_type=client_credentials", &client, &secret, &scope];
    let words: Vec<&str> = fields.iter().flat_map(|field| ["--data-urlencode", *field]).collect();
    let answer = curl(demo, None, &demo.text("/token/endpoint"), &words);
    (answer.status, answer.body())
}

// covers: TOK-03, TOK-09, TOK-10, AUD-09
#[test]
fn a_client_is_added_rotated_and_revoked_while_the_endpoint_runs() {
    let demo = Demo::shared();
    let added = demo.json("token-client add A-service --group read:slot --client-id a-service --json");
    let first = added["client_secret"].as_str().unwrap().to_owned();
    let (status, answer) = ask(demo, "a-service", &first);
    assert_eq!(status, 200, "at once: {answer}");
    let claims =
        demo.json(&format!("jwt decode {} --json", answer["access_token"].as_str().unwrap()))["claims"].clone();
    assert_eq!((&claims["appid"], claims["groups"].as_array().map(Vec::len)), (&"a-service".into(), Some(1)));

    let rotated = demo.careslot("token-client rotate a-service --secret-name second --out second.secret");
    assert_eq!(rotated.exit, 0, "{rotated:?}");
    let file = demo.folder.join("second.secret");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let second = fs::read_to_string(&file).unwrap().trim().to_owned();
    assert!(!rotated.stdout.contains(&second) && !rotated.stderr.contains(&second), "{rotated:?}");
    assert_eq!((ask(demo, "a-service", &first).0, ask(demo, "a-service", &second).0), (200, 200), "both live");

    let list = demo.careslot("token-client list");
    assert!(list.stdout.contains("a-service") && list.stdout.contains("second"), "{list:?}");
    for hidden in [&first, &second, &"sha256$".to_owned()] {
        assert!(!list.stdout.contains(hidden), "{list:?}");
    }
    assert_eq!(demo.careslot("token-client rotate a-service --secret-name third --older-days 0").exit, 0);
    assert_eq!((ask(demo, "a-service", &first).0, ask(demo, "a-service", &second).0), (401, 401), "at once");
    assert_eq!(demo.careslot("token-client revoke a-service --secret third").exit, 0);
    assert_eq!(demo.careslot("token-client revoke a-service").exit, 0);
    assert_eq!(ask(demo, "a-service", &second).1["error"], "invalid_client");
    for line in ["token-client revoke a-service", "token-client rotate a-service"] {
        let seen = demo.careslot(line);
        assert_eq!(seen.exit, 1, "{seen:?}");
    }
    let known = demo.text("/consumer/client_id");
    let seen = demo.careslot(&format!("token-client add Again --group read:slot --client-id {known}"));
    assert_eq!((seen.exit, seen.stderr.contains("already")), (1, true), "{seen:?}");
    let seen = demo.careslot("token-client add Other --group read:slot --out second.secret");
    assert_eq!((seen.exit, seen.stderr.contains("there already")), (2, true), "{seen:?}");
    let seen = demo.careslot("token-client add Other --group delete:appointment");
    assert_eq!((seen.exit, seen.stderr.contains("choose one of read:slot, create:appointment")), (2, true), "{seen:?}");
}

fn at(folder: &Path, line: &str) -> Seen {
    run(CARESLOT, &line.split_whitespace().collect::<Vec<_>>(), folder, &[("XDG_STATE_HOME", folder)], "")
}

// covers: TOK-03, TOK-09
#[test]
fn clients_are_looked_after_in_the_store_where_nothing_runs() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("c.toml"), "").unwrap();
    let none = at(folder, "token-client list --config c.toml");
    assert_eq!(none.exit, 2, "nothing is kept yet: {none:?}");
    let added = at(folder, "token-client add A-service --group create:appointment --client-id one --config c.toml");
    assert_eq!(added.exit, 0, "{added:?}");
    let again = at(folder, "token-client add A-service --group create:appointment --client-id one --config c.toml");
    assert_eq!(again.exit, 1, "{again:?}");
    let rotated = at(folder, "token-client rotate one --secret-name two --secret-days 30 --config c.toml");
    assert_eq!(rotated.exit, 0, "{rotated:?}");
    let list = at(folder, "token-client list --config c.toml --json");
    let list: Value = serde_json::from_str(&list.stdout).unwrap();
    assert_eq!(list[0]["secrets"].as_array().map(Vec::len), Some(2));
    assert!(list[0]["secrets"][0]["expires_at"].is_i64(), "the older one ends: {list}");
    assert_eq!(at(folder, "token-client revoke one --secret two --config c.toml").exit, 0);
    assert_eq!(at(folder, "token-client revoke one --config c.toml").exit, 0);
    assert_eq!(at(folder, "token-client revoke one --config c.toml").exit, 1);
}

// covers: TOK-01, TOK-02, TOK-05, TOK-08, JWT-03, JWT-13, JWT-14, JWT-15
#[test]
fn an_independent_oauth_client_and_jwt_library_need_addresses_ca_and_secrets_alone() {
    let demo = Demo::shared();
    let secret = fs::read_to_string(demo.file("/consumer/client_secret_file")).unwrap().trim().to_owned();
    let provider = demo.text("/provider/endpoint");
    let issuer_root = demo.text("/token/endpoint").replace("/oauth2/token", "");
    let discovery = curl(demo, None, &format!("{issuer_root}/.well-known/openid-configuration"), &[]).body();
    let endpoint = discovery["token_endpoint"].as_str().unwrap().to_owned();
    let jwks = curl(demo, None, discovery["jwks_uri"].as_str().unwrap(), &[]).text;
    let jwks: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&jwks).expect("a key set");
    for way in [AuthType::RequestBody, AuthType::BasicAuth] {
        let client = BasicClient::new(ClientId::new(demo.text("/consumer/client_id")))
            .set_client_secret(ClientSecret::new(secret.clone()))
            .set_auth_type(way)
            .set_token_uri(TokenUrl::new(endpoint.clone()).unwrap());
        let asked = client.exchange_client_credentials().add_scope(Scope::new(format!("{provider}/.default")));
        let issued = asked.request(&|request: HttpRequest| sent(demo, &request)).expect("a token");
        assert_eq!(issued.expires_in(), Some(Duration::from_secs(3600)));
        let token = issued.access_token().secret();
        let header = jsonwebtoken::decode_header(token).unwrap();
        let key = jwks.find(&header.kid.unwrap()).expect("the key is published");
        let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
        rules.set_audience(&[&provider]);
        rules.set_issuer(&[discovery["issuer"].as_str().unwrap()]);
        rules.validate_nbf = true;
        let key = jsonwebtoken::DecodingKey::from_jwk(key).unwrap();
        let claims = jsonwebtoken::decode::<Value>(token, &key, &rules).expect("it verifies").claims;
        assert_eq!(claims["appid"], demo.text("/consumer/client_id"));
    }
}

/// The library's request, carried by curl.
fn sent(demo: &Demo, request: &HttpRequest) -> Result<http::Response<Vec<u8>>, std::io::Error> {
    let headers: Vec<String> = request
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or_default()))
        .collect();
    let mut words: Vec<&str> = headers.iter().flat_map(|header| ["-H", header.as_str()]).collect();
    let body = String::from_utf8_lossy(request.body());
    words.extend(["-X", request.method().as_str(), "--data-raw", &body]);
    let answer = curl(demo, None, &request.uri().to_string(), &words);
    let content_type = answer.header("content-type").unwrap_or_default().to_owned();
    let response = http::Response::builder().status(answer.status).header("content-type", content_type);
    response.body(answer.text.into_bytes()).map_err(std::io::Error::other)
}

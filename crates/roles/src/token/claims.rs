//! The claims of an access token of generation 1, as the published sample has them (section 8.2 of the catalogue: JW1,
//! TOK-07, TOK-10, JWT-04, JWT-14…23, X-27).

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use store::TokenClient;
use uuid::Uuid;

use super::Settings;

/// The `appidacr` of a client that proved itself with a secret (JWT-18).
const BY_SECRET: &str = "1";
/// The generation of the claims' layout (JWT-22).
const LAYOUT: &str = "1.0";

/// The claims of a token for one client and one audience.
///
/// `iat` and `nbf` are dated back so that a receiver whose clock is slow takes the token at once; what remains until
/// `exp` is the lifetime that the answer promises.
pub(super) fn claims(
    settings: &Settings,
    client: &TokenClient,
    audience: &str,
    now: Timestamp,
    unique: Uuid,
) -> Map<String, Value> {
    let begin = now.as_second() - i64::from(settings.back_dated);
    let principal = principal(&settings.tenant, &client.client_id).to_string();
    let claims = json!({
        "aud": audience,
        "iss": settings.issuer,
        "iat": begin,
        "nbf": begin,
        "exp": now.as_second() + i64::from(settings.lifetime),
        "appid": client.client_id,
        "appidacr": BY_SECRET,
        "groups": group_ids(settings, client),
        "idp": settings.issuer,
        "oid": principal,
        "sub": principal,
        "tid": settings.tenant,
        "uti": unique.simple().to_string(),
        "ver": LAYOUT,
    });
    match claims {
        Value::Object(claims) => claims,
        _ => Map::new(),
    }
}

/// The ids under which the client's groups stand in a token. A group that no id is configured for is left out: a
/// receiver could not know it.
fn group_ids(settings: &Settings, client: &TokenClient) -> Vec<String> {
    let ids = settings.groups.iter().filter(|group| client.groups.contains(&group.name));
    ids.map(|group| group.id.to_string()).collect()
}

/// The id of the client's service principal: always the same for one client, and different in each tenant (JWT-21).
fn principal(tenant: &str, client_id: &str) -> Uuid {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, format!("{tenant}\n{client_id}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_ref()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::Group;

    fn settings() -> Settings {
        let group = |name: &str, id: u128| Group { name: name.to_owned(), id: Uuid::from_u128(id) };
        Settings {
            issuer: "https://localhost:8446/tenant/".to_owned(),
            tenant: "tenant".to_owned(),
            address: "https://localhost:8446".to_owned(),
            audiences: Vec::new(),
            groups: vec![group("read:slot", 1), group("create:appointment", 2), group("delete:appointment", 3)],
            lifetime: 3600,
            back_dated: 300,
            failures_before_slowing: 10,
        }
    }

    fn client(groups: &[&str]) -> TokenClient {
        TokenClient {
            client_id: "a-client".to_owned(),
            name: "A client".to_owned(),
            secrets: Vec::new(),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            enabled: true,
        }
    }

    // covers: JWT-04, X-27, TOK-07, JWT-14, JWT-17, JWT-18, JWT-20, JWT-21, JWT-22
    #[test]
    fn a_token_has_the_claims_of_the_published_sample() {
        let now = Timestamp::from_second(1_557_409_104).expect("a timestamp");
        let claims = claims(&settings(), &client(&["read:slot"]), "https://p/STU3/1/demo", now, Uuid::from_u128(9));
        let names: Vec<&str> = claims.keys().map(String::as_str).collect();
        let expected = [
            "aud", "iss", "iat", "nbf", "exp", "appid", "appidacr", "groups", "idp", "oid", "sub", "tid", "uti", "ver",
        ];
        assert_eq!(names, expected);
        assert_eq!((&claims["iat"], &claims["nbf"]), (&json!(1_557_408_804), &json!(1_557_408_804)));
        assert_eq!(claims["exp"], json!(1_557_412_704), "3900 seconds after iat, 3600 from now");
        assert_eq!(claims["aud"], "https://p/STU3/1/demo");
        assert_eq!(
            (&claims["appid"], &claims["appidacr"], &claims["ver"]),
            (&json!("a-client"), &json!("1"), &json!("1.0"))
        );
        assert_eq!((&claims["oid"], &claims["idp"]), (&claims["sub"], &claims["iss"]));
    }

    // covers: TOK-10, JWT-19
    #[test]
    fn groups_are_named_by_their_ids() {
        let ids = |groups: &[&str]| group_ids(&settings(), &client(groups));
        assert_eq!(
            ids(&["create:appointment", "read:slot", "unheard:of"]),
            ["00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"]
        );
        assert!(ids(&[]).is_empty());
    }

    #[test]
    fn a_client_keeps_its_principal_within_a_tenant() {
        assert_eq!(principal("t", "a"), principal("t", "a"));
        assert_ne!(principal("t", "a"), principal("t", "b"));
        assert_ne!(principal("t", "a"), principal("u", "a"));
    }
}

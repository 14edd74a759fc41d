//! The claims of both generations as values: what the checks read and what tokens are made of (JW1, JW2-02 … JW2-12).

use super::SELF_MADE_LIFETIME;
use crate::identifiers::OdsCode;
use crate::systems;
use serde_json::{Map, Value, json};

/// The claims of a token that was believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claims {
    /// Generation 1, signed by the token endpoint.
    Access(AccessClaims),
    /// Generation 2, made by the Consumer; an audit statement only (JWT-90).
    SelfMade(Box<SelfMadeClaims>),
}

/// The claims of a generation 1 access token (section 8.2). Times are seconds since 1970 UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessClaims {
    /// `iss`, exactly as the issuer is configured.
    pub issuer: String,
    /// `aud`, the service root that the token is for.
    pub audience: String,
    /// `appid`, the client.
    pub client: String,
    /// `groups`, as the ids that the token endpoint gives out.
    pub groups: Vec<String>,
    /// `iat`.
    pub issued_at: Option<i64>,
    /// `nbf`.
    pub not_before: Option<i64>,
    /// `exp`.
    pub expires_at: i64,
    /// `sub` and `oid`, the service principal.
    pub subject: Option<String>,
    /// `tid`, a segment of the issuer.
    pub tenant: Option<String>,
    /// `uti`, the token's own id.
    pub token_id: Option<String>,
}

impl AccessClaims {
    /// The payload, with Azure's housekeeping claims as the published sample has them.
    #[must_use]
    pub fn to_json(&self) -> Map<String, Value> {
        let mut claims = Map::new();
        claims.insert("aud".into(), self.audience.clone().into());
        claims.insert("iss".into(), self.issuer.clone().into());
        let mut insert = |name: &str, value: Option<Value>| value.map(|value| claims.insert(name.into(), value));
        insert("iat", self.issued_at.map(Into::into));
        insert("nbf", self.not_before.map(Into::into));
        insert("exp", Some(self.expires_at.into()));
        insert("appid", Some(self.client.clone().into()));
        insert("appidacr", Some("1".into()));
        insert("groups", Some(self.groups.clone().into()));
        insert("idp", Some(self.issuer.clone().into()));
        insert("oid", self.subject.clone().map(Into::into));
        insert("sub", self.subject.clone().map(Into::into));
        insert("tid", self.tenant.clone().map(Into::into));
        insert("uti", self.token_id.clone().map(Into::into));
        insert("ver", Some("1.0".into()));
        claims
    }
}

/// The claims of a generation 2 token (section 8.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfMadeClaims {
    /// `iss`, the Consumer's own endpoint.
    pub issuer: String,
    /// `sub`, the local id of the user.
    pub subject: String,
    /// `aud`, the service root of the Provider.
    pub audience: String,
    /// `iat` in seconds since 1970 UTC; `exp` is 300 seconds later (JW2-06).
    pub issued_at: i64,
    /// `requested_scope` (JW2-09).
    pub scope: String,
    /// `requesting_device` (JW2-10).
    pub device: Device,
    /// `requesting_organization` (JW2-11).
    pub organisation: RequestingOrganisation,
    /// `requesting_practitioner`, which may be absent (JW2-12).
    pub practitioner: Option<Practitioner>,
}

/// The system that the user works with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The identifier's system, a URL of the supplier.
    pub system: String,
    /// The identifier's value.
    pub value: String,
    /// The product.
    pub model: String,
    /// The product's version.
    pub version: String,
}

/// The organisation that the request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestingOrganisation {
    /// Its name.
    pub name: String,
    /// Its ODS code.
    pub ods_code: OdsCode,
}

/// The person behind the request. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Practitioner {
    /// The local id, equal to the token's subject.
    pub id: String,
    /// The family name.
    pub family: String,
    /// The given names.
    pub given: Vec<String>,
    /// Titles.
    pub prefix: Vec<String>,
    /// The smartcard user, or `UNK`.
    pub sds_user: Option<String>,
    /// The smartcard role profile, or `UNK`.
    pub sds_role_profile: Option<String>,
    /// System and value of a local identifier.
    pub local_identifier: Option<(String, String)>,
}

impl std::fmt::Debug for Practitioner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Practitioner(…)")
    }
}

impl SelfMadeClaims {
    /// `exp`: 300 seconds after `iat`.
    #[must_use]
    pub fn expires_at(&self) -> i64 {
        self.issued_at.saturating_add(SELF_MADE_LIFETIME)
    }

    /// The payload.
    #[must_use]
    pub fn to_json(&self) -> Map<String, Value> {
        let device = &self.device;
        let payload = json!({
            "iss": self.issuer, "sub": self.subject, "aud": self.audience,
            "exp": self.expires_at(), "iat": self.issued_at,
            "reason_for_request": "directcare", "requested_scope": self.scope,
            "requesting_device": {
                "resourceType": "Device", "identifier": [identifier(&device.system, &device.value)],
                "model": device.model, "version": device.version,
            },
            "requesting_organization": {
                "resourceType": "Organization",
                "identifier": [identifier(systems::ODS_ORGANISATION, self.organisation.ods_code.as_str())],
                "name": self.organisation.name,
            },
        });
        let mut claims = match payload {
            Value::Object(claims) => claims,
            _ => Map::new(),
        };
        if let Some(practitioner) = &self.practitioner {
            claims.insert("requesting_practitioner".into(), practitioner.to_json());
        }
        claims
    }
}

impl Practitioner {
    fn to_json(&self) -> Value {
        let mut identifiers = vec![
            identifier(systems::SDS_USER, self.sds_user.as_deref().unwrap_or("UNK")),
            identifier(systems::SDS_ROLE_PROFILE, self.sds_role_profile.as_deref().unwrap_or("UNK")),
        ];
        identifiers.extend(self.local_identifier.iter().map(|(system, value)| identifier(system, value)));
        let mut name = Map::from_iter([("family".to_owned(), Value::from(self.family.clone()))]);
        for (part, values) in [("given", &self.given), ("prefix", &self.prefix)] {
            if !values.is_empty() {
                name.insert(part.to_owned(), values.clone().into());
            }
        }
        json!({ "resourceType": "Practitioner", "id": self.id, "identifier": identifiers, "name": [name] })
    }
}

fn identifier(system: &str, value: &str) -> Value {
    json!({ "system": system, "value": value })
}

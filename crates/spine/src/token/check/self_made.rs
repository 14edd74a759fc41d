//! The checks of generation 2, the token that the Consumer makes itself (JWT-30 … JWT-35, JWT-60 … JWT-70, JW2-01 …
//! JW2-12). Its claims can only narrow what is allowed (JWT-93).

use super::super::SELF_MADE_LIFETIME;
use super::super::claims::{Claims, Device, Practitioner, RequestingOrganisation, SelfMadeClaims};
use super::super::compact::Compact;
use super::super::fault::TokenFault;
use super::reading::Reading;
use super::{Checked, Expectation, accepted_audience};
use crate::identifiers::{OdsCode, quote};
use crate::interaction::Operation;
use crate::reason::Reason;
use crate::systems;
use serde_json::Value;

/// Claims that only the token endpoint may make (JWT-92).
const ACCESS_TOKEN_CLAIMS: [&str; 3] = ["appid", "groups", "tid"];

pub(super) fn check(
    compact: &Compact<'_>,
    expected: &Expectation<'_>,
    faults: &mut Vec<TokenFault>,
) -> Option<Checked> {
    check_header(compact, faults);
    let mut reading = Reading::new(&compact.claims, faults);
    refuse_access_token_claims(&mut reading);
    let issuer = reading.text("iss", "JWT-60");
    let subject = reading.text("sub", "JWT-61");
    let audience = check_audience(&mut reading, expected);
    let issued_at = check_times(&mut reading, expected);
    check_purpose(&mut reading);
    let scope = check_scope(&mut reading, expected.operation);
    let device = read_device(&mut reading);
    let organisation = read_organisation(&mut reading);
    let practitioner = read_practitioner(&mut reading, subject);
    let claims = SelfMadeClaims {
        issuer: issuer?.to_owned(),
        subject: subject?.to_owned(),
        audience: audience?,
        issued_at: issued_at?,
        scope: scope?.to_owned(),
        device: device?,
        organisation: organisation?,
        practitioner,
    };
    Some(Checked { claims: Claims::SelfMade(Box::new(claims)), groups: Vec::new(), key_id: None })
}

/// Whether one of the space-separated scopes covers the operation (JW2-09, JWT-66).
pub(super) fn allows(scope: &str, operation: Operation) -> Result<(), TokenFault> {
    let needed = operation.row().scopes;
    if scope.split_ascii_whitespace().any(|given| needed.contains(&given)) {
        return Ok(());
    }
    let sentence =
        format!("this operation needs the scope {}, the token requests {}", needed.join(" or "), quote(scope));
    Err(TokenFault::new(Reason::TokenScopeWrong, "JW2-09", sentence))
}

/// `now` lies before `exp`, give or take the leeway; on the second of `exp` a token is expired (JWT-16, JWT-63, JW2-07).
pub(super) fn check_expiry(
    reading: &mut Reading<'_, '_>,
    expires_at: i64,
    requirement: &'static str,
    expected: &Expectation<'_>,
) {
    if expected.now >= expires_at.saturating_add(expected.leeway) {
        let now = expected.now;
        let sentence = format!("the token expired at {expires_at}, and now is {now} (seconds since 1970)");
        reading.fault(Reason::TokenExpired, requirement, sentence);
    }
}

/// The header is exactly `alg` none and `typ` JWT (JWT-31).
pub(super) fn check_header(compact: &Compact<'_>, faults: &mut Vec<TokenFault>) {
    let exact = compact.header.len() == 2 && compact.header.get("typ").and_then(Value::as_str) == Some("JWT");
    if !exact {
        let sentence = "the header of an unsigned token must be exactly {\"alg\":\"none\",\"typ\":\"JWT\"}";
        faults.push(TokenFault::new(Reason::TokenMalformed, "JWT-31", sentence));
    }
}

fn refuse_access_token_claims(reading: &mut Reading<'_, '_>) {
    for name in ACCESS_TOKEN_CLAIMS {
        if reading.optional(name).is_some() {
            let sentence = format!("an unsigned token must not hold {name}: only the token endpoint states that");
            reading.fault(Reason::TokenUnsigned, "JWT-92", sentence);
        }
    }
}

fn check_audience(reading: &mut Reading<'_, '_>, expected: &Expectation<'_>) -> Option<String> {
    let audience = reading.text("aud", "JWT-62")?;
    let accepted = accepted_audience(audience, expected);
    if accepted.is_none() {
        let sentence = format!("aud must be {}, it is {}", expected.audiences.join(" or "), quote(audience));
        reading.fault(Reason::WrongAudience, "JWT-62", sentence);
    }
    accepted.cloned()
}

/// Ten digits each, exactly 300 seconds apart, not expired; an `iat` in the future is no fault (JWT-63, JWT-64, JW2-06).
fn check_times(reading: &mut Reading<'_, '_>, expected: &Expectation<'_>) -> Option<i64> {
    let issued_at = reading.seconds("iat", "JWT-64");
    let expires_at = reading.seconds("exp", "JWT-63");
    let (issued_at, expires_at) = (issued_at?, expires_at?);
    if [issued_at, expires_at].iter().any(|seconds| *seconds < 1_000_000_000) {
        reading.fault(Reason::TokenClaimMalformed, "JWT-64", "iat and exp must be seconds since 1970 of ten digits");
    }
    if expires_at - issued_at != SELF_MADE_LIFETIME {
        let sentence = format!("exp must be iat plus 300 seconds, it is iat plus {}", expires_at - issued_at);
        reading.fault(Reason::TokenLifetimeWrong, "JW2-06", sentence);
    }
    check_expiry(reading, expires_at, "JWT-63", expected);
    Some(issued_at)
}

fn check_purpose(reading: &mut Reading<'_, '_>) {
    if let Some(purpose) = reading.text("reason_for_request", "JWT-65").filter(|purpose| *purpose != "directcare") {
        let sentence = format!("reason_for_request must be directcare, it is {}", quote(purpose));
        reading.fault(Reason::TokenPurposeWrong, "JW2-08", sentence);
    }
}

fn check_scope<'a>(reading: &mut Reading<'a, '_>, operation: Operation) -> Option<&'a str> {
    let scope = reading.text("requested_scope", "JWT-66")?;
    if let Err(fault) = allows(scope, operation) {
        reading.fault(fault.reason, fault.requirement, fault.sentence);
    }
    Some(scope)
}

/// A claim that must be a FHIR resource of this type.
fn resource<'a>(
    reading: &mut Reading<'a, '_>,
    name: &str,
    value: &'a Value,
    resource_type: &str,
    requirement: &'static str,
) -> Option<&'a Value> {
    if value.get("resourceType").and_then(Value::as_str) == Some(resource_type) {
        return Some(value);
    }
    let sentence = format!("the claim {name} must be an object with the resourceType {resource_type}");
    reading.fault(Reason::TokenClaimNotFhir, requirement, sentence);
    None
}

/// A text element of a resource that must not be empty.
fn element<'a>(resource: &'a Value, name: &str) -> Option<&'a str> {
    resource.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// System and value of each identifier that has both.
fn identifiers(resource: &Value) -> impl Iterator<Item = (&str, &str)> {
    let listed = resource.get("identifier").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    listed.iter().filter_map(|identifier| Some((element(identifier, "system")?, element(identifier, "value")?)))
}

fn read_device(reading: &mut Reading<'_, '_>) -> Option<Device> {
    let value = reading.required("requesting_device", "JWT-67")?;
    let device = resource(reading, "requesting_device", value, "Device", "JWT-67")?;
    let read = || {
        let (system, value) = identifiers(device).next()?;
        let (model, version) = (element(device, "model")?, element(device, "version")?);
        Some(Device { system: system.into(), value: value.into(), model: model.into(), version: version.into() })
    };
    let found = read();
    if found.is_none() {
        let sentence = "requesting_device must have an identifier with system and value, a model and a version";
        reading.fault(Reason::TokenClaimMalformed, "JW2-10", sentence);
    }
    found
}

fn read_organisation(reading: &mut Reading<'_, '_>) -> Option<RequestingOrganisation> {
    let value = reading.required("requesting_organization", "JWT-68")?;
    let organisation = resource(reading, "requesting_organization", value, "Organization", "JWT-68")?;
    let ods = identifiers(organisation)
        .find(|(system, _)| [systems::ODS_ORGANISATION, systems::ODS_ORGANISATION_OLD].contains(system))
        .and_then(|(_, value)| OdsCode::parse(value).ok());
    let found = element(organisation, "name")
        .zip(ods)
        .map(|(name, ods_code)| RequestingOrganisation { name: name.to_owned(), ods_code });
    if found.is_none() {
        let sentence = format!(
            "requesting_organization must have a name and an identifier of the system {} with an ODS code",
            systems::ODS_ORGANISATION
        );
        reading.fault(Reason::TokenClaimMalformed, "JW2-11", sentence);
    }
    found
}

/// The practitioner may be absent; if it is there its id is the subject (JWT-61, JWT-69, JW2-04, JW2-12).
fn read_practitioner(reading: &mut Reading<'_, '_>, subject: Option<&str>) -> Option<Practitioner> {
    let value = reading.optional("requesting_practitioner")?;
    let practitioner = resource(reading, "requesting_practitioner", value, "Practitioner", "JWT-69")?;
    let name = practitioner.get("name").and_then(Value::as_array).and_then(|names| names.first());
    let family = name.and_then(|name| element(name, "family"));
    let (Some(id), Some(family)) = (element(practitioner, "id"), family) else {
        let sentence = "requesting_practitioner must have an id and a name with a family name";
        reading.fault(Reason::TokenClaimMalformed, "JW2-12", sentence);
        return None;
    };
    if subject.is_some_and(|subject| subject != id) {
        let sentence = "sub must equal the id of requesting_practitioner";
        reading.fault(Reason::TokenSubjectDiffers, "JW2-04", sentence);
    }
    let with_system = |wanted: &str| identifiers(practitioner).find(|(system, _)| *system == wanted);
    let local =
        identifiers(practitioner).find(|(system, _)| ![systems::SDS_USER, systems::SDS_ROLE_PROFILE].contains(system));
    Some(Practitioner {
        id: id.to_owned(),
        family: family.to_owned(),
        given: texts(name, "given"),
        prefix: texts(name, "prefix"),
        sds_user: with_system(systems::SDS_USER).map(|(_, value)| value.to_owned()),
        sds_role_profile: with_system(systems::SDS_ROLE_PROFILE).map(|(_, value)| value.to_owned()),
        local_identifier: local.map(|(system, value)| (system.to_owned(), value.to_owned())),
    })
}

fn texts(name: Option<&Value>, part: &str) -> Vec<String> {
    let listed = name.and_then(|name| name.get(part)).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    listed.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

//! The checks of generation 1, the signed access token (JWT-10 … JWT-23, JW1-01 … JW1-04, X-30).

use super::super::claims::{AccessClaims, Claims};
use super::super::compact::Compact;
use super::super::fault::TokenFault;
use super::reading::Reading;
use super::{Checked, Expectation, accepted_audience};
use crate::identifiers::quote;
use crate::interaction::{Group, Operation};
use crate::reason::Reason;
use serde_json::Value;

/// Header members by which a token would bring its own key, or demand what is not understood (JWT-92, RFC 7515 4.1).
const REFUSED_HEADER_MEMBERS: [&str; 5] = ["jwk", "jku", "x5u", "x5c", "crit"];

pub(super) fn check(
    compact: &Compact<'_>,
    expected: &Expectation<'_>,
    faults: &mut Vec<TokenFault>,
) -> Option<Checked> {
    check_header(compact, faults);
    check_signature(compact, expected, faults);
    let mut reading = Reading::new(&compact.claims, faults);
    let issuer = check_issuer(&mut reading, expected);
    let audience = check_audience(&mut reading, expected);
    let times = check_times(&mut reading, expected);
    let tenant = check_tenant(&mut reading, expected);
    check_version(&mut reading);
    let client = check_client(&mut reading, expected);
    let subject = reading.optional_text("sub", "JWT-21").map(str::to_owned);
    let token_id = reading.optional_text("uti", "JWT-23").map(str::to_owned);
    let group_ids = read_groups(&mut reading);
    let groups = group_ids.as_deref().map(|ids| known_groups(ids, expected)).unwrap_or_default();
    if group_ids.is_some()
        && let Err(fault) = allows(&groups, expected.operation)
    {
        faults.push(fault);
    }
    let (issued_at, not_before, expires_at) = times?;
    let claims = AccessClaims {
        issuer: issuer?,
        audience: audience?,
        client: client?.to_owned(),
        groups: group_ids?,
        issued_at,
        not_before,
        expires_at,
        subject,
        tenant,
        token_id,
    };
    Some(Checked { claims: Claims::Access(claims), groups, key_id: compact.key_id().map(str::to_owned) })
}

/// Whether the groups hold the one that the operation needs (JW1-04, JWT-19, X-30).
pub(super) fn allows(groups: &[Group], operation: Operation) -> Result<(), TokenFault> {
    match operation.row().group {
        Some(needed) if !groups.contains(&needed) => {
            let sentence = format!("this operation needs the group {}, which the token does not hold", needed.name());
            Err(TokenFault::new(Reason::TokenGroupMissing, "JW1-04", sentence))
        }
        _ => Ok(()),
    }
}

fn check_header(compact: &Compact<'_>, faults: &mut Vec<TokenFault>) {
    let typ = compact.header.get("typ");
    if typ.is_some_and(|typ| !typ.as_str().is_some_and(|text| text.eq_ignore_ascii_case("JWT"))) {
        faults.push(TokenFault::new(Reason::TokenMalformed, "JWT-10", "the header's typ must be JWT"));
    }
    for member in REFUSED_HEADER_MEMBERS {
        if compact.header.contains_key(member) {
            let sentence = format!("the header holds {member}: keys come from the issuer's JWKS alone");
            faults.push(TokenFault::new(Reason::TokenAlgorithmRefused, "JWT-92", sentence));
        }
    }
}

fn check_signature(compact: &Compact<'_>, expected: &Expectation<'_>, faults: &mut Vec<TokenFault>) {
    let Some(key_id) = compact.key_id() else {
        let sentence = "the header has no kid, so that the key cannot be found";
        faults.push(TokenFault::new(Reason::TokenKeyUnknown, "JWT-12", sentence));
        return;
    };
    let Some(key) = expected.keys.find(key_id) else {
        let sentence = format!("no key of the issuer has the kid {}", quote(key_id));
        faults.push(TokenFault::new(Reason::TokenKeyUnknown, "JWT-12", sentence));
        return;
    };
    if !key.verifies(compact.signed_text.as_bytes(), &compact.signature) {
        let sentence = "the signature is not the issuer's RS256 signature of this header and payload";
        faults.push(TokenFault::new(Reason::TokenSignatureInvalid, "JWT-13", sentence));
    }
}

fn check_issuer(reading: &mut Reading<'_, '_>, expected: &Expectation<'_>) -> Option<String> {
    let issuer = reading.text("iss", "JWT-14")?;
    if issuer != expected.issuer {
        let sentence = format!("iss must be exactly {}, it is {}", expected.issuer, quote(issuer));
        reading.fault(Reason::WrongIssuer, "JWT-14", sentence);
    }
    Some(issuer.to_owned())
}

/// `aud` is text or a list of texts, one of which is an accepted service root (JWT-15).
fn check_audience(reading: &mut Reading<'_, '_>, expected: &Expectation<'_>) -> Option<String> {
    let value = reading.required("aud", "JWT-15")?;
    let audiences: Option<Vec<&str>> = match value {
        Value::String(audience) => Some(vec![audience]),
        Value::Array(list) => list.iter().map(Value::as_str).collect(),
        _ => None,
    };
    let Some(audiences) = audiences.filter(|audiences| !audiences.is_empty()) else {
        reading.fault(Reason::TokenClaimMalformed, "JWT-15", "the claim aud must be text or a list of texts");
        return None;
    };
    let accepted = audiences.iter().find_map(|audience| accepted_audience(audience, expected));
    if accepted.is_none() {
        let came: Vec<String> = audiences.iter().take(3).map(|audience| quote(audience)).collect();
        let sentence = format!("aud must be {}, it is {}", expected.audiences.join(" or "), came.join(", "));
        reading.fault(Reason::WrongAudience, "JWT-15", sentence);
    }
    accepted.cloned()
}

type Times = (Option<i64>, Option<i64>, i64);

/// `now` lies in `nbf` … `exp`, give or take the leeway (JWT-16).
fn check_times(reading: &mut Reading<'_, '_>, expected: &Expectation<'_>) -> Option<Times> {
    let issued_at = reading.optional_seconds("iat", "JWT-16");
    let not_before = reading.optional_seconds("nbf", "JWT-16");
    let expires_at = reading.seconds("exp", "JWT-16");
    if let Some(expires_at) = expires_at {
        super::self_made::check_expiry(reading, expires_at, "JWT-16", expected);
    }
    if let Some(not_before) = not_before.filter(|start| expected.now.saturating_add(expected.leeway) < *start) {
        let sentence =
            format!("the token is valid from {not_before}, and now is {} (seconds since 1970)", expected.now);
        reading.fault(Reason::TokenNotYetValid, "JWT-16", sentence);
    }
    Some((issued_at, not_before, expires_at?))
}

/// `tid`, where it is there, is a segment of the issuer (JWT-20).
fn check_tenant(reading: &mut Reading<'_, '_>, expected: &Expectation<'_>) -> Option<String> {
    let tenant = reading.optional_text("tid", "JWT-20")?;
    if !expected.issuer.split('/').any(|segment| segment == tenant) {
        let sentence = format!("tid must be the tenant in the issuer {}", expected.issuer);
        reading.fault(Reason::TokenTenantDiffers, "JWT-20", sentence);
    }
    Some(tenant.to_owned())
}

/// `appid` names the client, which must be known where there is a list of those (JWT-17).
fn check_client<'a>(reading: &mut Reading<'a, '_>, expected: &Expectation<'_>) -> Option<&'a str> {
    let client = reading.text("appid", "JWT-17")?;
    if !expected.clients.is_empty() && !expected.clients.contains_key(client) {
        let sentence = format!("appid must be a client that is known here, it is {}", quote(client));
        reading.fault(Reason::TokenClientUnknown, "JWT-17", sentence);
    }
    Some(client)
}

/// `ver`, where it is there, is 1.0 (JWT-22).
fn check_version(reading: &mut Reading<'_, '_>) {
    if let Some(version) = reading.optional_text("ver", "JWT-22").filter(|version| *version != "1.0") {
        let sentence = format!("ver must be 1.0, it is {}", quote(version));
        reading.fault(Reason::TokenVersionRefused, "JWT-22", sentence);
    }
}

/// `groups` must be there and be a list of texts; a token without it holds no group at all (JWT-19).
fn read_groups(reading: &mut Reading<'_, '_>) -> Option<Vec<String>> {
    let Some(value) = reading.optional("groups") else {
        let sentence = "the claim groups is missing: the client is assured for nothing";
        reading.fault(Reason::TokenGroupMissing, "JWT-19", sentence);
        return None;
    };
    let listed = value
        .as_array()
        .and_then(|list| list.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<String>>>());
    if listed.is_none() {
        reading.fault(Reason::TokenClaimMalformed, "JWT-19", "the claim groups must be a list of texts");
    }
    listed
}

fn known_groups(ids: &[String], expected: &Expectation<'_>) -> Vec<Group> {
    Group::ALL.into_iter().filter(|group| ids.iter().any(|id| expected.groups.get(id) == Some(group))).collect()
}

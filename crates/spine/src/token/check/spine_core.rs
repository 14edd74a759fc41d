//! The checks of the older Spine Core shape, whose claims are text: understood and explained, never taken for bookings
//! (JWT-40 … JWT-50, JW2-19).

use super::super::SELF_MADE_LIFETIME;
use super::super::compact::Compact;
use super::super::fault::TokenFault;
use super::reading::Reading;
use super::{Expectation, accepted_audience};
use crate::identifiers::{Asid, NhsNumber, OdsCode, quote};
use crate::interaction::Operation;
use crate::reason::Reason;
use crate::systems;

/// What the data may be asked for (JWT-44).
const PURPOSES: [&str; 3] = ["directcare", "secondaryuses", "patientaccess"];

pub(super) fn check(compact: &Compact<'_>, expected: &Expectation<'_>, faults: &mut Vec<TokenFault>) {
    super::self_made::check_header(compact, faults);
    let mut reading = Reading::new(&compact.claims, faults);
    reading.text("iss", "JWT-40");
    check_audience(&mut reading, expected);
    check_times(&mut reading, expected);
    check_purpose(&mut reading);
    check_scope(&mut reading, expected.operation);
    let system = reading.text("requesting_system", "JWT-46");
    let asid = [systems::ACCREDITED_SYSTEM];
    check_value(&mut reading, "requesting_system", system, &asid, "JWT-46", |value| Asid::parse(value).is_ok());
    let organisation = reading.optional_text("requesting_organization", "JWT-47");
    let ods = [systems::ODS_ORGANISATION, systems::ODS_ORGANISATION_OLD];
    check_value(&mut reading, "requesting_organization", organisation, &ods, "JWT-47", |value| {
        OdsCode::parse(value).is_ok()
    });
    let user = reading.optional_text("requesting_user", "JWT-48");
    let patient = reading.optional_text("requesting_patient", "JWT-49");
    check_value(&mut reading, "requesting_patient", patient, &systems::NHS_NUMBER_ALIASES, "JWT-49", |value| {
        NhsNumber::parse(value).is_ok()
    });
    if user.is_some() && patient.is_some() {
        let sentence = "requesting_user and requesting_patient exclude each other";
        reading.fault(Reason::TokenClaimMalformed, "JWT-48", sentence);
    }
    if let Some(subject) = reading.text("sub", "JWT-41")
        && ![user, patient, system].contains(&Some(subject))
    {
        let sentence = "sub must equal requesting_user, requesting_patient or requesting_system";
        reading.fault(Reason::TokenSubjectDiffers, "JWT-41", sentence);
    }
}

fn check_audience(reading: &mut Reading<'_, '_>, expected: &Expectation<'_>) {
    let Some(audience) = reading.text("aud", "JWT-42") else { return };
    if accepted_audience(audience, expected).is_none() {
        let sentence = format!("aud must be {}, it is {}", expected.audiences.join(" or "), quote(audience));
        reading.fault(Reason::WrongAudience, "JWT-42", sentence);
    }
}

fn check_times(reading: &mut Reading<'_, '_>, expected: &Expectation<'_>) {
    let issued_at = reading.seconds("iat", "JWT-43");
    let Some(expires_at) = reading.seconds("exp", "JWT-43") else { return };
    super::self_made::check_expiry(reading, expires_at, "JWT-43", expected);
    if issued_at.is_some_and(|issued_at| expires_at - issued_at != SELF_MADE_LIFETIME) {
        let sentence = format!("exp must be iat plus {SELF_MADE_LIFETIME} seconds");
        reading.fault(Reason::TokenLifetimeWrong, "JWT-43", sentence);
    }
}

fn check_purpose(reading: &mut Reading<'_, '_>) {
    let Some(purpose) = reading.text("reason_for_request", "JWT-44") else { return };
    if !PURPOSES.contains(&purpose) {
        let sentence = format!("reason_for_request must be {}, it is {}", PURPOSES.join(" or "), quote(purpose));
        reading.fault(Reason::TokenPurposeWrong, "JWT-44", sentence);
    }
}

/// `scope` names what is asked for by compartment, resource and access, such as `patient/*.read`, and covers the
/// operation (JWT-45).
fn check_scope(reading: &mut Reading<'_, '_>, operation: Operation) {
    let Some(scope) = reading.text("scope", "JWT-45") else { return };
    let needed = operation.row().scopes;
    let covers = |given: &str| {
        let Some((compartment, access)) = compartment_and_access(given) else { return false };
        needed.iter().filter_map(|scope| compartment_and_access(scope)).any(|(needed_compartment, needed_access)| {
            access == needed_access && (compartment == needed_compartment || compartment == "user")
        })
    };
    if !scope.split_ascii_whitespace().any(covers) {
        let sentence = format!(
            "scope must cover this operation, as {} does in the newer form; it is {}",
            needed.join(" or "),
            quote(scope)
        );
        reading.fault(Reason::TokenScopeWrong, "JWT-45", sentence);
    }
}

/// `patient` and `read` of `patient/*.read`.
fn compartment_and_access(scope: &str) -> Option<(&str, &str)> {
    let (compartment, rest) = scope.split_once('/')?;
    let (_resource, access) = rest.rsplit_once('.')?;
    let known = ["patient", "organization", "user"].contains(&compartment) && ["read", "write"].contains(&access);
    known.then_some((compartment, access))
}

/// A claim `system|value`, with a system that is known and a value of its form.
fn check_value(
    reading: &mut Reading<'_, '_>,
    name: &str,
    claim: Option<&str>,
    known: &[&str],
    requirement: &'static str,
    fits: impl Fn(&str) -> bool,
) {
    let Some(claim) = claim else { return };
    if !claim.split_once('|').is_some_and(|(system, value)| known.contains(&system) && fits(value)) {
        let sentence = format!("the claim {name} must be {}, a vertical bar and the value in its form", known[0]);
        reading.fault(Reason::TokenClaimMalformed, requirement, sentence);
    }
}

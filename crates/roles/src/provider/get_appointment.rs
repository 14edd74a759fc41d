//! `GET [base]/Appointment/{id}`, `…/_history/{vid}` and `…/_history`: an Appointment, one of its versions, all of them
//! (READ-01 to READ-06, READ-08, VER-02, VER-05, HTTP-28, HTTP-30, HTTP-33, HTTP-34).

use jiff::Timestamp;
use serde_json::json;
use spine::Reason;
use store::AppointmentVersion;

use super::Provider;
use super::bundle::{Bundle, BundleType};
use crate::edge::answer::{Answer, Content};
use crate::edge::etag::names_version;
use crate::edge::fhir_call::Call;
use crate::edge::refusal::Refusal;

/// Answers the current version, one version, or every version.
pub(super) async fn get_appointment(provider: &Provider, call: &Call) -> Result<Answer, Refusal> {
    call.refuse_unknown_parameters()?;
    let id = call.path.get(1).map_or("", String::as_str);
    match (call.path.get(2), call.path.get(3)) {
        (None, _) => {
            let current = provider.appointments.appointment(id).await?;
            let current = current.ok_or_else(|| not_found(Reason::AppointmentNotFound))?;
            Ok(version(call, current))
        }
        (Some(_), Some(number)) => {
            let number = number.parse().map_err(|_| not_found(Reason::VersionNotFound))?;
            let found = provider.appointments.version(id, number).await?;
            Ok(version(call, found.ok_or_else(|| not_found(Reason::VersionNotFound))?))
        }
        (Some(_), None) => history(provider, call, id).await,
    }
}

fn not_found(reason: Reason) -> Refusal {
    Refusal::new(reason, "")
}

/// One version with its ETag; nothing but that when the caller has it already (HTTP-33).
fn version(call: &Call, found: AppointmentVersion) -> Answer {
    let versioned = format!("Appointment/{}/_history/{}", found.appointment_id, found.version);
    let known = call.header_text("if-none-match").is_some_and(|header| names_version(header, found.version));
    let answer = if known {
        Answer::unchanged(found.version)
    } else {
        Answer::found(Content::Json(found.content.into())).in_version(found.version)
    };
    let at = Timestamp::from_millisecond(found.at).unwrap_or_default();
    answer.last_modified(at).content_at(call.url(&versioned)).about(versioned)
}

/// READ-05: every version, newest first.
async fn history(provider: &Provider, call: &Call, id: &str) -> Result<Answer, Refusal> {
    let versions = provider.appointments.history(id).await?;
    if versions.is_empty() {
        return Err(not_found(Reason::AppointmentNotFound));
    }
    let mut bundle = Bundle::begin(BundleType::History, versions.len() as u64);
    bundle.link("self", &call.url(&format!("Appointment/{id}/_history")));
    for each in &versions {
        let request = if each.version == 1 {
            json!({ "method": "POST", "url": "Appointment" })
        } else {
            json!({ "method": "PUT", "url": format!("Appointment/{id}") })
        };
        bundle.entry(&call.url(&format!("Appointment/{id}")), &each.content, "request", &request.to_string());
    }
    Ok(Answer::found(Content::Json(bundle.finish().into())).about(format!("Appointment/{id}/_history")))
}

//! The versions of an Appointment on their way out: the current one, a named one, or all of them as a Bundle
//! (READ-01 to READ-05, VER-02, HTTP-28, HTTP-30, HTTP-33, PAT-08).

use jiff::Timestamp;
use serde_json::json;
use spine::Reason;
use store::AppointmentVersion;

use super::bundle::{Bundle, BundleType};
use crate::edge::answer::{Answer, Content};
use crate::edge::etag::names_tag;
use crate::edge::fhir_call::Call;
use crate::edge::refusal::Refusal;

/// Which versions a path below `/Appointment` asks for.
pub(crate) enum Wanted<'a> {
    /// The current one of this id.
    Current(&'a str),
    /// One of this id.
    One(&'a str, u32),
    /// Every one of this id.
    All(&'a str),
}

/// Reads `/Appointment/{id}`, `…/_history` and `…/_history/{vid}`.
///
/// # Errors
/// `Reason::VersionNotFound` for a version that is no number: none of ours is called so.
pub(crate) fn wanted(call: &Call) -> Result<Wanted<'_>, Refusal> {
    let id = call.path.get(1).map_or("", String::as_str);
    match (call.path.get(2), call.path.get(3)) {
        (None, _) => Ok(Wanted::Current(id)),
        (Some(_), None) => Ok(Wanted::All(id)),
        (Some(_), Some(number)) => {
            let number = number.parse().map_err(|_| Refusal::new(Reason::VersionNotFound, ""))?;
            Ok(Wanted::One(id, number))
        }
    }
}

/// One version with its ETag; nothing but that when the caller has it already (HTTP-33).
pub(crate) fn version(call: &Call, found: AppointmentVersion) -> Answer {
    let versioned = versioned(&found.appointment_id, found.version);
    let tag = found.version.to_string();
    let known = call.header_text("if-none-match").is_some_and(|header| names_tag(header, &tag));
    let answer = if known {
        Answer::unchanged(tag)
    } else {
        Answer::found(Content::Json(found.content.into())).in_version(found.version)
    };
    let at = Timestamp::from_millisecond(found.at).unwrap_or_default();
    answer.last_modified(at).content_at(call.url(&versioned)).about(versioned)
}

/// READ-05: every version, newest first.
///
/// # Errors
/// `Reason::AppointmentNotFound` when there is none.
pub(crate) fn history(call: &Call, id: &str, versions: &[AppointmentVersion]) -> Result<Answer, Refusal> {
    if versions.is_empty() {
        return Err(Refusal::new(Reason::AppointmentNotFound, ""));
    }
    let mut bundle = Bundle::begin(BundleType::History, versions.len() as u64);
    bundle.link("self", &call.url(&format!("Appointment/{id}/_history")));
    for each in versions {
        let request = if each.version == 1 {
            json!({ "method": "POST", "url": "Appointment" })
        } else {
            json!({ "method": "PUT", "url": format!("Appointment/{id}") })
        };
        bundle.entry(&call.url(&format!("Appointment/{id}")), &each.content, "request", &request.to_string());
    }
    Ok(Answer::found(Content::Json(bundle.finish().into())).about(format!("Appointment/{id}/_history")))
}

/// `Appointment/{id}/_history/{version}`, below a service root.
pub(crate) fn versioned(id: &str, version: u32) -> String {
    format!("Appointment/{id}/_history/{version}")
}

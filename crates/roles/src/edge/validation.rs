//! `$validate`, the same wherever it is asked for: at the pages, the Provider and the Registry (VAL-01 to VAL-06).

use bytes::Bytes;
use fhir::{Limits, Node, Parsed, SyntaxKind};
use profile::{Definitions, Options};
use spine::Reason;

use super::negotiate::{Format, shortened};
use super::refusal::Refusal;

/// The resource that may wrap another one together with how it is to be judged (VAL-02).
const PARAMETERS: &str = "Parameters";
/// What a resource may be judged for (FHIR STU3, code system resource-validation-mode). All are judged alike here.
const MODES: [&str; 4] = ["create", "update", "delete", "profile"];

/// Judges the resource in a body and says what was found, which is a success even when everything is wrong (VAL-03).
///
/// `resource_type` is the type in the path; `profiles` are canonical URLs that the resource has to keep to beside those
/// that it claims.
///
/// # Errors
/// `Reason::BodyMissing`, `Reason::BodyNotWellFormed` or `Reason::BodyTooLarge` for a body that cannot be read,
/// `Reason::WrongResourceType` when it is of another type, `Reason::InvalidParameter` for Parameters that say nothing.
pub fn validated(resource_type: &str, body: &Bytes, format: Format, profiles: Vec<String>) -> Result<Node, Refusal> {
    let mut parsed = read(body, format)?;
    let mut options = Options { profiles, by_type: true, ..Options::validator() };
    if parsed.resource.type_name() == PARAMETERS && resource_type != PARAMETERS {
        parsed = unwrapped(&parsed.resource, format, &mut options.profiles)?;
    }
    let came = parsed.resource.type_name();
    if came != resource_type {
        let came = if came.is_empty() { "a body without a resource type".to_owned() } else { shortened(came) };
        return Err(Refusal::new(
            Reason::WrongResourceType,
            format!("the path says {resource_type}, the body is {came}"),
        ));
    }
    let issues = profile::validate_parsed(&parsed, Definitions::standard(), &options);
    Ok(profile::outcome(&issues))
}

/// A body as a tree.
fn read(body: &[u8], format: Format) -> Result<Parsed, Refusal> {
    if body.trim_ascii().is_empty() {
        return Err(Refusal::new(Reason::BodyMissing, ""));
    }
    let parsed = match format {
        Format::Json => fhir::json::read(body, &Limits::STRICT),
        Format::Xml => fhir::xml::read(body, &Limits::STRICT),
    };
    parsed.map_err(|error| {
        let reason = match error.kind {
            SyntaxKind::TooLarge => Reason::BodyTooLarge,
            SyntaxKind::Malformed | SyntaxKind::Forbidden => Reason::BodyNotWellFormed,
        };
        Refusal::new(reason, error.to_string())
    })
}

/// The resource inside Parameters, as if it had come by itself; `profile` joins the profiles (VAL-02).
fn unwrapped(parameters: &Node, format: Format, profiles: &mut Vec<String>) -> Result<Parsed, Refusal> {
    let refuse = |what: String| Err(Refusal::new(Reason::InvalidParameter, what));
    let mut inside = None;
    for parameter in parameters.all("parameter") {
        let value = || parameter.choice("value").and_then(Node::text).unwrap_or_default();
        match parameter.text_of("name").unwrap_or_default() {
            "resource" => inside = parameter.child("resource"),
            "profile" => profiles.push(value().to_owned()),
            "mode" if MODES.contains(&value()) => {}
            "mode" => return refuse(format!("mode must be one of {}; came: {}", MODES.join(", "), shortened(value()))),
            other => return refuse(format!("$validate takes resource, mode and profile; came: {}", shortened(other))),
        }
    }
    let Some(resource) = inside else {
        return refuse("Parameters must have a parameter named resource with the resource to judge".to_owned());
    };
    // Read again by itself, so that places in the issues begin at the resource and not at its wrapping.
    match format {
        Format::Json => read(fhir::json::write(resource).as_ref(), format),
        Format::Xml => read(fhir::xml::write(resource).as_ref(), format),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOT: &str = r#"{"resourceType":"Slot","identifier":[{"system":"https://a.test","value":"1"}],"schedule":{"reference":"Schedule/1"},"status":"free",
        "start":"2026-11-24T09:00:00Z","end":"2026-11-24T09:15:00Z"}"#;

    fn judged(resource_type: &str, body: &str) -> Result<Node, Reason> {
        validated(resource_type, &Bytes::from(body.to_owned()), Format::Json, Vec::new())
            .map_err(|refusal| refusal.reason)
    }

    fn errors(outcome: &Node) -> Vec<String> {
        let issues = outcome.all("issue").filter(|issue| issue.text_of("severity") == Some("error"));
        issues.map(|issue| issue.text_of("location").unwrap_or_default().to_owned()).collect()
    }

    // covers: VAL-01, VAL-03, VAL-06
    #[test]
    fn a_resource_is_judged_and_its_faults_are_no_refusal() {
        let outcome = judged("Slot", SLOT).expect("judged");
        assert!(errors(&outcome).is_empty(), "{outcome:?}");
        let outcome = judged("Slot", &SLOT.replace("\"free\"", "\"gone\"")).expect("judged all the same");
        assert_eq!(errors(&outcome), ["Slot.status"]);
    }

    // covers: VAL-02
    #[test]
    fn a_resource_inside_parameters_is_judged_as_if_it_came_alone() {
        let wrapped = |resource: &str, more: &str| {
            format!(
                r#"{{"resourceType":"Parameters","parameter":[{{"name":"resource","resource":{resource}}}{more}]}}"#
            )
        };
        let mode = r#",{"name":"mode","valueCode":"create"}"#;
        assert!(errors(&judged("Slot", &wrapped(SLOT, mode)).expect("judged")).is_empty());
        let broken = SLOT.replace("\"free\"", "\"gone\"");
        assert_eq!(errors(&judged("Slot", &wrapped(&broken, "")).expect("judged")), ["Slot.status"]);
        let more = r#",{"name":"mode","valueCode":"guess"}"#;
        assert_eq!(judged("Slot", &wrapped(SLOT, more)).err(), Some(Reason::InvalidParameter));
        assert_eq!(judged("Slot", r#"{"resourceType":"Parameters"}"#).err(), Some(Reason::InvalidParameter));
        assert_eq!(judged("Schedule", &wrapped(SLOT, "")).err(), Some(Reason::WrongResourceType));
    }

    // covers: VAL-01, VAL-03
    #[test]
    fn a_body_that_cannot_be_judged_is_refused() {
        for (body, reason) in [
            ("", Reason::BodyMissing),
            (" \n", Reason::BodyMissing),
            ("{", Reason::BodyNotWellFormed),
            (SLOT, Reason::WrongResourceType),
        ] {
            assert_eq!(judged("Schedule", body).err(), Some(reason), "{body}");
        }
    }
}

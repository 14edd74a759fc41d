//! `$validate`, the same wherever it is asked for: at the pages, the Provider and the Registry (VAL-01 to VAL-06).

use fhir::{Issue, Node, Parsed};
use profile::{Definitions, Options};
use spine::Reason;

use super::body::read_resource;
use super::negotiate::{Format, shortened};
use super::query::Query;
use super::refusal::Refusal;

/// The resource that may wrap another one together with how it is to be judged (VAL-02).
const PARAMETERS: &str = "Parameters";
/// What a resource may be judged for (FHIR STU3, code system resource-validation-mode). All are judged alike here.
const MODES: [&str; 4] = ["create", "update", "delete", "profile"];

/// How a resource is to be judged.
#[derive(Debug)]
pub struct Judging<'a> {
    /// The type in the path.
    pub resource_type: &'a str,
    /// The parameters of the query: `profile` and `mode` may stand there too.
    pub query: &'a Query,
    /// What it is judged by.
    pub definitions: &'static Definitions,
}

/// Judges the resource in a body and says what was found, which is a success even when everything is wrong (VAL-03).
///
/// # Errors
/// `Reason::BodyMissing`, `Reason::BodyNotWellFormed` or `Reason::BodyTooLarge` for a body that cannot be read,
/// `Reason::WrongResourceType` when it is of another type, `Reason::InvalidParameter` for Parameters that say nothing.
pub fn validated(judging: &Judging<'_>, body: &[u8], format: Format) -> Result<Node, Refusal> {
    let Judging { resource_type, query, definitions } = *judging;
    let mut parsed = read_resource(body, format, definitions)?;
    let profiles = query.all("profile").map(str::to_owned).collect();
    let mut options = Options { profiles, by_type: true, ..Options::validator() };
    query.all("mode").try_for_each(known_mode)?;
    if parsed.resource.type_name() == PARAMETERS && resource_type != PARAMETERS {
        parsed = unwrapped(&parsed, &mut options.profiles)?;
    }
    let came = parsed.resource.type_name();
    if came != resource_type {
        let came = if came.is_empty() { "a body without a resource type".to_owned() } else { shortened(came) };
        let what = format!("the path says {}, the body is {came}", shortened(resource_type));
        return Err(Refusal::new(Reason::WrongResourceType, what));
    }
    let issues = profile::validate_parsed(&parsed, definitions, &options);
    Ok(profile::outcome(&issues, Some(body)))
}

/// The resource inside Parameters, as if it had come by itself; `profile` joins the profiles (VAL-02).
fn unwrapped(parameters: &Parsed, profiles: &mut Vec<String>) -> Result<Parsed, Refusal> {
    let refuse = |what: String| Err(Refusal::new(Reason::InvalidParameter, what));
    let mut inside = None;
    for (index, parameter) in parameters.resource.all("parameter").enumerate() {
        let value = || parameter.choice("value").and_then(Node::text).unwrap_or_default();
        match parameter.text_of("name").unwrap_or_default() {
            "resource" if inside.is_some() => return refuse("the parameter resource came twice".to_owned()),
            "resource" => inside = parameter.child("resource").map(|resource| (index, resource)),
            "profile" => profiles.push(value().to_owned()),
            "mode" => known_mode(value())?,
            other => return refuse(format!("$validate takes resource, mode and profile; came: {}", shortened(other))),
        }
    }
    let Some((index, resource)) = inside else {
        return refuse("Parameters must have a parameter named resource with the resource to judge".to_owned());
    };
    // What the reader noticed inside the resource is told from the resource on, and what it noticed around it is not asked for.
    let around = format!("{PARAMETERS}.parameter[{index}].resource");
    let noticed = parameters.issues.iter().filter_map(|issue| {
        let path = issue.path.strip_prefix(&around)?;
        Some(Issue { path: format!("{}{path}", resource.type_name()), ..issue.clone() })
    });
    let (issues, issues_left_out) = (noticed.collect(), parameters.issues_left_out);
    Ok(Parsed { resource: resource.clone(), issues, issues_left_out })
}

fn known_mode(mode: &str) -> Result<(), Refusal> {
    if MODES.contains(&mode) {
        return Ok(());
    }
    let what = format!("mode must be one of {}; came: {}", MODES.join(", "), shortened(mode));
    Err(Refusal::new(Reason::InvalidParameter, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOT: &str = r#"{"resourceType":"Slot","identifier":[{"system":"https://a.test","value":"1"}],"schedule":{"reference":"Schedule/1"},"status":"free",
        "start":"2026-11-24T09:00:00Z","end":"2026-11-24T09:15:00Z"}"#;

    fn judged(resource_type: &str, body: &str) -> Result<Node, Reason> {
        asked(resource_type, "", body)
    }

    fn asked(resource_type: &str, query: &str, body: &str) -> Result<Node, Reason> {
        let query = Query::read(Some(query)).expect("a query");
        let judging = Judging { resource_type, query: &query, definitions: Definitions::standard() };
        let format = if body.starts_with('<') { Format::Xml } else { Format::Json };
        validated(&judging, body.as_bytes(), format).map_err(|refusal| refusal.reason)
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
        let profile = r#",{"name":"profile","valueUri":"https://a.test/none"}"#;
        assert_eq!(errors(&judged("Slot", &wrapped(SLOT, profile)).expect("judged")), ["Slot"]);
    }

    // covers: VAL-02
    #[test]
    fn what_may_stand_in_parameters_may_stand_in_the_query() {
        assert!(errors(&asked("Slot", "mode=create", SLOT).expect("judged")).is_empty());
        assert_eq!(asked("Slot", "mode=guess", SLOT).err(), Some(Reason::InvalidParameter));
        assert_eq!(errors(&asked("Slot", "profile=https://a.test/none", SLOT).expect("judged")), ["Slot"]);
    }

    // covers: VAL-02, VAL-06
    #[test]
    fn places_inside_parameters_begin_at_the_resource_and_lines_at_the_body() {
        let json = "{\"resourceType\":\"Parameters\",\n\"parameter\":[{\"name\":\"resource\",\"resource\":\n{\"resourceType\":\"Slot\",\"own\":1,\n\"status\":[\"free\"]}}]}";
        let xml = "<Parameters xmlns=\"http://hl7.org/fhir\"><parameter><name value=\"resource\"/>\n<resource>\n<Slot><own value=\"1\"/><status value=\"gone\"/></Slot></resource></parameter></Parameters>";
        for body in [json, xml] {
            let outcome = judged("Slot", body).expect("judged");
            let errors = errors(&outcome);
            assert!(errors.contains(&"Slot".to_owned()) && errors.contains(&"Slot.status".to_owned()), "{errors:?}");
            assert!(errors.iter().all(|place| place.starts_with("Slot")), "{errors:?}");
            let told: Vec<&str> = outcome.all("issue").filter_map(|issue| issue.text_of("diagnostics")).collect();
            assert!(told.iter().any(|told| told.contains("Line 3, column ")), "{told:?}");
        }
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

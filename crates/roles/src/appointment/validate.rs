//! `POST [base]/{Type}/$validate`: does a resource keep to its profile? (VAL-01 to VAL-03, VAL-05 to VAL-07, VIA-33)

use fhir::{Node, Parsed};
use profile::{Definitions, Options};
use spine::Reason;

use crate::edge::answer::{Answer, Content};
use crate::edge::fhir_call::Call;
use crate::edge::negotiate::shortened;
use crate::edge::refusal::Refusal;

/// Judges the body, or the resource inside a Parameters body, and answers what was found; that it is invalid is no refusal (VAL-03).
pub(crate) fn validate(call: &Call) -> Result<Answer, Refusal> {
    let resource_type = call.path.first().map_or("", String::as_str);
    let parsed = call.resource()?;
    let mut options = Options { by_type: true, ..Options::validator() };
    let (resource, read) = judged(&parsed, resource_type, &mut options)?;
    let issues = profile::validate(resource, read, Definitions::standard(), &options);
    let outcome = profile::outcome(&issues);
    Ok(Answer::found(Content::Tree(outcome)).about(format!("{resource_type}/$validate")))
}

/// The resource to judge: the body itself, or what its parameter `resource` holds (VAL-01, VAL-02).
fn judged<'a>(
    parsed: &'a Parsed,
    resource_type: &str,
    options: &mut Options,
) -> Result<(&'a Node, &'a [fhir::Issue]), Refusal> {
    let body = &parsed.resource;
    let (resource, read): (&Node, &[fhir::Issue]) = if body.type_name() == "Parameters" && resource_type != "Parameters"
    {
        let parameter = |name: &str| body.all("parameter").find(|each| each.text_of("name") == Some(name));
        let profile = parameter("profile").and_then(|each| each.choice("value")).and_then(Node::text);
        options.profiles.extend(profile.map(str::to_owned));
        let resource = parameter("resource").and_then(|each| each.child("resource"));
        let missing =
            || Refusal::new(Reason::WrongResourceType, "expected a parameter named resource with the resource in it");
        (resource.ok_or_else(missing)?, &parsed.issues)
    } else {
        (body, &parsed.issues)
    };
    if resource.type_name() == resource_type {
        return Ok((resource, read));
    }
    let what = format!("the path names {}, the body is {}", shortened(resource_type), shortened(resource.type_name()));
    Err(Refusal::new(Reason::WrongResourceType, what))
}

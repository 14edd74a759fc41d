//! `GET [base]/metadata` at the Registry: what it can do (REG-01, HTTP-13, META-01, META-03, VER-08).

use fhir::Node;
use jiff::Timestamp;
use spine::Reason;

use super::Registry;
use crate::edge::answer::{Answer, Content};
use crate::edge::fhir_call::Call;
use crate::edge::refusal::Refusal;

const PROFILE: &str = "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1";

/// Answers the statement of the root that was called.
pub(super) fn capability_statement(registry: &Registry, call: &Call) -> Result<Answer, Refusal> {
    call.refuse_unknown_parameters()?;
    let fault = || Refusal::new(Reason::InternalError, "The capability statement cannot be built");
    let statement = statement(registry, call, call.now).ok_or_else(fault)?;
    Ok(Answer::found(Content::Tree(statement)).about("metadata".to_owned()))
}

fn statement(registry: &Registry, call: &Call, now: Timestamp) -> Option<Node> {
    let settings = &registry.settings;
    let mut statement = Node::resource("CapabilityStatement")?;
    statement
        .set_text("language", "en-GB")
        .set_text("version", call.dialect().name)
        .set_text("name", "Appointment Registry")
        .set_text("status", "active")
        .set_text("date", &now.strftime("%Y-%m-%d").to_string())
        .set_text("publisher", &settings.publisher)
        .set_text("description", "An index of Appointments: each record points to the Provider's copy")
        .set_text("kind", "instance");
    statement.element("software").set_text("name", "CareSlot Registry").set_text("version", &settings.version);
    statement
        .element("implementation")
        .set_text("description", "Appointment Registry")
        .set_text("url", call.base.url());
    statement.set_text("fhirVersion", "3.0.1").set_text("acceptUnknown", "both");
    statement.add_text("format", "application/fhir+json").add_text("format", "application/fhir+xml");
    statement.element("profile").set_text("reference", PROFILE);
    let rest = statement.element("rest");
    rest.set_text("mode", "server");
    let resource = rest.element("resource");
    resource.set_text("type", "Appointment");
    resource.element("profile").set_text("reference", PROFILE);
    for code in ["read", "vread", "update", "history-instance", "create", "search-type"] {
        resource.element("interaction").set_text("code", code);
    }
    resource
        .set_text("versioning", "versioned-update")
        .set_text("readHistory", "true")
        .set_text("updateCreate", "false")
        .element("searchParam")
        .set_text("name", "patient")
        .set_text("type", "token")
        .set_text("documentation", "The patient, as https://fhir.nhs.uk/Id/nhs-number|… under any published name");
    Some(statement)
}

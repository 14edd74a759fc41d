//! `GET [base]/metadata`: what this Provider can do (META-01 to META-11, META-14, META-15, VER-08, HTTP-13, X-32).
//!
//! The counts are exact because the official test pack counts them: ten profiles, two resource types, three search parameters each,
//! six includes.

use fhir::Node;
use spine::Reason;

use super::Provider;
use crate::edge::answer::{Answer, Content};
use crate::edge::fhir_call::Call;
use crate::edge::refusal::Refusal;

/// Where every Care Connect profile stands.
pub(super) const PROFILE_ROOT: &str = "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-";

/// The ten profiles that booking uses (META-05).
const PROFILES: [&str; 10] = [
    "Appointment",
    "Slot",
    "Schedule",
    "HealthcareService",
    "Patient",
    "DocumentReference",
    "Practitioner",
    "PractitionerRole",
    "Organization",
    "Location",
];

/// A search parameter: name, type, what it does.
type Parameter = (&'static str, &'static str, &'static str);

/// META-08.
const APPOINTMENT_PARAMETERS: [Parameter; 3] = [
    (
        "identifier",
        "token",
        "The patient whose Appointments are sought, as system|value; sent as Appointment.participant.actor too",
    ),
    ("_id", "token", "The logical id of the Appointment, as the last segment of its URL"),
    ("version", "token", "The version of the Appointment, as the last segment of its versioned URL"),
];

/// META-09.
const SLOT_PARAMETERS: [Parameter; 3] = [
    ("service", "token", "The service by id, identifier or ASID; sent as schedule.actor:healthcareservice too"),
    ("status", "token", "One status or several, separated by commas"),
    ("start", "date", "When the Slot starts; given twice, with ge and le, it makes a window"),
];

/// META-10, spelled as the pack spells them.
const SLOT_INCLUDES: [&str; 6] = [
    "Slot.schedule",
    "Schedule:actor:Practitioner",
    "Schedule:actor:PractitionerRole",
    "Schedule:actor:HealthcareService",
    "HealthcareService.providedBy",
    "HealthcareService.location",
];

/// META-15.
const HOW_RETRIES_WORK: &str = "A booking is one atomic request. Send X-Request-ID with each POST and PUT and the same value on a \
     retry: a request that was carried out answers 409 and is never carried out twice. An update needs If-Match with the current \
     version.";

/// HTTP-34, SLT-15: the rule for FHIR's own controls.
const HOW_CONTROLS_WORK: &str = "_format, _count, _include and the links of a page are honoured. Other controls of FHIR, such as _summary, \
     _elements and _sort, are passed over: the answer is whole and by start, and its self link names what was understood.";

/// Answers the statement of the root that was called.
pub(super) fn capability_statement(provider: &Provider, call: &Call) -> Result<Answer, Refusal> {
    let fault = || Refusal::new(Reason::InternalError, "The capability statement cannot be built");
    let statement = statement(provider, call).ok_or_else(fault)?;
    Ok(Answer::found(Content::Tree(statement)).about("metadata".to_owned()))
}

fn statement(provider: &Provider, call: &Call) -> Option<Node> {
    let software = &provider.settings.software;
    let mut statement = Node::resource("CapabilityStatement")?;
    statement
        .set_text("language", "en-GB")
        .set_text("version", call.dialect().name)
        .set_text("name", "Care Connect")
        .set_text("status", "active")
        .set_text("date", &software.released)
        .set_text("publisher", &provider.settings.publisher)
        .set_text("description", "NHS Scheduling: search for free Slots, book, read and cancel an Appointment")
        .set_text("copyright", &format!("Copyright {}", provider.settings.publisher))
        .set_text("kind", "instance");
    statement.element("contact").set_text("name", &provider.settings.publisher);
    statement
        .element("software")
        .set_text("name", "CareSlot")
        .set_text("version", &software.version)
        .set_text("releaseDate", &software.released);
    statement.element("implementation").set_text("description", "CareSlot Provider").set_text("url", call.base.url());
    statement.set_text("fhirVersion", "3.0.1").set_text("acceptUnknown", "both");
    statement.add_text("format", "application/fhir+json").add_text("format", "application/fhir+xml");
    for name in PROFILES {
        statement.element("profile").set_text("reference", &format!("{PROFILE_ROOT}{name}-1"));
    }
    let rest = statement.element("rest");
    rest.set_text("mode", "server").set_text("documentation", HOW_RETRIES_WORK);
    rest.element("security").set_text("cors", "false");
    appointment(rest.element("resource"));
    slot(rest.element("resource"));
    Some(statement)
}

fn appointment(resource: &mut Node) {
    resource.set_text("type", "Appointment");
    resource.element("profile").set_text("reference", &format!("{PROFILE_ROOT}Appointment-1"));
    for code in ["read", "vread", "update", "create", "search-type"] {
        resource.element("interaction").set_text("code", code);
    }
    resource
        .set_text("versioning", "versioned-update")
        .set_text("readHistory", "true")
        .set_text("updateCreate", "false")
        .set_text("conditionalCreate", "false")
        .set_text("conditionalRead", "not-match")
        .set_text("conditionalUpdate", "false")
        .set_text("conditionalDelete", "not-supported");
    parameters(resource, &APPOINTMENT_PARAMETERS);
}

fn slot(resource: &mut Node) {
    resource.set_text("type", "Slot").set_text("documentation", HOW_CONTROLS_WORK);
    resource.element("profile").set_text("reference", &format!("{PROFILE_ROOT}Slot-1"));
    resource.element("interaction").set_text("code", "search-type");
    for include in SLOT_INCLUDES {
        resource.add_text("searchInclude", include);
    }
    parameters(resource, &SLOT_PARAMETERS);
}

fn parameters(resource: &mut Node, parameters: &[Parameter]) {
    for (name, kind, documentation) in parameters {
        resource
            .element("searchParam")
            .set_text("name", name)
            .set_text("type", kind)
            .set_text("documentation", documentation);
    }
}

//! What a booking must hold beyond its profile, one function a rule, in the order of the specification
//! (BOOK-03, BOOK-15 to BOOK-17, RES-A02 to RES-A19, RES-P03 to RES-P13, RES-D03 to RES-D08, X-08, X-11, X-15 to ).

use fhir::Node;
use spine::dialect::{
    CreatedAbsent, DocumentType, IdInCreate, IdentitiesDiffer, LanguageAbsent, NhsNumberAbsent, ParticipantsAndDocument,
};
use spine::{Dialect, NhsNumber, Reason, systems};

use super::capability_statement::PROFILE_ROOT;
use crate::edge::refusal::Refusal;

/// The coding of the document that a booking refers to (section 0 of the booking API).
const CDA_TYPE_SYSTEM: &str = "urn:oid:2.16.840.1.113883.2.1.3.2.4.18.17";

/// The Care Connect profile of a type.
pub(super) fn profile_of(resource_type: &str) -> String {
    format!("{PROFILE_ROOT}{resource_type}-1")
}

type Rule = fn(&Booking<'_>) -> Result<(), Refusal>;

/// Rules in the order in which they are asked.
const RULES: [Rule; 15] = [
    has_no_id,
    claims_the_profile,
    speaks_english,
    is_booked,
    has_times_and_description,
    has_created,
    has_one_slot_reference,
    has_one_patient,
    patient_is_complete,
    has_participants,
    has_documents,
    has_an_nhs_number,
    nhs_numbers_are_valid,
    identities_agree,
    ranks_are_right,
];

/// A booking to be judged.
struct Booking<'a> {
    appointment: &'a Node,
    dialect: &'a Dialect,
}

/// Judges a booking that keeps to its profile.
///
/// # Errors
/// The first rule that it breaks.
pub(super) fn check(appointment: &Node, dialect: &Dialect) -> Result<(), Refusal> {
    let booking = Booking { appointment, dialect };
    RULES.iter().try_for_each(|rule| rule(&booking))
}

/// The contained resources of one type.
pub(super) fn contained<'a>(appointment: &'a Node, type_name: &'a str) -> impl Iterator<Item = &'a Node> {
    appointment.all("contained").filter(move |contained| contained.type_name() == type_name)
}

/// The NHS number that identifies the contained Patient, as it came.
pub(super) fn nhs_number_of(patient: &Node) -> Option<&str> {
    let mut identifiers = patient.all("identifier");
    identifiers
        .find(|each| each.text_of("system").is_some_and(systems::is_nhs_number))
        .and_then(|each| each.text_of("value"))
}

/// The NHS number by which the participant names the patient, as it came (RES-A16).
pub(super) fn nhs_number_of_participant(appointment: &Node) -> Option<&str> {
    let mut actors = appointment.all("participant").filter_map(|participant| participant.find("actor.identifier"));
    actors
        .find(|each| each.text_of("system").is_some_and(systems::is_nhs_number))
        .and_then(|each| each.text_of("value"))
}

fn broken(what: &str, location: &str) -> Refusal {
    Refusal::new(Reason::ProfileBroken, what).at(location)
}

/// BOOK-03, X-15.
fn has_no_id(booking: &Booking<'_>) -> Result<(), Refusal> {
    if booking.appointment.child("id").is_some() && booking.dialect.id_in_create != IdInCreate::Ignored {
        return Err(Refusal::new(Reason::IdInCreate, "").at("Appointment.id"));
    }
    Ok(())
}

/// RES-A02.
fn claims_the_profile(booking: &Booking<'_>) -> Result<(), Refusal> {
    let profile = profile_of("Appointment");
    let claimed = booking
        .appointment
        .child("meta")
        .is_some_and(|meta| meta.all("profile").any(|each| each.text() == Some(&profile)));
    if claimed {
        Ok(())
    } else {
        Err(broken(&format!("expected {profile} among the profiles that it claims"), "Appointment.meta.profile"))
    }
}

///
fn speaks_english(booking: &Booking<'_>) -> Result<(), Refusal> {
    match booking.appointment.text_of("language") {
        Some("en" | "en-GB") => Ok(()),
        None if booking.dialect.language_absent == LanguageAbsent::Accepted => Ok(()),
        _ => Err(broken("expected the language en-GB or en", "Appointment.language")),
    }
}

/// RES-A06.
fn is_booked(booking: &Booking<'_>) -> Result<(), Refusal> {
    match booking.appointment.text_of("status") {
        Some("booked") => Ok(()),
        _ => Err(Refusal::new(Reason::StatusNotBooked, "").at("Appointment.status")),
    }
}

/// RES-A08, RES-A09, RES-A11.
fn has_times_and_description(booking: &Booking<'_>) -> Result<(), Refusal> {
    for name in ["start", "end", "description"] {
        if booking.appointment.text_of(name).is_none() {
            return Err(broken(&format!("expected one {name}"), &format!("Appointment.{name}")));
        }
    }
    Ok(())
}

///
fn has_created(booking: &Booking<'_>) -> Result<(), Refusal> {
    if booking.appointment.text_of("created").is_none() && booking.dialect.created_absent == CreatedAbsent::Refused {
        return Err(Refusal::new(Reason::CreatedMissing, "").at("Appointment.created"));
    }
    Ok(())
}

/// RES-A12.
fn has_one_slot_reference(booking: &Booking<'_>) -> Result<(), Refusal> {
    let mut slots = booking.appointment.all("slot");
    match (slots.next().and_then(|slot| slot.text_of("reference")), slots.next()) {
        (Some(_), None) => Ok(()),
        _ => Err(broken("expected one Slot, with a reference", "Appointment.slot")),
    }
}

/// RES-A07, RES-P01.
fn has_one_patient(booking: &Booking<'_>) -> Result<(), Refusal> {
    match contained(booking.appointment, "Patient").count() {
        1 => Ok(()),
        count => Err(broken(&format!("expected one contained Patient, got {count}"), "Appointment.contained")),
    }
}

/// RES-P07, RES-P09 to RES-P11, PCT-01.
fn patient_is_complete(booking: &Booking<'_>) -> Result<(), Refusal> {
    let Some(patient) = contained(booking.appointment, "Patient").next() else { return Ok(()) };
    match ["name", "gender", "birthDate", "address"].iter().find(|name| patient.child(name).is_none()) {
        None => Ok(()),
        Some(name) => Err(broken(&format!("expected the Patient's {name}"), &format!("Appointment.contained.{name}"))),
    }
}

/// RES-A15, RES-P01, X-19: one of the participants is the contained Patient, in `1.0.4` the only one.
fn has_participants(booking: &Booking<'_>) -> Result<(), Refusal> {
    let participants: Vec<&Node> = booking.appointment.all("participant").collect();
    if booking.dialect.participants_and_document == ParticipantsAndDocument::Required && participants.len() != 1 {
        return Err(broken(
            &format!("expected one participant, got {}", participants.len()),
            "Appointment.participant",
        ));
    }
    let patient = contained(booking.appointment, "Patient").next().and_then(|patient| patient.text_of("id"));
    let references = participants.iter().filter_map(|each| each.find("actor.reference")).filter_map(|each| each.text());
    let named = references.filter_map(|reference| reference.strip_prefix('#')).any(|id| Some(id) == patient);
    if named {
        Ok(())
    } else {
        Err(broken("expected a participant whose actor is the contained Patient", "Appointment.participant"))
    }
}

/// RES-A13, RES-D03 to RES-D05, RES-D07, RES-D08, X-18, X-19.
fn has_documents(booking: &Booking<'_>) -> Result<(), Refusal> {
    let documents: Vec<&Node> = contained(booking.appointment, "DocumentReference").collect();
    let needed = booking.dialect.participants_and_document == ParticipantsAndDocument::Required;
    let references = booking.appointment.all("supportingInformation").count();
    if documents.len() > 1 || (needed && documents.is_empty()) {
        let what = format!("expected one contained DocumentReference, got {}", documents.len());
        return Err(broken(&what, "Appointment.contained"));
    }
    if references > 1 || (needed && references == 0) {
        return Err(broken(&format!("expected one reference, got {references}"), "Appointment.supportingInformation"));
    }
    let Some(document) = documents.first() else { return Ok(()) };
    let identifiers: Vec<&Node> = document.all("identifier").collect();
    let [identifier] = identifiers.as_slice() else {
        return Err(broken("expected one identifier of the document", "Appointment.contained.identifier"));
    };
    if identifier.text_of("system") != Some(systems::UUID) || identifier.text_of("value").is_none() {
        return Err(broken(
            &format!("expected the system {} and a UUID", systems::UUID),
            "Appointment.contained.identifier",
        ));
    }
    if document.text_of("status") != Some("current") {
        return Err(broken("expected the status current", "Appointment.contained.status"));
    }
    if document.all("content").count() != 1 {
        return Err(broken("expected one content of the document", "Appointment.contained.content"));
    }
    let cda = document
        .child("type")
        .is_some_and(|kind| kind.all("coding").any(|each| each.text_of("system") == Some(CDA_TYPE_SYSTEM)));
    if !cda && booking.dialect.document_type == DocumentType::CdaOnly {
        return Err(broken(
            &format!("expected a coding of the system {CDA_TYPE_SYSTEM}"),
            "Appointment.contained.type",
        ));
    }
    Ok(())
}

/// RES-P03, BOOK-17: an identifier is the NHS number or is not there.
fn has_an_nhs_number(booking: &Booking<'_>) -> Result<(), Refusal> {
    let Some(patient) = contained(booking.appointment, "Patient").next() else { return Ok(()) };
    if nhs_number_of(patient).is_some() {
        return Ok(());
    }
    if booking.dialect.nhs_number_absent == NhsNumberAbsent::Refused {
        return Err(Refusal::new(Reason::NhsNumberMissing, "").at("Appointment.contained.identifier"));
    }
    if patient.child("identifier").is_some() {
        let what = "expected the NHS number, or no identifier where there is none";
        return Err(broken(what, "Appointment.contained.identifier"));
    }
    Ok(())
}

/// BOOK-15, X-46.
fn nhs_numbers_are_valid(booking: &Booking<'_>) -> Result<(), Refusal> {
    let patients = contained(booking.appointment, "Patient").filter_map(nhs_number_of);
    let places = patients.map(|number| (number, "Appointment.contained.identifier.value"));
    let participant = nhs_number_of_participant(booking.appointment);
    for (number, place) in
        places.chain(participant.map(|number| (number, "Appointment.participant.actor.identifier.value")))
    {
        if NhsNumber::parse(number).is_err() {
            return Err(Refusal::new(Reason::NhsNumberInvalid, "").at(place));
        }
    }
    Ok(())
}

/// where the dialect only warns, `$validate` does so and the booking is taken.
fn identities_agree(booking: &Booking<'_>) -> Result<(), Refusal> {
    let patient = contained(booking.appointment, "Patient").next().and_then(nhs_number_of);
    match (patient, nhs_number_of_participant(booking.appointment)) {
        (Some(one), Some(other)) if one != other && booking.dialect.identities_differ == IdentitiesDiffer::Refused => {
            Err(Refusal::new(Reason::IdentitiesDiffer, "").at("Appointment.participant.actor.identifier"))
        }
        _ => Ok(()),
    }
}

/// BOOK-16, RES-P13, PCT-04, X-20: over the patient's own details and those of the contacts together.
fn ranks_are_right(booking: &Booking<'_>) -> Result<(), Refusal> {
    let Some(patient) = contained(booking.appointment, "Patient").next() else { return Ok(()) };
    let contacts = patient.all("contact").flat_map(|contact| contact.all("telecom"));
    let first = patient.all("telecom").chain(contacts).filter(|telecom| telecom.text_of("rank") == Some("1")).count();
    if first == 1 {
        return Ok(());
    }
    let what = format!("{first} of Patient.telecom and Patient.contact.telecom have it");
    Err(Refusal::new(Reason::RankRulesBroken, what).at("Appointment.contained.telecom.rank"))
}

//! The public demonstrator's own list of checks on a booking, for those who want to meet it before they meet that (DEM-09, VAL-11).
//!
//! It refuses what the specification allows, a gender `other` among them, so that it is off everywhere unless a demonstration asks for
//! it. Its known bugs are left out (DEM-12): each fault is told once, and the contained Slot of `2.0.4` is no fault.

use fhir::{Node, Parsed};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use profile::{Options, Severity};
use spine::{Reason, systems};

use super::booking_rules::{contained, profile_of};
use crate::edge::fhir_call::Call;
use crate::edge::refusal::{Refusal, RefusedIssue};

/// The most faults that one refusal lists.
const MOST_FAULTS: usize = 10;

/// How bad the demonstrator takes a fault to be. Any of them refuses the booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Critical,
    Major,
    Minor,
    Trivial,
}

impl Weight {
    fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Major => "major",
            Self::Minor => "minor",
            Self::Trivial => "trivial",
        }
    }
}

use Weight::{Critical, Major, Minor, Trivial};

/// The faults as they are found.
#[derive(Default)]
struct Faults(Vec<RefusedIssue>);

impl Faults {
    /// Notes a fault when something does not hold.
    fn unless(&mut self, holds: bool, weight: Weight, location: &str, expected: &str) {
        if !holds {
            let what = format!("{}: expected {expected}", weight.word());
            self.0.push(RefusedIssue { code: "invalid".to_owned(), what, location: Some(location.to_owned()) });
        }
    }
}

type Check = fn(&Node, Timestamp, &mut Faults);

/// The areas of the list in its order.
const CHECKS: [Check; 11] = [
    root,
    slot,
    created,
    participant,
    supporting_information,
    contained_resources,
    document,
    patient_identifier,
    patient_name,
    patient_telecom,
    patient_facts,
];

/// Holds a booking to the list, and to the validator's every error and warning.
///
/// # Errors
/// `Reason::DemonstratorChecksFailed` with at most ten faults.
pub(super) fn check(body: &Parsed, call: &Call) -> Result<(), Refusal> {
    if body.resource.type_name() != "Appointment" {
        // Refused for that, by the judgement that every booking meets.
        return Ok(());
    }
    let mut faults = Faults::default();
    for check in CHECKS {
        check(&body.resource, call.now, &mut faults);
    }
    for issue in profile::validate_parsed(body, call.definitions, &Options::validator()) {
        let weight = match issue.severity {
            Severity::Fatal | Severity::Warning => Critical,
            Severity::Error => Major,
            Severity::Information => continue,
        };
        let expected = if issue.expected.is_empty() { issue.cure.clone() } else { issue.expected.clone() };
        faults.unless(false, weight, &issue.location, &format!("{} (validator: {})", expected, issue.rule));
    }
    faults.0.truncate(MOST_FAULTS);
    if faults.0.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(Reason::DemonstratorChecksFailed, "").listing(faults.0))
}

fn root(appointment: &Node, _: Timestamp, faults: &mut Faults) {
    faults.unless(appointment.child("id").is_none(), Minor, "Appointment.id", "no id");
    faults.unless(appointment.child("meta").is_some(), Major, "Appointment.meta", "a meta with the profile");
    let wanted = profile_of("Appointment");
    let claimed = profiles(appointment);
    faults.unless(claimed.contains(&wanted.as_str()), Critical, "Appointment.meta.profile", &wanted);
    let others = claimed.iter().any(|each| *each != wanted);
    faults.unless(!others, Trivial, "Appointment.meta.profile", &format!("no profile but {wanted}"));
    let language = appointment.text_of("language");
    faults.unless(matches!(language, None | Some("en" | "en-GB")), Major, "Appointment.language", "en or en-GB");
    faults.unless(appointment.text_of("status") == Some("booked"), Major, "Appointment.status", "booked");
}

fn slot(appointment: &Node, _: Timestamp, faults: &mut Faults) {
    let slots: Vec<&Node> = appointment.all("slot").collect();
    faults.unless(!slots.is_empty(), Critical, "Appointment.slot", "one Slot");
    faults.unless(slots.len() < 2, Major, "Appointment.slot", "one Slot");
    for slot in slots {
        let reference = slot.text_of("reference");
        faults.unless(reference.is_some(), Major, "Appointment.slot.reference", "a reference");
        let is_contained = |id: &str| contained(appointment, "Slot").any(|each| each.text_of("id") == Some(id));
        let leads =
            reference.is_none_or(|text| text.contains("Slot/") || text.strip_prefix('#').is_some_and(is_contained));
        faults.unless(leads, Critical, "Appointment.slot.reference", "a reference such as Slot/slot001");
    }
}

fn created(appointment: &Node, now: Timestamp, faults: &mut Faults) {
    let place = "Appointment.created";
    let Some(text) = appointment.text_of("created") else {
        faults.unless(false, Major, place, "when it was booked");
        return;
    };
    let Some(at) = text.parse::<Timestamp>().ok() else { return };
    faults.unless(at <= now, Major, place, "a time that is not in the future");
    faults.unless(day_in_london(at) >= date(2018, 12, 9), Major, place, "a day from 9 December 2018 on");
}

fn participant(appointment: &Node, _: Timestamp, faults: &mut Faults) {
    let participants: Vec<&Node> = appointment.all("participant").collect();
    faults.unless(!participants.is_empty(), Major, "Appointment.participant", "one participant");
    faults.unless(participants.len() < 2, Minor, "Appointment.participant", "one participant");
    for participant in participants {
        let Some(actor) = participant.child("actor") else {
            faults.unless(false, Major, "Appointment.participant.actor", "an actor");
            continue;
        };
        if let Some(identifier) = actor.child("identifier") {
            let place = "Appointment.participant.actor.identifier";
            faults.unless(identifier.text_of("use") == Some("official"), Major, place, "the use official");
            let system = identifier.text_of("system") == Some(systems::NHS_NUMBER);
            faults.unless(system, Major, place, &format!("the system {}", systems::NHS_NUMBER));
            faults.unless(
                identifier.text_of("value").is_some_and(is_ten_digits),
                Major,
                place,
                "a value of ten digits",
            );
        }
        let place = "Appointment.participant.actor.reference";
        let reference = actor.text_of("reference");
        faults.unless(reference.is_some(), Critical, place, "a reference to the contained Patient");
        let leads = reference.is_none_or(|text| is_contained_reference(appointment, text));
        faults.unless(leads, Major, place, "the id of a contained resource after #");
    }
}

fn supporting_information(appointment: &Node, _: Timestamp, faults: &mut Faults) {
    let place = "Appointment.supportingInformation";
    let references: Vec<&Node> = appointment.all("supportingInformation").collect();
    faults.unless(!references.is_empty(), Major, place, "a reference to the document");
    faults.unless(references.len() < 2, Minor, place, "one reference");
    for reference in references {
        let leads = reference.text_of("reference").is_some_and(|text| is_contained_reference(appointment, text));
        faults.unless(leads, Minor, place, "the id of a contained resource after #");
    }
}

fn contained_resources(appointment: &Node, _: Timestamp, faults: &mut Faults) {
    let place = "Appointment.contained";
    let all = appointment.all("contained").filter(|each| each.type_name() != "Slot").count();
    faults.unless(all > 0, Critical, place, "a DocumentReference and a Patient");
    faults.unless(all == 0 || all >= 2, Major, place, "a DocumentReference and a Patient");
    faults.unless(all <= 2, Minor, place, "a DocumentReference and a Patient, and no more");
    let known = |each: &Node| matches!(each.type_name(), "DocumentReference" | "Patient" | "Slot");
    faults.unless(appointment.all("contained").all(known), Major, place, "no other type");
    for needed in ["DocumentReference", "Patient"] {
        faults.unless(contained(appointment, needed).next().is_some(), Critical, place, &format!("a {needed}"));
    }
}

fn document(appointment: &Node, _: Timestamp, faults: &mut Faults) {
    for document in contained(appointment, "DocumentReference") {
        let profile = profile_of("DocumentReference");
        let only = profiles(document) == [profile.as_str()];
        faults.unless(only, Major, "Appointment.contained.meta.profile", &format!("{profile} alone"));
        let place = "Appointment.contained.identifier";
        let identifiers: Vec<&Node> = document.all("identifier").collect();
        faults.unless(!identifiers.is_empty(), Major, place, "an identifier of the document");
        faults.unless(identifiers.len() < 2, Minor, place, "one identifier of the document");
        for identifier in identifiers {
            let system = identifier.text_of("system") == Some(systems::UUID);
            faults.unless(system, Major, place, &format!("the system {}", systems::UUID));
            let length = identifier.text_of("value").map_or(0, |value| value.chars().count());
            faults.unless((5..=36).contains(&length), Major, place, "a value of 5 to 36 characters");
        }
    }
}

fn patient_identifier(appointment: &Node, _: Timestamp, faults: &mut Faults) {
    let Some(patient) = contained(appointment, "Patient").next() else { return };
    let place = "Appointment.contained.identifier";
    let identifiers: Vec<&Node> = patient.all("identifier").collect();
    faults.unless(!identifiers.is_empty(), Critical, place, "the NHS number");
    faults.unless(identifiers.len() < 2, Trivial, place, "the NHS number alone");
    let mut numbers = 0;
    for identifier in identifiers {
        faults.unless(identifier.text_of("use").is_some(), Major, place, "a use");
        if identifier.text_of("use") == Some("official") {
            faults.unless(identifier.text_of("system").is_some(), Major, place, "a system beside the use official");
        }
        if identifier.text_of("system") == Some(systems::NHS_NUMBER) {
            numbers += 1;
            faults.unless(
                identifier.text_of("value").is_some_and(is_ten_digits),
                Major,
                place,
                "a value of ten digits",
            );
            verification(identifier, faults);
        }
    }
    faults.unless(numbers >= 1, Critical, place, "an NHS number");
    faults.unless(numbers <= 1, Critical, place, "one NHS number");
}

/// The extension that says how far the number was verified.
fn verification(identifier: &Node, faults: &mut Faults) {
    let place = "Appointment.contained.identifier.extension";
    let extensions: Vec<&Node> = identifier.all("extension").collect();
    faults.unless(extensions.len() == 1, Minor, place, "one extension");
    for extension in extensions {
        let url = extension.text_of("url") == Some(VERIFICATION);
        faults.unless(url, Major, place, VERIFICATION);
        let coding = extension.find("valueCodeableConcept.coding");
        let holds = |name: &str, wanted: &str| coding.and_then(|coding| coding.text_of(name)) == Some(wanted);
        faults.unless(holds("code", "01"), Minor, place, "the code 01");
        faults.unless(holds("display", VERIFIED), Minor, place, VERIFIED);
        faults.unless(holds("system", VERIFICATION_CODES), Minor, place, VERIFICATION_CODES);
    }
}

const VERIFICATION: &str =
    "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-NHSNumberVerificationStatus-1";
const VERIFICATION_CODES: &str = "https://fhir.hl7.org.uk/STU3/CodeSystem/CareConnect-NHSNumberVerificationStatus-1";
const VERIFIED: &str = "Number present and verified";

fn patient_name(appointment: &Node, _: Timestamp, faults: &mut Faults) {
    let Some(patient) = contained(appointment, "Patient").next() else { return };
    let place = "Appointment.contained.name";
    let names: Vec<&Node> = patient.all("name").collect();
    faults.unless(!names.is_empty(), Critical, place, "a name");
    faults.unless(names.len() < 2, Minor, place, "one name");
    for name in &names {
        faults.unless(name.text_of("use").is_some(), Major, place, "a use");
        let family_missing = if name.text_of("use") == Some("official") { Critical } else { Minor };
        let given: Vec<&str> = name.all("given").filter_map(Node::text).collect();
        faults.unless(name.text_of("family").is_some(), family_missing, place, "a family name");
        faults.unless(!given.is_empty(), Major, place, "a given name");
        for part in name.text_of("family").into_iter().chain(given) {
            faults.unless((3..=12).contains(&part.chars().count()), Minor, place, "parts of 3 to 12 characters");
        }
    }
    let official = names.iter().any(|name| name.text_of("use") == Some("official"));
    faults.unless(official, Critical, place, "an official name");
}

fn patient_telecom(appointment: &Node, _: Timestamp, faults: &mut Faults) {
    let Some(patient) = contained(appointment, "Patient").next() else { return };
    let place = "Appointment.contained.telecom";
    for telecom in patient.all("telecom") {
        let (system, value) = (telecom.text_of("system"), telecom.text_of("value"));
        faults.unless(system.is_some(), Major, place, "a system");
        faults.unless(value.is_some(), Major, place, "a value");
        let fits = match (system, value) {
            (Some("phone" | "sms"), Some(value)) => is_uk_phone(value),
            (Some("email"), Some(value)) => is_email(value),
            _ => true,
        };
        faults.unless(fits, Major, place, "a phone number of the United Kingdom, or an email address");
    }
    let phone = patient.all("telecom").any(|telecom| telecom.text_of("system") == Some("phone"));
    faults.unless(phone, Major, place, "a phone number");
}

fn patient_facts(appointment: &Node, now: Timestamp, faults: &mut Faults) {
    for patient in contained(appointment, "Patient") {
        patient_root(patient, faults);
        let gender = patient.text_of("gender");
        faults.unless(gender.is_some(), Major, "Appointment.contained.gender", "a gender");
        let told = !matches!(gender, Some("other" | "unknown"));
        faults.unless(told, Minor, "Appointment.contained.gender", "male or female");
        let place = "Appointment.contained.birthDate";
        faults.unless(patient.text_of("birthDate").is_some(), Major, place, "a date of birth");
        if let Some(day) = patient.text_of("birthDate").and_then(|text| text.parse::<Date>().ok()) {
            faults.unless(day <= day_in_london(now), Critical, place, "a day that is not in the future");
            faults.unless(day >= date(1900, 1, 1), Major, place, "a day from 1900 on");
        }
        addresses(patient, faults);
    }
}

fn patient_root(patient: &Node, faults: &mut Faults) {
    let id = patient.text_of("id");
    faults.unless(id.is_some(), Critical, "Appointment.contained.id", "an id");
    faults.unless(id.is_none_or(|id| !id.contains('/')), Major, "Appointment.contained.id", "an id without a slash");
    let place = "Appointment.contained.meta.profile";
    let profile = profile_of("Patient");
    let claimed = profiles(patient);
    faults.unless(claimed.contains(&profile.as_str()), Major, place, &profile);
    faults.unless(claimed.len() < 2, Minor, place, "one profile");
}

fn addresses(patient: &Node, faults: &mut Faults) {
    let place = "Appointment.contained.address";
    let addresses: Vec<&Node> = patient.all("address").collect();
    faults.unless(!addresses.is_empty(), Major, place, "an address");
    faults.unless(addresses.len() < 2, Minor, place, "one address");
    let weight = if addresses.len() > 1 { Major } else { Minor };
    for address in addresses {
        faults.unless(address.text_of("use").is_some(), weight, place, "a use");
        let current = !matches!(address.text_of("use"), Some("old" | "temp"));
        faults.unless(current, weight, place, "an address that is neither old nor temporary");
        match address.text_of("postalCode") {
            None => faults.unless(false, Critical, place, "a postcode"),
            Some(postcode) => faults.unless(is_uk_postcode(postcode), Major, place, "a postcode such as LS1 4HR"),
        }
    }
}

/// The day that it is in Europe/London (TIM-03).
fn day_in_london(at: Timestamp) -> Date {
    let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
    at.to_zoned_datetime(zone).date()
}

fn profiles(resource: &Node) -> Vec<&str> {
    resource.child("meta").into_iter().flat_map(|meta| meta.all("profile")).filter_map(Node::text).collect()
}

fn is_contained_reference(appointment: &Node, reference: &str) -> bool {
    let Some(id) = reference.strip_prefix('#') else { return false };
    appointment.all("contained").any(|each| each.text_of("id") == Some(id))
}

fn is_ten_digits(text: &str) -> bool {
    text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `01632 960123`, `07700900123`, `+44 1632 960123`.
fn is_uk_phone(text: &str) -> bool {
    let dialled: String = text.chars().filter(|each| !matches!(each, ' ' | '-' | '(' | ')')).collect();
    let national = dialled.strip_prefix("+44").map_or_else(|| dialled.strip_prefix('0'), Some);
    national.is_some_and(|rest| (9..=10).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && !text.contains(char::is_whitespace) && host.contains('.') && !host.contains('@')
    })
}

/// One or two letters, a digit, perhaps a letter or digit more; then a digit and two letters.
fn is_uk_postcode(text: &str) -> bool {
    let plain: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').map(|byte| byte.to_ascii_uppercase()).collect();
    let Some(at) = plain.len().checked_sub(3) else { return false };
    let (outward, inward) = plain.split_at(at);
    let letters = outward.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let district = outward.get(letters..).unwrap_or_default();
    let district_fits = matches!(district, [digit] if digit.is_ascii_digit())
        || matches!(district, [digit, last] if digit.is_ascii_digit() && last.is_ascii_alphanumeric());
    let inward_fits = matches!(inward, [digit, one, two]
        if digit.is_ascii_digit() && one.is_ascii_alphabetic() && two.is_ascii_alphabetic());
    (1..=2).contains(&letters) && district_fits && inward_fits
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: DEM-09
    #[test]
    fn phones_postcodes_and_addresses_have_their_forms() {
        type Form = (fn(&str) -> bool, &'static [&'static str], &'static [&'static str]);
        const FORMS: [Form; 3] = [
            (
                is_uk_phone,
                &["01632 960123", "07700900123", "+44 1632 960123", "(01632) 960-123"],
                &["123", "+33 123456789", "0x"],
            ),
            (is_uk_postcode, &["LS1 4HR", "yo17hh", "EC1A 1BB", "M1 1AE"], &["LS1", "12345", "LSS1 4HR", "L 4HR", ""]),
            (is_email, &["a@b.uk"], &["a", "@b.uk", "a@b", "a b@c.uk", "a@b@c.uk"]),
        ];
        for (holds, right, wrong) in FORMS {
            assert!(right.iter().all(|text| holds(text)), "{right:?}");
            assert!(!wrong.iter().any(|text| holds(text)), "{wrong:?}");
        }
    }
}

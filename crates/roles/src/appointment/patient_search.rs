//! The search for one patient's Appointments: every spelling of the patient, the range of starts, and the answer as pointers
//! to the whole (PAT-01 to PAT-12, X-09, X-10, X-23, X-24).

use fhir::search::Token;
use jiff::tz::TimeZone;
use spine::dialect::UnknownParameter;
use spine::{NhsNumber, Reason, systems};
use store::{AppointmentVersion, PatientQuery};

use super::bundle::{Bundle, BundleType};
use super::changes;
use super::start_window::StartWindow;
use super::versions::versioned;
use crate::edge::answer::{Answer, Content};
use crate::edge::fhir_call::Call;
use crate::edge::negotiate::shortened;
use crate::edge::query::{add_parameter, is_control};
use crate::edge::refusal::Refusal;

/// A search is not paged (PAT-06); this many of one patient's Appointments is a fault, not a page.
const MOST_APPOINTMENTS: u32 = 1000;

/// Every name of the patient parameter (PAT-01 to PAT-04, X-10).
const PATIENT_NAMES: [&str; 9] = [
    "Appointment.participant.actor",
    "Appointment.participant.actor:Patient.identifier",
    "Patient",
    "patient",
    "patient.identifier",
    "Patient.identifier",
    "actor:Patient.identifier",
    "actor",
    "identifier",
];

/// The names under which a range of starts may be given (X-24).
const RANGE_NAMES: [&str; 2] = ["start", "date"];

/// What the identifier of an entry points to (PAT-09).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PointsTo {
    /// The Appointment that is kept here.
    ThisCopy,
    /// What the record itself names: the Provider's copy (REG-01).
    TheProvidersCopy,
}

/// A search that was understood.
pub(crate) struct PatientSearch {
    /// What the store is asked.
    pub(crate) query: PatientQuery,
    /// The query string as it was understood, for the self link (SLT-34).
    understood: String,
}

impl PatientSearch {
    /// The answer: one entry for each Appointment, with a fullUrl that names its version (PAT-08).
    ///
    /// # Errors
    /// `Reason::StoredResourceBroken` when what is stored can be read no more (OO-09).
    pub(crate) fn answer(
        &self,
        call: &Call,
        found: &[AppointmentVersion],
        points_to: PointsTo,
    ) -> Result<Answer, Refusal> {
        let mut bundle = Bundle::begin(BundleType::Searchset, found.len() as u64);
        bundle.link("self", &call.url(&format!("Appointment?{}", self.understood)));
        for each in found {
            let own = call.url(&format!("Appointment/{}", each.appointment_id));
            let content = pointer(each, (points_to == PointsTo::ThisCopy).then_some(own.as_str()))?;
            let url = call.url(&versioned(&each.appointment_id, each.version));
            bundle.entry(&url, &content, "search", r#"{"mode":"match"}"#);
        }
        Ok(Answer::found(Content::Json(bundle.finish().into())).about("Appointment".to_owned()))
    }
}

/// Reads the parameters; days without a time are whole days in `zone`.
///
/// # Errors
/// 400 for a parameter that is missing, unknown or malformed.
pub(crate) fn read(call: &Call, zone: &TimeZone) -> Result<PatientSearch, Refusal> {
    let mut patient = None;
    let mut ranges = Vec::new();
    let mut understood = String::new();
    for (name, value) in call.query.pairs() {
        if PATIENT_NAMES.contains(&name) {
            if patient.is_some() {
                return Err(Refusal::new(Reason::InvalidParameter, "expected one patient").at(name));
            }
            patient = Some(patient_key(name, value)?);
        } else if RANGE_NAMES.contains(&name) {
            ranges.push(value);
        } else {
            if !is_control(name) {
                unknown(call, name)?;
            }
            continue;
        }
        add_parameter(&mut understood, name, value);
    }
    let patient = patient.ok_or_else(|| {
        let what = format!("expected a patient, as Appointment.participant.actor={}|…", systems::NHS_NUMBER);
        Refusal::new(Reason::InvalidParameter, what)
    })?;
    let now = call.now.as_second();
    let window = if ranges.is_empty() {
        store::Window::new([store::Bound::AtOrAfter(now)])
    } else {
        StartWindow::read(&ranges, zone, call.now)?.bounds()
    };
    let query = PatientQuery { patient, window, limit: MOST_APPOINTMENTS };
    Ok(PatientSearch { query, understood })
}

fn unknown(call: &Call, name: &str) -> Result<(), Refusal> {
    let like_a_known_one = PATIENT_NAMES.iter().chain(&RANGE_NAMES).any(|known| name.starts_with(known));
    if call.dialect().unknown_parameter == UnknownParameter::IgnoredUnlessLikeAKnownName && !like_a_known_one {
        return Ok(());
    }
    Err(Refusal::new(Reason::UnknownParameter, shortened(name)).at(name.chars().take(100).collect::<String>()))
}

/// The patient as it is kept: the NHS number's system in its one spelling, any other system as it came (PAT-02 to PAT-04, PAT-12).
fn patient_key(name: &str, value: &str) -> Result<String, Refusal> {
    let invalid = |what: &str| Refusal::new(Reason::InvalidParameter, what).at(name);
    let (system, value) = match Token::parse(value) {
        Token { system: Some(system), code: Some(code) } => (system, code),
        // The national reference with a slash: https://demographics.spineservices.nhs.uk/[Patient/]1234567890.
        Token { system: None, code: Some(reference) } => {
            let (system, code) = reference.rsplit_once('/').ok_or_else(|| invalid("expected system|value"))?;
            (system.strip_suffix("/Patient").unwrap_or(system).to_owned(), code.to_owned())
        }
        _ => return Err(invalid("expected system|value")),
    };
    if !systems::is_nhs_number(&system) {
        return Ok(format!("{system}|{value}"));
    }
    let number = NhsNumber::parse(&value).map_err(|_| Refusal::new(Reason::NhsNumberInvalidInSearch, "").at(name))?;
    Ok(format!("{}|{}", systems::NHS_NUMBER, number.as_str()))
}

/// PAT-09: one entry with the limited set of elements.
fn pointer(version: &AppointmentVersion, url: Option<&str>) -> Result<Vec<u8>, Refusal> {
    let parsed = fhir::json::read(&version.content, &fhir::Limits::GENEROUS)
        .map_err(|error| Refusal::new(Reason::StoredResourceBroken, "").caused_by(error))?;
    let mut appointment = parsed.resource;
    changes::limit_to_a_pointer(&mut appointment, url);
    Ok(fhir::json::write(&appointment))
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: PAT-02, PAT-03, PAT-04, PAT-12, X-09, X-10
    #[test]
    fn a_patient_is_named_in_every_published_form() {
        let nhs = "https://fhir.nhs.uk/Id/nhs-number|9476719931";
        let table = [
            ("https://demographics.spineservices.nhs.uk|9476719931", nhs),
            ("https://demographics.spineservices.nhs.uk/|9476719931", nhs),
            ("https://fhir.nhs.uk/Id/nhs-number|9476719931", nhs),
            ("https://demographics.spineservices.nhs.uk/9476719931", nhs),
            ("https://demographics.spineservices.nhs.uk/Patient/9476719931", nhs),
            ("https://provider.nhs.uk/Id/local|P7", "https://provider.nhs.uk/Id/local|P7"),
        ];
        for (value, expected) in table {
            assert_eq!(patient_key("Patient", value).unwrap(), expected, "{value}");
        }
        for (value, reason) in [
            ("https://fhir.nhs.uk/Id/nhs-number|1234567890", Reason::NhsNumberInvalidInSearch),
            ("9476719931", Reason::InvalidParameter),
            ("", Reason::InvalidParameter),
        ] {
            assert_eq!(patient_key("Patient", value).unwrap_err().reason, reason, "{value}");
        }
    }
}

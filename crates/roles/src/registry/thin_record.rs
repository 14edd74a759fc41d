//! The thin record that a registration must be: which elements it may hold, which it must, and in what form
//! (REG-04 to REG-08, X-14).

use fhir::Node;
use spine::dialect::CreatedAbsent;
use spine::{Dialect, NhsNumber, Reason, systems};

use crate::edge::refusal::{Refusal, RefusedIssue};

/// The elements that a registration may hold (REG-07); `id` is judged on its own (X-15).
const ALLOWED: [&str; 10] =
    ["id", "meta", "language", "text", "identifier", "status", "start", "end", "created", "participant"];

/// The statuses that a registration may have (REG-05).
const STATUSES: [&str; 3] = ["booked", "cancelled", "entered-in-error"];

/// What a registration says.
pub(super) struct ThinRecord {
    /// The URL of the Provider's copy.
    pub(super) pointer: String,
    /// `booked`, `cancelled` or `entered-in-error`.
    pub(super) status: String,
    /// The patients, each as `system|value` in the one spelling of the system.
    pub(super) patients: Vec<String>,
    /// Start in seconds since 1970.
    pub(super) start: i64,
    /// End in seconds since 1970, if it has one.
    pub(super) end: Option<i64>,
}

impl ThinRecord {
    /// Reads a registration.
    ///
    /// # Errors
    /// 422 that names the element that is missing or has another form.
    pub(super) fn read(record: &Node, dialect: &Dialect) -> Result<Self, Refusal> {
        let status = record.text_of("status").unwrap_or_default();
        if !STATUSES.contains(&status) {
            return Err(incomplete("status", "expected booked, cancelled or entered-in-error"));
        }
        if seconds(record, "created")?.is_none() && dialect.created_absent == CreatedAbsent::Refused {
            return Err(incomplete("created", "expected the instant at which the Appointment is registered"));
        }
        Ok(Self {
            pointer: pointer(record)?,
            status: status.to_owned(),
            patients: patients(record)?,
            start: seconds(record, "start")?.ok_or_else(|| incomplete("start", "expected the instant of the start"))?,
            end: seconds(record, "end")?,
        })
    }
}

/// REG-04, REG-07, REG-08: each element of an Appointment that may not be there is named.
///
/// # Errors
/// 422 with an issue for each of them.
pub(super) fn refuse_other_elements(record: &Node) -> Result<(), Refusal> {
    if record.type_name() != "Appointment" {
        // Refused for its type.
        return Ok(());
    }
    let mut others: Vec<&str> =
        record.children().iter().map(Node::name).filter(|name| !ALLOWED.contains(name)).collect();
    others.dedup();
    if others.is_empty() {
        return Ok(());
    }
    let issues = others.iter().map(|name| RefusedIssue {
        code: "invalid".to_owned(),
        what: format!("a registration holds {} and no {name}", ALLOWED[1..].join(", ")),
        location: Some(format!("Appointment.{name}")),
    });
    Err(Refusal::new(Reason::ForbiddenElement, "").listing(issues.collect()))
}

/// REG-05: exactly one identifier, the URL of the Provider's copy.
fn pointer(record: &Node) -> Result<String, Refusal> {
    let wrong = || {
        incomplete(
            "identifier",
            "expected exactly one, with system urn:ietf:rfc:3986 and the https URL of the Provider's Appointment",
        )
    };
    let mut identifiers = record.all("identifier");
    let (Some(identifier), None) = (identifiers.next(), identifiers.next()) else { return Err(wrong()) };
    let is_pointer = identifier.text_of("system") == Some(systems::URL_POINTER);
    let value = identifier.text_of("value").filter(|value| is_pointer && is_appointment_url(value));
    value.map(str::to_owned).ok_or_else(wrong)
}

fn is_appointment_url(value: &str) -> bool {
    let whole = value.strip_prefix("https://").and_then(|rest| rest.rsplit_once("/Appointment/"));
    whole.is_some_and(|(host, id)| !host.is_empty() && !id.is_empty() && !id.contains(['/', '?', '#']))
        && value.bytes().all(|byte| byte.is_ascii_graphic())
}

/// REG-06, X-46: at least one participant is named by a valid NHS number, and none by a contained resource.
fn patients(record: &Node) -> Result<Vec<String>, Refusal> {
    let mut numbers = Vec::new();
    for (index, participant) in record.all("participant").enumerate() {
        let place = format!("Appointment.participant[{index}].actor");
        let Some(actor) = participant.child("actor") else { continue };
        if actor.text_of("reference").is_some_and(|reference| reference.starts_with('#')) {
            return Err(Refusal::new(Reason::DanglingReference, "").at(format!("{place}.reference")));
        }
        let Some(identifier) = actor.child("identifier") else { continue };
        if !identifier.text_of("system").is_some_and(systems::is_nhs_number) {
            continue;
        }
        let number = NhsNumber::parse(identifier.text_of("value").unwrap_or_default());
        let number =
            number.map_err(|_| Refusal::new(Reason::NhsNumberInvalid, "").at(format!("{place}.identifier.value")))?;
        numbers.push(format!("{}|{}", systems::NHS_NUMBER, number.as_str()));
    }
    if numbers.is_empty() {
        return Err(incomplete("participant", "expected one with actor.identifier, an NHS number"));
    }
    Ok(numbers)
}

fn seconds(record: &Node, name: &str) -> Result<Option<i64>, Refusal> {
    let Some(text) = record.text_of(name) else { return Ok(None) };
    let instant: Result<jiff::Timestamp, _> = text.parse();
    let instant = instant
        .map_err(|_| incomplete(name, "expected an instant with its offset, such as 2019-07-02T09:15:00+01:00"))?;
    Ok(Some(instant.as_second()))
}

fn incomplete(element: &str, expected: &str) -> Refusal {
    Refusal::new(Reason::RegistrationIncomplete, expected).at(format!("Appointment.{element}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use spine::dialect::DIALECT_1_0_4;

    const RECORD: &str = r#"{"resourceType":"Appointment","identifier":[{"system":"urn:ietf:rfc:3986",
        "value":"https://provider.nhs.uk/STU3/1/uec/Appointment/3f9c"}],"status":"booked","start":"2019-07-02T09:15:00+00:00",
        "created":"2019-07-01T09:00:02+00:00","participant":[{"actor":{"identifier":{"use":"official",
        "system":"https://fhir.nhs.uk/Id/nhs-number","value":"9476719931"}},"status":"accepted"}]}"#;

    fn judge(text: &str) -> Result<ThinRecord, Refusal> {
        let record = fhir::json::read(text.as_bytes(), &fhir::Limits::STRICT).unwrap().resource;
        refuse_other_elements(&record)?;
        ThinRecord::read(&record, &DIALECT_1_0_4)
    }

    // covers: REG-05, REG-07
    #[test]
    fn the_published_form_of_a_registration_is_read() {
        let record = judge(RECORD).unwrap();
        assert_eq!(record.pointer, "https://provider.nhs.uk/STU3/1/uec/Appointment/3f9c");
        assert_eq!(record.patients, ["https://fhir.nhs.uk/Id/nhs-number|9476719931"]);
        assert_eq!((record.start, record.end), (1_562_058_900, None));
    }

    // covers: REG-14, X-09
    #[test]
    fn every_spelling_of_the_nhs_numbers_system_means_the_same_patient() {
        for system in systems::NHS_NUMBER_ALIASES {
            let record = judge(&RECORD.replace("https://fhir.nhs.uk/Id/nhs-number", system)).unwrap();
            assert_eq!(record.patients, ["https://fhir.nhs.uk/Id/nhs-number|9476719931"], "{system}");
        }
    }

    // covers: REG-04, REG-05, REG-06, REG-07, REG-08, X-46
    #[test]
    fn what_is_missing_wrong_or_may_not_be_there_is_named() {
        let table = [
            ("\"status\":\"booked\"", "\"status\":\"proposed\"", Reason::RegistrationIncomplete, "Appointment.status"),
            ("\"created\":\"2019-07-01T09:00:02+00:00\",", "", Reason::RegistrationIncomplete, "Appointment.created"),
            ("2019-07-01T09:00:02+00:00", "2019-07-01", Reason::RegistrationIncomplete, "Appointment.created"),
            ("\"start\":\"2019-07-02T09:15:00+00:00\",", "", Reason::RegistrationIncomplete, "Appointment.start"),
            ("2019-07-02T09:15:00+00:00", "2019-07-02", Reason::RegistrationIncomplete, "Appointment.start"),
            ("urn:ietf:rfc:3986", "urn:x", Reason::RegistrationIncomplete, "Appointment.identifier"),
            ("/Appointment/3f9c", "/Appointment/", Reason::RegistrationIncomplete, "Appointment.identifier"),
            ("9476719931", "9476719930", Reason::NhsNumberInvalid, "Appointment.participant[0].actor.identifier.value"),
            (
                "{\"identifier\":{\"use\"",
                "{\"reference\":\"#P1\",\"identifier\":{\"use\"",
                Reason::DanglingReference,
                "Appointment.participant[0].actor.reference",
            ),
        ];
        for (from, to, reason, location) in table {
            assert!(RECORD.contains(from), "{from}");
            let refusal = judge(&RECORD.replace(from, to)).err().unwrap_or_else(|| panic!("{from} → {to} is accepted"));
            assert_eq!((refusal.reason, refusal.location.as_deref()), (reason, Some(location)), "{from} → {to}");
        }
        for element in ["contained", "supportingInformation", "description", "slot", "comment", "extension"] {
            let text = RECORD.replacen("\"status\"", &format!("\"{element}\":[],\"status\""), 1);
            let refusal = judge(&text).err().unwrap_or_else(|| panic!("{element} is accepted"));
            assert_eq!(refusal.reason, Reason::ForbiddenElement, "{element}");
            assert_eq!(refusal.issues[0].location.as_deref(), Some(format!("Appointment.{element}").as_str()));
        }
    }
}

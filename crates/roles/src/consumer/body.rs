//! The bodies that a Consumer sends: a booking in the form of its dialect, and the Registry's thin record
//! (BOOK-01, BOOK-02, BOOK-18, RES-A02…A19, RES-P01…P11, RES-D01…D08, RES-S02…S05, REG-04, REG-05, X-08, X-16, X-17, CAN-02, CAN-03).

use fhir::Node;
use jiff::Timestamp;
use serde_json::{Value, json};
use spine::dialect::SlotReference;
use spine::{Dialect, NhsNumber, systems};

use super::fault::Fault;
use super::search_free_slots::FoundSlot;

const PROFILES: &str = "https://fhir.hl7.org.uk/STU3/StructureDefinition/";
const VERIFICATION: &str =
    "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-NHSNumberVerificationStatus-1";
const VERIFICATION_CODES: &str = "https://fhir.hl7.org.uk/STU3/CodeSystem/CareConnect-NHSNumberVerificationStatus-1";

/// The patient to be seen, as the contained resource of a booking.
#[derive(Clone)]
pub struct Patient {
    resource: Value,
    nhs_number: Option<NhsNumber>,
}

/// What a caller knows of a patient, where there is no FHIR file of it.
#[derive(Clone)]
pub struct PatientWords<'a> {
    /// The verified NHS number; `None` where the dialect lets a patient be booked without one (RES-P03).
    pub nhs_number: Option<&'a NhsNumber>,
    /// The family name.
    pub family: &'a str,
    /// The given name.
    pub given: &'a str,
    /// `Mr`, `Dr` …; may be empty.
    pub prefix: &'a str,
    /// FHIR's administrative gender: male, female, other or unknown.
    pub gender: &'a str,
    /// `yyyy-mm-dd`.
    pub birth_date: &'a str,
    /// The number to call back on.
    pub phone: &'a str,
    /// The address: line, city and postcode.
    pub address: [&'a str; 3],
}

impl Patient {
    /// A patient made of its words.
    #[must_use]
    pub fn of_words(words: &PatientWords<'_>) -> Self {
        let [line, city, postcode] = words.address;
        let mut name = json!({"use": "official", "family": words.family, "given": [words.given]});
        if !words.prefix.is_empty() {
            name["prefix"] = json!([words.prefix]);
        }
        let mut resource = json!({
            "resourceType": "Patient",
            "id": "P1",
            "meta": {"profile": [format!("{PROFILES}CareConnect-Patient-1")]},
        });
        if let Some(number) = words.nhs_number {
            let verified = json!({"coding": [{"system": VERIFICATION_CODES, "code": "01", "display": "Number present and verified"}]});
            resource["identifier"] = json!([{
                "extension": [{"url": VERIFICATION, "valueCodeableConcept": verified}],
                "use": "official", "system": systems::NHS_NUMBER, "value": number.as_str(),
            }]);
        }
        resource["name"] = json!([name]);
        resource["telecom"] = json!([{"system": "phone", "value": words.phone, "use": "home", "rank": 1}]);
        resource["gender"] = json!(words.gender);
        resource["birthDate"] = json!(words.birth_date);
        resource["address"] = json!([{"use": "home", "line": [line], "city": city, "postalCode": postcode}]);
        Self { resource, nhs_number: words.nhs_number.cloned() }
    }

    /// A patient from a FHIR Patient in JSON. It is sent as it is, but for an id where it has none.
    ///
    /// # Errors
    /// [`Fault::Unsendable`] when it is no Patient in JSON, or its NHS number is not valid.
    pub fn of_resource(json_text: &[u8]) -> Result<Self, Fault> {
        let unsendable = |why: String| Fault::Unsendable(format!("the patient cannot be booked: {why}"));
        let mut resource: Value =
            serde_json::from_slice(json_text).map_err(|fault| unsendable(format!("it is not JSON: {fault}")))?;
        if resource.get("resourceType").and_then(Value::as_str) != Some("Patient") {
            return Err(unsendable("a FHIR Patient was expected (resourceType \"Patient\")".to_owned()));
        }
        if let Some(members) = resource.as_object_mut() {
            members.entry("id").or_insert_with(|| json!("P1"));
        }
        let identifiers = resource.get("identifier").and_then(Value::as_array).into_iter().flatten();
        let stated = identifiers
            .filter(|identifier| identifier.get("system").and_then(Value::as_str).is_some_and(systems::is_nhs_number))
            .find_map(|identifier| identifier.get("value").and_then(Value::as_str));
        let nhs_number = match stated {
            Some(text) => {
                Some(NhsNumber::parse(text).map_err(|_| unsendable("its NHS number is not valid".to_owned()))?)
            }
            None => None,
        };
        Ok(Self { resource, nhs_number })
    }

    /// The NHS number, if it has one.
    #[must_use]
    pub fn nhs_number(&self) -> Option<&NhsNumber> {
        self.nhs_number.as_ref()
    }

    /// The full name as people read it (RES-A17).
    fn display(&self) -> String {
        let name = self.resource.get("name").and_then(|names| names.get(0));
        let words = |member: &str| -> Vec<&str> {
            match name.and_then(|name| name.get(member)) {
                Some(Value::Array(parts)) => parts.iter().filter_map(Value::as_str).collect(),
                Some(Value::String(part)) => vec![part.as_str()],
                _ => Vec::new(),
            }
        };
        [words("prefix"), words("given"), words("family")].concat().join(" ")
    }
}

/// A booking to be sent.
pub struct Booking<'a> {
    /// The Slot, as the Provider described it.
    pub slot: &'a FoundSlot,
    /// The patient.
    pub patient: &'a Patient,
    /// The UUID of the CDA document that will follow, lower case (RES-D03, CON-11).
    pub document: &'a str,
    /// What it is about, as lists show it (RES-A11).
    pub description: &'a str,
    /// When it is made.
    pub at: Timestamp,
}

impl Booking<'_> {
    /// The Appointment to POST, in the dialect's form.
    #[must_use]
    pub fn body(&self, dialect: &Dialect) -> Value {
        let at = instant(self.at);
        let patient_id = self.patient.resource.get("id").and_then(Value::as_str).unwrap_or("P1");
        let mut contained = vec![self.document_reference(&at), self.patient.resource.clone()];
        let slot = match dialect.slot_reference {
            SlotReference::Relative => format!("Slot/{}", self.slot.id),
            SlotReference::Contained => {
                contained.push(self.contained_slot());
                format!("#{}", self.slot.id)
            }
        };
        let mut actor = json!({"reference": format!("#{patient_id}")});
        if let Some(number) = self.patient.nhs_number() {
            actor["identifier"] = json!({"use": "official", "system": systems::NHS_NUMBER, "value": number.as_str()});
        }
        actor["display"] = json!(self.patient.display());
        json!({
            "resourceType": "Appointment",
            "meta": {"profile": [format!("{PROFILES}CareConnect-Appointment-1")]},
            "language": "en-GB",
            "contained": contained,
            "status": "booked",
            "description": self.description,
            "supportingInformation": [{"reference": "#D1"}],
            "start": self.slot.start,
            "end": self.slot.end,
            "slot": [{"reference": slot}],
            "created": at,
            "participant": [{"actor": actor, "status": "accepted"}],
        })
    }

    fn document_reference(&self, at: &str) -> Value {
        json!({
            "resourceType": "DocumentReference",
            "id": "D1",
            "meta": {"profile": [format!("{PROFILES}CareConnect-DocumentReference-1")]},
            "identifier": [{"system": systems::UUID, "value": self.document}],
            "status": "current",
            "type": {"coding": [{
                "system": "urn:oid:2.16.840.1.113883.2.1.3.2.4.18.17",
                "code": "POCD_MT200001GB02",
                "display": "Integrated Urgent Care Report",
            }]},
            "indexed": at,
            "content": [{"attachment": {"contentType": "application/hl7-v3+xml", "language": "en"}}],
        })
    }

    fn contained_slot(&self) -> Value {
        let mut slot = json!({
            "resourceType": "Slot",
            "id": self.slot.id,
            "meta": {"profile": [format!("{PROFILES}CareConnect-Slot-1")]},
        });
        if let Some((system, value)) = &self.slot.identifier {
            slot["identifier"] = json!([{"system": system, "value": value}]);
        }
        slot["schedule"] = json!({"reference": self.slot.schedule});
        slot["status"] = json!("busy");
        slot["start"] = json!(self.slot.start);
        slot["end"] = json!(self.slot.end);
        slot
    }
}

/// The Registry's record of an Appointment: the pointer and no more than REG-05 lists. `end` goes with it only where the
/// dialect's bodies have one (REG-04) and it is known.
#[must_use]
pub fn registration(appointment: &Node, pointer: &str, number: &NhsNumber, dialect: &Dialect, at: Timestamp) -> Value {
    let text = |name: &str| appointment.text_of(name).unwrap_or_default();
    let mut record = json!({
        "resourceType": "Appointment",
        "meta": {"profile": [format!("{PROFILES}CareConnect-Appointment-1")]},
        "identifier": [{"system": systems::URL_POINTER, "value": pointer}],
        "status": text("status"),
        "start": text("start"),
    });
    if dialect.slot_reference == SlotReference::Contained
        && let Some(end) = appointment.text_of("end")
    {
        record["end"] = json!(end);
    }
    record["created"] = json!(instant(at));
    record["participant"] = json!([{
        "actor": {"identifier": {"use": "official", "system": systems::NHS_NUMBER, "value": number.as_str()}},
        "status": "accepted",
    }]);
    record
}

/// A moment as FHIR writes an instant, in UTC (TIM-01, TIM-02).
#[must_use]
pub(super) fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

//! The patient of a booking, from a file or from words (RES-P01 to RES-P11). Only with a demo's data may words be left out: what is
//! then made up says that it is.

use std::fs;

use roles::consumer::{Patient, PatientWords};
use spine::NhsNumber;

use super::book::PatientFlags;
use super::fault::{failure_of, wrong_word};
use crate::failure::{Exit, Failure};

/// A Patient resource this long is none.
const LONGEST_FILE: u64 = 1 << 20;

/// What stands for a word that was left out, in a demo.
const SYNTHETIC: [(&str, &str); 8] = [
    ("--family", "Synthetic"),
    ("--given", "Test"),
    ("--birth-date", "1980-02-29"),
    ("--gender", "female"),
    ("--phone", "01632 960123"),
    ("--address", "1 Test Lane"),
    ("--city", "Leeds"),
    ("--postcode", "LS1 4HR"),
];

/// The patient that the flags describe.
///
/// # Errors
/// Exit 2: a file that holds no Patient, a wrong NHS number, or a word that is missing outside a demo.
pub(super) fn patient(flags: &PatientFlags, demonstration: bool) -> Result<Patient, Failure> {
    if let Some(path) = &flags.patient {
        return from_file(path);
    }
    let number = flags.nhs_number.as_deref().unwrap_or_default().replace(' ', "");
    let number = NhsNumber::parse(&number).map_err(|fault| wrong_word(&fault))?;
    let given = [
        &flags.family,
        &flags.given,
        &flags.birth_date,
        &flags.gender,
        &flags.phone,
        &flags.address,
        &flags.city,
        &flags.postcode,
    ];
    let missing: Vec<&str> =
        SYNTHETIC.iter().zip(given).filter(|(_, word)| word.is_none()).map(|((flag, _), _)| *flag).collect();
    if !demonstration && !missing.is_empty() {
        let why = format!("{} must be given; only a demo's patients are made up", missing.join(", "));
        return Err(Failure::new(Exit::Usage, "the patient is not whole", why, "add them, or --patient FILE"));
    }
    let mut words = SYNTHETIC.iter().zip(given).map(|((_, made_up), word)| word.as_deref().unwrap_or(made_up));
    let mut next = || words.next().unwrap_or_default();
    Ok(Patient::of_words(&PatientWords {
        nhs_number: Some(&number),
        family: next(),
        given: next(),
        prefix: "",
        birth_date: next(),
        gender: next(),
        phone: next(),
        address: [next(), next(), next()],
    }))
}

fn from_file(path: &std::path::Path) -> Result<Patient, Failure> {
    let wrong = |why: String| {
        let cure = "name a file with one FHIR Patient, in JSON or XML";
        Failure::new(Exit::Usage, format!("{} cannot be used as the patient", path.display()), why, cure)
    };
    let length = fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if length > LONGEST_FILE {
        return Err(wrong("it is longer than 1 MiB".to_owned()));
    }
    let text = fs::read(path).map_err(|error| wrong(error.to_string()))?;
    if text.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'<') {
        return Patient::of_resource(&text).map_err(failure_of);
    }
    let read = fhir::xml::read(&text, &fhir::Limits::STRICT).map_err(|fault| wrong(fault.to_string()))?;
    Patient::of_resource(&fhir::json::write(&read.resource)).map_err(failure_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(number: &str) -> PatientFlags {
        PatientFlags { nhs_number: Some(number.to_owned()), ..PatientFlags::default() }
    }

    #[test]
    fn words_are_made_up_in_a_demo_only() {
        assert!(patient(&flags("999 000 0018"), true).is_ok());
        let failure = patient(&flags("9990000018"), false).err().unwrap();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.why.contains("--family, --given, --birth-date"), "{failure}");
        let failure = patient(&flags("9990000019"), true).err().unwrap();
        assert!(failure.why.contains("check digit") && !failure.to_string().contains("9990000019"), "{failure}");
    }

    #[test]
    fn a_patient_may_come_as_json_or_xml() {
        let folder = tempfile::tempdir().unwrap();
        let from = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            patient(&PatientFlags { patient: Some(path), ..PatientFlags::default() }, false)
        };
        assert!(from("p.json", r#"{"resourceType":"Patient","gender":"female"}"#).is_ok());
        assert!(from("p.xml", r#" <Patient xmlns="http://hl7.org/fhir"><gender value="female"/></Patient>"#).is_ok());
        for (name, text) in [("q.json", "{}"), ("r.json", "nothing"), ("q.xml", "<Patient"), ("s.xml", "<a/>")] {
            assert_eq!(from(name, text).err().unwrap().exit, Exit::Usage, "{text}");
        }
    }
}

//! The mistakes that newcomers make in a booking, in a folder of broken bookings: each is told with its element, its rule and its
//! cure. What is printed stands here word for word, since the words are what helps.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{BOOKING, told};

const VERIFICATION: &str = "/contained/1/identifier/0/extension/0/valueCodeableConcept/coding/0/";

/// Name of the file, what is changed in the booking, and to what; null takes it out.
fn mistakes() -> Vec<(&'static str, Vec<(String, Value)>)> {
    let one = |place: &str, value: Value| vec![(place.to_owned(), value)];
    let display = vec![(format!("{VERIFICATION}code"), Value::Null), (format!("{VERIFICATION}display"), json!("01"))];
    let second = json!({"system": "phone", "value": "01632 960124", "use": "work", "rank": 1});
    vec![
        ("a-string-for-an-array.json", one("/contained/1/name/0/given", json!("Alex"))),
        (
            "b-wrong-profile.json",
            one("/meta/profile/0", json!("https://fhir.nhs.uk/STU3/StructureDefinition/CareConnect-Appointment-1")),
        ),
        ("c-code-in-display.json", display),
        ("d-missing-slice.json", one("/contained/1/name/0/use", json!("usual"))),
        ("e-nhs-number.json", one("/contained/1/identifier/0/value", json!("9476719930"))),
        ("f-no-offset.json", one("/start", json!("2019-07-02T09:15:00"))),
        ("g-wrong-reference.json", one("/participant/0/actor/reference", json!("#p1"))),
        ("i-unknown-element.json", one("/reasonCode", json!([{"text": "toothache"}]))),
        ("j-two-ranks.json", one("/contained/1/telecom/1", second)),
    ]
}

/// Changes the element at a JSON pointer, whose last step may be new.
fn change(resource: &mut Value, place: &str, value: Value) {
    let (around, last) = place.rsplit_once('/').unwrap();
    match resource.pointer_mut(around).unwrap() {
        Value::Object(members) if value.is_null() => drop(members.shift_remove(last)),
        Value::Object(members) => drop(members.insert(last.to_owned(), value)),
        Value::Array(items) if last == items.len().to_string() => items.push(value),
        Value::Array(items) => items[last.parse::<usize>().unwrap()] = value,
        other => panic!("{place}: {other}"),
    }
}

/// Makes the folder: ten bookings, each broken in one way.
fn broken_bookings(folder: &Path) {
    let booking: Value = serde_json::from_str(BOOKING).unwrap();
    for (name, changes) in mistakes() {
        let mut broken = booking.clone();
        for (place, value) in changes {
            change(&mut broken, &place, value);
        }
        fs::write(folder.join(name), format!("{broken:#}\n")).unwrap();
    }
    let parsed = fhir::json::read(BOOKING.as_bytes(), &fhir::Limits::STRICT).unwrap();
    let xml = String::from_utf8(fhir::xml::write_pretty(&parsed.resource)).unwrap();
    let (status, description) = ("  <status value=\"booked\"/>\n", "  <description value=\"111 Referral\"/>\n");
    let broken = xml.replacen(description, "", 1).replacen(status, &format!("{description}{status}"), 1);
    assert!(broken != xml && broken.len() == xml.len(), "{xml}");
    fs::write(folder.join("h-xml-order.xml"), broken).unwrap();
}

// covers: VAL-05, VAL-06, VAL-10
#[test]
fn each_mistake_is_told_with_its_element_its_rule_and_its_cure() {
    let folder = tempfile::tempdir().unwrap();
    broken_bookings(folder.path());
    let (exit, stdout, stderr) = told(folder.path(), "validate .", b"");
    assert_eq!(exit, 1, "{stderr}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 10);
    for line in stdout.lines().filter(|line| line.starts_with(' ')) {
        let is_one_word = line.split_whitespace().count() <= 2;
        assert!(line.chars().count() <= 80 || is_one_word, "{line}");
    }
    assert_snapshot!(stdout, @r##"
    ./a-string-for-an-array.json:77:20: error: Appointment.contained[1].name[0].given
        JSON has an array here, since the element may repeat, and this is a string.
        rule      FHIR JSON
        expected  an array
        got       a string
        cure      Put square brackets around the value, even where there is only
                  one.
    ./b-wrong-profile.json:5:7: error: Appointment.meta.profile[0]
        The meta.profile is not known here, so that the resource was not judged by
        it.
        rule      Meta.profile
        expected  the canonical URL of a profile that is known here
        got       "https://fhir.nhs.uk/STU3/StructureDefinition/CareConnect-Appointment-1"
        cure      Write
                  "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1",
                  if that is meant.
    ./c-code-in-display.json:57:39: error: Appointment.contained[1].identifier[0].extension[0].value.ofType(CodeableConcept)
        There is no code, and there has to be one of the value set.
        rule      https://fhir.hl7.org.uk/STU3/ValueSet/CareConnect-NHSNumberVerificationStatus-1
        expected  one of 01, 02, 03, 04, 05, 06, 07, 08
        got       no code
        cure      Write "01" as the code: it stands in display, where the code's
                  words belong.
    ./d-missing-slice.json:44:5: error: Appointment.contained[1]
        The profile requires one name whose use is "official", and it is missing.
        rule      CareConnect-Patient-1 Patient.name:official
        expected  at least 1 of name:official
        got       0
        cure      Add one name whose use is "official".
    ./e-nhs-number.json:70:20: warning: Appointment.contained[1].identifier[0].value
        This is not a valid NHS number: 10 digits whose check digit is wrong.
        rule      VAL-10
        expected  10 digits with a valid check digit
        got       10 digits whose check digit is wrong
        cure      Write the ten digits without blanks, as the PDS has them.
    ./e-nhs-number.json: valid
    ./f-no-offset.json:114:12: error: Appointment.start
        "2019-07-02T09:15:00" is not a valid instant.
        rule      instant
        expected  a date with a time and its zone, to the second or finer, such as
                  2024-05-01T09:00:00+01:00
        got       "2019-07-02T09:15:00"
        cure      Write a date with a time and its zone, to the second or finer,
                  such as 2024-05-01T09:00:00+01:00.
    ./g-wrong-reference.json:44:5: error: Appointment.contained[1]
        Each contained resource is referred to from somewhere in the resource.
        rule      dom-3
        expected  contained.where(('#'+id in
                  %resource.descendants().reference).not()).empty()
        got       it does not hold
        cure      Add a reference "#id" to the contained resource, or remove it.
    ./g-wrong-reference.json:124:16: error: Appointment.participant[0].actor
        No contained resource has the id "p1".
        rule      ref-1
        expected  a contained resource with the id "p1"
        got       "#p1"
        cure      Mend the id after the # (capitals count), here "D1" or "P1", or
                  add the contained resource.
    ./h-xml-order.xml:77:3: error: Appointment.status
        XML has the elements in the order of the definition, status before
        description.
        rule      HTTP-15
        expected  status before description
        got       status behind description
        cure      Move status to its place in front of description.
    ./i-unknown-element.json:136:17: error: Appointment
        There is no element "reasonCode" in Appointment.
        rule      HTTP-13
        expected  an element of Appointment
        got       "reasonCode"
        cure      Write "reason", if that is meant, or remove the element.
    ./j-two-ranks.json:96:19: warning: Appointment.contained[1].telecom[1].rank
        Two contact points have rank 1, and only one is to be called first.
        rule      PCT-04
        expected  rank 1 once
        got       another rank 1
        cure      Give the others rank 2 or more.
    ./j-two-ranks.json: valid
    "##);
    assert_snapshot!(stderr, @"
    10 judged: 2 valid, 8 not; 9 errors, 2 warnings
    error: 8 of 10 did not keep to their definitions and profiles
      each error is listed above with its place
      mend what is listed, then try again
    ");
}

//! `$validate` at the Registry.

use serde_json::json;

use super::house::{BOTH, House, registration, registration_with_end};

// covers: VAL-01, VAL-03, REG-07
#[tokio::test]
async fn a_validation_tells_what_the_profile_says_and_refuses_nothing() {
    let house = House::new().await;
    for base in BOTH {
        for (body, sound) in [(registration_with_end(0), true), (registration(0), false)] {
            for as_xml in [false, true] {
                let ask = house.ask(base, "POST", "/Appointment/$validate");
                let told = if as_xml { ask.xml(&body) } else { ask.json(&body) }.send().await;
                assert_eq!(
                    (told.status, &told.value()["resourceType"]),
                    (200, &json!("OperationOutcome")),
                    "{}",
                    told.text
                );
                let issues = told.value()["issue"].as_array().unwrap().clone();
                let errors = issues.iter().filter(|issue| issue["severity"] == "error").count();
                // The profile knows nothing of thin records: without an end one breaks app-2 and app-3 (REG-07).
                assert_eq!(errors == 0, sound, "{}", told.text);
            }
        }
        let told = house.ask(base, "POST", "/Slot/$validate").json(&registration(0)).send().await;
        assert_eq!(told.status, 400, "{}", told.text);
    }
}

// covers: REG-08
#[tokio::test]
async fn a_registration_that_breaks_its_profile_is_told_element_rule_and_value() {
    let house = House::new().await;
    for base in BOTH {
        let mut body = registration(0);
        body["participant"][0]["status"] = json!("acepted");
        let told = house.ask(base, "POST", "/Appointment").json(&body).send().await;
        assert_eq!(told.status, 422, "{}", told.text);
        let issue = &told.value()["issue"][0];
        assert_eq!(issue["location"][0], "Appointment.participant[0].status", "{issue}");
        let diagnostics = issue["diagnostics"].as_str().unwrap();
        for word in ["Rule: http://hl7.org/fhir/ValueSet/participationstatus", "Got: \"acepted\"", "accepted, declined"]
        {
            assert!(diagnostics.contains(word), "{word}: {diagnostics}");
        }
    }
}

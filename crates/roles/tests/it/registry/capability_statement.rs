//! What the Registry says of itself.

use serde_json::json;

use super::house::{BOTH, House, REGISTRY_1, REGISTRY_2};

// covers: REG-01, META-01, META-03, VER-08
#[tokio::test]
async fn the_statement_tells_the_root_its_version_and_what_it_answers() {
    let house = House::new().await;
    for (base, version) in [(REGISTRY_1, "1.0.4"), (REGISTRY_2, "2.0.4")] {
        for format in ["application/fhir+json", "application/fhir+xml"] {
            let told = house.ask(base, "GET", "/metadata").header("Accept", format).send().await;
            assert_eq!(told.status, 200, "{}", told.text);
            let statement = told.value();
            assert_eq!(statement["resourceType"], "CapabilityStatement");
            assert_eq!((&statement["version"], &statement["fhirVersion"]), (&json!(version), &json!("3.0.1")));
            assert_eq!(statement["implementation"]["url"], base);
            let resources = statement["rest"][0]["resource"].as_array().unwrap();
            assert_eq!((resources.len(), &resources[0]["type"]), (1, &json!("Appointment")));
            let codes: Vec<&str> = resources[0]["interaction"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|each| each["code"].as_str())
                .collect();
            for code in ["read", "vread", "update", "create", "search-type"] {
                assert!(codes.contains(&code), "{codes:?}");
            }
            let validated = house.ask(base, "POST", "/CapabilityStatement/$validate").json(&statement).send().await;
            let errors: Vec<_> = validated.value()["issue"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|issue| issue["severity"] == "error")
                .cloned()
                .collect();
            assert!(errors.is_empty(), "{errors:?}");
        }
    }
}

//
#[tokio::test]
async fn an_unknown_parameter_is_refused_in_1_0_4_alone() {
    let house = House::new().await;
    for (base, status) in BOTH.into_iter().zip([400, 200]) {
        assert_eq!(house.ask(base, "GET", "/metadata?colour=red").send().await.status, status);
    }
}

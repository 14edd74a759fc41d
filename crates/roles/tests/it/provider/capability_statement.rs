//! The capability statement, with the exact counts that the test pack counts.

use serde_json::{Value, json};

use super::house::{BASE_1, BASE_2, House};

fn names<'a>(list: &'a Value, member: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().map(|each| each[member].as_str().unwrap()).collect()
}

// covers: META-01, META-03, META-04, META-05, META-06, META-07, META-08, META-09, META-10, META-11, META-12, META-14, FIND-11, SSP-117, META-15, HTTP-13, HTTP-17, VER-08, X-32
#[tokio::test]
async fn the_statement_has_what_the_pack_counts() {
    let house = House::new().await;
    for (base, version) in [(BASE_1, "1.0.4"), (BASE_2, "2.0.4")] {
        let told = house.ask_in(base, "GET", "/metadata").send().await;
        assert_eq!(told.status, 200, "{}", told.text);
        let statement = told.value();
        assert_eq!((&statement["version"], &statement["fhirVersion"]), (&json!(version), &json!("3.0.1")));
        assert_eq!((&statement["publisher"], &statement["acceptUnknown"]), (&json!("Test Practice"), &json!("both")));
        assert_eq!(statement["format"], json!(["application/fhir+json", "application/fhir+xml"]));
        for (member, expected) in [("name", "Care Connect"), ("status", "active"), ("kind", "instance")] {
            assert_eq!(statement[member], expected);
        }
        for member in ["date", "description", "copyright"] {
            assert!(statement[member].is_string(), "{member}");
        }
        assert_eq!(statement["software"]["version"], "0.1.0");
        let rest = &statement["rest"][0];
        assert_eq!(
            (&rest["mode"], &rest["security"]["cors"], rest.get("operation")),
            (&json!("server"), &json!(false), None)
        );
        assert!(rest["documentation"].as_str().unwrap().contains("X-Request-ID"));
        assert_eq!((&statement["implementation"]["url"], base.contains("/STU3/")), (&json!(base), true));
        for special in ["etag", "location", "content-location", "last-modified"] {
            assert_eq!(told.header(special), "", "{special}");
        }
        let mut profiles = names(&statement["profile"], "reference");
        profiles.sort_unstable();
        profiles.dedup();
        assert_eq!(profiles.len(), 10);
        let resources = &statement["rest"][0]["resource"];
        assert_eq!(names(resources, "type"), ["Appointment", "Slot"]);
        assert_eq!(names(&resources[0]["interaction"], "code"), ["read", "vread", "update", "create", "search-type"]);
        assert_eq!(names(&resources[0]["searchParam"], "name"), ["identifier", "_id", "version"]);
        assert_eq!(names(&resources[1]["interaction"], "code"), ["search-type"]);
        assert_eq!(names(&resources[1]["searchParam"], "name"), ["service", "status", "start"]);
        assert_eq!(names(&resources[1]["searchParam"], "type"), ["token", "token", "date"]);
        assert_eq!(resources[1]["searchInclude"].as_array().map(Vec::len), Some(6));
        for parameter in resources.as_array().unwrap().iter().flat_map(|each| each["searchParam"].as_array().unwrap()) {
            assert!(parameter["documentation"].is_string());
        }
        let parsed = fhir::json::read(&told.bytes, &fhir::Limits::STRICT).unwrap();
        let issues =
            profile::validate_parsed(&parsed, profile::Definitions::standard(), &profile::Options::validator());
        assert!(profile::is_valid(&issues), "{issues:?}");
    }
}

// covers: META-01, HTTP-02
#[tokio::test]
async fn the_statement_is_the_same_in_xml() {
    let house = House::new().await;
    let json = house.ask("GET", "/metadata").send().await;
    let xml = house.ask("GET", "/metadata?_format=application/fhir%2Bxml").send().await;
    assert_eq!(xml.header("content-type"), "application/fhir+xml;charset=utf-8");
    assert_eq!(xml.value(), json.value());
}

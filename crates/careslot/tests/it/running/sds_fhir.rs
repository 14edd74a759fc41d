//! The SDS FHIR API as curl sees it, and the directory as the acceptance list of the Spine catalogue asks it.

use std::path::Path;

use serde_json::Value;

use super::{Demo, run};

const ODS: &str = "https://fhir.nhs.uk/Id/ods-organization-code%7C";
const INTERACTION: &str = "https://fhir.nhs.uk/Id/nhsServiceInteractionId%7C";
const PARTY_KEY: &str = "https://fhir.nhs.uk/Id/nhsMhsPartyKey%7C";
const SEARCH_SLOT: &str = "urn:nhs:names:services:careconnect:fhir:rest:search:slot";
const ID: &str = "0b5b4ef8-7b5c-4d7d-9a77-0d2f4c8c2a10";

/// What curl sees: the status and headers as text, and the body.
fn curl(demo: &Demo, path: &str, words: &[&str]) -> (String, Value) {
    let url = format!("{}{path}", demo.text("/sds/fhir"));
    let seen = run("curl", &[&["-sS", "-i", &url][..], words].concat(), Path::new("/"), &[], "");
    assert_eq!(seen.exit, 0, "{seen:?}");
    let (head, body) = seen.stdout.split_once("\r\n\r\n").expect("a head and a body");
    (head.to_ascii_lowercase(), serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}")))
}

const KEY: [&str; 2] = ["-H", "apikey: any"];

// covers: SDS-70, SDS-71, SDS-73, SDS-74
#[test]
fn a_device_is_found_by_organisation_and_interaction() {
    let demo = Demo::shared();
    let path = format!("/Device?organization={ODS}A91545&identifier={INTERACTION}{SEARCH_SLOT}");
    let correlated = format!("X-Correlation-Id: {ID}");
    let (head, bundle) = curl(demo, &path, &[&KEY[..], &["-H", &correlated]].concat());
    assert!(head.starts_with("http/1.1 200") && head.contains("content-type: application/fhir+json"), "{head}");
    assert!(head.contains(&format!("x-correlation-id: {ID}")), "{head}");
    assert_eq!(
        (&bundle["resourceType"], &bundle["type"], &bundle["total"]),
        (&"Bundle".into(), &"searchset".into(), &2.into())
    );
    let link = &bundle["link"][0];
    assert!(link["relation"] == "self" && link["url"].as_str().unwrap().starts_with(&demo.text("/sds/fhir")), "{link}");
    let address = format!("{}/Device/918999198999", demo.text("/sds/fhir"));
    let entry = bundle["entry"].as_array().unwrap().iter().find(|entry| entry["fullUrl"] == address.as_str());
    let entry = entry.unwrap_or_else(|| panic!("{address}: {bundle}"));
    assert_eq!(entry["search"]["mode"], "match");
    assert_eq!(entry["resource"]["identifier"][0]["value"], "918999198999");

    let one = format!("{path}&identifier={PARTY_KEY}A91545-8111111");
    assert_eq!(curl(demo, &one, &KEY).1["entry"][0]["resource"]["id"], "118111118111");
    let (head, none) = curl(demo, &path.replace("A91545", "a91545"), &KEY);
    assert!(head.starts_with("http/1.1 200") && none["total"] == 0, "V16: ODS codes are compared with their case");
}

// covers: SDS-72, SDS-73, SDS-75
#[test]
fn an_endpoint_is_found_by_each_combination_and_leads_to_the_provider() {
    let demo = Demo::shared();
    let (organisation, interaction, key) = (
        format!("organization={ODS}A91545"),
        format!("identifier={INTERACTION}{SEARCH_SLOT}"),
        format!("identifier={PARTY_KEY}A91545-9198999"),
    );
    for (parameters, total) in [
        (format!("{organisation}&{interaction}&{key}"), 1),
        (format!("{organisation}&{key}"), 7),
        (format!("{organisation}&{interaction}"), 2),
        (format!("{interaction}&{key}"), 1),
    ] {
        let (head, bundle) = curl(demo, &format!("/Endpoint?{parameters}"), &KEY);
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert_eq!(bundle["total"], total, "{parameters}");
        let resource = &bundle["entry"][0]["resource"];
        assert_eq!(
            (&resource["status"], resource["address"].as_str().unwrap()),
            (&"active".into(), demo.text("/provider/endpoint").as_str())
        );
    }
}

// covers: SDS-70, SDS-71, SDS-72, SDS-76
#[test]
fn what_is_refused_is_an_operation_outcome_with_the_correlation_id() {
    let demo = Demo::shared();
    let good = format!("/Device?organization={ODS}A91545&identifier={INTERACTION}{SEARCH_SLOT}");
    let only = format!("/Endpoint?organization={ODS}A91545");
    let unknown = format!("{good}&_count=1");
    let correlated = format!("X-Correlation-Id: {ID}");
    let with = |words: &[&'static str]| [&KEY[..], words].concat();
    for (path, words, status, issue, code) in [
        (good.as_str(), vec![], 400, "required", "BAD_REQUEST"),
        (&good, with(&["-H", "X-Correlation-Id: 7"]), 400, "required", "BAD_REQUEST"),
        (&only, with(&[]), 400, "required", "BAD_REQUEST"),
        (&unknown, with(&[]), 400, "required", "BAD_REQUEST"),
        ("/Device", with(&[]), 400, "required", "BAD_REQUEST"),
        ("/Device/918999198999", with(&[]), 404, "not-found", "NO_RECORD_FOUND"),
        ("/metadata", with(&[]), 404, "not-found", "NO_RECORD_FOUND"),
        (&good, with(&["-X", "POST"]), 405, "not-supported", "NOT_IMPLEMENTED"),
        (&good, with(&["-X", "DELETE"]), 405, "not-supported", "NOT_IMPLEMENTED"),
        (&good, with(&["-H", "Accept: application/fhir+xml"]), 406, "not-supported", "MISSING_OR_INVALID_HEADER"),
        (&good, with(&["-H", "Accept: application/json;q=0"]), 406, "not-supported", "MISSING_OR_INVALID_HEADER"),
    ] {
        let (head, outcome) = curl(demo, path, &words);
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{path} {words:?}: {head}");
        let found = &outcome["issue"][0];
        assert_eq!(
            (&found["code"], &found["details"]["coding"][0]["code"]),
            (&issue.into(), &code.into()),
            "{path} {words:?}"
        );
        assert_eq!(
            found["details"]["coding"][0]["system"],
            "https://fhir.nhs.uk/STU3/ValueSet/Spine-ErrorOrWarningCode-1"
        );
        let echoed = format!("x-correlation-id: {}", outcome["id"].as_str().unwrap());
        assert!(head.contains(&echoed), "{head}: {outcome}");
        assert_eq!(head.contains("allow: get"), status == 405, "{head}");
    }
    let (_, outcome) = curl(demo, &only, &[&KEY[..], &["-H", &correlated]].concat());
    assert_eq!(outcome["id"], ID);
    let (head, _) = curl(demo, &good, &with(&["-H", "Accept: text/html, application/*;q=0.1"]));
    assert!(head.starts_with("http/1.1 200"), "{head}");
}

// covers: SDS-10, SDS-11, SDS-13, SDS-40, SDS-41, SDS-43
#[test]
fn the_acceptance_list_of_the_directory_holds_from_outside() {
    let demo = Demo::start(&[], &[]);
    let url = demo.text("/sds/ldap");
    let search =
        |words: &[&str]| run("ldapsearch", &[&["-x", "-LLL", "-H", &url][..], words].concat(), Path::new("/"), &[], "");
    let services = ["-b", "ou=services, o=nhs"];
    // V16
    let mixed = search(
        &[
            &services[..],
            &["(&(NHSidCODE=A91545)(OBJECTclass=NHSAS)(nhsMhsPartyKey=a91545-9198999))", "NHSMHSPARTYKEY"],
        ]
        .concat(),
    );
    assert!(mixed.exit == 0 && mixed.stdout.contains("nhsMHSPartyKey: A91545-9198999\n"), "{mixed:?}");
    let lower = search(&[&services[..], &["(&(nhsIDCode=a91545)(objectClass=nhsAs))"]].concat());
    assert_eq!((lower.exit, lower.stdout.as_str()), (0, ""), "{lower:?}");
    // V17
    let fqdn = search(&[&services[..], &["(nhsMhsFQDN=localhost)"]].concat());
    assert_eq!((fqdn.exit, fqdn.stdout.as_str()), (0, ""), "{fqdn:?}");
    // V18
    let unknown = search(&["-b", "uniqueIdentifier=000000000000,ou=Services,o=nhs", "-s", "base"]);
    assert!(unknown.exit == 32 && unknown.stderr.contains("Matched DN: ou=Services,o=nhs"), "{unknown:?}");
    // V19
    let export = demo.careslot("sds export").stdout;
    let record = export.split("\n\n").find(|entry| {
        entry.contains("nhsMhs\n")
            && entry.contains(&format!("nhsMhsSvcIA: {SEARCH_SLOT}"))
            && entry.contains("A91545-9198999")
    });
    let other = record.expect("the record").replace("S918999198999", "S00000000000").replace("/STU3/", "/other/");
    let imported = demo.careslot_with(&["sds", "import", "-"], &format!("{other}\n"));
    assert!(imported.exit == 0 && imported.stderr.contains("endpoints-differ [SDS-43]"), "{imported:?}");
    let endpoint = demo.careslot("endpoint 918999198999");
    assert!(endpoint.exit == 1 && endpoint.stderr.contains("different"), "{endpoint:?}");
}

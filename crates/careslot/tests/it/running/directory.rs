//! The directory as OpenLDAP's own ldapsearch sees it.

use std::path::Path;

use super::{Demo, Seen, run};

const LEAF: [&str; 4] = ["-x", "-LLL", "-o", "ldif-wrap=no"];

fn ldapsearch(demo: &Demo, url: &str, shown: Option<&str>, words: &[&str]) -> Seen {
    let ca = demo.file("/ca");
    let (cert, key) =
        (shown.map(|who| demo.file(&format!("{who}/cert"))), shown.map(|who| demo.file(&format!("{who}/key"))));
    let mut variables: Vec<(&str, &Path)> = vec![("LDAPTLS_CACERT", &ca)];
    variables.extend(cert.as_deref().map(|cert| ("LDAPTLS_CERT", cert)));
    variables.extend(key.as_deref().map(|key| ("LDAPTLS_KEY", key)));
    let mut all = LEAF.to_vec();
    all.extend(["-H", url]);
    all.extend(words);
    run("ldapsearch", &all, Path::new("/"), &variables, "")
}

// covers: SDS-02, SDS-20, SDS-21
#[test]
fn both_booking_queries_lead_to_the_endpoint_with_ldapsearch() {
    let demo = Demo::shared();
    for (url, shown) in [(demo.text("/sds/ldap"), None), (demo.text("/sds/ldaps"), Some("/consumer"))] {
        let base = demo.text("/sds/base");
        let first = ldapsearch(demo, &url, shown, &["-b", &base, "(uniqueIdentifier=918999198999)", "nhsMHSPartyKey"]);
        assert_eq!(first.exit, 0, "{url}: {first:?}");
        let party_key = first.stdout.lines().find_map(|line| line.strip_prefix("nhsMHSPartyKey: ")).unwrap();
        let filter = format!(
            "(&(nhsMHSPartyKey={party_key})(nhsMhsSvcIA=urn:nhs:names:services:careconnect:fhir:rest:search:slot))"
        );
        let second = ldapsearch(demo, &url, shown, &["-b", &base, &filter, "nhsMHSEndPoint"]);
        let expected = format!("nhsMHSEndPoint: {}\n", demo.text("/provider/endpoint"));
        assert!(second.exit == 0 && second.stdout.contains(&expected), "{url}: {second:?}");
    }
}

// covers: SDS-01
#[test]
fn ldaps_wants_a_certificate_of_the_ca() {
    let demo = Demo::shared();
    let url = demo.text("/sds/ldaps");
    for shown in [None, Some("/bad_certificates/expired"), Some("/bad_certificates/other_ca")] {
        let seen = ldapsearch(demo, &url, shown, &["-b", "o=nhs", "(uniqueIdentifier=918999198999)"]);
        assert!(seen.exit != 0 && seen.stdout.is_empty(), "{shown:?}: {seen:?}");
    }
}

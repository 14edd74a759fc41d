//! The acceptance vectors of the Secure Proxy as somebody sees them who has the built program, curl and certificates.

use super::Demo;
use super::curl::{ThroughTheSsp, curl};

const METADATA: &str = "read:metadata";
const SLOTS: &str = "search:slot";

fn good(interaction: &'static str) -> ThroughTheSsp<'static> {
    ThroughTheSsp::new(Demo::shared(), interaction)
}

/// The proxy's address, and the Provider's service root.
fn addresses() -> (String, String) {
    (Demo::shared().text("/ssp"), Demo::shared().text("/provider/endpoint"))
}

// covers: SSP-07, SSP-09, SSP-25, SSP-29, SSP-62, SSP-65, SSP-96
#[test]
fn v01_v02_v09_a_call_passes_in_both_spellings_of_its_target_and_any_case_of_its_headers() {
    let (ssp, root) = addresses();
    let slots = "Slot?schedule.actor%3Ahealthcareservice=918999198999&start=ge2020-01-01T00:00:00%2B00:00&\
        start=le2099-01-01T00:00:00%2B00:00&status=free&_include=Slot%3Aschedule";
    let answer = good(SLOTS).call(slots, &[]);
    // Whatever the Provider makes of this window, it was asked: the answer is its own and came back through the proxy.
    assert_eq!(answer.header("via"), Some("1.1 ssp"), "{answer:?}");
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));
    let encoded = root.replace(':', "%3A").replace('/', "%2F");
    for target in [format!("{root}/metadata"), format!("{encoded}%2Fmetadata")] {
        let answer = good(METADATA).call_at(&format!("{ssp}/{target}"), &["-H", "X-ODD-case: 1"]);
        assert_eq!((answer.status, answer.body()["resourceType"].as_str()), (200, Some("CapabilityStatement")));
    }
}

// covers: SSP-04, SSP-10, SSP-11, SSP-12, SSP-39, SSP-40
#[test]
fn v03_v04_v05_a_target_that_is_malformed_or_elsewhere_is_refused() {
    let (ssp, root) = addresses();
    let bare = root.strip_prefix("https://").unwrap();
    let (host, path) = bare.split_once('/').unwrap();
    for (target, rule) in [
        (format!("/{root}/metadata"), "SSP-39"),
        (format!("https:/{bare}/metadata"), "SSP-39"),
        (format!("http://{bare}/metadata"), "SSP-39"),
        (format!("{root}/../x"), "SSP-39"),
        (format!("{root}/a%2Fb"), "SSP-39"),
        (format!("https://user@{bare}/metadata"), "SSP-39"),
        (format!("{root}2/metadata"), "SSP-40"),
        (format!("https://{}/{path}/metadata", host.replace(':', ".evil.test:")), "SSP-40"),
        (format!("https://{}/{path}/metadata", host.to_uppercase()), "SSP-40"),
        (format!("https://{}:443/{path}/metadata", host.split(':').next().unwrap()), "SSP-40"),
    ] {
        let answer = good(METADATA).call_at(&format!("{ssp}/{target}"), &[]);
        answer.is_refused(400, rule, &target);
    }
}

// covers: SSP-26, SSP-37, SSP-38, SSP-44, SSP-45
#[test]
fn v06_v08_v10_heads_verbs_and_interactions_are_refused_by_name() {
    let cases: [(&[&str], u16, &str); 7] = [
        (&["-H", "Ssp-From: 200000000359"], 400, "SSP-26"),
        (&["-X", "TRACE"], 405, "SSP-38"),
        (&["-X", "DELETE"], 405, "SSP-38"),
        (&["-X", "OPTIONS"], 405, "SSP-38"),
        (&["-X", "PUT", "-H", "Transfer-Encoding: chunked", "-H", "Content-Length: 1", "-d", "x"], 400, "SSP-37"),
        (&["--http1.0", "--no-alpn"], 400, "SSP-37"),
        (&["-H", "Connection: close, Ssp-From"], 400, "SSP-37"),
    ];
    for (more, status, rule) in cases {
        good(METADATA).call("metadata", more).is_refused(status, rule, &format!("{more:?}"));
    }
    let answer = good(METADATA).call("metadata", &["-X", "TRACE"]);
    assert_eq!(answer.header("allow"), Some("GET, POST, PUT"), "{answer:?}");
    good("delete:appointment").call("metadata", &[]).is_refused(403, "SSP-44", "an interaction that nobody has");
}

// covers: SSP-33, ERR-08
#[test]
fn v15_v23_plain_http_is_told_what_to_do_in_an_outcome_without_a_profile() {
    let plain = addresses().0.replacen("https://", "http://", 1);
    let answer = curl(Demo::shared(), None, &plain, &[]);
    answer.is_refused(497, "SSP-33", "plain HTTP");
    assert!(answer.body().get("meta").is_none(), "{answer:?}");
    let coded = good(METADATA).call("metadata", &["-X", "TRACE"]);
    let profile = "https://fhir.nhs.uk/STU3/StructureDefinition/Spine-OperationOutcome-1";
    assert_eq!(coded.body()["meta"]["profile"][0], profile);
}

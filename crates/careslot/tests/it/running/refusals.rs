//! Certificates and ASIDs that are refused, seen with curl: each refusal says which rule it keeps.

use super::Demo;
use super::curl::{ThroughTheSsp, curl};

const METADATA: &str = "read:metadata";

// covers: TLS-18, SSP-35, SSP-36
#[test]
fn a_call_without_a_good_certificate_is_refused_by_every_part() {
    let demo = Demo::shared();
    let token = demo.token(&demo.text("/provider/endpoint"));
    let bearer = format!("Authorization: Bearer {token}");
    let direct = |pointer: &str| format!("{}/metadata", demo.text(pointer));
    let parts = [
        ("SSP", format!("{}/{}", demo.text("/ssp"), direct("/provider/endpoint"))),
        ("Provider", direct("/provider/endpoint")),
        ("Registry", direct("/registry/endpoint")),
    ];
    for (part, url) in &parts {
        for (shown, status) in [
            (None, 496),
            (Some("/bad_certificates/expired"), 495),
            (Some("/bad_certificates/revoked"), 495),
            (Some("/bad_certificates/other_ca"), 495),
        ] {
            let answer = curl(demo, shown, url, &["-H", &bearer]);
            let rule = if status == 496 { "SSP-35" } else { "SSP-36" };
            answer.is_refused(status, rule, &format!("{part} with {shown:?}"));
        }
    }
}

// covers: SSP-42, SSP-43
#[test]
fn a_certificate_and_an_asid_that_do_not_belong_together_are_refused() {
    let demo = Demo::shared();
    let good = ThroughTheSsp::new(demo, METADATA);
    assert_eq!(good.call("metadata", &[]).status, 200);
    let stranger = ThroughTheSsp { shown: Some("/stranger"), ..ThroughTheSsp::new(demo, METADATA) };
    stranger.call("metadata", &[]).is_refused(403, "SSP-43", "a stranger's certificate");
    let other = ThroughTheSsp { from: demo.text("/second_consumer/asid"), ..ThroughTheSsp::new(demo, METADATA) };
    other.call("metadata", &[]).is_refused(403, "SSP-43", "another Consumer's ASID");
    let unknown = ThroughTheSsp { from: "999999999999".to_owned(), ..ThroughTheSsp::new(demo, METADATA) };
    unknown.call("metadata", &[]).is_refused(403, "SSP-42", "an ASID that SDS does not know");
}

// covers: SSP-44
#[test]
fn a_consumer_that_is_registered_for_slots_only_may_not_book() {
    let demo = Demo::shared();
    let second = ThroughTheSsp {
        shown: Some("/second_consumer"),
        from: demo.text("/second_consumer/asid"),
        ..ThroughTheSsp::new(demo, "create:appointment")
    };
    second.call("Appointment", &["-X", "POST", "-d", "{}"]).is_refused(403, "SSP-44", "the second Consumer's booking");
}

// covers: SSP-26, JW1-01
#[test]
fn a_call_without_a_token_is_400_at_the_proxy_and_403_behind_it() {
    let demo = Demo::shared();
    let bare = ThroughTheSsp { token: None, ..ThroughTheSsp::new(demo, METADATA) };
    let answer = bare.call("metadata", &[]);
    answer.is_refused(400, "SSP-26", "the SSP");
    assert_eq!(answer.body()["issue"][0]["details"]["coding"][0]["code"], "MISSING_OR_INVALID_HEADER");
    for (part, shown) in [("/provider/endpoint", "/ssp_client"), ("/registry/endpoint", "/consumer")] {
        let bare = ThroughTheSsp { shown: Some(shown), token: None, ..ThroughTheSsp::new(demo, METADATA) };
        bare.call_at(&format!("{}/metadata", demo.text(part)), &[]).is_refused(403, "JW1-01", part);
    }
}

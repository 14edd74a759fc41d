//! The Registry as a Consumer of another make sees it: with curl, directly and through the proxy, in both formats.

use serde_json::{Value, json};

use super::Demo;
use super::curl::{Answer, curl};

const PATIENT: &str = "9990000107";

/// One call of a party, with a token for the Registry.
struct Call<'d> {
    demo: &'d Demo,
    root: String,
    token: String,
}

impl<'d> Call<'d> {
    fn of(demo: &'d Demo, root: String) -> Self {
        let token = demo.token(&root);
        Self { demo, root, token }
    }

    fn direct(&self, below: &str, more: &[&str]) -> Answer {
        let bearer = format!("Authorization: Bearer {}", self.token);
        let mut words = vec!["-H", bearer.as_str()];
        words.extend(more);
        curl(self.demo, Some("/consumer"), &format!("{}/{below}", self.root), &words)
    }

    fn through_the_ssp(&self, interaction: &str, below: &str, more: &[&str]) -> Answer {
        let headers = [
            "Ssp-TraceID: 0b5b4ef8-7b5c-4d7d-9a77-0d2f4c8c2a10".to_owned(),
            format!("Ssp-From: {}", self.demo.text("/consumer/asid")),
            format!("Ssp-To: {}", self.demo.text("/registry/asid")),
            format!("Ssp-InteractionID: urn:nhs:names:services:careconnect:fhir:rest:{interaction}"),
            format!("Authorization: Bearer {}", self.token),
        ];
        let mut words: Vec<&str> = headers.iter().flat_map(|header| ["-H", header.as_str()]).collect();
        words.extend(more);
        curl(self.demo, Some("/consumer"), &format!("{}/{}/{below}", self.demo.text("/ssp"), self.root), &words)
    }
}

/// The registration of section S of the catalogue as XML.
fn registration(pointer: &str) -> String {
    format!(
        r#"<Appointment xmlns="http://hl7.org/fhir"><meta><profile value="https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1"/></meta><language value="en-GB"/><identifier><system value="urn:ietf:rfc:3986"/><value value="{pointer}"/></identifier><status value="booked"/><start value="2099-07-02T09:15:00+00:00"/><created value="2026-11-01T09:00:02+00:00"/><participant><actor><identifier><use value="official"/><system value="https://fhir.nhs.uk/Id/nhs-number"/><value value="{PATIENT}"/></identifier></actor><status value="accepted"/></participant></Appointment>"#
    )
}

const XML: &str = "Content-Type: application/fhir+xml";

// covers: REG-01, REG-03, REG-09, REG-10, REG-12, REG-15, READ-07, PAT-02, PAT-03, PAT-08, X-33, X-42
#[test]
fn a_registration_is_made_in_xml_found_read_and_cancelled_directly_and_through_the_proxy() {
    let demo = Demo::shared();
    let call = Call::of(demo, demo.text("/registry/endpoint"));
    let pointer = format!("{}/Appointment/by-curl", demo.text("/provider/endpoint"));
    let body = registration(&pointer);
    let made = call.through_the_ssp(
        "create:appointment",
        "Appointment",
        &["-H", XML, "-H", "X-Request-ID: curl-1", "--data-raw", &body],
    );
    assert_eq!(made.status, 201, "{made:?}");
    let location = made.header("Location").unwrap().to_owned();
    let path = location.strip_prefix(&format!("{}/", call.root)).expect("the Registry's own URL").to_owned();
    let resource = path.split("/_history").next().unwrap().to_owned();
    let again = call.direct("Appointment", &["-H", XML, "-H", "X-Request-ID: curl-2", "--data-raw", &body]);
    assert_eq!((again.status, again.text.contains("DUPLICATE_REJECTED")), (422, true), "{again:?}");

    let spellings = [
        format!("Appointment?Appointment.participant.actor=https://demographics.spineservices.nhs.uk%7C{PATIENT}"),
        format!(
            "Appointment?Appointment.participant.actor:Patient.identifier=https://fhir.nhs.uk/Id/nhs-number%7C{PATIENT}"
        ),
    ];
    for spelling in &spellings {
        for answer in [call.direct(spelling, &[]), call.through_the_ssp("search:appointment", spelling, &[])] {
            assert_eq!(answer.status, 200, "{answer:?}");
            let found = answer.body();
            assert_eq!(found["entry"][0]["fullUrl"], location, "{found}");
            assert_eq!(found["entry"][0]["resource"]["identifier"][0]["value"], pointer, "{found}");
            assert!(found.get("link").is_none_or(|links| !links.to_string().contains("\"next\"")), "{found}");
        }
    }
    for below in [resource.as_str(), path.as_str()] {
        for answer in [call.direct(below, &[]), call.through_the_ssp("read:appointment", below, &[])] {
            assert_eq!((answer.status, answer.header("ETag")), (200, Some("W/\"1\"")), "{answer:?}");
        }
    }
    let mut body: Value = call.direct(&resource, &[]).body();
    body["status"] = json!("cancelled");
    let text = body.to_string();
    let words = [
        "-X",
        "PUT",
        "-H",
        "Content-Type: application/fhir+json",
        "-H",
        "If-Match: W/\"1\"",
        "-H",
        "X-Request-ID: curl-3",
        "--data-raw",
        &text,
    ];
    let told = call.through_the_ssp("update:appointment", &resource, &words);
    assert_eq!((told.status, told.header("Location").unwrap().ends_with("/_history/2")), (200, true), "{told:?}");
    let stale = call.direct(&resource, &[&words[..7], &["X-Request-ID: curl-4"], &words[8..]].concat());
    assert_eq!(stale.status, 409, "{stale:?}");
}

// covers: REG-04, REG-08, JW1-04, TOK-10, X-30
#[test]
fn what_may_not_be_there_is_named_and_who_may_only_look_may_not_write() {
    let demo = Demo::shared();
    for dialect in ["1.0.4", "2.0.4"] {
        let call = Call::of(demo, demo.text(&format!("/registry/bases/{dialect}")));
        let pointer = format!("{}/Appointment/refused-{dialect}", demo.text("/provider/endpoint"));
        let body = registration(&pointer).replace("<start ", "<description value=\"x\"/><start ");
        let request = format!("X-Request-ID: refused-{dialect}");
        let words = ["-H", XML, "-H", "Accept: application/fhir+json", "-H", &request, "--data-raw", &body];
        let told = call.direct("Appointment", &words);
        assert_eq!(told.status, 422, "{told:?}");
        assert_eq!(told.body()["issue"][0]["location"][0], "Appointment.description", "{told:?}");
        let reads = r#"groups=["00000000-0000-4000-8000-000000000011"]"#;
        let made = demo.careslot(&format!("jwt make access --audience {} --claim {reads}", call.root));
        let reader = Call { token: made.stdout.trim().to_owned(), ..call };
        assert_eq!(reader.direct("metadata", &[]).status, 200);
        let search = format!("Appointment?Appointment.participant.actor=https://fhir.nhs.uk/Id/nhs-number%7C{PATIENT}");
        assert_eq!(reader.direct(&search, &[]).status, 200);
        let told = reader.direct("Appointment", &["-H", XML, "-H", &request, "--data-raw", &registration(&pointer)]);
        assert_eq!((told.status, told.text.contains("JW1-04")), (403, true), "{told:?}");
    }
}

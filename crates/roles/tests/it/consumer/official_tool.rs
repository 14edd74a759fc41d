//! What the official test tool demands of a Consumer's requests (part 2 of its rules), held to the requests as they leave.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderValue, Response};
use http_body_util::Full;
use serde_json::{Value, json};

use super::network::Network;
use super::scripted::{Asked, Scripted, json};
use super::steps::{book, free_slots, question};

/// A search, a booking, a reading and a cancellation as they come to the proxy, in dialect 2.0.4.
async fn asked() -> Vec<Asked> {
    let network = Network::of("2.0.4").await;
    let (endpoint, slots) = free_slots(&network.consumer().await).await;
    let location = format!("{}/Appointment/a1/_history/1", endpoint.root);
    let booked = std::sync::Mutex::new(Value::Null);
    let scripted = Scripted::start(network.door_for_certificates(), move |_, asked| {
        let mut booked = booked.lock().unwrap();
        match asked.method.as_str() {
            "POST" => {
                *booked = serde_json::from_slice(&asked.body).expect("JSON");
                with(json(201, &booked), &[("Location", &location), ("ETag", "W/\"1\"")])
            }
            "GET" if asked.target.contains("/Slot") => {
                json(200, &json!({"resourceType": "Bundle", "type": "searchset"}))
            }
            _ => with(json(200, &booked), &[("ETag", "W/\"1\"")]),
        }
    })
    .await;
    let url = scripted.url();
    let consumer = network.consumer_with(|settings| settings.ssp = url).await;
    consumer.search_free_slots(&endpoint, &question()).await.expect("an answer");
    book(&consumer, &endpoint, &slots[0]).await.expect("a booking");
    consumer.cancel_appointment(&endpoint, "a1", None).await.expect("a cancellation");
    scripted.asked()
}

fn with(mut response: Response<Full<bytes::Bytes>>, headers: &[(&'static str, &str)]) -> Response<Full<bytes::Bytes>> {
    for (name, value) in headers {
        response.headers_mut().insert(*name, HeaderValue::from_str(value).expect("a header"));
    }
    response
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_number(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())
}

// covers: CON-19, CON-05, SLT-06, XTI-01, JWT-30
#[tokio::test]
async fn paths_headers_and_tokens_are_as_the_official_tool_demands() {
    const CARE_CONNECT: &str = "urn:nhs:names:services:careconnect:fhir:rest:";
    let expected = [
        ("GET", "search:slot", "organization/slot.read"),
        ("POST", "create:appointment", "patient/appointment.write"),
        ("GET", "read:appointment", "patient/appointment.read"),
        ("PUT", "update:appointment", "patient/appointment.write"),
    ];
    let asked = asked().await;
    assert_eq!(asked.len(), expected.len(), "{asked:?}");
    for (asked, (method, interaction, scope)) in asked.iter().zip(expected) {
        assert_eq!(asked.method, method);
        // Q1
        assert!(!asked.target.contains(['<', '>', '{', '}', '|', '\\', '^', '`']), "{}", asked.target);
        // H1, H2
        assert_eq!(asked.header("accept"), "application/fhir+json");
        let content_type = asked.header("content-type");
        assert_eq!(content_type == "application/fhir+json;charset=utf-8", !asked.body.is_empty(), "{content_type}");
        // H4 to H9
        assert!(is_number(&asked.header("ssp-from"), 12) && is_number(&asked.header("ssp-to"), 12));
        assert!(is_uuid(&asked.header("ssp-traceid")), "{}", asked.header("ssp-traceid"));
        assert_eq!(asked.header("ssp-interactionid"), format!("{CARE_CONNECT}{interaction}"));
        assert_eq!(is_uuid(&asked.header("x-request-id")), method != "GET");
        assert_eq!(asked.header("if-match"), if method == "PUT" { "W/\"1\"" } else { "" });
        // H3, J1 to J6
        let authorization = asked.header("authorization");
        let token = authorization.strip_prefix("Bearer ").and_then(|token| token.strip_suffix('.')).expect("unsigned");
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).expect("a payload")).expect("base64");
        let claims: Value = serde_json::from_slice(&claims).expect("JSON");
        let text = |path: &str| claims.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let (issued, ends) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
        assert!(ends - issued == 300 && is_number(&issued.to_string(), 10), "{claims}");
        assert!(!text("/iss").is_empty() && !text("/sub").is_empty() && !text("/aud").is_empty(), "{claims}");
        assert_eq!((text("/reason_for_request"), text("/requested_scope")), ("directcare", scope));
        for filled in [
            "/requesting_device/identifier/0/system",
            "/requesting_device/identifier/0/value",
            "/requesting_device/model",
            "/requesting_device/version",
            "/requesting_organization/name",
            "/requesting_organization/identifier/0/system",
            "/requesting_organization/identifier/0/value",
        ] {
            assert!(!text(filled).is_empty(), "{filled} in {claims}");
        }
    }
    // Q3 to Q8
    let query = asked[0].target.split_once('?').expect("a query").1;
    for part in [
        "schedule.actor%3Ahealthcareservice=",
        "&start=ge2026-11-24T09%3A00%3A00%2B00%3A00",
        "&start=le2026-11-24T18%3A00%3A00%2B00%3A00",
        "&status=free&",
    ] {
        assert!(query.contains(part), "{part} in {query}");
    }
}

// covers: CON-19, BOOK-02, RES-A17, RES-P05, RES-D03, RES-D04
#[tokio::test]
async fn bodies_are_as_the_official_tool_demands() {
    let asked = asked().await;
    for (index, status) in [(1, "booked"), (3, "cancelled")] {
        let body: Value = serde_json::from_slice(&asked[index].body).expect("JSON");
        let contained = |kind: &str| {
            let all = body["contained"].as_array().expect("contained resources").iter();
            let found: Vec<&Value> = all.filter(|resource| resource["resourceType"] == kind).collect();
            assert_eq!(found.len(), 1, "one {kind}");
            found[0]
        };
        let (patient, document, slot) = (contained("Patient"), contained("DocumentReference"), contained("Slot"));
        // B-1
        let identifiers = patient["identifier"].as_array().expect("identifiers");
        let actor = &body["participant"][0]["actor"];
        for identifier in [&identifiers[0], &actor["identifier"]] {
            assert_eq!(
                (&identifier["use"], &identifier["system"]),
                (&json!("official"), &json!(spine::systems::NHS_NUMBER))
            );
            assert!(is_number(identifier["value"].as_str().unwrap(), 10));
        }
        let verification = identifiers[0]["extension"][0]["url"].as_str().unwrap();
        assert!(verification.ends_with("Extension-CareConnect-NHSNumberVerificationStatus-1"), "{verification}");
        assert!(identifiers.len() == 1 && actor["display"].as_str().is_some_and(|display| !display.is_empty()));
        // B-3 to B-7
        let name = &patient["name"][0];
        assert!(name["use"] == "official" && name["family"].is_string() && name["given"][0].is_string(), "{name}");
        let phone = &patient["telecom"][0];
        assert!(phone["system"] == "phone" && phone["value"].is_string() && phone["rank"] == 1, "{phone}");
        assert!(patient["gender"].is_string() && patient["birthDate"].is_string());
        let addresses = patient["address"].as_array().expect("addresses");
        assert!(addresses.len() == 1 && addresses[0]["use"] == "home" && addresses[0]["postalCode"].is_string());
        // B-8
        let coding = &document["type"]["coding"][0];
        assert!(is_uuid(document["identifier"][0]["value"].as_str().unwrap()) && document["status"] == "current");
        assert!(coding["system"].is_string() && coding["code"].is_string() && coding["display"].is_string());
        let attachment = &document["content"][0]["attachment"];
        assert!(
            attachment["contentType"].is_string() && attachment["language"] == "en" && document["indexed"].is_string()
        );
        // B-10 to B-16
        assert!(body.get("id").is_none() && body["language"] == "en-GB" && body["status"] == status, "{body}");
        for (resource, profile) in [(slot, "CareConnect-Slot-1"), (patient, "CareConnect-Patient-1")] {
            let claimed = resource["meta"]["profile"][0].as_str().unwrap();
            assert!(claimed.ends_with(profile), "{claimed}");
        }
        for member in ["start", "end", "created", "description", "slot", "supportingInformation"] {
            assert!(body.get(member).is_some(), "{member} in {body}");
        }
        assert_eq!(body["participant"].as_array().map(Vec::len), Some(1));
    }
}

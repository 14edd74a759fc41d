//! Formats, codings and verbs on the wire: gzip and chunks both ways, q-values, HEAD, conditional reads, headers that change nothing.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::json;

use super::diary::{SERVICE_ONE, booking, patient_of};
use super::house::{Ask, BASE_1, BASE_2, House, as_xml, claims, signed};

const JSON: &str = "application/fhir+json";
const XML: &str = "application/fhir+xml";

fn packed(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).expect("gzip");
    encoder.finish().expect("gzip")
}

// covers: HTTP-01, HTTP-02, HTTP-10, HTTP-11, SSP-123
#[tokio::test]
async fn bodies_are_packed_in_both_directions_and_formats() {
    let house = House::new().await.over_tls().await;
    for (nth, format) in (0..).zip([JSON, XML]) {
        let body = if format == XML { as_xml(&booking(nth)) } else { booking(nth).to_string().into_bytes() };
        let ask = house.ask("POST", "/Appointment").header("Accept", format).header("Accept-Encoding", "gzip");
        let told = ask.header("Content-Encoding", "gzip").body(format, packed(&body)).send().await;
        assert_eq!((told.status, told.header("content-encoding")), (201, "gzip"), "{}", told.text);
        let mut plain = String::new();
        GzDecoder::new(told.bytes.as_ref()).read_to_string(&mut plain).expect("gzip");
        let read = house.ask("GET", &format!("/Appointment/{}", told.id())).header("Accept", format).send().await;
        assert_eq!((read.header("content-encoding"), &read.text), ("", &plain));
    }
    for (coding, body, status) in [("gzip", b"no gzip".to_vec(), 400), ("br", b"x".to_vec(), 415)] {
        let ask = house.ask("POST", "/Appointment").header("Content-Encoding", coding);
        assert_eq!(ask.body(JSON, body).send().await.status, status, "{coding}");
    }
}

/// The head of a request with all that the course asks for, up to its own headers.
fn head(verb: &str, path: &str, interaction: &str) -> String {
    format!(
        "{verb} /STU3/1/demo{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Ssp-TraceID: 1c3c5e3e-0c0e-4c39-9a1f-5d3b6f1f2a77\r\nssp-from: 200000000359\r\nSSP-TO: {SERVICE_ONE}\r\n\
         Ssp-InteractionID: urn:nhs:names:services:careconnect:fhir:rest:{interaction}\r\n",
        signed(&claims())
    )
}

// covers: HTTP-10, VIA-07, SSP-25
#[tokio::test]
async fn a_body_may_come_in_chunks_without_a_length() {
    let house = House::new().await.over_tls().await;
    let body = booking(0).to_string();
    let mut request = head("POST", "/Appointment", "create:appointment");
    request.push_str("Content-Type: application/fhir+json\r\nTransfer-Encoding: chunked\r\n\r\n");
    for chunk in body.as_bytes().chunks(700) {
        request.push_str(&format!("{:x}\r\n{}\r\n", chunk.len(), std::str::from_utf8(chunk).expect("ASCII")));
    }
    request.push_str("0\r\n\r\n");
    let told = house.wire().write(request.as_bytes()).await;
    assert!(told.starts_with("HTTP/1.1 201 Created\r\n"), "{told}");
    // Broken off in the middle of a chunk, it books nothing.
    let broken = head("POST", "/Appointment", "create:appointment")
        + "Content-Type: application/fhir+json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"res\r\nzz\r\n";
    let told = house.wire().write(broken.as_bytes()).await;
    assert!(told.starts_with("HTTP/1.1 400 "), "{told}");
}

// covers: HTTP-22, HTTP-23, HTTP-24, META-02, X-35
#[tokio::test]
async fn head_is_no_verb_of_the_standard_and_has_no_body_even_so() {
    let house = House::new().await.over_tls().await;
    let request = head("HEAD", "/metadata", "read:metadata") + "\r\n";
    let told = house.wire().write(request.as_bytes()).await;
    assert!(told.starts_with("HTTP/1.1 405 "), "{told}");
    let (head, body) = told.split_once("\r\n\r\n").expect("a head");
    assert!(head.to_lowercase().contains("\r\nallow: get"), "{head}");
    assert_eq!(body, "");
    for verb in ["OPTIONS", "DELETE", "PATCH", "TRACE"] {
        let told = house.ask(verb, "/metadata").send().await;
        assert_eq!((told.status, told.header("allow")), (405, "GET"), "{verb}");
    }
}

// covers: HTTP-03, HTTP-04, HTTP-05, HTTP-06, HTTP-08, HTTP-09, HTTP-16, ERR-72, X-07
#[tokio::test]
async fn format_weighs_more_than_accept_and_accept_weighs_its_own_values() {
    let house = House::new().await.over_tls().await;
    let table: &[(&str, &str, Option<&str>)] = &[
        ("", "*/*", Some(JSON)),
        ("", "application/fhir+xml;q=0.9, application/fhir+json;q=0.8", Some(XML)),
        ("", "application/fhir+xml;q=0.1, application/fhir+json", Some(JSON)),
        ("", "text/html, application/fhir+xml;q=0.5, */*;q=0.1", Some(XML)),
        ("", "application/fhir+json;q=0, */*;q=0.1", Some(JSON)),
        ("", "text/turtle", None),
        ("", "application/fhir+json;q=0", None),
        ("?_format=xml", JSON, Some(XML)),
        ("?_format=application/fhir%2Bjson", XML, Some(JSON)),
        ("?_format=application/fhir+xml", JSON, Some(XML)),
        ("?_format=text/xml", "text/turtle", Some(XML)),
        ("?_format=application/xml%2Bfhir", JSON, Some(XML)),
        ("?_format=html", JSON, Some(JSON)),
        ("?_format=ttl", JSON, None),
    ];
    for (query, accept, expected) in table {
        for base in [BASE_1, BASE_2] {
            let told = house.ask_in(base, "GET", &format!("/metadata{query}")).header("Accept", accept).send().await;
            let (status, format) = expected.map_or((415, None), |format| (200, Some(format)));
            assert_eq!(told.status, status, "{query} {accept}: {}", told.text);
            if let Some(format) = format {
                assert_eq!(told.header("content-type"), format!("{format};charset=utf-8"), "{query} {accept}");
            }
        }
    }
    let told = house.ask("GET", "/Slot/nowhere").header("Content-Type", XML).send().await;
    assert_eq!((told.status, told.header("content-type")), (404, "application/fhir+xml;charset=utf-8"));
}

// covers: HTTP-09
#[tokio::test]
async fn letters_of_any_alphabet_pass_in_both_formats() {
    let house = House::new().await.over_tls().await;
    for (nth, format) in (0..).zip([JSON, XML]) {
        let mut body = booking(nth);
        patient_of(&mut body)["name"][0]["family"] = json!("Ó’Dónaill-Łukasz 王");
        let told = house.ask("POST", "/Appointment").in_format(format).resource(&body).send().await;
        assert_eq!(told.status, 201, "{}", told.text);
        for answer in [JSON, XML] {
            let read = house.ask("GET", &format!("/Appointment/{}", told.id())).header("Accept", answer).send().await;
            assert_eq!(patient_of(&mut read.value())["name"][0]["family"], "Ó’Dónaill-Łukasz 王");
        }
    }
}

// covers: HTTP-28, HTTP-33, SLT-42
#[tokio::test]
async fn what_has_no_versions_has_a_tag_that_changes_with_it() {
    let house = House::new().await;
    let read = |path: &'static str| house.ask("GET", path);
    for path in ["/Slot/slot-1-00", "/Location/loc1", "/Practitioner/ABCD123456"] {
        let told = read(path).send().await;
        let tag = told.header("etag").to_owned();
        assert!(tag.starts_with("W/\"") && tag.len() > 20, "{path}: {tag}");
        let again = read(path).header("If-None-Match", &tag).send().await;
        assert_eq!((again.status, again.header("etag"), again.text.as_str()), (304, tag.as_str(), ""), "{path}");
        assert_eq!(read(path).header("If-None-Match", "W/\"1\"").send().await.status, 200);
    }
    let free = read("/Slot/slot-1-00").send().await.header("etag").to_owned();
    house.book(0).await;
    let busy = read("/Slot/slot-1-00").header("If-None-Match", &free).send().await;
    assert_eq!((busy.status, &busy.value()["status"]), (200, &json!("busy")));
}

fn with_headers_that_change_nothing(ask: Ask) -> Ask {
    ask.header("Prefer", "return=minimal")
        .header("If-None-Exist", "identifier=x")
        .header("Location", "https://elsewhere.nhs.uk/Appointment/1")
        .header("X-Forwarded-For", "192.0.2.9")
        .header("Forwarded", "for=192.0.2.9;host=elsewhere.nhs.uk;proto=http")
}

// covers: HTTP-18, HTTP-27, HTTP-32, CAN-16, VIA-32, SSP-28, SSP-29
#[tokio::test]
async fn headers_of_others_are_kept_for_the_audit_and_change_nothing() {
    let house = House::new().await;
    let ask = with_headers_that_change_nothing(house.ask("POST", "/Appointment"));
    let told = ask.json(&booking(0)).send().await;
    assert_eq!((told.status, &told.value()["resourceType"]), (201, &json!("Appointment")), "the whole resource");
    assert!(told.header("location").starts_with(BASE_1), "{}", told.header("location"));
    let second = with_headers_that_change_nothing(house.ask("POST", "/Appointment")).json(&booking(1)).send().await;
    assert_eq!(second.status, 201, "nothing is created on a condition");
    for verb in ["PUT", "DELETE"] {
        let told = house.ask(verb, "/Appointment?identifier=https://x%7C1").send().await;
        assert_eq!((told.status, told.header("allow")), (405, "POST, GET"), "{verb} on a condition");
    }
    let records = house.records().await;
    assert_eq!(
        records[0]["connection"]["forwarded"], "for=192.0.2.9;host=elsewhere.nhs.uk;proto=http",
        "{}",
        records[0]
    );
    // The proxy's prefix never reaches a Provider, and its headers choose nothing: either ASID finds the same.
    let prefixed = house.ask_in("/https://provider.test.nhs.uk/STU3/1/demo", "GET", "/metadata").send().await;
    assert_eq!(prefixed.status, 404);
    let path = format!("/Slot?service={SERVICE_ONE}");
    let one = house.ask("GET", &path).send().await;
    let other = house.ask("GET", &path).header("Ssp-To", super::diary::SERVICE_TWO).send().await;
    assert_eq!((one.status, &one.text), (200, &other.text));
    assert!(one.headers.keys().all(|name| !name.as_str().starts_with("ssp-")));
}

//! When a call is made again, and with what.

use std::collections::HashSet;
use std::time::Duration;

use http::Response;
use roles::consumer::{Consumer, Fault, Party};
use serde_json::json;

use super::network::Network;
use super::scripted::{Asked, Scripted, answered, json};
use super::steps::{book, free_slots, question};

/// A Consumer that takes a scripted party for the proxy, and what it needs to call.
async fn before(network: &Network, scripted: &Scripted) -> Consumer {
    let url = scripted.url();
    network.consumer_with(|settings| settings.ssp = url).await
}

fn distinct(asked: &[Asked], header: &str) -> usize {
    asked.iter().map(|each| each.header(header)).collect::<HashSet<_>>().len()
}

// covers: SSP-131, SSP-132, XTI-01, CON-20, PROC-08
#[tokio::test]
async fn a_proxy_that_is_busy_for_ever_is_asked_four_times() {
    let network = Network::of("1.0.4").await;
    let (endpoint, slots) = free_slots(&network.consumer().await).await;
    for status in [429, 500, 502, 503, 504, 599] {
        let scripted = Scripted::start(network.door_for_certificates(), move |_, _| json(status, &json!({}))).await;
        let consumer = before(&network, &scripted).await;
        let fault = book(&consumer, &endpoint, &slots[0]).await.unwrap_err();
        assert!(matches!(&fault, Fault::Refused(refused) if refused.status == status), "{fault:?}");
        let asked = scripted.asked();
        assert_eq!(asked.len(), 4, "{status}");
        assert_eq!(distinct(&asked, "ssp-traceid"), 4);
        assert_eq!(distinct(&asked, "authorization"), 4);
        assert_eq!((distinct(&asked, "x-request-id"), asked[0].header("x-request-id").is_empty()), (1, false));
        assert_eq!(asked.iter().map(|each| each.body.clone()).collect::<HashSet<_>>().len(), 1);
        consumer.search_free_slots(&endpoint, &question()).await.unwrap_err();
        assert_eq!(scripted.asked().len(), 8, "a read is made again too");
    }
}

// covers: SSP-132, CON-20
#[tokio::test]
async fn what_waiting_does_not_cure_is_asked_once() {
    let network = Network::of("1.0.4").await;
    let (endpoint, slots) = free_slots(&network.consumer().await).await;
    for status in [300, 400, 401, 403, 404, 409, 412, 415, 422, 495, 496, 501] {
        let scripted = Scripted::start(network.door_for_certificates(), move |_, _| json(status, &json!({}))).await;
        let consumer = before(&network, &scripted).await;
        let fault = book(&consumer, &endpoint, &slots[0]).await.unwrap_err();
        assert!(matches!(&fault, Fault::Refused(refused) if refused.status == status), "{fault:?}");
        assert_eq!(scripted.asked().len(), 1, "{status}");
    }
}

// covers: SSP-132
#[tokio::test]
async fn retry_after_is_waited_for_but_not_for_ever() {
    let network = Network::of("1.0.4").await;
    let (endpoint, slots) = free_slots(&network.consumer().await).await;
    for (seconds, attempts) in [("0", 4), ("6", 1), ("never", 4)] {
        let scripted = Scripted::start(network.door_for_certificates(), move |_, _| {
            let mut response = json(503, &json!({}));
            response.headers_mut().insert("Retry-After", seconds.parse().expect("a value"));
            response
        })
        .await;
        let url = scripted.url();
        let consumer = network.consumer_with(|settings| {
            (settings.ssp, settings.patience) = (url, Duration::from_secs(5));
        });
        let fault = book(&consumer.await, &endpoint, &slots[0]).await.unwrap_err();
        let Fault::Refused(refused) = fault else { panic!("{fault:?}") };
        assert_eq!((refused.retry_after, scripted.asked().len()), (seconds.parse().ok(), attempts), "{seconds}");
    }
}

// covers: SSP-131
#[tokio::test]
async fn as_many_attempts_more_are_made_as_there_are_waits() {
    let network = Network::of("1.0.4").await;
    let (endpoint, slots) = free_slots(&network.consumer().await).await;
    for waits in 0..3 {
        let scripted = Scripted::start(network.door_for_certificates(), |_, _| json(503, &json!({}))).await;
        let url = scripted.url();
        let consumer = network.consumer_with(|settings| {
            (settings.ssp, settings.back_off) = (url, vec![Duration::ZERO; waits]);
        });
        book(&consumer.await, &endpoint, &slots[0]).await.unwrap_err();
        assert_eq!(scripted.asked().len(), waits + 1);
    }
}

// covers: SSP-132, CON-20
#[tokio::test]
async fn a_proxy_that_is_not_there_is_told_as_such() {
    let network = Network::of("1.0.4").await;
    let (endpoint, _) = free_slots(&network.consumer().await).await;
    network.watched();
    // A port that was free a moment ago, and that nobody listens on.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let consumer =
        network.consumer_with(|settings| settings.ssp = format!("https://localhost:{}", closed.port())).await;
    let fault = consumer.search_free_slots(&endpoint, &question()).await.unwrap_err();
    assert!(matches!(fault, Fault::Unreachable { party: Party::Proxy, .. }), "{fault:?}");
    let attempts = network.watched().into_iter().filter(|each| each.party == Party::Provider);
    assert_eq!(attempts.filter(|each| each.outcome.is_err()).count(), 4);
}

/// An Appointment at a version.
fn appointment(version: u32, status: &str) -> Response<http_body_util::Full<bytes::Bytes>> {
    let body = json!({"resourceType": "Appointment", "id": "a1", "meta": {"versionId": version.to_string()}, "status": status});
    let mut response = json(200, &body);
    response.headers_mut().insert("ETag", format!("W/\"{version}\"").parse().expect("a value"));
    response
}

// covers: XTI-09, CAN-17, VER-06
#[tokio::test]
async fn a_version_that_moved_on_is_read_again_and_cancelled_once_more() {
    let network = Network::of("2.0.4").await;
    let (endpoint, _) = free_slots(&network.consumer().await).await;
    for status in [409, 412] {
        let scripted = Scripted::start(network.door_for_certificates(), move |nth, _| match nth {
            0 => appointment(1, "booked"),
            1 => json(status, &json!({})),
            2 => appointment(2, "booked"),
            _ => appointment(3, "cancelled"),
        })
        .await;
        let consumer = before(&network, &scripted).await;
        let cancelled = consumer.cancel_appointment(&endpoint, "a1", None).await.expect("a cancellation");
        assert_eq!(cancelled.appointment.text_of("status"), Some("cancelled"));
        let asked = scripted.asked();
        let told: Vec<_> = asked.iter().map(|each| (each.method.as_str(), each.header("if-match"))).collect();
        let put = |version: &str| ("PUT", format!("W/\"{version}\""));
        let get = || ("GET", String::new());
        assert_eq!(told, [get(), put("1"), get(), put("2")]);
        assert_ne!(asked[1].header("x-request-id"), asked[3].header("x-request-id"), "it is another request");
    }
}

// covers: XTI-09, VER-03
#[tokio::test]
async fn a_version_that_the_caller_names_is_the_only_one_that_is_changed() {
    let network = Network::of("2.0.4").await;
    let (endpoint, _) = free_slots(&network.consumer().await).await;
    let scripted = Scripted::start(network.door_for_certificates(), |_, asked| match asked.method.as_str() {
        "GET" => appointment(2, "booked"),
        _ => json(409, &json!({})),
    })
    .await;
    let consumer = before(&network, &scripted).await;
    let fault = consumer.cancel_appointment(&endpoint, "a1", Some("1")).await.unwrap_err();
    assert!(matches!(fault, Fault::Refused(refused) if refused.status == 409));
    let asked = scripted.asked();
    assert_eq!((asked.len(), asked[1].header("if-match")), (2, "W/\"1\"".to_owned()));
}

// covers: VER-06, CON-15, OO-08
#[tokio::test]
async fn what_cannot_be_used_is_the_other_partys_fault() {
    let network = Network::of("1.0.4").await;
    let (endpoint, slots) = free_slots(&network.consumer().await).await;
    for (content_type, body) in [
        ("application/fhir+json", "{"),
        ("text/html", "<html></html>"),
        ("application/fhir+json", "{\"resourceType\":\"Slot\"}"),
    ] {
        let scripted =
            Scripted::start(network.door_for_certificates(), move |_, _| answered(200, content_type, body)).await;
        let consumer = before(&network, &scripted).await;
        let fault = consumer.search_free_slots(&endpoint, &question()).await.unwrap_err();
        assert!(matches!(fault, Fault::Unusable { party: Party::Provider, .. }), "{fault:?}");
        let fault = consumer.cancel_appointment(&endpoint, "a1", None).await.unwrap_err();
        assert!(matches!(fault, Fault::Unusable { party: Party::Provider, .. }), "{fault:?}");
        // A booking that was answered with success and nowhere to find it.
        let fault = book(&consumer, &endpoint, &slots[0]).await.unwrap_err();
        assert!(matches!(fault, Fault::Unusable { party: Party::Provider, .. }), "{fault:?}");
    }
}

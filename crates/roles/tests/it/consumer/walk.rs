//! The whole walk through every real part.

use roles::consumer::{Party, Registered};
use spine::InteractionId;

use super::network::{Network, SECRET};
use super::steps::{appointment, book, free_slots, nhs_number, service};

// covers: PROC-01, FIND-03, FIND-04, TOK-01, TOK-12, SSP-01, SSP-20, SSP-130, BOOK-01, BOOK-18, CON-11, CAN-01, REG-02, REG-11, X-08, XTI-01
#[tokio::test]
async fn one_appointment_is_found_booked_registered_cancelled_and_cancelled_there_too() {
    for dialect in ["1.0.4", "2.0.4"] {
        let network = Network::of(dialect).await;
        let consumer = network.consumer().await;
        let (endpoint, slots) = free_slots(&consumer).await;
        assert_eq!((endpoint.root.as_str(), slots.len()), (network.root().as_str(), 20));

        let booked = book(&consumer, &endpoint, &slots[3]).await.expect("a booking");
        assert_eq!((booked.received.status, booked.received.attempts, booked.version.as_str()), (201, 1, "1"));
        assert_eq!(booked.link, format!("{}/Appointment/{}", network.root(), booked.id));
        let (_, left) = free_slots(&consumer).await;
        assert!(left.len() == 19 && left.iter().all(|slot| slot.id != slots[3].id));

        let read = consumer.get_appointment(&endpoint, &booked.id, None).await.expect("an Appointment");
        assert_eq!(read.body, booked.received.body);
        let registered = consumer.register_appointment(&appointment(&booked), &booked.link).await;
        assert!(matches!(registered, Ok(Registered::Told)), "{registered:?}");
        assert_eq!(pointers(&consumer).await, [(booked.link.clone(), "booked".to_owned())]);

        let cancelled = consumer.cancel_appointment(&endpoint, &booked.id, None).await.expect("a cancellation");
        assert_eq!(cancelled.appointment.text_of("status"), Some("cancelled"));
        let told = consumer.cancel_registered_appointment(&cancelled.appointment, &booked.link).await;
        assert!(matches!(told, Ok(Registered::Told)), "{told:?}");
        assert_eq!(pointers(&consumer).await, [(booked.link.clone(), "cancelled".to_owned())]);

        let first = consumer.get_appointment(&endpoint, &booked.id, Some("1")).await.expect("the first version");
        assert_eq!(first.body, booked.received.body);
        let history = consumer.appointment_history(&endpoint, &booked.id).await.expect("a history");
        assert_eq!(history.resource("Bundle").expect("a Bundle").text_of("total"), Some("2"));
        assert_eq!(free_slots(&consumer).await.1.len(), 20);
        assert!(consumer.pending().await.expect("the outbox").is_empty());
    }
}

/// What the Registry knows of the patient: each pointer with its status.
async fn pointers(consumer: &roles::consumer::Consumer) -> Vec<(String, String)> {
    let bundle = consumer.search_registered_appointments(&nhs_number()).await.expect("a Bundle");
    let bundle = bundle.resource("Bundle").expect("a Bundle");
    let text = |node: &fhir::Node, path| node.find(path).and_then(fhir::Node::text).unwrap_or_default().to_owned();
    let entries = bundle.all("entry").filter_map(|entry| entry.child("resource"));
    entries.map(|each| (text(each, "identifier.value"), text(each, "status"))).collect()
}

// covers: TOK-11, SSP-21, SSP-132, XTI-08
#[tokio::test]
async fn every_call_has_its_own_trace_id_and_a_token_is_used_again() {
    let network = Network::of("1.0.4").await;
    let consumer = network.consumer().await;
    let (endpoint, slots) = free_slots(&consumer).await;
    book(&consumer, &endpoint, &slots[0]).await.expect("a booking");
    consumer.get_appointment(&endpoint, "nowhere", None).await.unwrap_err();
    let messages = network.watched();
    assert_eq!(messages.iter().filter(|each| each.party == Party::TokenEndpoint).count(), 1);
    let calls: Vec<_> = messages.iter().filter(|each| each.party == Party::Provider).collect();
    let header = |nth: usize, name: &str| {
        let headers = &calls[nth].headers;
        headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    };
    let mut traces: Vec<_> = (0..calls.len()).map(|nth| header(nth, "Ssp-TraceID").expect("a trace id")).collect();
    traces.sort();
    traces.dedup();
    assert_eq!(traces.len(), calls.len());
    for (nth, call) in calls.iter().enumerate() {
        assert_eq!(header(nth, "X-Request-ID").is_some(), call.method == "POST", "{call:?}");
    }
}

// covers: AUD-09, SSP-135, CON-15
#[tokio::test]
async fn whoever_watches_sees_every_message_and_no_secret() {
    for dialect in ["1.0.4", "2.0.4"] {
        let network = Network::of(dialect).await;
        let consumer = network.consumer().await;
        let (endpoint, slots) = free_slots(&consumer).await;
        let booked = book(&consumer, &endpoint, &slots[0]).await.expect("a booking");
        consumer.register_appointment(&appointment(&booked), &booked.link).await.expect("told");
        let messages = network.watched();
        for party in [Party::Directory, Party::TokenEndpoint, Party::Provider, Party::Registry] {
            assert!(messages.iter().any(|each| each.party == party), "{party:?} in {dialect}");
        }
        let text = format!("{messages:?}");
        assert!(!text.contains(SECRET) && !text.contains("eyJ"), "{text}");
        assert!(text.contains("Bearer •••"), "{text}");
    }
}

// covers: PAT-01, X-33
#[tokio::test]
async fn a_patients_appointments_are_found_at_the_provider_too() {
    let network = Network::of("1.0.4").await;
    let consumer = network.consumer().await;
    let (_, slots) = free_slots(&consumer).await;
    let interaction = InteractionId::SEARCH_APPOINTMENT;
    let endpoint = consumer.find_endpoint(&service(), &interaction).await.expect("an endpoint");
    let booked = book(&consumer, &endpoint, &slots[0]).await.expect("a booking");
    let found = consumer.search_patient_appointments(&endpoint, &nhs_number()).await.expect("a Bundle");
    let bundle = found.resource("Bundle").expect("a Bundle");
    assert_eq!(bundle.find("entry.resource.identifier.value").and_then(fhir::Node::text), Some(booked.link.as_str()));
}

//! What becomes of a change when the wire breaks: it is made once, and the Consumer knows it.

use roles::consumer::{Consumer, Fault, Party, Registered};

use super::cut_wire::{CutWire, Lost};
use serde_json::json;

use super::network::Network;
use super::scripted::{Scripted, json};
use super::steps::{appointment, book, book_as, free_slots, nhs_number};

/// A Consumer that reaches the proxy over a wire which can be cut.
async fn over_a_wire(network: &Network) -> (CutWire, Consumer) {
    let wire = CutWire::to(network.ssp).await;
    let ssp = format!("https://localhost:{}", wire.address.port());
    let consumer = network.consumer_with(|settings| settings.ssp = ssp).await;
    (wire, consumer)
}

// covers: SSP-131, SSP-132, XTI-01, XTI-04, CON-20, PROC-08
#[tokio::test]
async fn a_booking_whose_answer_is_lost_is_fetched_and_not_doubled() {
    for dialect in ["1.0.4", "2.0.4"] {
        let network = Network::of(dialect).await;
        let (wire, consumer) = over_a_wire(&network).await;
        let (endpoint, slots) = free_slots(&consumer).await;
        wire.lose(Lost::Answer, 1);
        let booked = book(&consumer, &endpoint, &slots[0]).await.expect("a booking");
        assert!(wire.has_lost());
        // 200: this is the Appointment read, not the answer to a second POST.
        assert_eq!((booked.received.status, booked.version.as_str()), (200, "1"));
        assert_eq!(booked.link, format!("{}/Appointment/{}", network.root(), booked.id));
        assert_eq!(free_slots(&consumer).await.1.len(), 19);
        let found = consumer.search_patient_appointments(&endpoint, &nhs_number()).await.expect("a Bundle");
        assert_eq!(found.resource("Bundle").expect("a Bundle").text_of("total"), Some("1"));
    }
}

// covers: SSP-131, SSP-132, XTI-01
#[tokio::test]
async fn a_booking_that_is_lost_on_its_way_is_made_by_the_next_attempt() {
    let network = Network::of("1.0.4").await;
    let (wire, consumer) = over_a_wire(&network).await;
    let (endpoint, slots) = free_slots(&consumer).await;
    wire.lose(Lost::Request, 1);
    let booked = book(&consumer, &endpoint, &slots[0]).await.expect("a booking");
    assert!(wire.has_lost());
    assert_eq!((booked.received.status, booked.received.attempts), (201, 2));
    assert_eq!(free_slots(&consumer).await.1.len(), 19);
}

// covers: SSP-132, XTI-01, XTI-04, CAN-01
#[tokio::test]
async fn a_cancellation_whose_answer_is_lost_is_fetched() {
    let network = Network::of("1.0.4").await;
    let (wire, consumer) = over_a_wire(&network).await;
    let (endpoint, slots) = free_slots(&consumer).await;
    let booked = book(&consumer, &endpoint, &slots[0]).await.expect("a booking");
    // Cancelling reads first; it is the answer to the PUT that is lost.
    wire.lose(Lost::Answer, 2);
    let cancelled = consumer.cancel_appointment(&endpoint, &booked.id, None).await.expect("a cancellation");
    assert!(wire.has_lost());
    assert_eq!(cancelled.appointment.text_of("status"), Some("cancelled"));
    let history = consumer.appointment_history(&endpoint, &booked.id).await.expect("a history");
    assert_eq!(history.resource("Bundle").expect("a Bundle").text_of("total"), Some("2"));
    assert_eq!(free_slots(&consumer).await.1.len(), 20);
}

// covers: XTI-04, SSP-132
#[tokio::test]
async fn a_request_id_that_made_another_booking_stays_refused() {
    let network = Network::of("1.0.4").await;
    let consumer = network.consumer().await;
    let (endpoint, slots) = free_slots(&consumer).await;
    book_as(&consumer, &endpoint, &slots[0], Some("same")).await.expect("a booking");
    let again = book_as(&consumer, &endpoint, &slots[0], Some("same")).await.expect("the same booking, fetched");
    assert_eq!(again.received.status, 200);
    let fault = book_as(&consumer, &endpoint, &slots[1], Some("same")).await.unwrap_err();
    let Fault::Refused(refused) = fault else { panic!("{fault:?}") };
    assert_eq!((refused.by, refused.status), (Party::Provider, 409));
    assert_eq!(refused.code.as_deref(), Some("DUPLICATE_REJECTED"));
}

// covers: REG-13, XTI-01, XTI-04
#[tokio::test]
async fn a_registration_whose_answer_is_lost_is_made_once() {
    for dialect in ["1.0.4", "2.0.4"] {
        let network = Network::of(dialect).await;
        let (consumer, wire) = (network.consumer().await, &network.registry_wire);
        let (endpoint, slots) = free_slots(&consumer).await;
        let booked = book(&consumer, &endpoint, &slots[0]).await.expect("a booking");
        consumer.search_registered_appointments(&nhs_number()).await.expect("a kept connection");
        wire.lose(Lost::Answer, 1);
        let told = consumer.register_appointment(&appointment(&booked), &booked.link).await;
        assert!(matches!(told, Ok(Registered::Told)) && wire.has_lost(), "{told:?}");
        let found = consumer.search_registered_appointments(&nhs_number()).await.expect("a Bundle");
        assert_eq!(found.resource("Bundle").expect("a Bundle").text_of("total"), Some("1"));
    }
}

// covers: SSP-132, XTI-04
#[tokio::test]
async fn a_lost_booking_is_found_among_the_patients_where_the_refusal_names_nothing() {
    let network = Network::of("1.0.4").await;
    let (endpoint, slots) = free_slots(&network.consumer().await).await;
    let start = slots[0].start.clone();
    let scripted = Scripted::start(network.door_for_certificates(), move |_, asked| {
        let made = json!({"resourceType": "Appointment", "id": "a1", "status": "booked", "start": start});
        match (asked.method.as_str(), asked.target.contains("/Appointment?")) {
            ("POST", _) => json(
                409,
                &json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "duplicate",
                    "details": {"coding": [{"code": "DUPLICATE_REJECTED"}]}}]}),
            ),
            (_, true) => {
                json(200, &json!({"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": made}]}))
            }
            _ => json(200, &made),
        }
    })
    .await;
    let url = scripted.url();
    let consumer = network.consumer_with(|settings| settings.ssp = url).await;
    let booked = book(&consumer, &endpoint, &slots[0]).await.expect("the booking, found");
    assert_eq!((booked.id.as_str(), booked.link), ("a1", format!("{}/Appointment/a1", endpoint.root)));
    // Another Slot's booking is not taken for this one.
    let fault = book(&consumer, &endpoint, &slots[1]).await.unwrap_err();
    assert!(matches!(&fault, Fault::Refused(refused) if refused.status == 409), "{fault:?}");
}

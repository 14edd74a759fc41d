//! The whole walk with the wire cut at each step in turn.

use roles::consumer::{Consumer, Registered};

use super::cut_wire::{CutWire, Lost};
use super::network::Network;
use super::steps::{appointment, book, free_slots, nhs_number};

/// More steps than any wire sees in one walk.
const MOST_STEPS: u32 = 60;

/// A Consumer that reaches proxy and token endpoint over wires which can be cut; the Registry has one of its own.
async fn consumer(network: &Network, ssp: &CutWire, token: &CutWire) -> Consumer {
    let at = |wire: &CutWire| format!("https://localhost:{}", wire.address.port());
    let changed = network.consumer_with(|settings| {
        settings.ssp = at(ssp);
        if let Some(client) = &mut settings.token {
            client.endpoint = format!("{}/oauth2/token", at(token));
        }
    });
    changed.await
}

/// Books, registers, cancels and cancels the registration.
async fn walk(consumer: &Consumer) -> String {
    let (endpoint, slots) = free_slots(consumer).await;
    let booked = book(consumer, &endpoint, &slots[0]).await.expect("a booking");
    let told = consumer.register_appointment(&appointment(&booked), &booked.link).await;
    assert!(matches!(told, Ok(Registered::Told)), "{told:?}");
    let cancelled = consumer.cancel_appointment(&endpoint, &booked.id, None).await.expect("a cancellation");
    let told = consumer.cancel_registered_appointment(&cancelled.appointment, &booked.link).await;
    assert!(matches!(told, Ok(Registered::Told)), "{told:?}");
    let history = consumer.appointment_history(&endpoint, &booked.id).await.expect("a history");
    assert_eq!(history.resource("Bundle").expect("a Bundle").text_of("total"), Some("2"), "changed once");
    booked.link
}

// covers: SSP-131, SSP-132, XTI-01, XTI-04, XTI-09, REG-13, CON-20, PROC-08
#[tokio::test]
async fn wherever_the_wire_is_cut_everything_is_done_once() {
    cut_everywhere("1.0.4").await;
}

// covers: SSP-131, SSP-132, XTI-01, XTI-04, XTI-09, REG-13, CON-20, PROC-08
#[tokio::test]
async fn wherever_the_wire_is_cut_in_2_0_4_everything_is_done_once() {
    cut_everywhere("2.0.4").await;
}

async fn cut_everywhere(dialect: &str) {
    let network = Network::of(dialect).await;
    let (ssp, token) = (CutWire::to(network.ssp).await, CutWire::to(network.token).await);
    let mut links = Vec::new();
    for wire in [&ssp, &token, &network.registry_wire] {
        for what in [Lost::Request, Lost::Answer, Lost::HalfAnswer] {
            for nth in 1..=MOST_STEPS {
                let consumer = consumer(&network, &ssp, &token).await;
                wire.lose(what, nth);
                links.push(walk(&consumer).await);
                if !wire.has_lost() {
                    assert!(nth > 3, "the wire was cut {nth} times only");
                    break;
                }
                assert!(nth < MOST_STEPS, "the walk has no end");
            }
        }
    }
    // Nothing is left over: each walk's Slot is free again, and the Registry has one record of each booking.
    let consumer = consumer(&network, &ssp, &token).await;
    assert_eq!(free_slots(&consumer).await.1.len(), 20);
    let found = consumer.search_registered_appointments(&nhs_number()).await.expect("a Bundle");
    let bundle = found.resource("Bundle").expect("a Bundle");
    let records = bundle.all("entry").filter_map(|entry| entry.child("resource"));
    let mut registered: Vec<_> = records
        .map(|record| {
            assert_eq!(record.text_of("status"), Some("cancelled"));
            record.find("identifier.value").and_then(fhir::Node::text).unwrap_or_default().to_owned()
        })
        .collect();
    registered.sort();
    links.sort();
    assert_eq!(registered, links);
    assert!(consumer.pending().await.expect("the outbox").is_empty());
}

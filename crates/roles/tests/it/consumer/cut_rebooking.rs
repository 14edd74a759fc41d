//! A rebooking with the wire cut at each of its steps, a Consumer that tries nothing again, and a directory that breaks off: what
//! was not done is said, and what was done is found.

use roles::consumer::{Booked, Consumer, Endpoint, Fault, Party, Rebooked, Rebooking, Registered};
use spine::InteractionId;

use super::cut_wire::{CutWire, Lost};
use super::network::Network;
use super::steps::{appointment, book, book_as, free_slots, nhs_number, service};

const LOSSES: [Lost; 3] = [Lost::Request, Lost::Answer, Lost::HalfAnswer];

/// A Consumer that reaches the proxy over a wire, and asks as often as there are waits and once more.
async fn over(network: &Network, wire: &CutWire, waits: usize) -> Consumer {
    let ssp = format!("https://localhost:{}", wire.address.port());
    network
        .consumer_with(|settings| {
            settings.ssp = ssp;
            settings.back_off.truncate(waits);
        })
        .await
}

async fn rebook(consumer: &Consumer, at: &Endpoint, old: &Booked, request_id: &str) -> Result<Rebooked, Fault> {
    let slots = free_slots(consumer).await.1;
    let document = "5f0d0a9e-8c1c-4b0e-9a51-3d6e3a7f8c22";
    let rebooking = Rebooking { from: at, id: &old.id, to: at, slot: &slots[0], document, request_id };
    consumer.rebook_appointment(&rebooking).await
}

/// How many of the patient's Appointments stand at the Provider.
async fn standing(consumer: &Consumer) -> usize {
    let endpoint = consumer.find_endpoint(&service(), &InteractionId::SEARCH_APPOINTMENT).await.expect("an endpoint");
    let found = consumer.search_patient_appointments(&endpoint, &nhs_number()).await.expect("a Bundle");
    let bundle = found.resource("Bundle").expect("a Bundle");
    let resources = bundle.all("entry").filter_map(|entry| entry.child("resource"));
    resources.filter(|each| each.text_of("status") == Some("booked")).count()
}

// covers: PROC-09, SSP-131, SSP-132, XTI-01, XTI-04
#[tokio::test]
async fn wherever_a_rebooking_is_cut_one_appointment_stands() {
    for dialect in ["1.0.4", "2.0.4"] {
        let network = Network::of(dialect).await;
        let wire = CutWire::to(network.ssp).await;
        let consumer = over(&network, &wire, 3).await;
        let (endpoint, slots) = free_slots(&consumer).await;
        let mut old = book(&consumer, &endpoint, &slots[0]).await.expect("a booking");
        let told = consumer.register_appointment(&appointment(&old), &old.link).await;
        assert!(matches!(told, Ok(Registered::Told)), "{told:?}");
        for what in LOSSES {
            // Behind the three pages of Slots: the old Appointment, the new one, the old one again, and its cancellation.
            for nth in 4..=7 {
                wire.lose(what, nth);
                let moved = rebook(&consumer, &endpoint, &old, &format!("{what:?}-{nth}")).await.expect("a rebooking");
                assert!(wire.has_lost(), "{what:?} {nth} in {dialect}");
                let cancelled = moved.cancelled.expect("the old one is cancelled");
                let new = moved.booked.received.resource("Appointment").expect("an Appointment");
                consumer.register_appointment(&new, &moved.booked.link).await.expect("told");
                consumer.cancel_registered_appointment(&cancelled.appointment, &old.link).await.expect("told");
                assert_eq!(standing(&consumer).await, 1, "{what:?} {nth} in {dialect}");
                old = moved.booked;
            }
        }
        let found = consumer.search_registered_appointments(&nhs_number()).await.expect("a Bundle");
        let bundle = found.resource("Bundle").expect("a Bundle");
        let resources = bundle.all("entry").filter_map(|entry| entry.child("resource"));
        let booked: Vec<_> = resources.filter(|each| each.text_of("status") == Some("booked")).collect();
        assert_eq!(booked.len(), 1, "the Registry agrees in {dialect}");
        assert_eq!(booked[0].find("identifier.value").and_then(fhir::Node::text), Some(old.link.as_str()));
    }
}

// covers: PROC-09
#[tokio::test]
async fn when_the_second_half_of_a_rebooking_fails_both_stand_and_it_is_said() {
    for dialect in ["1.0.4", "2.0.4"] {
        let network = Network::of(dialect).await;
        let wire = CutWire::to(network.ssp).await;
        let consumer = over(&network, &wire, 0).await;
        let (endpoint, slots) = free_slots(&consumer).await;
        let old = book(&consumer, &endpoint, &slots[0]).await.expect("a booking");
        wire.lose(Lost::Request, 7);
        let moved = rebook(&consumer, &endpoint, &old, "once").await.expect("the first half");
        assert!(wire.has_lost());
        let why = moved.cancelled.expect_err("the second half fails");
        assert!(matches!(why, Fault::Unreachable { party: Party::Proxy, .. }), "{why:?}");
        assert_eq!(standing(&consumer).await, 2, "{dialect}");
        consumer.cancel_appointment(&endpoint, &old.id, None).await.expect("what is said to be done next works");
        assert_eq!(standing(&consumer).await, 1, "{dialect}");
    }
}

// covers: XTI-01, XTI-04, CON-20
#[tokio::test]
async fn a_booking_of_which_nothing_is_known_is_said_so_and_found_under_its_request_id() {
    for dialect in ["1.0.4", "2.0.4"] {
        let network = Network::of(dialect).await;
        let wire = CutWire::to(network.ssp).await;
        let consumer = over(&network, &wire, 0).await;
        for (number, what) in LOSSES.into_iter().enumerate() {
            let (endpoint, slots) = free_slots(&consumer).await;
            let request_id = format!("request-{number}");
            wire.lose(what, 1);
            let lost = book_as(&consumer, &endpoint, &slots[0], Some(&request_id)).await;
            assert!(matches!(lost, Err(Fault::Unreachable { party: Party::Proxy, .. })), "{what:?}: {lost:?}");
            assert!(wire.has_lost());
            book_as(&consumer, &endpoint, &slots[0], Some(&request_id)).await.expect("the booking, made or found");
            assert_eq!(standing(&consumer).await, number + 1, "{what:?} in {dialect}");
        }
    }
}

// covers: SDS-45, FIND-12, CON-15
#[tokio::test]
async fn a_directory_that_breaks_off_is_said_to_and_never_taken_for_one_without_the_service() {
    for dialect in ["1.0.4", "2.0.4"] {
        let network = Network::of(dialect).await;
        let wire = CutWire::to(network.sds).await;
        for what in LOSSES {
            for nth in 1..20 {
                let consumer = network.consumer_over(&wire).await;
                wire.lose(what, nth);
                let found = consumer.find_endpoint(&service(), &InteractionId::SEARCH_SLOT).await;
                if !wire.has_lost() {
                    assert!(nth > 2 && found.is_ok(), "{what:?} {nth}: {found:?}");
                    break;
                }
                let is_said = matches!(
                    found,
                    Err(Fault::Unreachable { party: Party::Directory, .. }
                        | Fault::Unusable { party: Party::Directory, .. })
                );
                assert!(is_said || found.is_ok(), "{what:?} {nth}: {found:?}");
                let again = consumer.find_endpoint(&service(), &InteractionId::SEARCH_SLOT).await;
                assert!(again.is_ok(), "{what:?} {nth}: {again:?}");
            }
        }
    }
}

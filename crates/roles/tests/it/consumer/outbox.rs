//! What the Registry cannot be told now is kept, and told later, once and in order.

use roles::consumer::{Booked, Consumer, Endpoint, Fault, Party, Registered};

use super::network::Network;
use super::steps::{appointment, book, free_slots, nhs_number};

async fn booked(consumer: &Consumer) -> (Endpoint, Booked) {
    let (endpoint, slots) = free_slots(consumer).await;
    let booked = book(consumer, &endpoint, &slots[0]).await.expect("a booking");
    (endpoint, booked)
}

/// The statuses of the patient's registrations, those that have begun too.
async fn registered(consumer: &Consumer) -> Vec<String> {
    let found = consumer.search_registered_appointments(&nhs_number()).await.expect("a Bundle");
    let bundle = found.resource("Bundle").expect("a Bundle");
    let entries = bundle.all("entry").filter_map(|entry| entry.child("resource"));
    entries.filter_map(|each| each.text_of("status").map(str::to_owned)).collect()
}

// covers: REG-02, REG-13, PROC-01, XTI-01, XTI-04
#[tokio::test]
async fn a_registration_outlives_a_registry_that_is_down() {
    for dialect in ["1.0.4", "2.0.4"] {
        let network = Network::of(dialect).await;
        let consumer = network.consumer().await;
        let (endpoint, booked) = booked(&consumer).await;
        network.stop_registry().await;
        let told = consumer.register_appointment(&appointment(&booked), &booked.link).await;
        assert!(
            matches!(told, Ok(Registered::Kept { why: Fault::Unreachable { party: Party::Registry, .. } })),
            "{told:?}"
        );
        consumer.get_appointment(&endpoint, &booked.id, None).await.expect("the booking stands");
        let pending = consumer.pending().await.expect("the outbox");
        assert_eq!((pending.len(), pending[0].subject.as_str(), pending[0].attempts), (1, booked.link.as_str(), 1));
        drop(consumer);

        // Another process finds what was kept.
        let consumer = network.consumer().await;
        let (sent, faults) = consumer.send_pending().await.expect("the outbox");
        assert_eq!((sent, faults.len()), (0, 1), "{faults:?}");
        network.start_registry().await;
        assert_eq!(consumer.send_pending().await.expect("the outbox"), (0, Vec::new()), "it rests for a while");
        network.clock.forward(10);
        assert_eq!(consumer.send_pending().await.expect("the outbox"), (1, Vec::new()));
        assert_eq!(registered(&consumer).await, ["booked"]);
        assert!(consumer.pending().await.expect("the outbox").is_empty());
        // Telling it again is no fault: it is there already.
        let told = consumer.register_appointment(&appointment(&booked), &booked.link).await;
        assert!(matches!(told, Ok(Registered::Told)), "{told:?}");
        assert_eq!(registered(&consumer).await, ["booked"]);
    }
}

// covers: REG-11, PROC-01
#[tokio::test]
async fn registration_and_cancellation_reach_the_registry_in_their_order() {
    let network = Network::of("1.0.4").await;
    let consumer = network.consumer().await;
    let (endpoint, booked) = booked(&consumer).await;
    network.stop_registry().await;
    let told = consumer.register_appointment(&appointment(&booked), &booked.link).await;
    assert!(matches!(told, Ok(Registered::Kept { .. })), "{told:?}");
    let cancelled = consumer.cancel_appointment(&endpoint, &booked.id, None).await.expect("a cancellation");
    let told = consumer.cancel_registered_appointment(&cancelled.appointment, &booked.link).await;
    let Ok(Registered::Kept { why }) = told else { panic!("{told:?}") };
    assert!(why.to_string().contains("the Registry"), "the reason is that of the message before it: {why}");
    assert_eq!(consumer.pending().await.expect("the outbox").len(), 2);
    network.start_registry().await;
    network.clock.forward(60);
    assert_eq!(consumer.send_pending().await.expect("the outbox"), (2, Vec::new()));
    assert_eq!(registered(&consumer).await, ["cancelled"]);
}

// covers: REG-11, PAT-07, X-24
#[tokio::test]
async fn a_cancellation_reaches_the_registry_even_after_the_start() {
    let network = Network::of("1.0.4").await;
    let consumer = network.consumer().await;
    let (endpoint, booked) = booked(&consumer).await;
    consumer.register_appointment(&appointment(&booked), &booked.link).await.expect("told");
    let cancelled = consumer.cancel_appointment(&endpoint, &booked.id, None).await.expect("a cancellation");
    network.stop_registry().await;
    let told = consumer.cancel_registered_appointment(&cancelled.appointment, &booked.link).await;
    assert!(matches!(told, Ok(Registered::Kept { .. })), "{told:?}");
    network.start_registry().await;
    network.clock.forward(3 * 24 * 3600);
    assert_eq!(consumer.send_pending().await.expect("the outbox"), (1, Vec::new()));
    assert!(registered(&consumer).await.is_empty(), "a search leaves out what has begun");
    // Told twice, it is cancelled already.
    let told = consumer.cancel_registered_appointment(&cancelled.appointment, &booked.link).await;
    assert!(matches!(told, Ok(Registered::Told)), "{told:?}");
}

// covers: REG-06, REG-11
#[tokio::test]
async fn what_the_registry_cannot_have_is_not_kept() {
    let network = Network::of("1.0.4").await;
    let consumer = network.consumer().await;
    let (_, booked) = booked(&consumer).await;
    // It was never registered: there is nothing to cancel, today or later.
    let told = consumer.cancel_registered_appointment(&appointment(&booked), &booked.link).await;
    assert!(matches!(&told, Err(Fault::Unsendable(why)) if why.contains(&booked.link)), "{told:?}");
    let mut nameless = appointment(&booked);
    nameless.remove("participant");
    let told = consumer.register_appointment(&nameless, &booked.link).await;
    assert!(matches!(told, Ok(Registered::WithoutNhsNumber)), "{told:?}");
    let alone = network.consumer_with(|settings| settings.registry = None).await;
    let told = alone.register_appointment(&appointment(&booked), &booked.link).await;
    assert!(matches!(told, Err(Fault::Unsendable(_))), "{told:?}");
    assert!(consumer.pending().await.expect("the outbox").is_empty());
}

// covers: REG-02, PROC-01, CON-15
#[tokio::test]
async fn what_waiting_does_not_cure_is_given_up_aloud_and_stands_in_nobodys_way() {
    let network = Network::of("1.0.4").await;
    let consumer = network.consumer().await;
    let (_, booked) = booked(&consumer).await;
    network.stop_registry().await;
    // It was never registered, and nobody can say so now.
    let told = consumer.cancel_registered_appointment(&appointment(&booked), &booked.link).await;
    assert!(matches!(told, Ok(Registered::Kept { .. })), "{told:?}");
    network.start_registry().await;
    network.clock.forward(60);
    let (sent, faults) = consumer.send_pending().await.expect("the outbox");
    assert_eq!(sent, 0);
    assert!(matches!(&faults[..], [Fault::GivenUp { about, .. }] if *about == booked.link), "{faults:?}");
    assert!(consumer.pending().await.expect("the outbox").is_empty());
}

// covers: REG-02, PROC-01
#[tokio::test]
async fn a_registration_for_which_no_token_is_to_be_had_is_kept() {
    let network = Network::of("1.0.4").await;
    let consumer = network.consumer().await;
    let (_, booked) = booked(&consumer).await;
    let unknown =
        network.consumer_with(|settings| settings.registry = Some("https://localhost:9/other".to_owned())).await;
    let told = unknown.register_appointment(&appointment(&booked), &booked.link).await;
    let Ok(Registered::Kept { why: Fault::Refused(refused) }) = told else { panic!("{told:?}") };
    assert_eq!(refused.by, Party::TokenEndpoint);
    // Whoever mends the configuration sends it.
    network.clock.forward(60);
    assert_eq!(consumer.send_pending().await.expect("the outbox"), (1, Vec::new()));
    assert_eq!(registered(&consumer).await, ["booked"]);
}

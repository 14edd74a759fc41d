//! The search for free Slots: all pages, and no page from elsewhere.

use roles::consumer::{Fault, Party};
use serde_json::{Value, json};

use super::network::Network;
use super::scripted::{Scripted, json};
use super::steps::{free_slots, question};

// covers: SLT-20, SSP-134, CON-03, CON-06, CON-07
#[tokio::test]
async fn all_pages_are_followed_through_the_proxy() {
    for dialect in ["1.0.4", "2.0.4"] {
        let network = Network::of(dialect).await;
        let consumer = network.consumer().await;
        let (endpoint, _) = free_slots(&consumer).await;
        let found = consumer.search_free_slots(&endpoint, &question()).await.expect("Slots");
        assert_eq!((found.pages.len(), found.slots.len(), found.total), (3, 20, Some(20)));
        let starts: Vec<_> = found.slots.iter().map(|slot| slot.start.clone()).collect();
        assert!(starts.is_sorted(), "{starts:?}");
        let first = &found.slots[0];
        assert_eq!((first.location.as_deref(), first.practitioner.as_deref()), (Some("Surgery"), Some("Webber")));
        assert_eq!((first.schedule.as_str(), first.status.as_str()), ("Schedule/sched1", "free"));
        assert!(first.identifier.is_some());
        // What the Provider does not say is not invented.
        assert_eq!((&first.delivery_channel, &first.practitioner_gender), (&None, &None));
    }
}

// covers: SLT-37, CON-08
#[tokio::test]
async fn that_there_are_none_is_an_answer() {
    let network = Network::of("1.0.4").await;
    let consumer = network.consumer().await;
    let (endpoint, _) = free_slots(&consumer).await;
    let mut question = question();
    (question.from, question.to) = ("2027-01-01T00:00:00Z".parse().unwrap(), "2027-01-02T00:00:00Z".parse().unwrap());
    let found = consumer.search_free_slots(&endpoint, &question).await.expect("an answer");
    assert_eq!((found.slots.len(), found.total), (0, Some(0)));
}

fn page(next: &str) -> Value {
    json!({"resourceType": "Bundle", "type": "searchset", "total": 1, "link": [{"relation": "next", "url": next}],
        "entry": [{"resource": {"resourceType": "Slot", "id": "s", "status": "free"}}]})
}

// covers: SSP-134
#[tokio::test]
async fn a_page_outside_the_providers_root_is_not_fetched() {
    let network = Network::of("1.0.4").await;
    let (endpoint, _) = free_slots(&network.consumer().await).await;
    let other = endpoint.root.replace("/demo", "/demolition");
    for stray in ["https://evil.test/Slot?page=2".to_owned(), format!("{other}/Slot?page=2"), "Slot?page=2".to_owned()]
    {
        let bundle = page(&stray);
        let scripted = Scripted::start(network.door_for_certificates(), move |_, _| json(200, &bundle)).await;
        let url = scripted.url();
        let consumer = network.consumer_with(|settings| settings.ssp = url).await;
        let fault = consumer.search_free_slots(&endpoint, &question()).await.unwrap_err();
        assert!(
            matches!(&fault, Fault::Unusable { party: Party::Provider, what } if what.contains(&stray)),
            "{fault:?}"
        );
        assert_eq!(scripted.asked().len(), 1);
    }
}

// covers: SSP-134
#[tokio::test]
async fn pages_that_go_round_in_a_circle_end() {
    let network = Network::of("1.0.4").await;
    let (endpoint, _) = free_slots(&network.consumer().await).await;
    let next = format!("{}/Slot?page=2", endpoint.root);
    let bundle = page(&next);
    let scripted = Scripted::start(network.door_for_certificates(), move |_, _| json(200, &bundle)).await;
    let url = scripted.url();
    let consumer = network.consumer_with(|settings| settings.ssp = url).await;
    let fault = consumer.search_free_slots(&endpoint, &question()).await.unwrap_err();
    assert!(matches!(fault, Fault::Unusable { party: Party::Provider, .. }), "{fault:?}");
    let asked = scripted.asked();
    assert_eq!((asked.len(), &asked[1].target), (200, &format!("/{next}")));
}

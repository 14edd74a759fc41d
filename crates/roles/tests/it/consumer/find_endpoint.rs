//! Where a service is: every way in which the directory can leave it open.

use roles::consumer::{EndpointFault, Fault, Party};
use roles::edge::directory_entry::key_of;
use spine::sds::Dn;
use spine::{Asid, InteractionId};
use store::{AuditRecord, DirectoryEntries as _};

use super::network::{Network, PARTY_KEY, SERVICE, mhs};
use super::steps::service;

async fn fault(network: &Network, interaction: &InteractionId) -> EndpointFault {
    let consumer = network.consumer().await;
    match consumer.find_endpoint(&service(), interaction).await {
        Err(Fault::Endpoint(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

fn number_of(interaction: &InteractionId) -> usize {
    InteractionId::OF_A_PROVIDER.iter().position(|each| each == interaction).expect("a Provider's")
}

async fn remove(network: &Network, id: &str) {
    let dn = Dn::parse(&format!("uniqueIdentifier={id},ou=Services,o=nhs")).expect("a DN");
    let audit = AuditRecord { at: 0, trace_id: String::new(), requirement: "test".to_owned(), body: b"{}".to_vec() };
    network.directory.remove_entry(&key_of(&dn), audit).await.expect("removed");
}

/// The service's own record, with these attributes.
fn system(more: &str) -> String {
    format!(
        "dn: uniqueIdentifier={SERVICE},ou=Services,o=nhs\nobjectClass: top\nobjectClass: nhsAs\nuniqueIdentifier: {SERVICE}\n\
         nhsIDCode: A91545\n{more}\n"
    )
}

// covers: FIND-12, SDS-40, SDS-20
#[tokio::test]
async fn a_system_that_is_not_there_is_not_found() {
    let network = Network::of("1.0.4").await;
    let consumer = network.consumer().await;
    let nobody = Asid::parse("999999999999").expect("an ASID");
    let found = consumer.find_endpoint(&nobody, &InteractionId::SEARCH_SLOT).await;
    assert_eq!(found, Err(Fault::Endpoint(EndpointFault::SystemNotFound(nobody))));
}

// covers: SDS-43, FIND-15
#[tokio::test]
async fn two_records_with_different_endpoints_end_the_booking() {
    let network = Network::of("1.0.4").await;
    let consumer = network.consumer().await;
    let create = InteractionId::CREATE_APPOINTMENT;
    network.keep_entries(&mhs("S300", PARTY_KEY, create.as_str(), "localhost", &network.root())).await;
    let same = consumer.find_endpoint(&service(), &create).await.expect("the same endpoint twice is one");
    assert_eq!((same.root.as_str(), same.asid.as_str()), (network.root().as_str(), SERVICE));
    network.keep_entries(&mhs("S300", PARTY_KEY, create.as_str(), "localhost", "https://other.test/STU3/1/demo")).await;
    let found = fault(&network, &create).await;
    assert!(matches!(found, EndpointFault::SeveralEndpoints { count: 2, .. }), "{found}");
}

// covers: FIND-13, FIND-14, SDS-44, X-36
#[tokio::test]
async fn a_system_that_is_not_registered_clearly_ends_the_booking() {
    let care = "urn:nhs:names:services:careconnect:fhir:rest:";
    let key = format!("nhsMHSPartyKey: {PARTY_KEY}\n");
    let network = Network::of("1.0.4").await;
    let search = InteractionId::SEARCH_SLOT;
    network.keep_entries(&system(&format!("{key}nhsAsSvcIA: {care}create:appointment\n"))).await;
    assert!(matches!(fault(&network, &search).await, EndpointFault::NotForBooking { .. }));
    let both = format!(
        "{key}nhsAsSvcIA: {care}search:slot\nnhsAsSvcIA: {care}create:appointment\n\
         nhsAsSvcIA: urn:nhs:names:services:gpconnect:fhir:rest:create:appointment-1\n"
    );
    network.keep_entries(&system(&both)).await;
    assert!(matches!(fault(&network, &search).await, EndpointFault::BothFamilies(_)));
    network.keep_entries(&system(&format!("nhsAsSvcIA: {care}search:slot\n"))).await;
    assert!(matches!(fault(&network, &search).await, EndpointFault::NoPartyKey(_)));
}

// covers: FIND-15, FIND-16, FIND-19, SDS-21, SDS-44, X-12
#[tokio::test]
async fn a_record_must_be_there_and_name_an_https_root() {
    let network = Network::of("1.0.4").await;
    let read = InteractionId::READ_APPOINTMENT;
    let id = format!("S2{}", number_of(&read));
    for endpoint in ["http://p.test/STU3/1/demo", "p.test", "https://"] {
        network.keep_entries(&mhs(&id, PARTY_KEY, read.as_str(), "localhost", endpoint)).await;
        assert!(matches!(fault(&network, &read).await, EndpointFault::NoAddress { .. }), "{endpoint}");
    }
    network.keep_entries(&mhs(&id, PARTY_KEY, read.as_str(), "localhost", &format!("{}/", network.root()))).await;
    let found = network.consumer().await.find_endpoint(&service(), &read).await.expect("an endpoint");
    assert_eq!(found.root, network.root());
    remove(&network, &id).await;
    assert!(matches!(fault(&network, &read).await, EndpointFault::NoRecord { .. }));
}

// covers: X-02, IID-07
#[tokio::test]
async fn slot_search_is_found_under_its_other_name_too() {
    let network = Network::of("1.0.4").await;
    let search = InteractionId::SEARCH_SLOT;
    let found = network.consumer().await.find_endpoint(&service(), &search).await.expect("an endpoint");
    assert_eq!(found.lookups.len(), 2);
    remove(&network, &format!("S2{}", number_of(&search))).await;
    let found = network.consumer().await.find_endpoint(&service(), &search).await.expect("an endpoint");
    assert_eq!((found.lookups.len(), found.root), (3, network.root()));
    assert!(found.lookups[2].filter.contains("read:slot"));
}

// covers: SDS-45, FIND-17
#[tokio::test]
async fn a_directory_that_is_not_there_is_unreachable_and_says_nothing_of_the_service() {
    let network = Network::of("1.0.4").await;
    let consumer = network.consumer_of_no_directory().await;
    let found = consumer.find_endpoint(&service(), &InteractionId::SEARCH_SLOT).await;
    assert!(matches!(found, Err(Fault::Unreachable { party: Party::Directory, .. })), "{found:?}");
}

//! Who refused, which rule, and in whose words.

use fhir::Node;
use roles::consumer::{Consumer, Fault, Party, Refused};
use serde_json::json;
use spine::{Asid, InteractionId};

use super::network::{CONSUMER, Network, PARTY_KEY, mhs};
use super::scripted::{Scripted, answered};
use super::steps::{appointment, book, free_slots, nhs_number, question, service};

fn refused(fault: Fault) -> Refused {
    let Fault::Refused(refused) = fault else { panic!("{fault:?}") };
    *refused
}

/// Party, status, code and requirement of a refusal.
fn told(refused: &Refused) -> (Party, u16, &str, &str) {
    let text = |text: &Option<String>| text.clone().unwrap_or_default().leak() as &str;
    (refused.by, refused.status, text(&refused.code), text(&refused.requirement))
}

// covers: CON-15, CON-20, SSP-133, BOOK-10, READ-03, VER-03, CAN-12, X-04
#[tokio::test]
async fn a_refusal_of_the_providers_is_told_as_its_own() {
    for dialect in ["1.0.4", "2.0.4"] {
        let network = Network::of(dialect).await;
        let consumer = network.consumer().await;
        let (endpoint, slots) = free_slots(&consumer).await;
        let booked = book(&consumer, &endpoint, &slots[0]).await.expect("a booking");
        let taken = refused(book(&consumer, &endpoint, &slots[0]).await.unwrap_err());
        assert_eq!((taken.by, taken.status, taken.requirement.as_deref()), (Party::Provider, 422, Some("BOOK-10")));
        let none = refused(consumer.get_appointment(&endpoint, "nowhere", None).await.unwrap_err());
        assert_eq!(told(&none), (Party::Provider, 404, "NO_RECORD_FOUND", "READ-03"));
        let stale = refused(consumer.cancel_appointment(&endpoint, &booked.id, Some("7")).await.unwrap_err());
        assert_eq!((stale.by, stale.status, stale.requirement.as_deref()), (Party::Provider, 409, Some("VER-03")));
        consumer.cancel_appointment(&endpoint, &booked.id, None).await.expect("a cancellation");
        let twice = refused(consumer.cancel_appointment(&endpoint, &booked.id, None).await.unwrap_err());
        assert_eq!((twice.by, twice.status), (Party::Provider, 422));
    }
}

// covers: CON-15, SSP-133, SSP-47, SSP-80
#[tokio::test]
async fn a_refusal_of_the_proxys_is_told_as_its_own() {
    for dialect in ["1.0.4", "2.0.4"] {
        let network = Network::of(dialect).await;
        let (endpoint, _) = free_slots(&network.consumer().await).await;
        // Another system's ASID under our certificate.
        let another = Asid::parse("918999198999").expect("an ASID");
        let consumer = network.consumer_with(|settings| settings.asid = another).await;
        let wrong = refused(consumer.search_free_slots(&endpoint, &question()).await.unwrap_err());
        assert_eq!((wrong.by, wrong.status), (Party::Proxy, 403), "{wrong:?}");
        assert!(wrong.requirement.is_some_and(|rule| rule.starts_with("SSP-")));

        // The directory names an endpoint where nobody listens.
        let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let root = format!("https://localhost:{}/STU3/{}/demo", closed.expect("a port").port(), network.dialect.major);
        let interaction = InteractionId::SEARCH_APPOINTMENT;
        let nth = InteractionId::OF_A_PROVIDER.iter().position(|each| *each == interaction).expect("a Provider's");
        network.keep_entries(&mhs(&format!("S2{nth}"), PARTY_KEY, interaction.as_str(), "localhost", &root)).await;
        let consumer = network.consumer_with(|settings| settings.token = None).await;
        let endpoint = consumer.find_endpoint(&service(), &interaction).await.expect("an endpoint");
        assert_eq!(endpoint.root, root);
        // In 1.0.4 a signed token is needed, which is for no such endpoint.
        let fault = consumer.search_patient_appointments(&endpoint, &nhs_number()).await.unwrap_err();
        match dialect {
            "1.0.4" => assert!(matches!(&fault, Fault::Unsendable(why) if why.contains("token")), "{fault:?}"),
            _ => {
                let down = refused(fault);
                assert_eq!((down.by, down.status), (Party::Proxy, 502), "{down:?}");
            }
        }
    }
}

// covers: ERR-100, SSP-133, CON-15
#[tokio::test]
async fn a_refusal_in_any_form_is_told() {
    let network = Network::of("2.0.4").await;
    let (endpoint, _) = free_slots(&network.consumer().await).await;
    let outcome = |id: &str| {
        let issue = json!({"severity": "error", "code": "forbidden", "diagnostics": "No [SSP-42]",
            "details": {"coding": [{"system": "https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1", "code": "ACCESS_DENIED"}]}});
        json!({"resourceType": "OperationOutcome", "id": id, "issue": [issue]})
    };
    let as_xml = |value: &serde_json::Value| {
        let read = fhir::json::read(value.to_string().as_bytes(), &fhir::Limits::STRICT).expect("an outcome");
        fhir::xml::write(&read.resource)
    };
    for xml in [false, true] {
        for (of_the_proxy, by) in [(true, Party::Proxy), (false, Party::Provider)] {
            let scripted = Scripted::start(network.door_for_certificates(), move |_, asked| {
                let trace = asked.header("ssp-traceid");
                let body = outcome(if of_the_proxy { &trace } else { "of-the-provider" });
                if xml {
                    answered(403, "application/fhir+xml", as_xml(&body))
                } else {
                    answered(403, "application/fhir+json", body.to_string())
                }
            })
            .await;
            let url = scripted.url();
            let consumer = network.consumer_with(|settings| settings.ssp = url).await;
            let refusal = refused(consumer.search_free_slots(&endpoint, &question()).await.unwrap_err());
            assert_eq!(told(&refusal), (by, 403, "ACCESS_DENIED", "SSP-42"));
        }
    }
    for (status, body, by) in
        [(502, "<html>Bad Gateway</html>", Party::Proxy), (404, "", Party::Provider), (400, "\u{0}", Party::Provider)]
    {
        let scripted =
            Scripted::start(network.door_for_certificates(), move |_, _| answered(status, "text/html", body)).await;
        let url = scripted.url();
        let consumer = network.consumer_with(|settings| settings.ssp = url).await;
        let refusal = refused(consumer.search_free_slots(&endpoint, &question()).await.unwrap_err());
        assert_eq!((refusal.by, refusal.status, refusal.code), (by, status, None), "{body}");
    }
}

// covers: TOK-06, CON-15
#[tokio::test]
async fn a_refusal_of_the_token_endpoints_is_told_as_its_own() {
    let network = Network::of("1.0.4").await;
    let (endpoint, _) = free_slots(&network.consumer().await).await;
    let consumer = network
        .consumer_with(|settings| {
            if let Some(token) = &mut settings.token {
                token.client_secret = "another secret that is long enough too".to_owned();
            }
        })
        .await;
    network.watched();
    let refusal = refused(consumer.search_free_slots(&endpoint, &question()).await.unwrap_err());
    assert_eq!(
        (refusal.by, refusal.status, refusal.code.as_deref()),
        (Party::TokenEndpoint, 401, Some("invalid_client"))
    );
    let messages = network.watched();
    assert!(messages.iter().all(|each| each.party == Party::TokenEndpoint), "nobody else was asked: {messages:?}");
    assert!(!format!("{messages:?}").contains("another%20secret"));
}

// covers: REG-08, REG-13, CON-15
#[tokio::test]
async fn a_refusal_of_the_registrys_is_told_and_nothing_is_kept() {
    let network = Network::of("1.0.4").await;
    let consumer = network.consumer().await;
    let (endpoint, slots) = free_slots(&consumer).await;
    let booked = book(&consumer, &endpoint, &slots[0]).await.expect("a booking");
    let registering = register(&consumer, &appointment(&booked), "https://p.test/no-appointment").await;
    let refusal = refused(registering.unwrap_err());
    assert_eq!((refusal.by, refusal.status), (Party::Registry, 422), "{refusal:?}");
    assert_eq!(refusal.location.as_deref(), Some("Appointment.identifier"));
    assert!(consumer.pending().await.expect("the outbox").is_empty());
    assert_eq!(consumer.settings().asid.as_str(), CONSUMER);
}

async fn register(consumer: &Consumer, appointment: &Node, link: &str) -> Result<(), Fault> {
    consumer.register_appointment(appointment, link).await.map(|_| ())
}

//! The Provider on a real socket with real TLS: the certificate decides before anything else.

use std::sync::Arc;

use http::Request;
use rcgen::ExtendedKeyUsagePurpose;
use roles::edge::client::{Authority, Client, Timeouts, Upload};
use roles::edge::listen::{Door, Limits};
use roles::edge::tls::{self, ClientCertificates, ClientTlsSettings, Reject, ServerTls, ServerTlsSettings, Versions};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::diary::SERVICE_ONE;
use super::house::{House, SSP_FQDN, claims, signed};
use crate::fixed::FixedClock;
use crate::pki::{self, Issued, Leaf};

// covers: SSP-110, VIA-33, NFR-13, TLS-07, TLS-18, SSP-35, SSP-36
#[tokio::test]
async fn only_the_proxys_own_certificate_reaches_an_interaction() {
    let (ours, theirs) = (pki::Authority::new("Root"), pki::Authority::new("Other"));
    let settings = ServerTlsSettings {
        identity: ours.server().identity(),
        clients: ClientCertificates::Required { trust: ours.trust_but(&[66]), reject: Reject::Http49x },
        versions: Versions::Only12,
    };
    let door = Door::Tls(Arc::new(ServerTls::new(settings, Arc::new(FixedClock::default())).expect("TLS")));
    let house = House::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a socket");
    let port = listener.local_addr().expect("an address").port();
    let shutdown = CancellationToken::new();
    let running =
        tokio::spawn(roles::provider::run(listener, door, Limits::default(), house.provider.clone(), shutdown.clone()));

    let leaf = |leaf: Leaf<'_>| ours.issue(&Leaf { common_name: Some(SSP_FQDN), ..leaf });
    let cases: [(&str, Option<Issued>, u16); 7] = [
        ("the proxy", Some(ours.client(SSP_FQDN)), 200),
        ("nobody", None, 496),
        ("a Consumer", Some(ours.client("consumer.test.nhs.uk")), 495),
        ("another authority", Some(theirs.client(SSP_FQDN)), 495),
        ("expired", Some(leaf(Leaf { last_day: (2026, 1, 1), ..Leaf::default() })), 495),
        ("revoked", Some(leaf(Leaf { serial: 66, ..Leaf::default() })), 495),
        ("a server's", Some(leaf(Leaf { purposes: &[ExtendedKeyUsagePurpose::ServerAuth], ..Leaf::default() })), 495),
    ];
    for (who, certificate, status) in cases {
        let settings = ClientTlsSettings {
            identity: certificate.map(|issued| issued.identity()),
            trust: ours.trust(),
            common_name_only: None,
            versions: Versions::Only12,
        };
        let client = Client::new(tls::client_config(settings, Arc::new(FixedClock::default())).expect("TLS"));
        let request = Request::get(format!("/STU3/1/demo/Slot?service={SERVICE_ONE}"))
            .header("Host", format!("localhost:{port}"))
            .header("Authorization", format!("Bearer {}", signed(&claims())))
            .header("Ssp-TraceID", "1c3c5e3e-0c0e-4c39-9a1f-5d3b6f1f2a77")
            .header("Ssp-From", "200000000359")
            .header("Ssp-To", SERVICE_ONE)
            .header("Ssp-InteractionID", "urn:nhs:names:services:careconnect:fhir:rest:search:slot")
            .body(Upload::Empty)
            .expect("a request");
        let to = Authority { secure: true, host: "localhost".to_owned(), port };
        let answered = client.send(&to, request, &Timeouts::default()).await.expect("an answer");
        let (head, body) = answered.response.into_parts();
        assert_eq!(head.status.as_u16(), status, "{who}");
        let body = body.read_to_end(1 << 20).await.expect("a body");
        let expected = if status == 200 { "\"Bundle\"" } else { "\"OperationOutcome\"" };
        assert!(String::from_utf8_lossy(&body).contains(expected), "{who}");
    }
    shutdown.cancel();
    running.await.expect("the end");
}

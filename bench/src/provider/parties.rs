//! The parties of the measurement: the Provider as it is deployed, and axum with the same bytes ready-made.

use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::encoding::AsDer as _;
use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::routing::get;
use bytes::Bytes;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use roles::edge::authorise::Trust;
use roles::edge::base::Base;
use roles::edge::clock::Clock as _;
use roles::edge::listen::{Door, Limits};
use roles::provider::{self, Keeps, LocalRules, Provider, Settings, Software, TestServiceIds};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use serde_json::json;
use spine::interaction::Group;
use spine::token::{AcceptUnsigned, KeySet, SigningKey};
use spine::{Asid, Dialect};
use store::{AuditRecord, Diary as _, Store};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::diary::{self, FirstSlot};
use crate::credentials::{RandomIds, SSP_FQDN, SystemClock, server_tls};
use crate::load::Fault;

/// The service root.
pub(super) const BASE: &str = "https://localhost/STU3/1/demo";
const ISSUER: &str = "https://sts.test/tenant/";
const READERS: &str = "guid-read";
const BOOKERS: &str = "guid-book";

/// Puts what a Provider is started with into the folder, and signs a token for it.
pub(super) fn prepare(folder: &Path, bookings: u64) -> Result<String, Fault> {
    let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048)?;
    let der: aws_lc_rs::encoding::Pkcs8V1Der<'static> = pair.as_der()?;
    std::fs::write(folder.join("token.der"), der.as_ref())?;
    std::fs::write(folder.join("bookings"), bookings.to_string())?;
    let now = SystemClock.now().as_second();
    let claims = json!({"aud": BASE, "iss": ISSUER, "iat": now - 60, "nbf": now - 60, "exp": now + 3600, "appid": "client-1",
        "appidacr": "1", "groups": [READERS, BOOKERS], "oid": "o", "sub": "o", "tid": "tenant", "uti": "u", "ver": "1.0"});
    let claims = claims.as_object().ok_or("claims")?;
    Ok(SigningKey::from_pkcs8_der(der.as_ref())?.sign(claims)?)
}

/// The Provider over SQLite, as it is deployed.
pub(super) async fn provider(folder: &Path) -> Result<(), Fault> {
    let key = SigningKey::from_pkcs8_der(&std::fs::read(folder.join("token.der"))?)?;
    let bookings = std::fs::read_to_string(folder.join("bookings"))?.parse()?;
    let store = Arc::new(Store::open_sqlite(&folder.join("provider.db"), "bench").await?);
    let record = AuditRecord { at: 0, trace_id: String::new(), requirement: "bench".to_owned(), body: b"{}".to_vec() };
    store.load(diary::content(FirstSlot::after(SystemClock.now()), bookings)?, record).await?;
    let keys = Arc::new(KeySet::of(vec![key.public_key()?]));
    let keeps = Keeps { diary: store.clone(), appointments: store.clone(), audit: store };
    let provider = Arc::new(Provider::new(settings()?, keys, keeps, Arc::new(SystemClock), Arc::new(RandomIds)));
    let listener = listener().await?;
    let door = Door::Tls(server_tls(folder)?);
    provider::run(listener, door, Limits::default(), provider, CancellationToken::new()).await;
    Ok(())
}

fn settings() -> Result<Settings, Fault> {
    let dialect = Dialect::named("1.0.4").ok_or("no such dialect")?;
    let asids: Result<Vec<Asid>, _> = [diary::SEARCHED, diary::BOOKED].map(Asid::parse).into_iter().collect();
    Ok(Settings {
        bases: vec![Base::new(BASE, dialect)?],
        asids: asids?,
        ssp_fqdns: vec![SSP_FQDN.to_owned()],
        trust: Trust {
            issuer: ISSUER.to_owned(),
            audiences: vec![BASE.to_owned()],
            groups: [(READERS, Group::ReadSlot), (BOOKERS, Group::CreateAppointment)]
                .map(|(id, group)| (id.to_owned(), group))
                .into(),
            clients: spine::token::ClientNames::new(),
            organisations: Vec::new(),
            leeway: 60,
            accept_unsigned: AcceptUnsigned::BehindSsp,
        },
        publisher: "Test Practice".to_owned(),
        software: Software { version: "0.1.0".to_owned(), released: "2026-11-23".to_owned() },
        local_patient_system: "https://localhost/Id/patient".to_owned(),
        slots_on_a_page: 50,
        body_limit: 256 * 1024,
        local_rules: LocalRules::default(),
        test_service_ids: TestServiceIds::default(),
        demonstrator_checks: false,
        definitions: profile::Definitions::standard(),
    })
}

/// A port of its own, told to the one who started this process.
async fn listener() -> Result<TcpListener, Fault> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?.port());
    Ok(listener)
}

/// An answer of the Provider, for axum to give again.
pub(super) fn keep_answer(folder: &Path, head: &str, body: &[u8]) -> std::io::Result<()> {
    std::fs::write(folder.join("answer.head"), head)?;
    std::fs::write(folder.join("answer.body"), body)
}

/// The anchor: axum gives every request the same answer over the same TLS, and checks nothing but the certificate.
pub(super) async fn axum(folder: &Path) -> Result<(), Fault> {
    let acceptor = tokio_rustls::TlsAcceptor::from(plain_tls(folder)?);
    let body = Bytes::from(std::fs::read(folder.join("answer.body"))?);
    let headers = kept_headers(&std::fs::read_to_string(folder.join("answer.head"))?)?;
    let answer = move || {
        let answer = (headers.clone(), body.clone());
        async move { answer }
    };
    let router: Router = Router::new().route("/{*any}", get(answer));
    let listener = listener().await?;
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let (acceptor, service) = (acceptor.clone(), TowerToHyperService::new(router.clone()));
        tokio::spawn(async move {
            if let Ok(stream) = acceptor.accept(socket).await {
                let mut server = hyper::server::conn::http1::Builder::new();
                let _ = server.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
            }
        });
    }
}

/// The headers of the Provider's answer, save those that the server writes itself.
fn kept_headers(head: &str) -> Result<HeaderMap, Fault> {
    let mut headers = HeaderMap::new();
    for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
        if !["date", "content-length"].contains(&name.to_ascii_lowercase().as_str()) {
            headers.insert(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(value)?);
        }
    }
    Ok(headers)
}

/// Plain rustls with the suites of the Provider, a certificate asked for and checked against the revocation list.
fn plain_tls(folder: &Path) -> Result<Arc<rustls::ServerConfig>, Fault> {
    use rustls::crypto::aws_lc_rs::{self, cipher_suite};
    let provider = Arc::new(rustls::crypto::CryptoProvider {
        cipher_suites: vec![
            cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        ],
        ..aws_lc_rs::default_provider()
    });
    let read = |name: &str| std::fs::read(folder.join(name));
    let certificates = |pem: &[u8]| CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let mut roots = rustls::RootCertStore::empty();
    for root in certificates(&read("ca.pem")?)? {
        roots.add(root)?;
    }
    let list = CertificateRevocationListDer::from_pem_slice(&read("ca.crl")?)?;
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).with_crls([list]).build()?;
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])?
        .with_client_cert_verifier(verifier)
        .with_single_cert(certificates(&read("server.pem")?)?, PrivateKeyDer::from_pem_slice(&read("server.key")?)?)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

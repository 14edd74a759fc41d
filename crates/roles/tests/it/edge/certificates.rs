//! Who is believed, on both sides of a handshake.

use rcgen::ExtendedKeyUsagePurpose;
use roles::edge::crl::Revocation;
use roles::edge::listen::Limits;
use roles::edge::tls::{ClientTlsSettings, Reject, TlsFault};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::pki::Leaf;

const REVOKED: u64 = 66;

struct Cast {
    ours: pki::Authority,
    theirs: pki::Authority,
}

impl Cast {
    fn new() -> Self {
        Self { ours: pki::Authority::new("NHS PTL Root Authority"), theirs: pki::Authority::new("Another Root") }
    }

    async fn mirror(&self) -> Mirror {
        Mirror::start(door(server_settings(&self.ours, self.ours.trust_but(&[REVOKED]))), Limits::default()).await
    }

    /// What the mirror thinks of a client that presents this.
    async fn opinion(&self, mirror: &Mirror, identity: Option<Identity>) -> (String, String) {
        let client = client(self.ours.trust(), identity);
        let (status, connection, body) = get(&client, &mirror.authority()).await.unwrap();
        assert_eq!(status, 200);
        (body, connection)
    }
}

// covers: SSP-35, SSP-36, TLS-06, TLS-12, TLS-18, TLS-23
#[tokio::test]
async fn the_handshake_completes_and_the_verdict_names_the_fault() {
    let cast = Cast::new();
    let mirror = cast.mirror().await;
    let server_only = [ExtendedKeyUsagePurpose::ServerAuth];
    let table = [
        ("none", None, "None "),
        ("another authority's", Some(cast.theirs.client("consumer.test")), "Bad UnknownIssuer "),
        (
            "expired",
            Some(cast.ours.issue(&Leaf {
                common_name: Some("consumer.test"),
                last_day: (2026, 11, 22),
                ..Leaf::default()
            })),
            "Bad Expired ",
        ),
        (
            "revoked",
            Some(cast.ours.issue(&Leaf { common_name: Some("consumer.test"), serial: REVOKED, ..Leaf::default() })),
            "Bad Revoked ",
        ),
        (
            "not for clients",
            Some(cast.ours.issue(&Leaf {
                common_name: Some("consumer.test"),
                purposes: &server_only,
                ..Leaf::default()
            })),
            "Bad WrongPurpose ",
        ),
        ("nameless", Some(cast.ours.issue(&Leaf::default())), "Bad Nameless "),
    ];
    for (what, issued, expected) in table {
        let (opinion, connection) = cast.opinion(&mirror, issued.map(|issued| issued.identity())).await;
        assert!(opinion.starts_with(expected), "{what}: {opinion}");
        assert_eq!(connection, "close", "{what}: the connection ends after the answer");
    }
}

// covers: TLS-08, TLS-09, SSP-68
#[tokio::test]
async fn a_good_certificate_gives_the_peer_its_names_and_is_kept() {
    let cast = Cast::new();
    let mirror = cast.mirror().await;
    let spine_style = cast.ours.client("consumer.nhs.uk").identity();
    let (opinion, connection) = cast.opinion(&mirror, Some(spine_style)).await;
    assert!(opinion.starts_with("Good consumer.nhs.uk TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"), "{opinion}");
    assert_eq!(connection, "");
    let both = cast.ours.issue(&Leaf { common_name: Some("a.nhs.uk"), dns_names: &["b.nhs.uk"], ..Leaf::default() });
    let (opinion, _) = cast.opinion(&mirror, Some(both.identity())).await;
    assert!(opinion.starts_with("Good a.nhs.uk,b.nhs.uk "), "{opinion}");
}

// covers: TLS-18
#[tokio::test]
async fn with_close_the_handshake_ends_instead() {
    let cast = Cast::new();
    let mut settings = server_settings(&cast.ours, cast.ours.trust());
    settings.clients = ClientCertificates::Required { trust: cast.ours.trust(), reject: Reject::Close };
    let mirror = Mirror::start(door(settings), Limits::default()).await;
    for identity in [None, Some(cast.theirs.client("consumer.test").identity())] {
        let client = client(cast.ours.trust(), identity);
        assert!(get(&client, &mirror.authority()).await.is_err());
    }
    let client = client(cast.ours.trust(), Some(cast.ours.client("consumer.test").identity()));
    assert!(get(&client, &mirror.authority()).await.is_ok());
}

// covers: TLS-14, TLS-22
#[tokio::test]
async fn a_new_revocation_list_bites_at_the_next_connection() {
    let cast = Cast::new();
    let tls = Arc::new(
        ServerTls::new(server_settings(&cast.ours, cast.ours.trust()), Arc::new(FixedClock::default())).unwrap(),
    );
    let mirror = Mirror::start(Door::Tls(tls.clone()), Limits::default()).await;
    let consumer = cast.ours.issue(&Leaf { common_name: Some("consumer.test"), serial: REVOKED, ..Leaf::default() });
    let client = client(cast.ours.trust(), Some(consumer.identity()));
    assert!(get(&client, &mirror.authority()).await.unwrap().2.starts_with("Good"));
    tls.replace(server_settings(&cast.ours, cast.ours.trust_but(&[REVOKED]))).unwrap();
    let kept = get(&client, &mirror.authority()).await.unwrap().2;
    assert!(kept.starts_with("Good"), "an open connection stays open: {kept}");
    let (opinion, _) = cast.opinion(&mirror, Some(consumer.identity())).await;
    assert!(opinion.starts_with("Bad Revoked"), "{opinion}");
}

// covers: TLS-14
#[test]
fn hard_fail_without_a_list_is_refused_at_start_and_covers_every_issuer() {
    let cast = Cast::new();
    let without = Trust::from_pem(cast.ours.pem.as_bytes(), &[], Revocation::HardFail);
    assert!(matches!(without, Err(TlsFault::NoRevocationList)));
    assert!(Trust::from_pem(cast.ours.pem.as_bytes(), &[], Revocation::SoftFail).is_ok());
    assert!(Trust::from_pem(b"", &[], Revocation::Off).is_err());
}

// covers: TLS-14
#[tokio::test]
async fn a_certificate_that_no_list_covers_is_bad_under_hard_fail_only() {
    let cast = Cast::new();
    let elsewhere = cast.theirs.revocation_list(&[]);
    for (revocation, expected) in [(Revocation::HardFail, "Bad RevocationUnknown "), (Revocation::SoftFail, "Good ")] {
        let trust = Trust::from_pem(cast.ours.pem.as_bytes(), &[elsewhere.as_bytes()], revocation).unwrap();
        let mirror = Mirror::start(door(server_settings(&cast.ours, trust)), Limits::default()).await;
        let (opinion, _) = cast.opinion(&mirror, Some(cast.ours.client("consumer.test").identity())).await;
        assert!(opinion.starts_with(expected), "{revocation:?}: {opinion}");
    }
}

// covers: TLS-10, TLS-20
#[tokio::test]
async fn a_server_named_in_its_common_name_only_is_accepted_only_from_configured_roots() {
    let cast = Cast::new();
    let named = |common_name, dns_names| {
        let mut settings = server_settings(&cast.ours, cast.ours.trust());
        let leaf = Leaf { common_name: Some(common_name), dns_names, rsa: true, ..Leaf::default() };
        settings.identity = cast.ours.issue(&leaf).identity();
        Mirror::start(door(settings), Limits::default())
    };
    let consumer = || Some(cast.ours.client("consumer.test").identity());
    let settings = |common_name_only| ClientTlsSettings {
        identity: consumer(),
        trust: cast.ours.trust(),
        common_name_only,
        versions: Versions::Only12,
    };
    let spine_style = named("LOCALHOST", &[]).await;
    let other_host = named("other.nhs.uk", &[]).await;
    let other_san = named("localhost", &["other.nhs.uk"]).await;
    let table = [
        (&spine_style, Some(cast.ours.trust()), true),
        (&spine_style, None, false),
        (&spine_style, Some(cast.theirs.trust()), false),
        (&other_host, Some(cast.ours.trust()), false),
        (&other_san, Some(cast.ours.trust()), false),
    ];
    for (number, (mirror, roots, accepted)) in table.into_iter().enumerate() {
        let answer = get(&client_of(settings(roots)), &mirror.authority()).await;
        assert_eq!(answer.is_ok(), accepted, "row {number}: {answer:?}");
    }
}

// covers: TLS-02, SSP-34
#[tokio::test]
async fn tls_13_is_spoken_only_where_both_sides_allow_it() {
    let cast = Cast::new();
    for (server, client, suite) in [
        (Versions::Only12, Versions::Allow13, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
        (Versions::Allow13, Versions::Only12, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
        (Versions::Allow13, Versions::Allow13, "TLS13_AES_256_GCM_SHA384"),
    ] {
        let settings = ServerTlsSettings { versions: server, ..server_settings(&cast.ours, cast.ours.trust()) };
        let mirror = Mirror::start(door(settings), Limits::default()).await;
        let settings =
            ClientTlsSettings { identity: None, trust: cast.ours.trust(), common_name_only: None, versions: client };
        let (_, _, body) = get(&client_of(settings), &mirror.authority()).await.unwrap();
        assert!(body.contains(suite), "{server:?} {client:?}: {body}");
    }
}

// covers: TLS-03, TLS-04, SSP-34
#[tokio::test]
async fn only_the_listed_suites_are_taken() {
    let cast = Cast::new();
    let mirror = cast.mirror().await;
    let suites: [(&str, u16, bool); 6] = [
        ("ECDHE-RSA-AES256-GCM-SHA384", 0xc030, true),
        ("ECDHE-RSA-AES128-GCM-SHA256", 0xc02f, true),
        ("AES128-SHA256", 0x003c, false),
        ("NULL-MD5", 0x0001, false),
        ("ECDHE-RSA-CHACHA20-POLY1305", 0xcca8, false),
        ("a bogus one", 0xfafa, false),
    ];
    for (name, code, taken) in suites {
        let mut socket = tokio::net::TcpStream::connect(mirror.address).await.unwrap();
        socket.write_all(&client_hello(code)).await.unwrap();
        let mut record = [0u8; 7];
        socket.read_exact(&mut record).await.unwrap();
        // A handshake record (22), or a fatal alert (21, 2) of the kind handshake_failure (40).
        assert_eq!(record[0] == 22, taken, "{name}: {record:?}");
        if !taken {
            assert_eq!((record[0], &record[5..7]), (21, &[2, 40][..]), "{name}");
        }
    }
}

/// A TLS 1.2 ClientHello that offers a single suite.
pub(crate) fn client_hello(suite: u16) -> Vec<u8> {
    let extensions: &[u8] = &[
        0x00, 0x0a, 0x00, 0x06, 0x00, 0x04, 0x00, 0x1d, 0x00, 0x17, // groups: x25519, secp256r1
        0x00, 0x0b, 0x00, 0x02, 0x01, 0x00, // uncompressed points
        0x00, 0x0d, 0x00, 0x08, 0x00, 0x06, 0x04, 0x01, 0x08, 0x04, 0x04,
        0x03, // RSA, RSA-PSS and ECDSA with SHA-256
        0x00, 0x17, 0x00, 0x00, // extended master secret
    ];
    let mut hello = vec![0x03, 0x03];
    hello.extend([7; 32]);
    hello.push(0);
    hello.extend([0x00, 0x02]);
    hello.extend(suite.to_be_bytes());
    hello.extend([0x01, 0x00]);
    hello.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    hello.extend(extensions);
    let mut message = vec![1, 0];
    message.extend(u16::try_from(hello.len()).unwrap().to_be_bytes());
    message.extend(hello);
    let mut record = vec![0x16, 0x03, 0x01];
    record.extend(u16::try_from(message.len()).unwrap().to_be_bytes());
    record.extend(message);
    record
}

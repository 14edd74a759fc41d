//! Revocation lists that certificates name, fetched from a local address (TLS-13).

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use roles::edge::crl::Revocation;
use roles::edge::shards::{ShardSettings, Shards};
use roles::edge::tls::ClientTlsSettings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::pki::Leaf;

/// A web server of lists, by path; a path without one is answered with 404, `silent` never.
struct Lists {
    port: u16,
    kept: Arc<Mutex<HashMap<String, String>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Lists {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let kept: Arc<Mutex<HashMap<String, String>>> = Arc::default();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (lists, paths) = (kept.clone(), asked.clone());
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let (lists, paths) = (lists.clone(), paths.clone());
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        head.push(socket.read_u8().await.unwrap());
                    }
                    let path = String::from_utf8(head).unwrap().split(' ').nth(1).unwrap().to_owned();
                    paths.lock().unwrap().push(path.clone());
                    if path == "/silent" {
                        let _ = socket.read_u8().await;
                        return;
                    }
                    let list = lists.lock().unwrap().get(&path).cloned();
                    let (status, body) = list.map_or(("404 Not Found", String::new()), |list| ("200 OK", list));
                    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                    let _ = socket.write_all(answer.as_bytes()).await;
                });
            }
        });
        Self { port, kept, asked }
    }

    fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    fn keep(&self, path: &str, list: String) {
        self.kept.lock().unwrap().insert(path.to_owned(), list);
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().drain(..).collect()
    }
}

struct Stage {
    nhs: pki::Authority,
    lists: Lists,
    mirror: Mirror,
    tls: Arc<ServerTls>,
}

impl Stage {
    /// A listener that has a list of its own, about nobody, and fetches others.
    async fn new(revocation: Revocation, grace: Duration, settings: impl FnOnce(&mut ShardSettings)) -> Self {
        let (nhs, lists) = (pki::Authority::new("NHS PTL Root Authority"), Lists::start().await);
        let mut fetching = ShardSettings::new(vec!["localhost".to_owned()]);
        settings(&mut fetching);
        let own = nhs.shard(&[], Some(&lists.url("/own")), (2027, 1, 1));
        let trust = Trust::from_pem(nhs.pem.as_bytes(), &[own.as_bytes()], revocation).unwrap();
        let trust = trust.with_grace(grace).fetching(Arc::new(Shards::new(fetching)));
        let tls = ServerTls::new(server_settings(&nhs, trust), Arc::new(FixedClock::default())).unwrap();
        let tls = Arc::new(tls);
        let mirror = Mirror::start(Door::Tls(tls.clone()), Limits::default()).await;
        Self { nhs, lists, mirror, tls }
    }

    async fn plain() -> Self {
        Self::new(Revocation::HardFail, Duration::from_secs(86_400), |_| {}).await
    }

    /// What the listener thinks of a client whose certificate names a list.
    async fn opinion(&self, serial: u64, path: &str) -> String {
        let url = self.lists.url(path);
        let leaf = Leaf { common_name: Some("consumer.test"), serial, list_at: Some(&url), ..Leaf::default() };
        let settings = ClientTlsSettings {
            identity: Some(self.nhs.issue(&leaf).identity()),
            trust: self.nhs.trust(),
            common_name_only: None,
            versions: Versions::Only12,
        };
        get(&client_of(settings), &self.mirror.authority()).await.unwrap().2
    }
}

// covers: TLS-12, TLS-13
#[tokio::test]
async fn each_certificate_is_looked_up_in_the_list_that_it_names_and_lists_are_kept() {
    let stage = Stage::plain().await;
    for (path, serials) in [("/c2.crl", &[2][..]), ("/c7.crl", &[7])] {
        stage.lists.keep(path, stage.nhs.shard(serials, Some(&stage.lists.url(path)), (2027, 1, 1)));
    }
    for (serial, path, expected) in
        [(2, "/c2.crl", "Bad Revoked"), (7, "/c2.crl", "Good"), (7, "/c7.crl", "Bad Revoked"), (2, "/c7.crl", "Good")]
    {
        let opinion = stage.opinion(serial, path).await;
        assert!(opinion.starts_with(expected), "{serial} {path}: {opinion}");
    }
    assert_eq!(stage.lists.asked(), ["/c2.crl", "/c7.crl"], "each was fetched once");
}

// covers: TLS-13, TLS-14
#[tokio::test]
async fn without_the_list_a_certificate_is_refused_or_taken_as_the_policy_says() {
    for (revocation, expected) in [(Revocation::HardFail, "Bad RevocationUnknown"), (Revocation::SoftFail, "Good")] {
        let stage = Stage::new(revocation, Duration::ZERO, |_| {}).await;
        let opinion = stage.opinion(1, "/none.crl").await;
        assert!(opinion.starts_with(expected), "{revocation:?}: {opinion}");
        stage.lists.keep("/none.crl", stage.nhs.shard(&[1], Some(&stage.lists.url("/none.crl")), (2027, 1, 1)));
        stage.opinion(1, "/none.crl").await;
        assert_eq!(stage.lists.asked(), ["/none.crl"], "after a failure it is left alone for a while");
    }
}

// covers: TLS-13
#[tokio::test]
async fn only_allowed_hosts_are_asked_only_for_our_own_certificates_and_for_no_longer_than_the_wait() {
    let elsewhere =
        Stage::new(Revocation::HardFail, Duration::ZERO, |it| it.hosts = vec!["crl.nhs.uk".to_owned()]).await;
    assert!(elsewhere.opinion(1, "/c2.crl").await.starts_with("Bad RevocationUnknown"));
    assert!(elsewhere.lists.asked().is_empty());
    let stage = Stage::new(Revocation::HardFail, Duration::ZERO, |it| it.wait = Duration::from_millis(100)).await;
    let url = stage.lists.url("/c2.crl");
    let leaf = Leaf { common_name: Some("consumer.test"), list_at: Some(&url), ..Leaf::default() };
    let foreign = pki::Authority::new("Another Root").issue(&leaf).identity();
    let opinion = get(&client(stage.nhs.trust(), Some(foreign)), &stage.mirror.authority()).await.unwrap().2;
    assert!(opinion.starts_with("Bad UnknownIssuer"), "{opinion}");
    assert!(stage.lists.asked().is_empty(), "a stranger cannot send the proxy anywhere");
    assert!(stage.opinion(1, "/silent").await.starts_with("Bad RevocationUnknown"));
}

// covers: TLS-13
#[tokio::test]
async fn a_list_that_is_forged_too_long_or_no_list_is_none() {
    let stage = Stage::new(Revocation::HardFail, Duration::ZERO, |it| it.most_bytes = 2000).await;
    let forged = pki::Authority::new("NHS PTL Root Authority");
    stage.lists.keep("/forged", forged.shard(&[], Some(&stage.lists.url("/forged")), (2027, 1, 1)));
    stage.lists.keep("/long", "x".repeat(3000));
    stage.lists.keep("/text", "no list".to_owned());
    stage.lists.keep("/other", stage.nhs.shard(&[], Some(&stage.lists.url("/c2")), (2027, 1, 1)));
    for path in ["/forged", "/long", "/text", "/other"] {
        let opinion = stage.opinion(1, path).await;
        assert!(opinion.starts_with("Bad RevocationUnknown"), "{path}: {opinion}");
    }
}

// covers: TLS-12, TLS-13, TLS-14
#[tokio::test]
async fn an_old_list_is_fetched_anew_and_used_within_its_grace_when_there_is_no_newer_one() {
    // Tests happen on 23 November 2026.
    for (grace, expected) in
        [(Duration::from_secs(3 * 86_400), "Good"), (Duration::from_secs(3600), "Bad RevocationUnknown")]
    {
        let stage = Stage::new(Revocation::HardFail, grace, |it| it.pause = Duration::ZERO).await;
        stage.lists.keep("/c2", stage.nhs.shard(&[], Some(&stage.lists.url("/c2")), (2026, 11, 22)));
        for _ in 0..2 {
            let opinion = stage.opinion(1, "/c2").await;
            assert!(opinion.starts_with(expected), "{grace:?}: {opinion}");
        }
        assert_eq!(stage.lists.asked().len(), 2, "it is asked for anew each time");
        stage.lists.keep("/c2", stage.nhs.shard(&[1], Some(&stage.lists.url("/c2")), (2027, 1, 1)));
        assert!(stage.opinion(1, "/c2").await.starts_with("Bad Revoked"));
    }
}

// covers: TLS-14, TLS-18, TLS-22
#[tokio::test]
async fn lists_are_fetched_where_bad_certificates_end_the_connection_too_and_through_a_reload() {
    let stage = Stage::plain().await;
    stage.lists.keep("/c2", stage.nhs.shard(&[2], Some(&stage.lists.url("/c2")), (2027, 1, 1)));
    assert!(stage.opinion(1, "/c2").await.starts_with("Good"));
    let mut settings = server_settings(&stage.nhs, stage.nhs.trust());
    let own = stage.nhs.shard(&[], Some(&stage.lists.url("/own")), (2027, 1, 1));
    let trust = Trust::from_pem(stage.nhs.pem.as_bytes(), &[own.as_bytes()], Revocation::HardFail);
    let trust = trust.unwrap().fetching(Arc::new(Shards::new(ShardSettings::new(vec!["localhost".to_owned()]))));
    settings.clients = ClientCertificates::Required { trust, reject: Reject::Close };
    stage.tls.replace(settings).unwrap();
    assert!(stage.opinion(1, "/c2").await.starts_with("Good"));
    let url = stage.lists.url("/c2");
    let leaf = Leaf { common_name: Some("consumer.test"), serial: 2, list_at: Some(&url), ..Leaf::default() };
    let revoked = client(stage.nhs.trust(), Some(stage.nhs.issue(&leaf).identity()));
    assert!(get(&revoked, &stage.mirror.authority()).await.is_err());
}

// covers: TLS-14
#[tokio::test]
async fn a_session_that_is_resumed_is_judged_anew() {
    let stage =
        Stage::new(Revocation::HardFail, Duration::from_secs(86_400 * 30), |it| it.pause = Duration::ZERO).await;
    let url = stage.lists.url("/c2");
    stage.lists.keep("/c2", stage.nhs.shard(&[], Some(&url), (2026, 11, 22)));
    let leaf = Leaf { common_name: Some("consumer.test"), list_at: Some(&url), ..Leaf::default() };
    let settings = ClientTlsSettings {
        identity: Some(stage.nhs.issue(&leaf).identity()),
        trust: stage.nhs.trust(),
        common_name_only: None,
        versions: Versions::Only12,
    };
    let connector =
        tokio_rustls::TlsConnector::from(tls::client_config(settings, Arc::new(FixedClock::default())).unwrap());
    let talk = async || {
        let socket = tokio::net::TcpStream::connect(stage.mirror.address).await.unwrap();
        let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
        let mut line = connector.connect(name, socket).await.unwrap();
        line.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        line.read_to_string(&mut answer).await.unwrap();
        let resumed = line.get_ref().1.handshake_kind() == Some(rustls::HandshakeKind::Resumed);
        (resumed, answer.split("\r\n\r\n").nth(1).unwrap().split(' ').take(2).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(talk().await, (false, "Good consumer.test".to_owned()));
    assert_eq!(talk().await, (true, "Good consumer.test".to_owned()));
    stage.lists.keep("/c2", stage.nhs.shard(&[1], Some(&url), (2027, 1, 1)));
    assert_eq!(talk().await, (true, "Bad Revoked".to_owned()));
}

// covers: TLS-13
#[tokio::test]
async fn a_client_fetches_the_list_that_a_servers_certificate_names_and_tries_once_more() {
    let (nhs, lists) = (pki::Authority::new("NHS PTL Root Authority"), Lists::start().await);
    let own = nhs.shard(&[], Some(&lists.url("/own")), (2027, 1, 1));
    for (path, serials, accepted) in [("/c2", &[][..], true), ("/c7", &[1], false), ("/none", &[], false)] {
        let url = lists.url(path);
        if path != "/none" {
            lists.keep(path, nhs.shard(serials, Some(&url), (2027, 1, 1)));
        }
        let mut settings = server_settings(&nhs, nhs.trust());
        let leaf = Leaf { common_name: Some("localhost"), rsa: true, list_at: Some(&url), ..Leaf::default() };
        settings.identity = nhs.issue(&leaf).identity();
        let mirror = Mirror::start(door(settings), Limits::default()).await;
        let shards = Arc::new(Shards::new(ShardSettings::new(vec!["localhost".to_owned()])));
        let trust = Trust::from_pem(nhs.pem.as_bytes(), &[own.as_bytes()], Revocation::HardFail).unwrap();
        let trust = trust.fetching(shards.clone());
        let settings = ClientTlsSettings {
            identity: Some(nhs.client("consumer.test").identity()),
            common_name_only: Some(trust.clone()),
            trust,
            versions: Versions::Only12,
        };
        let client = client_of(settings).fetching(shards);
        let answers = [get(&client, &mirror.authority()).await, get(&client, &mirror.authority()).await];
        assert!(answers.iter().all(|answer| answer.is_ok() == accepted), "{path}: {answers:?}");
        assert_eq!(lists.asked(), [path], "the list is fetched once");
    }
}

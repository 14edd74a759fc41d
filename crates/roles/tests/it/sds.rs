//! The directory through real sockets, asked by OpenLDAP's own `ldapsearch`, by the `ldap3` crate and byte by byte.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use ldap3::{LdapConnAsync, LdapConnSettings, Scope, SearchEntry};
use rasn_ldap::{LdapMessage, ProtocolOp, ResultCode, SearchRequest, SearchRequestDerefAliases, SearchRequestScope};
use roles::edge::directory_entry::{key_of, to_keep};
use roles::edge::listen::Door;
use roles::edge::tls::{
    self, ClientCertificates, ClientTlsSettings, Identity, Reject, ServerTls, ServerTlsSettings, Versions,
};
use roles::sds::{self, LiveDirectory, Recorder, Settings};
use spine::sds::{Dn, Entry, ldif};
use store::{Audit, AuditFilter, AuditRecord, DirectoryEntries, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::fixed::{CountedIds, FixedClock};
use crate::pki;

const BASE: &str = "ou=services,o=nhs";
const ASID: &str = "918999198999";
const PARTY_KEY: &str = "A91545-9198999";
const READ_SLOT: &str = "urn:nhs:names:services:careconnect:fhir:rest:read:slot";

/// One system and its record for slot search.
const LDIF: &str = "\
dn: uniqueIdentifier=918999198999,ou=Services,o=nhs
objectClass: top
objectClass: nhsAs
uniqueIdentifier: 918999198999
nhsIDCode: A91545
nhsMHSPartyKey: A91545-9198999
nhsAsSvcIA: urn:nhs:names:services:careconnect:fhir:rest:read:slot
nhsAsSvcIA: urn:nhs:names:services:careconnect:fhir:rest:create:appointment

dn: uniqueIdentifier=S918999198999,ou=Services,o=nhs
objectClass: top
objectClass: nhsMhs
uniqueIdentifier: S918999198999
nhsIDCode: A91545
nhsMHSPartyKey: A91545-9198999
nhsMhsSvcIA: urn:nhs:names:services:careconnect:fhir:rest:read:slot
nhsMHSEndPoint: https://localhost:8444/STU3/1/demo
nhsMhsFQDN: localhost
nhsMhsCPAId: S918999198999
";

/// A running directory.
struct Running {
    plain: SocketAddr,
    secured: SocketAddr,
    store: Store,
    authority: pki::Authority,
    folder: tempfile::TempDir,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

pub(crate) fn audit() -> AuditRecord {
    AuditRecord { at: 0, trace_id: String::new(), requirement: "SDS-63".to_owned(), body: b"{}".to_vec() }
}

/// Records of each answer on disk before it leaves, so that a test finds them.
pub(crate) fn recorder(store: &Store) -> Recorder {
    let (clock, ids) = (Arc::new(FixedClock::default()), Arc::new(CountedIds::default()));
    Recorder { audit: Arc::new(store.clone()), clock, ids, gather: Duration::ZERO }
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

impl Running {
    async fn start(settings: Settings) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_sqlite(&folder.path().join("sds.db"), "sds-test").await.expect("a database");
        let entries = ldif::read(LDIF).expect("LDIF");
        store.keep_entries(entries.iter().map(to_keep).collect(), audit()).await.expect("kept");
        let directory = LiveDirectory::open(Arc::new(store.clone())).await.expect("a directory");
        let authority = pki::Authority::new("Root");
        let names = ["localhost", "127.0.0.1"];
        let server = pki::Leaf { common_name: Some("localhost"), dns_names: &names, rsa: true, ..pki::Leaf::default() };
        let tls = ServerTlsSettings {
            identity: authority.issue(&server).identity(),
            clients: ClientCertificates::Required { trust: authority.trust(), reject: Reject::Close },
            versions: Versions::Only12,
        };
        let tls = Arc::new(ServerTls::new(tls, Arc::new(FixedClock::default())).expect("TLS"));
        let ((first, plain), (second, secured)) = (listener().await, listener().await);
        let listeners = vec![(first, Door::Plain), (second, Door::Tls(tls))];
        let shutdown = CancellationToken::new();
        let recorder = recorder(&store);
        let task = tokio::spawn(sds::run(listeners, Arc::new(directory), recorder, settings, shutdown.clone()));
        Self { plain, secured, store, authority, folder, shutdown, task }
    }

    /// `ldapsearch -x -LLL` against the plain listener: exit code, stdout, stderr.
    async fn ldapsearch(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new("ldapsearch");
        command.args(["-x", "-LLL", "-o", "ldif-wrap=no", "-H", &format!("ldap://{}", self.plain)]).args(arguments);
        output(command).await
    }

    /// The same on LDAPS, trusting our authority and presenting this certificate, if any.
    async fn ldapsearch_secured(&self, presented: Option<&pki::Issued>) -> (Option<i32>, String, String) {
        let file = |name: &str, text: &str| {
            let path = self.folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            path
        };
        let mut command = Command::new("ldapsearch");
        command.env("LDAPTLS_CACERT", file("ca.pem", &self.authority.pem)).env("LDAPTLS_REQCERT", "demand");
        if let Some(presented) = presented {
            command.env("LDAPTLS_CERT", file("client.pem", &presented.chain));
            command.env("LDAPTLS_KEY", file("client.key", &presented.key));
        }
        // OpenLDAP compares `localhost` with the machine's own name, so the address is used.
        let url = format!("ldaps://{}", self.secured);
        command.args(["-x", "-LLL", "-o", "nettimeout=5", "-H", &url, "-b", BASE]);
        command.arg(format!("(uniqueIdentifier={ASID})")).arg("nhsMHSPartyKey");
        output(command).await
    }

    /// The names that the `ldap3` crate finds below the base.
    async fn found(&self, filter: &str) -> Vec<String> {
        let (connection, mut ldap) = LdapConnAsync::new(&format!("ldap://{}", self.plain)).await.expect("connected");
        ldap3::drive!(connection);
        let (entries, _) =
            ldap.search(BASE, Scope::Subtree, filter, vec!["*"]).await.expect("an answer").success().expect("success");
        ldap.unbind().await.expect("unbound");
        entries.into_iter().map(|entry| SearchEntry::construct(entry).dn).collect()
    }
}

async fn output(mut command: Command) -> (Option<i32>, String, String) {
    // Its own settings only, not those of whoever runs the tests.
    command.env("LDAPCONF", "/dev/null").env("HOME", "/nonexistent");
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("joined");
    let output = output.expect("ldapsearch is installed (Debian: ldap-utils); `make test` installs it");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn by_record(interaction: &str) -> String {
    format!("(&(nhsMHSPartyKey={PARTY_KEY})(nhsMhsSvcIA={interaction}))")
}

// covers: SDS-02, SDS-05, SDS-08, SDS-20, SDS-21, SDS-22, SDS-41
#[tokio::test(flavor = "multi_thread")]
async fn ldapsearch_makes_both_booking_queries() {
    let sds = Running::start(Settings::default()).await;
    let (code, out, err) = sds.ldapsearch(&["-b", BASE, &format!("(uniqueIdentifier={ASID})")]).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(out.starts_with(&format!("dn: uniqueIdentifier={ASID},ou=Services,o=nhs\n")), "{out}");
    assert!(out.contains(&format!("nhsMHSPartyKey: {PARTY_KEY}\n")) && out.contains("objectClass: nhsAs\n"), "{out}");

    let (code, out, _) = sds.ldapsearch(&["-b", BASE, &by_record(READ_SLOT)]).await;
    assert_eq!((code, out.matches("dn: ").count()), (Some(0), 1), "{out}");
    assert!(out.contains("nhsMHSEndPoint: https://localhost:8444/STU3/1/demo\n"), "{out}");

    let base = format!("uniqueIdentifier={ASID}, ou=services, O=NHS");
    let (code, out, _) = sds.ldapsearch(&["-b", &base, "-s", "base"]).await;
    assert_eq!((code, out.matches("dn: ").count()), (Some(0), 1), "{out}");

    let (code, _, err) = sds.ldapsearch(&["-b", "uniqueIdentifier=000000000000,ou=Services,o=nhs", "-s", "base"]).await;
    assert_eq!(code, Some(32), "{err}");
    assert!(err.contains("Matched DN: ou=Services,o=nhs"), "{err}");
}

// covers: SDS-04, SDS-60
#[tokio::test(flavor = "multi_thread")]
async fn ldapsearch_selects_attributes_and_reads_the_root() {
    let sds = Running::start(Settings::default()).await;
    let filter = by_record(READ_SLOT);
    let (_, out, _) = sds.ldapsearch(&["-b", BASE, &filter, "nhsmhsendpoint"]).await;
    let expected =
        "dn: uniqueIdentifier=S918999198999,ou=Services,o=nhs\nnhsMHSEndPoint: https://localhost:8444/STU3/1/demo\n\n";
    assert_eq!(out, expected);
    let (_, out, _) = sds.ldapsearch(&["-b", BASE, &filter, "1.1"]).await;
    assert_eq!(out, "dn: uniqueIdentifier=S918999198999,ou=Services,o=nhs\n\n");
    let (_, out, _) = sds.ldapsearch(&["-b", "", "-s", "base", "namingContexts", "supportedLDAPVersion"]).await;
    assert!(out.contains("namingContexts: o=nhs\n") && out.contains("supportedLDAPVersion: 3\n"), "{out}");
}

// covers: SDS-01, TLS-01
#[tokio::test(flavor = "multi_thread")]
async fn ldaps_answers_a_client_with_our_certificate_and_nobody_else() {
    let sds = Running::start(Settings::default()).await;
    let ours = sds.authority.client("consumer.test");
    let (code, out, err) = sds.ldapsearch_secured(Some(&ours)).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains(&format!("nhsMHSPartyKey: {PARTY_KEY}\n")), "{out}");
    let theirs = pki::Authority::new("Root").client("consumer.test");
    for (presented, what) in [(None, "no certificate"), (Some(&theirs), "another authority's certificate")] {
        let (code, out, _) = sds.ldapsearch_secured(presented).await;
        assert!(code != Some(0) && out.is_empty(), "{what}: {code:?} {out}");
    }
}

// covers: SDS-01, SDS-20
#[tokio::test]
async fn an_ldap_client_of_rust_searches_over_mutual_tls() {
    let sds = Running::start(Settings::default()).await;
    let connect = async |identity: Option<Identity>| {
        let tls = ClientTlsSettings {
            identity,
            trust: sds.authority.trust(),
            common_name_only: None,
            versions: Versions::Only12,
        };
        let config = tls::client_config(tls, Arc::new(FixedClock::default())).expect("TLS");
        let url = format!("ldaps://localhost:{}", sds.secured.port());
        let (connection, mut ldap) =
            LdapConnAsync::with_settings(LdapConnSettings::new().set_config(config), &url).await?;
        ldap3::drive!(connection);
        ldap.simple_bind("", "").await?.success()?;
        let filter = format!("(uniqueIdentifier={ASID})");
        let search = ldap.search(BASE, Scope::Subtree, &filter, vec!["nhsMHSPartyKey"]);
        let (entries, _) = search.await?.success()?;
        Ok::<_, ldap3::LdapError>(entries.into_iter().map(SearchEntry::construct).collect::<Vec<_>>())
    };
    let found = connect(Some(sds.authority.client("consumer.test").identity())).await.expect("found");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].attrs["nhsMHSPartyKey"], [PARTY_KEY]);
    assert!(connect(None).await.is_err());
}

// covers: SDS-11, SDS-13, SDS-40
#[tokio::test]
async fn what_does_not_match_is_an_empty_success() {
    let sds = Running::start(Settings::default()).await;
    for filter in [
        "(uniqueIdentifier=000000000000)".to_owned(),
        by_record("urn:nhs:names:services:careconnect:fhir:rest:READ:slot"),
        "(nhsMhsFQDN=localhost)".to_owned(),
        "(nhsIDCode=a91545)".to_owned(),
    ] {
        assert!(sds.found(&filter).await.is_empty(), "{filter}");
    }
    assert_eq!(sds.found(&format!("(nhsMHSPartyKey= {})", PARTY_KEY.to_lowercase())).await.len(), 2);
}

fn system(asid: &str) -> Entry {
    Entry::new(Dn::parse(&format!("uniqueIdentifier={asid},ou=Services,o=nhs")).expect("a name"))
        .with("objectClass", "nhsAs")
        .with("uniqueIdentifier", asid)
}

// covers: SDS-53
#[tokio::test]
async fn a_change_is_in_the_very_next_search() {
    let sds = Running::start(Settings::default()).await;
    for round in 0..20 {
        let asid = format!("2000000000{round:02}");
        let filter = format!("(uniqueIdentifier={asid})");
        sds.store.keep_entries(vec![to_keep(&system(&asid))], audit()).await.expect("kept");
        assert_eq!(sds.found(&filter).await.len(), 1, "round {round}");
        assert!(sds.store.remove_entry(&key_of(system(&asid).dn()), audit()).await.expect("removed"));
        assert!(sds.found(&filter).await.is_empty(), "round {round}");
    }
}

// covers: SDS-53
#[tokio::test]
async fn a_change_of_another_process_is_seen_soon() {
    let sds = Running::start(Settings::default()).await;
    let elsewhere = Store::open_sqlite(&sds.folder.path().join("sds.db"), "another-process").await.expect("opened");
    elsewhere.replace_entries(vec![to_keep(&system("200000000001"))], audit()).await.expect("kept");
    let seen = async { while sds.found("(uniqueIdentifier=200000000001)").await.is_empty() {} };
    tokio::time::timeout(Duration::from_secs(20), seen).await.expect("it is seen");
    assert!(sds.found(&format!("(uniqueIdentifier={ASID})")).await.is_empty(), "what was replaced is gone");
}

fn search_request(id: u32, base: &str) -> Vec<u8> {
    let request = SearchRequest::new(
        base.into(),
        SearchRequestScope::BaseObject,
        SearchRequestDerefAliases::NeverDerefAliases,
        0,
        0,
        false,
        rasn_ldap::Filter::Present("objectClass".into()),
        vec!["1.1".into()],
    );
    rasn::ber::encode(&LdapMessage::new(id, ProtocolOp::SearchRequest(request))).expect("encoded")
}

/// Everything that comes until the connection ends, cut into messages.
async fn messages(stream: &mut TcpStream) -> Vec<LdapMessage> {
    let mut bytes = Vec::new();
    // A reset ends the connection as well.
    let _ = stream.read_to_end(&mut bytes).await;
    let mut frames = spine::sds::session::Frames::new(1 << 20);
    frames.push(&bytes);
    let mut messages = Vec::new();
    while let Ok(Some(message)) = frames.next_message() {
        messages.push(rasn::ber::decode(message).expect("a message"));
    }
    messages
}

// covers: AUD-04, AUD-09, SDS-02, SDS-60
#[tokio::test]
async fn every_search_is_in_the_audit_and_no_nhs_number() {
    let sds = Running::start(Settings::default()).await;
    sds.found(&by_record(READ_SLOT)).await;
    sds.found("(description=9990000018)").await;
    let mut stream = TcpStream::connect(sds.plain).await.expect("connected");
    let simple = rasn_ldap::AuthenticationChoice::Simple(b"secret".to_vec().into());
    let bind = rasn_ldap::BindRequest::new(3, "cn=admin".into(), simple);
    let bind = rasn::ber::encode(&LdapMessage::new(1, ProtocolOp::BindRequest(bind))).expect("encoded");
    stream.write_all(&[bind, search_request(2, "o=nowhere"), vec![0x30, 0x00]].concat()).await.expect("sent");
    messages(&mut stream).await;
    let audited = async {
        loop {
            let filter = AuditFilter { limit: 100, ..AuditFilter::default() };
            let records = sds.store.list(&filter).await.expect("records");
            let bodies = records.iter().filter(|each| each.record.requirement == "ldap");
            let bodies: Vec<serde_json::Value> =
                bodies.map(|each| serde_json::from_slice(&each.record.body).expect("JSON")).collect();
            let told = |body: &serde_json::Value| body["operations"].as_array().expect("operations").clone();
            let operations: Vec<serde_json::Value> = bodies.iter().flat_map(told).collect();
            if operations.len() == 5 {
                assert!(bodies.iter().all(|body| body["connection"]["address"].is_string()), "{bodies:?}");
                return operations;
            }
            tokio::task::yield_now().await;
        }
    };
    let operations = tokio::time::timeout(Duration::from_secs(20), audited).await.expect("five operations");
    let of = |index: usize, name: &str| operations[index][name].clone();
    assert_eq!((of(0, "operation"), of(0, "entries"), of(0, "scope")), ("search".into(), 1.into(), "sub".into()));
    assert_eq!((of(0, "filter"), of(0, "base")), (by_record(READ_SLOT).into(), BASE.into()));
    assert_eq!(of(1, "filter"), "(description=**********)");
    assert_eq!((of(2, "operation"), of(2, "result")), ("bind".into(), 49.into()));
    assert_eq!((of(3, "operation"), of(3, "result"), of(3, "base")), ("search".into(), 32.into(), "o=nowhere".into()));
    assert_eq!((of(4, "operation"), of(4, "result")), ("disconnection".into(), 2.into()));
}

// covers: SDS-60
#[tokio::test]
async fn pipelined_requests_are_answered_in_their_order() {
    let sds = Running::start(Settings::default()).await;
    let mut stream = TcpStream::connect(sds.plain).await.expect("connected");
    let mut requests = Vec::new();
    for id in 1..=50 {
        requests.extend(search_request(id, if id % 2 == 0 { "o=nhs" } else { "o=nowhere" }));
    }
    requests
        .extend(rasn::ber::encode(&LdapMessage::new(51, ProtocolOp::UnbindRequest(rasn_ldap::UnbindRequest))).unwrap());
    // In pieces that end inside messages.
    for piece in requests.chunks(37) {
        stream.write_all(piece).await.expect("sent");
    }
    let done: Vec<(u32, bool)> = messages(&mut stream)
        .await
        .into_iter()
        .filter_map(|message| match message.protocol_op {
            ProtocolOp::SearchResDone(done) => Some((message.message_id, done.0.result_code == ResultCode::Success)),
            _ => None,
        })
        .collect();
    assert_eq!(done, (1..=50).map(|id| (id, id % 2 == 0)).collect::<Vec<_>>());
}

// covers: SDS-60
#[tokio::test]
async fn what_is_no_ldap_ends_with_a_notice_of_disconnection() {
    let sds = Running::start(Settings::default()).await;
    let oversize = [0x30, 0x84, 0x7f, 0xff, 0xff, 0xff];
    let no_request = [0x30, 0x03, 0x02, 0x01, 0x01];
    for garbage in [b"GET / HTTP/1.1\r\n\r\n".as_slice(), &oversize, &no_request] {
        let mut stream = TcpStream::connect(sds.plain).await.expect("connected");
        stream.write_all(&search_request(1, "o=nhs")).await.expect("sent");
        stream.write_all(garbage).await.expect("sent");
        let answers = messages(&mut stream).await;
        let last = answers.last().expect("a notice");
        assert_eq!(answers[0].message_id, 1, "what came before is answered first");
        let ProtocolOp::ExtendedResp(notice) = &last.protocol_op else { panic!("{last:?}") };
        assert_eq!((last.message_id, notice.result_code), (0, ResultCode::ProtocolError));
        assert_eq!(notice.response_name.as_deref(), Some(b"1.3.6.1.4.1.1466.20036".as_slice()));
    }
}

#[tokio::test]
async fn silent_and_unfinished_connections_are_closed() {
    let impatient = Duration::from_millis(50);
    let sds = Running::start(Settings { idle: impatient, stall: impatient, ..Settings::default() }).await;
    for begun in [b"".as_slice(), &search_request(1, "o=nhs")[..10]] {
        let mut stream = TcpStream::connect(sds.plain).await.expect("connected");
        stream.write_all(begun).await.expect("sent");
        assert!(messages(&mut stream).await.is_empty());
    }
    // Plain LDAP on the secured port is no way around the certificate.
    let mut stream = TcpStream::connect(sds.secured).await.expect("connected");
    stream.write_all(&search_request(1, "o=nhs")).await.expect("sent");
    assert!(messages(&mut stream).await.is_empty());
}

#[tokio::test]
async fn shutdown_ends_open_connections_and_the_role() {
    let mut sds = Running::start(Settings::default()).await;
    let mut stream = TcpStream::connect(sds.plain).await.expect("connected");
    stream.write_all(&search_request(1, "o=nhs")).await.expect("sent");
    let mut first = [0];
    stream.read_exact(&mut first).await.expect("it is answered");
    sds.shutdown.cancel();
    messages(&mut stream).await;
    (&mut sds.task).await.expect("the role ends");
    assert!(TcpStream::connect(sds.plain).await.is_err());
}

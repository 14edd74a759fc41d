//! The Spine Secure Proxy over real sockets: Consumer, proxy, directory and Provider, with mutual TLS on both legs.

mod admission;
mod checks_in_order;
mod corpora;
mod directory;
mod forwarding;
mod target_checks;

mod streaming;
mod upstream;
mod wire;
mod wire_checks;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use roles::edge::client::{Client, Timeouts};
use roles::edge::clock::Ids;
use roles::edge::directory::{DirectoryClient, DirectorySettings};
use roles::edge::listen::{self, Connection, Door, Limits, Stream};
use roles::edge::tls::{
    self, ClientCertificates, ClientTlsSettings, Identity, Reject, ServerTls, ServerTlsSettings, Versions,
};
use roles::ssp::{self, Means, Settings, Ssp};
use rustls::pki_types::ServerName;
use serde_json::Value;
use store::{Audit, AuditFilter, AuditRecord, StoredRecord, Verification};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::directory::OtherDirectory;
use crate::directory::{Attributes, Directory};
use crate::fixed::{CountedIds, FixedClock};
use crate::pki::Authority;

const FROM: &str = "200000000359";
const TO: &str = "918999198999";
const TRACE: &str = "1c3c5e3e-0c0e-4c39-9a1f-5d3b6f1f2a77";
const SEARCH: &str = "urn:nhs:names:services:careconnect:fhir:rest:search:slot";
const CREATE: &str = "urn:nhs:names:services:careconnect:fhir:rest:create:appointment";
const GP_SEARCH: &str = "urn:nhs:names:services:gpconnect:fhir:rest:search:slot-1";
const NOT_SENT: &str = "urn:nhs:names:services:careconnect:fhir:rest:delete:appointment";
const NOT_RECEIVED: &str = "urn:nhs:names:services:careconnect:fhir:rest:read:metadata";
const TOKEN: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJpc3MiOiJodHRwczovL2MudGVzdCIsInN1YiI6IjEifQ.";

/// Keeps records in memory.
#[derive(Default)]
struct Remembering(Mutex<Vec<AuditRecord>>);

#[async_trait::async_trait]
impl Audit for Remembering {
    async fn append(&self, record: AuditRecord) -> store::Result<()> {
        self.append_behind(record).await
    }
    async fn append_behind(&self, record: AuditRecord) -> store::Result<()> {
        self.0.lock().unwrap().push(record);
        Ok(())
    }
    async fn verify_against(&self, _: &[store::ChainHead]) -> store::Result<Verification> {
        unreachable!("the proxy only appends")
    }
    async fn list(&self, _: &AuditFilter) -> store::Result<Vec<StoredRecord>> {
        unreachable!("the proxy only appends")
    }
}

/// What a Provider does with a connection: it gets the raw bytes.
type Script = Arc<dyn Fn(Stream) -> futures_util::future::BoxFuture<'static, ()> + Send + Sync>;

/// Everything around a proxy.
struct World {
    nhs: Authority,
    proxy: Arc<Ssp>,
    ssp: SocketAddr,
    provider: u16,
    directory: Directory,
    audit: Arc<Remembering>,
    /// The raw heads and bodies that reached the Provider.
    seen: mpsc::UnboundedReceiver<Vec<u8>>,
    stop: CancellationToken,
}

/// One call as raw HTTP.
struct Call {
    verb: &'static str,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// An answer as raw HTTP.
#[derive(Debug)]
struct Heard {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl World {
    async fn new() -> Self {
        Self::with(Settings::default(), None).await
    }

    /// A proxy with these settings, before a Provider that does as `script` says, or answers everything with a Bundle.
    async fn with(settings: Settings, script: Option<Script>) -> Self {
        Self::before(settings, script, None).await
    }

    /// The same over a directory at another address than our own, which gets the entries first.
    async fn before(settings: Settings, script: Option<Script>, other: Option<&OtherDirectory>) -> Self {
        Self::with_ids(settings, script, other, Arc::new(CountedIds::default())).await
    }

    /// The same with ids from elsewhere.
    async fn with_ids(
        settings: Settings,
        script: Option<Script>,
        other: Option<&OtherDirectory>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        let nhs = Authority::new("NHS PTL Root Authority");
        let stop = CancellationToken::new();
        let (seeing, seen) = mpsc::unbounded_channel();
        let script = script.unwrap_or_else(|| answering(seeing, BUNDLE));
        let provider = start_provider(&nhs, script, stop.clone()).await;
        let directory = Directory::start(entries(provider)).await;
        let address = match other {
            Some(other) => other.start(entries(provider), stop.clone()).await,
            None => directory.address,
        };
        let url = format!("ldap://{address}");
        let directory_settings = DirectorySettings::new(url, "ou=services,o=nhs".to_owned(), None);
        let outbound = ClientTlsSettings {
            identity: Some(nhs.client("ssp-out.test").identity()),
            trust: nhs.trust(),
            common_name_only: None,
            versions: Versions::Only12,
        };
        let audit = Arc::new(Remembering::default());
        let means = Means {
            settings,
            client: Client::new(tls::client_config(outbound, Arc::new(FixedClock::default())).unwrap()),
            directory: Arc::new(DirectoryClient::new(directory_settings)),
            audit: audit.clone(),
            clock: Arc::new(FixedClock::default()),
            ids,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inbound = server_tls(&nhs);
        let proxy = Arc::new(Ssp::new(means).0);
        tokio::spawn(ssp::serve(listener, inbound, Limits::default(), proxy.clone(), stop.clone()));
        Self { nhs, proxy, ssp: address, provider, directory, audit, seen, stop }
    }

    /// The service root as the directory has it.
    fn root(&self) -> String {
        format!("https://localhost:{}/STU3/1/demo", self.provider)
    }

    /// A slot search with everything right.
    fn search(&self) -> Call {
        self.to(&format!("{}/Slot?start=ge2026&start=le2027&_include=Slot%3Aschedule", self.root()))
    }

    /// A GET of a target with everything else right.
    fn to(&self, target: &str) -> Call {
        let headers = [
            ("Host", format!("localhost:{}", self.ssp.port())),
            ("Ssp-TraceID", TRACE.to_owned()),
            ("Ssp-From", FROM.to_owned()),
            ("Ssp-To", TO.to_owned()),
            ("Ssp-InteractionID", SEARCH.to_owned()),
            ("Authorization", format!("Bearer {TOKEN}")),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value)).to_vec();
        Call { verb: "GET", target: format!("/{target}"), headers, body: Vec::new() }
    }

    /// The Consumer's own certificate.
    fn consumer(&self) -> Option<Identity> {
        Some(self.nhs.client("consumer.test").identity())
    }

    async fn send(&self, call: &Call) -> Heard {
        self.send_as(self.consumer(), call).await
    }

    async fn send_as(&self, identity: Option<Identity>, call: &Call) -> Heard {
        let mut line = self.connect(identity).await;
        line.write_all(&call.bytes()).await.unwrap();
        hear(&mut line).await.expect("an answer")
    }

    async fn connect(&self, identity: Option<Identity>) -> tokio_rustls::client::TlsStream<TcpStream> {
        let settings =
            ClientTlsSettings { identity, trust: self.nhs.trust(), common_name_only: None, versions: Versions::Only12 };
        let config = tls::client_config(settings, Arc::new(FixedClock::default())).unwrap();
        let socket = TcpStream::connect(self.ssp).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        tokio_rustls::TlsConnector::from(config).connect(name, socket).await.unwrap()
    }

    /// Waits until so many records have been written and no more, and reads the last.
    async fn record(&self, number: usize) -> Value {
        let record = self.record_of(number).await;
        let written = self.audit.0.lock().unwrap().len();
        assert!(written <= number, "{written} records, expected {number}");
        record
    }

    /// Waits for the record of this number.
    async fn record_of(&self, number: usize) -> Value {
        loop {
            let record = self.audit.0.lock().unwrap().get(number - 1).cloned();
            match record {
                Some(record) => {
                    let mut body: Value = serde_json::from_slice(&record.body).unwrap();
                    body["trace_id"] = record.trace_id.into();
                    body["requirement"] = record.requirement.into();
                    return body;
                }
                None => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        }
    }

    /// The next request as the Provider got it.
    async fn seen(&mut self) -> String {
        String::from_utf8(self.seen.recv().await.unwrap()).unwrap()
    }

    fn nothing_was_sent(&mut self) {
        assert!(self.seen.try_recv().is_err(), "the Provider was called");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Call {
    fn verb(mut self, verb: &'static str) -> Self {
        self.verb = verb;
        self
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(given, _)| !given.eq_ignore_ascii_case(name));
        self
    }

    fn with(self, name: &str, value: &str) -> Self {
        self.without(name).header(name, value)
    }

    fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self.header("Content-Length", &body.len().to_string())
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.verb, self.target);
        for (name, value) in &self.headers {
            bytes.push_str(&format!("{name}: {value}\r\n"));
        }
        bytes.push_str("\r\n");
        [bytes.into_bytes(), self.body.clone()].concat()
    }
}

impl Heard {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// The diagnostics of the answer's OperationOutcome, after a look at what every refusal has.
    fn diagnostics(&self) -> String {
        let outcome = self.json();
        assert_eq!(outcome["resourceType"], "OperationOutcome");
        assert!(self.header("via") == Some("1.1 ssp") && self.header("cache-control") == Some("no-store"), "{self:?}");
        outcome["issue"][0]["diagnostics"].as_str().unwrap().to_owned()
    }

    fn code(&self) -> String {
        self.json()["issue"][0]["details"]["coding"][0]["code"].as_str().unwrap_or_default().to_owned()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }
}

const BUNDLE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-TYPE: application/fhir+json\r\nETag: W/\"1\"\r\nX-odd-CASE: a\r\n\
    Keep-Alive: timeout=9\r\nConnection: keep-alive\r\nContent-Length: 27\r\n\r\n{\"resourceType\": \"Bundle\" }";

/// A Provider that keeps what it gets and answers each request with the same bytes.
fn answering(seeing: mpsc::UnboundedSender<Vec<u8>>, answer: &'static [u8]) -> Script {
    Arc::new(move |mut stream| {
        let seeing = seeing.clone();
        Box::pin(async move {
            while let Some(request) = read_request(&mut stream).await {
                let _ = seeing.send(request);
                stream.write_all(answer).await.unwrap();
            }
        })
    })
}

/// A whole request as raw bytes: its head, and its body by Content-Length or in chunks.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let (mut bytes, head) = read_head(stream).await?;
    if let Some(length) = header_of(&head, "content-length") {
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).await.ok()?;
        bytes.extend(body);
    } else if header_of(&head, "transfer-encoding").is_some() {
        while !bytes.ends_with(b"\r\n0\r\n\r\n") {
            bytes.push(stream.read_u8().await.ok()?);
        }
    }
    Some(bytes)
}

async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> Option<(Vec<u8>, String)> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(bytes.clone()).unwrap();
    Some((bytes, head))
}

fn header_of(head: &str, name: &str) -> Option<String> {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.filter(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).next()
}

/// One answer; an error when it breaks off.
async fn hear(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<Heard, String> {
    let (_, head) = read_head(stream).await.ok_or("no head")?;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut body = Vec::new();
    if let Some(length) = header_of(&head, "content-length") {
        body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).await.map_err(|fault| fault.to_string())?;
    } else if header_of(&head, "transfer-encoding").is_some() {
        loop {
            let mut size = String::new();
            while !size.ends_with("\r\n") {
                size.push(stream.read_u8().await.map_err(|fault| fault.to_string())?.into());
            }
            let size = usize::from_str_radix(size.trim(), 16).unwrap();
            let mut chunk = vec![0; size + 2];
            stream.read_exact(&mut chunk).await.map_err(|fault| fault.to_string())?;
            body.extend(&chunk[..size]);
            if size == 0 {
                break;
            }
        }
    }
    Ok(Heard { status, head, body })
}

fn server_tls(nhs: &Authority) -> Arc<ServerTls> {
    let settings = ServerTlsSettings {
        identity: nhs.server().identity(),
        clients: ClientCertificates::Required { trust: nhs.trust_but(&[66]), reject: Reject::Http49x },
        versions: Versions::Only12,
    };
    Arc::new(ServerTls::new(settings, Arc::new(FixedClock::default())).unwrap())
}

/// A Provider: mutual TLS, and then the script.
async fn start_provider(nhs: &Authority, script: Script, stop: CancellationToken) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = move |connection: Connection, _| {
        let certificate = connection.peer.certificate.good().expect("the proxy's own certificate");
        assert!(certificate.has_name("ssp-out.test"));
        script(connection.stream)
    };
    tokio::spawn(listen::accept(listener, Door::Tls(server_tls(nhs)), Limits::default(), stop, answer));
    port
}

fn entries(provider: u16) -> Vec<Attributes> {
    let root = format!("https://localhost:{provider}/STU3/1/demo");
    let system = |asid: &str, ods: &str, party: &str, interactions: &[&str]| {
        vec![
            ("objectClass", vec!["top".to_owned(), "nhsAs".to_owned()]),
            ("uniqueIdentifier", vec![asid.to_owned()]),
            ("nhsIDCode", vec![ods.to_owned()]),
            ("nhsMHSPartyKey", vec![party.to_owned()]),
            ("nhsProductKey", vec!["7374".to_owned()]),
            ("nhsAsSvcIA", interactions.iter().map(|interaction| (*interaction).to_owned()).collect()),
        ]
    };
    let handling = |id: &str, party: &str, interaction: &str, fqdn: &str, endpoint: &str| {
        vec![
            ("objectClass", vec!["top".to_owned(), "nhsMhs".to_owned()]),
            ("uniqueIdentifier", vec![id.to_owned()]),
            ("nhsMhsCPAId", vec![id.to_owned()]),
            ("nhsMHSPartyKey", vec![party.to_owned()]),
            ("nhsMhsSvcIA", vec![interaction.to_owned()]),
            ("nhsMhsFQDN", vec![fqdn.to_owned()]),
            ("nhsMHSEndPoint", vec![endpoint.to_owned()]),
        ]
    };
    let sent = [SEARCH, CREATE, GP_SEARCH, NOT_RECEIVED];
    vec![
        system(FROM, "A1001", "A1001-100", &sent),
        handling("S100", "A1001-100", "urn:nhs:names:services:careslot:consumer", "Consumer.TEST", "https://c.test"),
        system("200000000360", "A1002", "A1002-200", &sent),
        handling("S200", "A1002-200", "urn:nhs:names:services:careslot:consumer", "other.test", "https://o.test"),
        system(TO, "A91545", "A91545-300", &[SEARCH, CREATE, GP_SEARCH, NOT_SENT]),
        handling("S301", "A91545-300", SEARCH, "localhost", &root),
        handling("S302", "A91545-300", CREATE, "localhost", &root),
        handling("S303", "A91545-300", GP_SEARCH, "localhost", &root),
    ]
}

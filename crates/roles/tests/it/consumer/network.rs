//! The whole network in one process: directory, token endpoint, proxy, Provider and Registry, and Consumers for it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use roles::consumer::{Consumer, Observer, Settings, TokenClient, WireMessage};
use roles::edge::authorise::Trust;
use roles::edge::base::Base;
use roles::edge::client::{Client, Timeouts};
use roles::edge::clock::{Clock, Ids};
use roles::edge::directory::{DirectoryClient, DirectorySettings};
use roles::edge::directory_entry::to_keep;
use roles::edge::listen::{Door, Limits};
use roles::edge::tls::{self, ClientCertificates, ClientTlsSettings, Reject, ServerTls, ServerTlsSettings, Versions};
use roles::provider::{self, Keeps, Provider, Software};
use roles::registry::{self, Registry};
use roles::sds::{self, LiveDirectory};
use roles::ssp::{self, Means};
use roles::token::{self, Keys, Token, secret};
use spine::interaction::Group;
use spine::sds::ldif;
use spine::token::{AcceptUnsigned, KeySet};
use spine::{Asid, Dialect, InteractionId, OdsCode};
use store::{AuditRecord, Diary as _, DirectoryEntries as _, HashedSecret, Outbox, Store, TokenClients as _};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::cut_wire::CutWire;
use crate::fixed::{FixedClock, NOW};
use crate::pki::{Authority, Issued};
use crate::provider::diary;
use crate::provider::house::{ISSUER, new_key};

pub(crate) const CONSUMER: &str = "200000000359";
pub(crate) const SERVICE: &str = diary::SERVICE_ONE;
pub(crate) const PARTY_KEY: &str = "A91545-9198999";
pub(crate) const SECRET: &str = "a-secret-of-the-consumer-that-is-long-enough";
const SSP_FQDN: &str = "ssp.test.nhs.uk";
const CLIENT_ID: &str = "8b2dc7a5-consumer";
const READ_ID: Uuid = Uuid::from_u128(0x0aa1);
const BOOK_ID: Uuid = Uuid::from_u128(0x0aa2);
const OWN_IDENTIFIERS: &str = "https://provider.test.nhs.uk/Id/patient";

/// Ids of one party: they count, and no other party makes the same.
pub(crate) struct IdsOf(u64, AtomicU64);

impl IdsOf {
    pub(crate) fn party(number: u64) -> Arc<Self> {
        Arc::new(Self(number, AtomicU64::new(1)))
    }
}

impl Ids for IdsOf {
    fn uuid(&self) -> Uuid {
        Uuid::from_u64_pair(self.0 << 32, self.1.fetch_add(1, Ordering::Relaxed))
    }
}

/// A clock that a test moves by hand.
pub(crate) struct HandClock(Mutex<Timestamp>);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl HandClock {
    pub(crate) fn forward(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap();
        *now = Timestamp::from_second(now.as_second() + seconds).unwrap();
    }
}

/// Remembers what a Consumer sent and got.
#[derive(Default)]
pub(crate) struct Watching(pub(crate) Mutex<Vec<WireMessage>>);

impl Observer for Watching {
    fn seen(&self, message: WireMessage) {
        self.0.lock().unwrap().push(message);
    }
}

/// The running parties.
pub(crate) struct Network {
    pub(crate) nhs: Authority,
    pub(crate) dialect: &'static Dialect,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) directory: Store,
    pub(crate) watching: Arc<Watching>,
    pub(crate) ssp: SocketAddr,
    pub(crate) token: SocketAddr,
    provider: SocketAddr,
    /// What lies between everybody and the Registry.
    pub(crate) registry_wire: CutWire,
    registry: SocketAddr,
    pub(crate) sds: SocketAddr,
    keys: Arc<KeySet>,
    stop: CancellationToken,
    stop_registry: Mutex<CancellationToken>,
    folder: tempfile::TempDir,
}

impl Drop for Network {
    fn drop(&mut self) {
        self.stop.cancel();
        self.stop_registry.lock().unwrap().cancel();
    }
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

fn record() -> AuditRecord {
    AuditRecord { at: 0, trace_id: String::new(), requirement: "test".to_owned(), body: b"{}".to_vec() }
}

impl Network {
    /// Every party; the directory names the Provider's root of this dialect.
    pub(crate) async fn of(dialect: &str) -> Self {
        let dialect = Dialect::named(dialect).expect("a dialect");
        let [(l1, sds), (l2, token), (l3, provider), (l4, registry), (l5, ssp)] =
            [listener().await, listener().await, listener().await, listener().await, listener().await];
        let folder = tempfile::tempdir().expect("a folder");
        let mut network = Self {
            nhs: Authority::new("NHS Test Root"),
            dialect,
            clock: Arc::new(HandClock(Mutex::new(NOW.parse().expect("a timestamp")))),
            directory: store_in(folder.path(), "sds").await,
            watching: Arc::default(),
            ssp,
            provider,
            registry_wire: CutWire::to(registry).await,
            registry,
            sds,
            token,
            keys: Arc::new(KeySet::of(Vec::new())),
            stop: CancellationToken::new(),
            stop_registry: Mutex::default(),
            folder,
        };
        network.start_directory(l1).await;
        network.start_token_endpoint(l2).await;
        network.start_provider(l3).await;
        network.start_registry_on(l4).await;
        network.start_ssp(l5).await;
        network
    }

    pub(crate) async fn store(&self, name: &str) -> Store {
        store_in(self.folder.path(), name).await
    }

    async fn start_directory(&self, listener: TcpListener) {
        self.keep_entries(&self.ldif()).await;
        let live = LiveDirectory::open(Arc::new(self.directory.clone())).await.expect("a directory");
        let listeners = vec![(listener, Door::Plain)];
        let recorder = crate::sds::recorder(&self.directory);
        tokio::spawn(sds::run(listeners, Arc::new(live), recorder, sds::Settings::default(), self.stop.clone()));
    }

    /// Puts entries into the directory.
    pub(crate) async fn keep_entries(&self, text: &str) {
        let entries = ldif::read(text).expect("LDIF");
        self.directory.keep_entries(entries.iter().map(to_keep).collect(), record()).await.expect("kept");
    }

    fn ldif(&self) -> String {
        let provider = InteractionId::OF_A_PROVIDER;
        let listed: String = provider.iter().map(|each| format!("nhsAsSvcIA: {each}\n")).collect();
        let system = |asid: &str, ods: &str, party: &str| {
            format!(
                "dn: uniqueIdentifier={asid},ou=Services,o=nhs\nobjectClass: top\nobjectClass: nhsAs\n\
                 uniqueIdentifier: {asid}\nnhsIDCode: {ods}\nnhsMHSPartyKey: {party}\n{listed}\n"
            )
        };
        let mut text = system(CONSUMER, "A1001", "A1001-100") + &system(SERVICE, "A91545", PARTY_KEY);
        text +=
            &mhs("S100", "A1001-100", "urn:nhs:names:services:careslot:consumer", "consumer.test", "https://c.test");
        for (nth, interaction) in provider.iter().enumerate() {
            text += &mhs(&format!("S2{nth}"), PARTY_KEY, interaction.as_str(), "localhost", &self.root());
        }
        text
    }

    async fn start_token_endpoint(&mut self, listener: TcpListener) {
        let store = self.store("token").await;
        let groups = [(Group::ReadSlot, READ_ID), (Group::CreateAppointment, BOOK_ID)];
        let hash = secret::hashed(SECRET, &[9; 16]).expect("long enough");
        let client = store::TokenClient {
            client_id: CLIENT_ID.to_owned(),
            name: "A Consumer".to_owned(),
            secrets: vec![HashedSecret { id: "1".to_owned(), hash, created_at: 0, expires_at: None }],
            groups: groups.map(|(group, _)| group.name().to_owned()).to_vec(),
            enabled: true,
        };
        store.keep_token_client(client, record()).await.expect("kept");
        let settings = token::Settings {
            issuer: ISSUER.to_owned(),
            tenant: "tenant".to_owned(),
            address: format!("https://localhost:{}", self.token.port()),
            audiences: [self.provider_bases(), self.registry_bases()].concat(),
            groups: groups.map(|(group, id)| token::Group { name: group.name().to_owned(), id }).to_vec(),
            lifetime: 3600,
            failures_before_slowing: 10,
            back_dated: 300,
        };
        let signing = new_key();
        self.keys = Arc::new(KeySet::of(vec![signing.public_key().expect("a public key")]));
        let keys = Keys { signing, others: Vec::new() };
        let kept = Arc::new(store);
        let token =
            Token::new(settings, keys, kept.clone(), kept, self.clock.clone(), IdsOf::party(1)).expect("an endpoint");
        let door = self.door(ClientCertificates::NotAsked);
        tokio::spawn(token::run(listener, door, Arc::new(token), self.stop.clone()));
    }

    async fn start_provider(&self, listener: TcpListener) {
        let store = self.store("provider").await;
        store.load(diary::content(), record()).await.expect("a diary");
        let settings = provider::Settings {
            bases: bases(&self.provider_bases()),
            asids: vec![Asid::parse(SERVICE).expect("an ASID")],
            ssp_fqdns: vec![SSP_FQDN.to_owned()],
            trust: trust(self.provider_bases()),
            publisher: "Test Practice".to_owned(),
            software: Software { version: "0.1.0".to_owned(), released: "2026-11-23".to_owned() },
            local_patient_system: OWN_IDENTIFIERS.to_owned(),
            slots_on_a_page: 8,
            body_limit: 256 * 1024,
            local_rules: provider::LocalRules::default(),
            test_service_ids: provider::TestServiceIds::default(),
            demonstrator_checks: false,
            definitions: profile::Definitions::standard(),
        };
        let kept = Arc::new(store);
        let keeps = Keeps { diary: kept.clone(), appointments: kept.clone(), audit: kept };
        let provider = Provider::new(settings, self.keys.clone(), keeps, self.clock.clone(), IdsOf::party(2));
        let door = self.door_for_certificates();
        tokio::spawn(provider::run(listener, door, Limits::default(), Arc::new(provider), self.stop.clone()));
    }

    async fn start_registry_on(&self, listener: TcpListener) {
        let kept = Arc::new(self.store("registry").await);
        let settings = registry::Settings {
            bases: bases(&self.registry_bases()),
            trust: trust(self.registry_bases()),
            publisher: "Test Registry".to_owned(),
            version: "0.1.0".to_owned(),
            body_limit: 256 * 1024,
            definitions: profile::Definitions::standard(),
        };
        let ids = IdsOf::party(100 + COUNT.fetch_add(1, Ordering::Relaxed));
        let registry = Registry::new(settings, self.keys.clone(), kept.clone(), kept, self.clock.clone(), ids);
        let stop = CancellationToken::new();
        *self.stop_registry.lock().unwrap() = stop.clone();
        let door = self.door_for_certificates();
        tokio::spawn(registry::run(listener, door, Limits::default(), Arc::new(registry), stop));
    }

    /// Ends the Registry: its port is closed when this returns.
    pub(crate) async fn stop_registry(&self) {
        self.stop_registry.lock().unwrap().cancel();
        while tokio::net::TcpStream::connect(self.registry).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }

    /// Starts the Registry again over its database, on its port.
    pub(crate) async fn start_registry(&self) {
        self.start_registry_on(TcpListener::bind(self.registry).await.expect("its port")).await;
    }

    async fn start_ssp(&self, listener: TcpListener) {
        let means = Means {
            settings: ssp::Settings::default(),
            client: self.client(&self.nhs.client(SSP_FQDN)),
            directory: Arc::new(self.directory_client()),
            audit: Arc::new(self.store("ssp").await),
            clock: self.clock.clone(),
            ids: IdsOf::party(3),
        };
        let tls = self.server_tls(self.certificates_required());
        tokio::spawn(ssp::run(listener, tls, Limits::default(), means, self.stop.clone()));
    }

    fn certificates_required(&self) -> ClientCertificates {
        ClientCertificates::Required { trust: self.nhs.trust(), reject: Reject::Http49x }
    }

    pub(crate) fn server_tls(&self, clients: ClientCertificates) -> Arc<ServerTls> {
        let settings =
            ServerTlsSettings { identity: self.nhs.server().identity(), clients, versions: Versions::Only12 };
        Arc::new(ServerTls::new(settings, Arc::new(FixedClock::default())).expect("TLS"))
    }

    fn door(&self, clients: ClientCertificates) -> Door {
        Door::Tls(self.server_tls(clients))
    }

    /// The door of a party that wants its clients' certificates.
    pub(crate) fn door_for_certificates(&self) -> Door {
        self.door(self.certificates_required())
    }

    fn client(&self, certificate: &Issued) -> Client {
        let settings = ClientTlsSettings {
            identity: Some(certificate.identity()),
            trust: self.nhs.trust(),
            common_name_only: None,
            versions: Versions::Only12,
        };
        Client::new(tls::client_config(settings, Arc::new(FixedClock::default())).expect("TLS"))
    }

    fn directory_client(&self) -> DirectoryClient {
        let url = format!("ldap://{}", self.sds);
        DirectoryClient::new(DirectorySettings::new(url, "ou=services,o=nhs".to_owned(), None))
    }

    fn provider_bases(&self) -> Vec<String> {
        ["1", "2"].map(|major| format!("https://localhost:{}/STU3/{major}/demo", self.provider.port())).to_vec()
    }

    pub(crate) fn registry_bases(&self) -> Vec<String> {
        ["1", "2"]
            .map(|major| format!("https://localhost:{}/STU3/{major}/registry", self.registry_wire.address.port()))
            .to_vec()
    }

    fn of_this_dialect(&self, bases: Vec<String>) -> String {
        let part = format!("/STU3/{}/", self.dialect.major);
        bases.into_iter().find(|base| base.contains(&part)).expect("a base of the dialect")
    }

    /// The Provider's root, as the directory names it.
    pub(crate) fn root(&self) -> String {
        self.of_this_dialect(self.provider_bases())
    }

    /// What a Consumer is told.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            asid: Asid::parse(CONSUMER).expect("an ASID"),
            organisation: OdsCode::parse("A1001").expect("an ODS code"),
            organisation_name: "Test 111".to_owned(),
            system: "Test Consumer".to_owned(),
            dialect: self.dialect,
            ssp: format!("https://localhost:{}", self.ssp.port()),
            token: Some(TokenClient {
                endpoint: format!("https://localhost:{}/oauth2/token", self.token.port()),
                client_id: CLIENT_ID.to_owned(),
                client_secret: SECRET.to_owned(),
            }),
            registry: Some(self.of_this_dialect(self.registry_bases())),
            answer_limit: 4 << 20,
            timeouts: Timeouts::default(),
            back_off: vec![Duration::ZERO; 3],
            patience: Duration::from_secs(5),
        }
    }

    /// A Consumer whose messages are watched, with a place to keep what the Registry cannot be told.
    pub(crate) async fn consumer(&self) -> Consumer {
        self.consumer_with(|_| {}).await
    }

    pub(crate) async fn consumer_with(&self, change: impl FnOnce(&mut Settings)) -> Consumer {
        self.consumer_of(self.directory_client(), change).await
    }

    /// A Consumer that reaches the directory over a wire which can be cut.
    pub(crate) async fn consumer_over(&self, directory: &CutWire) -> Consumer {
        let url = format!("ldap://{}", directory.address);
        let settings = DirectorySettings::new(url, "ou=services,o=nhs".to_owned(), None);
        self.consumer_of(DirectoryClient::new(settings), |_| {}).await
    }

    /// A Consumer whose directory is at a port where nobody listens.
    pub(crate) async fn consumer_of_no_directory(&self) -> Consumer {
        let (closed, address) = listener().await;
        drop(closed);
        let url = format!("ldap://{address}");
        let settings = DirectorySettings::new(url, "ou=services,o=nhs".to_owned(), None);
        self.consumer_of(DirectoryClient::new(settings), |_| {}).await
    }

    async fn consumer_of(&self, directory: DirectoryClient, change: impl FnOnce(&mut Settings)) -> Consumer {
        let mut settings = self.settings();
        change(&mut settings);
        let outbox: Arc<dyn Outbox> = Arc::new(self.store("consumer").await);
        let client = Arc::new(self.client(&self.nhs.client("consumer.test")));
        let ids = IdsOf::party(200 + COUNT.fetch_add(1, Ordering::Relaxed));
        Consumer::new(settings, client, directory, Some(outbox), self.clock.clone(), ids)
            .watched_by(self.watching.clone())
    }

    /// The messages since the last time.
    pub(crate) fn watched(&self) -> Vec<WireMessage> {
        std::mem::take(&mut *self.watching.0.lock().unwrap())
    }
}

async fn store_in(folder: &Path, name: &str) -> Store {
    let run = format!("run-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    Store::open_sqlite(&folder.join(format!("{name}.db")), &run).await.expect("a database")
}

/// Tells parties apart that are started again, within this process.
static COUNT: AtomicU64 = AtomicU64::new(1);

/// The LDIF of one nhsMhs.
pub(crate) fn mhs(id: &str, party: &str, interaction: &str, fqdn: &str, endpoint: &str) -> String {
    format!(
        "dn: uniqueIdentifier={id},ou=Services,o=nhs\nobjectClass: top\nobjectClass: nhsMhs\nuniqueIdentifier: {id}\n\
         nhsMhsCPAId: {id}\nnhsMHSPartyKey: {party}\nnhsMhsSvcIA: {interaction}\nnhsMhsFQDN: {fqdn}\n\
         nhsMHSEndPoint: {endpoint}\n\n"
    )
}

fn bases(urls: &[String]) -> Vec<Base> {
    let named = |dialect| Dialect::named(dialect).expect("a dialect");
    urls.iter().zip(["1.0.4", "2.0.4"]).map(|(url, dialect)| Base::new(url, named(dialect)).expect("a base")).collect()
}

fn trust(audiences: Vec<String>) -> Trust {
    let groups = [(READ_ID, Group::ReadSlot), (BOOK_ID, Group::CreateAppointment)];
    Trust {
        issuer: ISSUER.to_owned(),
        audiences,
        groups: groups.map(|(id, group)| (id.to_string(), group)).into(),
        clients: spine::token::ClientNames::new(),
        organisations: Vec::new(),
        leeway: 60,
        accept_unsigned: AcceptUnsigned::BehindSsp,
    }
}

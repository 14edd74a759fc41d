//! Where everything of a demo is: its ports, its service roots, its files, as configuration, as environment file and as the parts
//! on the first page.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::{Context, Result};
use roles::edge::client::Authority;
use roles::web::{Command, Link, Part, count_slots};
use tokio::net::TcpListener as TokioListener;

use super::clients;
use super::directory::{CONSUMER, REGISTRY, SECOND_CONSUMER, SERVICE_ONE, SERVICE_TWO};
use super::folder::{Folder, SECRETS};
use crate::config::Raw;
use crate::environment::{
    BookableService, CONSUMER_ODS_CODE, CONSUMER_ORGANISATION, Consumer, Credential, Environment, Provider, Registry,
    Sds, Token,
};
use crate::network::{OperationsSockets, Pages, Shared, Sockets};
use crate::pki::{CA_FILE, CA_KEY_FILE, CRL_FILE, SSP_CLIENT_FQDN, TOKEN_KEY_FILE};
use crate::verbs::demo::Args;

/// The dialects, each with the major version in its service root (VER-10).
const DIALECTS: [(&str, u8); 2] = [("1.0.4", 1), ("2.0.4", 2)];
/// The base of both booking look-ups.
const SDS_BASE: &str = "ou=services,o=nhs";

/// The demo's places.
#[derive(Clone)]
pub(super) struct Layout {
    dialect: String,
    store: String,
    addresses: BTreeMap<&'static str, SocketAddr>,
    files: BTreeMap<&'static str, String>,
}

/// Every file of the folder that a key names.
const FILES: [&str; 19] = [
    CA_FILE,
    CRL_FILE,
    TOKEN_KEY_FILE,
    "ssp-server.pem",
    "ssp-server.key",
    "sds-server.pem",
    "sds-server.key",
    "token-server.pem",
    "token-server.key",
    "provider-server.pem",
    "provider-server.key",
    "registry-server.pem",
    "registry-server.key",
    "ssp.pem",
    "ssp.key",
    "consumer.pem",
    "consumer.key",
    SECRETS[0],
    "data",
];

impl Layout {
    /// The places of a demo with these listeners, by the names that `ports` gives them.
    pub(super) fn new(args: &Args, folder: &Folder, listeners: &BTreeMap<&'static str, TcpListener>) -> Result<Self> {
        let addresses =
            listeners.iter().map(|(name, listener)| Ok((*name, listener.local_addr()?))).collect::<Result<_>>()?;
        let files = FILES.iter().map(|name| (*name, folder.file(name))).collect();
        Ok(Self { dialect: args.dialect.name.to_owned(), store: args.store.clone(), addresses, files })
    }

    fn port(&self, part: &str) -> u16 {
        self.addresses.get(part).map_or(0, SocketAddr::port)
    }

    fn plain(&self, part: &str) -> String {
        format!("http://127.0.0.1:{}", self.port(part))
    }

    fn secure(&self, part: &str) -> String {
        format!("https://localhost:{}", self.port(part))
    }

    fn bases(&self, part: &str, segment: &str) -> BTreeMap<String, String> {
        let base = |major: u8| format!("{}/STU3/{major}/{segment}", self.secure(part));
        DIALECTS.iter().map(|(dialect, major)| ((*dialect).to_owned(), base(*major))).collect()
    }

    fn endpoint(&self, part: &str, segment: &str) -> String {
        self.bases(part, segment).remove(&self.dialect).unwrap_or_default()
    }

    /// The Provider's service root that SDS names.
    pub(super) fn provider_endpoint(&self) -> String {
        self.endpoint("provider", "demo")
    }

    /// The Registry's.
    pub(super) fn registry_endpoint(&self) -> String {
        self.endpoint("registry", "registry")
    }

    fn issuer(&self) -> String {
        format!("{}/{TENANT}/", self.secure("token"))
    }

    /// The demo's settings, which go over the user's own like flags: (where from, key, value).
    pub(super) fn settings(&self) -> Vec<(&str, &str, Raw)> {
        let file = |name: &str| Raw::Text(self.files.get(name).cloned().unwrap_or_default());
        let text = |value: &str| Raw::Text(value.to_owned());
        let listen = |part: &str| Raw::Text(format!("127.0.0.1:{}", self.port(part)));
        let provider = self.bases("provider", "demo");
        let registry = self.bases("registry", "registry");
        let audiences = provider.values().chain(registry.values()).cloned().collect();
        let mut settings = vec![
            ("process.demonstration", Raw::Switch(true)),
            ("store.url", text(&self.store)),
            ("store.folder", file("data")),
            ("tls.ca_file", file(CA_FILE)),
            ("tls.crl_files", Raw::List(self.files.get(CRL_FILE).cloned().into_iter().collect())),
            ("jwt.issuer", text(&self.issuer())),
            ("jwt.jwks", text(&self.jwks())),
            ("jwt.tenant", text(TENANT)),
            ("ssp.client_cert_file", file("ssp.pem")),
            ("ssp.client_key_file", file("ssp.key")),
            ("ssp.client_fqdns", Raw::List(vec![SSP_CLIENT_FQDN.to_owned()])),
            ("ssp.sds", text(&self.ldaps())),
            ("ssp.sds_base", text(SDS_BASE)),
            ("sds.listen", listen("ldap")),
            ("sds.listen_tls", listen("ldaps")),
            ("sds.listen_fhir", listen("sds fhir")),
            ("token.public_url", text(&self.secure("token"))),
            ("token.signing_key_file", file(TOKEN_KEY_FILE)),
            ("token.audiences", Raw::List(audiences)),
            ("provider.dialect", text(&self.dialect)),
            ("provider.asids", Raw::List(vec![SERVICE_ONE.to_owned(), SERVICE_TWO.to_owned()])),
            ("provider.bases", Raw::Table(provider)),
            ("provider.test_service_ids", Raw::Table(test_service_ids())),
            ("registry.dialect", text(&self.dialect)),
            ("registry.asid", text(REGISTRY)),
            ("registry.bases", Raw::Table(registry)),
            ("consumer.dialect", text(&self.dialect)),
            ("consumer.asid", text(CONSUMER)),
            ("consumer.ods_code", text(CONSUMER_ODS_CODE)),
            ("consumer.organisation", text(CONSUMER_ORGANISATION)),
            ("consumer.cert_file", file("consumer.pem")),
            ("consumer.key_file", file("consumer.key")),
            ("consumer.client_id", text(clients::CONSUMER)),
            ("consumer.client_secret_file", file(SECRETS[0])),
            ("consumer.ssp", text(&self.secure("ssp"))),
            ("consumer.sds", text(&self.ldaps())),
            ("consumer.token_endpoint", text(&self.token_endpoint())),
            ("consumer.registry", text(&self.registry_endpoint())),
            ("consumer.registry_asid", text(REGISTRY)),
            ("web.listen", listen("web")),
            ("admin.listen", listen("admin")),
        ];
        for (listen_key, cert_key, key_key, part, cert, key) in SERVERS {
            settings.push((listen_key, listen(part)));
            settings.push((cert_key, file(cert)));
            settings.push((key_key, file(key)));
        }
        settings.into_iter().filter(|(key, _)| !key.is_empty()).map(|(key, raw)| ("careslot demo", key, raw)).collect()
    }

    fn ldaps(&self) -> String {
        format!("ldaps://localhost:{}", self.port("ldaps"))
    }

    fn sds_fhir(&self) -> String {
        format!("{}{}", self.plain("sds fhir"), roles::sds::fhir::BASE)
    }

    fn jwks(&self) -> String {
        format!("{}/.well-known/jwks.json", self.secure("token"))
    }

    fn token_endpoint(&self) -> String {
        format!("{}/oauth2/token", self.secure("token"))
    }

    /// What the environment file says.
    pub(super) fn environment(&self, folder: &Folder) -> Environment {
        let consumer = |asid: &str, name: &str, client_id: &str, secret: &str, note: Option<&str>| Consumer {
            asid: asid.to_owned(),
            note: note.map(str::to_owned),
            client_id: client_id.to_owned(),
            client_secret_file: secret.into(),
            cert: format!("{name}.pem").into(),
            key: format!("{name}.key").into(),
        };
        let service =
            |id: &str, name: &str| BookableService { id: id.to_owned(), asid: id.to_owned(), name: name.to_owned() };
        let bad = [("expired", "expired"), ("revoked", "revoked"), ("other_ca", "other-ca"), ("cn_only", "cn-only")];
        debug_assert!(folder.path().is_absolute());
        Environment {
            careslot: env!("CARGO_PKG_VERSION").to_owned(),
            dialect: self.dialect.clone(),
            pid: std::process::id(),
            ca: CA_FILE.into(),
            ca_key: CA_KEY_FILE.into(),
            web: self.plain("web"),
            ssp: self.secure("ssp"),
            sds: Sds {
                ldap: format!("ldap://127.0.0.1:{}", self.port("ldap")),
                ldaps: self.ldaps(),
                base: SDS_BASE.to_owned(),
                fhir: Some(self.sds_fhir()),
            },
            token: Token {
                endpoint: self.token_endpoint(),
                jwks: self.jwks(),
                issuer: self.issuer(),
                signing_key: TOKEN_KEY_FILE.into(),
            },
            provider: Provider {
                endpoint: self.provider_endpoint(),
                bases: self.bases("provider", "demo"),
                services: vec![service(SERVICE_ONE, "Service One"), service(SERVICE_TWO, "Service Two")],
            },
            registry: Registry {
                endpoint: self.registry_endpoint(),
                asid: REGISTRY.to_owned(),
                bases: self.bases("registry", "registry"),
            },
            validator: format!("{}/STU3", self.plain("web")),
            consumer: consumer(CONSUMER, "consumer", clients::CONSUMER, SECRETS[0], None),
            ssp_client: Credential::named("ssp", None),
            second_consumer: consumer(
                SECOND_CONSUMER,
                "second-consumer",
                clients::SECOND_CONSUMER,
                SECRETS[1],
                Some("registered in SDS for slot search only; a certificate of its own"),
            ),
            stranger: Credential::named(
                "stranger",
                Some("a certificate from the same CA that no ASID is registered for"),
            ),
            bad_certificates: bad.map(|(name, file)| (name.to_owned(), Credential::named(file, None))).into(),
            admin: Some(self.plain("admin")),
            operations: OPERATIONS.map(|role| (role.to_owned(), self.plain(&format!("{role} operations")))).into(),
        }
    }

    /// What the first page shows.
    pub(super) async fn pages(&self, shared: &Shared) -> Result<Pages> {
        let both = Some("1.0.4 and 2.0.4".to_owned());
        let part = |name: &str, role: &str, duty: &str, addresses: Vec<String>, dialect: Option<String>| Part {
            name: name.to_owned(),
            duty: duty.to_owned(),
            addresses,
            operations: Authority::of_url(&self.plain(&format!("{role} operations"))).map(|(authority, _)| authority),
            dialect,
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        };
        let ldap = format!("ldap://127.0.0.1:{}", self.port("ldap"));
        let registry: Vec<String> = self.bases("registry", "registry").into_values().collect();
        let provider: Vec<String> = self.bases("provider", "demo").into_values().collect();
        let store = shared.stores.of("provider").await.context("the diary cannot be counted")?;
        let command = |what: &str, line: String| Command { what: what.to_owned(), line };
        Ok(Pages {
            parts: vec![
                part("SDS", "sds", "says where a service is", vec![ldap.clone(), self.ldaps(), self.sds_fhir()], None),
                part("Token endpoint", "token", "gives out access tokens", vec![self.token_endpoint()], None),
                part("SSP", "ssp", "every call goes through it", vec![self.secure("ssp")], None),
                part("Provider", "provider", "offers Slots and holds Appointments", provider, both.clone()),
                part("Registry", "registry", "knows where a patient's Appointments are", registry, both),
                part("Pages", "web", "what you are looking at", vec![self.plain("web")], None),
            ],
            slots: Some(count_slots(Arc::new(store), shared.clock.clone())),
            commands: vec![
                command("Look a service up", format!("careslot endpoint {SERVICE_ONE}")),
                command("Search for free Slots", format!("careslot slots {SERVICE_ONE} --from tomorrow --to tomorrow")),
                command("Ask the directory yourself", ldapsearch(&ldap)),
            ],
            links: vec![Link {
                what: "The token endpoint's discovery document".to_owned(),
                address: format!("{}/.well-known/openid-configuration", self.secure("token")),
            }],
        })
    }
}

/// What the service ids of the official test pack stand for here (ASR-03). Where the pack makes the request itself wrong, the id is that of
/// a service as good as any.
fn test_service_ids() -> BTreeMap<String, String> {
    let ids = [
        ("999999999", SERVICE_ONE),
        ("999999998", "none"),
        ("999999997", SERVICE_ONE),
        ("999999996", SERVICE_ONE),
        ("999999995", "fault"),
        ("999999994", SERVICE_ONE),
        ("999999993", SERVICE_ONE),
    ];
    ids.map(|(id, meaning)| (id.to_owned(), meaning.to_owned())).into()
}

/// The tenant of the demo's tokens.
const TENANT: &str = "00000000-0000-4000-8000-000000000001";

/// The roles that have an operations listener.
const OPERATIONS: [&str; 6] = ["web", "ssp", "provider", "registry", "sds", "token"];

/// Listener and certificate keys of each server: keys of the configuration, part, files. An empty key has no listener of its own here.
const SERVERS: [(&str, &str, &str, &str, &str, &str); 5] = [
    ("ssp.listen", "ssp.cert_file", "ssp.key_file", "ssp", "ssp-server.pem", "ssp-server.key"),
    ("", "sds.cert_file", "sds.key_file", "ldaps", "sds-server.pem", "sds-server.key"),
    ("token.listen", "token.cert_file", "token.key_file", "token", "token-server.pem", "token-server.key"),
    (
        "provider.listen",
        "provider.cert_file",
        "provider.key_file",
        "provider",
        "provider-server.pem",
        "provider-server.key",
    ),
    (
        "registry.listen",
        "registry.cert_file",
        "registry.key_file",
        "registry",
        "registry-server.pem",
        "registry-server.key",
    ),
];

/// The first of both look-ups, as a command.
pub(super) fn ldapsearch(ldap: &str) -> String {
    format!("ldapsearch -x -LLL -H {ldap} -b {SDS_BASE} '(uniqueIdentifier={SERVICE_ONE})' nhsMHSPartyKey")
}

/// The listeners, handed to the roles.
pub(super) fn sockets(mut listeners: BTreeMap<&'static str, TcpListener>) -> Result<Sockets> {
    let mut take = |name: &str| -> Result<Option<TokioListener>> {
        Ok(listeners.remove(name).map(TokioListener::from_std).transpose()?)
    };
    Ok(Sockets {
        web: take("web")?,
        ssp: take("ssp")?,
        provider: take("provider")?,
        registry: take("registry")?,
        token: take("token")?,
        sds: take("ldap")?,
        sds_tls: take("ldaps")?,
        sds_fhir: take("sds fhir")?,
        admin: take("admin")?,
        operations: OperationsSockets {
            web: take("web operations")?,
            ssp: take("ssp operations")?,
            provider: take("provider operations")?,
            registry: take("registry operations")?,
            sds: take("sds operations")?,
            token: take("token operations")?,
        },
    })
}

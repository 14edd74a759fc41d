//! One typed struct for each section of `careslot.toml`, with what has to hold within it; and what has to hold between sections.

mod consumer;
mod directory;
mod house;
mod jwt;
mod pages;
mod parties;
mod proxy;
mod tls;
mod token;
mod validation;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

pub use consumer::Consumer;
pub use directory::Sds;
pub use house::{Audit, AuditWait, Http, LogFormat, Process, Store};
pub use jwt::{AcceptUnsigned, ErrorProfile, Jwt};
pub use pages::{Admin, Web};
pub use parties::{Base, Provider, Registry};
pub use proxy::{Compat, ErrorStyle, Ssp, TokenCheck};
pub use tls::{Revocation, Tls, TlsReject};
pub use token::Token;
pub use validation::Validation;

use super::Config;
use super::layers::Layers;
use super::problem::Problems;
use super::reader::Reader;

/// A certificate chain (PEM: leaf, then issuers) and its private key (PEM, PKCS#8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// File of the chain.
    pub cert: PathBuf,
    /// File of the key.
    pub key: PathBuf,
}

impl Identity {
    /// Two keys that belong together: both are set or neither is.
    fn read(reader: &mut Reader<'_>, cert_key: &str, key_key: &str) -> Option<Self> {
        match (reader.file(cert_key), reader.file(key_key)) {
            (Some(cert), Some(key)) => Some(Self { cert, key }),
            (None, None) => None,
            (cert, _) => {
                let (set, absent) = if cert.is_some() { (cert_key, key_key) } else { (key_key, cert_key) };
                reader.problem(set, format!("is set and {absent} is not"), "set both, or neither");
                None
            }
        }
    }
}

/// Every section, with all problems noted.
pub(super) fn read(layers: &Layers, problems: &mut Problems) -> Config {
    read_and_list(layers, problems, &mut BTreeSet::new())
}

/// The same, noting every key that was asked for.
pub(super) fn read_and_list(layers: &Layers, problems: &mut Problems, asked: &mut BTreeSet<String>) -> Config {
    let mut reader = Reader::new(layers, problems, asked);
    let config = Config {
        process: Process::read(reader.section("process")),
        store: Store::read(reader.section("store")),
        audit: Audit::read(reader.section("audit")),
        http: Http::read(reader.section("http")),
        tls: Tls::read(reader.section("tls")),
        jwt: Jwt::read(reader.section("jwt")),
        ssp: Ssp::read(reader.section("ssp")),
        sds: Sds::read(reader.section("sds")),
        token: Token::read(reader.section("token")),
        provider: Provider::read(reader.section("provider")),
        registry: Registry::read(reader.section("registry")),
        consumer: Consumer::read(reader.section("consumer")),
        web: Web::read(reader.section("web")),
        admin: Admin::read(reader.section("admin")),
        validation: Validation::read(reader.section("validation")),
    };
    check_together(&config, &mut reader);
    config
}

/// What has to hold between sections.
fn check_together(config: &Config, reader: &mut Reader<'_>) {
    let mut taken: Vec<(SocketAddr, String)> = Vec::new();
    for (section, key, address) in listeners(config) {
        let Some(address) = address.filter(|address| address.port() != 0) else { continue };
        match taken.iter().find(|(other, _)| *other == address) {
            Some((_, other)) => {
                let what = format!("is {address}, and so is {other}");
                reader.section(section).problem(key, what, "give each listener a port of its own");
            }
            None => taken.push((address, format!("{section}.{key}"))),
        }
    }
    let of_demonstrations = [
        ("demonstrator_checks", config.provider.demonstrator_checks),
        ("test_service_ids", !config.provider.test_service_ids.is_empty()),
    ];
    for (key, _) in of_demonstrations.into_iter().filter(|(_, is_set)| *is_set && !config.process.demonstration) {
        let cure = "take it out, or set process.demonstration where nobody's real bookings are made";
        reader.section("provider").problem(key, "is set, and this is no demonstration", cure);
    }
}

/// Every listener that may be opened.
fn listeners(config: &Config) -> [(&'static str, &'static str, Option<SocketAddr>); 15] {
    [
        ("web", "listen", config.web.listen),
        ("web", "operations", config.web.operations),
        ("ssp", "listen", config.ssp.listen),
        ("ssp", "operations", config.ssp.operations),
        ("provider", "listen", config.provider.listen),
        ("provider", "operations", config.provider.operations),
        ("registry", "listen", config.registry.listen),
        ("registry", "operations", config.registry.operations),
        ("token", "listen", config.token.listen),
        ("token", "operations", config.token.operations),
        ("sds", "listen", config.sds.listen),
        ("sds", "listen_tls", config.sds.listen_tls),
        ("sds", "listen_fhir", config.sds.listen_fhir),
        ("sds", "operations", config.sds.operations),
        ("admin", "listen", config.admin.listen),
    ]
}

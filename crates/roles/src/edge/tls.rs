//! TLS as the Spine wants it, with rustls and aws-lc-rs: version 1.2 with the first two suites of TLS-04 (TLS-02,
//! TLS-05), 1.3 only when allowed, ALPN `http/1.1` (TLS-20), keys and certificates exchangeable while running (TLS-22).
//!
//! The other six suites of TLS-04 and SHA-1 chains (TLS-11) do not exist in rustls and are not offered.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
pub use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs::{self, cipher_suite as suites};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::ServerSessionMemoryCache;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

use super::clock::{Clock, TlsClock};
use super::crl::{self, Revocation};
use super::shards::Shards;
use super::verify::{CompletesTheHandshake, Judge, ServerNames};

/// A grace that never ends.
const FOR_GOOD: Duration = Duration::from_secs(u32::MAX as u64);

/// How many sessions a listener remembers for resumption. A resumed session's certificate is judged again each time,
/// so that resumption cannot outlive a revocation (TLS-14).
const REMEMBERED_SESSIONS: usize = 4096;

/// Why keys, certificates or lists cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// The text holds nothing of the kind that was expected.
    #[error("no {what} found: expected PEM text with at least one")]
    Empty {
        /// What was looked for.
        what: &'static str,
    },
    /// The text is not PEM, or what it holds cannot be parsed.
    #[error("the {what} cannot be read: {fault}")]
    BadPem {
        /// What was being read.
        what: &'static str,
        /// What is wrong with it.
        fault: String,
    },
    /// Revocation must be checked, but there is no list to check against (TLS-14).
    #[error("revocation is set to hard-fail but no revocation list was given: give one, or choose soft-fail")]
    NoRevocationList,
    /// The parts do not fit each other, for instance a key that is not the certificate's.
    #[error("the certificate cannot be used: {0}")]
    Unusable(String),
}

impl From<rustls::Error> for TlsFault {
    fn from(fault: rustls::Error) -> Self {
        Self::Unusable(fault.to_string())
    }
}

/// A certificate chain (leaf first) and its private key.
#[derive(Debug)]
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self { chain: self.chain.clone(), key: self.key.clone_key() }
    }
}

impl Identity {
    /// Reads the chain (leaf first) and the key from PEM text.
    ///
    /// # Errors
    /// When either holds nothing that can be used.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, TlsFault> {
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|fault| TlsFault::BadPem { what: "private key", fault: fault.to_string() })?;
        Ok(Self { chain: certificates(chain)?, key })
    }
}

/// Which authorities are believed, and what their revocation lists say (TLS-06, TLS-12). Live and path-to-live
/// authorities never belong into one `Trust` (TLS-15).
#[derive(Debug, Clone)]
pub struct Trust {
    pub(crate) roots: Arc<RootCertStore>,
    pub(crate) lists: Vec<CertificateRevocationListDer<'static>>,
    pub(crate) revocation: Revocation,
    pub(crate) grace: Duration,
    pub(crate) shards: Option<Arc<Shards>>,
}

impl Trust {
    /// Also fetches the lists that client certificates name (TLS-13).
    #[must_use]
    pub fn fetching(mut self, shards: Arc<Shards>) -> Self {
        self.shards = Some(shards);
        self
    }

    /// How long a list is used after its successor was due, under hard-fail (TLS-12, TLS-14). Without this, for good.
    #[must_use]
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Reads authorities from PEM text, and revocation lists from PEM or DER.
    ///
    /// # Errors
    /// When there is no authority, or something cannot be parsed, or revocation is `HardFail` without any list.
    pub fn from_pem(authorities: &[u8], lists: &[&[u8]], revocation: Revocation) -> Result<Self, TlsFault> {
        let mut roots = RootCertStore::empty();
        for authority in certificates(authorities)? {
            roots.add(authority)?;
        }
        let mut read = Vec::new();
        for list in lists {
            read.extend(crl::revocation_lists(list)?);
        }
        if read.is_empty() && revocation == Revocation::HardFail {
            return Err(TlsFault::NoRevocationList);
        }
        Ok(Self { roots: Arc::new(roots), lists: read, revocation, grace: FOR_GOOD, shards: None })
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let read = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|fault| TlsFault::BadPem { what: "certificate", fault: fault.to_string() })?;
    if read.is_empty() { Err(TlsFault::Empty { what: "certificate" }) } else { Ok(read) }
}

/// Which TLS versions are spoken (TLS-02).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Versions {
    /// TLS 1.2 only, as every source says. The default.
    #[default]
    Only12,
    /// TLS 1.2 and 1.3.
    Allow13,
}

impl Versions {
    fn protocols(self) -> Vec<&'static SupportedProtocolVersion> {
        match self {
            Self::Only12 => vec![&rustls::version::TLS12],
            Self::Allow13 => vec![&rustls::version::TLS13, &rustls::version::TLS12],
        }
    }
}

/// What happens to a client without a certificate, or with a bad one (TLS-18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reject {
    /// The handshake completes, and the first request is answered with 495 or 496. The default.
    #[default]
    Http49x,
    /// The handshake ends with an alert.
    Close,
}

/// What a listener asks of its clients.
#[derive(Debug, Clone)]
pub enum ClientCertificates {
    /// Nothing: the token endpoint, for instance.
    NotAsked,
    /// A certificate of these authorities.
    Required {
        /// Who may have issued it.
        trust: Trust,
        /// What happens otherwise.
        reject: Reject,
    },
}

/// Everything a TLS listener needs, as values.
#[derive(Debug, Clone)]
pub struct ServerTlsSettings {
    /// The listener's own certificate and key. The suites of TLS-04 need an RSA key.
    pub identity: Identity,
    /// What it asks of its clients.
    pub clients: ClientCertificates,
    /// Which versions it speaks.
    pub versions: Versions,
}

/// A listener's TLS, exchangeable while connections are open.
pub struct ServerTls {
    clock: Arc<dyn Clock>,
    live: ArcSwap<LiveServer>,
}

pub(crate) struct LiveServer {
    pub(crate) config: Arc<ServerConfig>,
    /// Judges certificates after the handshake; `None` where none is asked for.
    pub(crate) judge: Option<Judge>,
    /// Ends the connection of anyone whose verdict is bad.
    pub(crate) closes: bool,
}

impl ServerTls {
    /// Builds the TLS of a listener.
    ///
    /// # Errors
    /// When key, certificate and authorities do not fit together.
    pub fn new(settings: ServerTlsSettings, clock: Arc<dyn Clock>) -> Result<Self, TlsFault> {
        let live = LiveServer::new(settings, &clock)?;
        Ok(Self { clock, live: ArcSwap::from_pointee(live) })
    }

    /// Puts new keys, certificates, authorities or revocation lists in place. Connections that are open stay open;
    /// every handshake from now on uses the new ones (TLS-22).
    ///
    /// # Errors
    /// As [`ServerTls::new`]; the old ones then stay in place.
    pub fn replace(&self, settings: ServerTlsSettings) -> Result<(), TlsFault> {
        let live = LiveServer::new(settings, &self.clock)?;
        self.live.store(Arc::new(live));
        Ok(())
    }

    pub(crate) fn live(&self) -> Arc<LiveServer> {
        self.live.load_full()
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }
}

impl LiveServer {
    fn new(settings: ServerTlsSettings, clock: &Arc<dyn Clock>) -> Result<Self, TlsFault> {
        let provider = provider(settings.versions);
        let builder = ServerConfig::builder_with_details(provider.clone(), Arc::new(TlsClock(clock.clone())))
            .with_protocol_versions(&settings.versions.protocols())?;
        let (builder, judge, closes) = match settings.clients {
            ClientCertificates::NotAsked => (builder.with_no_client_auth(), None, false),
            ClientCertificates::Required { trust, reject } => {
                let judge = Judge::new(&trust, provider)?;
                let verifier = match reject {
                    Reject::Close if trust.shards.is_none() => judge.strict(),
                    // A list that has to be fetched first cannot be waited for within a handshake.
                    Reject::Http49x | Reject::Close => Arc::new(CompletesTheHandshake::around(judge.strict())) as _,
                };
                (builder.with_client_cert_verifier(verifier), Some(judge), reject == Reject::Close)
            }
        };
        note_expiry(&settings.identity);
        let mut config = builder.with_single_cert(settings.identity.chain, settings.identity.key)?;
        config.ignore_client_order = true; // TLS-03: the server's order of preference.
        // An HTTP/1.0 client is told in an answer what is wrong, and not by an alert.
        config.alpn_protocols = vec![b"http/1.1".to_vec(), b"http/1.0".to_vec()];
        config.session_storage = ServerSessionMemoryCache::new(REMEMBERED_SESSIONS);
        Ok(Self { config: Arc::new(config), judge, closes })
    }
}

/// When the certificate that is shown ends, for `/metrics` (TLS-22, SSP-102).
fn note_expiry(identity: &Identity) {
    let Some(leaf) = identity.chain.first() else { return };
    let Some((name, ends)) = super::verify::name_and_end(leaf) else { return };
    metrics::gauge!("cert_not_after_seconds", "cn" => name).set(ends);
}

/// Everything a TLS client needs, as values.
#[derive(Debug, Clone)]
pub struct ClientTlsSettings {
    /// The certificate to present, if any.
    pub identity: Option<Identity>,
    /// Which authorities may have issued the server's certificate.
    pub trust: Trust,
    /// Among them, those whose certificates may name the host in the common name only (TLS-10): the Spine's roots.
    pub common_name_only: Option<Trust>,
    /// Which versions to speak.
    pub versions: Versions,
}

/// A client's TLS configuration: for HTTPS, and for LDAPS.
///
/// # Errors
/// When key, certificate and authorities do not fit together.
pub fn client_config(settings: ClientTlsSettings, clock: Arc<dyn Clock>) -> Result<Arc<ClientConfig>, TlsFault> {
    let provider = provider(settings.versions);
    let names = ServerNames::new(&settings.trust, settings.common_name_only.as_ref(), provider.clone())?;
    let builder = ClientConfig::builder_with_details(provider, Arc::new(TlsClock(clock)))
        .with_protocol_versions(&settings.versions.protocols())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(names));
    let config = match settings.identity {
        Some(identity) => builder.with_client_auth_cert(identity.chain, identity.key)?,
        None => builder.with_no_client_auth(),
    };
    Ok(Arc::new(config))
}

/// The TLS of a client for listeners on this machine, which speak plain HTTP: it believes no server, so that it cannot be led
/// to speak to one over TLS.
///
/// # Errors
/// The parts do not fit each other, which does not happen.
pub fn believing_nobody(clock: Arc<dyn Clock>) -> Result<Arc<ClientConfig>, TlsFault> {
    let builder = ClientConfig::builder_with_details(provider(Versions::Only12), Arc::new(TlsClock(clock)))
        .with_protocol_versions(&Versions::Only12.protocols())?;
    Ok(Arc::new(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth()))
}

/// The suites, in the order of TLS-04; those of TLS 1.3 only where it is allowed.
fn provider(versions: Versions) -> Arc<CryptoProvider> {
    let mut offered =
        vec![suites::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, suites::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256];
    if versions == Versions::Allow13 {
        offered.extend([suites::TLS13_AES_256_GCM_SHA384, suites::TLS13_AES_128_GCM_SHA256]);
    }
    let groups: Vec<&'static dyn SupportedKxGroup> =
        vec![aws_lc_rs::kx_group::X25519, aws_lc_rs::kx_group::SECP256R1, aws_lc_rs::kx_group::SECP384R1];
    Arc::new(CryptoProvider { cipher_suites: offered, kx_groups: groups, ..aws_lc_rs::default_provider() })
}

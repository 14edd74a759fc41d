//! TLS of listeners and clients, from the files that `[tls]` and each role's section name.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use roles::edge::client::Client;
use roles::edge::clock::Clock;
use roles::edge::crl::Revocation;
use roles::edge::listen::Door;
use roles::edge::tls::{
    ClientCertificates, ClientConfig, ClientTlsSettings, Identity, Reject, ServerTls, ServerTlsSettings, Trust,
    Versions, client_config,
};

use super::Shared;
use crate::config;

/// What a listener asks of its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    /// Nothing.
    Nothing,
    /// A certificate, and refuses as `tls.reject` says.
    Certificate,
    /// A certificate, and ends the handshake without a good one: for protocols that have no HTTP status.
    CertificateOrClose,
}

/// The TLS of a listener, which reads its files again every `tls.reload_seconds` (TLS-22).
pub(super) fn server(shared: &Shared, identity: &config::Identity, asks: Asks) -> Result<Arc<ServerTls>> {
    let settings = server_settings(shared, identity, asks)?;
    let tls = Arc::new(ServerTls::new(settings, shared.clock.clone())?);
    if let Some(every) = shared.config.tls.reload {
        let (shared, identity, tls) = (shared.clone(), identity.clone(), tls.clone());
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
            loop {
                tokio::select! {
                    () = shared.shutdown.cancelled() => return,
                    _ = ticks.tick() => {}
                }
                let renewed = server_settings(&shared, &identity, asks).and_then(|settings| Ok(tls.replace(settings)?));
                if let Err(fault) = renewed {
                    tracing::error!(
                        fault = format!("{fault:#}"),
                        "keys and certificates could not be read again; the old ones stay"
                    );
                }
            }
        });
    }
    Ok(tls)
}

/// The same as a door.
pub(super) fn door(shared: &Shared, identity: &config::Identity, asks: Asks) -> Result<Door> {
    Ok(Door::Tls(server(shared, identity, asks)?))
}

/// The TLS of a client that shows this identity, if any.
pub(super) fn client(shared: &Shared, identity: Option<&config::Identity>) -> Result<Arc<ClientConfig>> {
    client_of(&shared.config.tls, shared.clock.clone(), identity)
}

fn client_of(
    tls: &config::Tls,
    clock: Arc<dyn Clock>,
    identity: Option<&config::Identity>,
) -> Result<Arc<ClientConfig>> {
    let trust = trust(tls)?;
    let settings = ClientTlsSettings {
        identity: identity.map(read_identity).transpose()?,
        common_name_only: tls.common_name_fallback.then(|| trust.clone()),
        trust,
        versions: versions(tls),
    };
    Ok(client_config(settings, clock)?)
}

/// An HTTPS client that shows this identity, if any.
pub(crate) fn https(shared: &Shared, identity: Option<&config::Identity>) -> Result<Client> {
    Ok(Client::new(client(shared, identity)?))
}

/// An HTTPS client that trusts what `[tls]` says and shows no certificate.
pub(crate) fn anonymous_https(tls: &config::Tls, clock: Arc<dyn Clock>) -> Result<Client> {
    Ok(Client::new(client_of(tls, clock, None)?))
}

fn server_settings(shared: &Shared, identity: &config::Identity, asks: Asks) -> Result<ServerTlsSettings> {
    let tls = &shared.config.tls;
    let reject = match (asks, tls.reject) {
        (Asks::CertificateOrClose, _) | (_, config::TlsReject::Close) => Reject::Close,
        (_, config::TlsReject::Http49x) => Reject::Http49x,
    };
    let clients = match asks {
        Asks::Nothing => ClientCertificates::NotAsked,
        Asks::Certificate | Asks::CertificateOrClose => {
            let trust = trust(tls)?;
            let trust = match &shared.shards {
                Some(shards) => trust.fetching(shards.clone()),
                None => trust,
            };
            ClientCertificates::Required { trust, reject }
        }
    };
    Ok(ServerTlsSettings { identity: read_identity(identity)?, clients, versions: versions(tls) })
}

fn trust(tls: &config::Tls) -> Result<Trust> {
    let ca = tls.ca.as_deref().context("tls.ca_file is not set")?;
    let lists = tls.crls.iter().map(|path| read(path)).collect::<Result<Vec<_>>>()?;
    let lists: Vec<&[u8]> = lists.iter().map(Vec::as_slice).collect();
    let revocation = match tls.revocation {
        config::Revocation::HardFail => Revocation::HardFail,
        config::Revocation::SoftFail => Revocation::SoftFail,
        config::Revocation::Off => Revocation::Off,
    };
    Ok(Trust::from_pem(&read(ca)?, &lists, revocation)?.with_grace(tls.crl_grace))
}

fn versions(tls: &config::Tls) -> Versions {
    if tls.allow_13 { Versions::Allow13 } else { Versions::Only12 }
}

fn read_identity(identity: &config::Identity) -> Result<Identity> {
    let read = Identity::from_pem(&read(&identity.cert)?, &read(&identity.key)?);
    read.with_context(|| format!("{} and {}", identity.cert.display(), identity.key.display()))
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

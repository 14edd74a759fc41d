//! TLS of listeners and clients, from the files that `[tls]` and each role's section name.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

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
        let (known, renewed) = (shared.clone(), tls.clone());
        let own = identity.clone();
        let renew = move || -> Result<()> { Ok(renewed.replace(server_settings(&known, &own, asks)?)?) };
        tokio::spawn(renewing(shared.clone(), identity.clone(), every, renew));
    }
    Ok(tls)
}

/// Renews what a client shows and believes, every `tls.reload_seconds` (TLS-22).
pub(super) fn renew_client<F>(shared: &Shared, identity: &config::Identity, replace: F)
where
    F: Fn(Arc<ClientConfig>) + Send + 'static,
{
    let Some(every) = shared.config.tls.reload else { return };
    let (known, own) = (shared.clone(), identity.clone());
    let renew = move || -> Result<()> {
        replace(client(&known, Some(&own))?);
        Ok(())
    };
    tokio::spawn(renewing(shared.clone(), identity.clone(), every, renew));
}

/// Runs `renew` whenever a file that it reads has changed, until shutdown. Files that have not changed are left alone:
/// renewing forgets sessions and resting connections.
fn renewing<F>(shared: Shared, identity: config::Identity, every: Duration, renew: F) -> impl Future<Output = ()> + Send
where
    F: Fn() -> Result<()> + Send,
{
    let mut known = contents(&shared.config.tls, &identity);
    async move {
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
        while shared.shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            let now = contents(&shared.config.tls, &identity);
            if now == known {
                continue;
            }
            match renew() {
                Ok(()) => known = now,
                Err(fault) => tracing::error!(
                    fault = format!("{fault:#}"),
                    "keys and certificates could not be read again; the old ones stay"
                ),
            }
        }
    }
}

/// What every file holds; nothing of one that cannot be read.
fn contents(tls: &config::Tls, identity: &config::Identity) -> Vec<Vec<u8>> {
    let own = [&identity.cert, &identity.key].into_iter();
    own.chain(&tls.ca).chain(&tls.crls).map(|path| fs::read(path).unwrap_or_default()).collect()
}

/// The same as a door.
pub(super) fn door(shared: &Shared, identity: &config::Identity, asks: Asks) -> Result<Door> {
    Ok(Door::Tls(server(shared, identity, asks)?))
}

/// The TLS of a client that shows this identity, if any.
pub(super) fn client(shared: &Shared, identity: Option<&config::Identity>) -> Result<Arc<ClientConfig>> {
    client_of(&shared.config.tls, shared.clock.clone(), identity, trust_of(shared)?)
}

fn client_of(
    tls: &config::Tls,
    clock: Arc<dyn Clock>,
    identity: Option<&config::Identity>,
    trust: Trust,
) -> Result<Arc<ClientConfig>> {
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
    let client = Client::new(client(shared, identity)?);
    Ok(match &shared.shards {
        Some(shards) => client.fetching(shards.clone()),
        None => client,
    })
}

/// An HTTPS client that trusts what `[tls]` says and shows no certificate.
pub(crate) fn anonymous_https(tls: &config::Tls, clock: Arc<dyn Clock>) -> Result<Client> {
    Ok(Client::new(client_of(tls, clock, None, trust(tls)?)?))
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
            ClientCertificates::Required { trust: trust_of(shared)?, reject }
        }
    };
    Ok(ServerTlsSettings { identity: read_identity(identity)?, clients, versions: versions(tls) })
}

/// The authorities with their lists, and what fetches further ones.
fn trust_of(shared: &Shared) -> Result<Trust> {
    let trust = trust(&shared.config.tls)?;
    Ok(match &shared.shards {
        Some(shards) => trust.fetching(shards.clone()),
        None => trust,
    })
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

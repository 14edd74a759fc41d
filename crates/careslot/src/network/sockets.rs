//! The listeners of a process, all bound before anything runs.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::config::{Config, Role};

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("{part} cannot listen on {address}: {error}")]
pub struct PortTaken {
    /// The key that names the address.
    pub part: &'static str,
    /// The address.
    pub address: SocketAddr,
    /// What the system says.
    pub error: io::Error,
}

/// Every listener that this process has; one that is not wanted is absent.
#[derive(Debug, Default)]
pub struct Sockets {
    /// The pages.
    pub web: Option<TcpListener>,
    /// The Secure Proxy.
    pub ssp: Option<TcpListener>,
    /// The Provider.
    pub provider: Option<TcpListener>,
    /// The Registry.
    pub registry: Option<TcpListener>,
    /// The token endpoint.
    pub token: Option<TcpListener>,
    /// Plain LDAP.
    pub sds: Option<TcpListener>,
    /// LDAP over mutual TLS.
    pub sds_tls: Option<TcpListener>,
    /// The FHIR face of the directory.
    pub sds_fhir: Option<TcpListener>,
    /// The administration listener.
    pub admin: Option<TcpListener>,
    /// The operations listeners.
    pub operations: OperationsSockets,
}

/// The operations listener of each role.
#[derive(Debug, Default)]
pub struct OperationsSockets {
    /// The pages'.
    pub web: Option<TcpListener>,
    /// The Secure Proxy's.
    pub ssp: Option<TcpListener>,
    /// The Provider's.
    pub provider: Option<TcpListener>,
    /// The Registry's.
    pub registry: Option<TcpListener>,
    /// The directory's.
    pub sds: Option<TcpListener>,
    /// The token endpoint's.
    pub token: Option<TcpListener>,
}

impl Sockets {
    /// Binds what the configuration names for these roles.
    ///
    /// # Errors
    /// The first address that cannot be had, with the key that names it.
    pub async fn bind(config: &Config, roles: &[Role]) -> Result<Self, PortTaken> {
        let wanted = |role: Role, address: Option<SocketAddr>| address.filter(|_| roles.contains(&role));
        let (web, ssp, sds) = (&config.web, &config.ssp, &config.sds);
        let (provider, registry, token) = (&config.provider, &config.registry, &config.token);
        Ok(Self {
            web: bind("web.listen", wanted(Role::Web, web.listen)).await?,
            ssp: bind("ssp.listen", wanted(Role::Ssp, ssp.listen)).await?,
            provider: bind("provider.listen", wanted(Role::Provider, provider.listen)).await?,
            registry: bind("registry.listen", wanted(Role::Registry, registry.listen)).await?,
            token: bind("token.listen", wanted(Role::Token, token.listen)).await?,
            sds: bind("sds.listen", wanted(Role::Sds, sds.listen)).await?,
            sds_tls: bind("sds.listen_tls", wanted(Role::Sds, sds.listen_tls)).await?,
            sds_fhir: bind("sds.listen_fhir", wanted(Role::Sds, sds.listen_fhir)).await?,
            admin: bind("admin.listen", config.admin.listen).await?,
            operations: OperationsSockets {
                web: bind("web.operations", wanted(Role::Web, web.operations)).await?,
                ssp: bind("ssp.operations", wanted(Role::Ssp, ssp.operations)).await?,
                provider: bind("provider.operations", wanted(Role::Provider, provider.operations)).await?,
                registry: bind("registry.operations", wanted(Role::Registry, registry.operations)).await?,
                sds: bind("sds.operations", wanted(Role::Sds, sds.operations)).await?,
                token: bind("token.operations", wanted(Role::Token, token.operations)).await?,
            },
        })
    }
}

async fn bind(part: &'static str, address: Option<SocketAddr>) -> Result<Option<TcpListener>, PortTaken> {
    let Some(address) = address else { return Ok(None) };
    let bound = TcpListener::bind(address).await;
    bound.map(Some).map_err(|error| PortTaken { part, address, error })
}

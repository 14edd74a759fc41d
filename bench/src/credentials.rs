//! What every measured party is equipped with: certificates of one authority, mutual TLS with the Spine's suites, a clock, ids.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use roles::edge::clock::{Clock, Ids};
use roles::edge::crl::Revocation;
use roles::edge::tls::{
    self, ClientCertificates, ClientTlsSettings, Identity, Reject, ServerTls, ServerTlsSettings, Trust, Versions,
};
use tokio_rustls::TlsConnector;

use crate::load::Fault;
use crate::pki::Authority;

/// The FQDN in the SSP's certificate.
pub(crate) const SSP_FQDN: &str = "ssp.test";

/// The authority and everybody's certificates.
pub(crate) fn write_certificates(folder: &Path) -> std::io::Result<()> {
    let authority = Authority::new("Root of the measurement");
    std::fs::write(folder.join("ca.pem"), &authority.pem)?;
    std::fs::write(folder.join("ca.crl"), authority.revocation_list(&[]))?;
    let issued = [
        ("server", authority.server()),
        ("ssp", authority.client(SSP_FQDN)),
        ("consumer", authority.client("consumer.test")),
    ];
    for (name, issued) in issued {
        std::fs::write(folder.join(format!("{name}.pem")), issued.chain)?;
        std::fs::write(folder.join(format!("{name}.key")), issued.key)?;
    }
    Ok(())
}

/// The TLS of a listener.
pub(crate) fn server_tls(folder: &Path) -> Result<Arc<ServerTls>, Fault> {
    let settings = ServerTlsSettings {
        identity: identity(folder, "server")?,
        clients: ClientCertificates::Required { trust: trust(folder)?, reject: Reject::Http49x },
        versions: Versions::Only12,
    };
    Ok(Arc::new(ServerTls::new(settings, Arc::new(SystemClock))?))
}

/// A client that presents the certificate of one party.
pub(crate) fn client_config(folder: &Path, name: &str) -> Result<Arc<rustls::ClientConfig>, Fault> {
    let settings = ClientTlsSettings {
        identity: Some(identity(folder, name)?),
        trust: trust(folder)?,
        common_name_only: None,
        versions: Versions::Only12,
    };
    Ok(tls::client_config(settings, Arc::new(SystemClock))?)
}

/// The same for the load generator.
pub(crate) fn client(folder: &Path, name: &str) -> Result<TlsConnector, Fault> {
    Ok(TlsConnector::from(client_config(folder, name)?))
}

fn identity(folder: &Path, name: &str) -> Result<Identity, Fault> {
    let read = |ending: &str| std::fs::read(folder.join(format!("{name}.{ending}")));
    Ok(Identity::from_pem(&read("pem")?, &read("key")?)?)
}

fn trust(folder: &Path) -> Result<Trust, Fault> {
    let (authority, list) = (std::fs::read(folder.join("ca.pem"))?, std::fs::read(folder.join("ca.crl"))?);
    Ok(Trust::from_pem(&authority, &[&list], Revocation::HardFail)?)
}

/// Real time.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "a measurement runs in real time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Random ids, as a deployed role has them.
pub(crate) struct RandomIds;

impl Ids for RandomIds {
    #[expect(clippy::disallowed_methods, reason = "a measurement needs no repeatable ids")]
    fn uuid(&self) -> uuid::Uuid {
        uuid::Uuid::new_v4()
    }
}

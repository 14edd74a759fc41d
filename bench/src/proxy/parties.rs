//! The parties of the measurement: the origin that both proxies call, the SSP, and the directory that the SSP asks.

use std::convert::Infallible;
use std::net::TcpListener as Socket;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use roles::edge::client::Client;
use roles::edge::directory::{DirectoryClient, DirectorySettings};
use roles::edge::listen::{self, Door, Limits};
use roles::edge::pace::PacedBody;
use roles::ssp::{self, Means, Settings};
use store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{FROM, SEARCH, TO};
use crate::credentials::{RandomIds, SystemClock, client_config, server_tls};
use crate::directory::Directory;
use crate::load::Fault;

/// Who listens where.
pub(super) struct Addresses {
    pub(super) origin: u16,
    pub(super) ssp: u16,
    pub(super) nginx: u16,
    pub(super) directory: std::cell::Cell<u16>,
}

impl Addresses {
    pub(super) fn free() -> std::io::Result<Self> {
        let sockets = [Socket::bind("127.0.0.1:0")?, Socket::bind("127.0.0.1:0")?, Socket::bind("127.0.0.1:0")?];
        let mut ports = [0; 3];
        for (port, socket) in ports.iter_mut().zip(&sockets) {
            *port = socket.local_addr()?.port();
        }
        let [origin, ssp, nginx] = ports;
        Ok(Self { origin, ssp, nginx, directory: std::cell::Cell::new(0) })
    }

    pub(super) fn write(&self, folder: &Path) -> std::io::Result<()> {
        let ports = [self.origin, self.ssp, self.nginx, self.directory.get()];
        std::fs::write(folder.join("ports"), ports.map(|port| port.to_string()).join(" "))
    }

    fn read(folder: &Path) -> Result<Self, Fault> {
        let text = std::fs::read_to_string(folder.join("ports"))?;
        let ports: Vec<u16> = text.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let [origin, ssp, nginx, directory] = ports.as_slice() else { return Err("four ports are expected".into()) };
        let directory = std::cell::Cell::new(*directory);
        Ok(Self { origin: *origin, ssp: *ssp, nginx: *nginx, directory })
    }
}

/// The directory, in the measuring process: it is asked once a minute.
pub(super) async fn directory(addresses: &Addresses) -> Result<Directory, Fault> {
    let text = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let root = format!("https://localhost:{}/STU3/1/demo", addresses.origin);
    let system = |asid: &str, party: &str| {
        vec![
            ("objectClass", text(&["nhsAs"])),
            ("uniqueIdentifier", text(&[asid])),
            ("nhsIDCode", text(&["A1001"])),
            ("nhsMHSPartyKey", text(&[party])),
            ("nhsAsSvcIA", text(&[SEARCH])),
        ]
    };
    let handling = |id: &str, party: &str, fqdn: &str, interaction: &str| {
        vec![
            ("objectClass", text(&["nhsMhs"])),
            ("uniqueIdentifier", text(&[id])),
            ("nhsMhsCPAId", text(&[id])),
            ("nhsMHSPartyKey", text(&[party])),
            ("nhsMhsFQDN", text(&[fqdn])),
            ("nhsMhsSvcIA", text(&[interaction])),
            ("nhsMHSEndPoint", text(&[&root])),
        ]
    };
    let directory = Directory::start(vec![
        system(FROM, "A1001-1"),
        handling("S1", "A1001-1", "consumer.test", "urn:nhs:names:services:careslot:consumer"),
        system(TO, "A1001-2"),
        handling("S2", "A1001-2", "localhost", SEARCH),
    ])
    .await;
    addresses.directory.set(directory.address.port());
    Ok(directory)
}

/// The server that both proxies call: `/STU3/1/demo/Slot?length=N` answers N bytes.
pub(super) async fn origin(folder: &Path) -> Result<(), Fault> {
    let addresses = Addresses::read(folder)?;
    let listener = TcpListener::bind(("127.0.0.1", addresses.origin)).await?;
    let large = Bytes::from(vec![b'x'; super::LARGE]);
    let service = tower::service_fn(move |request: Request<PacedBody>| {
        let length = request.uri().query().and_then(|query| query.strip_prefix("length=")?.parse().ok()).unwrap_or(0);
        let body = large.slice(..large.len().min(length));
        async move {
            let answer = Response::builder().header("content-type", "application/fhir+json");
            Ok::<_, Infallible>(answer.body(Full::new(body)).unwrap_or_default())
        }
    });
    let door = Door::Tls(server_tls(folder)?);
    listen::serve(listener, door, Limits::default(), service, CancellationToken::new()).await;
    Ok(())
}

/// The SSP as it is deployed: directory over LDAP, audit records in SQLite.
pub(super) async fn ssp(folder: &Path) -> Result<(), Fault> {
    let addresses = Addresses::read(folder)?;
    let listener = TcpListener::bind(("127.0.0.1", addresses.ssp)).await?;
    let url = format!("ldap://127.0.0.1:{}", addresses.directory.get());
    let directory = DirectorySettings::new(url, "ou=services,o=nhs".to_owned(), None);
    let means = Means {
        settings: Settings::default(),
        client: Client::new(client_config(folder, "ssp")?),
        directory: Arc::new(DirectoryClient::new(directory)),
        audit: Arc::new(Store::open_sqlite(&folder.join("ssp.db"), "bench").await?),
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
    };
    ssp::run(listener, server_tls(folder)?, Limits::default(), means, CancellationToken::new()).await;
    Ok(())
}

//! The edge: sockets, certificates, the client.

mod authorise;
mod certificates;
mod client;
mod listener;
mod shards;

pub(crate) use certificates::client_hello;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use roles::edge::client::{Authority, Client, Timeouts, Upload};
use roles::edge::listen::{self, Door, Limits};
use roles::edge::pace::PacedBody;
use roles::edge::peer::{Peer, Verdict};
use roles::edge::tls::{
    self, ClientCertificates, ClientTlsSettings, Identity, Reject, ServerTls, ServerTlsSettings, Trust, Versions,
};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::fixed::FixedClock;
use crate::pki;

/// A listener that answers every request with what it thinks of its peer.
struct Mirror {
    address: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Mirror {
    async fn start(door: Door, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let service = tower::service_fn(mirror);
        let task = tokio::spawn(listen::serve(listener, door, limits, service, shutdown.clone()));
        Self { address, shutdown, task }
    }

    fn authority(&self) -> Authority {
        Authority { secure: true, host: "localhost".to_owned(), port: self.address.port() }
    }
}

async fn mirror(request: Request<PacedBody>) -> Result<Response<Full<Bytes>>, Infallible> {
    let peer = request.extensions().get::<Arc<Peer>>().expect("a peer");
    let verdict = match &peer.certificate {
        Verdict::Good(certificate) => format!("Good {}", certificate.names().collect::<Vec<_>>().join(",")),
        Verdict::Bad { fault, .. } => format!("Bad {fault:?}"),
        verdict => format!("{verdict:?}"),
    };
    let tls = peer.tls.map_or("plain", |session| session.suite);
    Ok(Response::new(Full::from(format!("{verdict} {tls} {}", request.uri()))))
}

fn server_settings(authority: &pki::Authority, clients: Trust) -> ServerTlsSettings {
    ServerTlsSettings {
        identity: authority.server().identity(),
        clients: ClientCertificates::Required { trust: clients, reject: Reject::Http49x },
        versions: Versions::Only12,
    }
}

fn door(settings: ServerTlsSettings) -> Door {
    Door::Tls(Arc::new(ServerTls::new(settings, Arc::new(FixedClock::default())).unwrap()))
}

fn client(trust: Trust, identity: Option<Identity>) -> Client {
    client_of(ClientTlsSettings { identity, trust, common_name_only: None, versions: Versions::Only12 })
}

fn client_of(settings: ClientTlsSettings) -> Client {
    Client::new(tls::client_config(settings, Arc::new(FixedClock::default())).unwrap())
}

/// Status, `Connection` header and body of `GET /`, or the fault's words.
async fn get(client: &Client, to: &Authority) -> Result<(u16, String, String), String> {
    let request = Request::get("/").body(Upload::Empty).unwrap();
    let answered = client.send(to, request, &Timeouts::default()).await.map_err(|fault| fault.to_string())?;
    let (head, body) = answered.response.into_parts();
    let connection = head.headers.get("connection").map_or("", |value| value.to_str().unwrap()).to_owned();
    let body = body.read_to_end(65536).await.map_err(|fault| fault.to_string())?;
    Ok((head.status.as_u16(), connection, String::from_utf8(body.to_vec()).unwrap()))
}

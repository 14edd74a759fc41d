//! The Provider behind a real listener with mutual TLS, reached as the proxy reaches it: by its one client, or byte by byte.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request};
use roles::edge::client::{Authority, Client, Timeouts, Upload};
use roles::edge::listen::{Door, Limits};
use roles::edge::tls::{self, ClientCertificates, ClientTlsSettings, Reject, ServerTls, ServerTlsSettings, Versions};
use roles::provider::Provider;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::house::{SSP_FQDN, Told};
use crate::fixed::FixedClock;
use crate::pki;

/// A listener, and the proxy's identity to reach it with.
pub(crate) struct Wire {
    to: Authority,
    client: Client,
    tls: Arc<ClientConfig>,
    _running: DropGuard,
}

impl Wire {
    /// Puts a Provider behind a listener on a free port.
    pub(crate) async fn to(provider: Arc<Provider>) -> Self {
        let authority = pki::Authority::new("Root");
        let settings = ServerTlsSettings {
            identity: authority.server().identity(),
            clients: ClientCertificates::Required { trust: authority.trust(), reject: Reject::Http49x },
            versions: Versions::Only12,
        };
        let door = Door::Tls(Arc::new(ServerTls::new(settings, Arc::new(FixedClock::default())).expect("TLS")));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a socket");
        let port = listener.local_addr().expect("an address").port();
        let shutdown = CancellationToken::new();
        tokio::spawn(roles::provider::run(listener, door, Limits::default(), provider, shutdown.clone()));
        let settings = ClientTlsSettings {
            identity: Some(authority.client(SSP_FQDN).identity()),
            trust: authority.trust(),
            common_name_only: None,
            versions: Versions::Only12,
        };
        let tls = tls::client_config(settings, Arc::new(FixedClock::default())).expect("TLS");
        let to = Authority { secure: true, host: "localhost".to_owned(), port };
        Self { to, client: Client::new(tls.clone()), tls, _running: shutdown.drop_guard() }
    }

    /// One exchange over a connection that is kept for the next.
    pub(crate) async fn send(&self, verb: &str, target: &str, headers: HeaderMap, body: Vec<u8>) -> Told {
        let upload = if body.is_empty() { Upload::Empty } else { Upload::Whole(Bytes::from(body)) };
        let mut request = Request::builder().method(verb).uri(target).body(upload).expect("a request");
        *request.headers_mut() = headers;
        let answered = self.client.send(&self.to, request, &Timeouts::default()).await.expect("an answer");
        let (head, body) = answered.response.into_parts();
        let bytes = body.read_to_end(4 << 20).await.expect("a body");
        Told::of(&head, bytes)
    }

    /// Writes these bytes on a connection of its own and reads until it is closed.
    pub(crate) async fn write(&self, request: &[u8]) -> String {
        let stream = TcpStream::connect(("127.0.0.1", self.to.port)).await.expect("a connection");
        let name = ServerName::try_from("localhost").expect("a name");
        let mut stream = TlsConnector::from(self.tls.clone()).connect(name, stream).await.expect("a handshake");
        stream.write_all(request).await.expect("a request");
        let mut told = Vec::new();
        // A server may close without TLS's own farewell; what came before it counts.
        let _ = stream.read_to_end(&mut told).await;
        String::from_utf8_lossy(&told).into_owned()
    }
}

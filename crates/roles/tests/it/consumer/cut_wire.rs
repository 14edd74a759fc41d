//! A wire that breaks when it is told to: a TCP proxy that passes everything on but what a test wants to be lost.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// What is lost of an exchange; the connection breaks with it, and the next one is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// What the client sends: the server never sees the request.
    Request,
    /// What the server sends: the request was carried out and nobody is told.
    Answer,
    /// The second half of what the server sends.
    HalfAnswer,
}

/// What is still to be lost, and after how many exchanges.
type Cut = Arc<Mutex<Option<(Lost, u32)>>>;

/// A wire to one server.
pub(crate) struct CutWire {
    pub(crate) address: SocketAddr,
    cut: Cut,
    stop: CancellationToken,
}

impl Drop for CutWire {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl CutWire {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (cut, stop) = (Cut::default(), CancellationToken::new());
        let (shared, stopped) = (cut.clone(), stop.clone());
        tokio::spawn(async move {
            while let Some(Ok((client, _))) = stopped.run_until_cancelled(listener.accept()).await {
                // With nobody there the client is hung up on.
                let Ok(server) = TcpStream::connect(server).await else { continue };
                let pumping = pump(client, server, shared.clone());
                let stopped = stopped.clone();
                tokio::spawn(async move { stopped.run_until_cancelled(pumping).await });
            }
        });
        Self { address, cut, stop }
    }

    /// Loses this of the nth exchange from now, 1 being the next; the steps of a TLS handshake are exchanges too.
    pub(crate) fn lose(&self, what: Lost, nth: u32) {
        *self.cut.lock().unwrap() = Some((what, nth));
    }

    /// Whether what was to be lost was lost; if not, nothing is to be lost any more.
    pub(crate) fn has_lost(&self) -> bool {
        self.cut.lock().unwrap().take().is_none()
    }
}

/// Passes bytes on both ways until one side ends or something is to be lost.
async fn pump(mut client: TcpStream, mut server: TcpStream, cut: Cut) {
    let (mut from_client, mut from_server) = ([0; 16 * 1024], [0; 16 * 1024]);
    let is_lost = |what| cut.lock().unwrap().take_if(|cut| *cut == (what, 0)).is_some();
    // Bytes from the client begin an exchange when the server spoke last.
    let mut server_spoke = true;
    loop {
        let passed = tokio::select! {
            read = client.read(&mut from_client) => {
                if std::mem::take(&mut server_spoke) && let Some((_, nth)) = cut.lock().unwrap().as_mut() {
                    *nth = nth.saturating_sub(1);
                }
                match read {
                    Ok(length) if length > 0 && !is_lost(Lost::Request) => {
                        server.write_all(&from_client[..length]).await
                    }
                    _ => return,
                }
            }
            read = server.read(&mut from_server) => {
                server_spoke = true;
                match read {
                    Ok(length) if length > 0 && !is_lost(Lost::Answer) => {
                        if is_lost(Lost::HalfAnswer) {
                            let _ = client.write_all(&from_server[..length / 2]).await;
                            return;
                        }
                        client.write_all(&from_server[..length]).await
                    }
                    _ => return,
                }
            }
        };
        if passed.is_err() {
            return;
        }
    }
}

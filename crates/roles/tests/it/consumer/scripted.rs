//! A party that answers as a test tells it to, over real TLS, and remembers what it was asked.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use roles::edge::listen::{self, Door, Limits};
use roles::edge::pace::PacedBody;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }
}

/// The party.
pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    stop: CancellationToken,
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Scripted {
    /// Answers the nth request, from 0, with what `answer` makes of it.
    pub(crate) async fn start(
        door: Door,
        answer: impl Fn(usize, &Asked) -> Response<Full<Bytes>> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (asked, stop) = (Arc::new(Mutex::new(Vec::new())), CancellationToken::new());
        let (remembered, answer) = (asked.clone(), Arc::new(answer));
        let service = tower::service_fn(move |request: Request<PacedBody>| {
            let (remembered, answer) = (remembered.clone(), answer.clone());
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
                let target = head.uri.to_string();
                let one = Asked { method: head.method.to_string(), target, headers: head.headers, body };
                let mut remembered = remembered.lock().unwrap();
                remembered.push(one.clone());
                Ok::<_, Infallible>(answer(remembered.len() - 1, &one))
            }
        });
        tokio::spawn(listen::serve(listener, door, Limits::default(), service, stop.clone()));
        Self { address, asked, stop }
    }

    /// Its address for a Consumer that is to take it for the proxy.
    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// An answer in JSON.
pub(crate) fn json(status: u16, body: &Value) -> Response<Full<Bytes>> {
    answered(status, "application/fhir+json", body.to_string())
}

/// An answer.
pub(crate) fn answered(status: u16, content_type: &str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let response = Response::builder().status(status).header("Content-Type", content_type);
    response.body(Full::new(body.into())).expect("an answer")
}

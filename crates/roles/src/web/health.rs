//! How a part is: its operations listener is asked for `/readyz`, with little patience.

use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::edge::BoxError;
use crate::edge::client::Authority;

/// How long a part may take to answer; a page that waits longer is no help to anyone.
const PATIENCE: Duration = Duration::from_secs(1);
/// The most that is read of an answer, in bytes.
const LONGEST_ANSWER: usize = 4096;
/// The most that is shown of it, in characters.
const LONGEST_REASON: usize = 200;

/// What a part said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Health {
    /// It can do its work.
    Up,
    /// It answers, and says what it lacks.
    NotReady(String),
    /// It does not answer; how that showed.
    Down(String),
    /// It has no operations listener that could be asked.
    NotAsked,
}

/// Asks one part.
pub(super) async fn ask(operations: Option<&Authority>) -> Health {
    let Some(address) = operations else { return Health::NotAsked };
    match tokio::time::timeout(PATIENCE, readiness(address)).await {
        Ok(Ok(health)) => health,
        Ok(Err(fault)) => {
            tracing::debug!(%address, %fault, "a part does not answer");
            Health::Down("It does not answer on its operations listener.".to_owned())
        }
        Err(_) => Health::Down("It did not answer within a second.".to_owned()),
    }
}

async fn readiness(address: &Authority) -> Result<Health, BoxError> {
    let socket = TcpStream::connect((address.host.as_str(), address.port)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
    let request = Request::get("/readyz").header(HOST, address.to_string()).body(Empty::<Bytes>::new())?;
    let asked = async {
        let response = sender.send_request(request).await?;
        if response.status().is_success() {
            return Ok(Health::Up);
        }
        Ok::<_, BoxError>(Health::NotReady(reason(response).await?))
    };
    // The connection makes progress only while it is polled, and ends with the question.
    tokio::select! {
        health = asked => health,
        ended = connection => Err(ended.err().map_or_else(|| "the connection was closed".into(), Into::into)),
    }
}

async fn reason(response: Response<Incoming>) -> Result<String, BoxError> {
    let body = Limited::new(response.into_body(), LONGEST_ANSWER).collect().await?.to_bytes();
    Ok(String::from_utf8_lossy(&body).trim().chars().take(LONGEST_REASON).collect())
}

//! The operations listener that every role has: `/healthz`, `/readyz`, `/metrics`, in plain HTTP on the loopback
//! (SSP-102). A role may merge paths of its own into the router.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

pub use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use http::StatusCode;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::listen::{self, Door, Limits};

/// What `/readyz` answers: nothing when the role can do its work, else what it lacks, in words for an operator.
pub type Readiness = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// What an operations listener is asked for.
#[derive(Clone)]
pub struct Operations {
    /// Can the role do its work now? Asked anew each time.
    pub ready: Arc<dyn Fn() -> Readiness + Send + Sync>,
    /// The metrics in Prometheus's text form.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

impl Operations {
    /// The three paths that every role has.
    pub fn router(self) -> Router {
        let Self { ready, metrics } = self;
        let readyz = move || {
            let answer = ready();
            async move {
                match answer.await {
                    Ok(()) => text(StatusCode::OK, "ready\n".to_owned()),
                    Err(lacking) => text(StatusCode::SERVICE_UNAVAILABLE, format!("{lacking}\n")),
                }
            }
        };
        Router::new()
            .route("/healthz", get(async || text(StatusCode::OK, "alive\n".to_owned())))
            .route("/readyz", get(readyz))
            .route("/metrics", get(move || async move { text(StatusCode::OK, metrics()) }))
    }
}

fn text(status: StatusCode, body: String) -> impl IntoResponse {
    (status, [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"), (CACHE_CONTROL, "no-store")], body)
}

/// Serves an operations router until `shutdown`.
pub async fn run(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    let limits = Limits { connections: 64, ..Limits::default() };
    listen::serve(listener, Door::Plain, limits, router, shutdown).await;
}

//! The Spine Directory Service: LDAPv3 on plain sockets of the loopback and on LDAPS with mutual TLS, read-only, under
//! `o=nhs` (SDS-01 to SDS-05, SDS-08, SDS-10 to SDS-14, SDS-60).
//!
//! What a message means is `spine`'s; here are the sockets (`connection`), the directory that follows its store (`live`),
//! the audit record of what was asked (`record`), and its FHIR face (`fhir`).

mod connection;
pub mod fhir;
mod live;
mod record;

use std::sync::Arc;
use std::time::Duration;

use spine::sds::session::{LONGEST_REQUEST, SessionLimits};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::edge::listen::{self, Door, Limits};

pub use live::{LOOK_EVERY, LiveDirectory};
pub use record::Recorder;

/// What the directory grants its clients.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Connections at once on each listener; further ones wait in the system's queue.
    pub connections: usize,
    /// The most entries that one search returns.
    pub most_entries: usize,
    /// The longest that one search may take, whatever the client allows.
    pub longest_search: Duration,
    /// The longest request that is read, in bytes.
    pub longest_request: usize,
    /// How long a connection may be silent between requests.
    pub idle: Duration,
    /// How long it may take to send the rest of a request, and to take the next part of an answer.
    pub stall: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let SessionLimits { most_entries, longest_search } = SessionLimits::default();
        Self {
            connections: 1024,
            most_entries,
            longest_search,
            longest_request: LONGEST_REQUEST,
            idle: Duration::from_secs(600),
            stall: Duration::from_secs(30),
        }
    }
}

/// Serves the directory on all these listeners until `shutdown`: `Door::Plain` is LDAP, for clients on this machine
/// (SDS-03); `Door::Tls` is LDAPS and must ask for client certificates, best with `Reject::Close` (SDS-01).
pub async fn run(
    listeners: Vec<(TcpListener, Door)>,
    directory: Arc<LiveDirectory>,
    recorder: Recorder,
    settings: Settings,
    shutdown: CancellationToken,
) {
    let limits = Limits { connections: settings.connections, drain: Duration::from_secs(2), ..Limits::default() };
    let settings = Arc::new(settings);
    let listening = listeners.into_iter().map(|(listener, door)| {
        let (directory, recorder, settings) = (directory.clone(), recorder.clone(), settings.clone());
        let answer = move |connection, shutdown| {
            connection::serve(connection, directory.clone(), recorder.clone(), settings.clone(), shutdown)
        };
        listen::accept(listener, door, limits.clone(), shutdown.clone(), answer)
    });
    let listening = futures_util::future::join_all(listening);
    tokio::join!(listening, directory.follow(shutdown.clone()));
}

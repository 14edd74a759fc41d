//! The connections to Providers: kept between calls, one identity each, never used again after an answer that did not end
//! cleanly (SSP-68, SSP-69, TLS-21).

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use super::wire::Leg;
use crate::edge::client::{Authority, Bytestream, Client, ClientFault, Opened, Timeouts};
use crate::edge::tls::ClientConfig;

/// How many connections rest for one Provider, and for how long; less than servers usually wait, so that we seldom meet
/// one that is being closed.
const RESTING_EACH: usize = 128;
const LONGEST_REST: Duration = Duration::from_secs(30);
/// How many Providers are remembered; past this number none are.
const MOST_PROVIDERS: usize = 4096;

/// A connection to a Provider.
pub(super) struct Line {
    pub(super) leg: Leg<Box<dyn Bytestream>>,
    pub(super) address: SocketAddr,
    /// How long it took to make; `None` when it rested.
    pub(super) connecting: Option<Duration>,
    tls: Arc<ClientConfig>,
    resting_since: Instant,
}

/// The connections that rest.
#[derive(Default)]
pub(super) struct Resting {
    lines: Mutex<HashMap<Authority, Vec<Line>>>,
}

/// A new connection.
pub(super) async fn connect(client: &Client, to: &Authority, timeouts: &Timeouts) -> Result<Line, ClientFault> {
    let began = Instant::now();
    let Opened { stream, address, tls } = client.open(to, timeouts).await?;
    let now = Instant::now();
    Ok(Line { leg: Leg::new(stream), address, connecting: Some(now - began), tls, resting_since: now })
}

impl Resting {
    /// The connection that rested last, if it is still open and shows the identity that is in place now.
    pub(super) async fn take(&self, client: &Client, to: &Authority) -> Option<Line> {
        loop {
            let mut line = self.lines.lock().unwrap_or_else(PoisonError::into_inner).get_mut(to)?.pop()?;
            let fresh = line.resting_since.elapsed() < LONGEST_REST && client.is_current(&line.tls);
            // Whatever can be read of a resting connection, its end or bytes that nobody asked for, spoils it.
            let quiet = std::future::poll_fn(|cx| Poll::Ready(line.leg.poll_more(cx).is_pending())).await;
            if fresh && quiet {
                line.connecting = None;
                return Some(line);
            }
        }
    }

    /// Lets a connection rest, and drops those that have rested too long.
    pub(super) fn rest(&self, to: &Authority, mut line: Line) {
        let now = Instant::now();
        line.resting_since = now;
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if !lines.contains_key(to) {
            if lines.len() >= MOST_PROVIDERS {
                return;
            }
            lines.insert(to.clone(), Vec::new());
        }
        let Some(resting) = lines.get_mut(to) else { return };
        let old = resting.iter().take_while(|line| now - line.resting_since >= LONGEST_REST).count();
        let stale: Vec<_> = resting.drain(..old).collect();
        if resting.len() < RESTING_EACH {
            resting.push(line);
        }
        drop(lines);
        drop(stale); // closing sockets under the lock would hold others up
    }
}

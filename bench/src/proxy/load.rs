//! The load generator: keeps connections busy with the same call, over mutual TLS, and times each.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use roles::edge::tls::{self, ClientTlsSettings, Versions};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::parties::{self, Addresses, SystemClock};

pub(super) type Fault = Box<dyn std::error::Error + Send + Sync>;
pub(super) type Client = TlsConnector;

pub(super) const FROM: &str = "200000000359";
pub(super) const TO: &str = "918999198999";
pub(super) const SEARCH: &str = "urn:nhs:names:services:careconnect:fhir:rest:search:slot";

/// A token of the usual size; nobody here verifies it.
const TOKEN: &str = concat!(
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.",
    "eyJhdWQiOiJodHRwczovL2xvY2FsaG9zdC9TVFUzLzEvZGVtbyIsImlzcyI6Imh0dHBzOi8vbG9jYWxob3N0LyIsImlhdCI6MTc5NTQyNDQwMCwiZX",
    "hwIjoxNzk1NDI4MDAwLCJhcHBpZCI6IjU2MTU1ZDc4LTdhMTAtNGQ0Yi1iYjAyLTg4YzNlOGQ2ZTFhYSIsImdyb3VwcyI6WyJhYjQxMmZlOS0zZjY4",
    "LTRmNGUtYTZhMC1mZTI2NmVhNzE5NzIiXX0.",
    "c2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2ln",
);

/// Where a call goes, and what stands before the Provider's path.
pub(super) struct Target {
    port: u16,
    prefix: String,
}

impl Target {
    pub(super) fn through_ssp(addresses: &Addresses) -> Self {
        Self { port: addresses.ssp, prefix: format!("/https://localhost:{}", addresses.origin) }
    }

    pub(super) fn direct(port: u16) -> Self {
        Self { port, prefix: String::new() }
    }

    fn request(&self, length: usize) -> Vec<u8> {
        format!(
            "GET {}/STU3/1/demo/Slot?length={length} HTTP/1.1\r\nHost: localhost:{}\r\n\
             Ssp-TraceID: 1c3c5e3e-0c0e-4c39-9a1f-5d3b6f1f2a77\r\nSsp-From: {FROM}\r\nSsp-To: {TO}\r\n\
             Ssp-InteractionID: {SEARCH}\r\nAuthorization: Bearer {TOKEN}\r\nAccept: application/fhir+json\r\n\
             X-Request-ID: e8d5a1f0-7d6c-4f10-8a51-1f0d2c3b4a59\r\nUser-Agent: bench\r\n\r\n",
            self.prefix, self.port
        )
        .into_bytes()
    }
}

pub(super) fn client(folder: &Path) -> Result<Client, Fault> {
    let settings = ClientTlsSettings {
        identity: Some(parties::identity(folder, "consumer")?),
        trust: parties::trust(folder)?,
        common_name_only: None,
        versions: Versions::Only12,
    };
    Ok(TlsConnector::from(tls::client_config(settings, Arc::new(SystemClock))?))
}

/// What is asked for, and how hard.
pub(super) struct Load {
    pub(super) connections: usize,
    pub(super) time: Duration,
    pub(super) length: usize,
}

/// What came of it.
pub(super) struct Outcome {
    /// Requests a second.
    pub(super) rate: f64,
    /// CPU time of the proxy's processes for a request, in microseconds.
    pub(super) cpu_micros: f64,
    /// Milliseconds.
    pub(super) p50: f64,
    /// Milliseconds.
    pub(super) p99: f64,
}

impl Load {
    pub(super) async fn run(&self, client: &Client, target: &Target, process: Option<u32>) -> Result<Outcome, Fault> {
        let mut lines = Vec::new();
        for _ in 0..self.connections {
            let mut line = connect(client, target.port).await?;
            call(&mut line, &target.request(self.length), self.length).await?; // the handshakes are over
            lines.push(line);
        }
        let cpu = process.map_or(0.0, cpu_seconds);
        let begun = Instant::now();
        let tasks: Vec<_> = lines
            .into_iter()
            .map(|line| tokio::spawn(keep_busy(line, target.request(self.length), self.length, begun + self.time)))
            .collect();
        let mut times = Vec::new();
        for task in tasks {
            times.extend(task.await??);
        }
        let elapsed = begun.elapsed().as_secs_f64();
        let cpu = process.map_or(0.0, cpu_seconds) - cpu;
        times.sort_unstable();
        let count = u32::try_from(times.len())?;
        let quantile = |share: usize| times.get(times.len() * share / 100).map_or(0.0, |time| time.as_secs_f64() * 1e3);
        Ok(Outcome {
            rate: f64::from(count) / elapsed,
            cpu_micros: cpu * 1e6 / f64::from(count.max(1)),
            p50: quantile(50),
            p99: quantile(99),
        })
    }
}

async fn keep_busy(
    mut line: TlsStream<TcpStream>,
    request: Vec<u8>,
    length: usize,
    end: Instant,
) -> Result<Vec<Duration>, Fault> {
    let mut times = Vec::new();
    while Instant::now() < end {
        let begun = Instant::now();
        call(&mut line, &request, length).await?;
        times.push(begun.elapsed());
    }
    Ok(times)
}

/// One large answer.
pub(super) async fn fetch(client: &Client, target: &Target, length: usize) -> Result<(), Fault> {
    let mut line = connect(client, target.port).await?;
    call(&mut line, &target.request(length), length).await
}

async fn connect(client: &Client, port: u16) -> Result<TlsStream<TcpStream>, Fault> {
    let socket = TcpStream::connect(("127.0.0.1", port)).await?;
    socket.set_nodelay(true)?;
    Ok(client.connect(ServerName::try_from("localhost")?, socket).await?)
}

/// One call; the answer must be 200 and of the length that was asked for.
async fn call(line: &mut TlsStream<TcpStream>, request: &[u8], length: usize) -> Result<(), Fault> {
    line.write_all(request).await?;
    let mut buffer = vec![0; 64 * 1024];
    let mut filled = 0;
    let head = loop {
        let read = line.read(&mut buffer[filled..]).await?;
        if read == 0 {
            return Err("the connection was closed".into());
        }
        filled += read;
        if let Some(at) = buffer[..filled].windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
    };
    if !buffer.starts_with(b"HTTP/1.1 200 ") {
        return Err(String::from_utf8_lossy(&buffer[..filled]).into());
    }
    let mut left = length - (filled - head);
    while left > 0 {
        let read = line.read(&mut buffer).await?;
        if read == 0 {
            return Err("the answer broke off".into());
        }
        left -= read;
    }
    Ok(())
}

/// Waits until somebody listens there.
pub(super) async fn wait_for(port: u16) -> Result<(), Fault> {
    let end = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        if Instant::now() > end {
            return Err(format!("nobody listens on port {port}").into());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// CPU time of a process and its living children, in seconds.
fn cpu_seconds(process: u32) -> f64 {
    let own = ticks(process);
    let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    let children: f64 = children.split_whitespace().filter_map(|child| child.parse().ok()).map(ticks).sum();
    (own + children) / 100.0
}

fn ticks(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let field = |number: usize| fields.get(number).and_then(|field| field.parse().ok()).unwrap_or(0.0);
    field(11) + field(12)
}

/// The highest resident memory of a process, in kilobytes.
pub(super) fn peak_memory(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

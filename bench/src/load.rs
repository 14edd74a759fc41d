//! The load generator: keeps connections busy over mutual TLS, one request after the other on each, and times every answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::process::cpu_seconds;

/// Whatever keeps a measurement from being made.
pub(crate) type Fault = Box<dyn std::error::Error + Send + Sync>;

/// The nth request, whole, as it goes on the wire.
pub(crate) type Requests = Arc<dyn Fn(u64) -> Bytes + Send + Sync>;

/// The same request again and again.
pub(crate) fn always(request: impl Into<Bytes>) -> Requests {
    let request = request.into();
    Arc::new(move |_| request.clone())
}

/// When a run ends.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    /// After this time.
    Elapsed(Duration),
    /// After this many requests.
    Count(u64),
}

/// What is asked for, and how hard.
pub(crate) struct Load {
    pub(crate) port: u16,
    pub(crate) connections: usize,
    pub(crate) until: Until,
    /// The status that every answer must have.
    pub(crate) status: u16,
}

/// What came of it.
#[derive(Clone, Copy)]
pub(crate) struct Outcome {
    /// Requests a second.
    pub(crate) rate: f64,
    /// CPU time of the server's processes for a request, in microseconds.
    pub(crate) cpu_micros: f64,
    /// Milliseconds.
    pub(crate) p50: f64,
    /// Milliseconds.
    pub(crate) p99: f64,
}

impl Load {
    /// Runs the load. Each connection sends `warm_up` once before the clock starts, so that no handshake is measured.
    pub(crate) async fn run(
        &self,
        client: &TlsConnector,
        warm_up: &Bytes,
        requests: &Requests,
        process: Option<u32>,
    ) -> Result<Outcome, Fault> {
        let mut lines = Vec::new();
        for _ in 0..self.connections {
            let mut line = Line::open(client, self.port).await?;
            line.call(warm_up, 200).await?;
            lines.push(line);
        }
        let next = Arc::new(AtomicU64::new(0));
        let cpu = process.map_or(0.0, cpu_seconds);
        let begun = Instant::now();
        let (end, count) = match self.until {
            Until::Elapsed(time) => (Some(begun + time), u64::MAX),
            Until::Count(count) => (None, count),
        };
        let tasks: Vec<_> = lines
            .into_iter()
            .map(|line| {
                let (next, requests, status) = (Arc::clone(&next), Arc::clone(requests), self.status);
                let wanted = move || {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    (number < count && end.is_none_or(|end| Instant::now() < end)).then(|| requests(number))
                };
                tokio::spawn(keep_busy(line, wanted, status))
            })
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

async fn keep_busy(mut line: Line, wanted: impl Fn() -> Option<Bytes>, status: u16) -> Result<Vec<Duration>, Fault> {
    let mut times = Vec::new();
    while let Some(request) = wanted() {
        let begun = Instant::now();
        line.call(&request, status).await?;
        times.push(begun.elapsed());
    }
    Ok(times)
}

/// A connection that is kept.
pub(crate) struct Line {
    stream: TlsStream<TcpStream>,
    buffer: Vec<u8>,
}

impl Line {
    pub(crate) async fn open(client: &TlsConnector, port: u16) -> Result<Self, Fault> {
        let socket = TcpStream::connect(("127.0.0.1", port)).await?;
        socket.set_nodelay(true)?;
        let stream = client.connect(ServerName::try_from("localhost")?, socket).await?;
        Ok(Self { stream, buffer: vec![0; 64 * 1024] })
    }

    /// One call; the answer must have this status. Its body is read and thrown away.
    pub(crate) async fn call(&mut self, request: &[u8], status: u16) -> Result<(), Fault> {
        let (head, filled) = self.ask(request).await?;
        if status_of(&self.buffer[..head]) != Some(status) {
            return Err(format!("expected {status}: {}", String::from_utf8_lossy(&self.buffer[..filled])).into());
        }
        let length = length_of(&self.buffer[..head])?;
        let mut left = (head + length).checked_sub(filled).ok_or("more came than was announced")?;
        while left > 0 {
            let most = self.buffer.len().min(left);
            left -= self.read(0, most).await?;
        }
        Ok(())
    }

    /// One call, its answer given whole: head and body.
    pub(crate) async fn fetch(&mut self, request: &[u8]) -> Result<(String, Bytes), Fault> {
        let (head, filled) = self.ask(request).await?;
        let text = String::from_utf8(self.buffer[..head].to_vec())?;
        let mut body = self.buffer[head..filled].to_vec();
        let length = length_of(text.as_bytes())?;
        while body.len() < length {
            let most = self.buffer.len().min(length - body.len());
            let read = self.read(0, most).await?;
            body.extend_from_slice(&self.buffer[..read]);
        }
        Ok((text, body.into()))
    }

    /// Sends a request and reads until the answer's head is there: its length, and how much was read.
    async fn ask(&mut self, request: &[u8]) -> Result<(usize, usize), Fault> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            filled += self.read(filled, self.buffer.len()).await?;
            if let Some(at) = self.buffer[..filled].windows(4).position(|window| window == b"\r\n\r\n") {
                return Ok((at + 4, filled));
            }
            if filled == self.buffer.len() {
                return Err("the answer's head is too long".into());
            }
        }
    }

    async fn read(&mut self, from: usize, to: usize) -> Result<usize, Fault> {
        match self.stream.read(&mut self.buffer[from..to]).await? {
            0 => Err("the connection was closed".into()),
            read => Ok(read),
        }
    }
}

fn status_of(head: &[u8]) -> Option<u16> {
    std::str::from_utf8(head.get(9..12)?).ok()?.parse().ok()
}

/// The Content-Length; nobody who is measured here sends anything in chunks.
fn length_of(head: &[u8]) -> Result<usize, Fault> {
    const NAME: &[u8] = b"\r\ncontent-length:";
    let at =
        head.windows(NAME.len()).position(|window| window.eq_ignore_ascii_case(NAME)).ok_or("no Content-Length")?;
    let rest = &head[at + NAME.len()..];
    let end = rest.iter().position(|byte| *byte == b'\r').unwrap_or(rest.len());
    Ok(std::str::from_utf8(&rest[..end])?.trim().parse()?)
}

/// The run with the median rate.
pub(crate) fn median(mut outcomes: Vec<Outcome>) -> Outcome {
    outcomes.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    outcomes.swap_remove(outcomes.len() / 2)
}

/// The median of some figures.
pub(crate) fn median_of(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

//! The SSP against nginx on the same two mutual-TLS legs: requests a second, CPU time a request, added latency, and a
//! large body. nginx checks nothing; the SSP checks everything and keeps an audit record of each call on disk.

mod nginx;
mod parties;

use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use parties::Addresses;
use tokio_rustls::TlsConnector;

use crate::credentials;
use crate::load::{self, Fault, Line, Load, Outcome, Until, median, median_of};
use crate::process::{Part, peak_memory};

const FROM: &str = "200000000359";
const TO: &str = "918999198999";
const SEARCH: &str = "urn:nhs:names:services:careconnect:fhir:rest:search:slot";

/// How often each side is measured; the sides take turns.
const ROUNDS: usize = 5;
/// How long one measurement takes.
const TIME: Duration = Duration::from_secs(3);
/// Connections that are busy at once when throughput is measured.
const CONNECTIONS: usize = 16;

/// What is asked for, and how large the answer is.
const BODIES: [(&str, usize); 2] = [("2 kB", 2_000), ("100 kB", 100_000)];
const LARGE: usize = 64 * 1024 * 1024;

/// A party with the process whose CPU time is its own.
type Side = (&'static str, Target, Option<u32>);

/// Measures and prints the ratios.
pub(crate) async fn measure() -> Result<(), Fault> {
    let Some(program) = nginx::program() else {
        println!("proxy: left out, since there is no nginx; `scripts/install bench` installs it");
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let addresses = Addresses::free()?;
    credentials::write_certificates(folder.path())?;
    let directory = parties::directory(&addresses).await?;
    addresses.write(folder.path())?;
    let _origin = Part::start("origin", folder.path())?;
    let ssp = Part::start("ssp", folder.path())?;
    let nginx = nginx::start(program, folder.path(), &addresses)?;
    for port in [addresses.origin, addresses.ssp, addresses.nginx] {
        wait_for(port).await?;
    }
    let client = credentials::client(folder.path(), "consumer")?;
    let sides: [Side; 3] = [
        ("ssp", Target::through_ssp(&addresses), Some(ssp.id())),
        ("nginx", Target::direct(addresses.nginx), Some(nginx.id())),
        ("origin alone", Target::direct(addresses.origin), None),
    ];
    for (name, length) in BODIES {
        let medians = by_turns(&client, &sides, CONNECTIONS, length).await?.map(median);
        println!("proxy, {name} answers, {CONNECTIONS} connections kept, median of {ROUNDS} turns of {TIME:?}");
        for ((side, ..), outcome) in sides.iter().zip(&medians) {
            println!("  {side:14} {:8.0} requests/s  {:6.0} µs CPU/request", outcome.rate, outcome.cpu_micros);
        }
        let [ssp, nginx, _] = &medians;
        println!(
            "  ratio ssp/nginx: throughput {:.2} (goal 1.00), CPU per request {:.2}",
            ssp.rate / nginx.rate,
            ssp.cpu_micros / nginx.cpu_micros
        );
    }
    latency(&client, &sides).await?;
    streaming(&client, &sides).await?;
    drop(directory);
    Ok(())
}

/// A party of the measurement, in a process of its own.
pub(crate) async fn serve(part: &str, folder: &Path) -> Result<(), Fault> {
    match part {
        "origin" => parties::origin(folder).await,
        _ => parties::ssp(folder).await,
    }
}

async fn by_turns(
    client: &TlsConnector,
    sides: &[Side; 3],
    connections: usize,
    length: usize,
) -> Result<[Vec<Outcome>; 3], Fault> {
    let mut outcomes = [(); 3].map(|()| Vec::new());
    for _ in 0..ROUNDS {
        for (outcomes, (_, target, process)) in outcomes.iter_mut().zip(sides) {
            let load = Load { port: target.port, connections, until: Until::Elapsed(TIME), status: 200 };
            let request = target.request(length);
            outcomes.push(load.run(client, &request, &load::always(request.clone()), *process).await?);
        }
    }
    Ok(outcomes)
}

/// One call at a time: what the proxy adds to a call straight to the origin.
async fn latency(client: &TlsConnector, sides: &[Side; 3]) -> Result<(), Fault> {
    println!(
        "proxy, added latency, one call at a time, 2 kB answers, median of {ROUNDS} turns (goal p50 1 ms, p99 5 ms)"
    );
    let outcomes = by_turns(client, sides, 1, 2_000).await?;
    let [ssp, nginx, origin] = outcomes.map(|rounds| {
        (median_of(rounds.iter().map(|round| round.p50)), median_of(rounds.iter().map(|round| round.p99)))
    });
    for (name, (p50, p99)) in [("ssp", ssp), ("nginx", nginx)] {
        println!("  {name:14} p50 +{:.3} ms  p99 +{:.3} ms", p50 - origin.0, p99 - origin.1);
    }
    Ok(())
}

/// A body of 64 MiB, and what it does to the SSP's memory.
async fn streaming(client: &TlsConnector, sides: &[Side; 3]) -> Result<(), Fault> {
    let mut rates = [(); 2].map(|()| Vec::new());
    for _ in 0..ROUNDS {
        for (rates, (_, target, _)) in rates.iter_mut().zip(sides) {
            let begun = Instant::now();
            Line::open(client, target.port).await?.call(&target.request(LARGE), 200).await?;
            rates.push(64.0 / begun.elapsed().as_secs_f64());
        }
    }
    let [ssp, nginx] = rates.map(median_of);
    println!("proxy, one answer of 64 MiB, median of {ROUNDS} turns");
    println!("  ssp {ssp:.0} MiB/s, nginx {nginx:.0} MiB/s, ratio {:.2} (goal 0.90)", ssp / nginx);
    if let Some(kilobytes) = sides[0].2.and_then(peak_memory) {
        println!("  the SSP's peak memory over the whole run: {:.1} MiB", kilobytes / 1024.0);
    }
    Ok(())
}

/// Waits until somebody listens there.
async fn wait_for(port: u16) -> Result<(), Fault> {
    let end = Instant::now() + Duration::from_secs(10);
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        if Instant::now() > end {
            return Err(format!("nobody listens on port {port}").into());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// A token of the usual size; nobody here verifies it.
const TOKEN: &str = concat!(
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.",
    "eyJhdWQiOiJodHRwczovL2xvY2FsaG9zdC9TVFUzLzEvZGVtbyIsImlzcyI6Imh0dHBzOi8vbG9jYWxob3N0LyIsImlhdCI6MTc5NTQyNDQwMCwiZX",
    "hwIjoxNzk1NDI4MDAwLCJhcHBpZCI6IjU2MTU1ZDc4LTdhMTAtNGQ0Yi1iYjAyLTg4YzNlOGQ2ZTFhYSIsImdyb3VwcyI6WyJhYjQxMmZlOS0zZjY4",
    "LTRmNGUtYTZhMC1mZTI2NmVhNzE5NzIiXX0.",
    "c2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2ln",
);

/// Where a call goes, and what stands before the Provider's path.
struct Target {
    port: u16,
    prefix: String,
}

impl Target {
    fn through_ssp(addresses: &Addresses) -> Self {
        Self { port: addresses.ssp, prefix: format!("/https://localhost:{}", addresses.origin) }
    }

    fn direct(port: u16) -> Self {
        Self { port, prefix: String::new() }
    }

    fn request(&self, length: usize) -> Bytes {
        format!(
            "GET {}/STU3/1/demo/Slot?length={length} HTTP/1.1\r\nHost: localhost:{}\r\n\
             Ssp-TraceID: 1c3c5e3e-0c0e-4c39-9a1f-5d3b6f1f2a77\r\nSsp-From: {FROM}\r\nSsp-To: {TO}\r\n\
             Ssp-InteractionID: {SEARCH}\r\nAuthorization: Bearer {TOKEN}\r\nAccept: application/fhir+json\r\n\
             X-Request-ID: e8d5a1f0-7d6c-4f10-8a51-1f0d2c3b4a59\r\nUser-Agent: bench\r\n\r\n",
            self.prefix, self.port
        )
        .into_bytes()
        .into()
    }
}

//! The Provider over HTTP: search and read beside axum that gives the same bytes ready-made over the same TLS, and bookings beside the
//! same statements and rows in a bare loop.

mod booking;
mod diary;
mod parties;

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use tokio_rustls::TlsConnector;

use self::diary::FirstSlot;
use crate::credentials::{self, SystemClock};
use crate::load::{Fault, Line, Load, Outcome, Until, always, median};
use crate::process::{Part, peak_memory, resident_memory};
use roles::edge::clock::Clock as _;

pub(crate) use booking::measure as book;

/// How often each side is measured; the sides take turns.
const ROUNDS: usize = 5;
/// How long one measurement takes.
const TIME: Duration = Duration::from_secs(3);
/// Connections that are busy at once.
const CONNECTIONS: usize = 16;
const CONSUMER: &str = "200000000359";

/// A party of the measurement, in a process of its own.
pub(crate) async fn serve(part: &str, folder: &Path) -> Result<(), Fault> {
    match part {
        "axum" => parties::axum(folder).await,
        _ => parties::provider(folder).await,
    }
}

/// The Provider in a process of its own, and how to call it.
struct House {
    folder: tempfile::TempDir,
    provider: Part,
    port: u16,
    client: TlsConnector,
    token: String,
    first: FirstSlot,
}

impl House {
    /// A Provider with a new database, in which so many Slots are free to be booked.
    fn start(bookings: u64) -> Result<Self, Fault> {
        let folder = tempfile::tempdir()?;
        credentials::write_certificates(folder.path())?;
        let token = parties::prepare(folder.path(), bookings)?;
        let client = credentials::client(folder.path(), "ssp")?;
        let (provider, port) = Part::start_and_listen("provider", folder.path())?;
        Ok(Self { folder, provider, port, client, token, first: FirstSlot::after(SystemClock.now()) })
    }

    /// A request as the SSP passes it on.
    fn request(&self, verb: &str, path: &str, interaction: &str, trace: u64, body: Option<&str>) -> Bytes {
        let body = body.map_or_else(String::new, |body| {
            format!("Content-Type: application/fhir+json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        });
        let end = if body.is_empty() { "\r\n" } else { "" };
        let to = if verb == "POST" { diary::BOOKED } else { diary::SEARCHED };
        format!(
            "{verb} /STU3/1/demo{path} HTTP/1.1\r\nHost: localhost:{port}\r\nSsp-TraceID: {trace_id}\r\nSsp-From: {CONSUMER}\r\n\
             Ssp-To: {to}\r\nSsp-InteractionID: urn:nhs:names:services:careconnect:fhir:rest:{interaction}\r\n\
             Authorization: Bearer {token}\r\nAccept: application/fhir+json\r\nX-Request-ID: {request_id}\r\n\
             User-Agent: bench\r\n{body}{end}",
            port = self.port,
            trace_id = diary::uuid(3, trace),
            token = self.token,
            request_id = diary::uuid(4, trace),
        )
        .into()
    }

    /// The search for 20 Slots with all six includes.
    fn search(&self) -> Bytes {
        let includes = [
            "Slot:schedule",
            "Schedule:actor:HealthcareService",
            "Schedule:actor:Practitioner",
            "Schedule:actor:PractitionerRole",
            "HealthcareService:providedBy",
            "HealthcareService:location",
        ];
        let includes: String = includes.iter().map(|include| format!("&_include={include}")).collect();
        let query = format!(
            "/Slot?schedule.actor:healthcareservice={}&status=free&{}{includes}",
            diary::SEARCHED,
            self.first.window()
        );
        self.request("GET", &query, "search:slot", 0, None)
    }

    fn booking(&self, nth: u64) -> Bytes {
        let body = diary::booking(self.first, nth);
        self.request("POST", "/Appointment", "create:appointment", nth + 1, Some(&body))
    }
}

/// Slot search, 20 Slots with all six includes.
pub(crate) async fn search() -> Result<(), Fault> {
    let house = House::start(1)?;
    let idle = resident_memory(house.provider.id());
    let request = house.search();
    let (_, body) = Line::open(&house.client, house.port).await?.fetch(&request).await?;
    let count = |what: &[u8]| body.windows(what.len()).filter(|window| *window == what).count();
    let found = (count(br#""mode":"match""#), count(br#""mode":"include""#));
    if found != (20, 6) {
        return Err(format!("expected 20 Slots and 6 included resources, found {found:?}").into());
    }
    against_axum("search", "20 Slots with all six includes", 0.5, &house, request).await?;
    let megabytes = |kilobytes: Option<f64>| kilobytes.map_or(f64::NAN, |kilobytes| kilobytes / 1024.0);
    let (idle, busy) = (megabytes(idle), megabytes(peak_memory(house.provider.id())));
    println!("  the Provider's memory: {idle:.0} MB idle (goal below 30), {busy:.0} MB at most under load");
    Ok(())
}

/// Read of one Appointment.
pub(crate) async fn read() -> Result<(), Fault> {
    let house = House::start(1)?;
    let mut line = Line::open(&house.client, house.port).await?;
    let (head, _) = line.fetch(&house.booking(0)).await?;
    let (_, id) = head.split_once("/Appointment/").ok_or_else(|| format!("no Location: {head}"))?;
    let id = id.split('/').next().unwrap_or_default();
    let request = house.request("GET", &format!("/Appointment/{id}"), "read:appointment", 2, None);
    against_axum("read", "one Appointment", 0.7, &house, request).await
}

/// The same request to the Provider and to axum, by turns.
async fn against_axum(name: &str, what: &str, goal: f64, house: &House, request: Bytes) -> Result<(), Fault> {
    let (head, body) = Line::open(&house.client, house.port).await?.fetch(&request).await?;
    if !head.starts_with("HTTP/1.1 200") {
        return Err(format!("{head}{}", String::from_utf8_lossy(&body)).into());
    }
    parties::keep_answer(house.folder.path(), &head, &body)?;
    let (axum, port) = Part::start_and_listen("axum", house.folder.path())?;
    if Line::open(&house.client, port).await?.fetch(&request).await?.1 != body {
        return Err("axum gives other bytes than the Provider".into());
    }
    let sides = [(house.port, house.provider.id()), (port, axum.id())];
    let mut outcomes: [Vec<Outcome>; 2] = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (outcomes, (port, process)) in outcomes.iter_mut().zip(sides) {
            let load = Load { port, connections: CONNECTIONS, until: Until::Elapsed(TIME), status: 200 };
            outcomes.push(load.run(&house.client, &request, &always(request.clone()), Some(process)).await?);
        }
    }
    let [ours, anchor] = outcomes.map(median);
    println!(
        "{name}, {what} ({} bytes), {CONNECTIONS} connections kept, median of {ROUNDS} turns of {TIME:?}",
        body.len()
    );
    for (side, outcome) in [("Provider", ours), ("axum, same bytes", anchor)] {
        let Outcome { rate, cpu_micros, p50, p99 } = outcome;
        println!(
            "  {side:16} {rate:8.0} requests/s  {cpu_micros:5.0} µs CPU/request  p50 {p50:.2} ms  p99 {p99:.2} ms"
        );
    }
    println!(
        "  ratio: throughput {:.2} (goal {goal}), CPU per request {:.2}",
        ours.rate / anchor.rate,
        ours.cpu_micros / anchor.cpu_micros
    );
    Ok(())
}

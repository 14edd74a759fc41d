//! Both look-ups of booking in a directory of 20,000 systems, against OpenLDAP's slapd with the same entries in an indexed mdb.
//! slapd keeps no record of what it is asked; the directory keeps its audit trail on disk.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rasn_ldap::{LdapMessage, ProtocolOp, SearchRequest, SearchRequestDerefAliases, SearchRequestScope};
use roles::edge::directory_entry::to_keep;
use roles::edge::listen::Door;
use roles::sds::{self, LiveDirectory, Recorder, Settings};
use spine::sds::lookup::Query;
use spine::sds::session::Frames;
use spine::sds::{Directory, Entry, Registration};
use spine::{Asid, InteractionId, OdsCode, PartyKey};
use store::{AuditRecord, DirectoryEntries, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::credentials::{RandomIds, SystemClock};
use crate::load::{Fault, Outcome, median};
use crate::process::{Part, cpu_seconds};
use crate::slapd::{self, Slapd};

/// The systems in the directory; each has its nhsAs and one nhsMhs.
const SYSTEMS: u32 = 20_000;
/// Connections that are busy at once.
const CONNECTIONS: usize = 16;
/// How often each side is measured; the sides take turns.
const ROUNDS: usize = 5;
/// How long one measurement takes.
const TIME: Duration = Duration::from_secs(3);

/// The nth system.
fn system(number: u32) -> Result<Registration, Fault> {
    let fqdn = format!("provider{number}.test");
    Ok(Registration {
        asid: Asid::parse(&format!("9{number:011}"))?,
        ods_code: OdsCode::parse(&format!("B{number:05}"))?,
        party_key: PartyKey::parse(&format!("B{number:05}-{number:07}"))?,
        may_use: InteractionId::OF_A_PROVIDER.to_vec(),
        answers: vec![InteractionId::SEARCH_SLOT],
        endpoint: Some(format!("https://{fqdn}/STU3/1/uec")),
        fqdn,
        manufacturer: None,
        dated: "20190601000000".to_owned(),
    })
}

fn entries() -> Result<Vec<Entry>, Fault> {
    let mut entries = Vec::new();
    for number in 0..SYSTEMS {
        entries.extend(system(number)?.entries());
    }
    Ok(entries)
}

/// The directory in a process of its own.
pub(crate) async fn serve(folder: &Path) -> Result<(), Fault> {
    let store = Store::open_sqlite(&folder.join("sds.db"), "bench").await?;
    let record = AuditRecord { at: 0, trace_id: String::new(), requirement: "SDS-63".to_owned(), body: b"{}".to_vec() };
    store.keep_entries(entries()?.iter().map(to_keep).collect(), record).await?;
    let directory = LiveDirectory::open(Arc::new(store.clone())).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    let gather = Duration::from_millis(100);
    let recorder = Recorder { audit: Arc::new(store), clock: Arc::new(SystemClock), ids: Arc::new(RandomIds), gather };
    let stop = CancellationToken::new();
    sds::run(vec![(listener, Door::Plain)], Arc::new(directory), recorder, Settings::default(), stop).await;
    Ok(())
}

/// Measures and prints the ratio.
pub(crate) async fn measure() -> Result<(), Fault> {
    if !slapd::is_installed() {
        println!("directory: left out, since there is no slapd; `scripts/install bench` installs it");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let (ours, port) = Part::start_and_listen("directory", folder.path())?;
    let tree = Directory::new();
    let entries = entries()?;
    let slapd = Slapd::start(tree.entries().chain(&entries))?;
    let requests = Arc::new(requests()?);
    let sides = [("sds", port, ours.id()), ("slapd", slapd.address.port(), slapd.id())];
    let mut outcomes = [(); 2].map(|()| Vec::new());
    for _ in 0..ROUNDS {
        for (outcomes, (_, port, process)) in outcomes.iter_mut().zip(sides) {
            outcomes.push(load(port, process, &requests).await?);
        }
    }
    let medians = outcomes.map(median);
    println!(
        "directory, both look-ups among {SYSTEMS} systems, {CONNECTIONS} connections, median of {ROUNDS} turns of {TIME:?}"
    );
    for ((side, ..), outcome) in sides.iter().zip(&medians) {
        let Outcome { rate, cpu_micros, p50, p99 } = outcome;
        println!("  {side:6} {rate:8.0} searches/s  {cpu_micros:5.1} µs CPU/search  p50 {p50:.3} ms  p99 {p99:.3} ms");
    }
    let [ours, theirs] = &medians;
    println!(
        "  ratio sds/slapd: throughput {:.2} (goal 2.00), CPU per search {:.2}",
        ours.rate / theirs.rate,
        ours.cpu_micros / theirs.cpu_micros
    );
    Ok(())
}

/// Both look-ups of each system, as they go on the wire.
fn requests() -> Result<Vec<[Vec<u8>; 2]>, Fault> {
    let both = |number| {
        let system = system(number)?;
        let queries = [Query::system(&system.asid), Query::record(&system.party_key, &InteractionId::SEARCH_SLOT)];
        let [first, second] = queries.map(|query| encoded(&query));
        Ok([first?, second?])
    };
    (0..SYSTEMS).map(both).collect()
}

fn encoded(query: &Query) -> Result<Vec<u8>, Fault> {
    let parts = query.filter.trim_start_matches("(&").trim_end_matches(')').split(")(");
    let equal = |part: &str| {
        let (name, value) = part.trim_matches(['(', ')']).split_once('=').ok_or("an equality is expected")?;
        let assertion = rasn_ldap::AttributeValueAssertion::new(name.into(), value.as_bytes().to_vec().into());
        Ok(rasn_ldap::Filter::EqualityMatch(assertion))
    };
    let parts: Vec<rasn_ldap::Filter> = parts.map(equal).collect::<Result<_, Fault>>()?;
    let request = SearchRequest::new(
        query.base.as_str().into(),
        SearchRequestScope::WholeSubtree,
        SearchRequestDerefAliases::NeverDerefAliases,
        0,
        0,
        false,
        rasn_ldap::Filter::And(parts.into()),
        Vec::new(),
    );
    let message = LdapMessage::new(1, ProtocolOp::SearchRequest(request));
    Ok(rasn::ber::encode(&message).map_err(|fault| fault.to_string())?)
}

async fn load(port: u16, process: u32, requests: &Arc<Vec<[Vec<u8>; 2]>>) -> Result<Outcome, Fault> {
    let mut lines = Vec::new();
    for _ in 0..CONNECTIONS {
        let socket = TcpStream::connect(("127.0.0.1", port)).await?;
        socket.set_nodelay(true)?;
        lines.push(socket);
    }
    let (cpu, begun) = (cpu_seconds(process), Instant::now());
    let busy: Vec<_> = lines
        .into_iter()
        .enumerate()
        .map(|(line, socket)| tokio::spawn(keep_busy(socket, line, Arc::clone(requests), begun + TIME)))
        .collect();
    let mut times = Vec::new();
    for task in busy {
        times.extend(task.await??);
    }
    let (elapsed, cpu) = (begun.elapsed().as_secs_f64(), cpu_seconds(process) - cpu);
    times.sort_unstable();
    let count = u32::try_from(times.len())?;
    let quantile = |share: usize| times.get(times.len() * share / 100).map_or(0.0, |time| time.as_secs_f64() * 1e3);
    let (rate, cpu_micros) = (f64::from(count) / elapsed, cpu * 1e6 / f64::from(count.max(1)));
    Ok(Outcome { rate, cpu_micros, p50: quantile(50), p99: quantile(99) })
}

/// Both look-ups of one system after the other, in an order in which neighbours are far apart.
async fn keep_busy(
    mut socket: TcpStream,
    line: usize,
    requests: Arc<Vec<[Vec<u8>; 2]>>,
    end: Instant,
) -> Result<Vec<Duration>, Fault> {
    let mut times = Vec::new();
    let mut frames = Frames::new(1 << 20);
    let mut bytes = vec![0; 16 * 1024];
    let mut next = line * 1_249;
    while Instant::now() < end {
        next = (next + 7_919) % requests.len();
        for request in &requests[next] {
            let begun = Instant::now();
            socket.write_all(request).await?;
            answered(&mut socket, &mut frames, &mut bytes).await?;
            times.push(begun.elapsed());
        }
    }
    Ok(times)
}

/// One entry, and then success.
async fn answered(socket: &mut TcpStream, frames: &mut Frames, bytes: &mut [u8]) -> Result<(), Fault> {
    let mut entries = 0;
    loop {
        while let Some(message) = frames.next_message()? {
            match operation(message) {
                Some((0x64, _)) => entries += 1,
                Some((0x65, Some(0))) if entries == 1 => return Ok(()),
                other => return Err(format!("expected one entry and success, got {other:?} after {entries}").into()),
            }
        }
        match socket.read(bytes).await? {
            0 => return Err("the connection was closed".into()),
            came => frames.push(&bytes[..came]),
        }
    }
}

/// The tag of a message's operation, and the result code that it begins with, if it does.
fn operation(message: &[u8]) -> Option<(u8, Option<u8>)> {
    let inner = contents(message)?;
    let id = usize::from(*inner.get(1)?);
    let operation = inner.get(2 + id..)?;
    let code = contents(operation).and_then(|result| result.get(2)).copied();
    Some((*operation.first()?, code))
}

/// What stands behind a tag and its length.
fn contents(bytes: &[u8]) -> Option<&[u8]> {
    let length = *bytes.get(1)?;
    let more = if length < 0x80 { 0 } else { usize::from(length & 0x7f) };
    bytes.get(2 + more..)
}

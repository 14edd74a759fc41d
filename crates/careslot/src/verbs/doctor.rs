//! `careslot doctor`: find out what keeps the network from working: environment, certificates, parts, and each step of a call with
//! the clocks compared (FIND-12, TOK-05, META-01, VIA-38).

use std::path::{Path, PathBuf};
use std::time::Duration;

use http::header::DATE;
use http::{Request, Uri};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use roles::consumer::{Endpoint, Received};
use roles::edge::client::{Authority, Timeouts, Upload};
use serde_json::json;
use spine::Operation;
use spine::token::scope_for;
use tokio::net::TcpStream;

use super::caller::{Caller, Outbox};
use super::fault::failure_of;
use super::times;
use crate::cli::ConsumerFlags;
use crate::environment::Environment;
use crate::failure::{Exit, Failure};
use crate::network;
use crate::pki;
use crate::terminal::{Colour, OutputFlags, OutputForm, Terminal};

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Environment file of a demo [default: .careslot/environment.json here, else that of the demo that is running]
    #[arg(long, value_name = "FILE")]
    pub env: Option<PathBuf>,
    /// Form of the output.
    #[command(flatten)]
    pub output: OutputFlags,
}

/// How long a part may take to answer at all.
const PATIENCE: Duration = Duration::from_secs(3);
/// How far two clocks may be apart before tokens fail, in seconds (JWT-31).
const CLOCKS_APART: i64 = 60;

/// One thing that was looked at.
struct Finding {
    name: String,
    /// What was seen, or what is wrong and what to do.
    seen: Result<String, (String, String)>,
}

/// Do it.
pub async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    let flags = ConsumerFlags { env: args.env, output: args.output, ..ConsumerFlags::default() };
    let caller = Caller::open(&flags, Outbox::Unneeded, terminal).await?;
    let mut findings = Vec::new();
    if let Some(found) = &caller.environment {
        let place = format!("{}, of process {}", found.folder.display(), found.environment.pid);
        findings.push(running(&place, found.environment.pid));
    }
    certificates(&caller, &mut findings);
    if let Some(found) = &caller.environment {
        for (part, url) in addresses(&found.environment) {
            findings.push(Finding { name: format!("{part} at {url}"), seen: listens(&url).await });
        }
        for (role, url) in &found.environment.operations {
            findings.push(Finding { name: format!("{role} is ready"), seen: ready(&caller, url).await });
        }
    }
    walk(&caller, &mut findings).await;
    caller.close().await;
    match args.output.form() {
        OutputForm::Json => terminal.data(&as_json(&findings)),
        OutputForm::Table => terminal.data(&shown(&findings, terminal)),
        OutputForm::Xml => return Err(super::no_xml("what the doctor found")),
    }
    let wrong = findings.iter().filter(|finding| finding.seen.is_err()).count();
    if wrong == 0 {
        return Ok(());
    }
    let what = format!("{wrong} of {} checks failed", findings.len());
    Err(Failure::new(
        Exit::Refused,
        what,
        "each ✘ above says why",
        "begin with the first: the others may follow from it",
    ))
}

fn running(place: &str, pid: u32) -> Finding {
    let runs = crate::environment::runs(pid) != Some(false);
    let gone = || ("that process has ended".to_owned(), "start `careslot demo` again".to_owned());
    Finding { name: format!("environment in {place}"), seen: if runs { Ok("it runs".to_owned()) } else { Err(gone()) } }
}

/// The dates of what the Consumer proves itself with, and of what it trusts.
fn certificates(caller: &Caller, findings: &mut Vec<Finding>) {
    let config = &caller.shared.config;
    let now = caller.shared.clock.now();
    let own = config.consumer.identity.as_ref().map(|identity| identity.cert.as_path());
    for (name, path) in [("the Consumer's certificate", own), ("the trusted CA", config.tls.ca.as_deref())] {
        let Some(path) = path else { continue };
        findings.push(Finding { name: name.to_owned(), seen: dates(path, now) });
    }
}

fn dates(path: &Path, now: Timestamp) -> Result<String, (String, String)> {
    let renew = || "get a new one from its issuer; a demo makes new ones when it starts".to_owned();
    match pki::validity(path) {
        None => Err((format!("{} holds no certificate", path.display()), "name a PEM file".to_owned())),
        Some((start, _)) if now < start => Err((format!("it is not valid before {}", times::local(start)), renew())),
        Some((_, end)) if now > end => Err((format!("it was valid until {}", times::local(end)), renew())),
        Some((_, end)) => Ok(format!("valid until {}", times::local(end))),
    }
}

/// Every address of the wire.
fn addresses(environment: &Environment) -> Vec<(&'static str, String)> {
    vec![
        ("SDS", environment.sds.ldap.clone()),
        ("SDS", environment.sds.ldaps.clone()),
        ("token endpoint", environment.token.endpoint.clone()),
        ("SSP", environment.ssp.clone()),
        ("Provider", environment.provider.endpoint.clone()),
        ("Registry", environment.registry.endpoint.clone()),
        ("pages", environment.web.clone()),
    ]
}

/// Whether anybody listens there.
async fn listens(url: &str) -> Result<String, (String, String)> {
    let cure = || "see whether that part runs, and what its log says".to_owned();
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split('/').next().unwrap_or(rest);
    let secure = matches!(scheme, "https" | "ldaps");
    let Some(authority) = Authority::parse(authority, secure) else {
        return Err((format!("{url} is no address"), "mend it in the environment file".to_owned()));
    };
    let connecting = TcpStream::connect((authority.host.as_str(), authority.port));
    match tokio::time::timeout(PATIENCE, connecting).await {
        Ok(Ok(_)) => Ok("listens".to_owned()),
        Ok(Err(error)) => Err((error.to_string(), cure())),
        Err(_) => Err((format!("no answer within {} s", PATIENCE.as_secs()), cure())),
    }
}

/// What the role's operations listener says of it.
async fn ready(caller: &Caller, url: &str) -> Result<String, (String, String)> {
    let cure = || "see that role's log".to_owned();
    let asked = async {
        let client = network::https(&caller.shared, None)?;
        let (authority, _) = Authority::of_url(url).ok_or_else(|| anyhow::anyhow!("{url} is no address"))?;
        let mut request = Request::new(Upload::Empty);
        *request.uri_mut() = Uri::from_static("/readyz");
        let timeouts = Timeouts { total: PATIENCE, ..Timeouts::default() };
        let (head, body) = client.send(&authority, request, &timeouts).await?.response.into_parts();
        let said = body.read_to_end(4096).await.map_err(|fault| anyhow::anyhow!("{fault}"))?;
        anyhow::Ok((head.status, String::from_utf8_lossy(&said).trim().to_owned()))
    };
    match asked.await {
        Ok((status, _)) if status.is_success() => Ok("ready".to_owned()),
        Ok((status, said)) => Err((format!("{status}: {said}"), cure())),
        Err(error) => Err((format!("{error:#}"), cure())),
    }
}

/// The steps of a call, one after another: the first that fails ends the walk.
async fn walk(caller: &Caller, findings: &mut Vec<Finding>) {
    let endpoint = match caller.endpoint(Operation::SearchFreeSlots).await {
        Ok(endpoint) => endpoint,
        Err(failure) => return findings.push(failed("SDS look-up", failure)),
    };
    let found = format!("{} is at {}", endpoint.asid, endpoint.root);
    findings.push(Finding { name: "SDS look-up".to_owned(), seen: Ok(found) });
    if !caller.consumer.makes_its_own_tokens() {
        match caller.consumer.request_token(&scope_for(&endpoint.root)).await.map_err(failure_of) {
            Ok(_) => findings.push(Finding { name: "token".to_owned(), seen: Ok("given for that address".to_owned()) }),
            Err(failure) => return findings.push(failed("token", failure)),
        }
    }
    metadata(caller, &endpoint, findings).await;
}

async fn metadata(caller: &Caller, endpoint: &Endpoint, findings: &mut Vec<Finding>) {
    match caller.consumer.capability_statement(endpoint).await.map_err(failure_of) {
        Err(failure) => findings.push(failed("metadata through the SSP", failure)),
        Ok(received) => {
            let version = received.resource("CapabilityStatement").ok();
            let version = version.and_then(|statement| statement.text_of("version").map(str::to_owned));
            let seen = version.map_or_else(|| "answered".to_owned(), |version| format!("answered, version {version}"));
            findings.push(Finding { name: "metadata through the SSP".to_owned(), seen: Ok(seen) });
            findings.push(Finding { name: "clock".to_owned(), seen: clock(&received, caller.shared.clock.now()) });
        }
    }
}

/// This machine's clock beside that of the party that answered.
fn clock(received: &Received, now: Timestamp) -> Result<String, (String, String)> {
    let theirs = received.header(&DATE).and_then(|text| rfc2822::parse(text).ok());
    let Some(theirs) = theirs else { return Ok("the answer bears no date to compare with".to_owned()) };
    let apart = now.as_second().saturating_sub(theirs.timestamp().as_second());
    if apart.abs() <= CLOCKS_APART {
        return Ok(format!("{} s from the answer's", apart.abs()));
    }
    let which = if apart > 0 { "ahead of" } else { "behind" };
    let what = format!("this machine is {} s {which} the party that answered: tokens fail", apart.abs());
    Err((what, "set the clock with NTP".to_owned()))
}

fn failed(name: &str, failure: Failure) -> Finding {
    Finding { name: name.to_owned(), seen: Err((format!("{}: {}", failure.what, failure.why), failure.cure)) }
}

fn shown(findings: &[Finding], terminal: &Terminal) -> String {
    findings
        .iter()
        .map(|finding| match &finding.seen {
            Ok(seen) => format!("{} {}: {seen}\n", terminal.paint(Colour::Green, "✔"), finding.name),
            Err((wrong, cure)) => {
                format!("{} {}: {wrong}\n    → {cure}\n", terminal.paint(Colour::Red, "✘"), finding.name)
            }
        })
        .collect()
}

fn as_json(findings: &[Finding]) -> String {
    let all: Vec<_> = findings
        .iter()
        .map(|finding| match &finding.seen {
            Ok(seen) => json!({"check": finding.name, "ok": true, "seen": seen}),
            Err((wrong, cure)) => json!({"check": finding.name, "ok": false, "seen": wrong, "cure": cure}),
        })
        .collect();
    format!("{:#}\n", json!(all))
}

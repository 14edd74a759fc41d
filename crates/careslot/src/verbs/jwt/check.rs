//! `careslot jwt check`: every rule of section 8 that a token breaks, with its requirement and what to do (UTL-05, UTL-06).

use std::path::PathBuf;

use clap::ValueEnum;
use roles::edge::clock::Clock;
use serde_json::{Value, json};
use spine::interaction::OPERATIONS;
use spine::token::{self, AcceptUnsigned, Assurance, Checked, Compact, Expectation, KeySet, TokenFault};
use spine::{Dialect, Operation};

use super::super::no_xml;
use super::super::times::{self, Edge};
use super::against::{Against, Known, public_key};
use super::{given_token, not_a_token};
use crate::cli::parse_dialect;
use crate::config;
use crate::failure::{Exit, Failure};
use crate::network::SystemClock;
use crate::terminal::{Colour, OutputFlags, OutputForm, Terminal};

/// The flags of `jwt check`.
#[derive(Clone, Debug, clap::Args)]
pub struct Check {
    /// The token; without it, or with -, it comes from stdin. A leading `Bearer ` is dropped
    #[arg(value_name = "TOKEN")]
    pub token: Option<String>,
    /// The issuer's public keys: a JWKS file, or an https address
    #[arg(long, value_name = "FILE|URL", conflicts_with = "key")]
    pub jwks: Option<String>,
    /// The issuer's public key: a PEM file with the key or a certificate of it
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// The authority that an https address is trusted through, PEM [default: the environment's]
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// What `iss` has to be [default: the environment's issuer]
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,
    /// What `aud` has to be; may come more than once [default: the service roots of the environment]
    #[arg(long, value_name = "URL")]
    pub audience: Vec<String>,
    /// The dialect of the service root that is called [default: the environment's]
    #[arg(long, value_name = "DIALECT", value_parser = parse_dialect)]
    pub dialect: Option<&'static Dialect>,
    /// The operation that it is for; without it, its group or scope is not judged
    #[arg(long, value_enum, value_name = "OPERATION")]
    pub operation: Option<CheckedOperation>,
    /// Judge it as it comes past the proxy, not from it
    #[arg(long)]
    pub direct: bool,
    /// Judge it as of this time [default: now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// The network.
    #[command(flatten)]
    pub against: Against,
    /// Form of the output.
    #[command(flatten)]
    pub output: OutputFlags,
}

/// The operations by the names of the verbs that carry them out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckedOperation {
    /// The capability statement
    Metadata,
    /// Search for free Slots
    Slots,
    /// Book an Appointment, or register one
    Book,
    /// Read an Appointment
    Get,
    /// Cancel an Appointment, or its registration
    Cancel,
    /// Search a patient's Appointments
    Appointments,
}

impl CheckedOperation {
    pub(super) fn operation(self) -> Operation {
        match self {
            Self::Metadata => Operation::CapabilityStatement,
            Self::Slots => Operation::SearchFreeSlots,
            Self::Book => Operation::BookAppointment,
            Self::Get => Operation::GetAppointment,
            Self::Cancel => Operation::CancelAppointment,
            Self::Appointments => Operation::SearchPatientAppointments,
        }
    }
}

/// The outcome, and what it rests on.
struct Verdict {
    outcome: Result<Checked, Vec<TokenFault>>,
    dialect: &'static Dialect,
    /// What could not be compared, since nothing says what it should be.
    notes: Vec<&'static str>,
}

/// Do it.
pub(super) async fn run(args: &Check, terminal: &Terminal) -> Result<(), Failure> {
    let token = given_token(args.token.as_deref())?;
    let verdict = judge(args, &token).await?;
    match args.output.form() {
        OutputForm::Json => terminal.data(&format!("{:#}\n", as_json(&verdict))),
        OutputForm::Xml => return Err(no_xml("a verdict")),
        OutputForm::Table => terminal.data(&as_text(&verdict, terminal)),
    }
    for note in &verdict.notes {
        terminal.say(note);
    }
    match &verdict.outcome {
        Ok(checked) => {
            if checked.assurance() == Assurance::Unsigned {
                terminal.say(
                    "this token is unsigned: it is believed for the proxy's connection alone, and is no proof (UTL-06)",
                );
            }
            Ok(())
        }
        Err(faults) => Err(broken(faults, verdict.dialect)),
    }
}

async fn judge(args: &Check, token: &str) -> Result<Verdict, Failure> {
    let known = args.against.read(args.ca.as_deref())?;
    let dialect = args.dialect.unwrap_or(known.config.consumer.dialect);
    let now = match &args.at {
        None => SystemClock.now(),
        Some(text) => times::moment("--at", text, Edge::Start, SystemClock.now())?,
    };
    let parts = match Compact::split(token) {
        Ok(parts) => parts,
        Err(fault) if args.output.form() == OutputForm::Json => {
            return Ok(Verdict { outcome: Err(vec![fault]), dialect, notes: Vec::new() });
        }
        Err(fault) => return Err(not_a_token(&fault)),
    };
    let mut notes = Vec::new();
    let claim = |name: &str| parts.claims.get(name).and_then(Value::as_str).map(str::to_owned);
    let issuer = args.issuer.clone().or_else(|| known.issuer()).unwrap_or_else(|| {
        notes.push("iss was not compared: say with --issuer what it has to be");
        claim("iss").unwrap_or_default()
    });
    let (mut audiences, registry) = (args.audience.clone(), known.registry_roots());
    if audiences.is_empty() {
        audiences = [known.provider_roots(), registry.clone()].concat();
    }
    if audiences.is_empty() {
        notes.push("aud was not compared: say with --audience what it has to be");
        audiences.extend(claim("aud"));
    }
    if args.operation.is_none() {
        notes.push("group and scope were not judged: say with --operation what it is for");
    }
    let for_registry = claim("aud").is_some_and(|audience| registry.contains(&audience));
    let (groups, clients) = (known.groups(), known.config.jwt.clients.clone());
    let leeway = i64::try_from(known.config.jwt.leeway.as_secs()).unwrap_or(token::USUAL_LEEWAY);
    let accept_unsigned = match known.config.jwt.accept_unsigned {
        config::AcceptUnsigned::BehindSsp if !for_registry => AcceptUnsigned::BehindSsp,
        _ => AcceptUnsigned::Never,
    };
    let keys = if parts.algorithm() == Some("RS256") { keys(args, known, &parts).await? } else { KeySet::default() };
    let expected = Expectation {
        dialect,
        audiences: &audiences,
        issuer: &issuer,
        keys: &keys,
        groups: &groups,
        clients: &clients,
        // What nothing in particular is asked of.
        operation: args.operation.map_or(Operation::Validate, CheckedOperation::operation),
        now: now.as_second(),
        leeway,
        behind_ssp: !args.direct,
        accept_unsigned,
    };
    Ok(Verdict { outcome: token::check(token, &expected), dialect, notes })
}

/// The issuer's keys: a single key is taken for the one that the token names.
async fn keys(args: &Check, known: Known, parts: &Compact<'_>) -> Result<KeySet, Failure> {
    if let Some(path) = &args.key {
        let key = public_key(path)?;
        return Ok(KeySet::of(vec![match parts.key_id() {
            Some(key_id) => key.under(key_id),
            None => key,
        }]));
    }
    let Some(place) = args.jwks.clone().or_else(|| known.jwks()) else {
        return Err(Failure::new(
            Exit::Usage,
            "the signature cannot be checked",
            "nothing says which keys the issuer has",
            "name them with --jwks FILE|URL or --key FILE, or a network with --env or --config",
        ));
    };
    known.key_set(&place).await
}

fn as_json(verdict: &Verdict) -> Value {
    let failures = verdict.outcome.as_ref().err().map(Vec::as_slice).unwrap_or_default().iter();
    let failures = failures.map(|fault| json!({ "requirement": fault.requirement, "message": fault.sentence }));
    json!({
        "valid": verdict.outcome.is_ok(),
        "failures": failures.collect::<Vec<_>>(),
        "dialect": verdict.dialect.name,
        "assurance": verdict.outcome.as_ref().ok().map(|checked| checked.assurance().words()),
        "not_judged": verdict.notes,
    })
}

fn as_text(verdict: &Verdict, terminal: &Terminal) -> String {
    match &verdict.outcome {
        Err(faults) => faults
            .iter()
            .map(|fault| format!("{}  {}\n", terminal.paint(Colour::Red, fault.requirement), fault.sentence))
            .collect(),
        Ok(checked) => {
            let allowed = OPERATIONS.iter().filter(|row| !row.interactions.is_empty());
            let allowed = allowed.filter(|row| checked.allows(row.operation).is_ok());
            let allowed = allowed.filter_map(|row| row.interactions.first()).map(ToString::to_string);
            let mut text = format!("{}\n", terminal.paint(Colour::Green, "valid"));
            for interaction in allowed {
                text.push_str(&format!("  may be used for {interaction}\n"));
            }
            text
        }
    }
}

fn broken(faults: &[TokenFault], dialect: &Dialect) -> Failure {
    let count = faults.len();
    let what = format!("the token breaks {count} rule{}", if count == 1 { "" } else { "s" });
    match faults.first() {
        Some(first) => {
            let refused = first.reason.refused(dialect);
            let why = format!("a Provider answers {}: {} [{}]", refused.status, refused.sentence, first.requirement);
            Failure::new(Exit::Refused, what, why, refused.cure)
        }
        None => Failure::new(Exit::Refused, what, "", ""),
    }
}

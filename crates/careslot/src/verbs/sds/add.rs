//! `careslot sds add`: one system into the directory by flags, with the records that SDS-65 asks for.

use roles::edge::client::Authority;
use spine::sds::{Entry, Registration, ldif};
use spine::{Asid, InteractionId, Malformed, OdsCode, PartyKey};

use super::{DirectoryAtHand, KeeperFlags, findings};
use crate::failure::{Exit, Failure};
use crate::terminal::Terminal;
use crate::verbs::caller::asid_of;
use crate::verbs::fault::wrong_word;

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The system's ASID
    #[arg(value_name = "ASID")]
    pub asid: String,
    /// ODS code of its organisation
    #[arg(long, value_name = "CODE")]
    pub ods: String,
    /// Its own party key [default: the ODS code, a hyphen, and the ASID's last seven digits]
    #[arg(long, value_name = "KEY")]
    pub party_key: Option<String>,
    /// The service root where it answers; without it the system is a Consumer
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// The name in its certificate [default: the endpoint's host]
    #[arg(long, value_name = "FQDN")]
    pub fqdn: Option<String>,
    /// An Interaction ID that it uses and, as a Provider, answers; may be given several times [default: those of booking]
    #[arg(long = "interaction", value_name = "INTERACTION-ID")]
    pub interactions: Vec<String>,
    /// ODS code of the organisation that made it
    #[arg(long, value_name = "CODE")]
    pub manufacturer: Option<String>,
    /// Put it in place of the system of this ASID, and of all records of its party key
    #[arg(long)]
    pub replace: bool,
    /// Write the entries and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Whose directory is meant.
    #[command(flatten)]
    pub keeper: KeeperFlags,
}

/// Do it.
pub(super) async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    let directory = DirectoryAtHand::open(&args.keeper)?;
    let dated = directory.keeper.clock.now().strftime("%Y%m%d%H%M%S").to_string();
    let registration = registration(&args, dated)?;
    let entries = registration.entries();
    let (old, others): (Vec<Entry>, Vec<Entry>) = directory
        .entries(true)
        .await?
        .into_iter()
        .partition(|there| entries.iter().any(|entry| entry.dn() == there.dn()) || is_of(there, &registration));
    if let Some(there) = old.first().filter(|_| !args.replace) {
        let why = format!("{} is there already", there.dn());
        let cure = "choose another ASID and party key, or put the system in its place with --replace";
        return Err(Failure::new(Exit::Refused, "nothing was added", why, cure));
    }
    let found = findings::in_new(&entries, others.iter());
    findings::say(&found, |_| None, terminal);
    findings::refused("nothing was added", &found, "mend the flags, then try again")?;
    if !args.dry_run {
        if old.is_empty() {
            directory.keep(&entries, false).await?;
        } else {
            directory.keep(&[others, entries.clone()].concat(), true).await?;
        }
    }
    directory.close().await;
    terminal.data(&ldif::write(&entries));
    let done = if args.dry_run { "nothing was changed; these would be added" } else { "added" };
    terminal.say(&format!("{done}: {} entries of the system {}", entries.len(), registration.asid));
    Ok(())
}

/// Whether an entry is a record of the same party key.
fn is_of(entry: &Entry, registration: &Registration) -> bool {
    let key = registration.party_key.as_str();
    entry.first("nhsMHSPartyKey").is_some_and(|held| held.trim().eq_ignore_ascii_case(key))
}

fn registration(args: &Args, dated: String) -> Result<Registration, Failure> {
    let asid = asid_of(&args.asid)?;
    let ods_code = word(OdsCode::parse(&args.ods))?.to_upper_case();
    let party_key = match &args.party_key {
        Some(key) => word(PartyKey::parse(key))?,
        None => word(PartyKey::parse(&usual_party_key(&ods_code, &asid)))?,
    };
    let interactions = match args.interactions.as_slice() {
        [] => InteractionId::OF_A_PROVIDER.to_vec(),
        given => given.iter().map(|text| word(InteractionId::parse(text))).collect::<Result<_, _>>()?,
    };
    let answers = args.endpoint.as_ref().map(|_| interactions.clone()).unwrap_or_default();
    Ok(Registration {
        asid,
        ods_code,
        party_key,
        may_use: interactions,
        answers,
        fqdn: fqdn(args)?,
        endpoint: args.endpoint.clone(),
        manufacturer: args.manufacturer.as_deref().map(|code| word(OdsCode::parse(code))).transpose()?,
        dated,
    })
}

fn usual_party_key(ods_code: &OdsCode, asid: &Asid) -> String {
    let digits = asid.as_str();
    format!("{ods_code}-{}", digits.get(digits.len().saturating_sub(7)..).unwrap_or(digits))
}

fn fqdn(args: &Args) -> Result<String, Failure> {
    if let Some(fqdn) = &args.fqdn {
        return Ok(fqdn.clone());
    }
    let host = args.endpoint.as_deref().and_then(Authority::of_url).map(|(authority, _)| authority.host);
    host.ok_or_else(|| {
        let (why, cure) = match &args.endpoint {
            Some(url) => (
                format!("{} is no address of a service root", spine::identifiers::quote(url)),
                "write it as https://HOST[:PORT]/PATH",
            ),
            None => (
                "a Consumer is known by the name in its certificate, and none was given [SSP-47]".to_owned(),
                "give it with --fqdn; for a Provider, give --endpoint",
            ),
        };
        Failure::new(Exit::Usage, "nothing was added", why, cure)
    })
}

fn word<T>(parsed: Result<T, Malformed>) -> Result<T, Failure> {
    parsed.map_err(|fault| wrong_word(&fault))
}

//! `careslot endpoint`: where a Provider is, by the two look-ups of SDS (FIND-12, SDS-20, SDS-21).

use std::fmt::Write as _;
use std::path::PathBuf;

use roles::consumer::{Endpoint, Lookup};
use serde_json::{Map, Value, json};
use spine::InteractionId;

use super::caller::{Caller, Outbox, asid_of};
use super::dos;
use super::fault::{failure_of, wrong_word};
use super::table::harmless;
use crate::cli::ConsumerFlags;
use crate::failure::Failure;
use crate::terminal::{Colour, OutputForm, Terminal};

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The ASID to look for, as the Directory of Services gives it
    #[arg(value_name = "ASID", required_unless_present = "dos")]
    pub asid: Option<String>,
    /// The service's record in the Directory of Services, a JSON file, instead of its ASID
    #[arg(long, value_name = "FILE", conflicts_with = "asid")]
    pub dos: Option<PathBuf>,
    /// What is to be asked there [default: slot search]
    #[arg(long, value_name = "INTERACTION-ID")]
    pub interaction: Option<String>,
    /// Consumer flags.
    #[command(flatten)]
    pub consumer: ConsumerFlags,
}

/// Do it.
pub async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    let asid = match &args.dos {
        Some(record) => dos::asid_in(record, terminal)?,
        None => asid_of(args.asid.as_deref().unwrap_or_default())?,
    };
    let interaction = match &args.interaction {
        Some(text) => InteractionId::parse(text).map_err(|fault| wrong_word(&fault))?,
        None => InteractionId::SEARCH_SLOT,
    };
    let caller = Caller::open(&args.consumer, Outbox::Unneeded, terminal).await?;
    let endpoint = caller.consumer.find_endpoint(&asid, &interaction).await.map_err(failure_of)?;
    if let Some(curl) = &caller.curl {
        let commands: Vec<String> = endpoint.lookups.iter().map(|lookup| curl.look_up(lookup)).collect();
        return Err(Failure::shown_instead(commands.join("\n")));
    }
    match args.consumer.output.form() {
        OutputForm::Table => terminal.data(&shown(&endpoint, terminal)),
        OutputForm::Json => terminal.data(&format!("{:#}\n", as_json(&endpoint))),
        OutputForm::Xml => return Err(super::no_xml("an endpoint")),
    }
    caller.close().await;
    Ok(())
}

/// Both look-ups, each with its filter and what came, then what follows from them.
fn shown(endpoint: &Endpoint, terminal: &Terminal) -> String {
    let mut text = String::new();
    for (number, lookup) in endpoint.lookups.iter().enumerate() {
        let heading = format!("Look-up {}: {}", number + 1, question(lookup));
        let _ = writeln!(text, "{}\n  base    {}", terminal.paint(Colour::Bold, &heading), lookup.base);
        let _ = writeln!(text, "  filter  {}\n  found   {}", lookup.filter, counted(lookup.found.len()));
        for entry in &lookup.found {
            let _ = writeln!(text, "    dn: {}", harmless(&entry.dn));
            for (name, values) in entry.attributes() {
                for value in values {
                    let _ = writeln!(text, "    {name}: {}", harmless(value));
                }
            }
        }
        text.push('\n');
    }
    let _ = writeln!(text, "party key  {}\nendpoint   {}", endpoint.party_key, endpoint.root);
    text
}

fn question(lookup: &Lookup) -> &'static str {
    if lookup.filter.contains("nhsMhs)") { "the party key's endpoint" } else { "the system's record" }
}

fn counted(entries: usize) -> String {
    match entries {
        0 => "nothing".to_owned(),
        1 => "one entry".to_owned(),
        several => format!("{several} entries"),
    }
}

fn as_json(endpoint: &Endpoint) -> Value {
    let lookups: Vec<Value> = endpoint
        .lookups
        .iter()
        .map(|lookup| {
            let entries: Vec<Value> = lookup
                .found
                .iter()
                .map(|entry| {
                    let attributes: Map<String, Value> =
                        entry.attributes().map(|(name, values)| (name.to_owned(), json!(values))).collect();
                    json!({"dn": entry.dn, "attributes": attributes})
                })
                .collect();
            json!({"base": lookup.base, "filter": lookup.filter, "entries": entries})
        })
        .collect();
    json!({
        "asid": endpoint.asid.as_str(), "party_key": endpoint.party_key, "endpoint": endpoint.root, "lookups": lookups,
    })
}

//! `careslot slots`: the Slots of a service (SLT-02, CON-03, CON-06).

use std::collections::BTreeSet;
use std::path::PathBuf;

use fhir::Node;
use roles::consumer::{FoundSlot, SlotQuestion, SlotsFound};
use spine::Operation;
use uuid::Uuid;

use super::caller::{Caller, Outbox, Step, asid_of};
use super::dos;
use super::fault::failure_of;
use super::resource;
use super::table::{Column, harmless, table, whole, words};
use super::times::{self, Edge};
use crate::cli::ConsumerFlags;
use crate::failure::{Exit, Failure};
use crate::terminal::{Colour, OutputForm, Terminal};

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The service: its ASID
    #[arg(value_name = "SERVICE", required_unless_present = "dos")]
    pub healthcare_service: Option<String>,
    /// The service's record in the Directory of Services, a JSON file, instead of its ASID
    #[arg(long, value_name = "FILE", conflicts_with = "healthcare_service")]
    pub dos: Option<PathBuf>,
    /// Slots that start at this time or later; without a zone it is Europe/London
    #[arg(long, value_name = "TIME")]
    pub from: String,
    /// Slots that start at this time or earlier
    #[arg(long, value_name = "TIME")]
    pub to: String,
    /// Their status
    #[arg(long, value_name = "STATUS", default_value = "free")]
    pub status: String,
    /// UUID of the CDA document of the encounter, for the audit trail
    #[arg(long, value_name = "UUID")]
    pub document: Option<Uuid>,
    /// Consumer flags.
    #[command(flatten)]
    pub consumer: ConsumerFlags,
}

/// Do it.
pub async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    let caller = Caller::open(&args.consumer, Outbox::Unneeded, terminal)
        .await?
        .in_encounter(args.document)
        .for_step(Step::Call(Operation::SearchFreeSlots));
    let now = caller.shared.clock.now();
    let (from, to) =
        (times::moment("--from", &args.from, Edge::Start, now)?, times::moment("--to", &args.to, Edge::End, now)?);
    if from > to {
        let why = format!("--from is {}, --to is {}", times::local(from), times::local(to));
        return Err(Failure::new(Exit::Usage, "the window is empty", why, "let --to be later than --from"));
    }
    let service = match &args.dos {
        Some(record) => dos::asid_in(record, terminal)?,
        None => asid_of(args.healthcare_service.as_deref().unwrap_or_default())?,
    };
    let endpoint = caller.endpoint_of(&service, Operation::SearchFreeSlots).await?;
    let question = SlotQuestion { service: service.to_string(), from, to, statuses: statuses(&args.status) };
    let found = caller.consumer.search_free_slots(&endpoint, &question).await.map_err(|fault| caller.ended(fault))?;
    match args.consumer.output.form() {
        OutputForm::Table => show(&found, terminal),
        OutputForm::Json => match found.pages.as_slice() {
            [page] => terminal.data(&resource::as_received(page)),
            _ => terminal.data(&format!("{}\n", String::from_utf8_lossy(&fhir::json::write(&joined(&found)?)))),
        },
        OutputForm::Xml => terminal.data(&resource::as_xml(&joined(&found)?)),
    }
    found.pages.iter().for_each(|page| resource::say_faults(page, terminal));
    caller.close().await;
    Ok(())
}

/// `free,busy` as two; `all` as none, which asks for every status (SLT-10).
fn statuses(text: &str) -> Vec<String> {
    if text == "all" {
        return Vec::new();
    }
    text.split(',').map(|status| status.trim().to_owned()).filter(|status| !status.is_empty()).collect()
}

const SLOTS: [Column; 6] =
    [whole("LOCAL TIME"), whole("TO"), whole("UTC"), whole("SLOT"), whole("STATUS"), words("CHANNEL")];

/// A table for each Schedule, under what is the same for all its Slots. None is left out, and what the Provider left out stays
/// empty (CON-06, CON-07).
fn show(found: &SlotsFound, terminal: &Terminal) {
    if found.slots.is_empty() {
        let why = found.explanation.as_deref().unwrap_or("the Provider gives no reason");
        terminal.say(&format!("there are no such Slots: {}", harmless(why)));
        return;
    }
    let only_free = found.slots.iter().all(|slot| slot.status == "free");
    let mut schedules: Vec<(String, Vec<Vec<String>>)> = Vec::new();
    for slot in &found.slots {
        let (heading, row) = (heading(slot), row(slot, only_free));
        match schedules.iter_mut().find(|(other, _)| *other == heading) {
            Some((_, rows)) => rows.push(row),
            None => schedules.push((heading, vec![row])),
        }
    }
    let tables: Vec<String> = schedules
        .iter()
        .map(|(heading, rows)| format!("{}\n{}", terminal.paint(Colour::Bold, heading), table(&SLOTS, rows)))
        .collect();
    terminal.data(&tables.join("\n"));
}

/// Which service, where and with whom.
fn heading(slot: &FoundSlot) -> String {
    let line = |parts: &[&Option<String>]| -> String {
        let given: Vec<&str> =
            parts.iter().filter_map(|part| part.as_deref()).filter(|part| !part.is_empty()).collect();
        harmless(&given.join(", "))
    };
    let lines = [
        line(&[&slot.service]),
        line(&[&slot.location, &slot.address]),
        line(&[&slot.practitioner, &slot.practitioner_gender, &slot.role]),
    ];
    let given: Vec<String> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    if given.is_empty() { harmless(&slot.schedule) } else { given.join("\n") }
}

fn row(slot: &FoundSlot, only_free: bool) -> Vec<String> {
    let [local, utc] = times::columns(&slot.start);
    let status = if only_free { String::new() } else { slot.status.clone() };
    vec![
        local,
        times::clock(&slot.end),
        utc,
        slot.id.clone(),
        status,
        slot.delivery_channel.clone().unwrap_or_default(),
    ]
}

/// All pages as one Bundle: the first page's, with everybody's entries, and without links to pages that are here already.
fn joined(found: &SlotsFound) -> Result<Node, Failure> {
    let mut pages = found.pages.iter().map(|page| page.resource("Bundle").map_err(failure_of));
    let Some(first) = pages.next() else {
        return Err(Failure::internal("there is nothing to show", &anyhow::anyhow!("the search had no page")));
    };
    let mut bundle = first?;
    let mut known: BTreeSet<String> = bundle.all("entry").filter_map(full_url).map(str::to_owned).collect();
    for page in pages {
        for entry in page?.all("entry") {
            // The same Schedule is included on each page that needs it.
            let url = full_url(entry).map(str::to_owned);
            if url.as_ref().is_none_or(|url| !known.contains(url)) {
                known.extend(url);
                bundle.push("entry", entry.clone());
            }
        }
    }
    bundle.retain(|child| child.name() != "link" || child.text_of("relation") == Some("self"));
    Ok(bundle)
}

fn full_url(entry: &Node) -> Option<&str> {
    entry.text_of("fullUrl")
}

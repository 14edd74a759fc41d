//! `careslot audit verify`: every chain of every trail, from end to end (AUD-04).

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::Method;
use roles::administration::audit::{WrittenHead, WrittenVerification};
use serde::{Deserialize, Serialize};

use super::trails::Trails;
use super::{WhoseFlags, unusable};
use crate::failure::{Exit, Failure};
use crate::terminal::{Colour, OutputFlags, OutputForm, Terminal};
use crate::verbs::no_xml;
use crate::verbs::table::{harmless, table, whole};

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Also miss what an earlier `careslot audit verify --json`, kept in this file, has seen
    #[arg(long, value_name = "FILE")]
    pub since: Option<PathBuf>,
    /// Whose trails.
    #[command(flatten)]
    pub whose: WhoseFlags,
    /// Form of the output.
    #[command(flatten)]
    pub output: OutputFlags,
}

/// What is printed, and read again with `--since`.
#[derive(Debug, Serialize, Deserialize)]
struct Report {
    intact: bool,
    trails: Vec<WrittenVerification>,
}

/// Do it.
pub(super) async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    let form = args.output.form();
    if form == OutputForm::Xml {
        return Err(no_xml("what a check found"));
    }
    let earlier = args.since.as_deref().map(read_report).transpose()?;
    let trails = Trails::open(&args.whose).await?;
    let mut report = Report { intact: true, trails: Vec::new() };
    for whose in trails.whose() {
        let known = earlier.as_ref().map(|earlier| known_of(earlier, whose.name())).unwrap_or_default();
        let body = serde_json::to_vec(&known).map_err(unusable)?;
        let found = trails.ask(whose, Method::POST, "verification", Bytes::from(body)).await?;
        let found: WrittenVerification = serde_json::from_slice(&found).map_err(unusable)?;
        report.intact &= found.faults.is_empty();
        report.trails.push(found);
    }
    trails.close().await;
    match form {
        OutputForm::Json => terminal.data(&format!("{}\n", serde_json::to_string_pretty(&report).map_err(unusable)?)),
        OutputForm::Table | OutputForm::Xml => terminal.data(&shown(&report, terminal)),
    }
    outcome(&report)
}

fn read_report(path: &Path) -> Result<Report, Failure> {
    let read = fs::read_to_string(path).map_err(anyhow::Error::from);
    let report = read.and_then(|text| Ok(serde_json::from_str(&text)?));
    report.map_err(|error| {
        let cure = "name a file with what `careslot audit verify --json` printed";
        Failure::new(Exit::Usage, "--since cannot be read", format!("{}: {error}", path.display()), cure)
    })
}

fn known_of<'r>(report: &'r Report, role: &str) -> Vec<&'r WrittenHead> {
    report.trails.iter().filter(|trail| trail.role == role).flat_map(|trail| &trail.chains).collect()
}

fn shown(report: &Report, terminal: &Terminal) -> String {
    let columns = [whole("ROLE"), whole("CHAIN"), whole("RECORDS"), whole("END")];
    let row = |role: &str, head: &WrittenHead| {
        let end = if head.closed { "closed" } else { "open" };
        vec![role.to_owned(), head.chain.clone(), head.records.to_string(), end.to_owned()]
    };
    let rows = report.trails.iter().flat_map(|trail| trail.chains.iter().map(|head| row(&trail.role, head)));
    let mut text = table(&columns, &rows.collect::<Vec<_>>());
    for trail in &report.trails {
        for fault in &trail.faults {
            let cross = terminal.paint(Colour::Red, "✘");
            let line = format!("{}, {}, record {}:\n    {}", trail.role, fault.chain, fault.record, fault.what);
            text.push_str(&format!("{cross} {}\n", line.split('\n').map(harmless).collect::<Vec<_>>().join("\n")));
        }
    }
    if report.intact {
        text.push_str(&format!("{} every record is as it was written\n", terminal.paint(Colour::Green, "✔")));
    }
    text
}

fn outcome(report: &Report) -> Result<(), Failure> {
    if report.intact {
        return Ok(());
    }
    let count: usize = report.trails.iter().map(|trail| trail.faults.len()).sum();
    let (places, say) = if count == 1 { ("place", "the ✘ above says") } else { ("places", "each ✘ above says") };
    Err(Failure::new(
        Exit::Refused,
        format!("the audit trail is not as it was written, in {count} {places}"),
        format!("{say} which record, and how [AUD-04]"),
        "keep the database as it is for whoever investigates, and compare it with a backup",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_fits_eighty_columns_and_says_what_is_open() {
        let chain = "careslot-0b5b4ef8-7b5c-4d7d-9a77-0d2f4c8c2a10-1".to_owned();
        let head = |closed| WrittenHead { chain: chain.clone(), records: 1_234_567, hash: "00".repeat(32), closed };
        let trail =
            WrittenVerification { role: "provider".to_owned(), chains: vec![head(true), head(false)], faults: vec![] };
        let text = shown(&Report { intact: true, trails: vec![trail] }, &Terminal::of_process());
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.contains("1234567  closed\n") && text.contains("1234567  open\n"), "{text}");
    }
}

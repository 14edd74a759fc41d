//! `careslot sds lint`: what keeps registrations from working (SDS-65).

use std::path::PathBuf;

use serde_json::Value;
use spine::sds::lint::lint;

use super::files::{self, Placed};
use super::{DirectoryAtHand, KeeperFlags, findings};
use crate::failure::Failure;
use crate::terminal::{Colour, OutputFlags, OutputForm, Terminal};

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// LDIF files, or - for stdin [default: the directory that runs, else its store]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Whose directory is meant.
    #[command(flatten)]
    pub keeper: KeeperFlags,
    /// Form of the output.
    #[command(flatten)]
    pub output: OutputFlags,
}

/// Do it.
pub(super) async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    let placed = if args.files.is_empty() {
        let directory = DirectoryAtHand::open(&args.keeper)?;
        let entries = directory.entries(false).await?;
        directory.close().await;
        Placed { entries, places: Vec::new() }
    } else {
        files::read(&args.files)?
    };
    let found = lint(&placed.entries);
    let place = |entry: usize| placed.places.get(entry).map(String::as_str);
    match args.output.form() {
        OutputForm::Table => {
            for finding in &found {
                let paint = |colour, text: &str| terminal.paint(colour, text);
                terminal.data(&findings::shown(finding, place(finding.entry), paint));
            }
            let (errors, _) = findings::counted(&found);
            let (sign, colour) = if errors == 0 { ("✔", Colour::Green) } else { ("✘", Colour::Red) };
            let counted = format!("{} in {} entries", findings::counts(&found), placed.entries.len());
            terminal.say(&format!("{} {counted}", terminal.paint_err(colour, sign)));
        }
        OutputForm::Json => {
            let all: Value = found.iter().map(|finding| findings::as_json(finding, place(finding.entry))).collect();
            terminal.data(&format!("{all:#}\n"));
        }
        OutputForm::Xml => return Err(crate::verbs::no_xml("a finding")),
    }
    findings::refused("the directory has faults", &found, "do what stands under each error, then look again")
}

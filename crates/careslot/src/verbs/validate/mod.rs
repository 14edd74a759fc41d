//! `careslot validate`: does a resource keep to its profiles? Issues with file, line and column (VAL-01 to VAL-10).

mod judged;
mod lines;
mod shown;

use std::path::{Path, PathBuf};

use profile::{Definitions, Options, Severity};
use serde_json::Value;

use super::table::harmless;
use crate::failure::{Exit, Failure};
use crate::files::{self, Found, Unreadable};
use crate::packages::{self, Packages, many};
use crate::progress::Progress;
use crate::terminal::{Colour, OutputFlags, OutputForm, Terminal};
use judged::{Judge, Judged};

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Files, folders (every .json and .xml below them), or - for stdin
    #[arg(value_name = "FILE", required_unless_present = "ndjson")]
    pub files: Vec<PathBuf>,
    /// A profile that each resource has to keep to, claimed or not
    #[arg(long, value_name = "URL")]
    pub profile: Vec<String>,
    /// Judge by the Care Connect profile of its type what claims none
    #[arg(long)]
    pub by_type: bool,
    /// A FHIR package of STU3 to judge by as well: an archive (.tgz), a folder, or one definition in JSON or XML
    #[arg(long, value_name = "FILE")]
    pub package: Vec<PathBuf>,
    /// Read lines {"id","resource"} or {"id","text","format":"json|xml"} from stdin and write a line for each
    #[arg(long, conflicts_with = "files")]
    pub ndjson: bool,
    /// Form of the output.
    #[command(flatten)]
    pub output: OutputFlags,
}

/// Do it.
pub fn run(args: &Args, terminal: &Terminal) -> Result<(), Failure> {
    if args.output.form() == OutputForm::Xml {
        return Err(super::no_xml("a list of issues"));
    }
    let loaded = packages::load(&args.package)?;
    tell_of(&loaded, terminal);
    let options = Options { profiles: args.profile.clone(), by_type: args.by_type, ..Options::validator() };
    known(&args.profile, loaded.definitions)?;
    let judge = Judge { definitions: loaded.definitions, options };
    if args.ndjson { lines::judge(&judge, terminal) } else { judge_files(args, &judge, terminal) }
}

/// What came in with packages, and everything that did not.
fn tell_of(packages: &Packages, terminal: &Terminal) {
    let Some(summary) = packages.summary() else { return };
    terminal.say(&format!("from the packages: {summary}"));
    for unusable in packages.unusable() {
        terminal.say(&format!("{} {}", terminal.paint_err(Colour::Yellow, "not used in full:"), harmless(&unusable)));
    }
}

fn known(profiles: &[String], definitions: &Definitions) -> Result<(), Failure> {
    let Some(url) = profiles.iter().find(|url| definitions.type_of(url).is_none()) else { return Ok(()) };
    let cure = "check the URL, or add the package that defines it with --package; docs/reference/validator.md lists those that are built in";
    Err(Failure::new(Exit::Usage, "nothing was judged", format!("{url} is no profile that is known"), cure))
}

/// What was seen over all files.
#[derive(Debug, Default)]
struct Totals {
    judged: usize,
    wrong: usize,
    errors: usize,
    warnings: usize,
    unreadable: usize,
}

impl Totals {
    fn count(&mut self, one: &Judged) {
        self.judged += 1;
        self.wrong += usize::from(!one.is_valid());
        let severities = || one.issues.iter().map(|(_, issue)| issue.severity);
        self.errors += severities().filter(|severity| severity.refuses()).count();
        self.warnings += severities().filter(|severity| *severity == Severity::Warning).count();
    }

    fn ended(&self, terminal: &Terminal) -> Result<(), Failure> {
        let Self { judged, wrong, errors, warnings, unreadable } = *self;
        if judged + unreadable > 1 {
            let valid = judged - wrong;
            let (errors, warnings) = (many(errors, "error"), many(warnings, "warning"));
            let told = format!("{judged} judged: {valid} valid, {wrong} not; {errors}, {warnings}");
            terminal.say(&told);
        }
        if unreadable > 0 {
            let what = format!("{unreadable} of {} could not be read", judged + unreadable);
            return Err(Failure::new(
                Exit::Usage,
                what,
                "each is named above with the reason",
                "mend that, then try again",
            ));
        }
        if wrong > 0 {
            let their = if wrong == 1 { "its definition and profiles" } else { "their definitions and profiles" };
            let what = format!("{wrong} of {judged} did not keep to {their}");
            let cure = "mend what is listed, then try again";
            return Err(Failure::new(Exit::Refused, what, "each error is listed above with its place", cure));
        }
        Ok(())
    }
}

fn judge_files(args: &Args, judge: &Judge, terminal: &Terminal) -> Result<(), Failure> {
    let found: Vec<Found> = args.files.iter().flat_map(|path| files::named(path, &[".json", ".xml"])).collect();
    if found.is_empty() {
        let names: Vec<String> = args.files.iter().map(|path| path.display().to_string()).collect();
        let why = format!("no file below {} ends in .json or .xml", names.join(", "));
        return Err(Failure::new(
            Exit::Usage,
            "nothing was judged",
            why,
            "name a folder with resources, or the files themselves",
        ));
    }
    let is_table = args.output.form() == OutputForm::Table;
    let (mut totals, mut all) = (Totals::default(), Vec::<Value>::new());
    let mut progress = Progress::new(terminal, found.len());
    for path in found {
        match path.and_then(|path| judge_file(&path, judge)) {
            Ok(one) => {
                totals.count(&one);
                if is_table {
                    progress.clear();
                    terminal.data(&shown::shown(&one, terminal));
                } else {
                    all.push(one.as_json());
                }
            }
            Err(fault) => {
                totals.unreadable += 1;
                progress.clear();
                tell_of_unreadable(&fault, terminal);
                all.push(judged::unread(&fault));
            }
        }
        progress.advance();
    }
    progress.clear();
    if !is_table {
        terminal.data(&format!("{:#}\n", Value::from(all)));
    }
    totals.ended(terminal)
}

fn judge_file(path: &Path, judge: &Judge) -> Result<Judged, Unreadable> {
    let text = files::read(path)?;
    Ok(judge.text(Value::from(path.display().to_string()), &text, None))
}

fn tell_of_unreadable(fault: &Unreadable, terminal: &Terminal) {
    let name = harmless(&fault.path.display().to_string());
    terminal.say(&format!("{name}: {}: {}", terminal.paint_err(Colour::Red, "cannot be read"), fault.why));
    terminal.say(&format!("    {}", fault.cure()));
}

//! `careslot sds import`: the entries of LDIF files into the directory, all or none (SDS-63). What the lint finds is told and
//! keeps nothing out (SDS-18), unless that is asked for.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use serde_json::{Value, json};
use spine::sds::Entry;
use spine::sds::lint::Finding;

use super::files::{self, Placed};
use super::{DirectoryAtHand, KeeperFlags, findings};
use crate::failure::{Exit, Failure};
use crate::terminal::{Colour, OutputFlags, OutputForm, Terminal};

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// LDIF files, or - for stdin
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Put the entries in place of the whole directory; without it, only of those of the same name
    #[arg(long)]
    pub replace: bool,
    /// Say what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Import nothing when the lint finds an error in what is imported
    #[arg(long)]
    pub strict: bool,
    /// Whose directory is meant.
    #[command(flatten)]
    pub keeper: KeeperFlags,
    /// Form of the output.
    #[command(flatten)]
    pub output: OutputFlags,
}

/// What an import changes, as the names of entries.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plan {
    added: Vec<String>,
    changed: Vec<String>,
    removed: Vec<String>,
    unchanged: usize,
}

/// Do it.
pub(super) async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    let read = files::read(&args.files)?;
    if read.entries.is_empty() {
        let cure = "name a file that `careslot sds export` could have written";
        return Err(Failure::new(Exit::Usage, "nothing was imported", "expected at least one entry, got none", cure));
    }
    let directory = DirectoryAtHand::open(&args.keeper)?;
    let before = directory.entries(true).await?;
    let plan = Plan::of(&before, &read.entries, args.replace);
    let found = lint_of(&read, &before, args.replace);
    if args.output.form() == OutputForm::Table {
        findings::say(&found, |finding| read.places.get(finding.entry).cloned(), terminal);
    }
    if args.strict {
        findings::refused("nothing was imported", &found, "mend the errors, or leave --strict out")?;
    }
    if !args.dry_run {
        directory.keep(&read.entries, args.replace).await?;
    }
    directory.close().await;
    match args.output.form() {
        OutputForm::Table => plan.show(args.dry_run, terminal),
        OutputForm::Json => terminal.data(&format!("{:#}\n", plan.as_json(args.dry_run, &found, &read))),
        OutputForm::Xml => return Err(crate::verbs::no_xml("an import")),
    }
    Ok(())
}

/// What the lint finds in the imported entries, seen together with those that stay beside them.
fn lint_of(read: &Placed, before: &[Entry], whole: bool) -> Vec<Finding> {
    let names: HashSet<String> = read.entries.iter().map(|entry| entry.dn().normal()).collect();
    let stays = before.iter().filter(|entry| !whole && !names.contains(&entry.dn().normal()));
    findings::in_new(&read.entries, stays)
}

impl Plan {
    fn of(before: &[Entry], imported: &[Entry], whole: bool) -> Self {
        let mut there: HashMap<String, &Entry> = before.iter().map(|entry| (entry.dn().normal(), entry)).collect();
        let mut plan = Self::default();
        for entry in imported {
            match there.remove(&entry.dn().normal()) {
                None => plan.added.push(entry.dn().to_string()),
                Some(other) if other == entry => plan.unchanged += 1,
                Some(_) => plan.changed.push(entry.dn().to_string()),
            }
        }
        if whole {
            plan.removed = there.values().map(|entry| entry.dn().to_string()).collect();
            plan.removed.sort_unstable();
        } else {
            plan.unchanged += there.len();
        }
        plan
    }

    /// A dry run lists every change; an import that was made counts them.
    fn show(&self, dry_run: bool, terminal: &Terminal) {
        let kinds = [
            ("+", Colour::Green, &self.added),
            ("~", Colour::Yellow, &self.changed),
            ("-", Colour::Red, &self.removed),
        ];
        for (sign, colour, names) in kinds.into_iter().filter(|_| dry_run) {
            for name in names {
                terminal.data(&format!("{} {}\n", terminal.paint(colour, sign), crate::verbs::table::harmless(name)));
            }
        }
        let (added, changed, removed) = (self.added.len(), self.changed.len(), self.removed.len());
        let would = if dry_run { "nothing was changed; it would be: " } else { "" };
        terminal
            .say(&format!("{would}{added} added, {changed} changed, {removed} removed, {} as before", self.unchanged));
    }

    fn as_json(&self, dry_run: bool, found: &[Finding], read: &Placed) -> Value {
        let place = |finding: &Finding| read.places.get(finding.entry).map(String::as_str);
        json!({
            "dry_run": dry_run,
            "added": self.added,
            "changed": self.changed,
            "removed": self.removed,
            "unchanged": self.unchanged,
            "findings": found.iter().map(|finding| findings::as_json(finding, place(finding))).collect::<Value>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use spine::sds::ldif;

    use super::*;

    // covers: SDS-63
    #[test]
    fn a_plan_tells_what_is_new_other_gone_and_the_same() {
        let before = ldif::read("dn: ou=a,o=nhs\nou: a\n\ndn: ou=b,o=nhs\nou: b\n\ndn: ou=c,o=nhs\nou: c\n").unwrap();
        let imported = ldif::read("dn: OU=a,o=nhs\nou: a\n\ndn: ou=b,o=nhs\nou: B\n\ndn: ou=d,o=nhs\nou: d\n").unwrap();
        let plan = Plan::of(&before, &imported, true);
        let names = |names: &[&str]| names.iter().map(|name| format!("ou={name},o=nhs")).collect::<Vec<_>>();
        let expected = Plan { added: names(&["d"]), changed: names(&["b"]), removed: names(&["c"]), unchanged: 1 };
        assert_eq!(plan, expected);
        assert_eq!(Plan::of(&before, &imported, false), Plan { removed: Vec::new(), unchanged: 2, ..expected });
    }
}

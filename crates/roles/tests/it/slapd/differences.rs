//! Where the two servers differ, and why they may; each has its paragraph in `docs/reference/directory.md`.

use std::collections::{BTreeMap, BTreeSet};

use super::Came;
use super::searches::Ask;

/// One difference: its name in the document, and whether it explains what was seen.
struct Difference {
    name: &'static str,
    explains: fn(&Ask, &Came, &Came) -> bool,
}

/// The differences.
const DIFFERENCES: [Difference; 5] = [
    // slapd knows when and by whom an entry was made; the entries here are the same without.
    Difference {
        name: "operational-attributes",
        explains: |ask, ours, theirs| {
            ask.attributes.contains(&"+") && *ours == without(theirs, &OF_SLAPD) && *ours != *theirs
        },
    },
    Difference { name: "names-as-filters", explains: |ask, ours, _| ask.filter.contains("entryDN") && is_empty(ours) },
    Difference { name: "substrings", explains: |ask, ours, _| ask.filter == "(description=caf*)" && is_empty(ours) },
    Difference {
        name: "approximate",
        explains: |ask, ours, theirs| ask.filter.contains("~=") && ours.entries.len() < theirs.entries.len(),
    },
    Difference { name: "extensible", explains: |ask, ours, _| ask.filter.contains(":=") && is_empty(ours) },
];

/// What slapd alone keeps about an entry.
const OF_SLAPD: [&str; 7] =
    ["createTimestamp", "creatorsName", "entryCSN", "entryUUID", "hasSubordinates", "modifiersName", "modifyTimestamp"];

fn is_empty(came: &Came) -> bool {
    came.code == 0 && came.entries.is_empty()
}

fn without(came: &Came, names: &[&str]) -> Came {
    let mut came = came.clone();
    came.entries.values_mut().for_each(|attributes| attributes.retain(|name, _| !names.contains(&name.as_str())));
    came
}

/// What was seen.
#[derive(Default)]
pub(super) struct Seen {
    met: BTreeSet<&'static str>,
    pub(super) unexplained: Vec<String>,
}

impl Seen {
    pub(super) fn compare(&mut self, ask: &Ask, ours: &Came, theirs: &Came) {
        if ours == theirs {
            return;
        }
        match DIFFERENCES.iter().find(|difference| (difference.explains)(ask, ours, theirs)) {
            Some(difference) => {
                self.met.insert(difference.name);
            }
            None => self.unexplained.push(format!("{ask:?}\n  ours   {}\n  slapd  {}", shown(ours), shown(theirs))),
        }
    }

    pub(super) fn never_met(&self) -> Vec<&'static str> {
        names().filter(|name| !self.met.contains(name)).collect()
    }
}

/// Their names.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    DIFFERENCES.iter().map(|difference| difference.name)
}

fn shown(came: &Came) -> String {
    let entries: BTreeMap<&String, Vec<&String>> =
        came.entries.iter().map(|(name, attributes)| (name, attributes.keys().collect())).collect();
    format!("{} {:?} {entries:?}", came.code, came.matched)
}

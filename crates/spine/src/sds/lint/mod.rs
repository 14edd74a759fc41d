//! The lint of a directory: what keeps a registration from working, found before anybody calls (SDS-65, and what SDS-10 to
//! SDS-19, SDS-43, SDS-44, FIND-10 and FIND-11 ask of its records). A finding names its rule, its place and its cure.

mod each;
mod rules;
mod systems;

use super::entry::Entry;

pub use rules::{RULES, Rule, Severity};

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that is broken.
    pub rule: &'static Rule,
    /// The entry, counted from 0 in the order in which the entries were given.
    pub entry: usize,
    /// The entry's name.
    pub dn: String,
    /// The attribute, where one is to blame.
    pub attribute: Option<String>,
    /// What is wrong, in a sentence.
    pub problem: String,
}

/// Everything that is found in these entries, in their order.
#[must_use]
pub fn lint(entries: &[Entry]) -> Vec<Finding> {
    let mut found = Found { entries, findings: Vec::new() };
    entries.iter().enumerate().for_each(|(place, entry)| each::look(place, entry, &mut found));
    systems::look(entries, &mut found);
    found.findings.sort_by_key(|finding| finding.entry);
    found.findings
}

/// What was found so far.
struct Found<'a> {
    entries: &'a [Entry],
    findings: Vec<Finding>,
}

impl Found<'_> {
    fn add(&mut self, rule: &'static Rule, entry: usize, attribute: Option<&str>, problem: impl Into<String>) {
        let dn = self.entries.get(entry).map(|entry| entry.dn().to_string()).unwrap_or_default();
        let attribute = attribute.map(str::to_owned);
        self.findings.push(Finding { rule, entry, dn, attribute, problem: problem.into() });
    }
}

#[cfg(test)]
mod tests;

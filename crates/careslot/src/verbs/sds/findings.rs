//! What the lint found, for people and for programs.

use serde_json::{Value, json};
use spine::sds::Entry;
use spine::sds::lint::{Finding, Severity, lint};

use crate::failure::{Exit, Failure};
use crate::terminal::{Colour, Terminal};
use crate::verbs::table::harmless;

/// One finding in three lines: what and where, why, what to do. `place` is `file:line`, where the entry came from a file.
pub(super) fn shown(finding: &Finding, place: Option<&str>, paint: impl Fn(Colour, &str) -> String) -> String {
    let colour = if finding.rule.severity == Severity::Error { Colour::Red } else { Colour::Yellow };
    let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
    let attribute = finding.attribute.as_deref().map(|name| format!("{}: ", harmless(name))).unwrap_or_default();
    format!(
        "{} {} [{}]\n  {place}{}\n  {attribute}{}\n  {}\n",
        paint(colour, finding.rule.severity.word()),
        finding.rule.id,
        finding.rule.requirement,
        harmless(&finding.dn),
        harmless(&finding.problem),
        finding.rule.cure,
    )
}

/// The same as JSON.
pub(super) fn as_json(finding: &Finding, place: Option<&str>) -> Value {
    json!({
        "severity": finding.rule.severity.word(),
        "rule": finding.rule.id,
        "requirement": finding.rule.requirement,
        "place": place,
        "dn": finding.dn,
        "attribute": finding.attribute,
        "problem": finding.problem,
        "cure": finding.rule.cure,
    })
}

/// What the lint finds in new entries, seen beside those that are there: what two entries break together is told of the new one.
pub(super) fn in_new<'a>(new: &[Entry], there: impl Iterator<Item = &'a Entry>) -> Vec<Finding> {
    let mut together: Vec<Entry> = there.cloned().collect();
    let first = together.len();
    together.extend_from_slice(new);
    let found = lint(&together).into_iter().filter(|finding| finding.entry >= first);
    found.map(|finding| Finding { entry: finding.entry - first, ..finding }).collect()
}

/// The number of errors, and of warnings.
pub(super) fn counted(findings: &[Finding]) -> (usize, usize) {
    let errors = findings.iter().filter(|finding| finding.rule.severity == Severity::Error).count();
    (errors, findings.len() - errors)
}

/// A line with both numbers.
pub(super) fn counts(findings: &[Finding]) -> String {
    let (errors, warnings) = counted(findings);
    let several = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    format!("{}, {}", several(errors, "error"), several(warnings, "warning"))
}

/// Writes findings to stderr, beside what a verb does.
pub(super) fn say(findings: &[Finding], place: impl Fn(&Finding) -> Option<String>, terminal: &Terminal) {
    for finding in findings {
        let text = shown(finding, place(finding).as_deref(), |colour, text| terminal.paint_err(colour, text));
        terminal.say(text.trim_end());
    }
}

/// What a verb ends with where there are errors.
pub(super) fn refused(what: &str, findings: &[Finding], cure: &str) -> Result<(), Failure> {
    let (errors, _) = counted(findings);
    if errors == 0 {
        return Ok(());
    }
    let why = format!("{} were found [SDS-65]", counts(findings));
    Err(Failure::new(Exit::Refused, what, why, cure))
}

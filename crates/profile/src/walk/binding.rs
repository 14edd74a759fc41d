//! Bindings: the codes that an element may hold (VAL-05).
//!
//! Required: another code is an error. Extensible: another code is a warning, since nobody but a person can say that no
//! code of the set would do; a code outside the largest set allowed (maxValueSet) is an error. Preferred and example:
//! nothing. Whatever the binding, a code that its own system does not have is an error.

use fhir::Node;
use fhir::schema::{Binding, Strength};

use super::Walk;
use crate::findings::{Finding, quote};
use crate::issue::{Kind, Severity};
use crate::table::FieldRules;
use crate::terminology::{Known, Membership};

/// A system and a code of it. No system means that any of the set's will do.
type Code<'t> = (Option<&'t str>, Option<&'t str>);

/// How many codes of a set a message lists.
const LISTED: usize = 12;

impl<'n> Walk<'n, '_> {
    pub(super) fn bound(&mut self, node: &'n Node, parent: &Node, field: &FieldRules) {
        if node.kind().name() == "Coding" {
            self.coding(node, parent);
        }
        if let Some(binding) = &field.binding {
            self.binding(node, binding);
        }
    }

    /// Judges an element that may hold a code by a binding, whose URLs are full.
    pub(super) fn binding(&mut self, node: &'n Node, binding: &Binding) {
        let Some(set) = binding.value_set.as_deref().filter(|_| binding.strength >= Strength::Extensible) else {
            return;
        };
        if let Some(codes) = codes(node) {
            self.judge(node, binding, set, &codes);
        }
    }

    /// Is one of the codes of the element in the value set?
    pub(super) fn membership(&self, node: &Node, set: &str) -> Membership {
        codes(node).map_or(Membership::NotMember, |codes| self.best(set, &codes))
    }

    /// One of the codes has to be in the set.
    fn judge(&mut self, node: &Node, binding: &Binding, set: &str, codes: &[Code<'_>]) {
        let best = self.best(set, codes);
        if best == Membership::Member {
            return;
        }
        if let Some(within) = &binding.within
            && self.best(within, codes) == Membership::NotMember
        {
            self.not_in_set(node, Severity::Error, within, codes);
            return;
        }
        // An element of type code names no system: there is no other one that its code could come from.
        let is_closed = node.kind().name() == "code" && binding.within.is_none();
        let severity = match (binding.strength, best) {
            (Strength::Required, Membership::NotMember) => Severity::Error,
            (Strength::Extensible, Membership::NotMember) if is_closed => Severity::Error,
            (_, Membership::NotMember) => Severity::Warning,
            (Strength::Required, _) => {
                self.not_checked(node, set);
                return;
            }
            _ => return,
        };
        self.not_in_set(node, severity, set, codes);
    }

    /// The best that can be said of any of the codes; none at all is not a member.
    fn best(&self, set: &str, codes: &[Code<'_>]) -> Membership {
        let terminology = &self.definitions.terminology;
        let mut best = Membership::NotMember;
        for (system, code) in codes {
            let Some(code) = code else { continue };
            match terminology.membership(set, *system, code) {
                Membership::Member => return Membership::Member,
                Membership::Unknown => best = Membership::Unknown,
                Membership::NotMember => {}
            }
        }
        if terminology.set(set).is_none() && !crate::terminology::has_syntax(set) { Membership::Unknown } else { best }
    }

    fn not_in_set(&mut self, node: &Node, severity: Severity, set: &str, codes: &[Code<'_>]) {
        if self.found.is_full(severity) {
            return;
        }
        let (examples, more) = self.definitions.terminology.examples(set, LISTED);
        let list = examples.join(", ") + if more { " …" } else { "" };
        let word = if severity == Severity::Error { "has to be" } else { "should be" };
        let (got, message) = match codes.iter().find_map(|(_, code)| *code) {
            Some(code) => {
                (quote(code), format!("{} is not in the value set, and the code {word} one of it.", quote(code)))
            }
            None => ("no code".to_owned(), format!("There is no code, and there {word} one of the value set.")),
        };
        let expected = if list.is_empty() { format!("a code of {set}") } else { format!("one of {list}") };
        let cure = match self.code_in_display(node, set) {
            Some(code) => {
                format!("Write {} as the code: it stands in display, where the code's words belong.", quote(code))
            }
            None if list.is_empty() => format!("Use a code of {set}."),
            None => format!("Use one of the codes {list}."),
        };
        self.report(
            node,
            Finding { severity, kind: Kind::CodeInvalid, rule: set.to_owned(), expected, message, got, cure },
        );
    }

    /// A code of the set that stands where its words belong.
    fn code_in_display<'c>(&self, node: &'c Node, set: &str) -> Option<&'c str> {
        let displays = node.all("coding").chain([node]).filter_map(|coding| coding.text_of("display"));
        let is_code =
            |display: &&str| self.definitions.terminology.membership(set, None, display) == Membership::Member;
        displays.into_iter().find(is_code)
    }

    fn not_checked(&mut self, node: &Node, set: &str) {
        self.report(
            node,
            Finding {
                severity: Severity::Warning,
                kind: Kind::NotSupported,
                rule: set.to_owned(),
                expected: format!("a code of {set}"),
                got: "a code that was not checked".to_owned(),
                message: "The codes of the value set are not listed here, so that the code was not checked.".to_owned(),
                cure: "Check the code with a terminology server.".to_owned(),
            },
        );
    }

    /// A Coding on its own: its system has its code, and calls it so. Where the CodeableConcept around is bound, it is that
    /// element whose codes do not hold.
    fn coding(&mut self, node: &Node, parent: &Node) {
        let (Some(system), Some(code)) = system_and_code(node) else { return };
        match self.definitions.terminology.known(system, code) {
            Known::NoSuchCode => {
                let finding = no_such_code(system, code);
                let is_bound = parent.field().is_some_and(|field| field.row().binding.is_some());
                if is_bound && parent.kind().name() == "CodeableConcept" {
                    self.report_around(node, finding);
                } else {
                    self.report(node, finding);
                }
            }
            Known::Code(Some(display)) => self.display(node, display),
            Known::Code(None) | Known::NotAnExample | Known::NoSuchSystem => {}
        }
    }

    /// Displays vary by release and language: another one is worth a warning.
    fn display(&mut self, node: &Node, right: &str) {
        let Some(display) = node.text_of("display") else { return };
        if display.eq_ignore_ascii_case(right) {
            return;
        }
        self.report(
            node,
            Finding {
                severity: Severity::Warning,
                kind: Kind::CodeInvalid,
                rule: node.text_of("system").unwrap_or_default().to_owned(),
                expected: quote(right),
                got: quote(display),
                message: format!("The code system displays this code as {}.", quote(right)),
                cure: format!("Write display {}.", quote(right)),
            },
        );
    }
}

fn no_such_code(system: &str, code: &str) -> Finding {
    Finding {
        severity: Severity::Error,
        kind: Kind::CodeInvalid,
        rule: system.to_owned(),
        expected: format!("a code of {system}"),
        got: quote(code),
        message: format!("The code system has no code {}.", quote(code)),
        cure: "Use a code that the system has, or name the system that has this one.".to_owned(),
    }
}

/// The codes of an element; `None` where it cannot hold one, or is a primitive without a value.
fn codes(node: &Node) -> Option<Vec<Code<'_>>> {
    match node.kind().name() {
        "code" | "string" | "uri" => node.text().map(|code| vec![(None, Some(code))]),
        "Coding" | "Quantity" => Some(vec![system_and_code(node)]),
        "CodeableConcept" => Some(node.all("coding").map(system_and_code).collect()),
        _ => None,
    }
}

fn system_and_code(node: &Node) -> Code<'_> {
    // A code without a system is in no set; an empty system says so, where None would mean any.
    (Some(node.text_of("system").unwrap_or_default()), node.text_of("code"))
}

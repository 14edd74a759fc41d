//! Narratives: well-formed XHTML of the parts that FHIR allows, and something said (txt-1, txt-2; VAL-05).

use std::collections::HashSet;

use fhir::Node;

use super::Walk;
use crate::findings::{Finding, quote};
use crate::issue::{Kind, Severity};
use crate::xhtml::{self, Fault};

impl<'n> Walk<'n, '_> {
    /// Judges the `div` of a narrative, from the narrative.
    pub(super) fn narrative_at(&mut self, div: &'n Node) {
        self.path.enter(div, 0);
        self.narrative(div);
        self.path.leave();
    }

    fn narrative(&mut self, node: &'n Node) {
        let Some(text) = node.text() else { return };
        if let Some(fault) = fhir::xml::narrative_fault(text) {
            let got = fault.reason.to_string();
            self.narrative_issue(
                node,
                "txt-1",
                Kind::Invariant,
                "one well-formed div",
                got,
                "Close each tag and quote each attribute.",
            );
            return;
        }
        self.steps += text.len() as u64;
        for fault in xhtml::faults(text) {
            if matches!(&fault, Fault::NoTarget(id) if self.has_element(id)) {
                continue;
            }
            let (rule, kind, expected, got, cure) = words(&fault);
            self.narrative_issue(node, rule, kind, expected, got, cure);
        }
    }

    /// Has the resource around an element with this id? A link may lead there, too.
    fn has_element(&mut self, id: &str) -> bool {
        let container = self.container;
        let ids = self.element_ids.get_or_insert_with(|| {
            let mut ids = HashSet::new();
            gather_ids(container, &mut ids);
            ids
        });
        ids.contains(id)
    }

    fn narrative_issue(&mut self, node: &Node, rule: &str, kind: Kind, expected: &str, got: String, cure: &str) {
        self.report(
            node,
            Finding {
                severity: Severity::Error,
                kind,
                rule: rule.to_owned(),
                expected: expected.to_owned(),
                message: format!("The narrative is not as FHIR allows it: {got}."),
                got,
                cure: cure.to_owned(),
            },
        );
    }
}

fn gather_ids<'n>(node: &'n Node, ids: &mut HashSet<&'n str>) {
    ids.extend(node.text_of("id"));
    node.children().iter().for_each(|child| gather_ids(child, ids));
}

/// Rule, kind, expected, got and cure.
fn words(fault: &Fault) -> (&'static str, Kind, &'static str, String, &'static str) {
    match fault {
        Fault::NotADiv => (
            "txt-1",
            Kind::Structure,
            "a div outermost",
            "another element outermost".to_owned(),
            "Put the narrative into one div.",
        ),
        Fault::Namespace(name) => (
            "txt-1",
            Kind::Structure,
            "the namespace http://www.w3.org/1999/xhtml",
            format!("the element {} in another", quote(name)),
            "Write <div xmlns=\"http://www.w3.org/1999/xhtml\">.",
        ),
        Fault::Element(name) => (
            "txt-1",
            Kind::Invariant,
            "elements of basic XHTML",
            format!("the element {}", quote(name)),
            "Remove the element; names are in lower case.",
        ),
        Fault::Attribute(name, of) => (
            "txt-1",
            Kind::Invariant,
            "attributes of basic XHTML",
            format!("the attribute {} of {}", quote(name), quote(of)),
            "Remove the attribute.",
        ),
        Fault::Active(name) => (
            "txt-1",
            Kind::Invariant,
            "links that only lead somewhere",
            format!("a script in the attribute {}", quote(name)),
            "Remove the link.",
        ),
        Fault::NoLink(link) => (
            "txt-1",
            Kind::Value,
            "links that lead somewhere",
            format!("the link {}", quote(link)),
            "Write a URL that a reader can follow.",
        ),
        Fault::NoTarget(id) => (
            "txt-1",
            Kind::NotFound,
            "an element with the id that the link names",
            format!("a link to {}", quote(&format!("#{id}"))),
            "Give the target the id, or mend the link.",
        ),
        Fault::Blank => (
            "txt-2",
            Kind::Invariant,
            "text or an image",
            "neither".to_owned(),
            "Write the narrative, or leave text out.",
        ),
    }
}

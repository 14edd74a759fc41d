//! Invariants: those that are evaluated, and those about every resource or extension that are checked directly, because
//! evaluating them at each element would cost more than the rest of the walk.

use std::collections::HashSet;

use fhir::Node;

use super::Walk;
use crate::fhirpath::{self, Around, Trouble};
use crate::findings::{Finding, quote};
use crate::invariant::Invariant;
use crate::issue::{Kind, Severity};

impl<'n> Walk<'n, '_> {
    /// Judges an element by an invariant.
    pub(super) fn invariant(&mut self, node: &'n Node, invariant: &Invariant) {
        let Some(expression) = &invariant.expression else {
            self.not_evaluated(node, invariant, "it cannot be read");
            return;
        };
        let around = Around { resource: self.container, bundle: self.bundle.as_ref().map(|bundle| bundle.node) };
        match fhirpath::holds(expression, node, around, &mut self.steps) {
            Ok(true) => {}
            Ok(false) => self.broken(node, invariant),
            Err(Trouble::Unsupported(name)) => {
                self.not_evaluated(node, invariant, &format!("{name} is not supported"));
            }
            Err(Trouble::TooCostly) => self.not_evaluated(node, invariant, "it costs too many steps"),
        }
    }

    fn broken(&mut self, node: &Node, invariant: &Invariant) {
        self.report(
            node,
            Finding {
                severity: if invariant.warns { Severity::Warning } else { Severity::Error },
                kind: Kind::Invariant,
                rule: invariant.key.to_string(),
                expected: invariant.text.to_string(),
                got: "it does not hold".to_owned(),
                message: invariant.meaning.to_string(),
                cure: invariant.cure.to_string(),
            },
        );
    }

    /// Said once for a resource.
    fn not_evaluated(&mut self, node: &Node, invariant: &Invariant, why: &str) {
        if !self.found.first(&format!("invariant {}", invariant.key)) {
            return;
        }
        self.report(
            node,
            Finding {
                severity: Severity::Warning,
                kind: Kind::NotSupported,
                rule: invariant.key.to_string(),
                expected: invariant.text.to_string(),
                got: why.to_owned(),
                message: format!("The rule {} was not checked: {why}.", invariant.key),
                cure: "Check the rule by hand.".to_owned(),
            },
        );
    }

    /// An invariant of the base definitions by its key, broken.
    pub(super) fn broken_base(&mut self, node: &Node, key: &str) {
        let definitions = self.definitions;
        if let Some(invariant) = definitions.invariants.iter().find(|invariant| &*invariant.key == key) {
            self.broken(node, invariant);
        }
    }

    /// ext-1: an extension has a value or extensions, not both.
    pub(super) fn value_or_extensions(&mut self, node: &Node) {
        if node.child("extension").is_some() == node.choice("value").is_some() {
            self.broken_base(node, "ext-1");
        }
    }

    /// dom-1 to dom-4: what a resource may contain.
    pub(super) fn contained(&mut self, node: &'n Node) {
        if node.child("contained").is_none() {
            return;
        }
        let mut referred = HashSet::new();
        self.steps += references(node, &mut referred);
        let mut ids = HashSet::new();
        for (index, inner) in (0..).zip(node.all("contained")) {
            self.path.enter(inner, index);
            if inner.child("contained").is_some() {
                self.broken_base(inner, "dom-2");
            }
            if inner.child("text").is_some() {
                self.broken_base(inner, "dom-1");
            }
            if inner.find("meta.versionId").is_some() || inner.find("meta.lastUpdated").is_some() {
                self.broken_base(inner, "dom-4");
            }
            match inner.text_of("id") {
                Some(id) if !referred.contains(id) => self.broken_base(inner, "dom-3"),
                Some(id) if !ids.insert(id) => self.same_id(inner, id),
                Some(_) => {}
                None => self.without_id(inner),
            }
            self.path.leave();
        }
    }

    fn without_id(&mut self, node: &Node) {
        self.report(
            node,
            Finding {
                severity: Severity::Error,
                kind: Kind::Required,
                rule: "DomainResource.contained".to_owned(),
                expected: "an id".to_owned(),
                got: "none".to_owned(),
                message: "A contained resource needs an id, so that references can lead to it.".to_owned(),
                cure: "Add id to the contained resource.".to_owned(),
            },
        );
    }

    fn same_id(&mut self, node: &Node, id: &str) {
        self.report(
            node,
            Finding {
                severity: Severity::Error,
                kind: Kind::Duplicate,
                rule: "DomainResource.contained".to_owned(),
                expected: "an id of its own".to_owned(),
                got: quote(id),
                message: format!("Two contained resources have the id {}.", quote(id)),
                cure: "Give each contained resource an id of its own.".to_owned(),
            },
        );
    }
}

/// The ids that references below the node lead to within it: what follows the # of each.
/// How many elements there are is returned.
fn references<'n>(node: &'n Node, found: &mut HashSet<&'n str>) -> u64 {
    let mut seen = 1;
    for child in node.children() {
        if child.name() == "reference"
            && let Some(id) = child.text().and_then(|text| text.strip_prefix('#'))
        {
            found.insert(id);
        }
        seen += references(child, found);
    }
    seen
}

//! The walk over a resource: each element is met once and judged by the rules of its type and of its place.
//!
//! What the base definitions say as a table is judged here: number, form, ele-1. Rules that no table can say have a file
//! each below this one.

mod binding;
mod bundle;
mod claims;
mod extension;
mod invariants;
mod narrative;
mod national;
mod profile;
mod reference;
mod slicing;
mod values;

pub(crate) use reference::{RESOURCE_TYPES, base_type};

use std::collections::{HashMap, HashSet};

use fhir::schema::{ScalarKind, TypeKind};
use fhir::{Node, Scalar};

use crate::definitions::Definitions;
use crate::findings::{Finding, Findings, quote};
use crate::issue::{Kind, Severity};
use crate::options::Options;
use crate::path::Path;
use crate::primitive;
use crate::table::{FieldRules, Special, TypeRules};

/// The deepest element that is judged; readers refuse deeper documents before.
const DEEPEST: usize = 128;

/// One validation under way.
pub(crate) struct Walk<'n, 'd> {
    pub(crate) definitions: &'d Definitions,
    pub(crate) options: &'d Options,
    pub(crate) found: Findings,
    pub(crate) path: Path<'n>,
    /// The resource whose `contained` the references of the element in hand lead into.
    pub(crate) container: &'n Node,
    /// The contained resources of the container by id, once one was asked for.
    contained_ids: Option<HashMap<&'n str, &'n Node>>,
    /// The ids of all elements of the container, once a narrative asked for one.
    element_ids: Option<HashSet<&'n str>>,
    /// How much work there was so far: about one for each look at an element.
    pub(crate) steps: u64,
    /// How often each element of the nodes in hand has occurred; one run of numbers for each node on the way.
    counts: Vec<u32>,
    /// Where in a profile the rules in hand are.
    place: profile::Place<'d>,
    /// The Bundle around the element in hand.
    bundle: Option<bundle::Around<'n>>,
}

impl<'n, 'd> Walk<'n, 'd> {
    pub(crate) fn new(resource: &'n Node, definitions: &'d Definitions, options: &'d Options, found: Findings) -> Self {
        let path = Path::start(resource.type_name());
        Walk {
            definitions,
            options,
            found,
            path,
            container: resource,
            contained_ids: None,
            element_ids: None,
            steps: 0,
            counts: Vec::new(),
            place: profile::Place::default(),
            bundle: None,
        }
    }

    pub(crate) fn report(&mut self, node: &Node, finding: Finding) {
        self.found.add(&self.path, node, finding);
    }

    /// Reports about the element around the one in hand, whose place in the source is told: that is where to look.
    pub(crate) fn report_around(&mut self, node: &Node, finding: Finding) {
        self.found.push(self.path.text_around(), node.at(), finding);
    }

    /// Judges a resource and everything in it.
    pub(crate) fn resource(&mut self, node: &'n Node) {
        if node.kind().kind() != TypeKind::Resource {
            // The reader has said that its type is unknown or missing.
            return;
        }
        let Some(rules) = self.definitions.table.named(node.kind().name()) else { return };
        if rules.special == Special::Bundle {
            let outer = self.bundle.replace(bundle::Around::new(node));
            self.inside(node, rules);
            self.bundle(node);
            self.bundle = outer;
        } else {
            self.inside(node, rules);
        }
        self.absolute(node);
        self.contained(node);
        self.first_to_call(node);
        self.claims(node);
    }

    /// Judges one element: as an element of its parent, then by its type.
    fn element(&mut self, node: &'n Node, parent: &'n Node, field: &'d FieldRules) {
        if node.is_resource() {
            // The references of a contained resource lead into the `contained` of the resource around it.
            if node.name() == "contained" {
                self.resource(node);
                return;
            }
            let outer = std::mem::replace(&mut self.container, node);
            let outer_ids = (self.contained_ids.take(), self.element_ids.take());
            self.resource(node);
            self.container = outer;
            (self.contained_ids, self.element_ids) = outer_ids;
            return;
        }
        let Some(rules) = field.rules.and_then(|place| self.definitions.table.at(place)) else { return };
        self.has_something(node);
        if node.kind().is_primitive() {
            self.format(node);
        }
        self.bound(node, parent, field);
        self.attribute(node);
        match rules.special {
            Special::Reference => self.reference(node, field),
            Special::Extension => self.extension(node, parent),
            Special::Narrative => node.all("div").for_each(|div| self.narrative_at(div)),
            Special::Identifier => {
                self.identifier(node);
                self.nhs_number(node);
            }
            Special::Attachment => self.attachment(node),
            Special::Coded => self.absolute(node),
            Special::Bundle | Special::None => {}
        }
        self.inside(node, rules);
        for invariant in &field.invariants {
            self.invariant(node, invariant);
        }
    }

    /// ele-1: an element has a value or something in it besides an id.
    fn has_something(&mut self, node: &Node) {
        let only_id = || node.children().iter().all(|child| child.name() == "id");
        if node.value().is_some() || !only_id() || self.found.is_misshapen(node) {
            return;
        }
        self.report(
            node,
            Finding {
                severity: Severity::Error,
                kind: Kind::Invariant,
                rule: "ele-1".to_owned(),
                expected: "a value, or something inside besides an id".to_owned(),
                got: if node.is_empty() { "nothing".to_owned() } else { "only an id".to_owned() },
                message: "The element is empty.".to_owned(),
                cure: "Give the element a value, or leave it out.".to_owned(),
            },
        );
    }

    /// The form of a primitive's value.
    fn format(&mut self, node: &Node) {
        let type_name = node.kind().name();
        let Some(value) = node.value() else { return };
        let fits = matches!(
            (value, node.kind().scalar()),
            (Scalar::String(_), Some(ScalarKind::String))
                | (Scalar::Number(_), Some(ScalarKind::Number))
                | (Scalar::Boolean(_), Some(ScalarKind::Boolean))
                | (_, None)
        );
        if !fits && self.found.is_misshapen(node) {
            return;
        }
        let Err(expected) = primitive::check(type_name, value.text()) else { return };
        let got = quote(value.text());
        self.report(
            node,
            Finding {
                severity: Severity::Error,
                kind: Kind::Value,
                rule: type_name.to_owned(),
                expected: expected.to_owned(),
                message: format!("{got} is not a valid {type_name}."),
                got,
                cure: format!("Write {expected}."),
            },
        );
    }

    /// Judges the children of an element or a resource.
    fn inside(&mut self, node: &'n Node, rules: &'d TypeRules) {
        if self.path.depth() > DEEPEST {
            return;
        }
        self.steps += 1 + (node.children().len() + rules.elements.len()) as u64;
        let start = self.counts.len();
        self.counts.resize(start + rules.elements.len(), 0);
        let mut index = 0;
        let mut before: Option<&str> = None;
        for child in node.children().iter().filter(|child| !child.is_empty_array()) {
            index = if before == Some(child.name()) { index + 1 } else { 0 };
            before = Some(child.name());
            let Some(field) = child.field().and_then(|field| rules.fields.get(usize::from(field.position()))) else {
                continue;
            };
            if let Some(count) = self.counts.get_mut(start + field.element) {
                *count += 1;
            }
            self.path.enter(child, index);
            self.element(child, node, field);
            self.path.leave();
        }
        self.numbers(node, rules, start);
        self.counts.truncate(start);
        for invariant in &rules.invariants {
            self.invariant(node, invariant);
        }
    }

    /// How often each element occurs.
    fn numbers(&mut self, node: &Node, rules: &TypeRules, start: usize) {
        for (at, element) in rules.elements.iter().enumerate() {
            let count = self.counts.get(start + at).copied().unwrap_or(0);
            if count < element.min {
                self.missing(node, rules.kind.name(), &element.name, element.min, count);
            } else if element.max.is_some_and(|max| count > max) {
                self.too_many(node, rules.kind.name(), &element.name, element.max, count);
            }
        }
    }

    fn missing(&mut self, node: &Node, type_name: &str, element: &str, min: u32, count: u32) {
        self.report(
            node,
            Finding {
                severity: Severity::Error,
                kind: Kind::Required,
                rule: format!("{type_name}.{element}"),
                expected: format!("at least {min} of {element}"),
                got: count.to_string(),
                message: format!("The required element {element} is missing."),
                cure: format!("Add {element}."),
            },
        );
    }

    fn too_many(&mut self, node: &Node, type_name: &str, element: &str, max: Option<u32>, count: u32) {
        let max = max.unwrap_or(0);
        self.report(
            node,
            Finding {
                severity: Severity::Error,
                kind: Kind::Structure,
                rule: format!("{type_name}.{element}"),
                expected: format!("at most {max} of {element}"),
                got: count.to_string(),
                message: format!("The element {element} occurs {count} times, and at most {max} is allowed."),
                cure: if max == 0 { format!("Remove {element}.") } else { format!("Leave {max} of {element}.") },
            },
        );
    }
}

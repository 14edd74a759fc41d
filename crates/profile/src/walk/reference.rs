//! References: their form, their target's type, and contained resources (VAL-05).

use fhir::Node;
use fhir::schema::STRUCTURE_BASE;

use super::Walk;
use crate::findings::{Finding, quote};
use crate::issue::{Kind, Severity};
use crate::table::FieldRules;
use crate::terminology::Known;

/// The code system of the names of resource types.
pub(crate) const RESOURCE_TYPES: &str = "http://hl7.org/fhir/resource-types";

/// How many ids of contained resources a message lists.
const LISTED_IDS: usize = 5;

impl<'n> Walk<'n, '_> {
    pub(super) fn reference(&mut self, node: &'n Node, field: &FieldRules) {
        let Some(text) = node.text_of("reference") else { return };
        if let Some(id) = text.strip_prefix('#') {
            self.contained_target(node, id, &field.targets);
            return;
        }
        if crate::primitive::check("uri", text).is_err() {
            self.not_a_uri(node, text);
            return;
        }
        if let Some(type_name) = target_type(text) {
            self.target(node, type_name, &field.targets);
        }
        self.reference_in_bundle(node, text, &field.targets);
    }

    fn not_a_uri(&mut self, node: &Node, text: &str) {
        if text.is_empty() {
            // The form of the string says so already.
            return;
        }
        self.report(
            node,
            Finding {
                severity: Severity::Error,
                kind: Kind::Value,
                rule: "Reference.reference".to_owned(),
                expected: "a URL, or # and the id of a contained resource".to_owned(),
                got: quote(text),
                message: format!("{} is not a URL.", quote(text)),
                cure: "Write Type/id, an absolute URL, or # and an id.".to_owned(),
            },
        );
    }

    /// True for the name of a resource type of FHIR, defined here or not.
    pub(super) fn is_resource_type(&self, name: &str) -> bool {
        matches!(self.definitions.terminology.known(RESOURCE_TYPES, name), Known::Code(_))
    }

    /// The type of what a reference leads to: of a contained resource, of one in the Bundle, or as the reference shows it.
    pub(super) fn type_of_target(&mut self, node: &'n Node) -> Option<&'n str> {
        let text = node.text_of("reference")?;
        if let Some(id) = text.strip_prefix('#') {
            return self.contained_resource(id).map(Node::type_name);
        }
        target_type(text).or_else(|| self.in_bundle(text).map(Node::type_name))
    }

    /// The targets that a profile allows; what the base refuses is not repeated.
    pub(super) fn profiled_target(&mut self, node: &'n Node, targets: &[Box<str>]) {
        let base = node.field().map(crate::table::targets).unwrap_or_default();
        if let Some(own) = self.type_of_target(node)
            && self.may_lead_to(own, &base)
        {
            self.target(node, own, targets);
        }
    }

    /// The resource that `#id` leads to; `#` alone leads from a contained resource to the one around.
    fn contained_resource(&mut self, id: &str) -> Option<&'n Node> {
        if id.is_empty() {
            return self.path.is_contained().then_some(self.container);
        }
        if self.contained_ids.is_none() {
            // In reverse, so that the first of two with the same id counts.
            let contained: Vec<&'n Node> = self.container.all("contained").collect();
            let by_id = contained.into_iter().rev().filter_map(|resource| Some((resource.text_of("id")?, resource)));
            self.contained_ids = Some(by_id.collect());
        }
        self.contained_ids.as_ref().and_then(|ids| ids.get(id).copied())
    }

    /// ref-1: a reference that begins with # leads to a contained resource.
    fn contained_target(&mut self, node: &Node, id: &str, targets: &[Box<str>]) {
        match self.contained_resource(id) {
            Some(resource) => self.target(node, resource.type_name(), targets),
            None => {
                let cure = self.other_ids();
                self.report(
                    node,
                    Finding {
                        severity: Severity::Error,
                        kind: Kind::NotFound,
                        rule: "ref-1".to_owned(),
                        expected: format!("a contained resource with the id {}", quote(id)),
                        got: quote(&format!("#{id}")),
                        message: format!("No contained resource has the id {}.", quote(id)),
                        cure,
                    },
                );
            }
        }
    }

    /// What to do about an id that no contained resource has.
    fn other_ids(&self) -> String {
        let contained = self.container.all("contained").filter_map(|resource| resource.text_of("id"));
        let ids: Vec<String> = contained.take(LISTED_IDS).map(quote).collect();
        match ids.as_slice() {
            [] => "Add the contained resource, or refer to one outside, as Patient/1.".to_owned(),
            ids => format!(
                "Mend the id after the # (capitals count), here {}, or add the contained resource.",
                ids.join(" or ")
            ),
        }
    }

    /// A target whose type is not known allows any.
    fn may_lead_to(&self, type_name: &str, targets: &[Box<str>]) -> bool {
        let is = |target: &str| self.definitions.type_of(target).is_none_or(|of| of == type_name);
        targets.is_empty() || type_name.is_empty() || targets.iter().any(|target| is(target))
    }

    /// The type that the reference names has to be one that the element may point at.
    pub(super) fn target(&mut self, node: &Node, type_name: &str, targets: &[Box<str>]) {
        if self.may_lead_to(type_name, targets) {
            return;
        }
        if !self.is_resource_type(type_name) {
            self.no_such_type(node, type_name);
            return;
        }
        let mut allowed: Vec<&str> = targets.iter().filter_map(|target| self.definitions.type_of(target)).collect();
        allowed.dedup();
        let allowed = allowed.join(", ");
        self.report(
            node,
            Finding {
                severity: Severity::Error,
                kind: Kind::Structure,
                rule: "Reference".to_owned(),
                expected: format!("a reference to {allowed}"),
                got: quote(type_name),
                message: format!("The element refers to a {}, and may refer to {allowed} only.", quote(type_name)),
                cure: format!("Refer to {allowed}."),
            },
        );
    }

    /// A relative URL may be anything, so this is only worth a warning.
    fn no_such_type(&mut self, node: &Node, type_name: &str) {
        self.report(
            node,
            Finding {
                severity: Severity::Warning,
                kind: Kind::NotFound,
                rule: "Reference.reference".to_owned(),
                expected: "the name of a resource type".to_owned(),
                got: quote(type_name),
                message: format!("FHIR has no resource type {}, so that the target was not checked.", quote(type_name)),
                cure: "Write the type as FHIR spells it, capitals included.".to_owned(),
            },
        );
    }
}

/// The resource type that a literal reference names: `Patient` in `Patient/1`, `https://a.example/Patient/1/_history/2`.
/// `None` where the form does not show one.
pub(super) fn target_type(reference: &str) -> Option<&str> {
    type_and_id(reference).map(|(type_name, _)| type_name)
}

/// The resource type and the id that a literal reference names: `Type/id`, alone or at the end of an absolute URL, and
/// perhaps a version. Any other relative URL, such as `../Patient/1`, may lead to anything.
pub(super) fn type_and_id(reference: &str) -> Option<(&str, &str)> {
    let (path, is_relative) = match reference.split_once("://") {
        Some(("http" | "https", rest)) => (rest.split_once('/').map(|(_, path)| path)?, false),
        Some(_) => return None,
        None if reference.contains(':') => return None,
        None => (reference, true),
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut parts: Vec<&str> = path.split('/').collect();
    if parts.len() >= 4 && parts[parts.len() - 2] == "_history" {
        parts.truncate(parts.len() - 2);
    }
    let [before @ .., type_name, id] = parts.as_slice() else { return None };
    let shown = type_name.starts_with(|c: char| c.is_ascii_uppercase()) && crate::primitive::check("id", id).is_ok();
    (shown && (before.is_empty() || !is_relative)).then_some((*type_name, *id))
}

/// The type of a base canonical URL: `Patient` of `http://hl7.org/fhir/StructureDefinition/Patient`.
pub(crate) fn base_type(url: &str) -> Option<&str> {
    url.strip_prefix(STRUCTURE_BASE)
}

#[cfg(test)]
mod tests {
    use super::target_type;

    #[test]
    fn a_reference_shows_its_type_where_it_has_one() {
        for (reference, expected) in [
            ("Patient/1", Some("Patient")),
            ("Patient/1/_history/2", Some("Patient")),
            ("https://a.example/STU3/Slot/s1", Some("Slot")),
            ("https://a.example/Slot/s1?x=y", Some("Slot")),
            ("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", None),
            ("https://a.example", None),
            ("x1", None),
            ("../Patient/1", None),
            ("/Patient/1", None),
            ("Patient/a_b", None),
            ("patient/1", None),
            ("", None),
        ] {
            assert_eq!(target_type(reference), expected, "{reference}");
        }
    }
}

//! Parts of an ElementDefinition, read alike for types and for profiles.

use fhir::Node;
use fhir::schema::{Binding, STRUCTURE_BASE, Strength, TypeReference, VALUE_SET_BASE};

use crate::constraint::{Discriminator, DiscriminatorKind, Slicing, Unmatched, Value};
use crate::invariant::Invariant;

/// The types of an element, each code once, with all its profiles and targets.
pub(super) fn types(element: &Node) -> Vec<TypeReference> {
    let mut types: Vec<TypeReference> = Vec::new();
    for node in element.all("type") {
        let Some(code) = node.text_of("code") else { continue };
        let at = types.iter().position(|one| *one.code == *code).unwrap_or_else(|| {
            types.push(TypeReference { code: code.into(), profiles: Vec::new(), targets: Vec::new() });
            types.len() - 1
        });
        types[at].profiles.extend(node.all("profile").filter_map(Node::text).map(|url| short(STRUCTURE_BASE, url)));
        types[at]
            .targets
            .extend(node.all("targetProfile").filter_map(Node::text).map(|url| short(STRUCTURE_BASE, url)));
    }
    types
}

/// A name of FHIR itself without its base.
pub(super) fn short(base: &str, url: &str) -> Box<str> {
    url.strip_prefix(base).unwrap_or(url).into()
}

/// `fixedX` or `patternX`.
pub(super) fn value(element: &Node, stem: &str) -> Option<Value> {
    let is_typed =
        |name: &str| name.strip_prefix(stem).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
    element.children().iter().find(|child| is_typed(child.name())).map(deep)
}

fn deep(node: &Node) -> Value {
    Value {
        text: node.text().map(Into::into),
        members: node.children().iter().map(|child| (child.name().into(), deep(child))).collect(),
    }
}

pub(super) fn binding(node: &Node) -> Option<Binding> {
    let strength = match node.text_of("strength")? {
        "required" => Strength::Required,
        "extensible" => Strength::Extensible,
        "preferred" => Strength::Preferred,
        "example" => Strength::Example,
        _ => return None,
    };
    let set = node.text_of("valueSetUri").or(node.child("valueSetReference").and_then(|set| set.text_of("reference")));
    let within = node
        .all("extension")
        .filter(|extension| extension.text_of("url").is_some_and(|url| url.ends_with("/elementdefinition-maxValueSet")))
        .find_map(|extension| {
            extension.text_of("valueUri").or(extension.child("valueReference").and_then(|set| set.text_of("reference")))
        });
    Some(Binding {
        strength,
        value_set: set.map(|url| short(VALUE_SET_BASE, url)),
        within: within.map(|url| short(VALUE_SET_BASE, url)),
    })
}

pub(super) fn slicing(node: &Node) -> Option<Slicing> {
    let by: Vec<Discriminator> = node.all("discriminator").filter_map(discriminator).collect();
    let unmatched = match node.text_of("rules")? {
        "closed" => Unmatched::Nowhere,
        "openAtEnd" => Unmatched::AtTheEnd,
        _ => Unmatched::Anywhere,
    };
    Some(Slicing { by, unmatched, ordered: node.text_of("ordered") == Some("true") })
}

fn discriminator(node: &Node) -> Option<Discriminator> {
    let kind = match node.text_of("type")? {
        "value" => DiscriminatorKind::Value,
        "exists" => DiscriminatorKind::Exists,
        "pattern" => DiscriminatorKind::Pattern,
        "type" => DiscriminatorKind::Type,
        "profile" => DiscriminatorKind::Profile,
        _ => return None,
    };
    Some(Discriminator { kind, path: node.text_of("path")?.into() })
}

/// A constraint; `None` for those of the base, which hold anyway.
pub(super) fn invariant(node: &Node, path: &str) -> Option<Invariant> {
    let key = node.text_of("key")?;
    if crate::Definitions::is_base_invariant(key) {
        return None;
    }
    let meaning = node.text_of("human").unwrap_or("A rule of the profile does not hold.");
    let text = node.text_of("expression").unwrap_or_default();
    let mut invariant = Invariant::new(path, key, text, meaning, "Change the resource so that the rule holds.");
    invariant.warns = node.text_of("severity") == Some("warning");
    Some(invariant)
}

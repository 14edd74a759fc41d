//! From a published StructureDefinition of a type to its rows: resources and data types that are not built in.

use fhir::Node;
use fhir::schema::{Content, Definition, DefinitionKind, Row, STRUCTURE_BASE, ScalarKind, XmlForm};

use super::parts::{binding, invariant, short, types};
use crate::invariant::Invariant;

/// True where the StructureDefinition makes a type, instead of constraining one.
pub(crate) fn is_type(definition: &Node) -> bool {
    definition.text_of("derivation") != Some("constraint")
}

/// The rows of a type, and its invariants.
///
/// # Errors
/// What the definition lacks.
pub(crate) fn type_definition(definition: &Node) -> Result<(Definition, Vec<Invariant>), &'static str> {
    let name = definition.text_of("type").or(definition.text_of("id")).ok_or("a type needs a name")?;
    let kind = match definition.text_of("kind") {
        Some("resource") => DefinitionKind::Resource,
        Some("complex-type") => DefinitionKind::Complex,
        _ => return Err("only resources and complex types can be added"),
    };
    let snapshot = definition.child("snapshot").ok_or("a type needs a snapshot")?;
    let mut rows = Vec::new();
    let mut invariants = Vec::new();
    for element in snapshot.all("element") {
        let path = element.text_of("path").ok_or("an element needs a path")?;
        let own = element.all("constraint").filter(|constraint| constraint.child("source").is_none());
        invariants.extend(own.filter_map(|constraint| invariant(constraint, path)));
        if let Some(inside) = path.strip_prefix(name).and_then(|path| path.strip_prefix('.')) {
            rows.push(row(element, inside)?.into());
        }
    }
    let base = definition.text_of("baseDefinition").map(|url| short(STRUCTURE_BASE, url));
    let is_abstract = definition.text_of("abstract") == Some("true");
    Ok((Definition { name: name.into(), kind, is_abstract, base, rows }, invariants))
}

fn row(element: &Node, path: &str) -> Result<Row, &'static str> {
    let number = |name| element.text_of(name).and_then(|text| text.parse().ok());
    let is = |name| element.text_of(name) == Some("true");
    Ok(Row {
        path: path.into(),
        min: number("min").ok_or("an element of a snapshot needs min")?,
        max: match element.text_of("max") {
            Some("*") => None,
            _ => Some(number("max").ok_or("an element of a snapshot needs max")?),
        },
        content: content(element),
        modifier: is("isModifier"),
        summary: is("isSummary"),
        form: match element.text_of("representation") {
            Some("xmlAttr") => XmlForm::Attribute,
            Some("xhtml") => XmlForm::Xhtml,
            _ => XmlForm::Element,
        },
        binding: element.child("binding").and_then(binding),
    })
}

fn content(element: &Node) -> Content {
    if let Some(path) = element.text_of("contentReference") {
        return Content::SameAs(path.trim_start_matches('#').into());
    }
    let types = types(element);
    // An `id` names no type: it is a plain string.
    if types.is_empty() { Content::Json(ScalarKind::String) } else { Content::Types(types) }
}

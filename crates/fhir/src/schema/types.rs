//! The definitions as a graph of types and fields: what a reader asks at every name, so look-ups are quick and a
//! [`crate::Node`] keeps plain references into it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::{Content, Definition, DefinitionKind, Row, Schema, XmlForm};

/// All types of a [`Schema`], each element linked to its type. It lives as long as the process, because every node of
/// every tree points into it.
#[derive(Debug)]
pub struct Types {
    by_name: HashMap<Box<str>, usize>,
    types: Vec<Type>,
}

/// One type: a data type, a resource, or a part of one (`Appointment.participant`).
pub struct Type {
    name: Box<str>,
    code: Box<str>,
    kind: TypeKind,
    scalar: Option<ScalarKind>,
    xhtml: bool,
    fields: Vec<Field>,
    /// Open addressing over the fields' names: 0 is free, otherwise the field's place plus one.
    buckets: Vec<u16>,
}

/// What sort of type it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TypeKind {
    /// A primitive data type; it has a value.
    Primitive,
    /// A complex data type.
    Complex,
    /// A part of another type, with elements of its own.
    Part,
    /// A resource.
    Resource,
    /// A resource of a type that the definitions do not have; its first element `resourceType` says which.
    ForeignResource,
    /// The place of a resource whose type is not known yet.
    AnyResource,
    /// An element that the definitions do not have.
    Unknown,
}

/// The sort of JSON value that carries a primitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScalarKind {
    /// A string.
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
}

/// One element of a type under its concrete name: a choice such as `value[x]` is one field for each of its types.
pub struct Field {
    name: Box<str>,
    /// The name without its type where the row is a choice: `value` for `valueQuantity`.
    choice: Option<Box<str>>,
    position: u16,
    row: Arc<Row>,
    kind: OnceLock<&'static Type>,
}

/// The names of the two types that definitions do not spell out.
const FOREIGN: &str = "*foreign*";
const UNKNOWN: &str = "*unknown*";

impl Types {
    /// Links a Schema. The result is never freed; link each Schema once.
    #[must_use]
    pub fn link(schema: &Schema) -> &'static Types {
        let mut types = Types { by_name: HashMap::new(), types: Vec::new() };
        let mut wanted = Vec::new();
        for definition in schema.definitions() {
            if definition.kind != DefinitionKind::Constraint {
                types.gather(definition, "", &mut wanted);
            }
        }
        let inherited = |name: &str| schema.definition(name).map(|base| base.rows.as_slice()).unwrap_or_default();
        types.add_fields(
            FOREIGN,
            "DomainResource",
            TypeKind::ForeignResource,
            inherited("DomainResource"),
            &mut wanted,
        );
        types.add_fields(UNKNOWN, "Element", TypeKind::Unknown, inherited("Element"), &mut wanted);
        let linked: &'static Types = Box::leak(Box::new(types));
        for (field, type_name) in linked.types.iter().flat_map(|kind| &kind.fields).zip(&wanted) {
            // The cell is fresh, so that setting it cannot fail.
            let _ = field.kind.set(linked.named(type_name).unwrap_or_else(|| linked.unknown()));
        }
        linked
    }

    /// Makes the type at `path` within a definition, and the parts below it; `wanted` gets the type name of each field.
    fn gather(&mut self, definition: &Definition, path: &str, wanted: &mut Vec<String>) {
        let rows: Vec<Arc<Row>> = definition.rows.iter().filter(|row| row.parent() == path).cloned().collect();
        let part = definition.row(path).and_then(|row| row.part_type());
        let kind = match (part, definition.kind) {
            (Some(_), _) => TypeKind::Part,
            (None, DefinitionKind::Resource) if &*definition.name == "Resource" => TypeKind::AnyResource,
            (None, DefinitionKind::Resource) => TypeKind::Resource,
            (None, DefinitionKind::Primitive) => TypeKind::Primitive,
            (None, DefinitionKind::Complex | DefinitionKind::Constraint) => TypeKind::Complex,
        };
        let name = full_path(&definition.name, path);
        self.add_fields(&name, part.unwrap_or(&definition.name), kind, &rows, wanted);
        for row in rows.iter().filter(|row| row.part_type().is_some()) {
            self.gather(definition, &row.path, wanted);
        }
    }

    fn add_fields(&mut self, name: &str, code: &str, kind: TypeKind, rows: &[Arc<Row>], wanted: &mut Vec<String>) {
        let mut fields = Vec::new();
        let mut scalar = None;
        let mut xhtml = false;
        for row in rows {
            match &row.content {
                Content::Json(json) => {
                    scalar = Some(*json);
                    xhtml = row.form == XmlForm::Xhtml;
                }
                Content::SameAs(path) => {
                    push_field(&mut fields, row, row.name(), None);
                    wanted.push(path.to_string());
                }
                Content::Types(types) if row.part_type().is_some() && types.len() == 1 => {
                    push_field(&mut fields, row, row.name(), None);
                    wanted.push(full_path(name, row.name()));
                }
                Content::Types(types) => {
                    let choice = row.name().strip_suffix("[x]");
                    for one in types {
                        match choice {
                            Some(stem) => push_field(&mut fields, row, &concrete(stem, &one.code), Some(stem)),
                            None => push_field(&mut fields, row, row.name(), None),
                        }
                        wanted.push(one.code.to_string());
                        if choice.is_none() {
                            break;
                        }
                    }
                }
            }
        }
        let buckets = buckets(&fields);
        self.by_name.insert(name.into(), self.types.len());
        self.types.push(Type { name: name.into(), code: code.into(), kind, scalar, xhtml, fields, buckets });
    }

    /// The type of this name: `Slot`, `Identifier`, `Appointment.participant`.
    #[must_use]
    pub fn named(&'static self, name: &str) -> Option<&'static Type> {
        self.by_name.get(name).and_then(|index| self.types.get(*index))
    }

    /// The resource type of this name, unless it is abstract.
    #[must_use]
    pub fn resource(&'static self, name: &str) -> Option<&'static Type> {
        self.named(name).filter(|kind| kind.kind == TypeKind::Resource && name != "DomainResource")
    }

    /// The type of resources that the definitions do not have.
    pub(crate) fn foreign(&'static self) -> &'static Type {
        self.named(FOREIGN).unwrap_or_else(|| self.unknown())
    }

    /// The type of elements that the definitions do not have.
    pub(crate) fn unknown(&'static self) -> &'static Type {
        // It is added last, by `link`.
        &self.types[self.types.len() - 1]
    }

    /// All types.
    pub fn all(&'static self) -> impl Iterator<Item = &'static Type> {
        self.types.iter()
    }
}

fn push_field(fields: &mut Vec<Field>, row: &Arc<Row>, name: &str, choice: Option<&str>) {
    fields.push(Field {
        name: name.into(),
        choice: choice.map(Into::into),
        position: u16::try_from(fields.len()).unwrap_or(u16::MAX),
        row: Arc::clone(row),
        kind: OnceLock::new(),
    });
}

fn full_path(name: &str, path: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{name}.{path}") }
}

/// `value` and `dateTime` make `valueDateTime`.
fn concrete(stem: &str, code: &str) -> String {
    let mut letters = code.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.map_or_else(|| stem.to_owned(), |first| format!("{stem}{first}{}", letters.as_str()))
}

/// The names are few and fixed, so length and three letters tell them apart well enough; whoever sends odd names only
/// meets a short run of buckets.
fn hash(name: &[u8]) -> usize {
    let letter = |at: usize| name.get(at).map_or(0, |byte| usize::from(*byte));
    let length = name.len();
    let mixed = letter(0) ^ letter(length / 2).wrapping_mul(7) ^ letter(length.wrapping_sub(1)).wrapping_mul(61);
    mixed.wrapping_add(length.wrapping_mul(31))
}

fn buckets(fields: &[Field]) -> Vec<u16> {
    let size = (fields.len() * 4).next_power_of_two();
    let mut buckets = vec![0_u16; size];
    for (index, field) in fields.iter().enumerate() {
        let mut at = hash(field.name.as_bytes()) & (size - 1);
        while buckets[at] != 0 {
            at = (at + 1) & (size - 1);
        }
        buckets[at] = u16::try_from(index + 1).unwrap_or(0);
    }
    buckets
}

impl Type {
    /// The name: `Slot`, `Identifier`, `Appointment.participant`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the type as FHIR has it: as [`Type::name`], but `BackboneElement` for a part.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What sort of type it is.
    #[must_use]
    pub fn kind(&self) -> TypeKind {
        self.kind
    }

    /// Which JSON value carries it, when it is a primitive.
    #[must_use]
    pub fn scalar(&self) -> Option<ScalarKind> {
        self.scalar
    }

    /// Whether it is the XHTML of a narrative.
    #[must_use]
    pub fn is_xhtml(&self) -> bool {
        self.xhtml
    }

    /// Whether it is a primitive.
    #[must_use]
    pub fn is_primitive(&self) -> bool {
        self.kind == TypeKind::Primitive
    }

    /// Whether it is a resource, of a known type or not.
    #[must_use]
    pub fn is_resource(&self) -> bool {
        matches!(self.kind, TypeKind::Resource | TypeKind::ForeignResource | TypeKind::AnyResource)
    }

    /// Whether the definitions have it.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !matches!(self.kind, TypeKind::Unknown | TypeKind::ForeignResource | TypeKind::AnyResource)
    }

    /// The elements in the order of the standard.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The element of this name, in its concrete form: `valueQuantity`, not `value`.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        let size = self.buckets.len();
        let mut at = hash(name.as_bytes()) & (size - 1);
        loop {
            let index = usize::from(*self.buckets.get(at)?).checked_sub(1)?;
            let field = self.fields.get(index)?;
            if &*field.name == name {
                return Some(field);
            }
            at = (at + 1) & (size - 1);
        }
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Type({})", self.name)
    }
}

impl Field {
    /// The concrete name: `valueQuantity`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name without its type, for an element that may have several: `value` of `valueQuantity`.
    #[must_use]
    pub fn choice(&self) -> Option<&str> {
        self.choice.as_deref()
    }

    /// The place among the elements of its type, for XML's order.
    #[must_use]
    pub fn position(&self) -> u16 {
        self.position
    }

    /// The row that defines it.
    #[must_use]
    pub fn row(&self) -> &Arc<Row> {
        &self.row
    }

    /// Whether it is an array in JSON.
    #[must_use]
    pub fn repeats(&self) -> bool {
        self.row.repeats()
    }

    /// Whether XML writes it as an attribute of its parent.
    #[must_use]
    pub fn is_attribute(&self) -> bool {
        self.row.form == XmlForm::Attribute
    }

    /// Its type.
    #[must_use]
    pub fn kind(&self) -> &'static Type {
        match self.kind.get() {
            Some(kind) => kind,
            // Only a field of types that are still being linked has none, and nobody holds such a field.
            None => super::types().unknown(),
        }
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::types;
    use super::*;

    #[test]
    fn every_element_is_found_by_its_name_and_no_other_is() {
        for kind in types().all() {
            for field in kind.fields() {
                let found = kind.field(field.name()).unwrap();
                assert!(std::ptr::eq(found, field), "{kind:?} {field:?}");
            }
            assert!(kind.field("noSuchElement").is_none() && kind.field("").is_none());
        }
    }

    #[test]
    fn every_element_has_a_known_type() {
        for field in types().all().flat_map(Type::fields) {
            assert_ne!(field.kind().kind(), TypeKind::Unknown, "{field:?}");
        }
    }

    #[test]
    fn a_choice_becomes_one_element_for_each_type() {
        let extension = types().named("Extension").unwrap();
        let field = extension.field("valueDateTime").unwrap();
        assert_eq!((field.kind().name(), field.choice()), ("dateTime", Some("value")));
        assert!(extension.field("value[x]").is_none() && extension.field("value").is_none());
        assert_eq!(extension.field("valueCodeableConcept").unwrap().kind().name(), "CodeableConcept");
    }

    #[test]
    fn parts_and_shared_contents_are_types_of_their_own() {
        let participant = types().named("Appointment").unwrap().field("participant").unwrap().kind();
        assert_eq!((participant.name(), participant.code()), ("Appointment.participant", "BackboneElement"));
        let part = types().named("Parameters.parameter").unwrap().field("part").unwrap().kind();
        assert_eq!(part.name(), "Parameters.parameter");
    }
}

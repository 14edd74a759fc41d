//! The definitions of FHIR types: one row for each element, as readable text compiles into it, or as any other source of
//! StructureDefinitions may fill it.
//!
//! [`Schema`] is plain, owned and printable. What the readers and writers walk along is made from it: [`Types`].

mod text;
mod types;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

pub use text::SchemaError;
pub use types::{Field, ScalarKind, Type, TypeKind, Types};

/// Where the canonical URL of a type of FHIR itself begins.
pub const STRUCTURE_BASE: &str = "http://hl7.org/fhir/StructureDefinition/";
/// Where the canonical URL of a value set of FHIR itself begins.
pub const VALUE_SET_BASE: &str = "http://hl7.org/fhir/ValueSet/";

/// A set of definitions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    definitions: Vec<Definition>,
    by_name: HashMap<Box<str>, usize>,
}

/// The definition of one type, its inherited elements included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The name: `Appointment`, `Identifier`, `code`.
    pub name: Box<str>,
    /// What sort of type it is.
    pub kind: DefinitionKind,
    /// Whether it only serves others to build on.
    pub is_abstract: bool,
    /// The type that it adds to or constrains.
    pub base: Option<Box<str>>,
    /// Every element below the type itself, in the order of the standard, inherited ones first.
    pub rows: Vec<Arc<Row>>,
}

/// The sorts of definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DefinitionKind {
    /// A resource.
    Resource,
    /// A complex data type.
    Complex,
    /// A primitive data type.
    Primitive,
    /// Rules on another type that make no new type, as SimpleQuantity is to Quantity.
    Constraint,
}

/// One element of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Where it is within its definition, without the definition's name: `participant.actor`, `value[x]`.
    pub path: Box<str>,
    /// How often it must occur.
    pub min: u32,
    /// How often it may occur; `None` is without bound.
    pub max: Option<u32>,
    /// The types it may have.
    pub content: Content,
    /// Whether it may change the meaning of what is around it.
    pub modifier: bool,
    /// Whether it belongs to a summary.
    pub summary: bool,
    /// How XML writes it.
    pub form: XmlForm,
    /// The codes it may hold.
    pub binding: Option<Binding>,
}

/// What an element holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A value of one of these types. A type `BackboneElement` or `Element` has its elements in the rows below.
    Types(Vec<TypeReference>),
    /// The same as the element with this full path: `CapabilityStatement.rest.resource.searchParam`.
    SameAs(Box<str>),
    /// The value of a primitive, carried by this sort of JSON value.
    Json(ScalarKind),
}

/// One type that an element may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeReference {
    /// The name of the type: `Reference`.
    pub code: Box<str>,
    /// Profiles that the value must keep to; those of FHIR itself by name, others by URL.
    pub profiles: Vec<Box<str>>,
    /// What a Reference may point at; types of FHIR itself by name, others by URL.
    pub targets: Vec<Box<str>>,
}

/// How XML writes an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum XmlForm {
    /// As an element.
    Element,
    /// As an attribute of its parent.
    Attribute,
    /// As XHTML.
    Xhtml,
}

/// The codes that an element may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// How firmly.
    pub strength: Strength,
    /// The value set; those of FHIR itself by the last part of their URL, others by URL. A few bindings name none.
    pub value_set: Option<Box<str>>,
    /// The value set that no code may leave (maxValueSet), where there is one.
    pub within: Option<Box<str>>,
}

/// How firmly an element is bound to its codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// Only for illustration.
    Example,
    /// Better one of these.
    Preferred,
    /// One of these where one fits.
    Extensible,
    /// One of these.
    Required,
}

impl Schema {
    /// Adds a definition whose rows are complete; one of the same name is replaced.
    pub fn add(&mut self, definition: Definition) {
        match self.by_name.get(&definition.name) {
            Some(&index) => self.definitions[index] = definition,
            None => {
                self.by_name.insert(definition.name.clone(), self.definitions.len());
                self.definitions.push(definition);
            }
        }
    }

    /// All definitions, in the order in which they came.
    #[must_use]
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// The definition of this name.
    #[must_use]
    pub fn definition(&self, name: &str) -> Option<&Definition> {
        self.by_name.get(name).map(|index| &self.definitions[*index])
    }
}

impl Definition {
    /// The row at this path, such as `participant.actor`.
    #[must_use]
    pub fn row(&self, path: &str) -> Option<&Arc<Row>> {
        self.rows.iter().find(|row| &*row.path == path)
    }
}

impl Row {
    /// The last part of the path: `actor`, `value[x]`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit_once('.').map_or(&*self.path, |(_, name)| name)
    }

    /// The path of the element that this one is part of; empty at the top.
    #[must_use]
    pub fn parent(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(parent, _)| parent)
    }

    /// Whether the element may occur more than once, which makes it an array in JSON.
    #[must_use]
    pub fn repeats(&self) -> bool {
        self.max.is_none_or(|max| max > 1)
    }
}

/// The definitions that are built in: FHIR STU3 (3.0.2), every type that booking uses.
#[must_use]
pub fn stu3() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
        let sources = [
            include_str!("../../definitions/foundation.txt"),
            include_str!("../../definitions/primitives.txt"),
            include_str!("../../definitions/datatypes.txt"),
            include_str!("../../definitions/resources.txt"),
        ];
        let mut schema = Schema::default();
        for source in sources {
            // The text is part of the program and a test reads it; were it broken, its types would be unknown ones.
            let read = schema.read(source);
            debug_assert!(read.is_ok(), "{read:?}");
        }
        schema
    });
    &SCHEMA
}

/// The built-in definitions, in the form that readers and writers walk along.
#[must_use]
pub fn types() -> &'static Types {
    static TYPES: LazyLock<&'static Types> = LazyLock::new(|| Types::link(stu3()));
    &TYPES
}

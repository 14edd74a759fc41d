//! The tree: one node for a resource, a contained resource, an element or an attribute.
//!
//! A node keeps what came, even where the definitions would have it otherwise, so that it can be judged, shown and sent
//! back. JSON and XML make the same tree: the `id` and `extension` of a primitive are its children, an element that
//! repeats is as many nodes beside each other.

use std::fmt;

use crate::schema::{self, Field, Type, TypeKind};

/// One resource, element or attribute, with everything in it.
///
/// Children of the same name stand beside each other; otherwise they stand in the order of the document.
#[derive(Clone)]
pub struct Node {
    pub(crate) name: Name,
    pub(crate) kind: &'static Type,
    pub(crate) value: Option<Scalar>,
    pub(crate) children: Vec<Node>,
    pub(crate) at: u32,
    pub(crate) shape: Shape,
    /// Whether JSON wrote, or is to write, an array even for a single one.
    pub(crate) array: bool,
}

/// The name of a node within its parent.
#[derive(Clone)]
pub(crate) enum Name {
    Known(&'static Field),
    Unknown(Box<str>),
}

/// The value of a primitive, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    /// A string; for the `div` of a narrative its XHTML.
    String(Box<str>),
    /// A number, in the digits that came: `1.00` is not `1.0`.
    Number(Box<str>),
    /// `true` or `false`.
    Boolean(bool),
}

/// How a node departs from the usual JSON form of its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Shape {
    #[default]
    Usual,
    /// An object where a primitive belongs.
    Object,
    /// `null` where a complex element belongs.
    Null,
    /// `[]`: a node that holds the place of none.
    EmptyArray,
    /// `{}` as the `_` companion of a primitive.
    EmptyCompanion,
    /// An array within an array; the children are its members.
    NestedArray,
}

impl Scalar {
    /// The value as text: the string, the digits, `true` or `false`.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Scalar::String(text) | Scalar::Number(text) => text,
            Scalar::Boolean(true) => "true",
            Scalar::Boolean(false) => "false",
        }
    }
}

impl Node {
    /// A new, empty resource of a type that the built-in definitions have.
    #[must_use]
    pub fn resource(type_name: &str) -> Option<Node> {
        schema::types().resource(type_name).map(|kind| Node::new(Name::Unknown(Box::default()), kind, 0))
    }

    pub(crate) fn new(name: Name, kind: &'static Type, at: u32) -> Node {
        let array = matches!(&name, Name::Known(field) if field.repeats());
        Node { name, kind, value: None, children: Vec::new(), at, shape: Shape::Usual, array }
    }

    /// The name within the parent, such as `participant` or `valueDateTime`; empty for the resource at the top.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.text()
    }

    /// The element of the parent's type that this node is; `None` for unknown elements and at the top.
    #[must_use]
    pub fn field(&self) -> Option<&'static Field> {
        match self.name {
            Name::Known(field) => Some(field),
            Name::Unknown(_) => None,
        }
    }

    /// The type. For unknown elements and for resources of unknown types it knows only what all of them have.
    #[must_use]
    pub fn kind(&self) -> &'static Type {
        self.kind
    }

    /// The name of the type: `Appointment`, `Appointment.participant`, `dateTime`; for a resource of an unknown type what
    /// it says it is; empty for an unknown element.
    #[must_use]
    pub fn type_name(&self) -> &str {
        match self.kind.kind() {
            TypeKind::ForeignResource => self.text_of("resourceType").unwrap_or_default(),
            TypeKind::Unknown => "",
            _ => self.kind.name(),
        }
    }

    /// Whether it is a resource: the one at the top, a contained one or an entry's.
    #[must_use]
    pub fn is_resource(&self) -> bool {
        self.kind.is_resource()
    }

    /// Whether the definitions know it: its name within its parent and, for a resource, its type.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.kind.is_known()
    }

    /// The value of a primitive.
    #[must_use]
    pub fn value(&self) -> Option<&Scalar> {
        self.value.as_ref()
    }

    /// The value of a primitive as text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.value.as_ref().map(Scalar::text)
    }

    /// Everything below, equal names beside each other. A node of [`Node::is_empty_array`] stands for none.
    #[must_use]
    pub fn children(&self) -> &[Node] {
        &self.children
    }

    /// The first child of this name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Node> {
        self.all(name).next()
    }

    /// All children of this name.
    pub fn all<'n>(&'n self, name: &str) -> impl Iterator<Item = &'n Node> {
        self.children.iter().filter(move |child| child.name() == name && child.shape != Shape::EmptyArray)
    }

    /// The child that holds a choice: `choice("value")` finds `valueDateTime`.
    #[must_use]
    pub fn choice(&self, stem: &str) -> Option<&Node> {
        self.children.iter().find(|child| {
            child.shape != Shape::EmptyArray
                && child.field().and_then(Field::choice).is_some_and(|choice| choice == stem)
        })
    }

    /// The text of the first child of this name.
    #[must_use]
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).and_then(Node::text)
    }

    /// The node at the end of a path of names, the first of each: `find("participant.actor.reference")`.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&Node> {
        path.split('.').try_fold(self, |node, name| node.child(name))
    }

    /// Where it was in the source, in bytes: its JSON value (for an array's member that member) or its XML tag.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at as usize
    }

    /// Whether it only holds the place of a JSON array without members, which FHIR forbids.
    #[must_use]
    pub fn is_empty_array(&self) -> bool {
        self.shape == Shape::EmptyArray
    }

    /// Whether it has neither a value nor anything in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.value.is_none() && self.children.is_empty()
    }

    /// Whether JSON writes a `_` companion for it.
    pub(crate) fn has_companion(&self) -> bool {
        self.is_scalar_like() && (!self.children.is_empty() || self.shape == Shape::EmptyCompanion)
    }

    /// Whether JSON writes it as a plain value with a `_` companion: true of primitives, and of whatever came as one.
    pub(crate) fn is_scalar_like(&self) -> bool {
        let usual = matches!(self.shape, Shape::Usual | Shape::EmptyCompanion);
        self.value.is_some() || (self.kind.is_primitive() && usual)
    }
}

impl Name {
    pub(crate) fn text(&self) -> &str {
        match self {
            Name::Known(field) => field.name(),
            Name::Unknown(name) => name,
        }
    }

    /// Whether two nodes of one parent have the same name.
    pub(crate) fn is(&self, other: &Name) -> bool {
        match (self, other) {
            (Name::Known(one), Name::Known(two)) => std::ptr::eq(*one, *two),
            (Name::Unknown(one), Name::Unknown(two)) => one == two,
            _ => false,
        }
    }
}

/// Shows name, type and size only: what a node holds may be about a person.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node({} {}, {} children)", self.name(), self.type_name(), self.children.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_stays_small() {
        assert!(size_of::<Node>() <= 80, "a node takes {} bytes", size_of::<Node>());
    }

    #[test]
    fn debug_output_shows_no_content() {
        let mut patient = Node::resource("Patient").unwrap();
        patient.set_text("birthDate", "1980-02-29");
        assert_eq!(
            format!("{patient:?} {:?}", patient.children()),
            "Node( Patient, 1 children) [Node(birthDate date, 0 children)]"
        );
    }

    #[test]
    fn only_known_resources_that_are_not_abstract_can_be_made() {
        for (name, made) in [
            ("Slot", true),
            ("RelatedPerson", false),
            ("Resource", false),
            ("DomainResource", false),
            ("Identifier", false),
            ("", false),
        ] {
            assert_eq!(Node::resource(name).is_some(), made, "{name}");
        }
    }
}

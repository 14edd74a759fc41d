//! What the base definitions demand of each type, compiled from the Schema so that the walk only looks things up.

use std::collections::HashMap;
use std::sync::Arc;

use fhir::schema::{Binding, Content, Field, STRUCTURE_BASE, Type, TypeKind, TypeReference, Types, VALUE_SET_BASE};

use crate::invariant::Invariant;

/// All types of a Schema, with what is demanded of them.
#[derive(Debug)]
pub(crate) struct Table {
    types: Vec<TypeRules>,
    by_name: HashMap<&'static str, usize>,
}

/// What is demanded of a node of one type.
#[derive(Debug)]
pub(crate) struct TypeRules {
    /// The type.
    pub(crate) kind: &'static Type,
    /// One for each field of the type, at the field's position.
    pub(crate) fields: Vec<FieldRules>,
    /// The elements of the type, a choice counted once.
    pub(crate) elements: Vec<ElementRules>,
    /// The type's own invariants, those of the types that it builds on first.
    pub(crate) invariants: Vec<Arc<Invariant>>,
    /// Which rules beyond the table the type has.
    pub(crate) special: Special,
}

/// How often an element may occur.
#[derive(Debug)]
pub(crate) struct ElementRules {
    /// `start`, `value[x]`.
    pub(crate) name: Box<str>,
    pub(crate) min: u32,
    pub(crate) max: Option<u32>,
}

/// What is demanded of a node for being that element of its parent.
#[derive(Debug)]
pub(crate) struct FieldRules {
    /// Position in [`TypeRules::elements`].
    pub(crate) element: usize,
    /// Position of its type in the [`Table`]; `None` for the place of any resource.
    pub(crate) rules: Option<usize>,
    /// The codes that it is bound to, with full URLs.
    pub(crate) binding: Option<Binding>,
    /// What a Reference may point at: canonical URLs. Empty where anything goes.
    pub(crate) targets: Vec<Box<str>>,
    /// Invariants of the element beyond those of its type.
    pub(crate) invariants: Vec<Arc<Invariant>>,
}

/// The types that have rules no table can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Special {
    None,
    Attachment,
    Bundle,
    Coded,
    Extension,
    Identifier,
    Narrative,
    Reference,
}

impl Special {
    fn of(kind: &Type) -> Special {
        match kind.name() {
            "Attachment" => Special::Attachment,
            "Bundle" => Special::Bundle,
            "Coding" | "Quantity" => Special::Coded,
            "Extension" => Special::Extension,
            "Identifier" => Special::Identifier,
            "Narrative" => Special::Narrative,
            "Reference" => Special::Reference,
            _ => Special::None,
        }
    }
}

/// The binding with the URLs of its value sets written out.
pub(crate) fn with_full_urls(binding: Binding) -> Binding {
    let full = |name: Box<str>| full_url(VALUE_SET_BASE, &name);
    Binding { strength: binding.strength, value_set: binding.value_set.map(full), within: binding.within.map(full) }
}

/// A name of FHIR itself with its base before it; any other URL as it is.
pub(crate) fn full_url(base: &str, name: &str) -> Box<str> {
    if name.contains(':') { name.into() } else { format!("{base}{name}").into() }
}

impl Table {
    pub(crate) fn compile(types: &'static Types, invariants: &[Arc<Invariant>]) -> Table {
        let known: Vec<&'static Type> = types.all().filter(|kind| !matches!(kind.kind(), TypeKind::Unknown)).collect();
        let by_name: HashMap<&'static str, usize> =
            known.iter().enumerate().map(|(at, kind)| (kind.name(), at)).collect();
        let compiled = known.iter().map(|kind| type_rules(kind, &by_name, invariants)).collect();
        Table { types: compiled, by_name }
    }

    /// The rules at this place.
    pub(crate) fn at(&self, place: usize) -> Option<&TypeRules> {
        self.types.get(place)
    }

    /// The rules of the type of this name.
    pub(crate) fn named(&self, name: &str) -> Option<&TypeRules> {
        self.by_name.get(name).and_then(|place| self.types.get(*place))
    }
}

fn type_rules(kind: &'static Type, by_name: &HashMap<&str, usize>, invariants: &[Arc<Invariant>]) -> TypeRules {
    let mut elements: Vec<ElementRules> = Vec::new();
    let mut fields = Vec::with_capacity(kind.fields().len());
    for field in kind.fields() {
        let row = field.row();
        let name = row.name();
        let element = elements.iter().position(|element| *element.name == *name).unwrap_or_else(|| {
            elements.push(ElementRules { name: name.into(), min: row.min, max: row.max });
            elements.len() - 1
        });
        let mut own = on(invariants, &format!("{}.{name}", kind.name()), by_name);
        if type_reference(field).is_some_and(|one| one.profiles.iter().any(|profile| &**profile == "SimpleQuantity")) {
            own.extend(invariants.iter().filter(|invariant| &*invariant.on == "SimpleQuantity").cloned());
        }
        fields.push(FieldRules {
            element,
            rules: match field.kind().kind() {
                TypeKind::AnyResource => None,
                _ => by_name.get(field.kind().name()).copied(),
            },
            binding: row.binding.clone().map(with_full_urls),
            targets: targets(field),
            invariants: own,
        });
    }
    TypeRules { kind, fields, elements, invariants: type_invariants(kind, invariants), special: Special::of(kind) }
}

/// The type reference of the row that this field came from.
fn type_reference(field: &Field) -> Option<&TypeReference> {
    let Content::Types(types) = &field.row().content else { return None };
    types.iter().find(|one| *one.code == *field.kind().name())
}

/// What a Reference may point at: canonical URLs; empty where anything goes.
pub(crate) fn targets(field: &Field) -> Vec<Box<str>> {
    let Some(reference) = type_reference(field) else { return Vec::new() };
    if reference.targets.iter().any(|target| &**target == "Resource") {
        return Vec::new();
    }
    reference.targets.iter().map(|target| full_url(STRUCTURE_BASE, target)).collect()
}

/// The invariants of an element that is not a type of its own.
fn on(invariants: &[Arc<Invariant>], path: &str, by_name: &HashMap<&str, usize>) -> Vec<Arc<Invariant>> {
    if by_name.contains_key(path) {
        return Vec::new();
    }
    invariants.iter().filter(|invariant| *invariant.on == *path).cloned().collect()
}

/// A type's invariants that are evaluated: its own, and Quantity's for the types that build on it. Those of Element, of
/// DomainResource and of narratives are rules of the walk.
fn type_invariants(kind: &Type, invariants: &[Arc<Invariant>]) -> Vec<Arc<Invariant>> {
    let builds_on = match kind.name() {
        "Age" | "Count" | "Distance" | "Duration" | "Money" => Some("Quantity"),
        _ => None,
    };
    let applies = |invariant: &Invariant| *invariant.on == *kind.name() || Some(&*invariant.on) == builds_on;
    invariants.iter().filter(|invariant| applies(invariant) && !invariant.is_native()).cloned().collect()
}

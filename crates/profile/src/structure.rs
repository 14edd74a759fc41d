//! From a published StructureDefinition to a [`Profile`]: what its snapshot, or else its differential, says beyond the base.
//!
//! The definition comes as a tree; its type is none that the built-in schema has, so that its elements are read by name.
//! Element ids are not trusted (published ones are inconsistent under choices): `path`, `sliceName` and order are.

mod definition;
mod parts;

use fhir::Node;
use fhir::schema::{Content, Field, Row, STRUCTURE_BASE, Type, TypeReference, Types};

use crate::constraint::{Profile, Rules, Value};
use parts::{binding, invariant, slicing, types, value};

pub(crate) use definition::{is_type, type_definition};

/// Makes a profile of a StructureDefinition; `known` are the types that it may be about.
///
/// # Errors
/// What the definition lacks.
pub fn profile(definition: &Node, known: &'static Types) -> Result<Profile, &'static str> {
    let url = definition.text_of("url").ok_or("a StructureDefinition needs a url")?;
    let of = definition.text_of("type").ok_or("a StructureDefinition needs a type")?;
    let view = definition.child("snapshot").or(definition.child("differential"));
    let view = view.ok_or("a StructureDefinition needs a snapshot or a differential")?;
    let base = definition.text_of("baseDefinition").filter(|base| base.strip_prefix(STRUCTURE_BASE) != Some(of));
    let mut root = Rules::default();
    if known.named(of).is_none() {
        return Err("the type that it is about is not known here");
    }
    let mut reading = Reading { root: &mut root, open: Vec::new(), known };
    for element in view.all("element") {
        reading.element(element)?;
    }
    // Where the differential forbids what the snapshot lets stand, the differential is meant.
    if let Some(differential) = definition.child("differential") {
        forbid(&mut root, differential);
    }
    prune(&mut root);
    // An extension's url is its own; that needs no rule.
    root.children.retain(|child| !(&*child.name == "url" && child.fixed == Some(Value::text(url))));
    Ok(Profile {
        url: url.into(),
        version: definition.text_of("version").map(Into::into),
        of: of.into(),
        base: base.map(Into::into),
        contexts: definition.all("context").filter_map(Node::text).map(Into::into).collect(),
        root,
    })
}

/// The element that was read last and those around it, as positions in the tree of rules.
struct Reading<'r> {
    root: &'r mut Rules,
    open: Vec<Open>,
    known: &'static Types,
}

/// One step from the root: its path, and where it stands.
struct Open {
    path: String,
    slice: bool,
    at: usize,
}

impl Reading<'_> {
    fn element(&mut self, element: &Node) -> Result<(), &'static str> {
        let path = element.text_of("path").ok_or("an element needs a path")?;
        let Some((parent, name)) = path.rsplit_once('.') else {
            // At the root only the number matters, and that is an extension's own.
            say(self.root, element, None, path);
            return Ok(());
        };
        while self.open.last().is_some_and(|open| open.path != parent && open.path != path) {
            self.open.pop();
        }
        let slice = element.text_of("sliceName").filter(|slice| *slice != name);
        match slice {
            // A slice stands beside what was said of all items, within the same parent.
            Some(_) => {
                while self.open.last().is_some_and(|open| open.path == path && open.slice) {
                    self.open.pop();
                }
            }
            None => {
                while self.open.last().is_some_and(|open| open.path == path) {
                    self.open.pop();
                }
            }
        }
        let field = self.field(path);
        if slice.is_some() && self.open.last().is_none_or(|open| open.path != path) {
            // A slice of an element of which nothing was said before.
            self.push(path, name, false);
        }
        self.push(path, slice.unwrap_or(name), slice.is_some());
        let rules = self.current();
        say(rules, element, field, path);
        Ok(())
    }

    /// Adds an element below the one that is open, or finds it there, and opens it.
    fn push(&mut self, path: &str, name: &str, slice: bool) {
        let current = self.current();
        let list = if slice { &mut current.slices } else { &mut current.children };
        let at = match list.iter().position(|rules| *rules.name == *name) {
            Some(at) => at,
            None => {
                list.push(Rules::about(name));
                list.len() - 1
            }
        };
        self.open.push(Open { path: path.to_owned(), slice, at });
    }

    fn current(&mut self) -> &mut Rules {
        self.open.iter().fold(&mut *self.root, |rules, open| {
            let list = if open.slice { &mut rules.slices } else { &mut rules.children };
            // Each position was taken from the list that it is in, and nothing is removed while reading.
            &mut list[open.at]
        })
    }

    /// The base definition's element at a path.
    fn field(&self, path: &str) -> Option<&'static Field> {
        let mut names = path.split('.');
        let mut kind: &'static Type = self.known.named(names.next()?)?;
        let mut field = None;
        for name in names {
            let found = match name.strip_suffix("[x]") {
                Some(stem) => kind.fields().iter().find(|field| field.choice() == Some(stem)),
                None => kind.field(name),
            }?;
            kind = found.kind();
            field = Some(found);
        }
        field
    }
}

/// Puts what an element says, beyond the base, into its rules.
fn say(rules: &mut Rules, element: &Node, field: Option<&'static Field>, path: &str) {
    let row = field.map(|field| &**field.row());
    // A choice under its typed name is a restriction to that type, whose own number is its own.
    let typed = field.is_some_and(|field| field.choice().is_some() && !path.ends_with("[x]"));
    let is_slice = element.text_of("sliceName").is_some_and(|slice| !path.ends_with(slice));
    let base_min = row.filter(|_| !is_slice && !typed).map_or(0, |row| row.min);
    let base_max = if is_slice { None } else { row.map_or(Some(1), |row| row.max) };
    if let Some(min) = element.text_of("min").and_then(|min| min.parse().ok()).filter(|min| *min > base_min) {
        rules.min = min;
    }
    let max: Option<u32> = element.text_of("max").and_then(|max| max.parse().ok());
    if max.is_some() && (path.contains('.') || max != Some(1)) && max != base_max {
        rules.max = max;
    }
    let types: Vec<TypeReference> = types(element);
    if path.contains('.') && (typed || !same_types(&types, row)) {
        rules.types = types;
    }
    rules.fixed = value(element, "fixed");
    rules.pattern = value(element, "pattern");
    let binding = element.child("binding").and_then(binding);
    if binding.as_ref() != row.and_then(|row| row.binding.as_ref()) {
        rules.binding = binding;
    }
    rules.longest = element.text_of("maxLength").and_then(|longest| longest.parse().ok());
    rules.slicing = element.child("slicing").and_then(slicing);
    for constraint in element.all("constraint") {
        rules.invariants.extend(invariant(constraint, path));
    }
}

/// Are the types those of the base?
fn same_types(types: &[TypeReference], row: Option<&Row>) -> bool {
    match row.map(|row| &row.content) {
        Some(Content::Types(base)) => types == base,
        Some(_) => true,
        None => types.is_empty(),
    }
}

/// Takes over a greatest number of zero from the differential.
fn forbid(root: &mut Rules, differential: &Node) {
    for element in differential.all("element").filter(|element| element.text_of("max") == Some("0")) {
        let path = element.text_of("path").and_then(|path| path.split_once('.')).map(|(_, path)| path);
        let Some(path) = path.filter(|path| !path.contains('.')) else { continue };
        match root.children.iter_mut().find(|child| *child.name == *path) {
            Some(child) => child.max = Some(0),
            None => root.children.push(Rules { max: Some(0), ..Rules::about(path) }),
        }
    }
}

/// Drops what says nothing: elements without rules, and the slicing of extensions by url, which is always so.
fn prune(rules: &mut Rules) {
    rules.children.iter_mut().chain(&mut rules.slices).for_each(prune);
    let is_extension = matches!(&*rules.name, "extension" | "modifierExtension");
    if rules.slices.is_empty() && is_extension {
        rules.slicing = None;
    }
    rules.children.retain(|child| !child.is_empty());
}

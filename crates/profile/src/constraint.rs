//! Profiles: what a StructureDefinition demands beyond the type that it constrains.
//!
//! A [`Profile`] is sparse. It says only what it adds; what the base says holds anyway, since every resource is judged by
//! its base first. So no snapshot is needed, and a profile on a profile is simply both.

mod text;
mod value;

use fhir::schema::{Binding, TypeReference};

pub use text::{ProfileTextError, read};

use crate::invariant::Invariant;

/// One profile, or the definition of one extension.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Its canonical URL.
    pub url: Box<str>,
    /// Its version, where it has one.
    pub version: Option<Box<str>>,
    /// The resource or data type that it constrains.
    pub of: Box<str>,
    /// The profile that it builds on; `None` where that is the type itself.
    pub base: Option<Box<str>>,
    /// Where an extension may be used: `Patient`, `Patient.identifier`. Empty for other profiles.
    pub contexts: Vec<Box<str>>,
    /// What it says about the resource or the element itself, and below that about everything in it.
    pub root: Rules,
}

/// What a profile says about one element, or about one slice of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules {
    /// The element as the definition names it, `identifier`, `value[x]` or, restricted to a type, `valueCode`; the name of
    /// the slice where it is one; empty at the root.
    pub name: Box<str>,
    /// The least number.
    pub min: u32,
    /// The greatest number; `None` where it says none.
    pub max: Option<u32>,
    /// The types, profiles and targets that it allows; empty where it says nothing about them.
    pub types: Vec<TypeReference>,
    /// Exactly this value.
    pub fixed: Option<Value>,
    /// At least this value.
    pub pattern: Option<Value>,
    /// The codes that it may hold.
    pub binding: Option<Binding>,
    /// The longest text, in characters.
    pub longest: Option<u32>,
    /// Invariants that the base does not have.
    pub invariants: Vec<Invariant>,
    /// How the items are told apart.
    pub slicing: Option<Slicing>,
    /// What is said of each slice.
    pub slices: Vec<Rules>,
    /// What is said of the elements inside.
    pub children: Vec<Rules>,
}

/// How the items of an element are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slicing {
    /// What they are told apart by: all of these together.
    pub by: Vec<Discriminator>,
    /// Whether there may be items of no slice, and where.
    pub unmatched: Unmatched,
    /// The slices come in the order of their definition.
    pub ordered: bool,
}

/// One thing that items are told apart by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discriminator {
    /// What of the element at the path is looked at.
    pub kind: DiscriminatorKind,
    /// A path of names; `$this` for the item itself.
    pub path: Box<str>,
}

/// What of an element tells items apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiscriminatorKind {
    /// Its fixed value, its pattern, or the codes that it is bound to.
    Value,
    /// Whether it is there.
    Exists,
    /// Its pattern.
    Pattern,
    /// Its type.
    Type,
    /// The profile that it keeps to.
    Profile,
}

/// Items of no slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmatched {
    /// They may stand anywhere.
    Anywhere,
    /// They come after all others.
    AtTheEnd,
    /// There may be none.
    Nowhere,
}

/// A value that is fixed or a pattern: the text of a primitive, and the elements inside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Value {
    /// The text of a primitive.
    pub text: Option<Box<str>>,
    /// The elements inside, by name; one that repeats stands here as often.
    pub members: Vec<(Box<str>, Value)>,
}

impl Profile {
    /// True for the definition of an extension.
    pub fn is_extension(&self) -> bool {
        &*self.of == "Extension"
    }
}

impl Rules {
    /// Rules that say nothing yet about the element of this name.
    pub fn about(name: &str) -> Rules {
        Rules { name: name.into(), ..Rules::default() }
    }

    /// True where nothing is said, not even further down.
    pub fn is_empty(&self) -> bool {
        *self == Rules::about(&self.name)
    }

    /// What is said about the element inside of this name.
    pub fn child(&self, name: &str) -> Option<&Rules> {
        self.children.iter().find(|child| *child.name == *name)
    }

    /// The rules at a path of names below these; these themselves for `$this`.
    pub fn at(&self, path: &str) -> Option<&Rules> {
        if path == "$this" {
            return Some(self);
        }
        path.split('.').try_fold(self, |rules, name| rules.child(name))
    }

    /// The URL of the extension that these rules ask for: the profile of the type.
    pub fn extension_url(&self) -> Option<&str> {
        self.types.iter().find(|of| &*of.code == "Extension")?.profiles.first().map(|url| &**url)
    }
}

impl Value {
    /// A primitive's value.
    pub fn text(text: &str) -> Value {
        Value { text: Some(text.into()), members: Vec::new() }
    }
}

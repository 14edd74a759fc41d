//! Views of the data types that every resource of booking uses.

use super::{contained, element_views, texts};
use crate::node::Node;

element_views! {
    /// A business identifier.
    Identifier
    /// A reference to another resource.
    Reference
    /// A code of a code system.
    Coding
    /// A time with a beginning and an end.
    Period
}

impl<'n> Identifier<'n> {
    texts! {
        /// What it is for: `official`.
        usage: "use"
        /// The namespace of the value.
        system: "system"
        /// The value.
        value: "value"
    }
}

impl<'n> Coding<'n> {
    texts! {
        /// The code system.
        system: "system"
        /// The code.
        code: "code"
        /// The code in words.
        display: "display"
    }
}

impl<'n> Period<'n> {
    texts! {
        /// The beginning, a dateTime.
        start: "start"
        /// The end, a dateTime.
        end: "end"
    }
}

impl<'n> Reference<'n> {
    texts! {
        /// The literal reference: `Slot/1`, `#P1` or a URL.
        reference: "reference"
        /// The target in words.
        display: "display"
    }

    /// The business identifier of the target.
    #[must_use]
    pub fn identifier(&self) -> Option<Identifier<'n>> {
        self.0.child("identifier").map(Identifier::of)
    }

    /// What the literal reference points at; `None` when there is none or it is neither a URL nor `Type/id`.
    #[must_use]
    pub fn target(&self) -> Option<Target<'n>> {
        self.reference().and_then(Target::parse)
    }

    /// The contained resource of `resource` that it points at.
    #[must_use]
    pub fn within(&self, resource: &'n Node) -> Option<&'n Node> {
        match self.target() {
            Some(Target::Contained(id)) => contained(resource, id),
            _ => None,
        }
    }
}

/// What a literal reference points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'t> {
    /// `#id`: a resource contained in the same one.
    Contained(&'t str),
    /// `Type/id`, perhaps with a version: a resource on the same server.
    Relative {
        /// The resource type.
        type_name: &'t str,
        /// The logical id.
        id: &'t str,
        /// The version, for `Type/id/_history/version`.
        version: Option<&'t str>,
    },
    /// A URL or URN.
    Absolute(&'t str),
}

impl<'t> Target<'t> {
    /// Takes a literal reference apart.
    #[must_use]
    pub fn parse(text: &'t str) -> Option<Target<'t>> {
        if let Some(id) = text.strip_prefix('#') {
            return Some(Target::Contained(id));
        }
        if text.contains(':') {
            return Some(Target::Absolute(text));
        }
        let mut parts = text.split('/');
        let (type_name, id) = (parts.next()?, parts.next()?);
        let version = match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => None,
            (Some("_history"), Some(version), None) if !version.is_empty() => Some(version),
            _ => return None,
        };
        (!type_name.is_empty() && !id.is_empty()).then_some(Target::Relative { type_name, id, version })
    }
}

/// The codings of a CodeableConcept.
pub fn codings(concept: &Node) -> impl Iterator<Item = Coding<'_>> {
    concept.all("coding").map(Coding::of)
}

/// The extensions of an element with this URL.
pub fn extensions<'n>(node: &'n Node, url: &'n str) -> impl Iterator<Item = &'n Node> {
    node.all("extension").filter(move |extension| extension.text_of("url") == Some(url))
}

/// The first extension of an element with this URL.
#[must_use]
pub fn extension<'n>(node: &'n Node, url: &str) -> Option<&'n Node> {
    node.all("extension").find(|extension| extension.text_of("url") == Some(url))
}

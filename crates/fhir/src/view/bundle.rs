//! The views of a Bundle (RES-C12) and of Parameters (VAL-02).

use super::{element_views, resource_views, texts};
use crate::node::Node;

resource_views! {
    /// A Bundle.
    Bundle
    /// The parameters of an operation.
    Parameters
}

element_views! {
    /// An entry of a Bundle.
    Entry
}

impl<'n> Bundle<'n> {
    texts! {
        /// `searchset`, `history` …
        kind: "type"
        /// How many resources match a search, on all pages together.
        total: "total"
    }

    /// The entries.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'n>> + use<'n> {
        self.0.all("entry").map(Entry::of)
    }

    /// The resources of the entries.
    pub fn resources(&self) -> impl Iterator<Item = &'n Node> + use<'n> {
        self.entries().filter_map(|entry| entry.resource())
    }

    /// The URL of the link with this relation: `self`, `next` …
    #[must_use]
    pub fn link(&self, relation: &str) -> Option<&'n str> {
        self.0.all("link").find(|link| link.text_of("relation") == Some(relation)).and_then(|link| link.text_of("url"))
    }
}

impl<'n> Entry<'n> {
    texts! {
        /// The absolute URL of the resource.
        full_url: "fullUrl"
    }

    /// The resource.
    #[must_use]
    pub fn resource(&self) -> Option<&'n Node> {
        self.0.child("resource")
    }

    /// Why it is in a search's answer: `match`, `include` or `outcome`.
    #[must_use]
    pub fn search_mode(&self) -> Option<&'n str> {
        self.0.find("search.mode").and_then(Node::text)
    }
}

impl<'n> Parameters<'n> {
    /// The first parameter of this name; its value is a choice or a resource in it.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&'n Node> {
        self.0.all("parameter").find(|parameter| parameter.text_of("name") == Some(name))
    }

    /// The resource of the parameter of this name.
    #[must_use]
    pub fn resource(&self, name: &str) -> Option<&'n Node> {
        self.parameter(name).and_then(|parameter| parameter.child("resource"))
    }

    /// The value of the parameter of this name, as text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&'n str> {
        self.parameter(name).and_then(|parameter| parameter.choice("value")).and_then(Node::text)
    }
}

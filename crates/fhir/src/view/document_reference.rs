//! The view of a DocumentReference (RES-D01 to RES-D08).

use super::{Coding, codings, resource_views, texts};
use crate::node::Node;

resource_views! {
    /// A DocumentReference.
    DocumentReference
}

impl<'n> DocumentReference<'n> {
    texts! {
        /// `current` …
        status: "status"
        /// When the reference was made, an instant.
        indexed: "indexed"
    }

    /// The codings of its type.
    pub fn type_codings(&self) -> impl Iterator<Item = Coding<'n>> + use<'n> {
        self.0.child("type").into_iter().flat_map(codings)
    }

    /// The attachments of its content.
    pub fn attachments(&self) -> impl Iterator<Item = &'n Node> + use<'n> {
        self.0.all("content").filter_map(|content| content.child("attachment"))
    }

    /// The media types of its attachments.
    pub fn content_types(&self) -> impl Iterator<Item = &'n str> + use<'n> {
        self.attachments().filter_map(|attachment| attachment.text_of("contentType"))
    }
}

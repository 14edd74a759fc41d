//! How much a reader takes before it refuses: size, depth and counts of a document from outside.

/// The bounds that [`crate::json::read`] and [`crate::xml::read`] keep. Crossing one of them ends the reading with a
/// [`crate::SyntaxError`] whose kind is [`crate::SyntaxKind::TooLarge`]; only `issues` merely stops the collecting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest document in bytes. Offsets are kept in 32 bits, so more than `u32::MAX` has no effect.
    pub bytes: usize,
    /// Deepest nesting of elements, the resource itself being the first level.
    pub depth: usize,
    /// Most nodes (elements and attributes) in one document.
    pub nodes: usize,
    /// Bytes of document that pay for one node beyond the first few thousand. A document that is mostly brackets is
    /// hostile, and this keeps the memory of a tree within a fixed multiple of its text.
    pub bytes_per_node: usize,
    /// Most issues that are collected; further ones are counted in [`crate::Parsed::issues_left_out`].
    pub issues: usize,
}

/// Nodes that any document may have, whatever its size.
const FREE_NODES: usize = 4096;

impl Limits {
    /// The bounds for one resource from a stranger: 4 MiB, 64 levels.
    pub const STRICT: Limits = Limits { bytes: 4 << 20, depth: 64, nodes: 500_000, bytes_per_node: 8, issues: 200 };

    /// The bounds for a file or a Bundle that the reader's owner chose to read: 64 MiB, 100 levels.
    pub const GENEROUS: Limits =
        Limits { bytes: 64 << 20, depth: 100, nodes: 8_000_000, bytes_per_node: 8, issues: 1000 };

    /// How many nodes a document of `bytes` bytes may have.
    #[must_use]
    pub fn nodes_for(&self, bytes: usize) -> usize {
        self.nodes.min(FREE_NODES.saturating_add(bytes / self.bytes_per_node.max(1)))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits::STRICT
    }
}

//! From the tree to JSON.

use crate::node::{Node, Scalar, Shape};
use crate::schema::TypeKind;

/// Writes a resource as compact JSON.
#[must_use]
pub fn write(node: &Node) -> Vec<u8> {
    let mut out = Vec::with_capacity(4096);
    write_into(node, &mut out);
    out
}

/// Appends a resource, or any element's object, as compact JSON.
pub fn write_into(node: &Node, out: &mut Vec<u8>) {
    Writer { out, indent: None }.object(node);
}

/// Writes a resource as JSON for people: two blanks for each level, one member a line.
#[must_use]
pub fn write_pretty(node: &Node) -> Vec<u8> {
    let mut out = Vec::with_capacity(8192);
    Writer { out: &mut out, indent: Some(0) }.object(node);
    out.push(b'\n');
    out
}

struct Writer<'o> {
    out: &'o mut Vec<u8>,
    /// How deep the line is that begins next; `None` writes no line breaks.
    indent: Option<usize>,
}

impl Writer<'_> {
    fn object(&mut self, node: &Node) {
        let mut first = true;
        self.open(b'{');
        if node.kind().kind() == TypeKind::Resource {
            self.key("", "resourceType", &mut first);
            self.string(node.kind().name());
        }
        for group in node.children.chunk_by(|one, two| one.name.is(&two.name)) {
            self.member(group, &mut first);
        }
        self.close(b'}', first);
    }

    /// Writes all children of one name: the member and, where there is something for it, its `_` companion.
    fn member(&mut self, group: &[Node], first: &mut bool) {
        let Some(one) = group.first() else { return };
        let has_companion = group.iter().any(Node::has_companion);
        let has_plain = group.iter().any(|node| node.value.is_some() || !node.is_scalar_like());
        let array = group.len() > 1 || one.array;
        if has_plain || !has_companion {
            self.key("", one.name(), first);
            self.many(group, array, Self::plain);
        }
        if has_companion {
            self.key("_", one.name(), first);
            self.many(group, array, Self::companion);
        }
    }

    fn many(&mut self, group: &[Node], array: bool, write: fn(&mut Self, &Node)) {
        if !array {
            group.iter().for_each(|node| write(self, node));
            return;
        }
        let mut first = true;
        self.open(b'[');
        for node in group.iter().filter(|node| node.shape != Shape::EmptyArray) {
            self.separate(&mut first);
            write(self, node);
        }
        self.close(b']', first);
    }

    fn plain(&mut self, node: &Node) {
        match (&node.value, node.shape) {
            (Some(Scalar::String(text)), _) => self.string(text),
            (Some(other), _) => self.out.extend_from_slice(other.text().as_bytes()),
            (None, Shape::NestedArray) => self.many(&node.children, true, Self::plain),
            (None, Shape::Null) => self.out.extend_from_slice(b"null"),
            (None, _) if node.is_scalar_like() => self.out.extend_from_slice(b"null"),
            (None, _) => self.object(node),
        }
    }

    fn companion(&mut self, node: &Node) {
        if node.has_companion() {
            self.object(node);
        } else {
            self.out.extend_from_slice(b"null");
        }
    }

    fn key(&mut self, prefix: &str, name: &str, first: &mut bool) {
        self.separate(first);
        self.out.push(b'"');
        self.out.extend_from_slice(prefix.as_bytes());
        self.escaped(name);
        self.out.extend_from_slice(if self.indent.is_some() { b"\": " } else { b"\":" });
    }

    fn string(&mut self, text: &str) {
        self.out.push(b'"');
        self.escaped(text);
        self.out.push(b'"');
    }

    fn escaped(&mut self, text: &str) {
        let mut rest = text.as_bytes();
        while let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1F)) {
            let (plain, tail) = rest.split_at(at);
            self.out.extend_from_slice(plain);
            let Some((special, tail)) = tail.split_first() else { break };
            self.escape(*special);
            rest = tail;
        }
        self.out.extend_from_slice(rest);
    }

    fn escape(&mut self, byte: u8) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        match byte {
            b'"' => self.out.extend_from_slice(br#"\""#),
            b'\\' => self.out.extend_from_slice(br"\\"),
            b'\n' => self.out.extend_from_slice(br"\n"),
            b'\r' => self.out.extend_from_slice(br"\r"),
            b'\t' => self.out.extend_from_slice(br"\t"),
            _ => {
                let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
                self.out.extend_from_slice(&[b'\\', b'u', b'0', b'0', DIGITS[high & 15], DIGITS[low]]);
            }
        }
    }

    fn open(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.indent = self.indent.map(|indent| indent + 1);
    }

    fn close(&mut self, bracket: u8, empty: bool) {
        self.indent = self.indent.map(|indent| indent.saturating_sub(1));
        if !empty {
            self.line();
        }
        self.out.push(bracket);
    }

    fn separate(&mut self, first: &mut bool) {
        if !std::mem::take(first) {
            self.out.push(b',');
        }
        self.line();
    }

    fn line(&mut self) {
        if let Some(indent) = self.indent {
            self.out.push(b'\n');
            self.out.resize(self.out.len() + indent * 2, b' ');
        }
    }
}

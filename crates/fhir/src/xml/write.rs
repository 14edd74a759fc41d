//! From the tree to XML.

use std::borrow::Cow;

use super::tag::{LONGEST_NAMESPACE, MOST_ATTRIBUTES, MOST_DECLARED, is_name};
use super::{FHIR, TEXT, narrative_fault};
use crate::node::{Name, Node, Scalar, Shape};
use crate::schema::{Field, TypeKind};

/// Writes a resource as compact XML with its declaration.
#[must_use]
pub fn write(node: &Node) -> Vec<u8> {
    let mut out = Vec::with_capacity(8192);
    out.extend_from_slice(DECLARATION);
    write_into(node, &mut out);
    out
}

/// Appends a resource as compact XML, without a declaration.
pub fn write_into(node: &Node, out: &mut Vec<u8>) {
    Writer { out, indent: None, declared: 0 }.resource(node, "");
}

/// Writes a resource as XML for people: one element a line, two blanks for each level.
#[must_use]
pub fn write_pretty(node: &Node) -> Vec<u8> {
    let mut out = Vec::from(DECLARATION);
    Writer { out: &mut out, indent: Some(0), declared: 0 }.resource(node, "");
    out.push(b'\n');
    out
}

const DECLARATION: &[u8] = br#"<?xml version="1.0" encoding="UTF-8"?>"#;

struct Writer<'o> {
    out: &'o mut Vec<u8>,
    /// How deep the element is that begins next; `None` writes no line breaks.
    indent: Option<usize>,
    /// How many namespaces are declared here; the reader takes so many only.
    declared: usize,
}

/// Most attributes that an element gets; half of what the reader takes, as each may need a declaration.
const MOST_WRITTEN: usize = MOST_ATTRIBUTES / 2 - 2;

impl Writer<'_> {
    /// Writes the element that is named after a resource's type.
    fn resource(&mut self, node: &Node, space: &str) {
        let (name_space, name) = split_expanded(node.type_name());
        let name = if is_name(name) { name } else { "Resource" };
        self.tags(node, name_space.unwrap_or(FHIR), name, space);
    }

    fn element(&mut self, node: &Node, space: &str) {
        if node.shape == Shape::EmptyArray {
            return;
        }
        let (name_space, name) = split_expanded(node.name());
        if node.name() == TEXT && node.field().is_none() {
            return self.text(node.text().unwrap_or_default());
        }
        if !is_name(name) {
            return;
        }
        if node.is_resource() && node.value.is_none() && node.shape == Shape::Usual {
            return self.wrapped(node, name, space);
        }
        if node.kind().is_xhtml() && self.narrative(node) {
            return;
        }
        self.tags(node, name_space.unwrap_or(FHIR), name, space);
    }

    /// Writes text between elements. A blank at its beginning would be taken for layout.
    fn text(&mut self, text: &str) {
        let rest = text.strip_prefix(' ');
        self.out.extend_from_slice(if rest.is_some() { b"&#32;" } else { b"" });
        escape(rest.unwrap_or(text), self.out);
    }

    /// Writes a resource within the element that holds it.
    fn wrapped(&mut self, node: &Node, name: &str, space: &str) {
        if !is_name(split_expanded(node.type_name()).1) {
            return self.tags(node, FHIR, name, space);
        }
        self.begin(name);
        self.declare(FHIR, space);
        self.out.push(b'>');
        self.deeper(|writer| writer.resource(node, FHIR));
        self.end(name, false);
    }

    /// Writes the `div` as it is, if it can stand in XML.
    fn narrative(&mut self, node: &Node) -> bool {
        let Some(Scalar::String(text)) = &node.value else { return false };
        let fits = node.children.is_empty() && narrative_fault(text).is_none();
        if fits {
            self.line();
            self.out.extend_from_slice(text.as_bytes());
        }
        fits
    }

    fn tags(&mut self, node: &Node, space: &str, name: &str, outer: &str) {
        if space != outer && self.declared >= MOST_DECLARED {
            return;
        }
        let declared = self.declared;
        self.begin(name);
        self.declare(space, outer);
        let mut content = false;
        let mut text = false;
        let mut attributes = 0;
        for group in groups(node) {
            if let Some(child) = as_attribute(group, node) {
                attributes += 1;
                if attributes <= MOST_WRITTEN {
                    self.attribute(child);
                }
                continue;
            }
            for child in group {
                content |= child.shape != Shape::EmptyArray && !is_hidden(child, node);
                text |= child.field().is_none() && child.name() == TEXT;
            }
        }
        if let Some(value) = &node.value {
            self.plain_attribute("value", value.text());
        }
        if !content {
            self.out.extend_from_slice(b"/>");
            self.declared = declared;
            return;
        }
        self.out.push(b'>');
        // Blanks beside text would become part of it.
        let indent = self.indent.filter(|_| !text);
        let outside = std::mem::replace(&mut self.indent, indent);
        self.deeper(|writer| writer.content(node, space));
        self.end(name, text);
        (self.indent, self.declared) = (outside, declared);
    }

    fn content(&mut self, node: &Node, space: &str) {
        let elements = || {
            let written = groups(node).filter(|group| as_attribute(group, node).is_none());
            written.flatten().filter(|child| !is_hidden(child, node))
        };
        if is_in_order(&node.children) {
            elements().for_each(|child| self.element(child, space));
            return;
        }
        let mut place = 0;
        let mut ordered: Vec<(u32, &Node)> = elements()
            .map(|child| {
                place = child.field().map_or(place, |field| u32::from(field.position()) + 1);
                (place, child)
            })
            .collect();
        ordered.sort_by_key(|(place, _)| *place);
        ordered.into_iter().for_each(|(_, child)| self.element(child, space));
    }

    fn begin(&mut self, name: &str) {
        self.line();
        self.out.push(b'<');
        self.out.extend_from_slice(name.as_bytes());
    }

    fn end(&mut self, name: &str, behind_text: bool) {
        if !behind_text {
            self.line();
        }
        self.out.extend_from_slice(b"</");
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'>');
    }

    fn declare(&mut self, space: &str, outer: &str) {
        if space != outer {
            self.declared += 1;
            self.plain_attribute("xmlns", space);
        }
    }

    fn attribute(&mut self, node: &Node) {
        let text = node.text().unwrap_or_default();
        match split_expanded(node.name().trim_start_matches('@')) {
            (None, name) => self.plain_attribute(name, text),
            (Some(_), _) if self.declared >= MOST_DECLARED => {}
            (Some(space), name) => {
                self.declared += 1;
                // The prefix holds within this tag only; the place in the output makes it a new one in each.
                let prefix = format!("n{}", self.out.len());
                self.plain_attribute(&format!("xmlns:{prefix}"), space);
                self.plain_attribute(&format!("{prefix}:{name}"), text);
            }
        }
    }

    fn plain_attribute(&mut self, name: &str, text: &str) {
        self.out.push(b' ');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"=\"");
        escape(text, self.out);
        self.out.push(b'"');
    }

    fn deeper(&mut self, write: impl FnOnce(&mut Self)) {
        let indent = self.indent;
        self.indent = indent.map(|indent| indent + 1);
        write(self);
        self.indent = indent;
    }

    fn line(&mut self) {
        if let Some(indent) = self.indent {
            self.out.push(b'\n');
            self.out.resize(self.out.len() + indent * 2, b' ');
        }
    }
}

/// The children by name; equal names stand beside each other.
fn groups(node: &Node) -> impl Iterator<Item = &[Node]> {
    node.children.chunk_by(|one, two| one.name.is(&two.name))
}

/// The only child of its name, if it is written as an attribute of its parent, which XML can do with a bare text.
fn as_attribute<'n>(group: &'n [Node], parent: &Node) -> Option<&'n Node> {
    let [child] = group else { return None };
    let may_be = match &child.name {
        Name::Known(field) => field.is_attribute(),
        Name::Unknown(name) => name.strip_prefix('@').is_some_and(|name| is_free_attribute(name, parent)),
    };
    (may_be && child.value.is_some() && child.children.is_empty()).then_some(child)
}

/// Whether an unknown attribute may have this name beside what else is written as an attribute.
fn is_free_attribute(name: &str, parent: &Node) -> bool {
    let is_taken = match name {
        "value" => parent.value.is_some() || !parent.is_resource(),
        "xmlns" => true,
        _ => parent.kind().field(name).is_some_and(Field::is_attribute),
    };
    !is_taken && (is_name(split_expanded(name).1) || name.strip_prefix("xml:").is_some_and(is_name))
}

/// Whether a child is the type of a resource of an unknown type, which is the name of its element.
fn is_hidden(child: &Node, parent: &Node) -> bool {
    parent.kind().kind() == TypeKind::ForeignResource
        && child.name() == "resourceType"
        && child.text().is_some_and(|name| is_name(split_expanded(name).1))
}

fn is_in_order(children: &[Node]) -> bool {
    let mut positions = children.iter().filter_map(Node::field).map(Field::position);
    let mut last = 0;
    positions.all(|position| std::mem::replace(&mut last, position) <= position)
}

/// Takes `{namespace}name` apart. A namespace may have any character in it, a name has no bracket.
fn split_expanded(name: &str) -> (Option<&str>, &str) {
    let parts = name.strip_prefix('{').and_then(|rest| rest.rsplit_once('}'));
    let parts = parts.filter(|(space, _)| space.len() <= LONGEST_NAMESPACE);
    parts.map_or((None, name), |(space, local)| (Some(space), local))
}

/// Appends text that may stand in an attribute or between tags.
fn escape(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    let is_special = |byte: &u8| matches!(byte, b'&' | b'<' | b'>' | b'"' | 0..=0x1F | 0xEF);
    while let Some(at) = rest.iter().position(&is_special) {
        let (plain, tail) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((special, behind)) = tail.split_first() else { break };
        match special {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            b'\t' => out.extend_from_slice(b"&#9;"),
            b'\n' => out.extend_from_slice(b"&#10;"),
            b'\r' => out.extend_from_slice(b"&#13;"),
            0xEF if !matches!(behind, [0xBF, 0xBE | 0xBF, ..]) => out.push(0xEF),
            0xEF => {
                out.extend_from_slice("\u{FFFD}".as_bytes());
                rest = behind.get(2..).unwrap_or_default();
                continue;
            }
            _ => out.extend_from_slice("\u{FFFD}".as_bytes()),
        }
        rest = behind;
    }
    out.extend_from_slice(rest);
}

/// A text as an attribute's value.
pub(super) fn attribute_text(text: &str) -> Cow<'_, str> {
    let mut out = Vec::with_capacity(text.len());
    escape(text, &mut out);
    String::from_utf8(out).map_or(Cow::Borrowed(text), Cow::Owned)
}

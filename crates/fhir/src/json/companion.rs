//! The `_` members that hold what belongs to a primitive beside its value.

use super::read::{Member, Object, Reader};
use crate::issue::{Fault, IssueKind, Place};
use crate::node::{Node, Shape};
use crate::schema::Type;

impl Reader<'_> {
    /// Reads the `_` member that holds the `id` and `extension` of a primitive.
    pub(super) fn companion(&mut self, member: Member<'_>, object: &Object<'_>) -> Result<(), Fault> {
        let mark = self.stack.len();
        let depth = object.depth;
        let place = Place { parent: Some(object.place), name: member.key, index: None };
        let kind = if member.field.is_some() { member.kind } else { self.types.unknown() };
        if self.lexer.peek() == Some(b'{') {
            if member.repeats() {
                self.issues.add(IssueKind::WrongShape, &place, self.lexer.at, "an array", "an object");
            }
            self.companion_item(member, kind, &place, false, depth)?;
        } else {
            if member.field.is_some() && !member.repeats() {
                self.issues.add(IssueKind::WrongShape, &place, self.lexer.at, "an object", "an array");
            }
            let at = self.lexer.at;
            if self.array(&place, |reader, place| reader.companion_item(member, kind, place, true, depth))? == 0 {
                self.issues.add(IssueKind::EmptyArray, &place, at, "at least one member", "[]");
            }
        }
        self.merge(member, object, mark);
        Ok(())
    }

    /// Whether the next value is an object, or an array of objects and `null`.
    pub(super) fn companion_is_next(&mut self) -> Result<bool, Fault> {
        let mut ahead = self.lexer;
        if ahead.peek() != Some(b'[') {
            return Ok(ahead.peek() == Some(b'{'));
        }
        ahead.at += 1;
        let mut fits = true;
        while fits && matches!(ahead.peek(), Some(b'{' | b'n')) {
            fits = ahead.skip_value().is_ok() && ahead.take(b',');
        }
        self.spend(ahead.at)?;
        Ok(ahead.peek() == Some(b']'))
    }

    fn companion_item(
        &mut self,
        member: Member<'_>,
        kind: &'static Type,
        place: &Place<'_>,
        in_array: bool,
        depth: usize,
    ) -> Result<(), Fault> {
        let mut node = Node { array: in_array, ..self.node(member, self.offset()) };
        match self.lexer.peek() {
            Some(b'{') => {
                let at = self.lexer.at;
                node.children = self.object(kind, place, depth + 1)?;
                if node.children.is_empty() {
                    node.shape = Shape::EmptyCompanion;
                    self.issues.add(IssueKind::EmptyElement, place, at, "an id or an extension", "{}");
                }
            }
            _ => self.lexer.literal("null")?,
        }
        self.push(node)
    }

    /// Joins the nodes from `mark` on with those that the same object has under the same name: values with companions.
    pub(super) fn merge(&mut self, member: Member<'_>, object: &Object<'_>, mark: usize) {
        let fresh = self.stack.split_off(mark);
        let named = |node: &Node| node.name() == member.key;
        let earlier = self.stack.get(object.start..).unwrap_or_default();
        // From behind, as the two mostly stand beside each other.
        let Some(last) = earlier.iter().rposition(named) else {
            self.stack.extend(fresh);
            return;
        };
        let count = earlier.iter().take(last + 1).rev().take_while(|node| named(node)).count();
        let end = object.start + last + 1;
        let first = end - count;
        if fresh.len() != count {
            let at = fresh.first().map_or(self.lexer.at, Node::at);
            let place = Place { parent: Some(object.place), name: member.key, index: None };
            let expected = format!("arrays of one length, here {count}");
            self.issues.add(IssueKind::UnequalArrays, &place, at, expected, &fresh.len().to_string());
        }
        let mut fresh = fresh.into_iter();
        for (old, new) in self.stack.iter_mut().skip(first).take(count).zip(fresh.by_ref()) {
            old.absorb(new);
        }
        self.stack.splice(end..end, fresh);
    }

    /// Reports primitives that have neither a value nor a companion, now that both would have come.
    pub(super) fn report_lone_nulls(&mut self, object: &Object<'_>) {
        let children = self.stack.get(object.start..).unwrap_or_default();
        for (at, node) in children.iter().enumerate() {
            if node.array && node.is_empty() && node.is_scalar_like() && self.issues.has_room() {
                let index = children.iter().take(at).filter(|other| other.name.is(&node.name)).count();
                let child = Place { parent: Some(object.place), name: node.name(), index: Some(index) };
                self.issues.add(IssueKind::MisplacedNull, &child, node.at(), "a value or an extension", "null");
            }
        }
    }
}

impl Node {
    /// Takes value and companion of the other half.
    fn absorb(&mut self, other: Node) {
        let other_is_plain = other.value.is_some() || matches!(other.shape, Shape::Object | Shape::NestedArray);
        if other_is_plain {
            (self.value, self.at, self.array) = (other.value, other.at, other.array);
        }
        match (self.shape, other.shape) {
            (_, Shape::EmptyArray) | (Shape::EmptyCompanion, Shape::Usual) => {}
            (_, shape) if other_is_plain || self.shape == Shape::EmptyArray || shape == Shape::EmptyCompanion => {
                self.shape = shape;
            }
            _ => {}
        }
        self.children.extend(other.children);
    }
}

//! The values of members: arrays, objects, scalars and `null`, each into its node.

use std::borrow::Cow;

use super::read::{Member, Object, Reader};
use crate::issue::{Fault, IssueKind, Place};
use crate::node::{Node, Scalar, Shape};
use crate::schema::{ScalarKind, Type, TypeKind};

impl Reader<'_> {
    /// Reads a member's value: one, or an array of them.
    pub(super) fn values(&mut self, member: Member<'_>, object: &Object<'_>) -> Result<(), Fault> {
        let depth = object.depth;
        let place = Place { parent: Some(object.place), name: member.key, index: None };
        if self.lexer.peek() != Some(b'[') {
            if member.repeats() && self.lexer.peek() != Some(b'n') {
                let got = self.shape_of_next();
                self.issues.add(IssueKind::WrongShape, &place, self.lexer.at, "an array", got);
            }
            return self.item(member, &place, false, depth);
        }
        if member.field.is_some() && !member.repeats() {
            self.issues.add(IssueKind::WrongShape, &place, self.lexer.at, "one value without an array", "an array");
        }
        let at = self.offset();
        if self.array(&place, |reader, place| reader.item(member, place, true, depth))? == 0 {
            self.issues.add(IssueKind::EmptyArray, &place, at as usize, "at least one member", "[]");
            self.push(Node { shape: Shape::EmptyArray, array: true, ..self.node(member, at) })?;
        }
        Ok(())
    }

    /// Goes through the members of an array and says how many there were.
    pub(super) fn array(
        &mut self,
        place: &Place<'_>,
        mut each: impl FnMut(&mut Self, &Place<'_>) -> Result<(), Fault>,
    ) -> Result<usize, Fault> {
        self.lexer.expect(b'[', "an array")?;
        if self.lexer.take(b']') {
            return Ok(0);
        }
        let mut count = 0;
        loop {
            self.lexer.peek();
            each(self, &Place { index: Some(count), ..*place })?;
            count += 1;
            if self.lexer.take(b']') {
                return Ok(count);
            }
            self.lexer.expect(b',', "',' or ']'")?;
        }
    }

    /// Reads one value into one node.
    pub(super) fn item(
        &mut self,
        member: Member<'_>,
        place: &Place<'_>,
        in_array: bool,
        depth: usize,
    ) -> Result<(), Fault> {
        let first = self.lexer.peek();
        let at = self.offset();
        let mut node = Node { array: in_array, ..self.node(member, at) };
        match first {
            Some(b'{') => self.fill_object(&mut node, place, depth)?,
            Some(b'[') => self.fill_nested_array(&mut node, member, place, depth)?,
            Some(b'n') => {
                self.lexer.literal("null")?;
                let awaits_companion = in_array && member.kind.is_primitive();
                if !awaits_companion && member.field.is_some() {
                    let expected = expected_value(member.kind);
                    self.issues.add(IssueKind::MisplacedNull, place, at as usize, expected, "null");
                }
                node.shape = if member.kind.is_primitive() { Shape::Usual } else { Shape::Null };
            }
            _ => node.value = Some(self.scalar(member, place)?),
        }
        self.push(node)
    }

    fn fill_object(&mut self, node: &mut Node, place: &Place<'_>, depth: usize) -> Result<(), Fault> {
        let at = self.lexer.at;
        if node.kind.kind() == TypeKind::AnyResource {
            let (kind, type_name) = self.resource_type()?;
            node.kind = kind;
            self.report_type(kind, type_name.as_deref(), place);
        } else if node.kind.is_primitive() {
            self.issues.add(IssueKind::WrongShape, place, at, expected_value(node.kind), "an object");
            node.shape = Shape::Object;
        }
        node.children = self.object(node.kind, place, depth + 1)?;
        if node.children.is_empty() && node.kind.kind() != TypeKind::Unknown && !node.kind.is_resource() {
            self.issues.add(IssueKind::EmptyElement, place, at, "at least one element in it", "{}");
        }
        Ok(())
    }

    /// Keeps an array within an array, which FHIR does not have.
    fn fill_nested_array(
        &mut self,
        node: &mut Node,
        member: Member<'_>,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<(), Fault> {
        let at = self.lexer.at;
        self.issues.add(IssueKind::WrongShape, place, at, expected_value(member.kind), "an array in an array");
        if depth >= self.depth {
            return Err(self.too_deep());
        }
        let mark = self.stack.len();
        self.array(place, |reader, place| reader.item(member, place, false, depth + 1))?;
        node.shape = Shape::NestedArray;
        node.children = self.stack.split_off(mark);
        Ok(())
    }

    fn scalar(&mut self, member: Member<'_>, place: &Place<'_>) -> Result<Scalar, Fault> {
        let at = self.lexer.at;
        let (scalar, came_as, got) = match self.lexer.peek() {
            Some(b'"') => {
                let text = self.lexer.string()?;
                self.check_text(&text, place, at);
                (Scalar::String(text.into()), ScalarKind::String, "a string")
            }
            Some(b't') => {
                self.lexer.literal("true")?;
                (Scalar::Boolean(true), ScalarKind::Boolean, "true or false")
            }
            Some(b'f') => {
                self.lexer.literal("false")?;
                (Scalar::Boolean(false), ScalarKind::Boolean, "true or false")
            }
            Some(b'-' | b'0'..=b'9') => (Scalar::Number(self.lexer.number()?.into()), ScalarKind::Number, "a number"),
            _ => return Err(self.lexer.unexpected("a string, a number, an object, an array, true, false or null")),
        };
        if member.field.is_some() && member.kind.scalar() != Some(came_as) {
            self.issues.add(IssueKind::WrongShape, place, at, expected_value(member.kind), got);
        }
        Ok(scalar)
    }

    fn check_text(&mut self, text: &str, place: &Place<'_>, at: usize) {
        if text.is_empty() {
            self.issues.add(IssueKind::EmptyString, place, at, "a text", "\"\"");
        }
        let control = text.chars().find(|letter| !crate::xml::is_xml_character(*letter));
        if let Some(letter) = control {
            let got = format!("U+{:04X}", u32::from(letter));
            self.issues.add(IssueKind::ControlCharacter, place, at, "characters that XML can write", &got);
        }
    }

    pub(super) fn shape_of_next(&mut self) -> &'static str {
        match self.lexer.peek() {
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "true or false",
            Some(b'n') => "null",
            _ => "a number",
        }
    }
}

fn expected_value(kind: &Type) -> Cow<'static, str> {
    match kind.scalar() {
        Some(ScalarKind::String) => format!("a string ({})", kind.name()).into(),
        Some(ScalarKind::Number) => format!("a number ({})", kind.name()).into(),
        Some(ScalarKind::Boolean) => "true or false".into(),
        None if kind.kind() == TypeKind::AnyResource => "a resource".into(),
        None => format!("an object ({})", kind.name()).into(),
    }
}

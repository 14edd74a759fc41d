//! The parts of an element beside its child elements: attributes, stray text, the element around a resource, narrative.

use std::borrow::Cow;

use quick_xml::events::Event;

use super::read::{Piece, Reader, Seen, expanded, offset, refused};
use super::tag::{self, Attribute, Space, Tag, split_name};
use super::{TEXT, narrative};
use crate::edit::scalar;
use crate::issue::{Fault, IssueKind, Place};
use crate::node::{Name, Node, Scalar, Shape};
use crate::schema::{Field, ScalarKind, Type, TypeKind};

impl<'s> Reader<'s> {
    /// Makes children, or the value, of the attributes.
    pub(super) fn attributes(
        &mut self,
        node: &mut Node,
        attributes: &[Attribute<'s>],
        place: &Place<'_>,
    ) -> Result<(), Fault> {
        for attribute in attributes.iter().filter(|attribute| attribute.declares.is_none()) {
            let child = Place { parent: Some(place), name: attribute.name, index: None };
            if attribute.value.is_empty() {
                self.issues.add(IssueKind::EmptyString, &child, attribute.at, "a text", "\"\"");
            }
            let field = node.kind.field(attribute.name).filter(|field| field.is_attribute());
            if let Some(field) = field {
                let mut known = Node::new(Name::Known(field), field.kind(), offset(attribute.at));
                known.value = Some(scalar(field.kind(), &attribute.value));
                self.push(known)?;
            } else if attribute.name == "value" && !node.kind.is_resource() {
                node.value = Some(scalar(node.kind, &attribute.value));
                self.check_value(node, place, attribute.at);
            } else {
                self.unknown_attribute(node, attribute, &child)?;
            }
        }
        Ok(())
    }

    fn check_value(&mut self, node: &Node, place: &Place<'_>, at: usize) {
        let expected = match (node.kind.kind(), &node.value, node.kind.scalar()) {
            (TypeKind::Unknown, ..) | (_, None, _) => return,
            (_, Some(Scalar::String(_)), Some(ScalarKind::Number)) => {
                format!("a number ({})", node.kind.name())
            }
            (_, Some(Scalar::String(_)), Some(ScalarKind::Boolean)) => "true or false".to_owned(),
            (_, _, None) => format!("elements of {} and no value", node.kind.name()),
            _ => return,
        };
        self.issues.add(IssueKind::WrongShape, place, at, expected, "a value of another sort");
    }

    fn unknown_attribute(&mut self, node: &Node, attribute: &Attribute<'s>, place: &Place<'_>) -> Result<(), Fault> {
        let (prefix, local) = split_name(attribute.name);
        let name = match prefix {
            "" | "xml" => Cow::Borrowed(attribute.name),
            prefix => expanded(&self.scope.find(prefix, attribute.at)?, local),
        };
        if &*name == "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation" {
            return Ok(());
        }
        if node.kind.is_known() {
            let expected =
                if node.kind.is_primitive() { "value and id only" } else { "id only, or url on an extension" };
            self.issues.add(IssueKind::UnexpectedAttribute, place, attribute.at, expected, &name);
        }
        let mut unknown =
            Node::new(Name::Unknown(format!("@{name}").into()), self.types.unknown(), offset(attribute.at));
        unknown.value = Some(Scalar::String((*attribute.value).into()));
        self.push(unknown)
    }

    /// Takes what is neither a start nor an end: blanks, comments, and text that does not belong here.
    pub(super) fn other(
        &mut self,
        piece: &Piece<'s>,
        seen: &mut Seen,
        kind: &Type,
        place: &Place<'_>,
    ) -> Result<(), Fault> {
        let raw = self.text.get(piece.at..piece.end).unwrap_or_default();
        let text = match &piece.event {
            Event::Comment(_) => return Ok(()),
            // Blanks are layout, unless they continue a text.
            Event::Text(_) if seen.text.is_none() && raw.bytes().all(tag::is_space) => return Ok(()),
            Event::Text(_) => match raw.find("]]>") {
                Some(index) => return Err(Fault::malformed(piece.at + index, "']]>' in text must be written ]]&gt;")),
                None => raw.replace("\r\n", "\n").replace('\r', "\n"),
            },
            Event::CData(content) => content.to_string(),
            Event::GeneralRef(name) => tag::resolve(name).ok_or_else(|| tag::bad_reference(piece.at))?.to_string(),
            _ => return Err(refused(piece)),
        };
        if text.is_empty() {
            return Ok(());
        }
        let blank = text.bytes().all(tag::is_space);
        if !blank && !matches!(kind.kind(), TypeKind::Unknown | TypeKind::ForeignResource) {
            self.issues.add(IssueKind::UnexpectedText, place, piece.at, "values in the attribute value", "text");
        }
        if let Some((_, gathered)) = &mut seen.text {
            gathered.push_str(&text);
            return Ok(());
        }
        seen.scattered |= seen.unknown > 0;
        seen.unknown += 1;
        seen.text = Some((self.stack.len(), text));
        self.push(Node::new(Name::Unknown(TEXT.into()), self.types.unknown(), offset(piece.at)))
    }

    /// Gives the node of the text between elements all the text that came.
    pub(super) fn finish_text(&mut self, seen: &mut Seen) {
        if let Some((index, text)) = seen.text.take()
            && let Some(node) = self.stack.get_mut(index)
        {
            node.value = Some(Scalar::String(text.into()));
        }
    }

    /// Reads the element around a resource, whose node gets the element's name. Stray text in it goes to the parent.
    pub(super) fn wrapper(
        &mut self,
        field: &'static Field,
        attributes: &[Attribute<'s>],
        seen: &mut Seen,
        piece: &Piece<'s>,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<(), Fault> {
        let mut empty = Node::new(Name::Known(field), field.kind(), offset(piece.at));
        for attribute in attributes.iter().filter(|attribute| attribute.declares.is_none()) {
            self.issues.add(IssueKind::UnexpectedAttribute, place, attribute.at, "no attribute", attribute.name);
            if attribute.name == "value" {
                empty.value = Some(Scalar::String((*attribute.value).into()));
            }
        }
        let mut count = 0;
        if matches!(piece.event, Event::Start(_)) {
            loop {
                let inner = self.next()?;
                match &inner.event {
                    Event::Start(_) | Event::Empty(_) => {
                        if count == 1 {
                            self.issues.add(IssueKind::WrongShape, place, inner.at, "one resource", "several");
                        }
                        count += 1;
                        self.resource(Name::Known(field), &inner, place, depth)?;
                    }
                    Event::End(_) => break,
                    _ => self.other(&inner, seen, field.kind(), place)?,
                }
            }
        }
        if count == 0 {
            self.issues.add(IssueKind::EmptyElement, place, piece.at, "a resource", "none");
            empty.shape = Shape::Null;
            self.push(empty)?;
        }
        Ok(())
    }

    /// Takes the `div` as it is written, with the prefixes that it needs from outside declared on it.
    pub(super) fn narrative(
        &mut self,
        field: &'static Field,
        tag: &Tag<'s>,
        attributes: &[Attribute<'s>],
        space: &Space<'_>,
        piece: &Piece<'s>,
        place: &Place<'_>,
    ) -> Result<(), Fault> {
        let mut node = Node::new(Name::Known(field), field.kind(), offset(tag.at));
        let value = attributes.iter().find(|attribute| attribute.name == "value" && *space != Space::Xhtml);
        if let (Some(value), Event::Empty(_)) = (value, &piece.event) {
            self.issues.add(IssueKind::WrongShape, place, tag.at, "well-formed XHTML", "an attribute");
            node.value = Some(Scalar::String((*value.value).into()));
            return self.push(node);
        }
        if *space != Space::Xhtml {
            self.issues.add(
                IssueKind::WrongNamespace,
                place,
                tag.at,
                format!("xmlns=\"{}\"", super::XHTML),
                space.name(),
            );
        }
        if let Event::Start(start) = &piece.event {
            self.events.read_to_end(start.name()).map_err(|error| self.not_well_formed(&error))?;
        }
        let text = self.text.get(tag.at..self.position()).unwrap_or_default();
        narrative::check(text, &self.scope)
            .map_err(|fault| Fault { offset: fault.offset.saturating_add(tag.at), ..fault })?;
        let declarations = self.declarations_for(text, attributes);
        self.insertions_left = self.insertions_left.checked_sub(declarations.len()).ok_or_else(|| {
            Fault::too_large(tag.at, "more namespaces from outside of narratives than may be repeated in them")
        })?;
        let (head, tail) = text.split_at(tag.name_end() - tag.at);
        node.value = Some(Scalar::String(format!("{head}{declarations}{tail}").into()));
        self.push(node)
    }

    /// Declares what a narrative with these attributes uses and does not declare itself.
    fn declarations_for(&self, text: &str, attributes: &[Attribute<'s>]) -> String {
        let mut declarations = String::new();
        for (prefix, space) in self.scope.in_force() {
            let own = attributes.iter().any(|attribute| attribute.declares == Some(prefix));
            let needed = match prefix {
                "" => !matches!(space, Space::Fhir | Space::None),
                _ => text.contains(&format!("{prefix}:")),
            };
            if !own && needed {
                let colon = if prefix.is_empty() { "" } else { ":" };
                let name = super::write::attribute_text(space.name());
                declarations.push_str(&format!(" xmlns{colon}{prefix}=\"{name}\""));
            }
        }
        declarations
    }
}

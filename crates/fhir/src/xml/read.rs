//! From XML to the tree.

use std::borrow::Cow;
use std::collections::BTreeMap;

use quick_xml::Reader as Events;
use quick_xml::events::{BytesDecl, Event};

use super::tag::{self, Attribute, Scope, Space, Tag};
use super::{is_xml_character, narrative};
use crate::issue::{Fault, IssueKind, Issues, Parsed, Place, SyntaxError};
use crate::limits::Limits;
use crate::node::{Name, Node, Scalar};
use crate::schema::{self, Field, Type, TypeKind, Types};

/// Reads a resource.
///
/// # Errors
///
/// When the text is not UTF-8 or not well-formed XML, has a DTD, a processing instruction or an unknown entity, or
/// crosses a limit.
pub fn read(source: &[u8], limits: &Limits) -> Result<Parsed, SyntaxError> {
    read_with(schema::types(), source, limits)
}

/// Reads a resource by other definitions than the built-in ones.
///
/// # Errors
///
/// As [`read`].
pub fn read_with(types: &'static Types, source: &[u8], limits: &Limits) -> Result<Parsed, SyntaxError> {
    document(types, source, limits).map_err(|fault| fault.locate(source))
}

fn document(types: &'static Types, source: &[u8], limits: &Limits) -> Result<Parsed, Fault> {
    if source.len() > limits.bytes.min(u32::MAX as usize) {
        return Err(Fault::too_large(
            0,
            format!("the document has {} bytes; {} are allowed", source.len(), limits.bytes),
        ));
    }
    let text = std::str::from_utf8(source)
        .map_err(|error| Fault::malformed(error.valid_up_to(), "the text is not UTF-8 from here on"))?;
    if let Some(at) = first_forbidden_character(text) {
        return Err(Fault::malformed(at, "a character that XML cannot hold"));
    }
    let start = if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
    let mut events = Events::from_str(text.get(start..).unwrap_or_default());
    events.config_mut().check_comments = true;
    let mut reader = Reader {
        text,
        start,
        events,
        types,
        stack: Vec::with_capacity(64),
        issues: Issues::new(limits.issues),
        nodes_left: limits.nodes_for(source.len()),
        depth: limits.depth,
        scope: Scope::default(),
        spare: Vec::new(),
        namespace_told: false,
        insertions_left: source.len().saturating_mul(2),
    };
    let resource = reader.root()?;
    Ok(Parsed { resource, issues: reader.issues.list, issues_left_out: reader.issues.left_out })
}

/// Looks through the text once, in blocks, as almost every text has none.
fn first_forbidden_character(text: &str) -> Option<usize> {
    let suspicious = |byte: &u8| (*byte < 0x20 && !tag::is_space(*byte)) || *byte == 0xEF;
    if text.as_bytes().chunks(256).any(|block| block.iter().fold(false, |found, byte| found | suspicious(byte))) {
        return text.char_indices().find(|(_, letter)| !is_xml_character(*letter)).map(|(at, _)| at);
    }
    None
}

pub(super) struct Reader<'s> {
    pub(super) text: &'s str,
    /// How much of the text the events begin behind: a byte order mark.
    pub(super) start: usize,
    pub(super) events: Events<&'s [u8]>,
    pub(super) types: &'static Types,
    /// The children of all elements that are still open; each element takes its own off the end.
    pub(super) stack: Vec<Node>,
    pub(super) issues: Issues,
    pub(super) nodes_left: usize,
    pub(super) depth: usize,
    pub(super) scope: Scope<'s>,
    /// The attributes of the tag that is looked at; kept for its memory.
    spare: Vec<Attribute<'s>>,
    namespace_told: bool,
    /// How many bytes of declarations may still be put into narratives.
    pub(super) insertions_left: usize,
}

/// What one element has had so far.
#[derive(Default)]
pub(super) struct Seen {
    last: Option<&'static Field>,
    counts: Vec<(&'static Field, usize)>,
    /// Whether names that are equal may not stand beside each other.
    pub(super) scattered: bool,
    pub(super) unknown: usize,
    /// The text between its elements, and where its node is on the stack.
    pub(super) text: Option<(usize, String)>,
}

/// One piece of the document.
pub(super) struct Piece<'s> {
    pub(super) event: Event<'s>,
    pub(super) at: usize,
    pub(super) end: usize,
}

impl<'s> Reader<'s> {
    pub(super) fn next(&mut self) -> Result<Piece<'s>, Fault> {
        let at = self.position();
        match self.events.read_event() {
            Ok(event) => Ok(Piece { event, at, end: self.position() }),
            Err(error) => Err(self.not_well_formed(&error)),
        }
    }

    pub(super) fn not_well_formed(&self, error: &quick_xml::Error) -> Fault {
        let fault = narrative::not_well_formed(&self.events, error);
        Fault { offset: fault.offset.saturating_add(self.start), ..fault }
    }

    pub(super) fn position(&self) -> usize {
        usize::try_from(self.events.buffer_position()).unwrap_or(usize::MAX).saturating_add(self.start)
    }

    /// The tag of a start or empty-element event.
    fn tag(&self, piece: &Piece<'s>) -> Result<Tag<'s>, Fault> {
        let bracket = if matches!(piece.event, Event::Empty(_)) { 2 } else { 1 };
        let inside = self.text.get(piece.at + 1..piece.end.saturating_sub(bracket)).unwrap_or_default();
        Tag::new(inside, piece.at)
    }

    fn root(&mut self) -> Result<Node, Fault> {
        let mut root = None;
        loop {
            let piece = self.next()?;
            match &piece.event {
                Event::Start(_) | Event::Empty(_) if root.is_none() => root = Some(self.root_element(&piece)?),
                Event::Decl(declaration) if piece.at == self.start => check_declaration(declaration, piece.at)?,
                Event::Comment(_) => {}
                Event::Text(_) if self.is_blank(&piece) => {}
                Event::Eof => {
                    return root
                        .ok_or_else(|| Fault::malformed(piece.at, "expected a resource, but the text ends here"));
                }
                Event::Start(_) | Event::Empty(_) => {
                    return Err(Fault::malformed(piece.at, "expected nothing more behind the resource"));
                }
                _ => return Err(refused(&piece)),
            }
        }
    }

    fn root_element(&mut self, piece: &Piece<'s>) -> Result<Node, Fault> {
        let tag = self.tag(piece)?;
        let place = Place { parent: None, name: tag.local(), index: None };
        self.resource(Name::Unknown(Box::default()), piece, &place, 1)?;
        self.stack.pop().ok_or_else(|| Fault::malformed(piece.at, "expected a resource"))
    }

    fn is_blank(&self, piece: &Piece<'s>) -> bool {
        self.text.get(piece.at..piece.end).unwrap_or_default().bytes().all(tag::is_space)
    }

    /// Reads an element that is named after a resource type.
    pub(super) fn resource(
        &mut self,
        name: Name,
        piece: &Piece<'s>,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<(), Fault> {
        let tag = self.tag(piece)?;
        let mark = self.scope.enter();
        let attributes = self.open(&tag)?;
        let space = self.scope.find(tag.prefix(), tag.at)?;
        self.check_space(&space, place, tag.at);
        let type_name =
            if matches!(space, Space::Fhir | Space::None) { tag.local().into() } else { expanded(&space, tag.local()) };
        let kind = self.types.resource(&type_name).unwrap_or_else(|| self.types.foreign());
        let mut node = Node::new(name, kind, offset(tag.at));
        let start = self.stack.len();
        if kind.kind() == TypeKind::ForeignResource {
            self.issues.add(
                IssueKind::UnknownResourceType,
                place,
                tag.at,
                "a resource type of STU3 that is served here",
                &type_name,
            );
            let mut told = Node::new(Name::Unknown("resourceType".into()), self.types.unknown(), offset(tag.at));
            told.value = Some(Scalar::String((*type_name).into()));
            self.push(told)?;
        }
        self.attributes(&mut node, &attributes, place)?;
        self.spare = attributes;
        self.content(&mut node, start, piece, place, depth)?;
        self.scope.leave(mark);
        self.push(node)
    }

    /// Reads an element of a resource or of another element.
    fn element(
        &mut self,
        parent: &'static Type,
        seen: &mut Seen,
        piece: &Piece<'s>,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<(), Fault> {
        let tag = self.tag(piece)?;
        let mark = self.scope.enter();
        let attributes = self.open(&tag)?;
        let space = self.scope.find(tag.prefix(), tag.at)?;
        let field = parent.field(tag.local()).filter(|field| match space {
            Space::Fhir | Space::None => true,
            Space::Xhtml | Space::Other(_) => field.kind().is_xhtml(),
        });
        let name = match (field, &space) {
            (Some(field), _) => Cow::Borrowed(field.name()),
            (None, Space::Fhir | Space::None) if !means_another_thing(tag.local()) => Cow::Borrowed(tag.local()),
            (None, Space::None) => expanded(&Space::Fhir, tag.local()),
            (None, space) => expanded(space, tag.local()),
        };
        let index = self.note(seen, field, &name, place, tag.at);
        let child = Place { parent: Some(place), name: &name, index };
        match field {
            Some(field) if field.kind().is_xhtml() => {
                self.narrative(field, &tag, &attributes, &space, piece, &child)?;
            }
            Some(field) if field.kind().kind() == TypeKind::AnyResource => {
                self.check_space(&space, &child, tag.at);
                self.wrapper(field, &attributes, seen, piece, &child, depth + 1)?;
                seen.scattered |= seen.text.is_some();
            }
            _ => {
                self.report_element(field, parent, &space, &child, tag.at);
                self.plain_element(field, attributes, piece, &child, depth + 1)?;
            }
        }
        self.scope.leave(mark);
        Ok(())
    }

    /// Reads an element that is neither a narrative nor the place of a resource.
    fn plain_element(
        &mut self,
        field: Option<&'static Field>,
        attributes: Vec<Attribute<'s>>,
        piece: &Piece<'s>,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<(), Fault> {
        let kind = field.map_or_else(|| self.types.unknown(), Field::kind);
        let name = field.map_or_else(|| Name::Unknown(place.name.into()), Name::Known);
        let mut node = Node::new(name, kind, offset(piece.at));
        let start = self.stack.len();
        self.attributes(&mut node, &attributes, place)?;
        self.spare = attributes;
        self.content(&mut node, start, piece, place, depth)?;
        if node.is_empty() && field.is_some() {
            self.issues.add(IssueKind::EmptyElement, place, piece.at, "a value or an element in it", "nothing");
        }
        self.push(node)
    }

    fn report_element(
        &mut self,
        field: Option<&Field>,
        parent: &Type,
        space: &Space<'_>,
        place: &Place<'_>,
        at: usize,
    ) {
        match field {
            Some(field) => {
                self.check_space(space, place, at);
                if field.is_attribute() {
                    self.issues.add(IssueKind::WrongShape, place, at, "an attribute", "an element");
                }
            }
            // What is inside of something unknown was reported with it.
            None if parent.is_known() => {
                let expected = format!("an element of {}", parent.name());
                self.issues.add(IssueKind::UnknownElement, place, at, expected, place.name);
            }
            None => {}
        }
    }

    /// Reports an element of FHIR that has no namespace, once: below it all have none.
    fn check_space(&mut self, space: &Space<'_>, place: &Place<'_>, at: usize) {
        if *space != Space::Fhir && !std::mem::replace(&mut self.namespace_told, true) {
            let got = if *space == Space::None { "none" } else { space.name() };
            self.issues.add(IssueKind::WrongNamespace, place, at, format!("xmlns=\"{}\"", super::FHIR), got);
        }
    }

    /// Reads a tag's attributes and takes its namespace declarations.
    fn open(&mut self, tag: &Tag<'s>) -> Result<Vec<Attribute<'s>>, Fault> {
        let mut attributes = std::mem::take(&mut self.spare);
        tag.attributes(&mut attributes)?;
        self.scope.declare(&attributes)?;
        self.scope.check_twins(&attributes)?;
        Ok(attributes)
    }

    /// Notes that a child comes, reports it when it is out of order, and says its index where it may repeat.
    fn note(
        &mut self,
        seen: &mut Seen,
        field: Option<&'static Field>,
        name: &str,
        place: &Place<'_>,
        at: usize,
    ) -> Option<usize> {
        let Some(field) = field else {
            let beside = self.stack.last().is_some_and(|last| last.name() == name);
            seen.scattered |= seen.unknown > 0 && !beside;
            seen.unknown += 1;
            return None;
        };
        let index = if field.repeats() { Some(seen.count(field)) } else { None };
        if let Some(last) = seen.last.filter(|last| last.position() > field.position()) {
            seen.scattered = true;
            let child = Place { parent: Some(place), name: field.name(), index };
            self.issues.add(IssueKind::OutOfOrder, &child, at, format!("it before {}", last.name()), "it behind");
        } else {
            seen.scattered |= seen.unknown > 0 && seen.last.is_some_and(|last| std::ptr::eq(last, field));
            seen.last = Some(field);
        }
        index
    }

    /// Reads what is between the tags of an element; its attributes are on the stack from `start` on.
    fn content(
        &mut self,
        node: &mut Node,
        start: usize,
        piece: &Piece<'s>,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<(), Fault> {
        if depth > self.depth {
            return Err(Fault::too_large(piece.at, format!("nested deeper than the {} levels allowed", self.depth)));
        }
        let mut seen = Seen::default();
        if matches!(piece.event, Event::Start(_)) {
            loop {
                let inner = self.next()?;
                match &inner.event {
                    Event::Start(_) | Event::Empty(_) => self.element(node.kind, &mut seen, &inner, place, depth)?,
                    Event::End(_) => break,
                    _ => self.other(&inner, &mut seen, node.kind, place)?,
                }
            }
        }
        self.finish_text(&mut seen);
        node.children = self.stack.split_off(start);
        if seen.scattered {
            gather(&mut node.children);
        }
        Ok(())
    }

    pub(super) fn push(&mut self, node: Node) -> Result<(), Fault> {
        match self.nodes_left.checked_sub(1) {
            Some(left) => self.nodes_left = left,
            None => return Err(Fault::too_large(node.at(), "more elements than a document of this size may have")),
        }
        self.stack.push(node);
        Ok(())
    }
}

impl Seen {
    /// How many of this name there were before.
    fn count(&mut self, field: &'static Field) -> usize {
        match self.counts.iter_mut().rev().find(|(other, _)| std::ptr::eq(*other, field)) {
            Some((_, count)) => {
                *count += 1;
                *count
            }
            None => {
                self.counts.push((field, 0));
                0
            }
        }
    }
}

/// Puts children of one name beside each other, each group where its first one is.
fn gather(children: &mut Vec<Node>) {
    let mut groups: BTreeMap<String, usize> = BTreeMap::new();
    let mut keyed: Vec<(usize, Node)> = Vec::with_capacity(children.len());
    for node in children.drain(..) {
        let next = groups.len();
        let group = *groups.entry(node.name().to_owned()).or_insert(next);
        keyed.push((group, node));
    }
    keyed.sort_by_key(|(group, _)| *group);
    children.extend(keyed.into_iter().map(|(_, node)| node));
}

pub(super) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Whether an unknown element's name would be taken for something else in JSON.
fn means_another_thing(name: &str) -> bool {
    name == "resourceType" || name.starts_with('_')
}

/// The name of something outside the namespace of FHIR.
pub(super) fn expanded<'n>(space: &Space<'_>, local: &str) -> Cow<'n, str> {
    Cow::Owned(format!("{{{}}}{local}", space.name()))
}

fn check_declaration(declaration: &BytesDecl<'_>, at: usize) -> Result<(), Fault> {
    let version = declaration.version().is_ok_and(|version| version == "1.0");
    let encoding = match declaration.encoding() {
        None => true,
        Some(name) => name.is_ok_and(|name| name.eq_ignore_ascii_case("utf-8")),
    };
    if !version {
        return Err(Fault::malformed(at, "expected version=\"1.0\" in the XML declaration"));
    }
    if !encoding {
        return Err(Fault::malformed(at, "expected encoding=\"UTF-8\", as FHIR is always UTF-8 (HTTP-09)"));
    }
    Ok(())
}

pub(super) fn refused(piece: &Piece<'_>) -> Fault {
    match piece.event {
        Event::DocType(_) => Fault::forbidden(piece.at, "a DTD is not allowed in FHIR; take the DOCTYPE out"),
        Event::PI(_) => Fault::forbidden(piece.at, "processing instructions are not allowed outside the narrative"),
        Event::Decl(_) => Fault::malformed(piece.at, "an XML declaration may only stand at the very beginning"),
        Event::Eof => Fault::malformed(piece.at, "expected an end tag, but the text ends here"),
        _ => Fault::malformed(piece.at, "expected an element, got text"),
    }
}

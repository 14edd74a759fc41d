//! From JSON to the tree, in one pass.

use std::borrow::Cow;

use super::lexer::Lexer;
use super::seen::Seen;
use crate::issue::{Fault, IssueKind, Issues, Parsed, Place, SyntaxError};
use crate::limits::Limits;
use crate::node::{Name, Node};
use crate::schema::{self, Field, Type, TypeKind, Types};

/// Reads a resource.
///
/// # Errors
///
/// When the text is not UTF-8 or not JSON, not an object at the top, has comments or duplicate keys, or crosses a limit.
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
    let start = if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
    let mut reader = Reader {
        lexer: Lexer::new(text, start),
        types,
        stack: Vec::with_capacity(64),
        issues: Issues::new(limits.issues),
        nodes_left: limits.nodes_for(source.len()),
        depth: limits.depth,
        look_ahead: source.len().saturating_mul(8),
    };
    if reader.lexer.peek() != Some(b'{') {
        return Err(reader.lexer.unexpected("'{', as a resource is a JSON object"));
    }
    let (kind, type_name) = reader.resource_type()?;
    let place = Place { parent: None, name: type_name.as_deref().unwrap_or("Resource"), index: None };
    let at = reader.offset();
    reader.report_type(kind, type_name.as_deref(), &place);
    let children = reader.object(kind, &place, 1)?;
    if reader.lexer.peek().is_some() {
        return Err(reader.lexer.unexpected("nothing more behind the resource"));
    }
    let resource = Node { children, array: false, ..Node::new(Name::Unknown(Box::default()), kind, at) };
    Ok(Parsed { resource, issues: reader.issues.list, issues_left_out: reader.issues.left_out })
}

pub(super) struct Reader<'s> {
    pub(super) lexer: Lexer<'s>,
    pub(super) types: &'static Types,
    /// The children of all objects that are still open; each object takes its own off the end.
    pub(super) stack: Vec<Node>,
    pub(super) issues: Issues,
    pub(super) nodes_left: usize,
    pub(super) depth: usize,
    /// How many bytes may still be looked over in advance, above all for a `resourceType` that does not come first.
    pub(super) look_ahead: usize,
}

/// An element's name as a member gives it, with its type.
#[derive(Clone, Copy)]
pub(super) struct Member<'k> {
    pub(super) field: Option<&'static Field>,
    pub(super) key: &'k str,
    pub(super) kind: &'static Type,
}

/// An object that is being read.
#[derive(Clone, Copy)]
pub(super) struct Object<'p> {
    pub(super) kind: &'static Type,
    /// Where its children begin on the stack.
    pub(super) start: usize,
    pub(super) place: &'p Place<'p>,
    pub(super) depth: usize,
}

impl Member<'_> {
    fn known(field: &'static Field) -> Self {
        Member { field: Some(field), key: field.name(), kind: field.kind() }
    }

    pub(super) fn repeats(&self) -> bool {
        self.field.is_some_and(Field::repeats)
    }
}

impl<'s> Reader<'s> {
    pub(super) fn offset(&self) -> u32 {
        u32::try_from(self.lexer.at).unwrap_or(u32::MAX)
    }

    /// Reads an object's members into the children of its node.
    pub(super) fn object(&mut self, kind: &'static Type, place: &Place<'_>, depth: usize) -> Result<Vec<Node>, Fault> {
        if depth > self.depth {
            return Err(self.too_deep());
        }
        let start = self.stack.len();
        self.members(&Object { kind, start, place, depth }).map_err(|fault| fault.inside(place))?;
        Ok(self.stack.split_off(start))
    }

    fn members(&mut self, object: &Object<'_>) -> Result<(), Fault> {
        self.lexer.expect(b'{', "an object")?;
        let mut seen = Seen::default();
        if !self.lexer.take(b'}') {
            loop {
                self.member(object, &mut seen)?;
                if self.lexer.take(b'}') {
                    break;
                }
                self.lexer.expect(b',', "',' or '}'")?;
            }
        }
        self.report_lone_nulls(object);
        Ok(())
    }

    fn member(&mut self, object: &Object<'_>, seen: &mut Seen<'s>) -> Result<(), Fault> {
        let first = self.lexer.peek();
        let at = self.lexer.at;
        if first != Some(b'"') {
            return Err(self.lexer.unexpected("a member's name in '\"'"));
        }
        let key = self.lexer.string()?;
        self.lexer.expect(b':', "':' behind the member's name")?;
        self.lexer.peek();
        if let Some(field) = object.kind.field(&key) {
            seen.note(field, key, at)?;
            return self.known(Member::known(field), seen.companions.has(field), object);
        }
        seen.others.note(key.clone(), at)?;
        let companion_of = key.strip_prefix('_').and_then(|name| object.kind.field(name));
        if let Some(field) = companion_of
            && self.may_have_companion(field, object)?
        {
            seen.companions.add(field);
            return self.companion(Member::known(field), object);
        }
        if key == "resourceType" && self.takes_type(object.kind)? {
            return Ok(());
        }
        self.unknown(&key, object)
    }

    /// Whether a `_` member belongs to this element: to a primitive, or to what came as one just before. What has another
    /// shape than a companion is an unknown element.
    fn may_have_companion(&mut self, field: &'static Field, object: &Object<'_>) -> Result<bool, Fault> {
        let last = self.stack.get(object.start..).and_then(<[Node]>::last);
        let came_as_scalar = last.is_some_and(|last| last.name() == field.name() && last.value.is_some());
        Ok((field.kind().is_primitive() || came_as_scalar) && self.companion_is_next()?)
    }

    /// Takes the `resourceType` of a known resource, which is in the node's type already.
    fn takes_type(&mut self, kind: &'static Type) -> Result<bool, Fault> {
        let takes = kind.kind() == TypeKind::Resource && self.lexer.peek() == Some(b'"');
        if takes {
            self.lexer.string()?;
        }
        Ok(takes)
    }

    fn known(&mut self, member: Member<'_>, has_companion: bool, object: &Object<'_>) -> Result<(), Fault> {
        let mark = self.stack.len();
        let place = Place { parent: Some(object.place), name: member.key, index: None };
        self.values(member, object).map_err(|fault| fault.inside(&place))?;
        if has_companion {
            self.merge(member, object, mark);
        }
        Ok(())
    }

    fn unknown(&mut self, key: &str, object: &Object<'_>) -> Result<(), Fault> {
        if key == "fhir_comments" {
            return Err(Fault::forbidden(self.lexer.at, "fhir_comments is not in STU3; take it out"));
        }
        let kind = self.types.unknown();
        // The companion of an unknown primitive is known by its place, straight behind it.
        let last = self.stack.get(object.start..).and_then(<[Node]>::last);
        let before = key.strip_prefix('_').filter(|name| {
            last.is_some_and(|last| last.field().is_none() && last.value.is_some() && last.name() == *name)
        });
        if let Some(key) = before
            && self.companion_is_next()?
        {
            return self.companion(Member { field: None, key, kind }, object);
        }
        // What is inside of something unknown was reported with it.
        if object.kind.is_known() {
            self.report_unknown(key, object);
        }
        self.values(Member { field: None, key, kind }, object)
    }

    fn report_unknown(&mut self, key: &str, object: &Object<'_>) {
        let place = Place { parent: Some(object.place), name: key, index: None };
        let beside = key.strip_prefix('_').and_then(|name| object.kind.field(name));
        if beside.is_some_and(|field| field.kind().is_primitive()) {
            let got = self.shape_of_next();
            self.issues.add(IssueKind::WrongShape, &place, self.lexer.at, "an object", got);
        } else {
            let expected = format!("an element of {}", object.kind.name());
            self.issues.add(IssueKind::UnknownElement, &place, self.lexer.at, expected, key);
        }
    }

    /// Finds the type of the resource whose `{` is next, wherever its `resourceType` stands.
    pub(super) fn resource_type(&mut self) -> Result<(&'static Type, Option<Cow<'s, str>>), Fault> {
        let mut ahead = self.lexer;
        let found = find_type(&mut ahead, self.look_ahead);
        self.spend(ahead.at)?;
        let kind = found.as_deref().and_then(|name| self.types.resource(name));
        Ok((kind.unwrap_or_else(|| self.types.foreign()), found))
    }

    /// Counts how far was looked ahead.
    pub(super) fn spend(&mut self, looked_to: usize) -> Result<(), Fault> {
        let looked = looked_to.saturating_sub(self.lexer.at);
        // What is found at once costs nothing.
        let cost = if looked > 256 { looked } else { 0 };
        self.look_ahead = self.look_ahead.checked_sub(cost).ok_or_else(|| {
            Fault::too_large(self.lexer.at, "resourceType stands too far behind in too many objects; put it first")
        })?;
        Ok(())
    }

    pub(super) fn report_type(&mut self, kind: &'static Type, type_name: Option<&str>, place: &Place<'_>) {
        if kind.kind() == TypeKind::ForeignResource {
            let (issue, got) = match type_name {
                Some(name) => (IssueKind::UnknownResourceType, name),
                None => (IssueKind::MissingResourceType, "none"),
            };
            self.issues.add(issue, place, self.lexer.at, "a resource type of STU3 that is served here", got);
        }
    }

    pub(super) fn node(&self, member: Member<'_>, at: u32) -> Node {
        Node::new(member.field.map_or_else(|| Name::Unknown(member.key.into()), Name::Known), member.kind, at)
    }

    pub(super) fn too_deep(&self) -> Fault {
        Fault::too_large(self.lexer.at, format!("nested deeper than the {} levels allowed", self.depth))
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

/// Looks for `resourceType` among the members of the object that is next. What is broken is found when it is read.
fn find_type<'s>(ahead: &mut Lexer<'s>, limit: usize) -> Option<Cow<'s, str>> {
    let start = ahead.at;
    ahead.expect(b'{', "an object").ok()?;
    loop {
        let key = ahead.string().ok()?;
        ahead.expect(b':', "':'").ok()?;
        if key == "resourceType" {
            return if ahead.peek() == Some(b'"') { ahead.string().ok() } else { None };
        }
        ahead.skip_value().ok()?;
        if ahead.at - start > limit || !ahead.take(b',') {
            return None;
        }
    }
}

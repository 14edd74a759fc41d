//! From JSON to the tree, in one pass.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::lexer::Lexer;
use crate::issue::{Fault, IssueKind, Issues, Parsed, Place, SyntaxError};
use crate::limits::Limits;
use crate::node::{Name, Node, Scalar, Shape};
use crate::schema::{self, Field, ScalarKind, Type, TypeKind, Types};

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

struct Reader<'s> {
    lexer: Lexer<'s>,
    types: &'static Types,
    /// The children of all objects that are still open; each object takes its own off the end.
    stack: Vec<Node>,
    issues: Issues,
    nodes_left: usize,
    depth: usize,
    /// How many bytes may still be looked over for a `resourceType` that does not come first.
    look_ahead: usize,
}

/// What one object has had so far.
#[derive(Default)]
struct Seen<'s> {
    plain: [u64; 4],
    companions: [u64; 4],
    others: OtherNames<'s>,
}

/// The names that are not in the definitions: a few are compared, many are sorted.
#[derive(Default)]
struct OtherNames<'s> {
    few: Vec<Cow<'s, str>>,
    many: BTreeSet<Cow<'s, str>>,
}

/// An element's name as a member gives it, with its type.
#[derive(Clone, Copy)]
struct Member<'k> {
    field: Option<&'static Field>,
    key: &'k str,
    kind: &'static Type,
}

impl Member<'_> {
    fn repeats(&self) -> bool {
        self.field.is_some_and(Field::repeats)
    }
}

impl<'s> Reader<'s> {
    fn offset(&self) -> u32 {
        u32::try_from(self.lexer.at).unwrap_or(u32::MAX)
    }

    /// Reads an object's members into the children of its node.
    fn object(&mut self, kind: &'static Type, place: &Place<'_>, depth: usize) -> Result<Vec<Node>, Fault> {
        if depth > self.depth {
            return Err(Fault::too_large(
                self.lexer.at,
                format!("nested deeper than the {} levels allowed", self.depth),
            ));
        }
        self.lexer.expect(b'{', "an object")?;
        let start = self.stack.len();
        let mut seen = Seen::default();
        if !self.lexer.take(b'}') {
            loop {
                self.member(kind, &mut seen, start, place, depth)?;
                if self.lexer.take(b'}') {
                    break;
                }
                self.lexer.expect(b',', "',' or '}'")?;
            }
        }
        self.report_lone_nulls(start, place);
        Ok(self.stack.split_off(start))
    }

    fn member(
        &mut self,
        kind: &'static Type,
        seen: &mut Seen<'s>,
        start: usize,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<(), Fault> {
        self.lexer.peek();
        let at = self.lexer.at;
        let key = match self.lexer.peek() {
            Some(b'"') => self.lexer.string()?,
            _ => return Err(self.lexer.unexpected("a member's name in '\"'")),
        };
        self.lexer.expect(b':', "':' behind the member's name")?;
        self.lexer.peek();
        if let Some(field) = kind.field(&key) {
            seen.note(field, false, &key, at)?;
            let merges = seen.has(field, true);
            return self.known(
                Member { field: Some(field), key: field.name(), kind: field.kind() },
                merges,
                start,
                place,
                depth,
            );
        }
        let companion_of = key.strip_prefix('_').and_then(|name| kind.field(name));
        if let Some(field) = companion_of.filter(|field| self.may_have_companion(field, start)) {
            seen.note(field, true, &key, at)?;
            return self.companion(
                Member { field: Some(field), key: field.name(), kind: field.kind() },
                start,
                place,
                depth,
            );
        }
        seen.others.note(&key, at)?;
        if key == "resourceType" && self.takes_type(kind)? {
            return Ok(());
        }
        self.unknown(kind, &key, start, place, depth)
    }

    /// Whether a `_` member belongs to this element: to a primitive, or to what came as one just before.
    fn may_have_companion(&mut self, field: &'static Field, start: usize) -> bool {
        let last = self.stack.get(start..).and_then(<[Node]>::last);
        let came_as_scalar = last.is_some_and(|last| last.name() == field.name() && last.value.is_some());
        (field.kind().is_primitive() || came_as_scalar) && matches!(self.lexer.peek(), Some(b'{' | b'['))
    }

    /// Takes the `resourceType` of a known resource, which is in the node's type already.
    fn takes_type(&mut self, kind: &'static Type) -> Result<bool, Fault> {
        let takes = kind.kind() == TypeKind::Resource && self.lexer.peek() == Some(b'"');
        if takes {
            self.lexer.string()?;
        }
        Ok(takes)
    }

    fn known(
        &mut self,
        member: Member<'_>,
        merges: bool,
        start: usize,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<(), Fault> {
        let mark = self.stack.len();
        self.values(member, place, depth)?;
        if merges {
            self.merge(member, start, mark, place);
        }
        Ok(())
    }

    fn unknown(
        &mut self,
        kind: &'static Type,
        key: &str,
        start: usize,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<(), Fault> {
        if key == "fhir_comments" {
            return Err(Fault::forbidden(self.lexer.at, "fhir_comments is not in STU3; take it out"));
        }
        // The companion of an unknown primitive is known by its place, straight behind it.
        let before = key.strip_prefix('_').filter(|name| {
            self.stack
                .get(start..)
                .and_then(<[Node]>::last)
                .is_some_and(|last| last.field().is_none() && last.name() == *name)
        });
        let unknown = self.types.unknown();
        if let Some(name) = before.filter(|_| matches!(self.lexer.peek(), Some(b'{' | b'['))) {
            return self.companion(Member { field: None, key: name, kind: unknown }, start, place, depth);
        }
        // What is inside of something unknown was reported with it.
        if kind.is_known() {
            let child = Place { parent: Some(place), name: key, index: None };
            let expected = format!("an element of {}", kind.name());
            self.issues.add(IssueKind::UnknownElement, &child, self.lexer.at, expected, key);
        }
        self.values(Member { field: None, key, kind: unknown }, place, depth)
    }

    /// Reads a member's value: one, or an array of them.
    fn values(&mut self, member: Member<'_>, parent: &Place<'_>, depth: usize) -> Result<(), Fault> {
        let place = Place { parent: Some(parent), name: member.key, index: None };
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
    fn array(
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
    fn item(&mut self, member: Member<'_>, place: &Place<'_>, in_array: bool, depth: usize) -> Result<(), Fault> {
        let first = self.lexer.peek();
        let at = self.offset();
        let mut node = Node { array: in_array, ..self.node(member, at) };
        match first {
            Some(b'{') => self.fill_object(&mut node, place, depth)?,
            Some(b'[') => {
                self.issues.add(
                    IssueKind::WrongShape,
                    place,
                    at as usize,
                    expected_value(member.kind),
                    "an array in an array",
                );
                if depth >= self.depth {
                    return Err(Fault::too_large(
                        at as usize,
                        format!("nested deeper than the {} levels allowed", self.depth),
                    ));
                }
                let mark = self.stack.len();
                self.array(place, |reader, place| reader.item(member, place, false, depth + 1))?;
                node.shape = Shape::NestedArray;
                node.children = self.stack.split_off(mark);
            }
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

    /// Reads the `_` member that holds the `id` and `extension` of a primitive.
    fn companion(&mut self, member: Member<'_>, start: usize, parent: &Place<'_>, depth: usize) -> Result<(), Fault> {
        let mark = self.stack.len();
        let place = Place { parent: Some(parent), name: member.key, index: None };
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
            self.array(&place, |reader, place| reader.companion_item(member, kind, place, true, depth))?;
        }
        self.merge(member, start, mark, parent);
        Ok(())
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
                    self.issues.add(IssueKind::EmptyElement, place, at, "an id or an extension", "{}");
                }
            }
            Some(b'n') => self.lexer.literal("null")?,
            _ => {
                let got = self.shape_of_next();
                self.issues.add(IssueKind::WrongShape, place, self.lexer.at, "an object or null", got);
                let mark = self.stack.len();
                let stray = Member { field: None, key: member.key, kind: self.types.unknown() };
                self.item(stray, place, false, depth)?;
                node.children = self.stack.split_off(mark);
            }
        }
        self.push(node)
    }

    /// Joins the nodes from `mark` on with those that the same object has under the same name: values with companions.
    fn merge(&mut self, member: Member<'_>, start: usize, mark: usize, parent: &Place<'_>) {
        let fresh = self.stack.split_off(mark);
        let earlier = self.stack.get(start..).unwrap_or_default();
        let named = |node: &Node| node.name() == member.key;
        let Some(first) = earlier.iter().position(named).map(|index| start + index) else {
            self.stack.extend(fresh);
            return;
        };
        let count = self.stack.iter().skip(first).take_while(|node| named(node)).count();
        if fresh.len() != count {
            let at = fresh.first().map_or(self.lexer.at, Node::at);
            let place = Place { parent: Some(parent), name: member.key, index: None };
            let expected = format!("arrays of one length, here {count}");
            self.issues.add(IssueKind::UnequalArrays, &place, at, expected, &fresh.len().to_string());
        }
        let mut fresh = fresh.into_iter();
        for (old, new) in self.stack.iter_mut().skip(first).take(count).zip(fresh.by_ref()) {
            old.absorb(new);
        }
        let end = first + count;
        self.stack.splice(end..end, fresh);
    }

    /// Reports primitives that have neither a value nor a companion, now that both would have come.
    fn report_lone_nulls(&mut self, start: usize, place: &Place<'_>) {
        let children = self.stack.get(start..).unwrap_or_default();
        for (at, node) in children.iter().enumerate() {
            if node.array && node.is_empty() && node.is_scalar_like() && self.issues.has_room() {
                let index = children.iter().take(at).filter(|other| other.name.is(&node.name)).count();
                let child = Place { parent: Some(place), name: node.name(), index: Some(index) };
                self.issues.add(IssueKind::MisplacedNull, &child, node.at(), "a value or an extension", "null");
            }
        }
    }

    /// Finds the type of the resource whose `{` is next, wherever its `resourceType` stands.
    fn resource_type(&mut self) -> Result<(&'static Type, Option<Cow<'s, str>>), Fault> {
        let mut ahead = self.lexer;
        let found = find_type(&mut ahead, self.look_ahead);
        let looked = ahead.at.saturating_sub(self.lexer.at);
        if looked > self.look_ahead {
            return Err(Fault::too_large(self.lexer.at, "resourceType stands too far behind; put it first"));
        }
        // What is found at once costs nothing.
        self.look_ahead -= if looked > 256 { looked } else { 0 };
        let kind = found.as_deref().and_then(|name| self.types.resource(name));
        Ok((kind.unwrap_or_else(|| self.types.foreign()), found))
    }

    fn report_type(&mut self, kind: &'static Type, type_name: Option<&str>, place: &Place<'_>) {
        if kind.kind() == TypeKind::ForeignResource {
            let (issue, got) = match type_name {
                Some(name) => (IssueKind::UnknownResourceType, name),
                None => (IssueKind::MissingResourceType, "none"),
            };
            self.issues.add(issue, place, self.lexer.at, "a resource type of STU3 that is served here", got);
        }
    }

    fn shape_of_next(&mut self) -> &'static str {
        match self.lexer.peek() {
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "true or false",
            Some(b'n') => "null",
            _ => "a number",
        }
    }

    fn node(&self, member: Member<'_>, at: u32) -> Node {
        Node::new(member.field.map_or_else(|| Name::Unknown(member.key.into()), Name::Known), member.kind, at)
    }

    fn push(&mut self, node: Node) -> Result<(), Fault> {
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

fn expected_value(kind: &Type) -> Cow<'static, str> {
    match kind.scalar() {
        Some(ScalarKind::String) => format!("a string ({})", kind.name()).into(),
        Some(ScalarKind::Number) => format!("a number ({})", kind.name()).into(),
        Some(ScalarKind::Boolean) => "true or false".into(),
        None if kind.kind() == TypeKind::AnyResource => "a resource".into(),
        None => format!("an object ({})", kind.name()).into(),
    }
}

impl Seen<'_> {
    fn bits(&mut self, field: &Field, companion: bool) -> Option<(&mut u64, u64)> {
        let position = usize::from(field.position());
        let bits = if companion { &mut self.companions } else { &mut self.plain };
        Some((bits.get_mut(position / 64)?, 1 << (position % 64)))
    }

    fn has(&mut self, field: &Field, companion: bool) -> bool {
        self.bits(field, companion).is_some_and(|(word, bit)| *word & bit != 0)
    }
}

impl<'s> Seen<'s> {
    fn note(&mut self, field: &Field, companion: bool, key: &Cow<'s, str>, at: usize) -> Result<(), Fault> {
        match self.bits(field, companion) {
            Some((word, bit)) if *word & bit == 0 => {
                *word |= bit;
                Ok(())
            }
            Some(_) => Err(duplicate(at)),
            None => self.others.note(key, at),
        }
    }
}

impl<'s> OtherNames<'s> {
    fn note(&mut self, key: &Cow<'s, str>, at: usize) -> Result<(), Fault> {
        const FEW: usize = 16;
        if self.few.contains(key) || self.many.contains(key) {
            return Err(duplicate(at));
        }
        if self.few.len() < FEW {
            self.few.push(key.clone());
        } else {
            self.many.insert(key.clone());
        }
        Ok(())
    }
}

fn duplicate(at: usize) -> Fault {
    Fault::forbidden(at, "this name is in its object twice; what is meant cannot be known")
}

impl Node {
    /// Takes value and companion of the other half.
    fn absorb(&mut self, other: Node) {
        if other.value.is_some() || other.shape != Shape::Usual {
            (self.value, self.shape, self.at) = (other.value, other.shape, other.at);
        }
        self.children.extend(other.children);
        self.array |= other.array;
    }
}

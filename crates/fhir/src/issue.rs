//! What a reader reports: the issues of a document that could be read, and the error of one that could not.

use std::borrow::Cow;
use std::fmt;

use crate::node::Node;
use crate::position::position;

/// A document that was read: its tree, and what is odd about its structure.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// The resource. Nothing of the document is missing from it, the issues included.
    pub resource: Node,
    /// What the base definitions do not know or would shape otherwise, in the order of the document.
    pub issues: Vec<Issue>,
    /// How many further issues there were beyond [`crate::Limits::issues`].
    pub issues_left_out: usize,
}

/// One oddity in the structure of a document. It says what was expected, what came, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// What is odd.
    pub kind: IssueKind,
    /// Where, FHIRPath-style: `Appointment.participant[0].actor`.
    pub path: String,
    /// Where in the source, in bytes; see [`crate::position()`].
    pub at: usize,
    /// What the definitions ask for, such as `array` or `resource type`.
    pub expected: Cow<'static, str>,
    /// What came instead, shortened. An element's content is never in it, only shapes and names.
    pub got: String,
}

/// The kinds of oddity that a reader notices. Cardinality, codes and formats are the profile's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IssueKind {
    /// A resource whose type the definitions do not have; it is kept as a tree of unknown names.
    UnknownResourceType,
    /// A resource that does not say its type.
    MissingResourceType,
    /// An element that its parent does not have.
    UnknownElement,
    /// A value of another shape: a string for an array, a number for a string, an object for a primitive.
    WrongShape,
    /// `[]`, which FHIR forbids (HTTP-14).
    EmptyArray,
    /// An object or an element with nothing in it.
    EmptyElement,
    /// `""`, which FHIR forbids (HTTP-14).
    EmptyString,
    /// `null` where it does not stand for a missing value beside an extension.
    MisplacedNull,
    /// An array and its `_` companion that differ in length.
    UnequalArrays,
    /// An XML element after one that it should precede (HTTP-15).
    OutOfOrder,
    /// Text between XML elements.
    UnexpectedText,
    /// An XML attribute where none belongs.
    UnexpectedAttribute,
    /// An XML element or attribute outside the namespace that it needs.
    WrongNamespace,
    /// A control character that FHIR forbids in strings and XML cannot write.
    ControlCharacter,
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Issue { kind, path, expected, got, .. } = self;
        match kind {
            IssueKind::UnknownResourceType => write!(f, "{path}: the resource type {got} is not known here"),
            IssueKind::MissingResourceType => write!(f, "{path}: the resource does not say its type (resourceType)"),
            IssueKind::UnknownElement => write!(f, "{path}: no such element; expected {expected}"),
            IssueKind::WrongShape => write!(f, "{path}: expected {expected}, got {got}"),
            IssueKind::EmptyArray => write!(f, "{path}: an array may not be empty; leave the element out"),
            IssueKind::EmptyElement => write!(f, "{path}: an element may not be empty; leave it out"),
            IssueKind::EmptyString => write!(f, "{path}: a value may not be an empty string; leave the element out"),
            IssueKind::MisplacedNull => write!(f, "{path}: null is not a value; expected {expected}"),
            IssueKind::UnequalArrays => write!(f, "{path}: expected {expected}, got {got}"),
            IssueKind::OutOfOrder => write!(f, "{path}: out of order; expected {expected}"),
            IssueKind::UnexpectedText => write!(f, "{path}: text between elements; expected {expected}"),
            IssueKind::UnexpectedAttribute => write!(f, "{path}: unexpected attribute {got}; expected {expected}"),
            IssueKind::WrongNamespace => write!(f, "{path}: wrong namespace {got}; expected {expected}"),
            IssueKind::ControlCharacter => write!(f, "{path}: the text holds the control character {got}"),
        }
    }
}

/// Why a document could not be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct SyntaxError {
    /// Which sort of refusal this is.
    pub kind: SyntaxKind,
    /// One sentence: what was expected and what came.
    pub reason: Cow<'static, str>,
    /// Where in the source, in bytes.
    pub offset: usize,
    /// Line, the first is 1.
    pub line: u32,
    /// Column in characters, the first is 1.
    pub column: u32,
    /// The element that was being read, FHIRPath-style, where the text had got as far as one. Only JSON tells it.
    pub path: Option<Box<str>>,
}

/// The sorts of refusal of a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SyntaxKind {
    /// Not JSON (RFC 8259) or not XML, or not UTF-8.
    Malformed,
    /// Well-formed, but FHIR forbids it: comments in JSON, `fhir_comments`, duplicate keys, DTDs, processing instructions.
    Forbidden,
    /// Beyond one of the [`crate::Limits`].
    TooLarge,
}

/// A syntax error before its line and column are looked up: what the readers pass up.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: SyntaxKind,
    pub(crate) reason: Cow<'static, str>,
    pub(crate) offset: usize,
    pub(crate) path: Option<Box<str>>,
}

impl Fault {
    fn new(kind: SyntaxKind, offset: usize, reason: Cow<'static, str>) -> Self {
        Fault { kind, reason, offset, path: None }
    }

    pub(crate) fn malformed(offset: usize, reason: impl Into<Cow<'static, str>>) -> Self {
        Fault::new(SyntaxKind::Malformed, offset, reason.into())
    }

    pub(crate) fn forbidden(offset: usize, reason: impl Into<Cow<'static, str>>) -> Self {
        Fault::new(SyntaxKind::Forbidden, offset, reason.into())
    }

    pub(crate) fn too_large(offset: usize, reason: impl Into<Cow<'static, str>>) -> Self {
        Fault::new(SyntaxKind::TooLarge, offset, reason.into())
    }

    pub(crate) fn locate(self, source: &[u8]) -> SyntaxError {
        let place = position(source, self.offset);
        let Fault { kind, reason, offset, path } = self;
        SyntaxError { kind, reason, offset, line: place.line, column: place.column, path }
    }

    /// Says in which element it happened; the innermost one that says so is believed.
    pub(crate) fn inside(mut self, place: &Place<'_>) -> Self {
        self.path.get_or_insert_with(|| place.path().into());
        self
    }
}

/// The way from the resource down to an element while a document is read: a list on the call stack, made into a path
/// only when something is to be reported.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) parent: Option<&'a Place<'a>>,
    pub(crate) name: &'a str,
    pub(crate) index: Option<usize>,
}

/// How much of an unknown name goes into a path: it comes from outside and may be megabytes long.
const LONGEST_NAME: usize = 64;

impl Place<'_> {
    /// The path as text: `Appointment.participant[0].actor`.
    pub(crate) fn path(&self) -> String {
        let mut steps = vec![self];
        let mut here = self;
        while let Some(parent) = here.parent {
            steps.push(parent);
            here = parent;
        }
        let mut path = String::new();
        for step in steps.iter().rev() {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&shorten(step.name));
            if let Some(index) = step.index {
                path.push_str(&format!("[{index}]"));
            }
        }
        path
    }
}

/// A name from outside, fit for a message: at most 64 characters, no control characters.
pub(crate) fn shorten(name: &str) -> String {
    let mut short: String =
        name.chars().take(LONGEST_NAME).map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}

/// The issues of one document, up to a limit.
#[derive(Debug)]
pub(crate) struct Issues {
    pub(crate) list: Vec<Issue>,
    pub(crate) left_out: usize,
    limit: usize,
}

impl Issues {
    pub(crate) fn new(limit: usize) -> Self {
        Issues { list: Vec::new(), left_out: 0, limit }
    }

    pub(crate) fn has_room(&self) -> bool {
        self.list.len() < self.limit
    }

    pub(crate) fn add(
        &mut self,
        kind: IssueKind,
        place: &Place<'_>,
        at: usize,
        expected: impl Into<Cow<'static, str>>,
        got: &str,
    ) {
        if !self.has_room() {
            self.left_out += 1;
            return;
        }
        self.list.push(Issue { kind, path: place.path(), at, expected: expected.into(), got: shorten(got) });
    }
}

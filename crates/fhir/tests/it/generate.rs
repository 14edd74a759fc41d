//! Trees at random: valid in structure, with every kind of element that the definitions have.

use fhir::Node;
use fhir::schema::{Field, ScalarKind, Type, TypeKind, types};

/// A stream of choices, made from the bytes that a property test gives.
pub(crate) struct Choices<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Choices<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Choices { bytes, at: 0 }
    }

    /// The next number below `limit`; 0 when the choices are used up, which ends every loop that asks.
    fn below(&mut self, limit: usize) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(byte) % limit.max(1)
    }
}

/// A resource of a type that is chosen among all.
pub(crate) fn resource(choices: &mut Choices<'_>) -> Node {
    let all: Vec<&Type> = types().all().filter(|kind| types().resource(kind.name()).is_some()).collect();
    let mut node = Node::resource(all[choices.below(all.len())].name()).unwrap();
    fill(&mut node, choices, 4);
    node
}

fn fill(node: &mut Node, choices: &mut Choices<'_>, levels: usize) {
    for field in node.kind().fields() {
        let wanted = match choices.below(6) {
            3 | 4 => 1,
            5 if field.repeats() => 1 + choices.below(3),
            _ => 0,
        };
        for _ in 0..wanted {
            add(node, field, choices, levels);
        }
    }
}

fn add(node: &mut Node, field: &Field, choices: &mut Choices<'_>, levels: usize) {
    let kind = field.kind();
    if field.is_attribute() {
        node.set_text(field.name(), &text(choices));
    } else if kind.kind() == TypeKind::AnyResource {
        let mut inner = Node::resource(["Slot", "Patient", "Parameters"][choices.below(3)]).unwrap();
        if levels > 0 {
            fill(&mut inner, choices, levels - 1);
        }
        node.push(field.name(), inner);
    } else if kind.is_xhtml() {
        let body = text(choices).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        node.set_text(field.name(), &format!("<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>{body}</p>\n</div>"));
    } else if let Some(scalar) = kind.scalar() {
        let child = node.element(field.name());
        let bare = choices.below(4);
        if bare != 1 || levels == 0 {
            child.set_value(&value(scalar, choices));
        }
        if levels > 0 && (bare == 1 || choices.below(4) == 1) {
            child.set_text("id", "x");
            fill(child, choices, levels - 1);
        }
    } else {
        let child = node.element(field.name());
        if levels > 0 {
            fill(child, choices, levels - 1);
        }
        if child.is_empty() {
            child.set_text("id", "y");
        }
    }
}

fn value(scalar: ScalarKind, choices: &mut Choices<'_>) -> String {
    match scalar {
        ScalarKind::Boolean => ["true", "false"][choices.below(2)].to_owned(),
        ScalarKind::Number => ["0", "-1", "1.00", "12345678901234567890.5", "1e-7"][choices.below(5)].to_owned(),
        ScalarKind::String => text(choices),
    }
}

fn text(choices: &mut Choices<'_>) -> String {
    let pieces =
        ["a", "é", "😀", "<", "&", "\"", "'", "\\", "\n", "\t", "\r", " ", "]]>", "&amp;", "\u{7F}", "\u{FEFF}", "{"];
    let length = 1 + choices.below(5);
    (0..length).map(|_| pieces[choices.below(pieces.len())]).collect()
}

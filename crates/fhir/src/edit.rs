//! Changing a tree: every change puts the new node at the place that the definitions give it.

use crate::node::{Name, Node, Scalar, Shape};
use crate::schema::{self, ScalarKind, Type};

impl Node {
    /// The first child of this name, to change it.
    pub fn child_mut(&mut self, name: &str) -> Option<&mut Node> {
        self.all_mut(name).next()
    }

    /// All children of this name, to change them.
    pub fn all_mut<'n>(&'n mut self, name: &str) -> impl Iterator<Item = &'n mut Node> {
        self.children.iter_mut().filter(move |child| child.name() == name && child.shape != Shape::EmptyArray)
    }

    /// Sets the value of the first child of this name, which is made when there is none; its `id` and `extension` stay.
    /// The text becomes a number or a boolean where the type asks for one and the text is one.
    pub fn set_text(&mut self, name: &str, text: &str) -> &mut Self {
        let index =
            match self.children.iter().position(|child| child.name() == name && child.shape != Shape::EmptyArray) {
                Some(index) => index,
                None => self.insert(name),
            };
        if let Some(child) = self.children.get_mut(index) {
            child.set_value(text);
        }
        self
    }

    /// Adds a further child of this name with this value.
    pub fn add_text(&mut self, name: &str, text: &str) -> &mut Self {
        self.element(name).set_value(text);
        self
    }

    /// Sets the value of this node; see [`Node::set_text`].
    pub fn set_value(&mut self, text: &str) -> &mut Self {
        self.value = Some(scalar(self.kind, text));
        self.shape = Shape::Usual;
        self
    }

    /// Adds an empty child of this name and of the type that the definitions give it, and returns it to be filled. For
    /// the place of a resource, [`Node::push`] is the way.
    pub fn element(&mut self, name: &str) -> &mut Node {
        let index = self.insert(name);
        // `insert` made a child at this index.
        &mut self.children[index]
    }

    /// Adds a finished node as a further child of this name: a resource into `contained` or an entry, or a copied element.
    pub fn push(&mut self, name: &str, mut node: Node) -> &mut Self {
        node.name = self.name_for(name);
        node.array = matches!(&node.name, Name::Known(field) if field.repeats());
        self.place(node);
        self
    }

    /// Removes all children of this name and returns them.
    pub fn remove(&mut self, name: &str) -> Vec<Node> {
        let (removed, kept) = std::mem::take(&mut self.children).into_iter().partition(|child| child.name() == name);
        self.children = kept;
        removed
    }

    /// Removes the children for which `keep` says no.
    pub fn retain(&mut self, keep: impl FnMut(&Node) -> bool) {
        self.children.retain(keep);
    }

    fn name_for(&self, name: &str) -> Name {
        match self.kind.field(name) {
            Some(field) => Name::Known(field),
            None => Name::Unknown(name.into()),
        }
    }

    fn insert(&mut self, name: &str) -> usize {
        let name = self.name_for(name);
        let kind = match name {
            Name::Known(field) => field.kind(),
            Name::Unknown(_) => schema::types().unknown(),
        };
        self.place(Node::new(name, kind, 0))
    }

    /// Puts a child behind those of its name, or else behind the last one that precedes it in the standard's order.
    fn place(&mut self, node: Node) -> usize {
        let index = match self.children.iter().rposition(|child| child.name.is(&node.name)) {
            // The place of none is taken.
            Some(last) if self.children[last].shape == Shape::EmptyArray => {
                self.children[last] = node;
                return last;
            }
            Some(last) => last + 1,
            None => match &node.name {
                Name::Unknown(_) => self.children.len(),
                Name::Known(field) => {
                    let precedes =
                        |child: &Node| child.field().is_some_and(|other| other.position() < field.position());
                    self.children.iter().rposition(precedes).map_or(0, |last| last + 1)
                }
            },
        };
        self.children.insert(index, node);
        index
    }
}

/// The value of a primitive from its text, as XML and [`Node::set_text`] have it.
pub(crate) fn scalar(kind: &Type, text: &str) -> Scalar {
    match kind.scalar() {
        Some(ScalarKind::Boolean) if text == "true" => Scalar::Boolean(true),
        Some(ScalarKind::Boolean) if text == "false" => Scalar::Boolean(false),
        Some(ScalarKind::Number) if crate::json::is_number(text) => Scalar::Number(text.into()),
        _ => Scalar::String(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn written(node: &Node) -> String {
        String::from_utf8(json::write(node)).unwrap()
    }

    #[test]
    fn elements_are_put_at_their_place_in_the_standard() {
        let mut slot = Node::resource("Slot").unwrap();
        slot.set_text("end", "2019-07-02T09:30:00Z").set_text("status", "free").set_text("id", "s1");
        slot.element("schedule").set_text("reference", "Schedule/1");
        slot.set_text("start", "2019-07-02T09:15:00Z").set_text("overbooked", "false").set_text("own", "x");
        let names: Vec<&str> = slot.children().iter().map(Node::name).collect();
        assert_eq!(names, ["id", "schedule", "status", "start", "end", "overbooked", "own"]);
        assert!(written(&slot).contains(r#""overbooked":false"#));
    }

    #[test]
    fn a_changed_value_keeps_its_extension() {
        let source = br#"{"resourceType":"Slot","status":"free","_status":{"id":"a"},"identifier":[]}"#;
        let mut slot = json::read(source, &crate::Limits::default()).unwrap().resource;
        slot.set_text("status", "busy");
        slot.element("identifier").set_text("value", "7");
        assert_eq!(
            written(&slot),
            r#"{"resourceType":"Slot","status":"busy","_status":{"id":"a"},"identifier":[{"value":"7"}]}"#
        );
    }

    #[test]
    fn resources_are_pushed_and_removed() {
        let mut bundle = Node::resource("Bundle").unwrap();
        for id in ["1", "2"] {
            let mut slot = Node::resource("Slot").unwrap();
            slot.set_text("id", id);
            bundle.element("entry").push("resource", slot);
        }
        bundle.set_text("type", "searchset").set_text("total", "2");
        assert_eq!(
            written(&bundle),
            concat!(
                r#"{"resourceType":"Bundle","type":"searchset","total":2,"#,
                r#""entry":[{"resource":{"resourceType":"Slot","id":"1"}},{"resource":{"resourceType":"Slot","id":"2"}}]}"#
            )
        );
        assert_eq!(bundle.remove("entry").len(), 2);
        assert_eq!(written(&bundle), r#"{"resourceType":"Bundle","type":"searchset","total":2}"#);
    }
}

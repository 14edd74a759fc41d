//! Where the walk is: the way from the resource down to an element, made into a FHIRPath only when there is an issue.

use fhir::Node;

/// One step down.
#[derive(Debug, Clone, Copy)]
struct Step<'n> {
    name: &'n str,
    /// The type, where the element is a choice and `name` is without it.
    of_type: Option<&'n str>,
    index: Option<u32>,
}

/// The steps from the resource to the element in hand.
#[derive(Debug, Default)]
pub(crate) struct Path<'n> {
    steps: Vec<Step<'n>>,
}

impl<'n> Path<'n> {
    /// Begins at a resource.
    pub(crate) fn start(type_name: &'n str) -> Path<'n> {
        Path { steps: vec![Step { name: type_name, of_type: None, index: None }] }
    }

    /// Goes down to a child, the `index`th of its name.
    pub(crate) fn enter(&mut self, node: &'n Node, index: u32) {
        let step = match node.field() {
            Some(field) => match field.choice() {
                Some(stem) => Step { name: stem, of_type: Some(field.kind().name()), index: None },
                None => Step { name: field.name(), of_type: None, index: field.repeats().then_some(index) },
            },
            None => Step { name: node.name(), of_type: None, index: (index > 0).then_some(index) },
        };
        self.steps.push(step);
    }

    /// Goes back up.
    pub(crate) fn leave(&mut self) {
        self.steps.pop();
    }

    /// How deep the element in hand is; the resource is 1.
    pub(crate) fn depth(&self) -> usize {
        self.steps.len()
    }

    /// `Appointment.participant[0].actor`.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for step in &self.steps {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(step.name);
            if let Some(of_type) = step.of_type {
                text.push_str(".ofType(");
                text.push_str(of_type);
                text.push(')');
            }
            if let Some(index) = step.index {
                text.push('[');
                text.push_str(&index.to_string());
                text.push(']');
            }
        }
        text
    }
}

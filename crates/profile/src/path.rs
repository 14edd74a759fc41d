//! Where the walk is: the way from the resource down to an element, made into a FHIRPath only when there is an issue.

use fhir::Node;

/// One step down.
#[derive(Debug, Clone, Copy)]
struct Step<'n> {
    name: &'n str,
    /// The type, where the element is a choice and `name` is without it.
    of_type: Option<&'n str>,
    index: Option<u32>,
    /// The type of the resource that begins here.
    resource: Option<&'n str>,
}

/// The steps from the resource to the element in hand.
#[derive(Debug, Default)]
pub(crate) struct Path<'n> {
    steps: Vec<Step<'n>>,
}

impl<'n> Path<'n> {
    /// Begins at a resource.
    pub(crate) fn start(type_name: &'n str) -> Path<'n> {
        Path { steps: vec![Step { name: type_name, of_type: None, index: None, resource: Some(type_name) }] }
    }

    /// Goes down to a child, the `index`th of its name.
    pub(crate) fn enter(&mut self, node: &'n Node, index: u32) {
        let (name, of_type, repeats) = match node.field() {
            Some(field) => match field.choice() {
                Some(stem) => (stem, Some(field.kind().name()), false),
                None => (field.name(), None, field.repeats()),
            },
            None => (node.name(), None, index > 0),
        };
        let resource = node.is_resource().then(|| node.type_name());
        self.steps.push(Step { name, of_type, index: repeats.then_some(index), resource });
    }

    /// Goes back up.
    pub(crate) fn leave(&mut self) {
        self.steps.pop();
    }

    /// Is the element around the one in hand the one that a definition's path names, such as `Patient.identifier`?
    pub(crate) fn is_inside(&self, definition: &str) -> bool {
        let Some((_, around)) = self.steps.split_last() else { return false };
        let Some(start) = around.iter().rposition(|step| step.resource.is_some()) else { return false };
        let own = around.get(start).and_then(|step| step.resource).into_iter();
        let inside = around.iter().skip(start + 1).map(|step| step.name);
        own.chain(inside).eq(definition.split('.').map(|name| name.trim_end_matches("[x]")))
    }

    /// Is the element in hand within a contained resource?
    pub(crate) fn is_contained(&self) -> bool {
        self.steps.iter().rfind(|step| step.resource.is_some()).is_some_and(|step| step.name == "contained")
    }

    /// How deep the element in hand is; the resource is 1.
    pub(crate) fn depth(&self) -> usize {
        self.steps.len()
    }

    /// `Appointment.participant[0].actor`.
    pub(crate) fn text(&self) -> String {
        shown(&self.steps)
    }

    /// The path of the element around the one in hand.
    pub(crate) fn text_around(&self) -> String {
        shown(self.steps.split_last().map_or(&[], |(_, around)| around))
    }
}

fn shown(steps: &[Step<'_>]) -> String {
    let mut text = String::new();
    for step in steps {
        if !text.is_empty() {
            text.push('.');
        }
        // A name from outside may be as long as the document.
        text.extend(step.name.chars().take(64));
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

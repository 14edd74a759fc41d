//! Profiles: what one says about an element is checked where the element is, beside what the base says.

use fhir::Node;
use fhir::schema::Field;

use super::Walk;
use crate::constraint::{Profile, Rules, Value};
use crate::findings::{Finding, Findings, quote};
use crate::issue::{Kind, Severity, is_valid};

/// How deep profiles may build on, or ask for, each other.
const DEEPEST_PROFILE: usize = 16;

/// The profile in force, and the way to the rules in hand within it.
#[derive(Debug, Default, Clone)]
pub(super) struct Place<'d> {
    profile: Option<&'d Profile>,
    steps: Vec<(&'d str, bool)>,
    depth: usize,
}

/// What is counted.
pub(super) struct Counted<'t> {
    /// The element.
    pub(super) name: &'t str,
    /// Where it is a slice of the element: what tells its items from others, in words, if words can.
    pub(super) slice: Option<&'t str>,
}

impl Place<'_> {
    /// `CareConnect-Patient-1 Patient.name:official.use`.
    pub(super) fn text(&self) -> String {
        let Some(profile) = self.profile else { return String::new() };
        let mut text = profile.url.rsplit('/').next().unwrap_or_default().to_owned();
        text.push(' ');
        text.push_str(&profile.of);
        for (name, is_slice) in &self.steps {
            text.push(if *is_slice { ':' } else { '.' });
            text.push_str(name);
        }
        text
    }
}

impl<'n, 'd> Walk<'n, 'd> {
    /// Judges a node by a profile, and by those that it builds on.
    pub(super) fn keeps_to(&mut self, node: &'n Node, profile: &'d Profile) {
        if self.place.depth >= DEEPEST_PROFILE {
            return;
        }
        if let Some(base) = profile.base.as_deref().and_then(|base| self.definitions.profile(base)) {
            self.place.depth += 1;
            self.keeps_to(node, base);
            self.place.depth -= 1;
        }
        let depth = self.place.depth + 1;
        let outer = std::mem::replace(&mut self.place, Place { profile: Some(profile), steps: Vec::new(), depth });
        self.says(node, &profile.root);
        self.place = outer;
    }

    /// Does the node keep to the profile? Nothing is reported.
    pub(super) fn would_keep_to(&mut self, node: &'n Node, profile: &'d Profile) -> bool {
        let outer = std::mem::replace(&mut self.found, Findings::new(1));
        self.keeps_to(node, profile);
        let inner = std::mem::replace(&mut self.found, outer);
        is_valid(&inner.finish(""))
    }

    pub(super) fn enter_rules(&mut self, name: &'d str, is_slice: bool) {
        self.place.steps.push((name, is_slice));
    }

    pub(super) fn leave_rules(&mut self) {
        self.place.steps.pop();
    }

    /// Reports that a rule of the profile in force is broken.
    pub(super) fn breaks(
        &mut self,
        node: &Node,
        kind: Kind,
        expected: String,
        got: String,
        message: String,
        cure: String,
    ) {
        let rule = self.place.text();
        self.report(node, Finding { severity: Severity::Error, kind, rule, expected, got, message, cure });
    }

    /// Judges a node by rules about it.
    pub(super) fn says(&mut self, node: &'n Node, rules: &'d Rules) {
        self.allowed_types(node, rules);
        if let Some(fixed) = &rules.fixed
            && !is_exactly(node, fixed)
        {
            self.other_value(node, fixed, "exactly");
        }
        if let Some(pattern) = &rules.pattern
            && !has_at_least(node, pattern)
        {
            self.other_value(node, pattern, "at least");
        }
        if let Some(binding) = &rules.binding {
            self.binding(node, binding);
        }
        if let (Some(longest), Some(text)) = (rules.longest, node.text())
            && text.chars().count() > longest as usize
        {
            let expected = format!("at most {longest} characters");
            let message = format!("The text is longer than {longest} characters.");
            self.breaks(node, Kind::Value, expected, quote(text), message, "Shorten the text.".to_owned());
        }
        for invariant in &rules.invariants {
            self.invariant(node, invariant);
        }
        for child in &rules.children {
            self.enter_rules(&child.name, false);
            self.says_inside(node, child);
            self.leave_rules();
        }
    }

    /// Judges the children of a node that rules are about.
    fn says_inside(&mut self, node: &'n Node, rules: &'d Rules) {
        self.steps += 1 + node.children().len() as u64;
        let items = named(node, &rules.name);
        self.number(node, rules, &Counted { name: &rules.name, slice: None }, items.len());
        self.only_type(node, rules);
        for (index, item) in &items {
            self.path.enter(item, *index);
            self.says(item, rules);
            self.path.leave();
        }
        if !rules.slices.is_empty() || rules.slicing.is_some() {
            self.slices(node, rules, &items);
        }
    }

    /// How often an element, or a slice of it, occurs. What the base has reported is not repeated.
    pub(super) fn number(&mut self, node: &'n Node, rules: &Rules, counted: &Counted<'_>, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let Counted { name: element, slice } = *counted;
        let row = if slice.is_some() { None } else { field(node, element).map(Field::row) };
        let name = &if slice.is_some() { format!("{element}:{}", rules.name) } else { element.to_owned() };
        if count < rules.min && row.is_none_or(|row| count >= row.min) {
            let expected = format!("at least {} of {name}", rules.min);
            let (message, cure) = match slice {
                None => (format!("The element {name} is missing, which the profile requires."), format!("Add {name}.")),
                Some("") => (format!("The profile requires {name}, and it is missing."), format!("Add {name}.")),
                Some(told_by) => (
                    format!("The profile requires one {element} whose {told_by}, and it is missing."),
                    format!("Add one {element} whose {told_by}."),
                ),
            };
            self.breaks(node, Kind::Required, expected, count.to_string(), message, cure);
        }
        let Some(max) = rules.max.filter(|max| count > *max) else { return };
        if row.is_some_and(|row| row.max.is_some_and(|base| count > base)) {
            return;
        }
        let expected = format!("at most {max} of {name}");
        let (message, cure) = match max {
            0 => (format!("The profile does not allow {name}."), format!("Remove {name}.")),
            _ => (
                format!("{name} occurs {count} times, and the profile allows {max}."),
                format!("Leave {max} of {name}."),
            ),
        };
        self.breaks(node, Kind::Structure, expected, count.to_string(), message, cure);
    }

    /// A choice under its typed name: no other type is allowed.
    fn only_type(&mut self, node: &'n Node, rules: &'d Rules) {
        let Some(stem) = field(node, &rules.name).filter(|field| field.name() == &*rules.name).and_then(Field::choice)
        else {
            return;
        };
        let others = node.children().iter().filter(|child| {
            child.field().and_then(Field::choice) == Some(stem)
                && child.name() != &*rules.name
                && !child.is_empty_array()
        });
        for other in others {
            self.path.enter(other, 0);
            let got = other.name().to_owned();
            let message = format!("The profile allows {} here, not {got}.", rules.name);
            let cure = format!("Use {}.", rules.name);
            self.breaks(other, Kind::Structure, rules.name.to_string(), got, message, cure);
            self.path.leave();
        }
    }

    /// The types, the targets and the profiles that rules allow.
    fn allowed_types(&mut self, node: &'n Node, rules: &'d Rules) {
        if rules.types.is_empty() {
            return;
        }
        let own = node.kind().name();
        let Some(allowed) = rules.types.iter().find(|allowed| &*allowed.code == own) else {
            if node.field().and_then(Field::choice).is_some() {
                let list = rules.types.iter().map(|allowed| &*allowed.code).collect::<Vec<_>>().join(", ");
                let message = format!("The profile allows {list} here, not {own}.");
                self.breaks(node, Kind::Structure, list.clone(), own.to_owned(), message, format!("Use {list}."));
            }
            return;
        };
        if own == "Reference" && !allowed.targets.is_empty() {
            self.profiled_target(node, &allowed.targets);
        }
        if own == "Extension" {
            // An extension is judged by its own definition wherever it stands.
            return;
        }
        let profiles: Vec<&'d Profile> =
            allowed.profiles.iter().filter_map(|url| self.definitions.profile(url)).collect();
        match profiles.as_slice() {
            [] => {}
            [one] => self.keeps_to(node, one),
            several => {
                if profiles.len() == allowed.profiles.len() && !several.iter().any(|one| self.would_keep_to(node, one))
                {
                    let list = allowed.profiles.join(", ");
                    let message = "The element keeps to none of the profiles that are allowed here.".to_owned();
                    self.breaks(
                        node,
                        Kind::Structure,
                        list.clone(),
                        "none of them".to_owned(),
                        message,
                        format!("Keep to one of {list}."),
                    );
                }
            }
        }
    }

    fn other_value(&mut self, node: &Node, value: &Value, how: &str) {
        let wanted = shown(value);
        let got = node.text().map_or_else(|| "another value".to_owned(), quote);
        let message = match node.text() {
            Some(_) => format!("The profile asks for {wanted} here."),
            None => format!("The profile asks for {how} {wanted} here."),
        };
        self.breaks(node, Kind::Value, format!("{how} {wanted}"), got, message, format!("Write {wanted}."));
    }
}

/// The children that rules of this name are about, each with its position among those of its name.
fn named<'n>(node: &'n Node, name: &str) -> Vec<(u32, &'n Node)> {
    match name.strip_suffix("[x]") {
        Some(stem) => node.choice(stem).map(|child| (0, child)).into_iter().collect(),
        None => (0..).zip(node.all(name)).collect(),
    }
}

/// The base element of that name; of a choice any.
fn field(node: &Node, name: &str) -> Option<&'static Field> {
    match name.strip_suffix("[x]") {
        Some(stem) => node.kind().fields().iter().find(|field| field.choice() == Some(stem)),
        None => node.kind().field(name),
    }
}

/// The node has this value and nothing else; the ids of elements are not compared.
fn is_exactly(node: &Node, value: &Value) -> bool {
    let is_compared = |child: &&Node| !child.is_empty_array() && child.name() != "id";
    let has = |(name, member): &(Box<str>, Value)| node.all(name).any(|child| is_exactly(child, member));
    node.text() == value.text.as_deref()
        && node.children().iter().filter(is_compared).count() == value.members.len()
        && value.members.iter().all(has)
}

/// The node has this value, whatever else it has.
pub(super) fn has_at_least(node: &Node, value: &Value) -> bool {
    value.text.as_deref().is_none_or(|text| node.text() == Some(text))
        && value.members.iter().all(|(name, member)| node.all(name).any(|child| has_at_least(child, member)))
}

/// A value for a message.
fn shown(value: &Value) -> String {
    match &value.text {
        Some(text) => quote(text),
        None => {
            let members: Vec<String> =
                value.members.iter().map(|(name, member)| format!("{name} {}", shown(member))).collect();
            format!("{{{}}}", members.join(", "))
        }
    }
}

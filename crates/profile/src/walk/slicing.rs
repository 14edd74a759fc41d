//! Slicing: items of one element told apart, each judged by the rules of its slice.

use fhir::Node;

use super::Walk;
use super::profile::{Counted, has_at_least};
use crate::constraint::{Discriminator, DiscriminatorKind, Rules, Unmatched};
use crate::findings::{Finding, quote};
use crate::issue::{Kind, Severity};
use crate::terminology::Membership;

/// The slice whose rules are for the items of no other.
const OTHERS: &str = "@default";

/// An item and its position among those of its name.
type Item<'n> = (u32, &'n Node);

impl<'n, 'd> Walk<'n, 'd> {
    /// Sorts the items into slices and judges each item, the numbers, the order and the leftovers.
    pub(super) fn slices(&mut self, parent: &'n Node, rules: &'d Rules, items: &[Item<'n>]) {
        let mut places: Vec<Option<usize>> = Vec::with_capacity(items.len());
        for (index, item) in items {
            self.path.enter(item, *index);
            places.push(self.slice_of(item, rules));
            self.path.leave();
        }
        for ((index, item), place) in items.iter().zip(&places) {
            let Some(slice) = place.and_then(|place| rules.slices.get(place)) else { continue };
            self.path.enter(item, *index);
            self.enter_rules(&slice.name, true);
            self.says(item, slice);
            self.leave_rules();
            self.path.leave();
        }
        for (at, slice) in rules.slices.iter().enumerate() {
            let count = places.iter().filter(|place| **place == Some(at)).count();
            self.enter_rules(&slice.name, true);
            let told_by = told_by(rules, slice);
            self.number(parent, slice, &Counted { name: &rules.name, slice: Some(&told_by) }, count);
            self.leave_rules();
        }
        if let Some(slicing) = &rules.slicing {
            self.order(items, &places, slicing.ordered, slicing.unmatched);
        }
    }

    /// The slice that an item belongs to: the first whose discriminators it meets, or else the one for all others.
    fn slice_of(&mut self, item: &'n Node, rules: &'d Rules) -> Option<usize> {
        let Some(slicing) = &rules.slicing else {
            // Extensions are always told apart by their url.
            return rules.slices.iter().position(|slice| is_extension_of(item, slice));
        };
        let others = rules.slices.iter().position(|slice| &*slice.name == OTHERS);
        let named = (0..rules.slices.len()).filter(|at| Some(*at) != others);
        let own = named.into_iter().find(|at| slicing.by.iter().all(|by| self.meets(item, &rules.slices[*at], by)));
        own.or(others)
    }

    fn meets(&mut self, item: &'n Node, slice: &'d Rules, by: &Discriminator) -> bool {
        if &*by.path == "url" && slice.extension_url().is_some() {
            return is_extension_of(item, slice);
        }
        self.steps += 1 + item.children().len() as u64;
        let steps = steps(&by.path);
        let (path, resolved) = match steps.split_last() {
            Some((&"resolve()", path)) => (path, true),
            _ => (steps.as_slice(), false),
        };
        let Some((path, rules)) = nearest_rules(slice, path, by.kind) else {
            return self.cannot_tell(item, by);
        };
        let nodes = at(item, path);
        if resolved {
            return match by.kind {
                DiscriminatorKind::Type => nodes.iter().any(|node| self.leads_to(node, rules)),
                _ => self.cannot_tell(item, by),
            };
        }
        match by.kind {
            DiscriminatorKind::Value | DiscriminatorKind::Pattern => {
                nodes.iter().any(|node| self.has_value(node, rules) == Some(true))
            }
            DiscriminatorKind::Exists => match (rules.min, rules.max) {
                (_, Some(0)) => nodes.is_empty(),
                _ => !nodes.is_empty(),
            },
            DiscriminatorKind::Type => {
                let is_of = |node: &Node| rules.types.iter().any(|of| &*of.code == node.type_name());
                nodes.iter().any(|node| is_of(node))
            }
            DiscriminatorKind::Profile => {
                let urls = rules.types.iter().flat_map(|of| &of.profiles);
                let profiles: Vec<_> = urls.filter_map(|url| self.definitions.profile(url)).collect();
                nodes.iter().any(|node| profiles.iter().any(|profile| self.would_keep_to(node, profile)))
            }
        }
    }

    /// Is the type that the reference shows one that the rules allow as its target?
    fn leads_to(&mut self, node: &'n Node, rules: &Rules) -> bool {
        let targets: Vec<&str> = rules.types.iter().flat_map(|of| &of.targets).map(|target| &**target).collect();
        let own = self.type_of_target(node);
        own.is_some_and(|own| targets.iter().any(|target| self.definitions.type_of(target) == Some(own)))
    }

    /// Does the node have the values that the rules ask for, at itself or further in? `None` where they ask for none.
    fn has_value(&self, node: &Node, rules: &Rules) -> Option<bool> {
        // Extensions beside a fixed value are the slice's business: they do not make the item another one.
        let fixed = rules.fixed.as_ref().map(|value| has_at_least(node, value));
        let pattern = rules.pattern.as_ref().map(|value| has_at_least(node, value));
        let bound = rules.binding.as_ref().filter(|_| fixed.is_none() && pattern.is_none()).and_then(|binding| {
            let set = binding.value_set.as_deref()?;
            Some(self.membership(node, set) == Membership::Member)
        });
        let inside = rules.children.iter().filter_map(|child| {
            let mut answers = node.all(&child.name).filter_map(|inner| self.has_value(inner, child)).peekable();
            answers.peek()?;
            Some(answers.any(|answer| answer))
        });
        fixed.into_iter().chain(pattern).chain(bound).chain(inside).reduce(|one, two| one && two)
    }

    /// A discriminator that cannot be followed, said once for a resource.
    fn cannot_tell(&mut self, item: &Node, by: &Discriminator) -> bool {
        if self.found.first(&format!("discriminator {}", by.path)) {
            self.report(
                item,
                Finding {
                    severity: Severity::Warning,
                    kind: Kind::NotSupported,
                    rule: by.path.to_string(),
                    expected: "a discriminator that can be followed here".to_owned(),
                    got: by.path.to_string(),
                    message: format!("The profile tells items apart by {}, which was not checked.", by.path),
                    cure: "Check the slices by hand.".to_owned(),
                },
            );
        }
        false
    }

    /// The order of the slices, and where items of none may stand.
    fn order(&mut self, items: &[Item<'n>], places: &[Option<usize>], ordered: bool, unmatched: Unmatched) {
        let mut last = 0;
        let mut leftover_before = false;
        for ((index, item), place) in items.iter().zip(places) {
            self.path.enter(item, *index);
            match place {
                None if unmatched == Unmatched::Nowhere => {
                    let message = "The item belongs to no slice, and the profile allows no others.".to_owned();
                    let cure = "Remove the item, or make it fit a slice.".to_owned();
                    self.breaks(
                        item,
                        Kind::Structure,
                        "an item of a slice".to_owned(),
                        "another item".to_owned(),
                        message,
                        cure,
                    );
                }
                None => leftover_before = true,
                Some(at) if ordered && *at < last => {
                    let message = "The item is out of the order of the profile's slices.".to_owned();
                    self.breaks(
                        item,
                        Kind::Structure,
                        "the order of the slices".to_owned(),
                        "another order".to_owned(),
                        message,
                        "Move the item.".to_owned(),
                    );
                }
                Some(at) => {
                    last = *at;
                    if leftover_before && unmatched == Unmatched::AtTheEnd {
                        self.late(item);
                    }
                }
            }
            self.path.leave();
        }
    }

    /// Only a warning: no reader has trouble with it, and validators let it pass.
    fn late(&mut self, item: &Node) {
        self.report(
            item,
            Finding {
                severity: Severity::Warning,
                kind: Kind::Structure,
                rule: self.place.text(),
                expected: "items of no slice at the end".to_owned(),
                got: "one before this item".to_owned(),
                message: "The profile wants items that it does not describe after those that it does.".to_owned(),
                cure: "Move this item up.".to_owned(),
            },
        );
    }
}

/// How the items of a slice are told from others, in words: `use is "official"`. Empty where no word says it.
fn told_by(rules: &Rules, slice: &Rules) -> String {
    if let Some(url) = slice.extension_url() {
        return format!("url is {}", quote(url));
    }
    let by = rules.slicing.iter().flat_map(|slicing| &slicing.by);
    let told = by.filter_map(|by| {
        let rules = rules_at(slice, &steps(&by.path))?;
        let text = rules.fixed.as_ref().or(rules.pattern.as_ref())?.text.as_deref()?;
        let path = if &*by.path == "$this" { "value" } else { &by.path };
        Some(format!("{path} is {}", quote(text)))
    });
    told.collect::<Vec<_>>().join(" and ")
}

fn is_extension_of(item: &Node, slice: &Rules) -> bool {
    slice.extension_url().is_some_and(|url| item.text_of("url") == Some(url))
}

/// The steps of a discriminator's path: names, `extension('URL')`, `resolve()`, `ofType(T)`; none for `$this`. A dot within
/// brackets divides nothing.
fn steps(path: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let divides = |letter: char| {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == '.' && depth == 0
    };
    path.split(divides).filter(|step| *step != "$this").collect()
}

/// The URL of the step `extension('URL')`.
fn extension_step(step: &str) -> Option<&str> {
    step.strip_prefix("extension('")?.strip_suffix("')")
}

/// What a slice says at a path.
fn rules_at<'d>(slice: &'d Rules, path: &[&str]) -> Option<&'d Rules> {
    path.iter().try_fold(slice, |rules, step| match extension_step(step) {
        Some(url) => rules.child("extension")?.slices.iter().find(|slice| slice.extension_url() == Some(url)),
        None if step.starts_with("ofType(") => Some(rules),
        None => rules.children.iter().find(|child| is_named(&child.name, step)),
    })
}

/// Is this the element of a path's step: by its name, or as a choice, `value[x]` and `valueCode` for `value`?
fn is_named(name: &str, step: &str) -> bool {
    let rest = name.strip_prefix(step);
    rest.is_some_and(|rest| rest.is_empty() || rest == "[x]" || rest.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// What a slice says at a path, or the value that it asks for around the place: that tells items apart as well.
fn nearest_rules<'d, 'p, 's>(
    slice: &'d Rules,
    path: &'p [&'s str],
    kind: DiscriminatorKind,
) -> Option<(&'p [&'s str], &'d Rules)> {
    if let Some(rules) = rules_at(slice, path) {
        return Some((path, rules));
    }
    let by_value = matches!(kind, DiscriminatorKind::Value | DiscriminatorKind::Pattern);
    let shorter = (0..path.len()).rev().filter(|_| by_value).map(|length| &path[..length]);
    shorter
        .filter_map(|path| Some((path, rules_at(slice, path)?)))
        .find(|(_, rules)| rules.fixed.is_some() || rules.pattern.is_some())
}

/// The nodes at a path; of repeating elements all.
fn at<'n>(item: &'n Node, path: &[&str]) -> Vec<&'n Node> {
    path.iter().fold(vec![item], |nodes, step| {
        if let Some(of_type) = step.strip_prefix("ofType(").and_then(|rest| rest.strip_suffix(')')) {
            return nodes.into_iter().filter(|node| node.kind().name() == of_type).collect();
        }
        let url = extension_step(step);
        let name = if url.is_some() { "extension" } else { step };
        let inside = |node: &'n Node| {
            let stem = node.choice(name);
            let named = node.children().iter().filter(move |child| child.name() == name && !child.is_empty_array());
            named.chain(stem).filter(move |child| url.is_none_or(|url| child.text_of("url") == Some(url)))
        };
        nodes.into_iter().flat_map(inside).collect()
    })
}

//! What differs in meaning between two trees, whichever format they came in.

use crate::node::{Node, Shape};

/// One place where two trees differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where, FHIRPath-style: `Appointment.participant[0].status`.
    pub path: String,
    /// The value in the first tree; `None` where it has none, and for elements without a value of their own.
    pub before: Option<String>,
    /// The value in the second tree; likewise.
    pub after: Option<String>,
}

impl Node {
    /// Whether two trees say the same. The order of elements of different names does not matter, that of equal names
    /// does; values are compared as they are written, so `1.0` is not `1.00` and `Z` is not `+00:00`.
    #[must_use]
    pub fn same_meaning(&self, other: &Node) -> bool {
        self.differences(other, &[]).is_empty()
    }

    /// The places where two trees differ, outside the ignored paths. These are written without indexes and include all
    /// that is below them: `Appointment.meta`.
    #[must_use]
    pub fn differences(&self, other: &Node, ignored: &[&str]) -> Vec<Difference> {
        let mut found = Comparison { ignored, differences: Vec::new() };
        let here = Place { path: self.type_name().to_owned(), plain: self.type_name().to_owned() };
        if self.type_name() == other.type_name() {
            found.compare(self, other, &here);
        } else {
            let (before, after) = (Some(self.type_name().to_owned()), Some(other.type_name().to_owned()));
            found.differences.push(Difference { path: here.path, before, after });
        }
        found.differences
    }
}

struct Comparison<'i> {
    ignored: &'i [&'i str],
    differences: Vec<Difference>,
}

/// A path with indexes and one without.
struct Place {
    path: String,
    plain: String,
}

impl Comparison<'_> {
    fn compare(&mut self, before: &Node, after: &Node, here: &Place) {
        if value(before) != value(after) {
            let (before, after) = (before.text().map(str::to_owned), after.text().map(str::to_owned));
            self.differences.push(Difference { path: here.path.clone(), before, after });
        }
        if before.is_resource() && before.type_name() != after.type_name() {
            let (before, after) = (Some(before.type_name().to_owned()), Some(after.type_name().to_owned()));
            self.differences.push(Difference { path: here.path.clone(), before, after });
            return;
        }
        let (before, after) = (groups(before), groups(after));
        for (name, group) in &before {
            let other = find(&after, name);
            self.compare_groups(name, group, other, here);
        }
        for (name, group) in after.iter().filter(|(name, _)| find(&before, name).is_empty()) {
            self.compare_groups(name, &[], group, here);
        }
    }

    fn compare_groups(&mut self, name: &str, before: &[Node], after: &[Node], here: &Place) {
        let plain = format!("{}.{name}", here.plain);
        if self.ignored.contains(&plain.as_str()) {
            return;
        }
        let repeats = before.iter().chain(after).any(|node| node.array) || before.len() > 1 || after.len() > 1;
        for index in 0..before.len().max(after.len()) {
            let path = if repeats { format!("{}.{name}[{index}]", here.path) } else { format!("{}.{name}", here.path) };
            match (before.get(index), after.get(index)) {
                (Some(before), Some(after)) => self.compare(before, after, &Place { path, plain: plain.clone() }),
                (before, after) => {
                    let text = |node: Option<&Node>| node.and_then(Node::text).map(str::to_owned);
                    self.differences.push(Difference { path, before: text(before), after: text(after) });
                }
            }
        }
    }
}

/// The value, a narrative's without white space around its `div`.
fn value(node: &Node) -> Option<&str> {
    node.text().map(|text| if node.kind().is_xhtml() { text.trim() } else { text })
}

/// The children by name, sorted; empty arrays are none.
fn groups(node: &Node) -> Vec<(&str, &[Node])> {
    let by_name = node.children().chunk_by(|one, two| one.name.is(&two.name));
    let mut groups: Vec<(&str, &[Node])> = by_name
        .filter_map(|group| group.first().map(|first| (first, group)))
        .filter(|(first, _)| first.shape != Shape::EmptyArray)
        .map(|(first, group)| (first.name(), group))
        .collect();
    groups.sort_by_key(|(name, _)| *name);
    groups
}

fn find<'n>(groups: &[(&str, &'n [Node])], name: &str) -> &'n [Node] {
    groups.binary_search_by_key(&name, |(name, _)| name).map_or(&[], |index| groups[index].1)
}

#[cfg(test)]
mod tests {
    use crate::{Limits, Node, json, xml};

    fn slot(members: &str) -> Node {
        let source = format!(r#"{{"resourceType":"Slot",{members}}}"#);
        json::read(source.as_bytes(), &Limits::default()).unwrap().resource
    }

    #[test]
    fn only_what_has_a_meaning_differs() {
        let first = slot(r#""id":"1","status":"free","identifier":[{"value":"a"},{"value":"b"}]"#);
        let same = slot(r#""identifier":[{"value":"a"},{"value":"b"}],"status":"free","id":"1""#);
        assert!(first.same_meaning(&same));
        let as_xml = xml::read(&xml::write(&first), &Limits::default()).unwrap().resource;
        assert!(first.same_meaning(&as_xml));

        let other = slot(r#""id":"2","status":"busy","_status":{"id":"x"},"identifier":[{"value":"b"}],"comment":"c""#);
        let found: Vec<String> = first
            .differences(&other, &["Slot.id"])
            .into_iter()
            .map(|difference| format!("{} {:?} {:?}", difference.path, difference.before, difference.after))
            .collect();
        assert_eq!(
            found,
            [
                r#"Slot.identifier[0].value Some("a") Some("b")"#,
                r#"Slot.identifier[1] None None"#,
                r#"Slot.status Some("free") Some("busy")"#,
                r#"Slot.status.id None Some("x")"#,
                r#"Slot.comment None Some("c")"#,
            ]
        );
    }

    #[test]
    fn resources_of_different_types_differ_as_a_whole() {
        let other = Node::resource("Patient").unwrap();
        let found = slot(r#""id":"1""#).differences(&other, &[]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].before.as_deref(), found[0].after.as_deref()), (Some("Slot"), Some("Patient")));
    }
}

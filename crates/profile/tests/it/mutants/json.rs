//! One change to a resource in JSON: at one element, of one sort.

use serde_json::{Map, Value, json};

use super::values::{CODES, DATES, EXTENSIONS, NARRATIVES, NUMBERS, PROFILES, REFERENCES, TEXTS, URIS};

/// One step down: a member or an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Member(String),
    Item(usize),
}

pub(super) type Path = Vec<Step>;

/// The paths of everything in a document, the whole first.
pub(super) fn paths(value: &Value) -> Vec<Path> {
    let mut found = vec![Vec::new()];
    gather(value, &mut Vec::new(), &mut found);
    found
}

fn gather(value: &Value, here: &mut Path, found: &mut Vec<Path>) {
    let mut inside = |step: Step, child: &Value, here: &mut Path| {
        here.push(step);
        found.push(here.clone());
        gather(child, here, found);
        here.pop();
    };
    match value {
        Value::Object(members) => {
            for (name, child) in members {
                inside(Step::Member(name.clone()), child, here);
            }
        }
        Value::Array(items) => {
            for (at, child) in items.iter().enumerate() {
                inside(Step::Item(at), child, here);
            }
        }
        _ => {}
    }
}

/// `/entry/0/resource`.
pub(super) fn shown(path: &[Step]) -> String {
    let step = |step: &Step| match step {
        Step::Member(name) => format!("/{name}"),
        Step::Item(at) => format!("/{at}"),
    };
    path.iter().map(step).collect()
}

pub(super) fn at<'v>(root: &'v Value, path: &[Step]) -> &'v Value {
    path.iter().fold(root, |value, step| match step {
        Step::Member(name) => &value[name.as_str()],
        Step::Item(index) => &value[*index],
    })
}

fn at_mut<'v>(root: &'v mut Value, path: &[Step]) -> &'v mut Value {
    path.iter().fold(root, |value, step| match step {
        Step::Member(name) => &mut value[name.as_str()],
        Step::Item(index) => &mut value[*index],
    })
}

/// The names of all changes that make sense at an element.
pub(super) fn changes(root: &Value, path: &[Step]) -> Vec<String> {
    let value = at(root, path);
    let name =
        path.iter().rev().find_map(|step| if let Step::Member(name) = step { Some(name.as_str()) } else { None });
    let mut names: Vec<String> = Vec::new();
    let mut add = |list: &[&str]| names.extend(list.iter().map(|name| (*name).to_owned()));
    if !path.is_empty() {
        add(&["removed", "is-null", "is-empty-text", "is-empty-object", "is-empty-list", "is-true", "is-seven"]);
        add(&["is-word", "is-object", "in-a-list", "twice"]);
    }
    if let Some(Step::Member(_)) = path.last() {
        add(&["misspelt", "capital", "moved-up"]);
        if !value.is_object() && !value.is_array() {
            add(&["companion-id", "companion-extension", "companion-only", "companion-list", "companion-empty"]);
        }
    }
    let mut listed = |sort: &str, count: usize| names.extend((0..count).map(|at| format!("{sort}:{at}")));
    match value {
        Value::Array(_) => names.push("out-of-list".to_owned()),
        Value::Number(_) => listed("number", NUMBERS.len()),
        Value::Bool(_) => names.push("is-text-true".to_owned()),
        Value::String(text) => match name.unwrap_or_default() {
            "resourceType" => listed("type", TYPES.len()),
            "reference" => listed("reference", REFERENCES.len()),
            "div" => listed("narrative", NARRATIVES.len()),
            "profile" => listed("profile", PROFILES.len()),
            _ if text.starts_with(|c: char| c.is_ascii_digit()) && text.contains(['-', ':']) => {
                listed("date", DATES.len());
            }
            _ if text.contains("://") || text.starts_with("urn:") => listed("uri", URIS.len()),
            "code" | "status" | "use" | "type" | "gender" | "mode" | "language" | "action" | "contentType" => {
                listed("code", CODES.len());
            }
            _ => listed("text", TEXTS.len()),
        },
        Value::Object(members) => {
            let plain =
                ["unknown", "with-id", "with-bad-id", "emptied", "only-id", "modifier", "with-type", "two-swapped"];
            names.extend(plain.map(str::to_owned));
            names.extend(EXTENSIONS.iter().map(|(name, _)| (*name).to_owned()));
            if members.contains_key("system") && members.contains_key("code") {
                names.extend(CODING.map(str::to_owned));
            }
            if members.contains_key("resourceType") {
                names.extend(RESOURCE.map(str::to_owned));
                names.extend((0..PROFILES.len()).map(|at| format!("claims:{at}")));
            }
        }
        Value::Null => {}
    }
    names
}

const TYPES: &[&str] = &[
    "slot",
    "Encounter",
    "Appointment",
    "Patient",
    "Bundle",
    "Parameters",
    "Device",
    "Nonsense",
    "",
    "DomainResource",
];

const CODING: [&str; 6] = ["no-system", "no-code", "other-code", "other-system", "other-display", "with-version"];

const RESOURCE: [&str; 9] = [
    "contains-unreferenced",
    "contains-nested",
    "contains-narrative",
    "contains-version",
    "contains-without-id",
    "narrative-only",
    "bad-language",
    "with-rules",
    "version-number",
];

/// The document with one change; `None` where the change does not apply.
pub(super) fn changed(root: &Value, path: &[Step], change: &str) -> Option<Value> {
    let mut root = root.clone();
    match change.split_once(':') {
        Some((sort, index)) => listed(&mut root, path, sort, index.parse().ok()?)?,
        None => named(&mut root, path, change)?,
    }
    Some(root)
}

fn listed(root: &mut Value, path: &[Step], sort: &str, index: usize) -> Option<()> {
    let list = match sort {
        "type" => TYPES,
        "reference" => REFERENCES,
        "narrative" => NARRATIVES,
        "profile" => PROFILES,
        "date" => DATES,
        "uri" => URIS,
        "code" => CODES,
        "text" => TEXTS,
        "number" => {
            *at_mut(root, path) = serde_json::from_str(NUMBERS[index]).ok()?;
            return Some(());
        }
        "claims" => {
            at_mut(root, path)["meta"] = json!({"profile": [PROFILES[index]]});
            return Some(());
        }
        _ => return None,
    };
    *at_mut(root, path) = json!(list[index]);
    Some(())
}

fn named(root: &mut Value, path: &[Step], change: &str) -> Option<()> {
    let value = at(root, path).clone();
    let replaced = match change {
        "is-null" => json!(null),
        "is-empty-text" => json!(""),
        "is-empty-object" => json!({}),
        "is-empty-list" => json!([]),
        "is-true" => json!(true),
        "is-seven" => json!(7),
        "is-word" => json!("word"),
        "is-object" => json!({"colour": "red"}),
        "is-text-true" => json!("true"),
        "in-a-list" => json!([value]),
        "out-of-list" => value.get(0)?.clone(),
        "emptied" => json!({}),
        "only-id" => json!({"id": "only"}),
        _ => return within(root, path, change),
    };
    *at_mut(root, path) = replaced;
    Some(())
}

/// Changes that need the element around.
fn within(root: &mut Value, path: &[Step], change: &str) -> Option<()> {
    if !matches!(
        change,
        "removed"
            | "twice"
            | "misspelt"
            | "capital"
            | "moved-up"
            | "companion-id"
            | "companion-extension"
            | "companion-only"
            | "companion-list"
            | "companion-empty"
    ) {
        return inside(at_mut(root, path).as_object_mut()?, change);
    }
    let (last, around) = path.split_last()?;
    let value = at(root, path).clone();
    let name = match last {
        Step::Item(index) => {
            let items = at_mut(root, around).as_array_mut()?;
            match change {
                "removed" => drop(items.remove(*index)),
                "twice" => items.insert(*index, value),
                _ => return None,
            }
            return Some(());
        }
        Step::Member(name) => name.as_str(),
    };
    if change == "moved-up" {
        let (_, outer) = around.iter().enumerate().rev().find(|(_, step)| matches!(step, Step::Member(_)))?;
        let Step::Member(_) = outer else { return None };
        let above = around.iter().rposition(|step| matches!(step, Step::Member(_)))?;
        let target = at_mut(root, &around[..above]).as_object_mut()?;
        if target.contains_key(name) {
            return None;
        }
        target.insert(name.to_owned(), value);
        at_mut(root, around).as_object_mut()?.shift_remove(name);
        return Some(());
    }
    let members = at_mut(root, around).as_object_mut()?;
    let companion = format!("_{name}");
    let said = json!([{"url": "https://supplier.example/x", "valueString": "y"}]);
    match change {
        "removed" => drop(members.shift_remove(name)),
        "twice" => drop(members.insert(name.to_owned(), json!([value.clone(), value]))),
        "misspelt" => renamed(members, name, &format!("{name}s")),
        "capital" => renamed(members, name, &format!("{}{}", name[..1].to_uppercase(), &name[1..])),
        "companion-id" => drop(members.insert(companion, json!({"id": "c1"}))),
        "companion-extension" => drop(members.insert(companion, json!({"extension": said}))),
        "companion-list" => drop(members.insert(companion, json!([{"id": "c1"}]))),
        "companion-empty" => drop(members.insert(companion, json!({}))),
        _ => {
            members.shift_remove(name);
            members.insert(companion, json!({"extension": said}));
        }
    }
    Some(())
}

fn renamed(members: &mut Map<String, Value>, old: &str, new: &str) {
    let renamed = std::mem::take(members).into_iter();
    *members = renamed.map(|(name, value)| (if name == old { new.to_owned() } else { name }, value)).collect();
}

/// Changes to the members of an object.
fn inside(members: &mut Map<String, Value>, change: &str) -> Option<()> {
    if let Some((_, text)) = EXTENSIONS.iter().find(|(name, _)| *name == change) {
        let one: Value = serde_json::from_str(text).ok()?;
        members.entry("extension").or_insert_with(|| json!([])).as_array_mut()?.push(one);
        return Some(());
    }
    let contained = |resource: Value| (String::from("contained"), json!([resource]));
    let (name, value) = match change {
        "unknown" => ("colour".to_owned(), json!("red")),
        "with-id" => ("id".to_owned(), json!("e-1")),
        "with-bad-id" => ("id".to_owned(), json!("e 1")),
        "modifier" => {
            ("modifierExtension".to_owned(), json!([{"url": "https://supplier.example/m", "valueCode": "a"}]))
        }
        "with-type" => ("resourceType".to_owned(), json!("Slot")),
        "other-code" => ("code".to_owned(), json!("no-such-code")),
        "other-system" => ("system".to_owned(), json!("https://supplier.example/codes")),
        "other-display" => ("display".to_owned(), json!("Another display")),
        "with-version" => ("version".to_owned(), json!("9")),
        "contains-unreferenced" => contained(json!({"resourceType": "Location", "id": "c9", "name": "x"})),
        "contains-nested" => contained(json!({"resourceType": "Location", "id": "c9", "name": "x",
            "contained": [{"resourceType": "Location", "id": "c8"}], "partOf": {"reference": "#c8"}})),
        "contains-narrative" => contained(json!({"resourceType": "Location", "id": "c9", "name": "x",
            "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"}})),
        "contains-version" => contained(json!({"resourceType": "Location", "id": "c9", "meta": {"versionId": "1"}})),
        "contains-without-id" => contained(json!({"resourceType": "Location", "name": "x"})),
        "narrative-only" => ("text".to_owned(), json!({"div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"})),
        "bad-language" => ("language".to_owned(), json!("english please")),
        "with-rules" => ("implicitRules".to_owned(), json!("not a uri")),
        "version-number" => ("meta".to_owned(), json!({"versionId": 1})),
        "no-system" => return members.shift_remove("system").map(drop),
        "no-code" => return members.shift_remove("code").map(drop),
        "two-swapped" => return two_swapped(members),
        _ => return None,
    };
    members.insert(name, value);
    Some(())
}

fn two_swapped(members: &mut Map<String, Value>) -> Option<()> {
    let mut texts = members.iter_mut().filter(|(name, value)| value.is_string() && *name != "resourceType");
    let ((_, one), (_, two)) = (texts.next()?, texts.next()?);
    std::mem::swap(one, two);
    Some(())
}

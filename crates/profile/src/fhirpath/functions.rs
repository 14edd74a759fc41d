//! The functions of the expression language that STU3's definitions use, and their near relations.

use std::borrow::Cow;
use std::collections::HashSet;

use fhir::Node;

use super::evaluate::{Evaluator, Trouble, equal, single_number, truth};
use super::parse::Expression;
use super::value::{Collection, Item, Number};

type Answer<'n> = Result<Collection<'n>, Trouble>;

/// Calls a function on a collection.
pub(super) fn call<'n>(with: &mut Evaluator<'n>, name: &str, of: &[Item<'n>], arguments: &[Expression]) -> Answer<'n> {
    with.spend(1 + of.len())?;
    match (name, arguments) {
        ("empty", []) => yes(of.is_empty()),
        ("exists", []) => yes(!of.is_empty()),
        ("exists", [condition]) => {
            let found = filter(with, of, condition)?;
            yes(!found.is_empty())
        }
        ("all", [condition]) => {
            let found = filter(with, of, condition)?;
            yes(found.len() == of.len())
        }
        ("where", [condition]) => filter(with, of, condition),
        ("select", [projection]) => {
            let mut all = Vec::new();
            for item in of {
                all.extend(with.evaluate(projection, std::slice::from_ref(item))?);
            }
            Ok(all)
        }
        ("allTrue", []) => yes(of.iter().all(|item| is(item, true))),
        ("anyTrue", []) => yes(of.iter().any(|item| is(item, true))),
        ("allFalse", []) => yes(of.iter().all(|item| is(item, false))),
        ("anyFalse", []) => yes(of.iter().any(|item| is(item, false))),
        ("not", []) => Ok(truth(of).map(|truth| Item::Boolean(!truth)).into_iter().collect()),
        ("count", []) => number(of.len()),
        ("first" | "single", []) => Ok(of.first().cloned().into_iter().collect()),
        ("last", []) => Ok(of.last().cloned().into_iter().collect()),
        ("tail", []) => Ok(of.iter().skip(1).cloned().collect()),
        ("skip", [count]) => {
            let count = count_of(with, count, of)?;
            Ok(of.iter().skip(count).cloned().collect())
        }
        ("take", [count]) => {
            let count = count_of(with, count, of)?;
            Ok(of.iter().take(count).cloned().collect())
        }
        ("distinct", []) => distinct(with, of),
        ("isDistinct", []) => yes(distinct(with, of)?.len() == of.len()),
        ("hasValue", []) => yes(matches!(of, [Item::Node(node)] if node.value().is_some())),
        ("children", []) => Ok(children(of).collect()),
        ("descendants", []) => descendants(with, of),
        ("repeat", [projection]) => repeat(with, of, projection),
        ("extension", [url]) => extensions(with, of, url),
        ("resolve", []) => resolve(with, of),
        ("trace", [_] | [_, _]) => Ok(of.to_vec()),
        ("iif", [condition, then, otherwise @ ..]) if otherwise.len() <= 1 => {
            if truth(&with.evaluate(condition, of)?) == Some(true) {
                return with.evaluate(then, of);
            }
            otherwise.first().map_or(Ok(Vec::new()), |otherwise| with.evaluate(otherwise, of))
        }
        ("union" | "combine", [other]) => {
            let mut all = of.to_vec();
            all.extend(with.evaluate(other, of)?);
            if name == "union" { distinct(with, &all) } else { Ok(all) }
        }
        ("intersect", [other]) => members(with, of, other, true),
        ("exclude", [other]) => members(with, of, other, false),
        ("subsetOf", [other]) => {
            let inside = members(with, of, other, true)?;
            yes(inside.len() == of.len())
        }
        _ => text(with, name, of, arguments),
    }
}

/// The functions of a single text.
fn text<'n>(with: &mut Evaluator<'n>, name: &str, of: &[Item<'n>], arguments: &[Expression]) -> Answer<'n> {
    const KNOWN: &[(&str, usize)] = &[
        ("startsWith", 1),
        ("endsWith", 1),
        ("contains", 1),
        ("indexOf", 1),
        ("substring", 1),
        ("substring", 2),
        ("replace", 2),
        ("length", 0),
        ("upper", 0),
        ("lower", 0),
        ("toString", 0),
        ("toInteger", 0),
        ("toDecimal", 0),
    ];
    if !KNOWN.contains(&(name, arguments.len())) {
        return Err(Trouble::Unsupported(format!("{name}()").into()));
    }
    let [one] = of else { return Ok(Vec::new()) };
    let Some(own) = one.text() else { return Ok(Vec::new()) };
    let mut given = Vec::new();
    for argument in arguments {
        let [value] = with.evaluate(argument, of)?.try_into().unwrap_or([Item::Boolean(false)]);
        given.push(value);
    }
    let mut words = given.iter().map(|item| item.text().unwrap_or_default());
    let mut word = || words.next().unwrap_or_default();
    match name {
        "startsWith" => yes(own.starts_with(&*word())),
        "endsWith" => yes(own.ends_with(&*word())),
        "contains" => yes(own.contains(&*word())),
        "indexOf" => match own.find(&*word()) {
            Some(at) => number(own[..at].chars().count()),
            None => Ok(vec![Item::Number(Number::whole(-1))]),
        },
        "substring" => Ok(substring(&own, &given)),
        "replace" => said(own.replace(&*word(), &word())),
        "length" => number(own.chars().count()),
        "upper" => said(own.to_uppercase()),
        "lower" => said(own.to_lowercase()),
        "toString" => Ok(vec![Item::Text(own)]),
        "toInteger" => {
            Ok(Number::parse(&own).filter(|n| n.as_whole().is_some()).map(Item::Number).into_iter().collect())
        }
        _ => Ok(Number::parse(&own).map(Item::Number).into_iter().collect()),
    }
}

fn yes<'n>(value: bool) -> Answer<'n> {
    Ok(vec![Item::Boolean(value)])
}

fn number<'n>(count: usize) -> Answer<'n> {
    Ok(vec![Item::Number(Number::whole(i64::try_from(count).unwrap_or(i64::MAX)))])
}

fn said<'n>(text: String) -> Answer<'n> {
    Ok(vec![Item::Text(Cow::Owned(text))])
}

fn is(item: &Item<'_>, wanted: bool) -> bool {
    matches!(item.value(), Some(Item::Boolean(value)) if value == wanted)
}

fn filter<'n>(with: &mut Evaluator<'n>, of: &[Item<'n>], condition: &Expression) -> Answer<'n> {
    let mut kept = Vec::new();
    for item in of {
        if truth(&with.evaluate(condition, std::slice::from_ref(item))?) == Some(true) {
            kept.push(item.clone());
        }
    }
    Ok(kept)
}

fn count_of<'n>(with: &mut Evaluator<'n>, count: &Expression, of: &[Item<'n>]) -> Result<usize, Trouble> {
    let count = with.evaluate(count, of)?;
    Ok(single_number(&count).and_then(Number::as_whole).and_then(|count| usize::try_from(count).ok()).unwrap_or(0))
}

fn children<'i, 'n: 'i>(of: &'i [Item<'n>]) -> impl Iterator<Item = Item<'n>> + 'i {
    of.iter()
        .flat_map(|item| match item {
            Item::Node(node) => node.children(),
            _ => &[],
        })
        .filter(|child| !child.is_empty_array())
        .map(Item::Node)
}

fn descendants<'n>(with: &mut Evaluator<'n>, of: &[Item<'n>]) -> Answer<'n> {
    let mut found = Vec::new();
    let mut open: Vec<&'n Node> = Vec::new();
    for item in children(of) {
        let Item::Node(node) = item else { continue };
        open.push(node);
        while let Some(node) = open.pop() {
            found.push(Item::Node(node));
            open.extend(node.children().iter().rev());
        }
    }
    with.spend(found.len())?;
    Ok(found)
}

/// What the projection gives, and gives again on what it gave, each item once.
fn repeat<'n>(with: &mut Evaluator<'n>, of: &[Item<'n>], projection: &Expression) -> Answer<'n> {
    let mut all: Collection<'n> = Vec::new();
    let mut open = of.to_vec();
    while !open.is_empty() {
        let mut found = Vec::new();
        for item in &open {
            found.extend(with.evaluate(projection, std::slice::from_ref(item))?);
        }
        let before = all.len();
        all.extend(found);
        all = distinct(with, &all)?;
        open = all.get(before..).unwrap_or_default().to_vec();
    }
    Ok(all)
}

/// The resources that references lead to: contained ones, and those of the Bundle around. What lies elsewhere cannot be
/// looked at, and an expression that asks for it is not decided.
fn resolve<'n>(with: &mut Evaluator<'n>, of: &[Item<'n>]) -> Answer<'n> {
    let mut found = Vec::new();
    for item in of {
        let reference = match item {
            Item::Node(node) if !node.kind().is_primitive() => node.text_of("reference").map(Cow::Borrowed),
            _ => item.text(),
        };
        let Some(reference) = reference else { continue };
        found.extend(target(with, &reference)?.map(Item::Node));
    }
    Ok(found)
}

/// The resource that a reference leads to; none for `#id` where nothing has the id.
fn target<'n>(with: &mut Evaluator<'n>, reference: &str) -> Result<Option<&'n Node>, Trouble> {
    let around = with.around;
    if let Some(id) = reference.strip_prefix('#') {
        with.spend(around.resource.children().len())?;
        let mut contained = around.resource.all("contained");
        return Ok(match id {
            "" => Some(around.resource),
            _ => contained.find(|resource| resource.text_of("id") == Some(id)),
        });
    }
    let mut entries = around.bundle.into_iter().flat_map(|bundle| bundle.all("entry"));
    with.spend(around.bundle.map_or(0, |bundle| bundle.children().len()))?;
    let leads_here = |entry: &&'n Node| entry.text_of("fullUrl").is_some_and(|url| is_at(url, reference));
    let entry = entries.find(leads_here).and_then(|entry| entry.child("resource"));
    entry.map(Some).ok_or_else(|| Trouble::Unsupported("resolve() of a reference to elsewhere".into()))
}

/// Is this the full URL that a reference names: all of it, or its end?
fn is_at(url: &str, reference: &str) -> bool {
    url.strip_suffix(reference).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

fn extensions<'n>(with: &mut Evaluator<'n>, of: &[Item<'n>], url: &Expression) -> Answer<'n> {
    let url = with.evaluate(url, of)?;
    let wanted = url.first().and_then(Item::text);
    let is_wanted = |node: &&'n Node| node.text_of("url") == wanted.as_deref();
    let nodes = of.iter().filter_map(|item| if let Item::Node(node) = item { Some(*node) } else { None });
    Ok(nodes.flat_map(|node| node.all("extension")).filter(is_wanted).map(Item::Node).collect())
}

/// Each item once. Primitives are compared by their text, so that a long list costs no more than its length.
pub(super) fn distinct<'n>(with: &mut Evaluator<'n>, of: &[Item<'n>]) -> Answer<'n> {
    let mut texts: HashSet<Cow<'n, str>> = HashSet::new();
    let mut kept: Collection<'n> = Vec::new();
    let mut complex: Vec<usize> = Vec::new();
    for item in of {
        if let Some(text) = item.text() {
            if texts.insert(text) {
                kept.push(item.clone());
            }
            continue;
        }
        with.spend(complex.len())?;
        if !complex.iter().any(|at| kept.get(*at).is_some_and(|other| item.equals(other) == Some(true))) {
            complex.push(kept.len());
            kept.push(item.clone());
        }
    }
    Ok(kept)
}

/// The items that are, or are not, in what another expression gives.
fn members<'n>(with: &mut Evaluator<'n>, of: &[Item<'n>], other: &Expression, wanted: bool) -> Answer<'n> {
    let other = with.evaluate(other, of)?;
    with.spend(of.len().saturating_mul(other.len()))?;
    let is_there = |item: &Item<'n>| {
        let one = std::slice::from_ref(item);
        other.iter().any(|candidate| equal(one, std::slice::from_ref(candidate)) == Some(true))
    };
    Ok(of.iter().filter(|item| is_there(item) == wanted).cloned().collect())
}

fn substring<'n>(text: &str, given: &[Item<'n>]) -> Collection<'n> {
    let whole = |at: usize| given.get(at).and_then(|item| single_number(std::slice::from_ref(item))?.as_whole());
    let Some(start) = whole(0).and_then(|start| usize::try_from(start).ok()) else { return Vec::new() };
    if start >= text.chars().count() {
        return Vec::new();
    }
    let length = match given.len() {
        1 => usize::MAX,
        _ => whole(1).and_then(|length| usize::try_from(length).ok()).unwrap_or(0),
    };
    vec![Item::Text(Cow::Owned(text.chars().skip(start).take(length).collect()))]
}

//! Evaluates an expression on a node.
//!
//! What cannot be evaluated is said, never passed over: a function that is not supported, or an expression that costs
//! more steps than it may.

use std::borrow::Cow;
use std::cmp::Ordering;

use fhir::Node;

use super::functions;
use super::parse::{Expression, Literal, Operator};
use super::value::{Collection, Item, Number};

/// Why an expression has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// A function, operator or constant that is not supported.
    Unsupported(Box<str>),
    /// More steps than are allowed.
    TooCostly,
}

/// How many steps one evaluation may take; a step is about one node or one call.
const MOST_STEPS: u32 = 2_000_000;

/// What lies around the node that an expression is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around<'n> {
    /// `%resource`: the resource whose `contained` its references lead into.
    pub(crate) resource: &'n Node,
    /// The Bundle that the resource is an entry of.
    pub(crate) bundle: Option<&'n Node>,
}

/// What an expression can see besides its focus.
pub(crate) struct Evaluator<'n> {
    pub(super) around: Around<'n>,
    /// `%context`: the node that the whole expression is about.
    context: &'n Node,
    steps: u32,
}

type Answer<'n> = Result<Collection<'n>, Trouble>;

/// Does the expression hold on the node? An empty result names no fault, so it does.
/// The steps that it took are added to `spent`.
pub(crate) fn holds<'n>(
    expression: &Expression,
    node: &'n Node,
    around: Around<'n>,
    spent: &mut u64,
) -> Result<bool, Trouble> {
    let mut evaluator = Evaluator { around, context: node, steps: 0 };
    let answer = evaluator.evaluate(expression, &[Item::Node(node)]);
    *spent += u64::from(evaluator.steps);
    Ok(truth(&answer?).unwrap_or(true))
}

/// A collection as a condition: nothing is neither true nor false; anything but a single boolean is there, so true.
pub(crate) fn truth(collection: &[Item<'_>]) -> Option<bool> {
    match collection {
        [] => None,
        [one] => match one.value() {
            Some(Item::Boolean(value)) => Some(value),
            _ => Some(true),
        },
        _ => Some(true),
    }
}

/// One side of `and`, `or` and the like. The published invariants use a bare element as "is there" (age-1, cnt-3), so one
/// that is not there is false.
fn condition(side: &Expression, result: &[Item<'_>]) -> Option<bool> {
    match side {
        Expression::Child(..) => Some(truth(result).unwrap_or(false)),
        _ => truth(result),
    }
}

fn boolean<'n>(value: Option<bool>) -> Collection<'n> {
    value.map(Item::Boolean).into_iter().collect()
}

impl<'n> Evaluator<'n> {
    /// Counts what an evaluation costs.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Trouble> {
        self.steps = self.steps.saturating_add(u32::try_from(steps).unwrap_or(u32::MAX));
        if self.steps > MOST_STEPS { Err(Trouble::TooCostly) } else { Ok(()) }
    }

    pub(super) fn evaluate(&mut self, expression: &Expression, focus: &[Item<'n>]) -> Answer<'n> {
        self.spend(1 + focus.len())?;
        match expression {
            Expression::Empty => Ok(Vec::new()),
            Expression::This => Ok(focus.to_vec()),
            Expression::Literal(literal) => Ok(self::literal(literal)),
            Expression::External(name) => self.external(name),
            Expression::Child(of, name) => match of {
                // At the beginning, the name of the focus's own type means the focus.
                None if is_of_type(focus, name) => Ok(focus.to_vec()),
                None => self.children(focus, name),
                Some(of) => {
                    let of = self.evaluate(of, focus)?;
                    self.children(&of, name)
                }
            },
            Expression::Call(of, name, arguments) => match of {
                None => functions::call(self, name, focus, arguments),
                Some(of) => {
                    let of = self.evaluate(of, focus)?;
                    functions::call(self, name, &of, arguments)
                }
            },
            Expression::Index(of, index) => {
                let of = self.evaluate(of, focus)?;
                let index = self.evaluate(index, focus)?;
                let at = single_number(&index).and_then(Number::as_whole).and_then(|at| usize::try_from(at).ok());
                Ok(at.and_then(|at| of.get(at).cloned()).into_iter().collect())
            }
            Expression::Negative(of) => {
                let of = self.evaluate(of, focus)?;
                Ok(single_number(&of).map(|number| Item::Number(number.negative())).into_iter().collect())
            }
            Expression::Binary(operator, left, right) => self.binary(*operator, left, right, focus),
            Expression::OfType { keep, of, type_name } => {
                let mut of = self.evaluate(of, focus)?;
                if *keep {
                    of.retain(|item| has_type(item, type_name));
                    return Ok(of);
                }
                Ok(boolean((!of.is_empty()).then(|| of.iter().all(|item| has_type(item, type_name)))))
            }
        }
    }

    fn external(&self, name: &str) -> Answer<'n> {
        let text = |text: String| Ok(vec![Item::Text(Cow::Owned(text))]);
        match name {
            "resource" | "rootResource" => Ok(vec![Item::Node(self.around.resource)]),
            "context" => Ok(vec![Item::Node(self.context)]),
            "ucum" => text("http://unitsofmeasure.org".to_owned()),
            "sct" => text("http://snomed.info/sct".to_owned()),
            "loinc" => text("http://loinc.org".to_owned()),
            _ => match (name.strip_prefix("vs-"), name.strip_prefix("ext-")) {
                (Some(set), _) => text(format!("http://hl7.org/fhir/ValueSet/{set}")),
                (_, Some(extension)) => text(format!("http://hl7.org/fhir/StructureDefinition/{extension}")),
                _ => Err(Trouble::Unsupported(format!("%{name}").into())),
            },
        }
    }

    /// The children of that name; a choice goes by its name without the type.
    fn children(&mut self, of: &[Item<'n>], name: &str) -> Answer<'n> {
        let mut found = Vec::new();
        for item in of {
            let Item::Node(node) = item else { continue };
            self.spend(node.children().len())?;
            let is_named = |child: &&Node| {
                child.name() == name || child.field().and_then(fhir::schema::Field::choice) == Some(name)
            };
            found.extend(
                node.children().iter().filter(|child| !child.is_empty_array()).filter(is_named).map(Item::Node),
            );
        }
        Ok(found)
    }

    fn binary(
        &mut self,
        operator: Operator,
        left_side: &Expression,
        right_side: &Expression,
        focus: &[Item<'n>],
    ) -> Answer<'n> {
        use Operator as O;
        let left = self.evaluate(left_side, focus)?;
        // What the left side decides alone is not worked out further.
        match (operator, condition(left_side, &left)) {
            (O::And, Some(false)) => return Ok(boolean(Some(false))),
            (O::Or, Some(true)) => return Ok(boolean(Some(true))),
            (O::Implies, Some(false)) => return Ok(boolean(Some(true))),
            _ => {}
        }
        let right = self.evaluate(right_side, focus)?;
        let (one, two) = (condition(left_side, &left), condition(right_side, &right));
        Ok(match operator {
            O::And => boolean(and(one, two)),
            O::Or => boolean(or(one, two)),
            O::Xor => boolean(one.zip(two).map(|(one, two)| one != two)),
            O::Implies => boolean(or(one.map(|one| !one), two)),
            O::Equal => boolean(equal(&left, &right)),
            O::NotEqual => boolean(equal(&left, &right).map(|equal| !equal)),
            O::Equivalent => boolean(Some(equivalent(&left, &right))),
            O::NotEquivalent => boolean(Some(!equivalent(&left, &right))),
            O::Less => compare(&left, &right, Ordering::is_lt),
            O::LessOrEqual => compare(&left, &right, Ordering::is_le),
            O::Greater => compare(&left, &right, Ordering::is_gt),
            O::GreaterOrEqual => compare(&left, &right, Ordering::is_ge),
            O::In => self.is_in(&left, &right)?,
            O::Contains => self.is_in(&right, &left)?,
            O::Union => {
                let mut all = left;
                all.extend(right);
                functions::distinct(self, &all)?
            }
            O::Concatenate => {
                let text = |side: &[Item<'n>]| side.first().and_then(Item::text).unwrap_or_default().into_owned();
                vec![Item::Text(Cow::Owned(text(&left) + &text(&right)))]
            }
            O::Plus => add(&left, &right),
            O::Minus => arithmetic(&left, &right, |one, two| one.plus(two.negative())),
            O::Times => arithmetic(&left, &right, Number::times),
            O::Divide => arithmetic(&left, &right, Number::divided_by),
            O::WholeDivide => arithmetic(&left, &right, |one, two| one.divided(two).map(|(whole, _)| whole)),
            O::Remainder => arithmetic(&left, &right, |one, two| one.divided(two).map(|(_, rest)| rest)),
        })
    }

    fn is_in(&mut self, member: &[Item<'n>], set: &[Item<'n>]) -> Answer<'n> {
        let [member] = member else { return Ok(Vec::new()) };
        self.spend(set.len())?;
        Ok(boolean(Some(set.iter().any(|item| member.equals(item) == Some(true)))))
    }
}

fn literal<'n>(literal: &Literal) -> Collection<'n> {
    vec![match literal {
        Literal::Boolean(value) => Item::Boolean(*value),
        Literal::Text(text) => Item::Text(Cow::Owned(text.to_string())),
        Literal::Date(text) => Item::Date(Cow::Owned(text.trim_start_matches('T').to_owned())),
        Literal::Number(digits) => match Number::parse(digits) {
            Some(number) => Item::Number(number),
            None => return Vec::new(),
        },
    }]
}

fn and(one: Option<bool>, two: Option<bool>) -> Option<bool> {
    match (one, two) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn or(one: Option<bool>, two: Option<bool>) -> Option<bool> {
    and(one.map(|one| !one), two.map(|two| !two)).map(|neither| !neither)
}

/// `=`: nothing on either side gives nothing; otherwise the same items in the same order.
pub(super) fn equal(left: &[Item<'_>], right: &[Item<'_>]) -> Option<bool> {
    if left.is_empty() || right.is_empty() {
        return None;
    }
    if left.len() != right.len() {
        return Some(false);
    }
    left.iter().zip(right).try_fold(true, |so_far, (one, two)| one.equals(two).map(|equal| so_far && equal))
}

/// `~`: the same items in any order; texts without regard to case.
fn equivalent(left: &[Item<'_>], right: &[Item<'_>]) -> bool {
    let same = |one: &Item<'_>, two: &Item<'_>| match (one.value(), two.value()) {
        (Some(Item::Text(one)), Some(Item::Text(two))) => one.to_lowercase() == two.to_lowercase(),
        _ => one.equals(two) == Some(true),
    };
    // Both sides are small here; a long one is not equivalent to anything but itself.
    left.len() == right.len() && left.len() <= 1000 && left.iter().all(|one| right.iter().any(|two| same(one, two)))
}

fn compare<'n>(left: &[Item<'_>], right: &[Item<'_>], holds: fn(Ordering) -> bool) -> Collection<'n> {
    let ([left], [right]) = (left, right) else { return Vec::new() };
    boolean(left.compare(right).map(holds))
}

pub(super) fn single_number(collection: &[Item<'_>]) -> Option<Number> {
    let [one] = collection else { return None };
    match one.value() {
        Some(Item::Number(number)) => Some(number),
        _ => None,
    }
}

fn arithmetic<'n>(left: &[Item<'_>], right: &[Item<'_>], join: fn(Number, Number) -> Option<Number>) -> Collection<'n> {
    let both = single_number(left).zip(single_number(right));
    both.and_then(|(left, right)| join(left, right)).map(Item::Number).into_iter().collect()
}

/// `+`: numbers are added, texts joined; nothing on either side gives nothing.
fn add<'n>(left: &[Item<'n>], right: &[Item<'n>]) -> Collection<'n> {
    let ([one], [two]) = (left, right) else { return Vec::new() };
    match (one.value(), two.value()) {
        (Some(Item::Text(one)), Some(Item::Text(two))) => vec![Item::Text(one + two)],
        _ => arithmetic(left, right, Number::plus),
    }
}

fn is_of_type(focus: &[Item<'_>], name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && matches!(focus, [Item::Node(node)] if node.is_resource() && node.type_name() == name)
}

/// Types that build on others, and the names of the values of the expression language.
const BUILDS_ON: &[(&str, &str)] = &[
    ("code", "string"),
    ("id", "string"),
    ("markdown", "string"),
    ("oid", "uri"),
    ("uuid", "uri"),
    ("positiveInt", "integer"),
    ("unsignedInt", "integer"),
    ("Age", "Quantity"),
    ("Count", "Quantity"),
    ("Distance", "Quantity"),
    ("Duration", "Quantity"),
    ("Money", "Quantity"),
];

fn has_type(item: &Item<'_>, wanted: &str) -> bool {
    let own = match item {
        Item::Node(node) => node.type_name(),
        Item::Boolean(_) => "boolean",
        Item::Text(_) => "string",
        Item::Number(number) => {
            if number.as_whole().is_some() {
                "integer"
            } else {
                "decimal"
            }
        }
        Item::Date(_) => "dateTime",
    };
    own == wanted
        || BUILDS_ON.contains(&(own, wanted))
        || (!matches!(item, Item::Node(_)) && own.eq_ignore_ascii_case(wanted))
        || (wanted == "Resource" && matches!(item, Item::Node(node) if node.is_resource()))
}

//! The readable form of a [`Schema`], both ways.
//!
//! A definition is a header line and one indented line for each element, columns apart by blanks:
//!
//! ```text
//! resource Appointment : DomainResource
//!   Appointment.status            1..1  code              modifier summary  -> required appointmentstatus
//!   Appointment.participant       1..*  BackboneElement
//!   Appointment.participant.actor 0..1  Reference(Patient|Practitioner)  summary
//! ```
//!
//! - Headers begin with `resource`, `type`, `primitive` or `constraint`, after `abstract` where it is so. The name behind
//!   the colon is the base: its elements come first and are not repeated here; a row with the path of an inherited
//!   element replaces it. Elements of the types `BackboneElement` and `Element` have those types' elements likewise.
//! - The third column is what the element holds: types apart by `|`, each with profiles in `<…>` and reference targets in
//!   `(…)`; `@Path` for the same as there; `json:string` for a primitive's value.
//! - Then come `modifier`, `summary`, and `attribute` or `xhtml` for what XML does not write as an element.
//! - `->` begins the binding: strength, value set (`-` for none) and, after `within`, the set that no code may leave.
//! - Names of types and value sets that are not URLs belong to FHIR itself. `#` begins a comment line.

use std::fmt;
use std::sync::Arc;

use super::{Binding, Content, Definition, DefinitionKind, Row, ScalarKind, Schema, Strength, TypeReference, XmlForm};

/// A line of a definition text that could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct SchemaError {
    /// The line, the first is 1.
    pub line: usize,
    /// What was expected and what came.
    pub reason: String,
}

impl Schema {
    /// Adds the definitions of a text. A base must be here already, or stand earlier in the text.
    pub fn read(&mut self, text: &str) -> Result<(), SchemaError> {
        let mut open: Option<Definition> = None;
        for (index, line) in text.lines().enumerate() {
            let fail = |reason| SchemaError { line: index + 1, reason };
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if line.starts_with(' ') {
                let definition = open.as_mut().ok_or_else(|| fail("a row before any header".to_owned()))?;
                let row = row(line, definition).map_err(fail)?;
                self.place(definition, row);
            } else {
                if let Some(done) = open.take() {
                    self.add(done);
                }
                open = Some(self.header(line).map_err(fail)?);
            }
        }
        if let Some(done) = open {
            self.add(done);
        }
        Ok(())
    }

    /// A definition with its inherited rows, from its header line.
    fn header(&self, line: &str) -> Result<Definition, String> {
        let (is_abstract, rest) = line.strip_prefix("abstract ").map_or((false, line), |rest| (true, rest));
        let (kind, rest) = rest.split_once(' ').ok_or("expected `KIND NAME : BASE`")?;
        let kind = match kind {
            "resource" => DefinitionKind::Resource,
            "type" => DefinitionKind::Complex,
            "primitive" => DefinitionKind::Primitive,
            "constraint" => DefinitionKind::Constraint,
            other => return Err(format!("expected resource, type, primitive or constraint, got {other}")),
        };
        let (name, base) = rest.split_once(" : ").map_or((rest, None), |(name, base)| (name, Some(base.trim())));
        let rows = match base {
            None => Vec::new(),
            Some(base) => {
                self.definition(base).ok_or_else(|| format!("the base {base} is not known yet"))?.rows.clone()
            }
        };
        Ok(Definition { name: name.trim().into(), kind, is_abstract, base: base.map(Into::into), rows })
    }

    /// Puts a row where it belongs, and the elements that it inherits behind it.
    fn place(&self, definition: &mut Definition, row: Row) {
        if let Some(inherited) = definition.rows.iter_mut().find(|other| other.path == row.path) {
            *inherited = Arc::new(row);
            return;
        }
        let path = row.path.clone();
        let part = row.part_type().map(str::to_owned);
        definition.rows.push(Arc::new(row));
        for inherited in part.iter().filter_map(|name| self.definition(name)).flat_map(|part| &part.rows) {
            let path = format!("{path}.{}", inherited.path).into_boxed_str();
            definition.rows.push(Arc::new(Row { path, ..(**inherited).clone() }));
        }
    }

    /// The rows of a definition that its text spells out, all others being inherited.
    fn own_rows<'a>(&'a self, definition: &'a Definition) -> impl Iterator<Item = &'a Arc<Row>> {
        let base = definition.base.as_deref().and_then(|base| self.definition(base));
        definition.rows.iter().filter(move |row| {
            let inherited = base.and_then(|base| base.row(&row.path)).is_some_and(|other| other == *row);
            !inherited && !self.is_inherited_part(definition, row)
        })
    }

    fn is_inherited_part(&self, definition: &Definition, row: &Row) -> bool {
        let part = definition.row(row.parent()).and_then(|parent| parent.part_type());
        let inherited = part.and_then(|part| self.definition(part)).and_then(|part| part.row(row.name()));
        inherited.is_some_and(|other| Row { path: row.path.clone(), ..(**other).clone() } == *row)
    }
}

impl Row {
    /// `BackboneElement` or `Element`, when the element's own elements are rows of the same definition.
    pub(super) fn part_type(&self) -> Option<&str> {
        match &self.content {
            Content::Types(types) => match types.as_slice() {
                [one] if matches!(&*one.code, "BackboneElement" | "Element") => Some(&one.code),
                _ => None,
            },
            _ => None,
        }
    }
}

fn row(line: &str, definition: &Definition) -> Result<Row, String> {
    let (facts, binding) = line.split_once("->").map_or((line, None), |(facts, binding)| (facts, Some(binding)));
    let mut words = facts.split_whitespace();
    let mut next =
        |what: &str| words.next().ok_or_else(|| format!("expected `PATH MIN..MAX TYPES`, {what} is missing"));
    let path = next("the path")?;
    let path = path
        .strip_prefix(&*definition.name)
        .and_then(|rest| rest.strip_prefix('.'))
        .ok_or_else(|| format!("expected a path that begins with {}., got {path}", definition.name))?;
    let (min, max) = cardinality(next("the cardinality")?)?;
    let content = content(next("the type")?)?;
    let binding = binding.map(self::binding).transpose()?;
    let form = XmlForm::Element;
    let mut row = Row { path: path.into(), min, max, content, modifier: false, summary: false, form, binding };
    for word in words {
        match word {
            "modifier" => row.modifier = true,
            "summary" => row.summary = true,
            "attribute" => row.form = XmlForm::Attribute,
            "xhtml" => row.form = XmlForm::Xhtml,
            other => return Err(format!("expected modifier, summary, attribute or xhtml, got {other}")),
        }
    }
    Ok(row)
}

fn cardinality(text: &str) -> Result<(u32, Option<u32>), String> {
    let fail = || format!("expected MIN..MAX such as 0..1 or 1..*, got {text}");
    let (min, max) = text.split_once("..").ok_or_else(fail)?;
    let max = if max == "*" { None } else { Some(max.parse().map_err(|_| fail())?) };
    Ok((min.parse().map_err(|_| fail())?, max))
}

fn content(text: &str) -> Result<Content, String> {
    if let Some(path) = text.strip_prefix('@') {
        return Ok(Content::SameAs(path.into()));
    }
    match text.strip_prefix("json:") {
        Some("string") => return Ok(Content::Json(ScalarKind::String)),
        Some("number") => return Ok(Content::Json(ScalarKind::Number)),
        Some("boolean") => return Ok(Content::Json(ScalarKind::Boolean)),
        Some(other) => return Err(format!("expected json:string, json:number or json:boolean, got json:{other}")),
        None => {}
    }
    split_outside_brackets(text).into_iter().map(type_reference).collect::<Result<_, _>>().map(Content::Types)
}

/// Splits at each `|` that no bracket encloses.
fn split_outside_brackets(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    text.split(|c| {
        match c {
            '(' | '<' => depth += 1,
            ')' | '>' => depth -= 1,
            _ => {}
        }
        c == '|' && depth == 0
    })
    .collect()
}

fn type_reference(text: &str) -> Result<TypeReference, String> {
    let (rest, targets) = bracket(text, '(', ')')?;
    let (code, profiles) = bracket(rest, '<', '>')?;
    Ok(TypeReference { code: code.into(), profiles, targets })
}

/// Takes a bracketed list off the end of a text.
fn bracket(text: &str, open: char, close: char) -> Result<(&str, Vec<Box<str>>), String> {
    match text.split_once(open) {
        None => Ok((text, Vec::new())),
        Some((before, list)) => {
            let list = list.strip_suffix(close).ok_or_else(|| format!("expected {close} at the end of {text}"))?;
            Ok((before, list.split('|').map(Into::into).collect()))
        }
    }
}

fn binding(text: &str) -> Result<Binding, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (strength, value_set, within) = match words.as_slice() {
        [strength, value_set] => (*strength, *value_set, None),
        [strength, value_set, "within", within] => (*strength, *value_set, Some((*within).into())),
        _ => return Err(format!("expected `-> STRENGTH VALUESET [within VALUESET]`, got {text}")),
    };
    let strength = match strength {
        "required" => Strength::Required,
        "extensible" => Strength::Extensible,
        "preferred" => Strength::Preferred,
        "example" => Strength::Example,
        other => return Err(format!("expected required, extensible, preferred or example, got {other}")),
    };
    Ok(Binding { strength, value_set: (value_set != "-").then(|| value_set.into()), within })
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, definition) in self.definitions().iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            writeln!(f, "{definition}")?;
            for row in self.own_rows(definition) {
                writeln!(f, "  {}.{row}", definition.name)?;
            }
        }
        Ok(())
    }
}

/// The header line.
impl fmt::Display for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            DefinitionKind::Resource => "resource",
            DefinitionKind::Complex => "type",
            DefinitionKind::Primitive => "primitive",
            DefinitionKind::Constraint => "constraint",
        };
        write!(f, "{}{kind} {}", if self.is_abstract { "abstract " } else { "" }, self.name)?;
        self.base.as_ref().map_or(Ok(()), |base| write!(f, " : {base}"))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}..", self.path, self.min)?;
        match self.max {
            None => write!(f, "*")?,
            Some(max) => write!(f, "{max}")?,
        }
        write!(f, "  {}", self.content)?;
        let flags = [
            (self.modifier, "modifier"),
            (self.summary, "summary"),
            (self.form == XmlForm::Attribute, "attribute"),
            (self.form == XmlForm::Xhtml, "xhtml"),
        ];
        for (_, word) in flags.iter().filter(|(is_set, _)| *is_set) {
            write!(f, "  {word}")?;
        }
        self.binding.as_ref().map_or(Ok(()), |binding| write!(f, "  -> {binding}"))
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Content::SameAs(path) => write!(f, "@{path}"),
            Content::Json(ScalarKind::String) => write!(f, "json:string"),
            Content::Json(ScalarKind::Number) => write!(f, "json:number"),
            Content::Json(ScalarKind::Boolean) => write!(f, "json:boolean"),
            Content::Types(types) => {
                for (index, one) in types.iter().enumerate() {
                    write!(f, "{}{one}", if index > 0 { "|" } else { "" })?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for TypeReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if !self.profiles.is_empty() {
            write!(f, "<{}>", self.profiles.join("|"))?;
        }
        if !self.targets.is_empty() {
            write!(f, "({})", self.targets.join("|"))?;
        }
        Ok(())
    }
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.strength, self.value_set.as_deref().unwrap_or("-"))?;
        self.within.as_ref().map_or(Ok(()), |within| write!(f, " within {within}"))
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Strength::Required => "required",
            Strength::Extensible => "extensible",
            Strength::Preferred => "preferred",
            Strength::Example => "example",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::stu3;
    use super::*;

    #[test]
    fn the_built_in_definitions_print_as_they_were_read() {
        let printed = stu3().to_string();
        let mut again = Schema::default();
        again.read(&printed).unwrap();
        assert_eq!(&again, stu3());
        assert!(stu3().definitions().len() > 70);
    }

    #[test]
    fn a_line_that_is_not_understood_is_refused_with_its_number() {
        let table = [
            ("  Slot.start  1..1  instant", 1, "before any header"),
            ("thing Slot", 1, "got thing"),
            ("resource Slot : Nowhere", 1, "Nowhere is not known"),
            ("resource Slot\n  Plot.start  1..1  instant", 2, "begins with Slot."),
            ("resource Slot\n\n  Slot.start  1-1  instant", 3, "MIN..MAX"),
            ("resource Slot\n  Slot.start  1..1  Reference(Patient", 2, "expected )"),
            ("resource Slot\n  Slot.start  1..1  instant  quick", 2, "got quick"),
            ("resource Slot\n  Slot.start  1..1  code  -> firm x", 2, "got firm"),
            ("resource Slot\n  Slot.start  1..1  json:array", 2, "got json:array"),
        ];
        for (text, line, reason) in table {
            let error = Schema::default().read(text).unwrap_err();
            assert!(error.line == line && error.reason.contains(reason), "{text:?} gave {error}");
        }
    }
}

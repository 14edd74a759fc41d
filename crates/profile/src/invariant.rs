//! Invariants: what a definition demands in FHIRPath, with our words for people.
//!
//! The text form, `definitions/invariants.txt`:
//!
//! ```text
//! Appointment.participant app-1: type.exists() or actor.exists()     where, key, expression
//!   A participant has a type or an actor.                            what it means
//!   Add actor or type to the participant.                            what to do where it does not hold
//! ```

use crate::fhirpath::{Expression, parse};

/// One invariant.
#[derive(Debug, Clone, PartialEq)]
pub struct Invariant {
    /// The type or the element that it is about: `Period`, `Appointment.participant`.
    pub on: Box<str>,
    /// The key: `app-1`.
    pub key: Box<str>,
    /// The expression, as published.
    pub text: Box<str>,
    /// What it means, one sentence.
    pub meaning: Box<str>,
    /// What to do where it does not hold, one sentence.
    pub cure: Box<str>,
    /// True where breaking it is only worth a warning.
    pub warns: bool,
    pub(crate) expression: Option<Expression>,
}

/// Keys of invariants that the walk checks itself: they are about every element or every resource, or are not FHIRPath.
const NATIVE: &[&str] = &["ele-1", "ext-1", "dom-1", "dom-2", "dom-3", "dom-4", "ref-1", "txt-1", "txt-2"];

impl Invariant {
    /// An invariant of a definition; an expression that cannot be read leaves it without one, and it is reported when it
    /// would have been used.
    pub fn new(on: &str, key: &str, text: &str, meaning: &str, cure: &str) -> Invariant {
        Invariant {
            on: on.into(),
            key: key.into(),
            text: text.into(),
            meaning: meaning.into(),
            cure: cure.into(),
            warns: false,
            expression: parse(text).ok(),
        }
    }

    /// True where the walk checks it without evaluating its expression.
    pub(crate) fn is_native(&self) -> bool {
        NATIVE.contains(&&*self.key)
    }
}

/// Reads the text form. A block that has not all three lines ends the reading with the number of its first line.
pub(crate) fn read(text: &str) -> Result<Vec<Invariant>, usize> {
    let mut invariants = Vec::new();
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    while let Some((at, head)) = lines.next() {
        let mut sentence = || lines.next().and_then(|(_, line)| line.strip_prefix("  "));
        let block = head.split_once(": ").and_then(|(place, expression)| {
            let (on, key) = place.split_once(' ')?;
            Some(Invariant::new(on, key, expression, sentence()?, sentence()?))
        });
        invariants.push(block.filter(|invariant| invariant.expression.is_some()).ok_or(at + 1)?);
    }
    Ok(invariants)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_block_is_read_or_its_line_is_named() {
        let read_one = read("# note\n\nA.b k-1: c.exists()\n  It is.\n  Do it.\n").unwrap();
        let one = &read_one[0];
        assert_eq!((&*one.on, &*one.key, &*one.meaning, &*one.cure), ("A.b", "k-1", "It is.", "Do it."));
        assert_eq!(read("A k-1: c.exists()\n  It is.\n"), Err(1));
        assert_eq!(read("A k-1: c..exists()\n  It is.\n  Do it.\n"), Err(1));
        assert_eq!(read("nonsense\n"), Err(1));
    }
}

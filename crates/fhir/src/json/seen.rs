//! Which names an object has had, so that none comes twice.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::issue::Fault;
use crate::schema::Field;

/// What one object has had so far.
#[derive(Default)]
pub(super) struct Seen<'s> {
    known: Fields,
    /// The elements whose `_` member came.
    pub(super) companions: Fields,
    pub(super) others: OtherNames<'s>,
}

/// A set of the elements of one type.
#[derive(Default)]
pub(super) struct Fields {
    bits: [u64; 4],
}

/// The names that are not in the definitions: a few are compared, many are sorted.
#[derive(Default)]
pub(super) struct OtherNames<'s> {
    few: Vec<Cow<'s, str>>,
    many: BTreeSet<Cow<'s, str>>,
}

impl Fields {
    /// Adds an element and says whether that changed anything; `None` for the elements of a type that has too many.
    pub(super) fn add(&mut self, field: &Field) -> Option<bool> {
        let position = usize::from(field.position());
        let bit = 1_u64 << (position % 64);
        let word = self.bits.get_mut(position / 64)?;
        let new = *word & bit == 0;
        *word |= bit;
        Some(new)
    }

    pub(super) fn has(&self, field: &Field) -> bool {
        let position = usize::from(field.position());
        self.bits.get(position / 64).is_some_and(|word| word & (1 << (position % 64)) != 0)
    }
}

impl<'s> Seen<'s> {
    pub(super) fn note(&mut self, field: &Field, key: Cow<'s, str>, at: usize) -> Result<(), Fault> {
        match self.known.add(field) {
            Some(true) => Ok(()),
            Some(false) => Err(duplicate(at)),
            None => self.others.note(key, at),
        }
    }
}

impl<'s> OtherNames<'s> {
    pub(super) fn note(&mut self, key: Cow<'s, str>, at: usize) -> Result<(), Fault> {
        const FEW: usize = 16;
        if self.few.contains(&key) || self.many.contains(&key) {
            return Err(duplicate(at));
        }
        if self.few.len() < FEW {
            self.few.push(key);
        } else {
            self.many.insert(key);
        }
        Ok(())
    }
}

fn duplicate(at: usize) -> Fault {
    Fault::forbidden(at, "this name is in its object twice; what is meant cannot be known")
}

//! Everything that a resource is judged by, compiled once.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};

use fhir::Node;
use fhir::schema::{self, STRUCTURE_BASE, Schema, Types};

use crate::constraint::{self, Profile, Rules};
use crate::invariant::{self, Invariant};
use crate::package::{self, Added};
use crate::structure;
use crate::table::{Table, full_url, with_full_urls};
use crate::terminology::{Terminology, without_version};
use crate::walk::base_type;

/// Types, code lists, invariants and profiles.
#[derive(Debug)]
pub struct Definitions {
    schema: Schema,
    types: &'static Types,
    pub(crate) table: Table,
    pub(crate) terminology: Terminology,
    pub(crate) invariants: Vec<Arc<Invariant>>,
    profiles: HashMap<Box<str>, Profile>,
}

/// The code lists that are built in.
const CODE_LISTS: &[&str] = &[
    include_str!("../definitions/terminology/fhir.txt"),
    include_str!("../definitions/terminology/v2-v3.txt"),
    include_str!("../definitions/terminology/uk.txt"),
];

/// The invariants of STU3.
const INVARIANTS: &str = include_str!("../definitions/invariants.txt");

/// The profiles that are built in.
const PROFILES: &[&str] = &[
    include_str!("../definitions/profiles/care-connect.txt"),
    include_str!("../definitions/profiles/extensions.txt"),
    include_str!("../definitions/profiles/targets.txt"),
];

impl Definitions {
    /// FHIR STU3 with the Care Connect profiles: what is built in. Compiled at the first call.
    pub fn standard() -> &'static Definitions {
        static STANDARD: LazyLock<Definitions> = LazyLock::new(Definitions::built_in);
        &STANDARD
    }

    /// The same as a value of its own, to add to.
    pub fn built_in() -> Definitions {
        // The texts are part of the program and tests read them: were one broken, what stands before the break is used.
        let mut terminology = Terminology::default();
        for list in CODE_LISTS {
            let read = terminology.read(list);
            debug_assert!(read.is_ok(), "{read:?}");
        }
        let read = invariant::read(INVARIANTS);
        debug_assert!(read.is_ok(), "{read:?}");
        let invariants: Vec<Arc<Invariant>> = read.unwrap_or_default().into_iter().map(Arc::new).collect();
        let table = Table::compile(schema::types(), &invariants);
        let (schema, types, profiles) = (schema::stu3().clone(), schema::types(), HashMap::new());
        let mut definitions = Definitions { schema, types, table, terminology, invariants, profiles };
        for text in PROFILES {
            let read = constraint::read(text);
            debug_assert!(read.is_ok(), "{read:?}");
            read.unwrap_or_default().into_iter().for_each(|profile| definitions.add_profile(profile));
        }
        definitions
    }

    /// The types that readers have to know for these definitions: `fhir::json::read_with` takes them.
    pub fn types(&self) -> &'static Types {
        self.types
    }

    /// Adds types; one that is known already stays as it is. All types are linked anew, and what was linked before is never
    /// freed: packages are loaded once, at the start.
    pub(crate) fn add_types(&mut self, definitions: &[&Node], added: &mut Added) {
        let mut any = false;
        for definition in definitions {
            let name = definition.text_of("type").or(definition.text_of("id")).unwrap_or_default();
            if self.schema.definition(name).is_some() {
                continue;
            }
            match structure::type_definition(definition) {
                Ok((of, invariants)) => {
                    added.types.push(of.name.to_string());
                    self.schema.add(of);
                    self.invariants.extend(invariants.into_iter().map(Arc::new));
                    any = true;
                }
                Err(why) => added.unusable.push((package::told("", definition), why.to_owned())),
            }
        }
        if any {
            self.types = Types::link(&self.schema);
            self.table = Table::compile(self.types, &self.invariants);
        }
    }

    /// Adds a profile, replacing one of the same URL.
    pub fn add_profile(&mut self, mut profile: Profile) {
        write_out(&mut profile.root);
        self.profiles.insert(profile.url.clone(), profile);
    }

    /// The profile of a canonical URL, without a version.
    pub fn profile(&self, url: &str) -> Option<&Profile> {
        self.profiles.get(url)
    }

    /// All profiles, in no order.
    pub fn profiles(&self) -> impl Iterator<Item = &Profile> {
        self.profiles.values()
    }

    /// True where the key is that of an invariant of the base definitions.
    pub(crate) fn is_base_invariant(key: &str) -> bool {
        static KEYS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
            let heads = INVARIANTS.lines().filter(|line| !line.starts_with(['#', ' ']));
            heads.filter_map(|line| line.split_once(": ")?.0.split_once(' ').map(|(_, key)| key)).collect()
        });
        KEYS.contains(key)
    }

    /// True for a type that no resource or element has itself: Resource, DomainResource.
    pub(crate) fn is_abstract(&self, type_name: &str) -> bool {
        self.schema.definition(type_name).is_some_and(|definition| definition.is_abstract)
    }

    /// The code systems and value sets.
    pub fn terminology(&self) -> &Terminology {
        &self.terminology
    }

    /// The invariants of the base definitions.
    pub fn invariants(&self) -> impl Iterator<Item = &Invariant> {
        self.invariants.iter().map(|invariant| &**invariant)
    }

    /// The resource or data type that a canonical URL of a type or a profile is about; `None` where it is not known.
    pub fn type_of<'u>(&'u self, url: &'u str) -> Option<&'u str> {
        match self.profiles.get(without_version(url)) {
            Some(profile) => Some(&profile.of),
            None => base_type(url),
        }
    }
}

/// Writes the names of FHIR itself out as URLs, so that the walk compares URLs only.
fn write_out(rules: &mut Rules) {
    rules.binding = rules.binding.take().map(with_full_urls);
    for of in &mut rules.types {
        for url in of.profiles.iter_mut().chain(&mut of.targets) {
            *url = full_url(STRUCTURE_BASE, url);
        }
    }
    rules.slices.iter_mut().chain(&mut rules.children).for_each(write_out);
}

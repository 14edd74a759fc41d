//! Everything that a resource is judged by, compiled once.

use std::sync::{Arc, LazyLock};

use fhir::schema;

use crate::invariant::{self, Invariant};
use crate::table::Table;
use crate::terminology::Terminology;
use crate::walk::base_type;

/// Types, code lists, invariants and profiles.
#[derive(Debug)]
pub struct Definitions {
    pub(crate) table: Table,
    pub(crate) terminology: Terminology,
    pub(crate) invariants: Vec<Arc<Invariant>>,
}

/// The code lists that are built in.
const CODE_LISTS: &[&str] = &[
    include_str!("../definitions/terminology/fhir.txt"),
    include_str!("../definitions/terminology/v2-v3.txt"),
    include_str!("../definitions/terminology/uk.txt"),
];

/// The invariants of STU3.
const INVARIANTS: &str = include_str!("../definitions/invariants.txt");

impl Definitions {
    /// FHIR STU3 with the Care Connect profiles: what is built in. Compiled at the first call.
    pub fn standard() -> &'static Definitions {
        static STANDARD: LazyLock<Definitions> = LazyLock::new(Definitions::compile);
        &STANDARD
    }

    fn compile() -> Definitions {
        // The texts are part of the program and tests read them: were one broken, what stands before the break is used.
        let mut terminology = Terminology::default();
        for list in CODE_LISTS {
            let read = terminology.read(list);
            debug_assert!(read.is_ok(), "{read:?}");
        }
        let read = invariant::read(INVARIANTS);
        debug_assert!(read.is_ok(), "{read:?}");
        let invariants: Vec<Arc<Invariant>> = read.unwrap_or_default().into_iter().map(Arc::new).collect();
        Definitions { table: Table::compile(schema::types(), &invariants), terminology, invariants }
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
        base_type(url)
    }
}

//! A wall as a value: a pure check of one file. All of them are run over the tree here, and each on planted violations beside it.

use super::source::{Source, tree};
use super::{documents, pure, roles};

/// A check of one file that answers with what is wrong with it.
pub(super) struct Wall {
    pub(super) name: &'static str,
    pub(super) faults: fn(&Source) -> Vec<String>,
}

impl Wall {
    /// Hold that each planted file is found.
    pub(super) fn fails_on(&self, planted: &[(&str, &str)]) {
        for (path, text) in planted {
            let found = (self.faults)(&Source::new(path, text));
            assert!(!found.is_empty(), "wall {} let this through: {path}\n{text}", self.name);
            assert!(found.iter().all(|fault| fault.starts_with(path)), "a fault says where it is: {found:?}");
        }
    }

    /// Hold that each sound file is left alone.
    pub(super) fn passes(&self, sound: &[(&str, &str)]) {
        for (path, text) in sound {
            assert_eq!((self.faults)(&Source::new(path, text)), Vec::<String>::new(), "wall {}: {path}", self.name);
        }
    }
}

const WALLS: &[Wall] = &[
    roles::NO_ROLE_NAMES_ANOTHER,
    pure::PURE_CRATES,
    pure::ROLES_WITHOUT_PROCESS,
    roles::ONE_PLACE_FOR_STATUSES,
    roles::DIALECTS_BY_FIELD,
    documents::OPENINGS,
    documents::LENGTHS,
    documents::NAMES,
    roles::STORED_AS_IT_CAME,
];

#[test]
fn walls_3_to_9_stand_in_every_file() {
    let tree = tree();
    let found: Vec<String> = WALLS
        .iter()
        .flat_map(|wall| {
            tree.iter().flat_map(|source| {
                (wall.faults)(source).into_iter().map(|fault| format!("wall {}: {fault}", wall.name))
            })
        })
        .collect();
    assert!(found.is_empty(), "{} faults\n{}", found.len(), found.join("\n"));
}

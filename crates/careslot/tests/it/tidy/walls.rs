//! A wall as a value: a pure check of one file. All of them are run over the tree here, and each on planted violations beside it.

use super::source::{Fault, Source, tree};
use super::{documents, pure, roles};

/// A check of one file that answers with what is wrong with it.
pub(super) struct Wall {
    /// Its number in ARCHITECTURE.md.
    pub(super) number: u8,
    pub(super) name: &'static str,
    pub(super) faults: fn(&Source) -> Vec<Fault>,
}

impl Wall {
    /// Hold that each planted file is found.
    pub(super) fn fails_on(&self, planted: &[(&str, &str)]) {
        for (path, text) in planted {
            let found = self.unexcused(&Source::new(path, text));
            assert!(!found.is_empty(), "wall {} let this through: {path}\n{text}", self.number);
        }
    }

    /// Hold that each sound file is left alone.
    pub(super) fn passes(&self, sound: &[(&str, &str)]) {
        for (path, text) in sound {
            assert_eq!(self.unexcused(&Source::new(path, text)), Vec::new(), "wall {}: {path}", self.number);
        }
    }

    /// The faults that no `// wall N: …`, on the line or on the one before it, gives a reason for.
    fn unexcused(&self, source: &Source) -> Vec<Fault> {
        let excuse = format!("// wall {}: ", self.number);
        let mut faults = (self.faults)(source);
        faults.retain(|fault| {
            let lines = source.text.lines().skip(fault.line.saturating_sub(2)).take(if fault.line > 1 { 2 } else { 1 });
            !lines.into_iter().any(|line| line.contains(&excuse))
        });
        faults
    }
}

/// The most excuses there may be in the whole tree. This number only ever shrinks.
const MAX_EXCUSES: usize = 8;

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
    let mut found = Vec::new();
    for wall in WALLS {
        let faults = tree.iter().flat_map(|source| wall.unexcused(source));
        found.extend(faults.map(|fault| format!("wall {}, {}: {fault}", wall.number, wall.name)));
    }
    assert!(found.is_empty(), "{} faults\n{}", found.len(), found.join("\n"));
}

#[test]
fn excuses_are_few() {
    let is_excuse = |line: &&str| (1..=9).any(|number| line.contains(&format!("// wall {number}: ")));
    let ours = |source: &&Source| !source.path.contains("/tests/it/tidy/");
    let excuses: Vec<String> = tree()
        .iter()
        .filter(ours)
        .flat_map(|source| {
            source
                .text
                .lines()
                .filter(is_excuse)
                .map(|line| format!("{}: {}", source.path, line.trim()))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(excuses.len() <= MAX_EXCUSES, "{} excuses\n{}", excuses.len(), excuses.join("\n"));
}

#[test]
fn an_excuse_stands_for_its_own_wall_and_line_only() {
    let wall = pure::PURE_CRATES;
    let path = "crates/fhir/src/x.rs";
    wall.passes(&[
        (path, "//! x\nfn f() { x.unwrap() } // wall 4: compiled in"),
        (path, "//! x\n// wall 4: compiled in\nfn f() { x.unwrap() }"),
    ]);
    wall.fails_on(&[
        (path, "//! x\nfn f() { x.unwrap() } // wall 5: compiled in"),
        (path, "//! x\n// wall 4: compiled in\n\nfn f() { x.unwrap() }"),
        (path, "//! x\nfn f() { x.unwrap() } // wall 4:"),
    ]);
}

//! The corpus of the fuzz target `target_url`, replayed: what was ever found stays found.

use super::target_checks::check_target;

#[test]
fn the_corpus_of_targets_is_survived() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/target_url");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder}: {error}")) {
        check_target(&std::fs::read(entry.unwrap().path()).unwrap());
        files += 1;
    }
    assert!(files > 0, "{folder} is empty");
}

//! The fuzz targets' corpora, replayed: what was ever found stays found.

use std::path::PathBuf;

use super::checks;

fn replay(target: &str, check: fn(&[u8])) {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus")).join(target);
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        check(&std::fs::read(entry.unwrap().path()).unwrap());
        files += 1;
    }
    assert!(files > 0, "{} is empty", folder.display());
}

#[test]
fn the_corpora_of_both_formats_are_survived() {
    replay("json", checks::codec);
    replay("xml", checks::codec);
}

#[test]
fn the_corpora_of_dates_and_search_values_are_survived() {
    replay("date", checks::date);
    replay("search", checks::search);
}

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
fn the_corpora_of_tokens_and_headers_are_survived() {
    replay("token", checks::check_token);
    replay("jwks", checks::check_jwks);
    replay("ssp_headers", checks::check_ssp_headers);
}

#[test]
fn the_corpora_of_the_directory_are_survived() {
    replay("ber", checks::check_ber);
    replay("ldif", checks::check_ldif);
    replay("filter", checks::check_filter);
}

//! The corpora of the fuzz targets `target_url` and `wire`, replayed: what was ever found stays found.

use super::target_checks::check_target;
use super::wire_checks::check_wire;

#[test]
fn the_corpora_are_survived() {
    for (target, check) in [("target_url", check_target as fn(&[u8])), ("wire", check_wire)] {
        let folder = format!("{}/../../fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
        let mut files = 0;
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder}: {error}")) {
            check(&std::fs::read(entry.unwrap().path()).unwrap());
            files += 1;
        }
        assert!(files > 0, "{folder} is empty");
    }
}

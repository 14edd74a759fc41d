//! The styles that the pages are served with, and the lock file that they are made from.

use std::fs;

use careslot::assets::STYLES;

use crate::tidy::root;

#[test]
fn the_styles_fetch_nothing_and_name_no_typeface_of_the_nhs() {
    let css = STYLES.to_lowercase();
    for banned in ["frutiger", "@font-face", "@import", "http:", "https:", "//", ".woff", ".ttf"] {
        assert!(!css.contains(banned), "{banned} in the compiled styles");
    }
    for place in css.match_indices("url(").map(|(at, _)| &css[at..css.len().min(at + 40)]) {
        assert!(place.starts_with("url(\"data:,"), "{place} would be fetched");
    }
    assert!(css.contains("html{font-family:arial,sans-serif}"));
    for used in [
        ".nhsuk-button",
        ".nhsuk-table",
        ".nhsuk-summary-list",
        ".nhsuk-tag",
        ".nhsuk-card",
        ".nhsuk-skip-link",
        ".nhsuk-width-container",
    ] {
        assert!(css.contains(used), "{used} is there");
    }
}

#[test]
fn the_lock_file_holds_no_address_of_one_machine() {
    let lock = fs::read_to_string(root().join("assets/package-lock.json")).unwrap();
    assert!(lock.contains("\"integrity\": \"sha512-"));
    assert!(!lock.contains("\"resolved\""), "written with omit-lockfile-registry-resolved, as assets/.npmrc says");
    for line in lock.lines().filter(|line| line.contains("://")) {
        assert!(line.contains("\"url\": \"https://"), "only who may be thanked: {line}");
    }
}

//! The pages of `docs/reference/`, made from the code and held equal to it. `UPDATE=1 cargo test -p careslot --test it reference`
//! writes them anew.

mod catalogue;
mod commands;
mod requirements;
mod tables;

use std::env;
use std::fs;

use crate::tidy::root;

/// Hold the page equal to `text`, or write it when `UPDATE` is set.
fn fresh(page: &str, title: &str, text: &str) {
    let text = format!(
        "# {title}\n\n_Made from the code by a test: `UPDATE=1 cargo test -p careslot --test it reference`._\n\n{text}"
    );
    let path = root().join("docs/reference").join(page);
    if env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        return;
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    let first = found.lines().zip(text.lines()).position(|(old, new)| old != new);
    assert!(
        found == text,
        "docs/reference/{page} is not fresh{}: UPDATE=1 cargo test -p careslot --test it reference",
        first.map_or_else(String::new, |line| format!(", from line {}", line + 1))
    );
}

/// `text` as one cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

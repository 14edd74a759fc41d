//! The published definitions that the tests compare with, where they are at hand.

use std::path::PathBuf;

use serde_json::Value;

const SHARED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");

/// A folder of published material; `None`, after one line that says so, where it is absent.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(SHARED).join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("not compared: {} is absent", folder.display());
    None
}

/// All JSON files of a folder whose names begin so, by name.
pub(crate) fn json_files(folder: &str, beginning: &str) -> Vec<Value> {
    let Some(folder) = self::folder(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("a folder that can be read")
        .map(|entry| entry.expect("an entry that can be read").path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(beginning)))
        .collect();
    files.sort();
    let read = |path: &PathBuf| serde_json::from_slice(&std::fs::read(path).expect("a file that can be read"));
    files.iter().map(|path| read(path).expect("a JSON file")).collect()
}

/// A member as text; empty where it is absent.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A member's items; none where it is absent.
pub(crate) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

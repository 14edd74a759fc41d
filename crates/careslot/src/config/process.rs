//! Where the configuration meets the process: the user's file, the environment's variables, and the files that keys name.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::layers::{Layers, Origin, Raw};
use super::problem::Problems;

/// A file this long is no configuration.
const MAX_FILE: u64 = 1024 * 1024;

/// The values of every key: defaults, then `file`, then variables, then `flags` (flag, key, value). All that is wrong with how
/// they are written is reported together.
pub fn from_process(file: Option<&Path>, flags: Vec<(&str, &str, Raw)>) -> (Layers, Problems) {
    let mut problems = Problems::default();
    let mut layers = Layers::defaults();
    if let Some(path) = file {
        match read_text(path) {
            Ok(text) => layers.add_file(path, &text, &mut problems),
            Err(why) => problems.add(path.display(), format!("cannot be read: {why}"), "give --config a TOML file"),
        }
    }
    for (name, value) in variables() {
        layers.add_variable(&name, &value, &mut problems);
    }
    for (flag, key, raw) in flags {
        layers.add_flag(flag, key, raw, &mut problems);
    }
    check_files(&layers, &mut problems);
    (layers, problems)
}

/// Every variable of the environment that sets a key, by name.
pub fn variables() -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .filter(|(name, _)| name.starts_with("CARESLOT_"))
        .collect();
    found.sort();
    found
}

/// `$XDG_STATE_HOME/careslot/last`, where a running demo notes its environment file; none when there is no home folder.
pub fn state_file() -> Option<PathBuf> {
    let given = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = given("XDG_STATE_HOME").or_else(|| Some(given("HOME")?.join(".local/state")))?;
    Some(state.join("careslot/last"))
}

fn read_text(path: &Path) -> std::io::Result<String> {
    if fs::metadata(path)?.len() > MAX_FILE {
        return Err(std::io::Error::other("it is longer than 1 MiB"));
    }
    fs::read_to_string(path)
}

/// Every key that ends in `_file` or `_files` and names something must name a readable file, and secrets must not be for everyone.
fn check_files(layers: &Layers, problems: &mut Problems) {
    for (key, setting) in layers.iter().filter(|(key, _)| key.ends_with("_file") || key.ends_with("_files")) {
        let names: Vec<&str> = match &setting.raw {
            Raw::Text(name) => vec![name],
            Raw::List(names) => names.iter().map(String::as_str).collect(),
            _ => continue,
        };
        for name in names.into_iter().filter(|name| !name.is_empty()) {
            let path = match &setting.origin {
                Origin::File(file, _) => file.parent().unwrap_or(Path::new("")).join(name),
                _ => PathBuf::from(name),
            };
            let is_secret =
                ["key_file", "key_files", "secret_file", "password_file"].iter().any(|end| key.ends_with(end));
            if let Err(error) = fs::File::open(&path) {
                let what = format!("{key} names {}, which cannot be read: {error}", path.display());
                problems.add(&setting.origin, what, "name a file that this user may read");
            } else if path.is_dir() {
                problems.add(
                    &setting.origin,
                    format!("{key} names {}, which is a folder", path.display()),
                    "name a file",
                );
            } else if is_secret && fs::metadata(&path).is_ok_and(|meta| meta.permissions().mode() & 0o007 != 0) {
                let what = format!("{key} names {}, a secret that every user of this machine may read", path.display());
                problems.add(&setting.origin, what, format!("chmod 600 {}", path.display()));
            }
        }
    }
}

//! LDIF files as they are named on the command line, `-` for stdin, and where in them each entry stands.

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use spine::sds::Entry;
use spine::sds::ldif::{self, LONGEST_LDIF};

use crate::failure::{Exit, Failure};

/// Entries out of files, each with its place as `file:line`.
#[derive(Debug, Default)]
pub(super) struct Placed {
    pub(super) entries: Vec<Entry>,
    pub(super) places: Vec<String>,
}

/// Reads all of them, or none.
///
/// # Errors
/// Exit 2: a file that is not there or no LDIF, or an entry that stands in two of them.
pub(super) fn read(paths: &[PathBuf]) -> Result<Placed, Failure> {
    let mut read = Placed::default();
    let mut names: HashMap<String, usize> = HashMap::new();
    for path in paths {
        let shown = if path == Path::new("-") { "stdin".to_owned() } else { path.display().to_string() };
        let text = text_of(path).map_err(|error| {
            let cure = "name files that are there, or - for stdin";
            Failure::new(Exit::Usage, format!("{shown} cannot be read"), error.to_string(), cure)
        })?;
        let placed = ldif::read_placed(&text).map_err(|fault| {
            let why = format!("{shown}:{}: expected {}, got {} [SDS-63]", fault.line, fault.expected, fault.came);
            Failure::new(Exit::Usage, "this is no LDIF, and nothing of it was taken", why, fault.cure)
        })?;
        for ldif::Placed { line, entry } in placed {
            let place = format!("{shown}:{line}");
            if let Some(before) = names.insert(entry.dn().normal(), read.places.len()) {
                let why = format!("{place}: expected each entry once, got the name of {}", read.places[before]);
                let cure = "join the two, or remove one of them";
                return Err(Failure::new(Exit::Usage, "an entry is there twice, and nothing was taken", why, cure));
            }
            read.places.push(place);
            read.entries.push(entry);
        }
    }
    Ok(read)
}

fn text_of(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let most = LONGEST_LDIF as u64 + 1;
    if path == Path::new("-") {
        io::stdin().lock().take(most).read_to_string(&mut text)?;
    } else {
        std::fs::File::open(path)?.take(most).read_to_string(&mut text)?;
    }
    Ok(text)
}

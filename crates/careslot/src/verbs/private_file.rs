//! Files that hold a key or a secret: made anew, readable by their owner alone.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::failure::{Exit, Failure};

/// Writes a file that is not there yet, mode 0600.
///
/// # Errors
/// Exit 2: there is a file of that name, or it cannot be made there.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = made.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|error| {
        let what = format!("{} was not written", path.display());
        Failure::new(Exit::Usage, what, error.to_string(), "name a new file in a folder that can be written to")
    })
}

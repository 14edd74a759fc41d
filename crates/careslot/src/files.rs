//! Files as people name them: single ones, folders, and - for stdin; each read up to a limit.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The longest file that is read, in bytes.
pub const LONGEST: u64 = 64 << 20;
/// How deep folders are looked through.
const DEEPEST: usize = 32;
/// The most files that one folder may hold for us.
const MOST: usize = 100_000;

/// A file that was found, or what cannot be looked into and why.
pub type Found = Result<PathBuf, Unreadable>;

/// What cannot be read.
#[derive(Debug)]
pub struct Unreadable {
    /// What it is called.
    pub path: PathBuf,
    /// Why.
    pub why: io::Error,
}

impl Unreadable {
    fn new(path: &Path, why: io::Error) -> Self {
        Self { path: path.to_path_buf(), why }
    }

    /// What to do about it.
    pub fn cure(&self) -> &'static str {
        match self.why.kind() {
            io::ErrorKind::NotFound => "check the name: start from the current folder, or give the whole path",
            io::ErrorKind::PermissionDenied => "let yourself read it (chmod u+r), or run as a user who may",
            io::ErrorKind::FileTooLarge => "split it",
            _ => "name files or folders that can be read, or - for stdin",
        }
    }
}

/// The files that a path names: itself, or what lies below a folder with one of these ends, in the order of their names. Files
/// that begin with a dot are left out.
pub fn named(path: &Path, ends: &[&str]) -> Vec<Found> {
    let mut found = Vec::new();
    if path.is_dir() {
        gather(path, ends, 0, &mut found);
    } else {
        found.push(Ok(path.to_path_buf()));
    }
    found
}

fn gather(folder: &Path, ends: &[&str], depth: usize, found: &mut Vec<Found>) {
    if depth > DEEPEST {
        let why = io::Error::other(format!("folders lie more than {DEEPEST} deep in each other"));
        found.push(Err(Unreadable::new(folder, why)));
        return;
    }
    let mut entries = match fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
        Ok(entries) => entries,
        Err(why) => {
            found.push(Err(Unreadable::new(folder, why)));
            return;
        }
    };
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if found.len() >= MOST {
            let why = io::Error::other(format!("there are more than {MOST} files"));
            found.push(Err(Unreadable::new(folder, why)));
            return;
        } else if name.starts_with('.') {
            continue;
        } else if path.is_dir() {
            gather(&path, ends, depth + 1, found);
        } else if ends.iter().any(|end| name.ends_with(end)) {
            found.push(Ok(path));
        }
    }
}

/// The content of a file, or of stdin where it is called `-`.
///
/// # Errors
/// It cannot be read, or is longer than [`LONGEST`].
pub fn read(path: &Path) -> Result<Vec<u8>, Unreadable> {
    let mut content = Vec::new();
    let taken = if path == Path::new("-") {
        io::stdin().lock().take(LONGEST + 1).read_to_end(&mut content)
    } else {
        File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut content))
    };
    taken.map_err(|why| Unreadable::new(path, why))?;
    if content.len() as u64 > LONGEST {
        let why = io::Error::new(io::ErrorKind::FileTooLarge, "it is longer than 64 MiB");
        return Err(Unreadable::new(path, why));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_looked_through_in_order_and_what_cannot_be_read_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["b.json", "a.xml", "c.txt", ".d.json", "in/e.json"] {
            fs::create_dir_all(folder.path().join("in")).expect("a folder");
            fs::write(folder.path().join(name), "{}").expect("a file");
        }
        let found: Vec<PathBuf> = named(folder.path(), &[".json", ".xml"]).into_iter().map(Result::unwrap).collect();
        let names: Vec<&Path> = found.iter().map(|path| path.strip_prefix(folder.path()).expect("inside")).collect();
        assert_eq!(names, [Path::new("a.xml"), Path::new("b.json"), Path::new("in/e.json")]);
        assert_eq!(read(&found[1]).expect("its content"), b"{}");
        let absent = read(&folder.path().join("absent.json")).expect_err("it is not there");
        assert!(absent.cure().contains("check the name"), "{absent:?}");
        assert!(read(folder.path()).is_err());
    }
}

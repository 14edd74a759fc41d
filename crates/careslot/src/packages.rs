//! FHIR packages on disk: an archive (`.tgz`), a folder, or single definitions in JSON or XML, put beside the built-in ones
//! (VAL-05).

use std::path::{Path, PathBuf};

use profile::Definitions;
use profile::package::{self, Added, File};

use crate::failure::{Exit, Failure};
use crate::files;

/// What was made of packages.
#[derive(Debug)]
pub struct Packages {
    /// The built-in definitions with those of the packages.
    pub definitions: &'static Definitions,
    /// What came in, and what could not be used.
    pub added: Added,
}

/// Loads packages, all of them together, so that they may build on each other in any order. They stay for as long as the process
/// runs.
///
/// # Errors
/// Exit 2: a path that cannot be read, an archive that cannot be opened, or packages in which nothing can be used.
pub fn load(paths: &[PathBuf]) -> Result<Packages, Failure> {
    if paths.is_empty() {
        return Ok(Packages { definitions: Definitions::standard(), added: Added::default() });
    }
    let mut content = Vec::new();
    for path in paths {
        for found in files::named(path, &[".json", ".xml", ".tgz", ".tar.gz"]) {
            let bytes = found.and_then(|file| Ok((files::read(&file)?, file)));
            let (bytes, file) = bytes.map_err(|fault| unreadable(&fault))?;
            open(&file, bytes, &mut content)?;
        }
    }
    let mut definitions = Definitions::built_in();
    let added = package::add(&mut definitions, &content);
    if added.profiles.is_empty() && added.types.is_empty() && added.code_lists.is_empty() {
        return Err(nothing_usable(paths, &added));
    }
    Ok(Packages { definitions: Box::leak(Box::new(definitions)), added })
}

impl Packages {
    /// What came in, in one line; none where no package was named.
    pub fn summary(&self) -> Option<String> {
        let Added { profiles, types, code_lists, unusable, others } = &self.added;
        let counts = [
            (profiles.len(), "profile"),
            (types.len(), "type"),
            (code_lists.len(), "code list"),
            (unusable.len(), "definition that cannot be used in full"),
            (*others, "resource of no use here"),
        ];
        let told: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, of)| many(*count, of)).collect();
        (!told.is_empty()).then(|| told.join(", "))
    }

    /// What could not be used, a line each.
    pub fn unusable(&self) -> impl Iterator<Item = String> {
        self.added.unusable.iter().map(|(name, why)| format!("{name}: {why}"))
    }
}

/// `1 type`, `3 types`.
pub(crate) fn many(count: usize, of: &str) -> String {
    let (noun, rest) = of.split_once(' ').filter(|(noun, _)| *noun != "code").unwrap_or((of, ""));
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural} {rest}").trim_end().to_owned()
}

/// The definitions in a file, which may be an archive.
fn open(path: &Path, bytes: Vec<u8>, content: &mut Vec<File>) -> Result<(), Failure> {
    const GZIP: &[u8] = &[0x1f, 0x8b];
    let name = path.display().to_string();
    if !bytes.starts_with(GZIP) {
        // What a package says of itself is no definition.
        if path.file_name().is_some_and(|name| name != "package.json") {
            content.push(File { name, bytes });
        }
        return Ok(());
    }
    let mut files = package::unpack(&bytes).map_err(|fault| {
        let cure = "name a FHIR package (.tgz), a folder with definitions, or single definitions in JSON or XML";
        Failure::new(Exit::Usage, format!("{name} cannot be opened"), fault.to_string(), cure)
    })?;
    content.append(&mut files);
    Ok(())
}

fn unreadable(fault: &files::Unreadable) -> Failure {
    let what = format!("{} cannot be read", fault.path.display());
    Failure::new(Exit::Usage, what, fault.why.to_string(), fault.cure())
}

fn nothing_usable(paths: &[PathBuf], added: &Added) -> Failure {
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let why = match added.unusable.as_slice() {
        [] => "there is no StructureDefinition, ValueSet or CodeSystem in it".to_owned(),
        all => all.iter().map(|(name, why)| format!("{name}: {why}")).collect::<Vec<_>>().join("\n"),
    };
    let cure = "name a package of FHIR STU3: an archive (.tgz), a folder, or single definitions in JSON or XML";
    Failure::new(Exit::Usage, format!("{} holds nothing that can be used", names.join(", ")), why, cure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_told_in_words() {
        for (count, of, told) in [
            (1, "type", "1 type"),
            (2, "code list", "2 code lists"),
            (3, "resource of no use here", "3 resources of no use here"),
        ] {
            assert_eq!(many(count, of), told);
        }
    }
}

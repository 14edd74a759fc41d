//! FHIR packages: definitions of others, put beside the built-in ones.
//!
//! A package is a gzipped tar archive, a folder, or single files; [`unpack`] opens the archive, [`add`] takes files from
//! wherever they came. What cannot be used is listed, with the reason.

mod archive;
mod inherit;

use fhir::{Limits, Node};

pub use archive::{PackageError, unpack};

use crate::definitions::Definitions;

/// One file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name, for messages only.
    pub name: String,
    /// What is in it: JSON, or XML where the first character is `<`.
    pub bytes: Vec<u8>,
}

/// What was made of the files of a package.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Added {
    /// URLs of the profiles and extensions.
    pub profiles: Vec<String>,
    /// Names of the types that were not known before.
    pub types: Vec<String>,
    /// URLs of code systems and value sets.
    pub code_lists: Vec<String>,
    /// File or URL, and why it cannot be used.
    pub unusable: Vec<(String, String)>,
    /// How many resources are of no use to a validator: examples, search parameters and the like.
    pub others: usize,
}

/// Adds the definitions in the files, those of all packages together: types are put in place before the profiles that are
/// about them, and profiles before those that build on them.
pub fn add(definitions: &mut Definitions, files: &[File]) -> Added {
    let mut added = Added::default();
    let mut read_files = Vec::new();
    for file in files {
        match read(file) {
            Ok(resource) => read_files.push((file.name.as_str(), resource)),
            Err(why) => added.unusable.push((file.name.clone(), why)),
        }
    }
    let resources = read_files.iter().flat_map(|(name, resource)| inside(resource).map(|resource| (*name, resource)));
    let (structures, others): (Vec<_>, Vec<_>) =
        resources.partition(|(_, resource)| resource.type_name() == "StructureDefinition");
    for (name, resource) in others {
        add_list(definitions, name, resource, &mut added);
    }
    let (structures, foreign): (Vec<_>, Vec<_>) =
        structures.into_iter().partition(|(_, definition)| is_stu3(definition));
    for (name, definition) in foreign {
        let version = definition.text_of("fhirVersion").unwrap_or_default();
        let version: String = version.chars().take(LONGEST_VERSION).collect();
        added.unusable.push((told(name, definition), format!("it is for FHIR {version:?}, not for STU3 (3.0.2)")));
    }
    let (types, profiles): (Vec<_>, Vec<_>) =
        structures.into_iter().partition(|(_, definition)| crate::structure::is_type(definition));
    let new_types: Vec<&Node> = types.into_iter().map(|(_, definition)| definition).collect();
    definitions.add_types(&new_types, &mut added);
    for (name, definition) in profiles {
        match crate::structure::profile(definition, definitions.types()) {
            Ok(profile) => {
                added.profiles.push(profile.url.to_string());
                definitions.add_profile(profile);
            }
            Err(why) => added.unusable.push((told(name, definition), why.to_owned())),
        }
    }
    inherit::complete(definitions, &mut added);
    added
}

/// How much of a version that is none of STU3's is repeated.
const LONGEST_VERSION: usize = 20;

/// The definitions in a file: FHIR itself publishes them in Bundles.
fn inside(resource: &Node) -> Box<dyn Iterator<Item = &Node> + '_> {
    match resource.type_name() {
        "Bundle" => Box::new(resource.all("entry").filter_map(|entry| entry.child("resource"))),
        _ => Box::new(std::iter::once(resource)),
    }
}

/// Definitions of other versions mean other elements by the same names. One that names no version is taken as it stands.
fn is_stu3(definition: &Node) -> bool {
    definition.text_of("fhirVersion").is_none_or(|version| version.starts_with("3.0"))
}

fn read(file: &File) -> Result<Node, String> {
    let is_xml = file.bytes.trim_ascii_start().first() == Some(&b'<');
    let read = if is_xml {
        fhir::xml::read(&file.bytes, &Limits::GENEROUS)
    } else {
        fhir::json::read(&file.bytes, &Limits::GENEROUS)
    };
    read.map(|parsed| parsed.resource).map_err(|error| error.to_string())
}

fn add_list(definitions: &mut Definitions, name: &str, resource: &Node, added: &mut Added) {
    let done = match resource.type_name() {
        "CodeSystem" => definitions.terminology.add_code_system(resource),
        "ValueSet" => definitions.terminology.add_value_set(resource),
        _ => {
            added.others += 1;
            return;
        }
    };
    match done {
        Ok(()) => added.code_lists.push(resource.text_of("url").unwrap_or_default().to_owned()),
        Err(why) => added.unusable.push((told(name, resource), why.to_owned())),
    }
}

/// The URL of a definition, or else the name of its file.
pub(crate) fn told(name: &str, resource: &Node) -> String {
    resource.text_of("url").unwrap_or(name).to_owned()
}

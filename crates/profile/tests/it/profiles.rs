//! The profiles are the published ones, row by row.

use profile::constraint::{self, Profile};
use profile::{Definitions, profile_of};

use crate::shared::folder;

const TEXTS: &[&str] = &[
    include_str!("../../definitions/profiles/care-connect.txt"),
    include_str!("../../definitions/profiles/extensions.txt"),
];

fn ours() -> Vec<Profile> {
    TEXTS.iter().flat_map(|text| constraint::read(text).expect("a text that can be read")).collect()
}

// covers: VAL-05
#[test]
fn each_profile_is_the_published_one() {
    let Some(folder) = folder("fhir-stu3/profiles") else { return };
    let ours = ours();
    let mut compared = 0;
    for entry in std::fs::read_dir(folder).expect("a folder that can be read") {
        let path = entry.expect("an entry that can be read").path();
        let source = std::fs::read(&path).expect("a file that can be read");
        let parsed = fhir::json::read(&source, &fhir::Limits::GENEROUS).expect("a JSON file");
        let published = profile_of(&parsed.resource, fhir::schema::types()).expect("a StructureDefinition");
        let own =
            ours.iter().find(|own| own.url == published.url).unwrap_or_else(|| panic!("{} is missing", published.url));
        assert_eq!(own.to_string(), published.to_string(), "{}", path.display());
        assert_eq!(*own, published, "{}", path.display());
        compared += 1;
    }
    assert_eq!(compared, ours.len());
}

#[test]
fn profiles_are_written_as_they_are_read() {
    for profile in ours() {
        assert_eq!(constraint::read(&profile.to_string()).as_deref(), Ok(&[profile][..]));
    }
}

#[test]
fn every_profile_and_extension_that_is_named_is_known() {
    let definitions = Definitions::standard();
    let mut open: Vec<&constraint::Rules> = definitions.profiles().map(|profile| &profile.root).collect();
    while let Some(rules) = open.pop() {
        for url in rules.types.iter().flat_map(|of| of.profiles.iter().chain(&of.targets)) {
            assert!(definitions.type_of(url).is_some(), "{url}");
        }
        if let Some(set) = rules.binding.as_ref().and_then(|binding| binding.value_set.as_deref()) {
            assert!(definitions.terminology().set(set).is_some(), "{set}");
        }
        open.extend(rules.children.iter().chain(&rules.slices));
    }
}

//! What must hold of any bytes: the checks that the property tests, the replayed corpora and the fuzz targets share.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use profile::constraint::{self, Profile, Rules};
use profile::package::{File, add, unpack};
use profile::terminology::Terminology;
use profile::{Definitions, Invariant, Options, is_valid, outcome, validate, validate_parsed};

/// A document is judged without a panic, twice alike, and the outcome of the issues is itself valid.
pub(crate) fn judged(bytes: &[u8]) {
    let limits = fhir::Limits::STRICT;
    let definitions = Definitions::standard();
    for read in [fhir::json::read(bytes, &limits), fhir::xml::read(bytes, &limits)] {
        let Ok(parsed) = read else { continue };
        for options in [Options::validator(), Options { by_type: true, most_issues: 20, ..Options::accepting() }] {
            let issues = validate_parsed(&parsed, definitions, &options);
            assert_eq!(issues, validate_parsed(&parsed, definitions, &options));
            assert!(issues.len() <= options.most_issues + 2);
            for issue in &issues {
                assert!(!issue.message.is_empty() && !issue.cure.is_empty() && !issue.rule.is_empty(), "{issue:?}");
                assert!(issue.at.is_none_or(|at| at <= bytes.len()), "{issue:?}");
            }
            let told = validate(&outcome(&issues, None), &[], definitions, &Options::validator());
            assert!(is_valid(&told), "{told:?}");
        }
    }
}

/// A text is read as an expression or refused, and evaluated on a booking without a panic.
pub(crate) fn expression(definitions: &mut Definitions, booking: &fhir::Node, text: &str) {
    let invariant = Invariant::new("Appointment", "any-1", text, "It holds.", "Make it hold.");
    let url = "https://a.example/any";
    definitions.add_profile(Profile {
        url: url.into(),
        version: None,
        of: "Appointment".into(),
        base: None,
        contexts: Vec::new(),
        root: Rules { invariants: vec![invariant], ..Rules::default() },
    });
    let options = Options { profiles: vec![url.to_owned()], ..Options::validator() };
    validate(booking, &[], definitions, &options);
}

/// Any bytes as a package: `Z` and an archive, `T` and a tar archive whose packing and checksums are put right, `I` and a file for
/// each part between zeros, or one file. What comes in judges a booking without a panic; a file of it has no folder to be written to.
pub(crate) fn package(definitions: &mut Definitions, booking: &fhir::Node, bytes: &[u8]) {
    let file = |bytes: &[u8]| File { name: "any.json".to_owned(), bytes: bytes.to_vec() };
    let files = match bytes.split_first() {
        Some((b'Z', archive)) => unpack(archive).unwrap_or_default(),
        Some((b'T', tar)) => unpack(&packed(tar.to_vec())).unwrap_or_default(),
        Some((b'I', parts)) => parts.split(|byte| *byte == 0).map(file).collect(),
        _ => vec![file(bytes)],
    };
    // New types are linked for as long as the process lives, which a fuzzer would call a leak.
    let makes_type = |file: &File| {
        let text = String::from_utf8_lossy(&file.bytes);
        text.contains("StructureDefinition") && !text.contains("\"constraint\"")
    };
    let files: Vec<File> = files.into_iter().filter(|file| !makes_type(file)).collect();
    let added = add(definitions, &files);
    assert!(added.unusable.iter().all(|(_, why)| !why.is_empty()));
    let profiles: Vec<String> = added.profiles.into_iter().take(4).collect();
    if !profiles.is_empty() {
        validate(booking, &[], definitions, &Options { profiles, ..Options::validator() });
    }
}

/// A tar archive with right checksums, in gzip.
fn packed(mut tar: Vec<u8>) -> Vec<u8> {
    const BLOCK: usize = 512;
    let mut at = 0;
    while let Some(header) = tar.get_mut(at..at + BLOCK) {
        header[148..156].copy_from_slice(b"        ");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let size = String::from_utf8_lossy(&header[124..136]).into_owned();
        let size = usize::from_str_radix(size.trim_matches([' ', '\0']), 8).unwrap_or(0);
        at = at.saturating_add(BLOCK).saturating_add(size.min(tar.len()).next_multiple_of(BLOCK));
    }
    let mut packing = GzEncoder::new(Vec::new(), Compression::none());
    packing.write_all(&tar).expect("memory takes it");
    packing.finish().expect("memory takes it")
}

/// A text is read as definitions or refused; what is read is written and read alike.
pub(crate) fn definitions(text: &str) {
    let _ = Terminology::default().read(text);
    if let Ok(profiles) = constraint::read(text) {
        let written: String = profiles.iter().map(ToString::to_string).collect();
        let _ = constraint::read(&written);
    }
}

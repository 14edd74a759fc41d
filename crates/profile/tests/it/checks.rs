//! What must hold of any bytes: the checks that the property tests, the replayed corpora and the fuzz targets share.

use profile::constraint::{self, Profile, Rules};
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

/// A text is read as definitions or refused; what is read is written and read alike.
pub(crate) fn definitions(text: &str) {
    let _ = Terminology::default().read(text);
    if let Ok(profiles) = constraint::read(text) {
        let written: String = profiles.iter().map(ToString::to_string).collect();
        let _ = constraint::read(&written);
    }
}

//! What another validator says of a resource, beside what we say: the verdicts, the places, and the names of the
//! differences that are meant (`docs/reference/validator.md`).

use std::collections::BTreeMap;

use profile::{Definitions, Options, is_valid, validate_parsed};

use crate::places::Place;

/// Our verdict, and what refuses the resource: location, rule and what came.
pub(crate) struct Ours {
    pub(crate) valid: bool,
    pub(crate) refusing: Vec<(String, String, String)>,
}

/// The other verdict, and what refuses the resource: location and message.
pub(crate) struct Theirs {
    pub(crate) valid: bool,
    pub(crate) refusing: Vec<(String, String)>,
}

/// Judges a document as a validator does.
pub(crate) fn judge(source: &[u8], xml: bool) -> Ours {
    let limits = fhir::Limits::STRICT;
    let read = if xml { fhir::xml::read(source, &limits) } else { fhir::json::read(source, &limits) };
    let parsed = match read {
        Ok(parsed) => parsed,
        Err(error) => {
            let location = error.path.as_deref().unwrap_or_default().to_owned();
            return Ours { valid: false, refusing: vec![(location, "syntax".to_owned(), error.to_string())] };
        }
    };
    let issues = validate_parsed(&parsed, Definitions::standard(), &Options::validator());
    let refusing = issues.iter().filter(|issue| issue.severity.refuses());
    Ours {
        valid: is_valid(&issues),
        refusing: refusing.map(|issue| (issue.location.clone(), issue.rule.clone(), issue.got.clone())).collect(),
    }
}

/// A name in `docs/reference/validator.md`, and which of our reasons to refuse it covers: location, rule, what came.
type OurReason = (&'static str, fn(&str, &str, &str) -> bool);

/// A name, and which of the other validator's reasons it covers: location and message.
type TheirReason = (&'static str, fn(&str, &str) -> bool);

/// Why we refuse what the other validator lets pass.
const OURS: &[OurReason] = &[
    ("modifier-extension", |place, rule, _| place.contains("modifierExtension") && rule == "Extension.url"),
    ("element-id-blank", |_, rule, _| rule == "Element.id"),
    ("blank-value", |_, _, got| matches!(got, "\" \"" | "\"\"" | "a value of another sort")),
    ("reference-without-id", |_, rule, got| rule == "Bundle.entry" && got.ends_with("/\"")),
    ("media-type", |_, rule, _| rule.ends_with("/bcp13.txt")),
    ("profile-of-another-type", |place, rule, _| rule == "Meta.profile" && !place.contains("meta.profile")),
    ("uuid-in-reference", |_, rule, got| rule == "Reference.reference" && got.starts_with("\"urn:uuid:")),
    ("uri-characters", |_, rule, got| matches!(rule, "uri" | "Reference.reference") && got.contains('\\')),
    ("url-extension", |place, rule, _| place.ends_with(".url") && rule == "url"),
    ("xml-1.1", |_, rule, got| rule == "syntax" && got.contains("XML declaration")),
    ("xml-wrapper", |_, rule, _| rule == "FHIR XML"),
    ("empty-array", |_, rule, got| rule == "HTTP-14" && got == "[]"),
    ("ele-1-id-only", |_, rule, got| rule == "ele-1" && got == "only an id"),
    ("decimal-exponent", |_, rule, got| rule == "decimal" && got.contains(['e', 'E'])),
    ("datetime-zone", |_, rule, got| rule == "dateTime" && got.contains('T')),
];

/// Why the other validator refuses what we let pass.
const THEIRS: &[TheirReason] = &[
    ("crash", |_, message| message.contains("Cannot invoke") || message.contains("HAPI-0676")),
    ("code-by-extension", |_, message| message.contains("No code provided")),
    ("id-by-extension", |_, message| message.contains("Invalid Resource id: Invalid Characters ('null')")),
    ("coding-without-code", |_, message| message.contains("Code null is not valid") || message.contains("#null'")),
    ("scheme", |_, message| {
        message.contains("must be an absolute reference") || message.contains("must be an absolute URL")
    }),
    ("example-code-system", |_, message| system_of(message).is_some_and(lists_examples)),
    ("system-not-carried", |_, message| system_of(message).is_some_and(is_not_carried)),
    ("ucum", |_, message| message.contains("Error processing unit")),
    ("per-1-precision", |_, message| message.contains("Constraint failed: per-1")),
    ("rng-2-units", |_, message| message.contains("Constraint failed: rng-2")),
    ("language-tag-case", |_, message| message.contains("-languages") || message.contains("/languages")),
    ("profile-with-id", |_, message| message.contains("Failed to retrieve profile with url=")),
    ("type-not-carried", |place, _| place.starts_with("Encounter")),
];

/// The system of `Unknown code 'SYSTEM#CODE'`.
fn system_of(message: &str) -> Option<&str> {
    message.strip_prefix("Unknown code '")?.split_once('#').map(|(system, _)| system)
}

/// Is the system one that is not carried along?
fn is_not_carried(system: &str) -> bool {
    Definitions::standard().terminology().system(system).is_none()
}

fn lists_examples(system: &str) -> bool {
    Definitions::standard().terminology().system(system).is_some_and(|system| system.example)
}

/// The name of a difference; `None` where one of the reasons has none.
fn name_of(theirs: &Theirs, ours: &Ours) -> Option<&'static str> {
    let names: Option<Vec<&'static str>> = if theirs.valid {
        let name = |(place, rule, got): &(String, String, String)| {
            OURS.iter().find(|(_, covers)| covers(place, rule, got)).map(|(name, _)| *name)
        };
        ours.refusing.iter().map(name).collect()
    } else {
        let name = |(place, message): &(String, String)| {
            THEIRS.iter().find(|(_, covers)| covers(place, message)).map(|(name, _)| *name)
        };
        theirs.refusing.iter().map(name).collect()
    };
    names.and_then(|names| names.first().copied())
}

/// How many cases agree, and what of those that do not.
#[derive(Default)]
pub(crate) struct Tally {
    /// Valid there, valid here: how many cases.
    verdicts: BTreeMap<(bool, bool), usize>,
    reasons: BTreeMap<&'static str, usize>,
    unexplained: Vec<String>,
    /// Cases that both refuse, where the other validator names an element.
    placed: usize,
    /// Those of them where we name an element that it names.
    same_place: usize,
    elsewhere: Vec<String>,
}

impl Tally {
    /// Counts one case.
    pub(crate) fn add(&mut self, id: &str, theirs: &Theirs, ours: &Ours) {
        *self.verdicts.entry((theirs.valid, ours.valid)).or_default() += 1;
        if theirs.valid != ours.valid {
            match name_of(theirs, ours) {
                Some(name) => *self.reasons.entry(name).or_default() += 1,
                None => self.unexplained.push(said(id, theirs, ours)),
            }
        } else if !theirs.valid {
            self.places(id, theirs, ours);
        }
    }

    fn places(&mut self, id: &str, theirs: &Theirs, ours: &Ours) {
        let named: Vec<Place> = theirs.refusing.iter().filter_map(|(location, _)| Place::read(location)).collect();
        if named.is_empty() {
            return;
        }
        self.placed += 1;
        let own: Vec<Place> = ours.refusing.iter().filter_map(|(location, ..)| Place::read(location)).collect();
        if named.iter().any(|place| own.iter().any(|own| place.is(own))) {
            self.same_place += 1;
        } else {
            self.elsewhere.push(said(id, theirs, ours));
        }
    }

    /// Prints the tables, and holds that no difference is without a name and that the places agree in 98 of 100 cases.
    pub(crate) fn hold(&self, name: &str) {
        let count = |theirs, ours| self.verdicts.get(&(theirs, ours)).copied().unwrap_or(0);
        println!("{name}: {} cases", self.verdicts.values().sum::<usize>());
        println!("                 valid here  invalid here");
        println!("  valid there    {:>10}  {:>12}", count(true, true), count(true, false));
        println!("  invalid there  {:>10}  {:>12}", count(false, true), count(false, false));
        println!("  differences by name: {:?}; without a name: {}", self.reasons, self.unexplained.len());
        let hundredths = self.same_place * 10_000 / self.placed.max(1);
        println!(
            "  the same element in {} of {} cases that both refuse and the other places: {}.{:02} %",
            self.same_place,
            self.placed,
            hundredths / 100,
            hundredths % 100
        );
        let differences = self.unexplained.join("\n");
        assert!(self.unexplained.is_empty(), "{} without a reason:\n{differences}", self.unexplained.len());
        assert!(hundredths >= 9_800, "{} elsewhere:\n{}", self.elsewhere.len(), self.elsewhere.join("\n"));
    }
}

fn said(id: &str, theirs: &Theirs, ours: &Ours) -> String {
    format!("{id}\n    theirs {:?}\n    ours   {:?}", theirs.refusing, ours.refusing)
}

#[test]
fn each_reason_is_in_the_reference() {
    let reference = include_str!("../../../../docs/reference/validator.md");
    for name in OURS.iter().map(|(name, _)| name).chain(THEIRS.iter().map(|(name, _)| name)) {
        assert!(reference.contains(&format!("| `{name}` |")), "{name}");
    }
}

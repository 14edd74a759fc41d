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

/// A difference: what the other validator says, and what we say.
pub(crate) struct Difference<'a> {
    theirs: &'a Theirs,
    ours: &'a Ours,
}

impl Difference<'_> {
    /// Everything that refuses the resource here is of this sort.
    fn all_ours(&self, is_so: impl Fn(&str, &str, &str) -> bool) -> bool {
        let refusing = &self.ours.refusing;
        !refusing.is_empty() && refusing.iter().all(|(location, rule, got)| is_so(location, rule, got))
    }

    /// Everything that refuses the resource there has these words in its message.
    fn all_theirs(&self, words: &str) -> bool {
        let refusing = &self.theirs.refusing;
        !refusing.is_empty() && refusing.iter().all(|(_, message)| message.contains(words))
    }
}

type Explains = fn(&Difference<'_>) -> bool;

/// The differences that are meant, by their names in `docs/reference/validator.md`.
const EXPLAINED: &[(&str, Explains)] = &[
    ("modifier-extension", |d| {
        d.all_ours(|location, rule, _| location.contains("modifierExtension") && rule == "Extension.url")
    }),
    ("element-id-blank", |d| d.all_ours(|_, rule, _| rule == "Element.id")),
    ("blank-value", |d| d.all_ours(|_, _, got| matches!(got, "\" \"" | "a value of another sort"))),
    ("media-type", |d| d.all_ours(|_, rule, _| rule.ends_with("/bcp13.txt"))),
    ("profile-on-bundle", |d| d.all_ours(|location, rule, _| location == "Bundle" && rule == "Meta.profile")),
    ("uri-characters", |d| d.all_ours(|_, rule, got| rule == "Reference.reference" && got.contains('\\'))),
    ("url-extension", |d| d.all_ours(|location, rule, _| location.ends_with(".url") && rule == "url")),
    ("xml-1.1", |d| d.all_ours(|_, rule, got| rule == "syntax" && got.contains("XML declaration"))),
    ("code-by-extension", |d| d.all_theirs("No code provided")),
    ("coding-without-code", |d| d.all_theirs("Code null is not valid")),
    ("crash", |d| d.all_theirs("Cannot invoke")),
    ("scheme-case", |d| d.all_theirs("Identifier.system must be an absolute reference")),
    ("example-code-system", |d| d.all_theirs("Unknown code 'http://hl7.org/fhir/service-category#")),
    ("ucum", |d| d.all_theirs("Error processing unit")),
];

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
            let difference = Difference { theirs, ours };
            match EXPLAINED.iter().find(|(_, explains)| explains(&difference)) {
                Some((name, _)) => *self.reasons.entry(name).or_default() += 1,
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
    for (name, _) in EXPLAINED {
        assert!(reference.contains(&format!("| `{name}` |")), "{name}");
    }
}

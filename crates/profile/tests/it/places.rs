//! Places of elements as two validators write them, compared without regard to the notation.
//!
//! Ours is a FHIRPath: `Slot.extension[0].value.ofType(code)`. The other validator writes that too, with the type and id of
//! a resource within another behind it (`Bundle.entry[0].resource/*Slot/s1*/.status`) and `value[x]` for a choice. What its
//! XML parser finds has an XPath without positions (`/f:Slot/f:extension`), which begins anew at a resource within another.

/// One step of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    name: String,
    /// The name of a choice with its type: `valueCode`.
    typed: Option<String>,
    /// The name stands for a choice of any type.
    any_type: bool,
    index: Option<usize>,
}

/// The way to an element, or to a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    steps: Vec<Step>,
}

/// What the other validator writes where it knows no element.
const NOWHERE: &[&str] = &["", "$", "(document)", "(xml)", "XML"];

/// Where a resource stands within another.
const WITHIN: &[&str] = &["contained", "resource"];

impl Place {
    /// Reads a place in any of the notations; `None` where the text names no element.
    pub(crate) fn read(text: &str) -> Option<Place> {
        if NOWHERE.contains(&text) {
            return None;
        }
        let plain = without(without(text, "/*", "*/").as_str(), "[url=", "]");
        let is_xpath =
            plain.starts_with('/') || plain.split(['.', '[']).next().is_some_and(|first| first.contains('/'));
        let parts: Vec<&str> = plain.split(if is_xpath { '/' } else { '.' }).filter(|part| !part.is_empty()).collect();
        let mut steps: Vec<Step> = Vec::new();
        for part in parts {
            let of_type = part.strip_prefix("ofType(").and_then(|rest| rest.split_once(')')).map(|(name, _)| name);
            match (of_type, steps.last_mut()) {
                (Some(of_type), Some(last)) => last.typed = Some(format!("{}{}", last.name, capital(of_type))),
                _ => steps.push(step(part)),
            }
        }
        Some(Place { steps })
    }

    /// Is this place of the other validator ours? One that begins at a resource within another is compared from there.
    pub(crate) fn is(&self, ours: &Place) -> bool {
        let Some((root, inside)) = self.steps.split_first() else { return false };
        if ours.steps.first().is_some_and(|own| own.name == root.name) {
            return same(inside, &ours.steps[1..]);
        }
        let within = (1..ours.steps.len()).filter(|at| WITHIN.contains(&ours.steps[*at].name.as_str()));
        within.into_iter().any(|at| same(inside, &ours.steps[at + 1..]))
    }
}

fn same(theirs: &[Step], ours: &[Step]) -> bool {
    theirs.len() == ours.len() && theirs.iter().zip(ours).all(|(theirs, ours)| is_step(theirs, ours))
}

/// A position that one of them does not give is not compared.
fn is_step(theirs: &Step, ours: &Step) -> bool {
    let is_typed = |stem: &str| {
        let rest = ours.name.strip_prefix(stem).and_then(|rest| rest.chars().next());
        rest.is_some_and(char::is_uppercase)
    };
    let is_named = theirs.name == ours.name
        || ours.typed.as_deref() == Some(&theirs.name)
        || (theirs.any_type || theirs.typed.is_some()) && is_typed(&theirs.name);
    is_named && (theirs.index == ours.index || theirs.index.is_none() || ours.index.is_none())
}

/// `f:extension[0]` of an XPath, `value[x]` of a FHIRPath.
fn step(text: &str) -> Step {
    let local = text.split_once(':').map_or(text, |(_, local)| local);
    let (name, index) = local.split_once('[').map_or((local, ""), |(name, rest)| (name, rest.trim_end_matches(']')));
    Step { name: name.to_owned(), typed: None, any_type: index == "x", index: index.parse().ok() }
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The text without what stands between two marks, the marks included.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut rest = text;
    let mut kept = String::new();
    while let Some((before, after)) = rest.split_once(open) {
        kept.push_str(before);
        rest = after.split_once(close).map_or("", |(_, after)| after);
    }
    kept + rest
}

#[test]
fn places_are_the_same_in_every_notation() {
    let table = [
        ("Appointment.participant[0].actor", "Appointment.participant[0].actor", true),
        ("Appointment.participant[0].actor", "Appointment.participant[1].actor", false),
        ("Appointment.participant[0]", "Appointment.participant[0].actor", false),
        ("Appointment.slot", "Appointment.slot[0]", true),
        ("Appointment.contained[1]/*Patient/P1*/.name[0]", "Appointment.contained[1].name[0]", true),
        ("Slot.extension[0].value[x]", "Slot.extension[0].value.ofType(code)", true),
        ("Slot.extension[0].value.ofType(code)", "Slot.extension[0].value.ofType(code)", true),
        ("Slot.extension[0].value[x]", "Slot.extension[0].valueCode", true),
        ("/f:Slot/f:extension/f:valueCode", "Slot.extension[3].value.ofType(code)", true),
        ("/f:Slot/f:extension/f:valueString", "Slot.extension[3].value.ofType(code)", false),
        ("/f:Slot/?:end", "Slot.end", true),
        ("Patient/f:name/f:use", "Appointment.contained[2].name[0].use", true),
        ("Patient/f:name/f:use", "Bundle.entry[0].resource.name[0].use", true),
        ("Patient", "Appointment.contained[2]", true),
        ("Patient", "Appointment", false),
        ("Slot.extension[0][url='https://a.example/x|1.0']", "Slot.extension[0]", true),
    ];
    for (theirs, ours, expected) in table {
        let (one, two) = (Place::read(theirs).expect(theirs), Place::read(ours).expect(ours));
        assert_eq!(one.is(&two), expected, "{theirs} {ours}");
    }
    assert_eq!(Place::read("(document)"), None);
}

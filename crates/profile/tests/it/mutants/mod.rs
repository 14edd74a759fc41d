//! Resources with one change each, made from the bases in `../resources` by a seeded choice: always the same ones.

mod json;
mod values;
mod xml;

use serde_json::Value;

/// One resource to judge.
pub(crate) struct Case {
    /// The base, where it was changed, and how.
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) is_xml: bool,
}

/// A base, and how many of a thousand of its changes are chosen.
type Base = (&'static str, &'static str, u64);

macro_rules! base {
    ($name:literal, $share:literal) => {
        ($name, include_str!(concat!("../resources/", $name, ".json")), $share)
    };
}

/// Written for this purpose; all of them are valid.
const BASES: &[Base] = &[
    ("booking-1", include_str!("../booking.json"), 90),
    base!("booking-2", 80),
    base!("cancelled", 90),
    base!("registration", 180),
    base!("slot", 100),
    base!("schedule", 110),
    base!("patient", 70),
    base!("patient-base", 100),
    base!("practitioner", 90),
    base!("practitioner-role", 80),
    base!("healthcare-service", 80),
    base!("organization", 80),
    base!("location", 80),
    base!("document-reference", 80),
    base!("outcome", 130),
    base!("capability", 60),
    base!("audit-event", 70),
    base!("device", 100),
    base!("endpoint", 130),
    base!("bundle-search", 70),
    base!("bundle-urn", 110),
    base!("bundle-transaction", 100),
    base!("bundle-history", 90),
    base!("parameters", 130),
    base!("values", 45),
];

/// The seed of the corpus; another one makes another corpus.
pub(crate) const SEED: u64 = 20_261_124;

/// All cases of a seed, with `share` times as many as usual.
pub(crate) fn cases(seed: u64, share: u64) -> Vec<Case> {
    BASES.iter().flat_map(|base| of_base(base, seed, share)).collect()
}

fn of_base((name, text, per_mille): &Base, seed: u64, share: u64) -> Vec<Case> {
    let root: Value = serde_json::from_str(text).expect("a base is JSON");
    let chosen = |id: &str, of: u64| chance(seed, id) % 1000 < of * share;
    let mut cases = vec![Case { id: format!("{name}: as it is"), text: root.to_string(), is_xml: false }];
    for path in json::paths(&root) {
        for change in json::changes(&root, &path) {
            let id = format!("{name}{}: {change}", json::shown(&path));
            if !chosen(&id, *per_mille) {
                continue;
            }
            let Some(changed) = json::changed(&root, &path, &change) else { continue };
            let text = changed.to_string();
            if chosen(&format!("xml {id}"), 150)
                && let Some(xml) = in_xml(&text)
            {
                cases.push(Case { id: format!("{id}, in XML"), text: xml, is_xml: true });
            }
            cases.push(Case { id, text, is_xml: false });
        }
    }
    let Some(xml) = in_xml(text) else { return cases };
    for (change, make) in xml::WHOLE {
        cases.push(Case { id: format!("{name} in XML: {change}"), text: make(&xml), is_xml: true });
    }
    let tags = xml::tags(&xml);
    for (at, tag) in tags.iter().enumerate() {
        for change in xml::CHANGES {
            let id = format!("{name} in XML <{}> {at}: {change}", tag.name());
            if chosen(&id, per_mille / 4)
                && let Some(text) = xml::changed(&xml, &tags, at, change)
            {
                cases.push(Case { id, text, is_xml: true });
            }
        }
    }
    cases
}

/// The same resource in XML, where JSON has nothing that XML cannot say.
fn in_xml(json: &str) -> Option<String> {
    let parsed = fhir::json::read(json.as_bytes(), &fhir::Limits::STRICT).ok()?;
    parsed.issues.is_empty().then(|| String::from_utf8(fhir::xml::write(&parsed.resource)).ok()).flatten()
}

impl Case {
    /// A number that says whether the text is the one that was judged.
    pub(crate) fn sum(&self) -> u64 {
        chance(0, &self.text)
    }
}

/// A number that depends on nothing but seed and text (FNV-1a, stirred).
fn chance(seed: u64, text: &str) -> u64 {
    let mixed =
        seed.to_le_bytes().iter().chain(text.as_bytes()).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 17
}

//! The code lists are the published ones, and every required binding has its list.

use profile::Definitions;
use profile::terminology::{CodeSystem, Codes, Concept, Part};
use serde_json::Value;

use crate::shared::{json_files, list, text};

/// Code systems that may not be carried along, or are too large: their codes are not checked.
const NOT_CARRIED: &[&str] = &[
    "http://dicom.nema.org/resources/ontology/DCM",
    "urn:iso-astm:E1762-95:2013",
    "http://snomed.info/sct",
    "http://loinc.org",
    "urn:oid:1.3.6.1.4.1.19376.1.2.3",
    "urn:oid:2.16.840.1.113883.3.26.1.1",
];

// covers: VAL-05
#[test]
fn each_code_system_is_the_published_one() {
    let terminology = Definitions::standard().terminology();
    let published = json_files("fhir-stu3/terminology", "CodeSystem-");
    let mut compared = 0;
    for system in published.iter().filter(|system| !NOT_CARRIED.contains(&text(system, "url"))) {
        let url = text(system, "url");
        let ours = terminology.system(url).unwrap_or_else(|| panic!("{url} is missing"));
        let mut concepts = Vec::new();
        flatten(list(system, "concept"), None, &mut concepts);
        assert_eq!(ours.concepts, concepts, "{url}");
        assert_eq!(ours.example, text(system, "content") == "example", "{url}");
        assert_eq!(ours.any_case, system["caseSensitive"] == false, "{url}");
        compared += 1;
    }
    if !published.is_empty() {
        assert_eq!(terminology.systems().count(), compared);
    }
}

fn flatten(concepts: &[Value], parent: Option<u32>, into: &mut Vec<Concept>) {
    for concept in concepts {
        let own = u32::try_from(into.len()).expect("few codes");
        let display = concept.get("display").and_then(Value::as_str).map(Into::into);
        into.push(Concept { code: text(concept, "code").into(), display, parent });
        flatten(list(concept, "concept"), Some(own), into);
    }
}

// covers: VAL-05
#[test]
fn each_value_set_is_the_published_one() {
    let terminology = Definitions::standard().terminology();
    let published = json_files("fhir-stu3/terminology", "ValueSet-");
    for set in &published {
        let url = text(set, "url");
        let ours = terminology.set(url).unwrap_or_else(|| panic!("{url} is missing"));
        let mut parts = Vec::new();
        for (name, except) in [("include", false), ("exclude", true)] {
            for part in list(&set["compose"], name) {
                for codes in codes(part, |system| terminology.system(system)) {
                    let part = Part { except, codes };
                    if !parts.contains(&part) {
                        parts.push(part);
                    }
                }
            }
        }
        assert_eq!(ours.parts, parts, "{url}");
    }
    if !published.is_empty() {
        assert_eq!(terminology.sets().count(), published.len());
    }
}

fn codes<'a>(part: &Value, system_of: impl Fn(&str) -> Option<&'a CodeSystem>) -> Vec<Codes> {
    let system: Box<str> = text(part, "system").into();
    let sets = list(part, "valueSet");
    if !sets.is_empty() {
        return sets.iter().map(|set| Codes::Set(set.as_str().expect("a URL").into())).collect();
    }
    if NOT_CARRIED.contains(&&*system) {
        return vec![Codes::Unlisted(system)];
    }
    let listed: Vec<Box<str>> = list(part, "concept").iter().map(|concept| text(concept, "code").into()).collect();
    if !listed.is_empty() {
        return vec![Codes::Listed(system, listed)];
    }
    if let [filter] = list(part, "filter")
        && system_of(&system).is_some()
    {
        assert_eq!((text(filter, "property"), text(filter, "op")), ("concept", "is-a"), "{system}");
        return vec![Codes::Under(system, text(filter, "value").into())];
    }
    if system_of(&system).is_some() { vec![Codes::All(system)] } else { vec![Codes::Unlisted(system)] }
}

// covers: VAL-05
#[test]
fn every_required_binding_has_its_list_or_its_syntax() {
    use profile::terminology::Membership;
    let terminology = Definitions::standard().terminology();
    for definition in fhir::schema::stu3().definitions() {
        for row in &definition.rows {
            let Some(binding) = &row.binding else { continue };
            let (fhir::schema::Strength::Required, Some(set)) = (binding.strength, &binding.value_set) else {
                continue;
            };
            let url = if set.contains(':') { set.to_string() } else { format!("http://hl7.org/fhir/ValueSet/{set}") };
            let answer = terminology.membership(&url, None, "no such code");
            assert_eq!(answer, Membership::NotMember, "{} {}", definition.name, row.path);
        }
    }
}

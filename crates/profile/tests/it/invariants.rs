//! The invariants are the published ones.

use std::collections::BTreeSet;

use profile::Definitions;

use crate::shared::{json_files, list, text};

// covers: VAL-05
#[test]
fn each_invariant_is_the_published_one() {
    let published: BTreeSet<(String, String, String)> = json_files("fhir-stu3/base", "StructureDefinition-")
        .iter()
        .flat_map(|definition| {
            list(&definition["snapshot"], "element").iter().map(move |element| (definition, element))
        })
        .flat_map(|(definition, element)| {
            list(element, "constraint").iter().map(move |rule| (definition, element, rule))
        })
        .map(|(definition, element, rule)| {
            assert_eq!(text(rule, "severity"), "error");
            let path = text(element, "path");
            let on = match (text(rule, "source"), text(definition, "id")) {
                ("", "SimpleQuantity") => "SimpleQuantity",
                ("", _) => path,
                (source, _) => source,
            };
            (on.to_owned(), text(rule, "key").to_owned(), text(rule, "expression").to_owned())
        })
        .collect();
    let ours: BTreeSet<(String, String, String)> = Definitions::standard()
        .invariants()
        .map(|rule| (rule.on.to_string(), rule.key.to_string(), rule.text.to_string()))
        .collect();
    assert_eq!(ours.len(), Definitions::standard().invariants().count());
    if !published.is_empty() {
        assert_eq!(ours, published);
    }
}

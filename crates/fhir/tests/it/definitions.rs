//! The definitions against the official ones, row by row, where these are at hand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fhir::schema::{
    Binding, Content, Definition, DefinitionKind, Row, STRUCTURE_BASE, ScalarKind, Strength, TypeReference,
    VALUE_SET_BASE, XmlForm, stu3,
};
use serde_json::Value;

/// The folder of material that is not part of the project.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")).join(path);
    let found = folder.exists();
    if !found {
        println!("{path} is absent: nothing is compared with it");
    }
    found.then_some(folder)
}

#[test]
fn every_row_equals_the_official_definition_and_none_is_missing() {
    let Some(folder) = shared("fhir-stu3/base") else { return };
    let mut official = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let definition = definition(&serde_json::from_str(&text).unwrap());
        official.insert(definition.name.clone(), definition);
    }
    let ours: BTreeMap<_, _> = stu3().definitions().iter().map(|one| (one.name.clone(), one.clone())).collect();
    assert_eq!(ours.keys().collect::<Vec<_>>(), official.keys().collect::<Vec<_>>());
    let mut rows = 0;
    for (name, theirs) in &official {
        let ours = &ours[name];
        let head = |one: &Definition| (one.kind, one.is_abstract, one.base.clone());
        assert_eq!(head(ours), head(theirs), "{name}");
        let paths = |one: &Definition| one.rows.iter().map(|row| row.path.to_string()).collect::<Vec<_>>();
        assert_eq!(paths(ours), paths(theirs), "{name}");
        for (ours, theirs) in ours.rows.iter().zip(&theirs.rows) {
            assert_eq!(ours, theirs, "{name}.{}", theirs.path);
            rows += 1;
        }
    }
    println!("{rows} rows of {} definitions are equal", official.len());
}

/// Makes a definition of a StructureDefinition, independently of the crate's own readers.
fn definition(source: &Value) -> Definition {
    let text = |key: &str| source[key].as_str();
    let kind = match (text("kind"), text("derivation")) {
        (_, Some("constraint")) => DefinitionKind::Constraint,
        (Some("resource"), _) => DefinitionKind::Resource,
        (Some("complex-type"), _) => DefinitionKind::Complex,
        (Some("primitive-type"), _) => DefinitionKind::Primitive,
        other => panic!("{other:?}"),
    };
    let elements = source["snapshot"]["element"].as_array().unwrap();
    let root = elements[0]["path"].as_str().unwrap().to_owned();
    Definition {
        name: text("id").unwrap().into(),
        kind,
        is_abstract: source["abstract"].as_bool().unwrap(),
        base: text("baseDefinition").map(|url| short(url, STRUCTURE_BASE)),
        rows: elements.iter().skip(1).map(|element| row(element, &root).into()).collect(),
    }
}

fn row(element: &Value, root: &str) -> Row {
    let path =
        element["path"].as_str().and_then(|path| path.strip_prefix(root)).and_then(|path| path.strip_prefix('.'));
    let max = element["max"].as_str().unwrap();
    Row {
        path: path.unwrap().into(),
        min: u32::try_from(element["min"].as_u64().unwrap()).unwrap(),
        max: if max == "*" { None } else { Some(max.parse().unwrap()) },
        content: content(element),
        modifier: element["isModifier"] == true,
        summary: element["isSummary"] == true,
        form: match element["representation"][0].as_str() {
            None => XmlForm::Element,
            Some("xmlAttr") => XmlForm::Attribute,
            Some("xhtml") => XmlForm::Xhtml,
            Some(other) => panic!("{other}"),
        },
        binding: element.get("binding").map(binding),
    }
}

fn content(element: &Value) -> Content {
    if let Some(path) = element["contentReference"].as_str() {
        return Content::SameAs(path.trim_start_matches('#').into());
    }
    let mut types: Vec<TypeReference> = Vec::new();
    for one in element["type"].as_array().unwrap() {
        let Some(code) = one["code"].as_str() else {
            let carrier = one["_code"]["extension"].as_array().unwrap().iter();
            let json =
                carrier.clone().find(|extension| extension["url"].as_str().unwrap().ends_with("json-type")).unwrap();
            return Content::Json(match json["valueString"].as_str().unwrap() {
                "string" => ScalarKind::String,
                "number" => ScalarKind::Number,
                "boolean" => ScalarKind::Boolean,
                other => panic!("{other}"),
            });
        };
        let code = short(code, STRUCTURE_BASE);
        if !types.iter().any(|other| other.code == code) {
            types.push(TypeReference { code: code.clone(), profiles: Vec::new(), targets: Vec::new() });
        }
        let entry = types.iter_mut().find(|other| other.code == code).unwrap();
        entry.profiles.extend(one["profile"].as_str().map(|url| short(url, STRUCTURE_BASE)));
        entry.targets.extend(one["targetProfile"].as_str().map(|url| short(url, STRUCTURE_BASE)));
    }
    Content::Types(types)
}

fn binding(source: &Value) -> Binding {
    let set = source["valueSetUri"].as_str().or_else(|| source["valueSetReference"]["reference"].as_str());
    let extensions = source["extension"].as_array().unwrap();
    let within = extensions.iter().find(|one| one["url"].as_str().unwrap().ends_with("maxValueSet"));
    Binding {
        strength: match source["strength"].as_str().unwrap() {
            "required" => Strength::Required,
            "extensible" => Strength::Extensible,
            "preferred" => Strength::Preferred,
            "example" => Strength::Example,
            other => panic!("{other}"),
        },
        value_set: set.map(|url| short(url, VALUE_SET_BASE)),
        within: within
            .and_then(|one| one["valueReference"]["reference"].as_str())
            .map(|url| short(url, VALUE_SET_BASE)),
    }
}

fn short(url: &str, base: &str) -> Box<str> {
    url.strip_prefix(base).unwrap_or(url).into()
}

//! The resources as JSON Schema (2020-12, as OpenAPI 3.1 has it), made of FHIR's element tables.

use std::collections::BTreeMap;

use fhir::schema::{ScalarKind, Type, TypeKind, types};
use serde_json::{Map, Value, json};
use spine::interaction::REFERENCED_TYPES;

/// The resources that operations name beside those that can be read by reference.
const NAMED: [&str; 6] =
    ["Appointment", "Bundle", "CapabilityStatement", "OperationOutcome", "Patient", "DocumentReference"];

/// Every schema that the operations lead to.
pub(super) fn schemas() -> Value {
    let mut made = BTreeMap::new();
    let resources = NAMED.iter().chain(&REFERENCED_TYPES);
    for resource in resources.filter_map(|name| types().resource(name)) {
        add(resource, &mut made);
    }
    // Any resource: a Bundle's, or a contained one.
    made.insert(
        "Resource".to_owned(),
        json!({"type": "object", "required": ["resourceType"], "properties": {"resourceType": {"type": "string"}}}),
    );
    made.into_iter().collect::<Map<_, _>>().into()
}

fn add(kind: &Type, made: &mut BTreeMap<String, Value>) {
    if made.contains_key(kind.name()) {
        return;
    }
    made.insert(kind.name().to_owned(), Value::Null);
    let mut properties = Map::new();
    let mut required = Vec::new();
    if kind.kind() == TypeKind::Resource {
        properties.insert("resourceType".to_owned(), json!({"const": kind.name()}));
        required.push("resourceType".to_owned());
    }
    for field in kind.fields() {
        let of = field.kind();
        let one = of_type(of);
        let schema = if field.repeats() { json!({"type": "array", "minItems": 1, "items": one}) } else { one };
        properties.insert(field.name().to_owned(), schema);
        if of.is_primitive() && !field.is_attribute() {
            // Ids and extensions of a primitive stand beside it.
            properties.insert(format!("_{}", field.name()), json!({}));
        } else if field.choice().is_none() && field.row().min > 0 {
            required.push(field.name().to_owned());
        }
        if !of.is_primitive() && of.is_known() {
            add(of, made);
        }
    }
    let mut schema = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    made.insert(kind.name().to_owned(), schema);
}

fn of_type(kind: &'static Type) -> Value {
    match (kind.kind(), kind.scalar()) {
        (_, Some(ScalarKind::String)) => json!({"type": "string"}),
        (_, Some(ScalarKind::Number)) => json!({"type": "number"}),
        (_, Some(ScalarKind::Boolean)) => json!({"type": "boolean"}),
        (TypeKind::AnyResource | TypeKind::ForeignResource, _) => json!({"$ref": "#/components/schemas/Resource"}),
        _ if kind.is_xhtml() => json!({"type": "string"}),
        _ if kind.is_known() => json!({"$ref": format!("#/components/schemas/{}", kind.name())}),
        _ => json!({}),
    }
}

//! An OpenAPI 3.1 description of Provider, Registry and token endpoint, made of the tables that the roles themselves go by: operations,
//! refusals and FHIR's element tables (IID-01 to IID-06, OO-01, TOK-01, TOK-05).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use spine::interaction::{OPERATIONS, OperationRow, PathShape, REFERENCED_TYPES};
use spine::{Dialect, Operation, Reason};

use super::Export;
use super::schemas::schemas;
use crate::failure::Failure;
use crate::verbs::caller::Caller;

const FILE: &str = "careslot.openapi.json";
const MEDIA_TYPES: [&str; 2] = ["application/fhir+json", "application/fhir+xml"];

/// The description of the network that this Consumer is set up for.
///
/// # Errors
/// SDS does not lead to an endpoint.
pub(super) async fn written(caller: &Caller) -> Result<Export, Failure> {
    let settings = caller.consumer.settings();
    let root = caller.endpoint(Operation::SearchFreeSlots).await?.root;
    let mut servers = vec![
        json!({"url": format!("{}/{root}", settings.ssp.trim_end_matches('/')), "description": "the Provider, through the Secure Proxy"}),
    ];
    if let Some(registry) = &settings.registry {
        servers.push(json!({"url": registry, "description": "the Registry"}));
    }
    let token_endpoint = settings.token.as_ref().map(|client| client.endpoint.as_str());
    let description = description(settings.dialect, &servers, token_endpoint);
    let command = format!(
        "read it with any OpenAPI tool, such as: npx @redocly/cli preview-docs {FILE}; the demo's certificates stand in its environment file"
    );
    Ok(Export { files: vec![(FILE, format!("{description:#}\n"))], command })
}

/// The whole document.
pub(super) fn description(dialect: &Dialect, servers: &[Value], token_endpoint: Option<&str>) -> Value {
    let mut paths = Map::new();
    for row in &OPERATIONS {
        for &(path, name) in places(row.path) {
            let place = paths.entry(path).or_insert_with(|| json!({}));
            place[row.verb.to_ascii_lowercase()] = operation(row, path, name);
        }
    }
    let mut security = json!({"clientCertificate": {"type": "mutualTLS"}});
    if let Some(endpoint) = token_endpoint {
        let (origin, path) = endpoint.split_at(super::origin(endpoint).len());
        paths.insert(path.to_owned(), token_path(origin));
        let flow = json!({"tokenUrl": endpoint, "scopes": {}});
        security["accessToken"] = json!({"type": "oauth2", "flows": {"clientCredentials": flow}});
    } else {
        security["accessToken"] = json!({"type": "http", "scheme": "bearer", "bearerFormat": "JWT"});
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "NHS Booking: Provider, Registry and token endpoint",
            "version": dialect.name,
            "description": "FHIR STU3 with the Care Connect profiles. The Registry takes the same requests: its POST registers, its PUT cancels a registration.",
        },
        "servers": servers,
        "security": [{"clientCertificate": [], "accessToken": []}],
        "paths": paths,
        "components": {
            "securitySchemes": security,
            "parameters": parameters(),
            "responses": refusals(dialect),
            "schemas": schemas(),
        },
    })
}

/// The paths of an operation, each with the end of its operation's name.
fn places(shape: PathShape) -> &'static [(&'static str, &'static str)] {
    match shape {
        PathShape::Metadata => &[("/metadata", "")],
        PathShape::Slot => &[("/Slot", "")],
        PathShape::Appointment => &[("/Appointment", "")],
        PathShape::AppointmentInstance => &[("/Appointment/{id}", "")],
        PathShape::AppointmentAndVersions => &[
            ("/Appointment/{id}", ""),
            ("/Appointment/{id}/_history", "History"),
            ("/Appointment/{id}/_history/{version}", "Version"),
        ],
        PathShape::ReferencedInstance => &[("/{referencedType}/{id}", "")],
        PathShape::Validate => &[("/{type}/$validate", "")],
    }
}

fn operation(row: &OperationRow, path: &str, ending: &str) -> Value {
    let names = [("{id}", "id"), ("{version}", "version"), ("{type}", "type"), ("{referencedType}", "referencedType")];
    let mut wanted: Vec<&str> = names.iter().filter(|(place, _)| path.contains(place)).map(|(_, name)| *name).collect();
    if !row.interactions.is_empty() {
        wanted.extend(["sspTraceId", "sspFrom", "sspTo", "sspInteractionId"]);
    }
    wanted.extend(of_operation(row.operation));
    let references: Vec<Value> =
        wanted.iter().map(|name| json!({"$ref": format!("#/components/parameters/{name}")})).collect();
    let (status, resource) = answer(row.operation, ending);
    let interactions: Vec<&str> = row.interactions.iter().map(spine::InteractionId::as_str).collect();
    let mut written = json!({
        "operationId": format!("{:?}{ending}", row.operation),
        "parameters": references,
        "responses": responses(status, resource, row.verb),
    });
    if !interactions.is_empty() {
        written["description"] = json!(format!("Ssp-InteractionID: {}", interactions.join(" or ")));
    }
    if let Some(body) = body(row.operation) {
        written["requestBody"] = json!({"required": true, "content": content(body)});
    }
    written
}

/// The parameters of an operation beside those of its path and the proxy.
fn of_operation(operation: Operation) -> &'static [&'static str] {
    match operation {
        Operation::SearchFreeSlots => &["service", "start", "status", "include", "format"],
        Operation::SearchPatientAppointments => &["patient", "appointmentStart", "format"],
        Operation::BookAppointment => &["xRequestId"],
        Operation::CancelAppointment => &["xRequestId", "ifMatch"],
        Operation::Validate => &[],
        _ => &["format"],
    }
}

/// Status and type of an answer that is no refusal.
fn answer(operation: Operation, ending: &str) -> (u16, &'static str) {
    match (operation, ending) {
        (Operation::CapabilityStatement, _) => (200, "CapabilityStatement"),
        (Operation::BookAppointment, _) => (201, "Appointment"),
        (Operation::SearchFreeSlots | Operation::SearchPatientAppointments, _) | (_, "History") => (200, "Bundle"),
        (Operation::ReadReferenced, _) => (200, "Resource"),
        (Operation::Validate, _) => (200, "OperationOutcome"),
        _ => (200, "Appointment"),
    }
}

fn body(operation: Operation) -> Option<&'static str> {
    match operation {
        Operation::BookAppointment | Operation::CancelAppointment => Some("Appointment"),
        Operation::Validate => Some("Resource"),
        _ => None,
    }
}

fn responses(status: u16, resource: &str, verb: &str) -> Value {
    let mut all = json!({
        status.to_string(): {"description": "done", "headers": headers(resource), "content": content(resource)},
    });
    let writes = verb != "GET";
    for (refused, only_for_writing) in REFUSED {
        if writes || !only_for_writing {
            all[refused.to_string()] = json!({"$ref": format!("#/components/responses/{refused}")});
        }
    }
    all
}

/// The statuses that a call may be refused with, and whether only one that writes is.
const REFUSED: [(u16, bool); 14] = [
    (400, false),
    (403, false),
    (404, false),
    (405, false),
    (406, false),
    (409, true),
    (412, true),
    (415, true),
    (422, false),
    (429, false),
    (495, false),
    (496, false),
    (500, false),
    (502, false),
];

fn headers(resource: &str) -> Value {
    if resource == "Appointment" {
        json!({
            "ETag": {"description": "The version, as W/\"1\" (VER-01).", "schema": {"type": "string"}},
            "Location": {"description": "The URL of the version that was made.", "schema": {"type": "string", "format": "uri"}},
            "X-Request-ID": {"description": "An id of the exchange (XTI-02).", "schema": {"type": "string"}},
        })
    } else {
        json!({"X-Request-ID": {"description": "An id of the exchange (XTI-02).", "schema": {"type": "string"}}})
    }
}

fn content(resource: &str) -> Value {
    let schema = json!({"schema": {"$ref": format!("#/components/schemas/{resource}")}});
    MEDIA_TYPES.iter().map(|media_type| ((*media_type).to_owned(), schema.clone())).collect::<Map<_, _>>().into()
}

fn parameters() -> Value {
    let string = json!({"type": "string"});
    let uuid = json!({"type": "string", "format": "uuid"});
    let asid = json!({"type": "string", "pattern": "^[0-9]{12}$"});
    let in_path = |name: &str, schema: &Value| json!({"name": name, "in": "path", "required": true, "schema": schema});
    let header = |name: &str, required: bool, schema: &Value, what: &str| json!({"name": name, "in": "header", "required": required, "schema": schema, "description": what});
    let query = |name: &str, required: bool, schema: Value, what: &str| json!({"name": name, "in": "query", "required": required, "schema": schema, "description": what});
    let several = json!({"type": "array", "items": {"type": "string"}});
    json!({
        "id": in_path("id", &json!({"type": "string", "pattern": "^[A-Za-z0-9.-]{1,64}$"})),
        "version": in_path("version", &string),
        "type": in_path("type", &string),
        "referencedType": in_path("referencedType", &json!({"type": "string", "enum": REFERENCED_TYPES})),
        "sspTraceId": header("Ssp-TraceID", true, &uuid, "An id of this call, new each time (SSP-20)."),
        "sspFrom": header("Ssp-From", true, &asid, "The Consumer's ASID (SSP-21)."),
        "sspTo": header("Ssp-To", true, &asid, "The service's ASID (SSP-22)."),
        "sspInteractionId": header("Ssp-InteractionID", true, &string, "What the call is for (SSP-23)."),
        "xRequestId": header("X-Request-ID", false, &uuid, "The same on each attempt at one request (XTI-01)."),
        "ifMatch": header("If-Match", true, &string, "The version that is changed, W/\"1\" (VER-02)."),
        "service": query("schedule.actor:healthcareservice", true, string.clone(), "The service's id (SLT-02)."),
        "start": query("start", true, several.clone(), "ge and le with a time: where the window begins and ends (SLT-06)."),
        "status": query("status", false, string.clone(), "free, busy … separated by commas (SLT-10)."),
        "include": query("_include", false, several.clone(), "What comes with the Slots (SLT-20)."),
        "patient": query("Appointment.participant.actor:Patient.identifier", true, string.clone(), "NHS number system|value (PAT-03)."),
        "appointmentStart": query("start", false, several, "A window; without one the past is left out (X-24)."),
        "format": query("_format", false, json!({"type": "string", "enum": ["json", "xml"]}), "The format of the answer (HTTP-06)."),
    })
}

/// For each status, every refusal that is answered with it.
fn refusals(dialect: &Dialect) -> Value {
    let mut of_status: BTreeMap<u16, BTreeSet<String>> = BTreeMap::new();
    for reason in Reason::ALL {
        let row = reason.refused(dialect);
        if row.oauth_error.is_none() {
            let code = row.coding.map_or(row.issue_code, |coding| coding.code);
            of_status.entry(row.status).or_default().insert(format!("{}: {code}. {}", row.requirement, row.sentence));
        }
    }
    let described = |status: u16| {
        let lines =
            of_status.get(&status).map(|lines| lines.iter().map(|line| format!("- {line}")).collect::<Vec<_>>());
        lines.map_or_else(|| "refused".to_owned(), |lines| lines.join("\n"))
    };
    let response = |status: u16| json!({"description": described(status), "content": content("OperationOutcome")});
    REFUSED.iter().map(|(status, _)| (status.to_string(), response(*status))).collect::<Map<_, _>>().into()
}

fn token_path(origin: &str) -> Value {
    let form = json!({
        "type": "object",
        "required": ["grant_type", "client_id", "client_secret", "scope"],
        "properties": {
            "grant_type": {"const": "client_credentials"},
            "client_id": {"type": "string"},
            "client_secret": {"type": "string", "format": "password"},
            "scope": {"type": "string", "description": "The service root followed by /.default (TOK-02)."},
        },
    });
    let token = json!({
        "type": "object",
        "required": ["access_token", "token_type", "expires_in"],
        "properties": {
            "access_token": {"type": "string"},
            "token_type": {"const": "Bearer"},
            "expires_in": {"type": "integer", "description": "seconds"},
        },
    });
    let error = json!({
        "type": "object",
        "required": ["error"],
        "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
    });
    let of = |schema: &Value| json!({"application/json": {"schema": schema}});
    json!({
        "servers": [{"url": origin, "description": "the token endpoint"}],
        "post": {
            "operationId": "GetToken",
            "security": [],
            "requestBody": {"required": true, "content": {"application/x-www-form-urlencoded": {"schema": form}}},
            "responses": {
                "200": {"description": "a token (TOK-05)", "content": of(&token)},
                "400": {"description": "RFC 6749 section 5.2", "content": of(&error)},
                "401": {"description": "RFC 6749 section 5.2: the client is not known, or its secret is wrong", "content": of(&error)},
                "429": {"description": "too many failures of this client", "content": of(&error)},
            },
        },
    })
}

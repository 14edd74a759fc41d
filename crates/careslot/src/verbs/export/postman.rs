//! A Postman collection (format 2.1.0), and the list of certificates that newman reads, since a collection cannot carry them.

use serde_json::{Value, json};

use super::requests::{Keeps, Request, Walk};
use super::{Certificates, Export};

const COLLECTION: &str = "careslot.postman_collection.json";
const CERTIFICATES: &str = "careslot.postman_certificates.json";

pub(super) fn written(walk: &Walk, certificates: &Certificates) -> Export {
    let variables: Vec<Value> =
        walk.variables.iter().map(|(name, value)| json!({"key": name, "value": value, "type": "string"})).collect();
    let items: Vec<Value> = walk.requests.iter().map(|request| item(walk, request)).collect();
    let collection = json!({
        "info": {
            "name": format!("CareSlot: one Appointment, dialect {}", walk.dialect.name),
            "description": "Run the requests in their order: each uses what the ones before it found. The tokens end; export again then.",
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "item": items,
        "variable": variables,
    });
    let list: Vec<Value> = walk
        .origins
        .iter()
        .map(|origin| {
            json!({
                "name": origin,
                "matches": [format!("{origin}/*")],
                "cert": {"src": certificates.cert},
                "key": {"src": certificates.key},
            })
        })
        .collect();
    Export {
        files: vec![(COLLECTION, format!("{collection:#}\n")), (CERTIFICATES, format!("{:#}\n", json!(list)))],
        command: format!(
            "run it: npx newman run {COLLECTION} --ssl-client-cert-list {CERTIFICATES} --ssl-extra-ca-certs '{}'",
            certificates.ca
        ),
    }
}

fn item(walk: &Walk, request: &Request) -> Value {
    let headers: Vec<Value> =
        request.unsent.headers.iter().map(|(name, value)| json!({"key": name, "value": value})).collect();
    let mut written = json!({"method": request.unsent.method, "header": headers, "url": request.unsent.url});
    if let Some(body) = &request.unsent.body {
        written["body"] = json!({"mode": "raw", "raw": body});
    }
    let script = json!({"type": "text/javascript", "exec": after(walk, request)});
    json!({"name": request.name, "request": written, "event": [{"listen": "test", "script": script}]})
}

/// The script that runs after the answer.
fn after(walk: &Walk, request: &Request) -> Vec<String> {
    let status = request.status;
    let mut lines = vec![format!(
        "pm.test('{name}: {status}', () => pm.response.to.have.status({status}));",
        name = request.name.replace('\'', "")
    )];
    match request.keeps {
        Keeps::Nothing => {}
        Keeps::Slot => lines.extend(
            [
                "const slot = pm.response.json().entry.map(entry => entry.resource).find(resource => resource.resourceType === 'Slot');",
                "pm.collectionVariables.set('slot', slot.id);",
                "pm.collectionVariables.set('slot_system', slot.identifier?.[0]?.system);",
                "pm.collectionVariables.set('slot_value', slot.identifier?.[0]?.value);",
                "pm.collectionVariables.set('schedule', slot.schedule.reference);",
                "pm.collectionVariables.set('start', slot.start);",
                "pm.collectionVariables.set('end', slot.end);",
            ]
            .map(str::to_owned),
        ),
        Keeps::Appointment(name) => {
            lines.push("const appointment = pm.response.json();".to_owned());
            lines.push(format!("pm.collectionVariables.set('{name}', appointment.id);"));
            lines.push(format!("pm.collectionVariables.set('{name}_version', pm.response.headers.get('ETag'));"));
            lines.push("appointment.status = 'cancelled';".to_owned());
            if walk.renews_created() {
                lines.push("appointment.created = new Date().toISOString();".to_owned());
            }
            lines.push(format!("pm.collectionVariables.set('{name}_cancelled', JSON.stringify(appointment));"));
        }
    }
    lines
}

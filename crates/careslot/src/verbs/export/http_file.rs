//! An `.http` file as editors (VS Code, JetBrains, Emacs) show it and httpyac sends it, and httpyac's settings with the certificates.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::requests::{Keeps, Request, Walk};
use super::{Certificates, Export};

const FILE: &str = "careslot.http";
const SETTINGS: &str = ".httpyac.json";

pub(super) fn written(walk: &Walk, certificates: &Certificates) -> Export {
    let mut text = String::from("# One Appointment, request by request: each uses what the ones before it found.\n");
    text.push_str("# The tokens end; export again then.\n\n");
    for (name, value) in &walk.variables {
        let _ = writeln!(text, "@{name} = {value}");
    }
    for request in &walk.requests {
        text.push_str(&block(walk, request));
    }
    let list: Map<String, Value> = walk
        .origins
        .iter()
        .map(|origin| {
            let host = origin.split("://").nth(1).unwrap_or(origin);
            (host.to_owned(), json!({"cert": certificates.cert, "key": certificates.key}))
        })
        .collect();
    let settings = json!({"clientCertificates": list});
    Export {
        files: vec![(FILE, text), (SETTINGS, format!("{settings:#}\n"))],
        command: format!("run it: NODE_EXTRA_CA_CERTS='{}' npx httpyac send {FILE} --all", certificates.ca),
    }
}

fn block(walk: &Walk, request: &Request) -> String {
    let unsent = &request.unsent;
    let mut text = format!("\n### {}\n# @name {}\n{} {}\n", request.name, request.id, unsent.method, unsent.url);
    for (name, value) in &unsent.headers {
        let _ = writeln!(text, "{name}: {value}");
    }
    if let Some(body) = &unsent.body {
        let _ = write!(text, "\n{body}\n");
    }
    let _ = write!(text, "\n?? status == {}\n", request.status);
    let after = after(walk, request);
    if !after.is_empty() {
        let _ = write!(text, "\n{{{{\n{after}}}}}\n");
    }
    text
}

/// The script that runs after the answer.
fn after(walk: &Walk, request: &Request) -> String {
    match request.keeps {
        Keeps::Nothing => String::new(),
        Keeps::Slot => "  const found = JSON.parse(response.body).entry.map(entry => entry.resource);\n  \
                        const slotFound = found.find(resource => resource.resourceType === 'Slot');\n  \
                        exports.slot = slotFound.id;\n  \
                        exports.slot_system = slotFound.identifier?.[0]?.system;\n  \
                        exports.slot_value = slotFound.identifier?.[0]?.value;\n  \
                        exports.schedule = slotFound.schedule.reference;\n  \
                        exports.start = slotFound.start;\n  \
                        exports.end = slotFound.end;\n"
            .to_owned(),
        Keeps::Appointment(name) => {
            let created = if walk.renews_created() { "  made.created = new Date().toISOString();\n" } else { "" };
            format!(
                "  const made = JSON.parse(response.body);\n  exports.{name} = made.id;\n  \
                 exports.{name}_version = response.headers.etag;\n  made.status = 'cancelled';\n{created}  \
                 exports.{name}_cancelled = JSON.stringify(made);\n"
            )
        }
    }
}

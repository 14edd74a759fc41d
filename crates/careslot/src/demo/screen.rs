//! The first screen: each part with its address, the booking told as a short story, three commands to try next.

use std::time::Duration;

use super::booking::Told;
use super::directory::SERVICE_ONE;
use super::folder::Folder;
use super::layout::ldapsearch;
use crate::environment::Environment;
use crate::terminal::{Colour, Terminal};
use crate::verbs::times;

/// The screen as text. After `--once` nothing stays up, and only the story is told.
pub(super) fn screen(
    terminal: &Terminal,
    environment: &Environment,
    folder: &Folder,
    told: &Told,
    took: Duration,
    once: bool,
) -> String {
    let mut text = String::new();
    let tick = terminal.paint(Colour::Green, "✔");
    let heading = |words: &str| terminal.paint(Colour::Bold, words);
    let mut line = |words: String| {
        text.push_str(&words);
        text.push('\n');
    };
    line(heading(&format!(
        "CareSlot {}, dialect {}, up in {:.1} s",
        environment.careslot,
        environment.dialect,
        took.as_secs_f64()
    )));
    line(String::new());
    for (name, address) in parts(environment) {
        line(format!("  {tick} {name:<15} {address}"));
    }
    line(String::new());
    line(heading("One booking, through every part"));
    line(format!("  SDS      {SERVICE_ONE} has party key {} and is at {}", told.party_key, told.root));
    line(format!(
        "  token    {}",
        if told.signed_token {
            "for that address, signed RS256 by the token endpoint"
        } else {
            "made by the Consumer itself, unsigned, as dialect 2.0.4 has it"
        }
    ));
    line(format!(
        "  SSP      let the Consumer through to the Provider: {} free Slots in four days of the next weeks",
        told.free
    ));
    line(format!(
        "  Provider booked {} for {}: Appointment {}, version {}",
        told.slot,
        times::both(&told.start),
        told.id,
        told.version
    ));
    let registry = if told.registered {
        "has it, with a pointer to the Provider's copy"
    } else {
        "could not be told; the message is kept"
    };
    line(format!("  Registry {registry}"));
    line(String::new());
    if once {
        line(String::from_utf8_lossy(&told.appointment).into_owned());
        return text;
    }
    line(heading("Try next"));
    line(format!("  careslot slots {SERVICE_ONE} --from tomorrow --to tomorrow"));
    line(format!("  {}", ldapsearch(&environment.sds.ldap)));
    line(format!("  {}", curl(environment, folder)));
    line(String::new());
    line(format!("Pages: {}", terminal.paint(Colour::Bold, &environment.web)));
    line(format!("Everything else is in {}/environment.json. Stop with Ctrl-C.", shown(folder)));
    text
}

fn parts(environment: &Environment) -> [(&'static str, String); 6] {
    [
        ("SDS", format!("{}  {}", environment.sds.ldap, environment.sds.ldaps)),
        ("token endpoint", environment.token.endpoint.clone()),
        ("SSP", environment.ssp.clone()),
        ("Provider", environment.provider.bases.values().cloned().collect::<Vec<_>>().join("  ")),
        ("Registry", environment.registry.bases.values().cloned().collect::<Vec<_>>().join("  ")),
        ("pages", environment.web.clone()),
    ]
}

/// A token for the Provider, by hand: the second step of every booking.
fn curl(environment: &Environment, folder: &Folder) -> String {
    let here = shown(folder);
    format!(
        "curl --cacert {here}/{ca} {endpoint} -d grant_type=client_credentials -d client_id={client} \\\n       \
         --data-urlencode client_secret@{here}/{secret} -d scope={root}/.default",
        ca = environment.ca.display(),
        endpoint = environment.token.endpoint,
        client = environment.consumer.client_id,
        secret = environment.consumer.client_secret_file.display(),
        root = environment.provider.endpoint,
    )
}

/// The folder as a person would type it from here.
fn shown(folder: &Folder) -> String {
    let here = std::env::current_dir().ok();
    let relative = here.as_deref().and_then(|here| folder.path().strip_prefix(here).ok());
    relative.unwrap_or(folder.path()).display().to_string()
}

//! A resource on stdout: as it came, as XML, or as a table for people.

use fhir::Node;
use fhir::view::{self, Appointment, Bundle};
use roles::consumer::Received;
use spine::systems;

use super::fault::failure_of;
use super::table::{Column, fields, harmless, table, whole};
use super::times;
use crate::failure::Failure;
use crate::terminal::{Colour, OutputForm, Terminal};

/// Writes the body in the form that was asked for; `shown` makes the table.
///
/// # Errors
/// The answer is no such resource.
pub(super) fn write(
    received: &Received,
    expected: &str,
    form: OutputForm,
    terminal: &Terminal,
    shown: impl FnOnce(&Node) -> String,
) -> Result<(), Failure> {
    let resource = received.resource(expected).map_err(failure_of)?;
    let text = match form {
        OutputForm::Json => as_received(received),
        OutputForm::Xml => as_xml(&resource),
        OutputForm::Table => shown(&resource),
    };
    terminal.data(&text);
    say_faults(received, terminal);
    Ok(())
}

/// What is wrong with the form of an answer that could be read all the same: the answering party's fault, and said as such (OO-08).
pub(super) fn say_faults(received: &Received, terminal: &Terminal) {
    for fault in received.faults() {
        let label = terminal.paint_err(Colour::Yellow, "note:");
        terminal.say(&format!("{label} the answer of {} is not as FHIR has it: {}", received.party, harmless(&fault)));
    }
}

/// The body as it came, with a line feed at its end.
pub(super) fn as_received(received: &Received) -> String {
    ended(String::from_utf8_lossy(&received.body).into_owned())
}

/// The resource as XML.
pub(super) fn as_xml(resource: &Node) -> String {
    ended(String::from_utf8_lossy(&fhir::xml::write(resource)).into_owned())
}

fn ended(mut text: String) -> String {
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// An Appointment, one field a line; `more` stands at its end.
pub(super) fn appointment(resource: &Node, more: &[(&str, String)]) -> String {
    let Some(appointment) = Appointment::of(resource) else { return String::new() };
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let time = |value: Option<&str>| value.map(times::both).unwrap_or_default();
    let slots: Vec<&str> = appointment.slots().filter_map(|slot| slot.node().text_of("reference")).collect();
    let mut all = vec![
        ("Appointment", text(appointment.id())),
        ("version", text(view::version_id(resource))),
        ("status", text(appointment.status())),
        ("start", time(appointment.start())),
        ("end", time(appointment.end())),
        ("created", time(appointment.created())),
        ("Slot", slots.join(" ")),
        ("about", text(appointment.description())),
        ("patient", patient(&appointment)),
        ("NHS number", spaced(nhs_number(&appointment).unwrap_or_default())),
        ("document", document(&appointment)),
    ];
    all.extend(more.iter().cloned());
    fields(&all)
}

const APPOINTMENTS: [Column; 4] = [whole("LOCAL TIME"), whole("UTC"), whole("STATUS"), whole("ID")];

/// The Appointments of a Bundle, one a line, each with the address that it points to below it.
pub(super) fn appointments(bundle: &Node) -> String {
    let all = all_of(bundle);
    let rows: Vec<Vec<String>> = all.iter().map(|each| row(each, each.id().unwrap_or_default().to_owned())).collect();
    let pointers = all.iter().map(|each| pointer(each).map(|url| format!("  {}\n", harmless(url))).unwrap_or_default());
    let table = table(&APPOINTMENTS, &rows);
    let lines = table.lines().map(|line| format!("{line}\n"));
    lines.zip(std::iter::once(String::new()).chain(pointers)).map(|(line, pointer)| line + &pointer).collect()
}

const VERSIONS: [Column; 5] = [whole("LOCAL TIME"), whole("UTC"), whole("STATUS"), whole("VERSION"), whole("WRITTEN")];

/// The versions of one Appointment, in the Bundle's order.
pub(super) fn versions(bundle: &Node) -> String {
    let rows: Vec<Vec<String>> = all_of(bundle)
        .iter()
        .map(|each| {
            let mut row = row(each, view::version_id(each.node()).unwrap_or_default().to_owned());
            let written = each.node().find("meta.lastUpdated").and_then(Node::text);
            row.push(written.map(|text| times::columns(text)[0].clone()).unwrap_or_default());
            row
        })
        .collect();
    table(&VERSIONS, &rows)
}

fn all_of(bundle: &Node) -> Vec<Appointment<'_>> {
    Bundle::of(bundle).into_iter().flat_map(|bundle| bundle.resources()).filter_map(Appointment::of).collect()
}

fn row(appointment: &Appointment<'_>, last: String) -> Vec<String> {
    let [local, utc] = appointment.start().map(times::columns).unwrap_or_default();
    vec![local, utc, appointment.status().unwrap_or_default().to_owned(), last]
}

/// The address of the Provider's copy (REG-05, PAT-09).
fn pointer<'n>(appointment: &Appointment<'n>) -> Option<&'n str> {
    let mut identifiers = appointment.identifiers();
    identifiers.find(|identifier| identifier.system() == Some(systems::URL_POINTER))?.value()
}

fn patient(appointment: &Appointment<'_>) -> String {
    let mut actors = appointment.participants().filter_map(|participant| participant.actor());
    actors.find_map(|actor| actor.node().text_of("display").map(str::to_owned)).unwrap_or_default()
}

fn nhs_number<'n>(appointment: &Appointment<'n>) -> Option<&'n str> {
    let mut identifiers = appointment.participants().filter_map(|one| one.actor()?.node().child("identifier"));
    identifiers.find(|one| one.text_of("system").is_some_and(systems::is_nhs_number))?.text_of("value")
}

/// `999 000 0018`: the way people write an NHS number.
fn spaced(number: &str) -> String {
    match (number.get(..3), number.get(3..6), number.get(6..)) {
        (Some(first), Some(second), Some(rest)) if number.len() == 10 => format!("{first} {second} {rest}"),
        _ => number.to_owned(),
    }
}

/// The UUID of the CDA document (RES-D03).
fn document(appointment: &Appointment<'_>) -> String {
    let mut documents = appointment.contained_of("DocumentReference");
    let value = documents.find_map(|document| document.find("identifier.value")).and_then(Node::text);
    value.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const APPOINTMENT: &str = r##"{"resourceType":"Appointment","id":"1","meta":{"versionId":"2"},
        "contained":[{"resourceType":"DocumentReference","id":"D1","identifier":[{"value":"urn"}]}],
        "identifier":[{"system":"urn:ietf:rfc:3986","value":"https://p/Appointment/1"}],
        "status":"booked","description":"111 Referral","start":"2026-07-01T08:00:00+00:00","slot":[{"reference":"Slot/s"}],
        "participant":[{"actor":{"reference":"#P1","identifier":{"system":"https://fhir.nhs.uk/Id/nhs-number",
        "value":"9990000018"},"display":"Mx Alex Example"},"status":"accepted"}]}"##;

    fn node(text: &str) -> Node {
        fhir::json::read(text.as_bytes(), &fhir::Limits::STRICT).unwrap().resource
    }

    #[test]
    fn an_appointment_is_shown_field_by_field() {
        insta::assert_snapshot!(appointment(&node(APPOINTMENT), &[("link", "https://p/Appointment/1".into())]), @r"
        Appointment  1
        version      2
        status       booked
        start        Wed 01 Jul 2026 09:00 (2026-07-01T08:00:00Z)
        Slot         Slot/s
        about        111 Referral
        patient      Mx Alex Example
        NHS number   999 000 0018
        document     urn
        link         https://p/Appointment/1
        ");
    }

    #[test]
    fn several_appointments_stand_under_each_other() {
        let bundle =
            format!(r#"{{"resourceType":"Bundle","type":"searchset","entry":[{{"resource":{APPOINTMENT}}}]}}"#);
        insta::assert_snapshot!(appointments(&node(&bundle)), @r"
        LOCAL TIME             UTC     STATUS  ID
        Wed 01 Jul 2026 09:00  08:00Z  booked  1
          https://p/Appointment/1
        ");
        insta::assert_snapshot!(versions(&node(&bundle)), @r"
        LOCAL TIME             UTC     STATUS  VERSION
        Wed 01 Jul 2026 09:00  08:00Z  booked  2
        ");
    }
}

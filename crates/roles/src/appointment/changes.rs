//! The only place where a resource that a Consumer sent is edited, one function for each change that a requirement lets the
//! Provider make (BOOK-04, BOOK-17, BOOK-20, CAN-05, PAT-09, X-08, X-09). Everything else is stored and returned as it came.

use fhir::Node;
use jiff::Timestamp;
use spine::systems;

/// BOOK-04, VER-07: the id and version that the Provider gives, and when it gave them.
pub(crate) fn give_identity(appointment: &mut Node, id: &str, version: u32, at: Timestamp) {
    appointment.set_text("id", id);
    if appointment.child("meta").is_none() {
        appointment.element("meta");
    }
    if let Some(meta) = appointment.child_mut("meta") {
        meta.set_text("versionId", &version.to_string()).set_text("lastUpdated", &instant(at));
    }
}

/// X-08, BOOK-24: where the Provider says when a booking was made, its own time stands in `created`.
pub(crate) fn set_created(appointment: &mut Node, at: Timestamp) {
    appointment.set_text("created", &instant(at));
}

/// BOOK-20: the contained Slot is echoed as what it has become.
pub(crate) fn mark_contained_slots_busy(appointment: &mut Node) {
    for contained in appointment.all_mut("contained").filter(|contained| contained.type_name() == "Slot") {
        contained.set_text("status", "busy");
    }
}

/// BOOK-17, PAT-12: a patient without any identifier gets one of the Provider's own.
pub(crate) fn add_local_identifier(appointment: &mut Node, system: &str, value: &str) {
    let mut patients = appointment.all_mut("contained").filter(|contained| contained.type_name() == "Patient");
    if let Some(patient) = patients.next() {
        patient.element("identifier").set_text("use", "usual").set_text("system", system).set_text("value", value);
    }
}

/// X-09: every published spelling of the NHS number's system is taken, one is given back.
pub(crate) fn unify_nhs_number_systems(appointment: &mut Node) {
    for participant in appointment.all_mut("participant") {
        if let Some(identifier) = participant.child_mut("actor").and_then(|actor| actor.child_mut("identifier"))
            && identifier.text_of("system").is_some_and(systems::is_nhs_number)
        {
            identifier.set_text("system", systems::NHS_NUMBER);
        }
    }
}

/// BOOK-17, CAN-05: an identifier that the Provider added stays, whether the Consumer sent it back or not.
pub(crate) fn keep_local_identifiers(appointment: &mut Node, stored: &Node, system: &str) {
    let is_local = |identifier: &Node| identifier.text_of("system") == Some(system);
    let patients = stored.all("contained").filter(|contained| contained.type_name() == "Patient");
    for before in patients {
        let mut kept = before.all("identifier").filter(|identifier| is_local(identifier)).peekable();
        let same = |contained: &&mut Node| {
            contained.type_name() == "Patient" && contained.text_of("id") == before.text_of("id")
        };
        if kept.peek().is_some()
            && let Some(patient) = appointment.all_mut("contained").find(same)
        {
            patient.retain(|child| child.name() != "identifier" || !is_local(child));
            for identifier in kept {
                patient.push("identifier", identifier.clone());
            }
        }
    }
}

/// CAN-05, X-09: a copy to be compared, without what a comparison of meaning passes over: narrative, the order of contained
/// resources, a contained Slot's status, identifiers that the Provider added, the spelling of the NHS number's system. The copy is
/// never stored.
pub(crate) fn for_comparison(appointment: &Node, local_system: &str) -> Node {
    let mut copy = appointment.clone();
    copy.remove("text");
    let mut contained = copy.remove("contained");
    contained.sort_by(|one, other| one.text_of("id").cmp(&other.text_of("id")));
    for mut resource in contained {
        match resource.type_name() {
            "Slot" => drop(resource.remove("status")),
            "Patient" => {
                resource.retain(|child| child.name() != "identifier" || child.text_of("system") != Some(local_system));
            }
            _ => {}
        }
        resource.remove("text");
        copy.push("contained", resource);
    }
    // Every spelling of the NHS number's system says the same (X-09).
    unify_nhs_number_systems(&mut copy);
    copy
}

/// PAT-09, PAT-10: what a search for a patient's Appointments tells of each, with a pointer to the whole: this URL, or where
/// there is none the pointer that the record itself holds.
pub(crate) fn limit_to_a_pointer(appointment: &mut Node, url: Option<&str>) {
    const KEPT: [&str; 8] = ["id", "meta", "language", "status", "start", "end", "created", "participant"];
    appointment.retain(|child| KEPT.contains(&child.name()) || (url.is_none() && child.name() == "identifier"));
    if let Some(url) = url {
        appointment.element("identifier").set_text("system", systems::URL_POINTER).set_text("value", url);
    }
    for participant in appointment.all_mut("participant") {
        if let Some(actor) = participant.child_mut("actor")
            && actor.text_of("reference").is_some_and(|reference| reference.starts_with('#'))
        {
            // What it pointed to is not part of the limited set.
            actor.remove("reference");
        }
    }
}

/// An instant in UTC with milliseconds (TIM-01, TIM-02).
pub(crate) fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3f+00:00").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Node {
        fhir::json::read(text.as_bytes(), &fhir::Limits::STRICT).unwrap().resource
    }

    fn written(node: &Node) -> String {
        String::from_utf8(fhir::json::write(node)).unwrap()
    }

    fn at() -> Timestamp {
        "2026-11-23T09:00:00Z".parse().unwrap()
    }

    // covers: BOOK-04, VER-07, X-08
    #[test]
    fn identity_and_created_are_the_providers() {
        let mut appointment =
            read(r#"{"resourceType":"Appointment","status":"booked","created":"2019-01-01T00:00:00Z"}"#);
        give_identity(&mut appointment, "a1", 1, at());
        set_created(&mut appointment, at());
        assert_eq!(
            written(&appointment),
            concat!(
                r#"{"resourceType":"Appointment","id":"a1","meta":{"versionId":"1","lastUpdated":"2026-11-23T09:00:00.000+00:00"},"#,
                r#""status":"booked","created":"2026-11-23T09:00:00.000+00:00"}"#
            )
        );
    }

    // covers: BOOK-17, BOOK-20
    #[test]
    fn contained_slot_and_patient_are_edited_and_nothing_else() {
        let text = concat!(
            r#"{"resourceType":"Appointment","contained":[{"resourceType":"Slot","id":"s","status":"free"},"#,
            r#"{"resourceType":"Patient","id":"p"}],"status":"booked","own":{"x":1}}"#
        );
        let mut appointment = read(text);
        mark_contained_slots_busy(&mut appointment);
        add_local_identifier(&mut appointment, "https://x/Id", "7");
        let expected = text
            .replace("free", "busy")
            .replace(r#""id":"p""#, r#""id":"p","identifier":[{"use":"usual","system":"https://x/Id","value":"7"}]"#);
        assert_eq!(written(&appointment), expected);
    }

    // covers: X-09
    #[test]
    fn one_spelling_of_the_nhs_numbers_system_is_given_back() {
        for system in systems::NHS_NUMBER_ALIASES {
            let mut appointment = read(&format!(
                r#"{{"resourceType":"Appointment","participant":[{{"actor":{{"identifier":{{"system":"{system}","value":"1"}}}}}}]}}"#
            ));
            unify_nhs_number_systems(&mut appointment);
            assert_eq!(
                appointment.find("participant.actor.identifier.system").unwrap().text(),
                Some(systems::NHS_NUMBER)
            );
        }
    }

    // covers: PAT-09
    #[test]
    fn a_search_entry_is_a_pointer() {
        let mut appointment = read(concat!(
            r##"{"resourceType":"Appointment","id":"a1","contained":[{"resourceType":"Patient","id":"p"}],"status":"booked","##,
            r##""description":"111","slot":[{"reference":"Slot/s"}],"start":"2019-07-02T09:15:00Z","end":"2019-07-02T09:30:00Z","##,
            r##""participant":[{"actor":{"reference":"#p","display":"A"},"status":"accepted"}]}"##
        ));
        limit_to_a_pointer(&mut appointment, Some("https://x/Appointment/a1"));
        assert_eq!(
            written(&appointment),
            concat!(
                r#"{"resourceType":"Appointment","id":"a1","identifier":[{"system":"urn:ietf:rfc:3986","value":"https://x/Appointment/a1"}],"#,
                r#""status":"booked","start":"2019-07-02T09:15:00Z","end":"2019-07-02T09:30:00Z","#,
                r#""participant":[{"actor":{"display":"A"},"status":"accepted"}]}"#
            )
        );
    }
}

//! A diary given as FHIR resources, put into the form in which it is kept and searched
//! (SMG-01, SMG-02, SLT-03, SLT-20, X-03, X-44, RES-C01 to RES-C07).

use std::collections::BTreeMap;

use fhir::Node;
use jiff::Timestamp;
use spine::interaction::REFERENCED_TYPES;
use store::{DiaryContent, Include, NewSlot, Resource, ScheduleOffer, ServiceOffer, SlotStatus};

use super::slot_fragment;

/// A resource that cannot be part of a diary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{resource}: {what}")]
pub struct NotADiary {
    /// Type and id of the resource.
    pub resource: String,
    /// What is missing or wrong.
    pub what: String,
}

/// Makes a diary of HealthcareServices, Schedules, Slots and what they refer to. References between them are relative.
///
/// # Errors
/// The first resource without an id or with a reference, time or status that cannot be used.
pub fn diary_of(resources: &[Node]) -> Result<DiaryContent, NotADiary> {
    let mut content = DiaryContent::default();
    let services = services(resources);
    for resource in resources {
        let id = resource.text_of("id").ok_or_else(|| wrong(resource, "it has no id"))?.to_owned();
        match resource.type_name() {
            "Slot" => {
                content.slots.push(slot(resource, id)?);
                continue;
            }
            "Schedule" => {
                // RES-C03, X-44: a Slot that belongs to no service could not be found by any Consumer.
                if actors(resource, "HealthcareService").next().is_none() {
                    return Err(wrong(resource, "it needs a HealthcareService among its actors"));
                }
                content.schedules.push(ScheduleOffer { related: related(resource, &services), id: id.clone() });
            }
            "HealthcareService" => content.services.push(service(resource, &id, resources)),
            other if REFERENCED_TYPES.contains(&other) => {}
            _ => return Err(wrong(resource, "no diary holds resources of this type")),
        }
        let resource_type = resource.type_name().to_owned();
        content.resources.push(Resource { resource_type, id, content: fhir::json::write(resource) });
    }
    Ok(content)
}

fn wrong(resource: &Node, what: &str) -> NotADiary {
    let id = resource.text_of("id").unwrap_or("?");
    NotADiary { resource: format!("{}/{id}", resource.type_name()), what: what.to_owned() }
}

fn services(resources: &[Node]) -> BTreeMap<&str, &Node> {
    let services = resources.iter().filter(|each| each.type_name() == "HealthcareService");
    services.filter_map(|each| each.text_of("id").map(|id| (id, each))).collect()
}

/// The ids of the resources of one type that a Schedule names as its actors.
fn actors<'a>(schedule: &'a Node, resource_type: &'a str) -> impl Iterator<Item = &'a str> {
    let references = schedule.all("actor").filter_map(|actor| actor.text_of("reference"));
    references.filter_map(move |reference| id_in(reference, resource_type))
}

/// The id in a relative reference of one type.
fn id_in<'a>(reference: &'a str, resource_type: &str) -> Option<&'a str> {
    reference.strip_prefix(resource_type)?.strip_prefix('/').filter(|id| !id.contains('/'))
}

fn service(service: &Node, id: &str, resources: &[Node]) -> ServiceOffer {
    let names = service.all("identifier").filter_map(|each| each.text_of("value")).map(str::to_owned).collect();
    let schedules = resources.iter().filter(|each| each.type_name() == "Schedule");
    let given_in = schedules.filter(|schedule| actors(schedule, "HealthcareService").any(|actor| actor == id));
    let schedules = given_in.filter_map(|schedule| schedule.text_of("id")).map(str::to_owned).collect();
    ServiceOffer { id: id.to_owned(), names, schedules }
}

/// What each include brings for a Schedule; Organization and Location come through its services.
fn related(schedule: &Node, services: &BTreeMap<&str, &Node>) -> Vec<(Include, String)> {
    let mut related = Vec::new();
    for include in [Include::Practitioner, Include::PractitionerRole, Include::HealthcareService] {
        related.extend(actors(schedule, include.resource_type()).map(|id| (include, id.to_owned())));
    }
    for service in actors(schedule, "HealthcareService").filter_map(|id| services.get(id)) {
        let provider = service.find("providedBy.reference").into_iter();
        let locations = service.all("location").filter_map(|location| location.child("reference"));
        for (include, references) in
            [(Include::Organization, provider.collect::<Vec<_>>()), (Include::Location, locations.collect())]
        {
            let ids = references
                .iter()
                .filter_map(|each| each.text())
                .filter_map(|text| id_in(text, include.resource_type()));
            related.extend(ids.map(|id| (include, id.to_owned())));
        }
    }
    related.dedup();
    related
}

fn slot(slot: &Node, id: String) -> Result<NewSlot, NotADiary> {
    let time = |name: &str| {
        let instant: Option<Timestamp> = slot.text_of(name).and_then(|text| text.parse().ok());
        instant.map(Timestamp::as_second).ok_or_else(|| wrong(slot, &format!("{name} is no instant")))
    };
    let schedule = slot.find("schedule.reference").and_then(Node::text).and_then(|text| id_in(text, "Schedule"));
    let status = slot.text_of("status").and_then(SlotStatus::from_code);
    let identifier = slot.child("identifier").and_then(|each| each.text_of("system").zip(each.text_of("value")));
    Ok(NewSlot {
        schedule_id: schedule.ok_or_else(|| wrong(slot, "schedule is no reference such as Schedule/1"))?.to_owned(),
        identifier: identifier.map(|(system, value)| (system.to_owned(), value.to_owned())),
        start: time("start")?,
        end: time("end")?,
        status: status.ok_or_else(|| wrong(slot, "status is no code of a Slot"))?,
        fragment: slot_fragment::fragment(slot),
        id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Node {
        fhir::json::read(text.as_bytes(), &fhir::Limits::STRICT).unwrap().resource
    }

    // covers: SMG-02, SLT-03, SLT-20
    #[test]
    fn a_diary_knows_what_belongs_to_each_schedule() {
        let resources = [
            read(concat!(
                r#"{"resourceType":"HealthcareService","id":"h1","identifier":[{"system":"x","value":"918999198999"}],"#,
                r#""providedBy":{"reference":"Organization/o1"},"location":[{"reference":"Location/l1"}]}"#
            )),
            read(
                r#"{"resourceType":"Schedule","id":"s1","actor":[{"reference":"HealthcareService/h1"},{"reference":"Practitioner/p1"}]}"#,
            ),
            read(r#"{"resourceType":"Organization","id":"o1"}"#),
            read(concat!(
                r#"{"resourceType":"Slot","id":"a","identifier":[{"system":"u","value":"v"}],"schedule":{"reference":"Schedule/s1"},"#,
                r#""status":"free","start":"2026-11-24T09:00:00Z","end":"2026-11-24T09:15:00Z"}"#
            )),
        ];
        let diary = diary_of(&resources).unwrap();
        assert_eq!(diary.services[0].names, ["918999198999"]);
        assert_eq!(diary.services[0].schedules, ["s1"]);
        let related: Vec<(Include, &str)> =
            diary.schedules[0].related.iter().map(|(include, id)| (*include, id.as_str())).collect();
        assert_eq!(
            related,
            [
                (Include::Practitioner, "p1"),
                (Include::HealthcareService, "h1"),
                (Include::Organization, "o1"),
                (Include::Location, "l1")
            ]
        );
        assert_eq!((diary.slots[0].start, diary.slots[0].end), (1_795_510_800, 1_795_511_700));
        assert_eq!(diary.resources.len(), 3);
    }

    // covers: RES-C03, X-44
    #[test]
    fn what_cannot_be_in_a_diary_is_named() {
        let cases = [
            (r#"{"resourceType":"Schedule"}"#, "Schedule/?: it has no id"),
            (
                r#"{"resourceType":"Schedule","id":"s","actor":[{"reference":"Practitioner/p"}]}"#,
                "Schedule/s: it needs a HealthcareService among its actors",
            ),
            (r#"{"resourceType":"Patient","id":"p"}"#, "Patient/p: no diary holds resources of this type"),
            (r#"{"resourceType":"Slot","id":"a"}"#, "Slot/a: schedule is no reference such as Schedule/1"),
        ];
        for (text, expected) in cases {
            assert_eq!(diary_of(&[read(text)]).unwrap_err().to_string(), expected);
        }
    }
}

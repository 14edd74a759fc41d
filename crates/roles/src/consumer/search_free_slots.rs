//! Search for free Slots: the question in the forms that every Provider must understand, all pages followed, and each Slot
//! with what a person needs to choose (SLT-02, SLT-06, SLT-08, SLT-10, SLT-20, CON-03, CON-06, CON-07, DLV-02, SSP-134, TIM-02).

use std::collections::HashMap;

use fhir::Node;
use jiff::Timestamp;
use serde_json::{Value, json};
use spine::Operation;

use super::Consumer;
use super::audit::Event;
use super::body::instant;
use super::call::{Ask, Received, Target, below_root, encoded};
use super::fault::{Fault, Party};
use super::find_endpoint::Endpoint;

/// The six includes, as they must stand on the wire (SLT-20).
const INCLUDES: [&str; 6] = [
    "Slot:schedule",
    "Schedule:actor:Practitioner",
    "Schedule:actor:PractitionerRole",
    "Schedule:actor:HealthcareService",
    "HealthcareService.providedBy",
    "HealthcareService.location",
];

/// More pages than any service's window fills: a Provider whose links go round in a circle is stopped here.
const MOST_PAGES: usize = 200;

/// What is searched for.
#[derive(Debug, Clone)]
pub struct SlotQuestion {
    /// The service's id, usually its ASID (SLT-03).
    pub service: String,
    /// The earliest start.
    pub from: Timestamp,
    /// The latest start.
    pub to: Timestamp,
    /// The statuses, `free` for example; none for all.
    pub statuses: Vec<String>,
}

/// A Slot with what goes with it; parts that the Provider left out are absent, never invented (CON-06, DLV-02).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundSlot {
    /// The logical id.
    pub id: String,
    /// System and value of its identifier.
    pub identifier: Option<(String, String)>,
    /// The schedule's reference.
    pub schedule: String,
    /// `free`, `busy` …
    pub status: String,
    /// The start as the Provider wrote it.
    pub start: String,
    /// The end as the Provider wrote it.
    pub end: String,
    /// How the patient is seen: In-person, Telephone or Video, if the Provider says so.
    pub delivery_channel: Option<String>,
    /// The service's name.
    pub service: Option<String>,
    /// The place's name.
    pub location: Option<String>,
    /// The place's address, on one line.
    pub address: Option<String>,
    /// The practitioner's name.
    pub practitioner: Option<String>,
    /// The practitioner's gender.
    pub practitioner_gender: Option<String>,
    /// The practitioner's role.
    pub role: Option<String>,
}

/// The answer to a search.
#[derive(Debug, Clone)]
pub struct SlotsFound {
    /// The Slots, in the Provider's order and none left out (CON-07).
    pub slots: Vec<FoundSlot>,
    /// How many the Provider says there are.
    pub total: Option<u64>,
    /// Why there are none, in the Provider's words (SLT-37).
    pub explanation: Option<String>,
    /// The pages as they came.
    pub pages: Vec<Received>,
}

impl Consumer {
    /// Searches for Slots at an endpoint and follows the pages.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn search_free_slots(&self, endpoint: &Endpoint, question: &SlotQuestion) -> Result<SlotsFound, Fault> {
        let mut below = question.below_root();
        let mut found = SlotsFound { slots: Vec::new(), total: None, explanation: None, pages: Vec::new() };
        for _ in 0..MOST_PAGES {
            let ask = Ask::read(Operation::SearchFreeSlots, below);
            let page = self.call(Target::Provider(endpoint), &ask).await?;
            let bundle = page.resource("Bundle")?;
            read_page(&bundle, &mut found);
            found.pages.push(page);
            let next = bundle.all("link").find(|link| link.text_of("relation") == Some("next"));
            match next.and_then(|link| link.text_of("url")) {
                None => {
                    self.happened(Event::SlotsShown, &endpoint.asid, None, shown(&found)).await;
                    return Ok(found);
                }
                // The Provider's URL is absolute and without the proxy; only one of its own is followed (SSP-134).
                Some(url) => below = below_root(&endpoint.root, url).ok_or_else(|| stray_link(url))?.to_owned(),
            }
        }
        Err(Fault::Unusable { party: Party::Provider, what: format!("its search has more than {MOST_PAGES} pages") })
    }

    /// One Slot by its id.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn slot(&self, endpoint: &Endpoint, id: &str) -> Result<FoundSlot, Fault> {
        let ask = Ask::read(Operation::ReadReferenced, format!("Slot/{}", encoded(id)));
        let slot = self.call(Target::Provider(endpoint), &ask).await?.resource("Slot")?;
        Ok(found_slot(&slot, &Included::default()))
    }
}

impl SlotQuestion {
    /// The question as it stands below the service root (SLT-02, SLT-20, CON-03).
    #[must_use]
    pub fn below_root(&self) -> String {
        let mut parameters = vec![
            ("schedule.actor:healthcareservice", self.service.clone()),
            ("start", format!("ge{}", instant(self.from))),
            ("start", format!("le{}", instant(self.to))),
        ];
        if !self.statuses.is_empty() {
            parameters.push(("status", self.statuses.join(",")));
        }
        parameters.extend(INCLUDES.map(|include| ("_include", include.to_owned())));
        let written: Vec<String> =
            parameters.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        format!("Slot?{}", written.join("&"))
    }
}

/// What a record keeps of the Slots: how many, and the first and the last free start, which say whether any, or all, would breach a
/// timeframe (REP-C10, REP-C11, REP-C12).
fn shown(found: &SlotsFound) -> Value {
    let free = found.slots.iter().filter(|slot| slot.status == "free");
    let starts = || free.clone().filter_map(|slot| slot.start.parse::<Timestamp>().ok());
    json!({
        "slots": found.slots.len(),
        "free": free.clone().count(),
        "earliest": starts().min().map(|start| start.to_string()),
        "latest": starts().max().map(|start| start.to_string()),
    })
}

fn stray_link(url: &str) -> Fault {
    Fault::Unusable { party: Party::Provider, what: format!("its next page is at {url}, outside its own service root") }
}

/// The resources that came with the Slots, by `Type/id`.
#[derive(Default)]
struct Included<'b>(HashMap<String, &'b Node>);

impl<'b> Included<'b> {
    fn of(&self, reference: Option<&str>) -> Option<&'b Node> {
        let mut parts = reference?.rsplit('/');
        let (id, kind) = (parts.next()?, parts.next()?);
        self.0.get(&format!("{kind}/{id}")).copied()
    }
}

fn read_page(bundle: &Node, found: &mut SlotsFound) {
    let resources: Vec<&Node> = bundle.all("entry").filter_map(|entry| entry.child("resource")).collect();
    let mut included = Included::default();
    for resource in &resources {
        if let Some(id) = resource.text_of("id") {
            included.0.insert(format!("{}/{id}", resource.type_name()), resource);
        }
    }
    for resource in resources {
        match resource.type_name() {
            "Slot" => found.slots.push(found_slot(resource, &included)),
            "OperationOutcome" => {
                let said = resource.find("issue.diagnostics").and_then(Node::text);
                found.explanation = found.explanation.take().or_else(|| said.map(str::to_owned));
            }
            _ => {}
        }
    }
    found.total = found.total.or_else(|| bundle.text_of("total").and_then(|total| total.parse().ok()));
}

fn found_slot(slot: &Node, included: &Included<'_>) -> FoundSlot {
    let text = |name: &str| slot.text_of(name).unwrap_or_default().to_owned();
    let reference = |node: &Node| node.text_of("reference").map(str::to_owned);
    let schedule = slot.child("schedule").and_then(reference);
    let actors: Vec<String> = match included.of(schedule.as_deref()) {
        Some(schedule) => schedule.all("actor").filter_map(reference).collect(),
        None => Vec::new(),
    };
    let actor = |kind: &str| {
        let reference = actors.iter().find(|actor| actor.rsplit('/').nth(1) == Some(kind));
        included.of(reference.map(String::as_str))
    };
    let service = actor("HealthcareService");
    let location = service.and_then(|service| included.of(service.child("location").and_then(reference).as_deref()));
    let practitioner = actor("Practitioner");
    let identifier = slot.child("identifier");
    let own =
        |node: Option<&Node>, path: &str| node.and_then(|node| node.find(path)).and_then(Node::text).map(str::to_owned);
    FoundSlot {
        id: text("id"),
        identifier: identifier.and_then(|identifier| {
            Some((identifier.text_of("system")?.to_owned(), identifier.text_of("value")?.to_owned()))
        }),
        schedule: schedule.unwrap_or_default(),
        status: text("status"),
        start: text("start"),
        end: text("end"),
        delivery_channel: delivery_channel(slot),
        service: own(service, "name"),
        location: own(location, "name"),
        address: location.and_then(|location| location.child("address")).map(one_line),
        practitioner: practitioner.and_then(|practitioner| practitioner.child("name")).map(full_name),
        practitioner_gender: own(practitioner, "gender"),
        role: own(actor("PractitionerRole"), "code.coding.display"),
    }
}

fn delivery_channel(slot: &Node) -> Option<String> {
    let extension = slot.all("extension").find(|extension| {
        extension.text_of("url").is_some_and(|url| url.ends_with("/Extension-CareConnect-DeliveryChannel-1"))
    });
    extension?.choice("value")?.text().map(str::to_owned)
}

fn full_name(name: &Node) -> String {
    if let Some(text) = name.text_of("text") {
        return text.to_owned();
    }
    let parts = ["prefix", "given", "family"].into_iter().flat_map(|part| name.all(part)).filter_map(Node::text);
    parts.collect::<Vec<_>>().join(" ")
}

fn one_line(address: &Node) -> String {
    let parts = ["line", "city", "district", "postalCode"].into_iter().flat_map(|part| address.all(part));
    parts.filter_map(Node::text).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: SLT-02, SLT-08, SLT-10, CON-03
    #[test]
    fn the_question_is_written_as_the_official_tool_demands_it() {
        let question = SlotQuestion {
            service: "918999198999".to_owned(),
            from: "2026-11-25T09:00:00Z".parse().unwrap(),
            to: "2026-11-25T12:00:00Z".parse().unwrap(),
            statuses: vec!["free".to_owned(), "busy".to_owned()],
        };
        let expected = "Slot?schedule.actor%3Ahealthcareservice=918999198999\
                        &start=ge2026-11-25T09%3A00%3A00%2B00%3A00&start=le2026-11-25T12%3A00%3A00%2B00%3A00\
                        &status=free%2Cbusy&_include=Slot%3Aschedule";
        assert!(question.below_root().starts_with(expected), "{}", question.below_root());
    }
}

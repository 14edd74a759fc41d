//! `GET [base]/Slot`: the Slots of a service within a window, with what belongs to them
//! (SLT-01 to SLT-16, SLT-20 to SLT-27, SLT-30 to SLT-40, SMG-04, SMG-05, SMG-08, ASR-03, X-05, X-06, X-23, X-28, X-29, X-31).

use serde_json::json;
use spine::Reason;
use spine::dialect::ServiceUnknown;
use store::{SlotPage, SlotQuery};

use super::slot_parameters::{Reading, SlotParameters};
use super::times::Times;
use super::{Provider, slot_fragment};
use crate::appointment::bundle::{Bundle, BundleType};
use crate::edge::answer::{Answer, Content};
use crate::edge::fhir_call::Call;
use crate::edge::negotiate::shortened;
use crate::edge::refusal::Refusal;

const MATCH: &str = r#"{"mode":"match"}"#;
const INCLUDE: &str = r#"{"mode":"include"}"#;
const OUTCOME: &str = r#"{"mode":"outcome"}"#;

/// Answers one page of the Slots that match: one indexed query, and a concatenation of stored bytes.
pub(super) async fn search_free_slots(provider: &Provider, call: &Call) -> Result<Answer, Refusal> {
    let reading = Reading {
        dialect: call.dialect(),
        now: call.now,
        zone: &provider.zone,
        page: provider.settings.slots_on_a_page,
    };
    let mut parameters = SlotParameters::read(&call.query, &reading)?;
    if let Some(wanted) = parameters.services.take() {
        parameters.services = Some(provider.settings.test_service_ids.resolved(wanted)?);
    }
    let mut page = provider.diary.free_slots(&query(provider, call, &parameters)).await?;
    known(call, &page)?;
    if provider.settings.local_rules.bars(&call.caller) {
        // SLT-38: who may not book is offered nothing.
        page = SlotPage::default();
    }
    // One more than asked for was sought: it tells whether there is a next page.
    let has_more = page.slots.len() > parameters.count as usize;
    page.slots.truncate(parameters.count as usize);
    let bundle = bundle(provider, call, &parameters, &page, has_more);
    Ok(Answer::found(Content::Json(bundle.into())).about("Slot".to_owned()))
}

fn query(provider: &Provider, call: &Call, parameters: &SlotParameters) -> SlotQuery {
    SlotQuery {
        services: parameters.services.clone(),
        withheld_schedules: provider.settings.local_rules.withheld_from(&call.caller),
        statuses: parameters.statuses.clone(),
        window: parameters.window.bounds(),
        now: call.now.as_second(),
        after: parameters.after.clone(),
        // With no Slots to show, there is no next page either.
        limit: if parameters.count == 0 { 0 } else { parameters.count.saturating_add(1) },
        includes: parameters.includes.clone(),
    }
}

/// X-06, SLT-04, SMG-06.
fn known(call: &Call, page: &SlotPage) -> Result<(), Refusal> {
    match &page.unknown_service {
        Some(service) if call.dialect().service_unknown != ServiceUnknown::EmptyBundle => {
            let what = format!("{} is no service of this Provider", shortened(service));
            Err(Refusal::new(Reason::UnknownService, what).at("schedule.actor:healthcareservice"))
        }
        _ => Ok(()),
    }
}

fn bundle(provider: &Provider, call: &Call, parameters: &SlotParameters, page: &SlotPage, has_more: bool) -> Vec<u8> {
    let mut bundle = Bundle::begin(BundleType::Searchset, page.total);
    let search = |query: &str| call.url(&if query.is_empty() { "Slot".to_owned() } else { format!("Slot?{query}") });
    bundle.link("self", &search(&parameters.understood));
    if let (true, Some(last)) = (has_more, page.slots.last()) {
        bundle.link("next", &search(&parameters.query_after(last.start, &last.id)));
    }
    let mut times = Times::in_style(&parameters.style);
    let mut url = call.url("Slot/");
    let slots = url.len();
    for slot in &page.slots {
        url.truncate(slots);
        url.push_str(&slot.id);
        bundle.entry_with(&url, |out| slot_fragment::write(out, slot, &mut times), "search", MATCH);
    }
    for resource in &page.included {
        let url = call.url(&format!("{}/{}", resource.resource_type, resource.id));
        bundle.entry(&url, &resource.content, "search", INCLUDE);
    }
    if page.total == 0 {
        let url = format!("urn:uuid:{}", provider.ids.uuid());
        bundle.entry(&url, no_slots().as_bytes(), "search", OUTCOME);
    }
    bundle.finish()
}

/// SLT-37, ERR-77: an empty answer is explained.
fn no_slots() -> String {
    let outcome = json!({
        "resourceType": "OperationOutcome",
        "issue": [{
            "severity": "information",
            "code": "informational",
            "details": { "text": "No Slots" },
            "diagnostics": "No Slot of this service matches: all are taken, or none begins in this window. Widen the window or choose \
                            another service. [SLT-37]",
        }],
    });
    outcome.to_string()
}

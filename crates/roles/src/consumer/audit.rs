//! The Consumer's own audit trail: one record for each message of the wire, and one for each thing that happened to a patient's
//! encounter, so that both an incident and the reports of REP-C01 to REP-C12 can be told afterwards (SSP-135, AUD-06, AUD-08, AUD-09,
//! CON-15, OO-08). No name, NHS number, token or body is in a record.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use spine::Asid;
use store::{Audit, AuditRecord};

use super::Consumer;
use super::fault::{Fault, Party, Refused};
use super::wire::WireMessage;
use crate::edge::audit::without_nhs_numbers;

/// Where records go, and who they say made the calls.
pub(super) struct Trail {
    kept: Arc<dyn Audit>,
    user: String,
    encounter: Option<String>,
    /// Why the last record could not be written.
    broken: Mutex<Option<String>>,
}

/// A message, and what of it a record keeps beside what everybody sees.
pub(super) struct Exchange {
    pub(super) message: WireMessage,
    pub(super) began: Timestamp,
    pub(super) attempt: u32,
    /// What is wrong with the form of an answer that could be read all the same.
    pub(super) faults: Vec<String>,
}

/// Something that happened in an encounter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// Slots were found and handed to whoever chooses (REP-C02, C03, C10, C11, C12).
    SlotsShown,
    /// A booking is about to be sent.
    BookingTried,
    /// It was made (REP-C01).
    BookingMade,
    /// It was refused, or nothing is known of it (REP-C06).
    BookingFailed,
    /// It was refused because somebody else has the Slot (REP-C04).
    SlotGone,
    /// An Appointment was cancelled (REP-C07, C09).
    Cancelled,
    /// A cancellation came to nothing.
    CancellationFailed,
    /// An Appointment was moved (REP-C08).
    Rebooked,
}

impl Event {
    fn name(self) -> &'static str {
        match self {
            Self::SlotsShown => "slots-shown",
            Self::BookingTried => "booking-tried",
            Self::BookingMade => "booking-made",
            Self::BookingFailed => "booking-failed",
            Self::SlotGone => "slot-gone",
            Self::Cancelled => "cancelled",
            Self::CancellationFailed => "cancellation-failed",
            Self::Rebooked => "rebooked",
        }
    }
}

impl Consumer {
    /// Has every call and every event of an encounter recorded, before the caller hears of it; `user` is whoever makes the calls.
    /// Once a record could not be written nothing more is sent.
    #[must_use]
    pub fn audited_by(mut self, kept: Arc<dyn Audit>, user: impl Into<String>) -> Self {
        let user = without_nhs_numbers(&user.into()).into_owned();
        self.trail = Some(Trail { kept, user, encounter: None, broken: Mutex::default() });
        self
    }

    /// Names the encounter that what follows belongs to, by the UUID of its CDA document.
    #[must_use]
    pub fn in_encounter(mut self, document: Option<String>) -> Self {
        if let Some(trail) = &mut self.trail {
            trail.encounter = document;
        }
        self
    }

    /// Whether calls may be made: every one before this is recorded.
    pub(super) fn is_accounted_for(&self) -> Result<(), Fault> {
        let broken =
            self.trail.as_ref().and_then(|trail| trail.broken.lock().unwrap_or_else(PoisonError::into_inner).clone());
        broken
            .map_or(Ok(()), |why| Err(Fault::Unsendable(format!("the audit trail cannot be written: {why} [SSP-135]"))))
    }

    /// Lets whoever watches see a message, and records it.
    pub(super) async fn noted(&self, exchange: Option<Exchange>, fault: Option<&Fault>) {
        let Some(exchange) = exchange else { return };
        if let Some(trail) = &self.trail {
            let (trace_id, requirement, body) = call_record(&exchange, fault, self.clock.now());
            self.append(trail, exchange.began, trace_id, requirement, body).await;
        }
        if let Some(observer) = &self.observer {
            observer.seen(exchange.message);
        }
    }

    /// Records an event of an encounter with a service; `encounter` is the UUID of the CDA document that it is about.
    pub(super) async fn happened(&self, event: Event, service: &Asid, encounter: Option<&str>, more: Value) {
        let Some(trail) = &self.trail else { return };
        let mut body = Map::new();
        body.insert("event".to_owned(), json!(event.name()));
        body.insert("target".to_owned(), json!({"asid": service.as_str()}));
        body.insert(
            "encounter".to_owned(),
            json!(encounter.or(trail.encounter.as_deref()).map(|encounter| masked(encounter, &[]))),
        );
        body.insert("during".to_owned(), json!(trail.encounter));
        if let Value::Object(more) = more {
            body.extend(more);
        }
        self.append(trail, self.clock.now(), String::new(), event.name().to_owned(), body).await;
    }

    async fn append(
        &self,
        trail: &Trail,
        at: Timestamp,
        trace_id: String,
        requirement: String,
        mut body: Map<String, Value>,
    ) {
        let settings = &self.settings;
        body.insert("role".to_owned(), json!("consumer"));
        body.insert("user".to_owned(), json!(trail.user));
        let caller = json!({"asid": settings.asid.as_str(), "ods": settings.organisation.to_string()});
        body.insert("caller".to_owned(), caller);
        body.insert("dialect".to_owned(), json!(settings.dialect.name));
        let body = Value::Object(body).to_string().into_bytes();
        let record = AuditRecord { at: at.as_millisecond(), trace_id, requirement, body };
        if let Err(fault) = trail.kept.append(record).await {
            *trail.broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault.to_string());
        }
    }
}

/// Trace ID, requirement and body of a message's record.
fn call_record(exchange: &Exchange, fault: Option<&Fault>, ended: Timestamp) -> (String, String, Map<String, Value>) {
    let message = &exchange.message;
    let sent = |name: &str| value_of(&message.headers, name);
    let told = |name: &str| value_of(&message.answer_headers, name);
    let (interaction, trace_id) = (sent("ssp-interactionid"), sent("ssp-traceid"));
    let usual = match message.party {
        Party::Directory => "FIND-03",
        Party::TokenEndpoint => "TOK-01",
        Party::Proxy | Party::Provider | Party::Registry => interaction.unwrap_or("REG-01"),
    };
    let secrets = message.body.as_deref().map(personal).unwrap_or_default();
    let refused = match fault {
        Some(Fault::Refused(refused)) => Some(refusal(refused, &secrets)),
        Some(other) => {
            Some(json!({"by": party_of(other).map(Party::name), "diagnostics": masked(&other.to_string(), &secrets)}))
        }
        None => None,
    };
    let requirement = match fault {
        Some(Fault::Refused(refused)) => refused.requirement.as_deref().unwrap_or(usual),
        _ => usual,
    };
    let became = match fault {
        Some(Fault::Refused(refused)) => Some(refused.code.clone().unwrap_or_else(|| "refused".to_owned())),
        Some(Fault::Unreachable { .. }) => Some("unreachable".to_owned()),
        Some(_) => Some("unusable".to_owned()),
        None => None,
    };
    let body = json!({
        "event": "call",
        "party": message.party.name(),
        "target": sent("ssp-to").map(|asid| json!({"asid": asid})),
        "ssp": trace_id.map(|trace_id| json!({
            "trace_id": trace_id, "from": sent("ssp-from"), "to": sent("ssp-to"), "interaction": interaction,
        })),
        "interaction": interaction,
        "method": message.method,
        "path": address(&message.url),
        "attempt": exchange.attempt,
        "request_id": sent("x-request-id"),
        "exchange": told("x-request-id"),
        "correlation_id": told("x-correlation-id"),
        "began": exchange.began.to_string(),
        "ended": ended.to_string(),
        "ms": (ended.as_millisecond() - exchange.began.as_millisecond()).max(0),
        // A directory has no status.
        "status": message.outcome.as_ref().ok().filter(|status| **status != 0),
        "refusal": became.map(|became| masked(&became, &secrets)),
        "refused": refused,
        "faults_of_the_answer": exchange.faults,
    });
    let body = if let Value::Object(body) = body { body } else { Map::new() };
    (trace_id.unwrap_or_default().to_owned(), masked(requirement, &secrets), body)
}

fn refusal(refused: &Refused, secrets: &[String]) -> Value {
    json!({
        "by": refused.by.name(),
        "status": refused.status,
        "code": refused.code.as_deref().map(|code| masked(code, secrets)),
        "requirement": refused.requirement,
        "diagnostics": masked(&refused.diagnostics, secrets),
        "location": refused.location.as_deref().map(|place| masked(place, secrets)),
    })
}

fn party_of(fault: &Fault) -> Option<Party> {
    match fault {
        Fault::Refused(refused) => Some(refused.by),
        Fault::Unreachable { party, .. } | Fault::Unusable { party, .. } => Some(*party),
        Fault::GivenUp { why, .. } => party_of(why),
        Fault::Endpoint(_) => Some(Party::Directory),
        Fault::Unsendable(_) | Fault::Unsent(_) => None,
    }
}

/// What an event's record says of a fault: who, the status, the code, the requirement and the message.
pub(super) fn told(fault: &Fault, sent: &str) -> Value {
    let secrets = personal(sent);
    match fault {
        Fault::Refused(refused) => {
            json!({"refusal": refused.code.as_deref().unwrap_or("refused"), "status": refused.status,
            "refused": refusal(refused, &secrets)})
        }
        other => json!({"refusal": "no answer", "refused": {
            "by": party_of(other).map(Party::name), "diagnostics": masked(&other.to_string(), &secrets)}}),
    }
}

/// Whether a booking was refused because the Slot is another's by now. A stranger may say it in words alone.
pub(super) fn is_slot_gone(fault: &Fault) -> bool {
    let Fault::Refused(refused) = fault else { return false };
    let words = refused.diagnostics.to_ascii_lowercase();
    let said = ["no longer", "not available", "unavailable", "not free", "taken", "busy", "already booked"];
    matches!(refused.status, 409 | 422)
        && (refused.requirement.as_deref() == Some("BOOK-10")
            || words.contains("slot") && said.iter().any(|said| words.contains(said)))
}

/// An address without a patient in it. Only a search for Slots names none.
fn address(url: &str) -> String {
    let url = match url.split_once('?') {
        Some((path, _)) if !path.ends_with("/Slot") => format!("{path}?…"),
        _ => url.to_owned(),
    };
    shortened(&without_nhs_numbers(&url))
}

/// No more of another party's words is kept, in characters.
const LONGEST: usize = 500;

fn shortened(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect()
}

/// A party's words without the patient whom the request was about, in whatever way an NHS number is written.
fn masked(text: &str, secrets: &[String]) -> String {
    let mut text = text.to_owned();
    for secret in secrets {
        text = text.replace(secret.as_str(), "•••");
    }
    shortened(&without_nhs_numbers(&without_spaced_numbers(&text)))
}

/// `999 000 0018` and `999-000-0018` masked.
fn without_spaced_numbers(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let is_number = |from: usize| {
        let shape = "ddd ddd dddd".chars().enumerate();
        let digit = |at: usize| letters.get(at).is_some_and(char::is_ascii_digit);
        let fits = |(place, kind)| match kind {
            'd' => digit(from + place),
            _ => letters.get(from + place).is_some_and(|letter| " -".contains(*letter)),
        };
        shape.into_iter().all(fits) && !digit(from + 12) && (from == 0 || !digit(from - 1))
    };
    let (mut masked, mut at) = (String::with_capacity(text.len()), 0);
    while let Some(letter) = letters.get(at) {
        if is_number(at) {
            masked.push_str("**********");
            at += 12;
        } else {
            masked.push(*letter);
            at += 1;
        }
    }
    masked
}

/// What a request says of a patient: each text of three letters or more, the longest first.
fn personal(body: &str) -> Vec<String> {
    let Ok(body) = serde_json::from_str::<Value>(body) else { return Vec::new() };
    let mut found = Vec::new();
    let contained = body.get("contained").and_then(Value::as_array).into_iter().flatten();
    for patient in contained.filter(|resource| resource["resourceType"] == "Patient") {
        for member in ["identifier", "name", "telecom", "address", "birthDate", "contact"] {
            texts(&patient[member], &mut found);
        }
    }
    for participant in body.get("participant").and_then(Value::as_array).into_iter().flatten() {
        texts(&participant["actor"]["display"], &mut found);
        texts(&participant["actor"]["identifier"]["value"], &mut found);
    }
    found.sort_by_key(|text| std::cmp::Reverse(text.len()));
    found
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.chars().count() >= 3 && !text.contains("://") => found.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|each| texts(each, found)),
        Value::Object(members) => {
            let is_of_the_standard = |name: &str| matches!(name, "system" | "url" | "use" | "extension" | "rank");
            members.iter().filter(|(name, _)| !is_of_the_standard(name)).for_each(|(_, each)| texts(each, found));
        }
        _ => {}
    }
}

fn value_of<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: AUD-09, SSP-135
    #[test]
    fn a_partys_words_are_kept_without_the_patient() {
        let body = json!({"contained": [{"resourceType": "Patient", "name": [{"use": "official", "family": "Example", "given": ["Alex"]}],
            "birthDate": "1980-02-29", "telecom": [{"system": "phone", "value": "01632 960123"}]}],
            "participant": [{"actor": {"display": "Mx Alex Example", "identifier": {"value": "9990000018"}}}]});
        let secrets = personal(&body.to_string());
        for (said, kept) in [
            ("Mx Alex Example has one already", "••• has one already"),
            ("9990000018, 999 000 0018 and 999-000-0026", "•••, ********** and **********"),
            ("born 1980-02-29, on the phone 01632 960123", "born •••, on the phone •••"),
            ("use official is no phone [RES-P05]", "use official is no phone [RES-P05]"),
            ("the ASID 918999198999 and 1999 000 0018", "the ASID 918999198999 and 1999 000 0018"),
        ] {
            assert_eq!(masked(said, &secrets), kept);
        }
        assert_eq!(personal("no JSON"), Vec::<String>::new());
    }

    // covers: AUD-09, SSP-135
    #[test]
    fn an_address_names_no_patient() {
        for (url, kept) in [
            ("https://s/https://p/Slot?start=ge2026", "https://s/https://p/Slot?start=ge2026"),
            ("https://r/Appointment?x=a%7C9990000018", "https://r/Appointment?…"),
            ("https://r/Appointment/9990000018", "https://r/Appointment/**********"),
        ] {
            assert_eq!(address(url), kept);
        }
    }

    // covers: REP-C04
    #[test]
    fn a_slot_that_is_gone_is_known_from_every_other_refusal() {
        let refused = |status, requirement: Option<&str>, words: &str| {
            let mut refused = Refused::read(Party::Provider, http::StatusCode::OK, &http::HeaderMap::new(), b"", "");
            (refused.status, refused.requirement, refused.diagnostics) =
                (status, requirement.map(str::to_owned), words.to_owned());
            is_slot_gone(&Fault::Refused(Box::new(refused)))
        };
        assert!(refused(422, Some("BOOK-10"), "x"));
        assert!(refused(409, None, "The Slot is already booked"));
        assert!(!refused(422, Some("BOOK-11"), "x") && !refused(409, None, "It has changed"));
        assert!(!refused(503, None, "The slot service is unavailable"));
        assert!(!is_slot_gone(&Fault::Unsendable("slot taken".to_owned())));
    }
}

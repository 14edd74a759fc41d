//! The requests of an export: the way of one Appointment, each as the Consumer itself would send it, with names in double braces
//! where an earlier answer fills something in (PROC-01, CON-03, CON-05, XTI-01).

use fhir::Node;
use jiff::ToSpan as _;
use roles::consumer::{Booking, Endpoint, FoundSlot, SlotQuestion, Unsent, patient_search, registration};
use serde_json::Value;
use spine::dialect::CreatedOnCancel;
use spine::{Dialect, NhsNumber, Operation};

use crate::failure::Failure;
use crate::verbs::book::PatientFlags;
use crate::verbs::caller::Caller;
use crate::verbs::fault::failure_of;
use crate::verbs::patient;

/// Every request, and what they have in common.
pub(super) struct Walk {
    pub(super) requests: Vec<Request>,
    /// Names and values that are known from the start: the tokens.
    pub(super) variables: Vec<(String, String)>,
    pub(super) dialect: &'static Dialect,
    /// The addresses that ask for a certificate.
    pub(super) origins: Vec<String>,
}

/// One request.
pub(super) struct Request {
    pub(super) name: &'static str,
    /// One word for scripts.
    pub(super) id: &'static str,
    pub(super) unsent: Unsent,
    pub(super) status: u16,
    pub(super) keeps: Keeps,
}

/// What a later request needs of this one's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeps {
    Nothing,
    /// `slot`, `slot_system`, `slot_value`, `schedule`, `start` and `end` of the first free Slot.
    Slot,
    /// The id under this name, the `ETag` under the name and `_version`, the cancelled body under the name and `_cancelled`.
    Appointment(&'static str),
}

/// What is asked, before it is written as a request.
struct Ask {
    name: &'static str,
    id: &'static str,
    operation: Operation,
    at_registry: bool,
    below: String,
    body: Option<String>,
    if_match: Option<&'static str>,
    status: u16,
    keeps: Keeps,
}

/// How far ahead the search looks, in hours.
const AHEAD: i64 = 21 * 24;

/// The way through a Provider and, where there is one, the Registry.
///
/// # Errors
/// SDS does not lead to an endpoint, or no token is to be had.
pub(super) async fn walk(caller: &Caller, number: &NhsNumber) -> Result<Walk, Failure> {
    let settings = caller.consumer.settings();
    let dialect = settings.dialect;
    let mut asks = at_the_provider(caller, number)?;
    let root = caller.endpoint(Operation::BookAppointment).await?.root;
    if settings.registry.is_some() {
        asks.extend(at_the_registry(caller, number, &root)?);
    }
    let mut walk = Walk { requests: Vec::new(), variables: Vec::new(), dialect, origins: Vec::new() };
    for ask in asks {
        let endpoint: Option<Endpoint> =
            if ask.at_registry { None } else { Some(caller.endpoint(ask.operation).await?) };
        let written = caller.consumer.written(endpoint.as_ref(), ask.operation, &ask.below, ask.body, ask.if_match);
        let unsent = walk.with_variables(written.await.map_err(failure_of)?);
        let origin = super::origin(&unsent.url).to_owned();
        if !walk.origins.contains(&origin) {
            walk.origins.push(origin);
        }
        walk.requests.push(Request { name: ask.name, id: ask.id, unsent, status: ask.status, keeps: ask.keeps });
    }
    Ok(walk)
}

impl Walk {
    /// Puts names where a token stands, and where each run has an id of its own.
    fn with_variables(&mut self, mut unsent: Unsent) -> Unsent {
        for (name, value) in &mut unsent.headers {
            match name.as_str() {
                "authorization" => {
                    let token = value.strip_prefix("Bearer ").unwrap_or(value).to_owned();
                    *value = format!("Bearer {{{{{}}}}}", self.name_of(token));
                }
                "ssp-traceid" | "x-request-id" => *value = "{{$guid}}".to_owned(),
                _ => {}
            }
        }
        unsent
    }

    fn name_of(&mut self, token: String) -> String {
        if let Some((name, _)) = self.variables.iter().find(|(_, value)| *value == token) {
            return name.clone();
        }
        let name = format!("token_{}", self.variables.len() + 1);
        self.variables.push((name.clone(), token));
        name
    }

    /// Whether cancelling writes `created` anew (X-08).
    pub(super) fn renews_created(&self) -> bool {
        self.dialect.created_on_cancel == CreatedOnCancel::TimeOfCancelling
    }
}

fn at_the_provider(caller: &Caller, number: &NhsNumber) -> Result<Vec<Ask>, Failure> {
    let now = caller.shared.clock.now();
    let until = now.checked_add(AHEAD.hours()).unwrap_or(now);
    let service = caller.service()?;
    let question =
        SlotQuestion { service: service.to_string(), from: now, to: until, statuses: vec!["free".to_owned()] };
    let flags = PatientFlags { nhs_number: Some(number.as_str().to_owned()), ..PatientFlags::default() };
    // An export is for trying things out: its patient is made up everywhere.
    let patient = patient::patient(&flags, true)?;
    let slot = FoundSlot {
        id: "{{slot}}".to_owned(),
        identifier: Some(("{{slot_system}}".to_owned(), "{{slot_value}}".to_owned())),
        schedule: "{{schedule}}".to_owned(),
        start: "{{start}}".to_owned(),
        end: "{{end}}".to_owned(),
        ..FoundSlot::default()
    };
    let booking =
        Booking { slot: &slot, patient: &patient, document: "{{$guid}}", description: "111 Referral", at: now };
    let body = indented(&booking.body(caller.consumer.settings().dialect));
    let read = |name, id, operation, below: String| Ask {
        name,
        id,
        operation,
        at_registry: false,
        below,
        body: None,
        if_match: None,
        status: 200,
        keeps: Keeps::Nothing,
    };
    let appointment = "Appointment/{{appointment}}";
    Ok(vec![
        read("Capability statement", "metadata", Operation::CapabilityStatement, "metadata".to_owned()),
        Ask {
            keeps: Keeps::Slot,
            ..read("Search for free Slots", "search", Operation::SearchFreeSlots, question.below_root())
        },
        Ask {
            body: Some(body),
            status: 201,
            keeps: Keeps::Appointment("appointment"),
            ..read("Book an Appointment", "book", Operation::BookAppointment, "Appointment".to_owned())
        },
        read("Get an Appointment", "get", Operation::GetAppointment, appointment.to_owned()),
        read("Its versions", "history", Operation::GetAppointment, format!("{appointment}/_history")),
        read("A patient's Appointments", "appointments", Operation::SearchPatientAppointments, patient_search(number)),
        Ask {
            body: Some("{{appointment_cancelled}}".to_owned()),
            if_match: Some("{{appointment_version}}"),
            ..read("Cancel an Appointment", "cancel", Operation::CancelAppointment, appointment.to_owned())
        },
    ])
}

/// The Registry's part, which comes between booking and cancelling in life: here after both, with a registration of what was booked.
fn at_the_registry(caller: &Caller, number: &NhsNumber, root: &str) -> Result<Vec<Ask>, Failure> {
    let dialect = caller.consumer.settings().dialect;
    let booked = r#"{"resourceType":"Appointment","status":"booked","start":"{{start}}","end":"{{end}}"}"#;
    let booked: Node = fhir::json::read(booked.as_bytes(), &fhir::Limits::STRICT)
        .map_err(|fault| Failure::internal("nothing was exported", &fault.into()))?
        .resource;
    let pointer = format!("{root}/Appointment/{{{{appointment}}}}");
    let record = registration(&booked, &pointer, number, dialect, caller.shared.clock.now());
    let ask = |name, id, operation, below: String| Ask {
        name,
        id,
        operation,
        at_registry: true,
        below,
        body: None,
        if_match: None,
        status: 200,
        keeps: Keeps::Nothing,
    };
    let registered = "Appointment/{{registration}}";
    Ok(vec![
        Ask {
            body: Some(indented(&record)),
            status: 201,
            keeps: Keeps::Appointment("registration"),
            ..ask("Register an Appointment", "register", Operation::BookAppointment, "Appointment".to_owned())
        },
        ask(
            "A patient's registered Appointments",
            "registered",
            Operation::SearchPatientAppointments,
            patient_search(number),
        ),
        Ask {
            body: Some("{{registration_cancelled}}".to_owned()),
            if_match: Some("{{registration_version}}"),
            ..ask("Cancel a registration", "unregister", Operation::CancelAppointment, registered.to_owned())
        },
    ])
}

fn indented(body: &Value) -> String {
    format!("{body:#}")
}

//! Register an Appointment after the Provider's answer, and keep what the Registry could not be told until it can be told
//! (PROC-01 step 9, REG-02, REG-04, REG-05, REG-13, XTI-01).

use bytes::Bytes;
use fhir::Node;
use serde_json::{Value, json};
use spine::{NhsNumber, Operation};
use store::OutboxItem;

use super::Consumer;
use super::body::registration;
use super::call::{Ask, Target};
use super::fault::{Fault, Party, Refused};

/// What became of telling the Registry.
#[derive(Debug, Clone)]
pub enum Registered {
    /// The Registry has it.
    Told,
    /// The Registry could not take it now; it is kept and sent later.
    Kept {
        /// Why not now.
        why: Fault,
    },
    /// There is nothing that could be registered: a registration needs an NHS number (REG-06).
    WithoutNhsNumber,
}

/// How long a kept message rests after a failure, in milliseconds: doubled with each, an hour at most.
const FIRST_REST: i64 = 5_000;
const LONGEST_REST: i64 = 3_600_000;

impl Consumer {
    /// Registers an Appointment of a Provider under its link value. When the Registry cannot take it, it is kept.
    ///
    /// # Errors
    /// [`Fault::Unsendable`] without a Registry or without a place to keep messages; [`Fault::Refused`] when the Registry
    /// refuses for a reason that waiting does not cure.
    pub async fn register_appointment(&self, appointment: &Node, link: &str) -> Result<Registered, Fault> {
        let Some(number) = nhs_number(appointment) else { return Ok(Registered::WithoutNhsNumber) };
        let record = registration(appointment, link, &number, self.settings.dialect, self.clock.now());
        self.tell(link, json!({"register": record})).await
    }

    /// Sends what is kept and due, oldest first; how many messages were sent and why the others were not.
    ///
    /// # Errors
    /// [`Fault::Unsendable`] when the place where they are kept cannot be read.
    pub async fn send_pending(&self) -> Result<(usize, Vec<Fault>), Fault> {
        let Some(outbox) = &self.outbox else { return Ok((0, Vec::new())) };
        let (mut sent, mut faults) = (0, Vec::new());
        loop {
            let due = outbox.due_messages(self.now(), 50).await.map_err(unkept)?;
            if due.is_empty() {
                return Ok((sent, faults));
            }
            for item in due {
                match self.send_message(&item.id, &item.content).await {
                    Ok(()) => {
                        outbox.message_sent(&item.id).await.map_err(unkept)?;
                        sent += 1;
                    }
                    // What the Registry refuses for good would stand in the way of what comes after it for ever.
                    Err(fault) if !passes_by_itself(&fault) => {
                        outbox.message_sent(&item.id).await.map_err(unkept)?;
                        faults.push(Fault::GivenUp { about: item.subject.clone(), why: Box::new(fault) });
                    }
                    Err(fault) => {
                        let rest = LONGEST_REST.min(FIRST_REST << item.attempts.min(12));
                        outbox.message_failed(&item.id, &fault.to_string(), self.now() + rest).await.map_err(unkept)?;
                        faults.push(fault);
                    }
                }
            }
        }
    }

    /// The messages that wait, oldest first.
    ///
    /// # Errors
    /// [`Fault::Unsendable`] when the place where they are kept cannot be read.
    pub async fn pending(&self) -> Result<Vec<OutboxItem>, Fault> {
        match &self.outbox {
            Some(outbox) => outbox.waiting_messages().await.map_err(unkept),
            None => Ok(Vec::new()),
        }
    }

    /// Keeps the message first and sends it then, so that it is not lost whatever happens in between.
    pub(super) async fn tell(&self, link: &str, message: Value) -> Result<Registered, Fault> {
        self.registry()?;
        let outbox = self
            .outbox
            .as_ref()
            .ok_or_else(|| Fault::Unsendable("there is no place to keep registrations".to_owned()))?;
        let id = self.ids.uuid().to_string();
        if self.shown_only.is_some() {
            // What is kept is sent, by another process too: a message that is only shown must not be.
            return self.send_message(&id, message.to_string().as_bytes()).await.map(|()| Registered::Told);
        }
        let item = OutboxItem {
            id: id.clone(),
            subject: link.to_owned(),
            content: message.to_string().into_bytes(),
            created_at: self.now(),
            attempts: 0,
            due_at: self.now(),
            last_failure: String::new(),
        };
        outbox.keep_message(item.clone()).await.map_err(unkept)?;
        let earlier = outbox.waiting_messages().await.map_err(unkept)?;
        if earlier.iter().any(|waiting| waiting.subject == link && waiting.id != id) {
            // What is kept of the same Appointment must reach the Registry before this does.
            self.send_pending().await?;
            let still = outbox.waiting_messages().await.map_err(unkept)?;
            let first = still.iter().find(|waiting| waiting.subject == link);
            return Ok(match first {
                Some(first) if still.iter().any(|waiting| waiting.id == id) => Registered::Kept {
                    why: Fault::Unreachable { party: Party::Registry, why: first.last_failure.clone() },
                },
                _ => Registered::Told,
            });
        }
        match self.send_message(&id, &item.content).await {
            Ok(()) => {
                outbox.message_sent(&id).await.map_err(unkept)?;
                Ok(Registered::Told)
            }
            Err(why) if passes_by_itself(&why) => {
                outbox.message_failed(&id, &why.to_string(), self.now()).await.map_err(unkept)?;
                Ok(Registered::Kept { why })
            }
            Err(why) => {
                outbox.message_sent(&id).await.map_err(unkept)?;
                Err(why)
            }
        }
    }

    async fn send_message(&self, id: &str, content: &[u8]) -> Result<(), Fault> {
        let message: Value = serde_json::from_slice(content).map_err(|fault| Fault::Unsendable(fault.to_string()))?;
        if let Some(record) = message.get("register") {
            return self.post_registration(id, record).await;
        }
        let text = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default();
        let number = NhsNumber::parse(text("nhs_number")).map_err(|fault| Fault::Unsendable(fault.to_string()))?;
        self.cancel_registration(text("cancel"), &number).await
    }

    async fn post_registration(&self, request_id: &str, record: &Value) -> Result<(), Fault> {
        let ask = Ask {
            operation: Operation::BookAppointment,
            below: "Appointment".to_owned(),
            body: Some(Bytes::from(record.to_string())),
            request_id: Some(request_id.to_owned()),
            if_match: None,
        };
        match self.call(Target::Registry(self.registry()?), &ask).await {
            Ok(_) => Ok(()),
            Err(Fault::Refused(refused)) if is_there_already(&refused) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    fn now(&self) -> i64 {
        self.clock.now().as_millisecond()
    }
}

/// The NHS number that an Appointment's participant states.
pub(super) fn nhs_number(appointment: &Node) -> Option<NhsNumber> {
    let identifiers = appointment.all("participant").filter_map(|participant| participant.find("actor.identifier"));
    let mut numbers = identifiers
        .filter(|identifier| identifier.text_of("system").is_some_and(spine::systems::is_nhs_number))
        .filter_map(|identifier| identifier.text_of("value"));
    numbers.find_map(|number| NhsNumber::parse(number).ok())
}

/// REG-13 and XTI-04: the Registry has this pointer, or has carried out this request, already.
fn is_there_already(refused: &Refused) -> bool {
    matches!(refused.status, 409 | 422) && refused.code.as_deref() == Some("DUPLICATE_REJECTED")
}

/// A Registry that is down or busy; a refusal of the record itself would be the same tomorrow.
fn passes_by_itself(fault: &Fault) -> bool {
    match fault {
        Fault::Unreachable { .. } | Fault::Unusable { .. } => true,
        // A token that is not to be had is a matter of configuration: it is mended, and the message sent then.
        Fault::Refused(refused) => refused.by == Party::TokenEndpoint || refused.status == 429 || refused.status >= 500,
        Fault::Endpoint(_) | Fault::Unsendable(_) | Fault::Unsent(_) | Fault::GivenUp { .. } => false,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "map_err hands the fault over")]
fn unkept(fault: store::StoreError) -> Fault {
    Fault::Unsendable(format!("the messages for the Registry cannot be kept: {fault}"))
}

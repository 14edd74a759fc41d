//! Cancel an Appointment: read it, change its status (and, in 1.0.4, `created`), send it back whole under the version that
//! was read; read it again when somebody else was faster or an answer was lost
//! (CAN-01…03, VER-06, X-08, XTI-01, XTI-09, SSP-132, CAN-17).

use bytes::Bytes;
use fhir::Node;
use http::header::ETAG;
use jiff::Timestamp;
use serde_json::json;
use spine::Operation;
use spine::dialect::CreatedOnCancel;

use super::Consumer;
use super::audit::{Event, told};
use super::body::instant;
use super::call::{Ask, Received, Target, encoded};
use super::fault::{Fault, Party, Refused};
use super::find_endpoint::Endpoint;

/// A cancelled Appointment.
#[derive(Debug, Clone)]
pub struct Cancelled {
    /// The Appointment as it stands now.
    pub appointment: Node,
    /// The answer.
    pub received: Received,
}

impl Consumer {
    /// Cancels. Without `if_match` the version that is read is the one that is changed, and when somebody else changed it
    /// meanwhile it is read and cancelled once more; `if_match` names a version (`3` or `W/"3"`) and no other is changed.
    ///
    /// # Errors
    /// See [`Fault`]; a version that has moved on is a [`Fault::Refused`] with 409.
    pub async fn cancel_appointment(
        &self,
        endpoint: &Endpoint,
        id: &str,
        if_match: Option<&str>,
    ) -> Result<Cancelled, Fault> {
        let cancelled = self.cancel_at(Target::Provider(endpoint), id, if_match).await;
        let link = format!("{}/Appointment/{id}", endpoint.root);
        let (event, document, became) = match &cancelled {
            Ok(cancelled) => (Event::Cancelled, document_of(&cancelled.appointment), json!({"identity": link})),
            Err(Fault::Unsent(_)) => return cancelled,
            Err(fault) => (Event::CancellationFailed, None, told(fault, "")),
        };
        self.happened(event, &endpoint.asid, document, became).await;
        cancelled
    }

    pub(super) async fn cancel_at(
        &self,
        target: Target<'_>,
        id: &str,
        if_match: Option<&str>,
    ) -> Result<Cancelled, Fault> {
        match self.cancel_once(target, id, if_match).await {
            // XTI-09: read again, and cancel what stands there now.
            Err(Fault::Refused(refused)) if if_match.is_none() && has_moved_on(&refused) => {
                self.cancel_once(target, id, None).await
            }
            settled => settled,
        }
    }

    async fn cancel_once(&self, target: Target<'_>, id: &str, if_match: Option<&str>) -> Result<Cancelled, Fault> {
        let below = format!("Appointment/{}", encoded(id));
        let current = self.call(target, &Ask::read(Operation::GetAppointment, below.clone())).await?;
        let mut appointment = current.resource("Appointment")?;
        let tag = match if_match {
            Some(version) => entity_tag(version),
            None => current.header(&ETAG).map(str::to_owned).ok_or_else(|| no_version(target.party()))?,
        };
        cancel(&mut appointment, self.settings.dialect.created_on_cancel, self.clock.now());
        let ask = Ask {
            operation: Operation::CancelAppointment,
            below: below.clone(),
            body: Some(Bytes::from(fhir::json::write(&appointment))),
            request_id: Some(self.ids.uuid().to_string()),
            if_match: Some(tag),
        };
        let received = match self.call(target, &ask).await {
            // The change was carried out before and its answer was lost: fetch what it made (SSP-132).
            Err(Fault::Refused(refused)) if refused.is_reused_request_id() => {
                self.call(target, &Ask::read(Operation::GetAppointment, below)).await?
            }
            settled => settled?,
        };
        Ok(Cancelled { appointment: received.resource("Appointment")?, received })
    }
}

/// The allowed changes and no others (CAN-02, CAN-03).
fn cancel(appointment: &mut Node, created: CreatedOnCancel, now: Timestamp) {
    appointment.set_text("status", "cancelled");
    if created == CreatedOnCancel::TimeOfCancelling {
        appointment.set_text("created", &instant(now));
    }
}

/// The UUID of the CDA document that an Appointment belongs to (RES-D03).
pub(super) fn document_of(appointment: &Node) -> Option<&str> {
    let mut contained = appointment.all("contained");
    let document = contained.find(|resource| resource.type_name() == "DocumentReference")?;
    document.find("identifier.value")?.text()
}

/// Whether it is another version by now (VER-03, XTI-09).
fn has_moved_on(refused: &Refused) -> bool {
    matches!(refused.status, 409 | 412)
}

/// `3` and `W/"3"` mean the same version.
fn entity_tag(version: &str) -> String {
    if version.contains('"') { version.to_owned() } else { format!("W/\"{version}\"") }
}

fn no_version(party: Party) -> Fault {
    Fault::Unusable {
        party,
        what: "its Appointment came without an ETag, so that it cannot be changed safely".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: CAN-02, CAN-03
    #[test]
    fn only_the_status_changes_and_in_1_0_4_created_too() {
        let text = br#"{"resourceType":"Appointment","id":"a","status":"booked","created":"2026-11-01T09:00:00Z","participant":[{"status":"accepted"}]}"#;
        for (rule, created) in [
            (CreatedOnCancel::TimeOfCancelling, "2026-11-25T09:00:00+00:00"),
            (CreatedOnCancel::LeftAlone, "2026-11-01T09:00:00Z"),
        ] {
            let mut appointment = fhir::json::read(text, &fhir::Limits::STRICT).unwrap().resource;
            cancel(&mut appointment, rule, "2026-11-25T09:00:00Z".parse().unwrap());
            assert_eq!(appointment.text_of("status"), Some("cancelled"));
            assert_eq!(appointment.text_of("created"), Some(created));
            assert_eq!(appointment.children().len(), 4);
        }
    }

    #[test]
    fn a_version_may_be_given_with_or_without_its_quotes() {
        assert_eq!(entity_tag("3"), "W/\"3\"");
        assert_eq!(entity_tag("W/\"3\""), "W/\"3\"");
    }
}

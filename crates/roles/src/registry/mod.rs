//! The Registry: an index of Appointments, so that any service finds those of a patient and follows the pointer to the
//! Provider's copy (REG-01). It is reached directly or through the SSP, with or without Ssp headers (REG-15, X-33).
//!
//! | interaction | file |
//! |---|---|
//! | `GET /metadata` | `capability_statement` |
//! | `POST /Appointment` | `register_appointment` |
//! | `GET /Appointment?…` | `search_patient_appointments` |
//! | `GET /Appointment/{id}` and its versions | `get_registered_appointment` |
//! | `PUT /Appointment/{id}` | `cancel_registered_appointment` |
//! | `POST /{Type}/$validate` | `appointment::validate` |

mod cancel_registered_appointment;
mod capability_statement;
mod get_registered_appointment;
mod register_appointment;
mod search_patient_appointments;
mod thin_record;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::tz::TimeZone;
use profile::Definitions;
use spine::{Operation, Reason};
use store::{Audit, Registrations};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::appointment::request_id_reused;
use crate::edge::answer::Answer;
use crate::edge::authorise::{Authoriser, Trust};
use crate::edge::base::Base;
use crate::edge::clock::{Clock, Ids};
use crate::edge::fhir_call::{Admits, Call, Course, FhirListener, FhirRole};
use crate::edge::issuer_keys::IssuerKeys;
use crate::edge::listen::{self, Door, Limits};
use crate::edge::refusal::Refusal;

/// What the Registry answers.
const OPERATIONS: [Operation; 6] = [
    Operation::CapabilityStatement,
    Operation::BookAppointment,
    Operation::GetAppointment,
    Operation::CancelAppointment,
    Operation::SearchPatientAppointments,
    Operation::Validate,
];

/// What the Registry is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The service roots, the default first.
    pub bases: Vec<Base>,
    /// Whose tokens are believed, and for which audience.
    pub trust: Trust,
    /// Who runs the Registry, for the capability statement.
    pub publisher: String,
    /// The software's version, for the capability statement.
    pub version: String,
    /// The longest body in bytes, packed and unpacked.
    pub body_limit: usize,
    /// What resources are read and judged by.
    pub definitions: &'static Definitions,
}

/// The Registry.
pub struct Registry {
    settings: Settings,
    course: Course,
    registrations: Arc<dyn Registrations>,
    ids: Arc<dyn Ids>,
    zone: TimeZone,
}

impl Registry {
    /// A Registry that believes these keys. Days are Europe/London's (TIM-03).
    #[must_use]
    pub fn new(
        settings: Settings,
        keys: impl Into<IssuerKeys>,
        registrations: Arc<dyn Registrations>,
        audit: Arc<dyn Audit>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        let course = Course {
            role: "registry",
            bases: settings.bases.clone(),
            admits: Admits::AnyCertificate,
            // Unsigned tokens are never taken here, wherever they come from (JWT-91).
            ssp_fqdns: Vec::new(),
            asids: Vec::new(),
            ssp_headers_required: false,
            operations: &OPERATIONS,
            authoriser: Authoriser::new(settings.trust.clone(), keys.into()),
            audit,
            clock,
            ids: Arc::clone(&ids),
            body_limit: settings.body_limit,
            definitions: settings.definitions,
        };
        let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
        Self { settings, course, registrations, ids, zone }
    }

    /// XTI-04, XTI-05: a request that was carried out is told so before anything else about it is looked at.
    async fn refuse_used_request_id(&self, call: &Call) -> Result<(), Refusal> {
        let Some(request) = &call.request_id else { return Ok(()) };
        match self.registrations.registration_request(request).await? {
            Some(appointment_id) => Err(request_id_reused(call, &appointment_id)),
            None => Ok(()),
        }
    }
}

/// Serves a Registry until `shutdown`, then lets open exchanges end.
pub async fn run(
    listener: TcpListener,
    door: Door,
    limits: Limits,
    registry: Arc<Registry>,
    shutdown: CancellationToken,
) {
    listen::serve(listener, door, limits, FhirListener::new(registry), shutdown).await;
}

#[async_trait]
impl FhirRole for Registry {
    fn course(&self) -> &Course {
        &self.course
    }

    async fn answer(&self, call: &Call) -> Result<Answer, Refusal> {
        match call.operation {
            Operation::CapabilityStatement => capability_statement::capability_statement(self, call),
            Operation::BookAppointment => register_appointment::register_appointment(self, call).await,
            Operation::GetAppointment => get_registered_appointment::get_registered_appointment(self, call).await,
            Operation::CancelAppointment => {
                cancel_registered_appointment::cancel_registered_appointment(self, call).await
            }
            Operation::SearchPatientAppointments => {
                search_patient_appointments::search_patient_appointments(self, call).await
            }
            Operation::Validate => crate::appointment::validate::validate(call),
            Operation::SearchFreeSlots | Operation::ReadReferenced => Err(Refusal::new(Reason::UnknownPath, "")),
        }
    }
}

//! The Provider: offers Slots and holds Appointments, in both dialects at once, each at its own service root.
//!
//! [`Provider::answer`] is the index: one interaction, one file, named as the standard's page is.

mod book_appointment;
mod booking_rules;
mod cancel_appointment;
mod capability_statement;
mod demonstrator_checks;
mod diary;
mod get_appointment;
mod get_resource;
mod local_rules;
mod references;
mod search_free_slots;
mod search_patient_appointments;
mod slot_fragment;
mod slot_parameters;
mod test_service_ids;
mod times;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::tz::TimeZone;
use profile::Definitions;
use spine::Asid;
use spine::interaction::Operation;
use store::{Appointments, Audit, Diary};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use diary::{NotADiary, diary_of};
pub use local_rules::LocalRules;
pub use slot_fragment::slot_resource;
pub use test_service_ids::{StandIn, TestServiceIds};

use crate::appointment::request_id_reused;
use crate::edge::answer::Answer;
use crate::edge::authorise::{Authoriser, Trust};
use crate::edge::base::Base;
use crate::edge::clock::{Clock, Ids};
use crate::edge::fhir_call::{Admits, Call, Course, FhirListener, FhirRole};
use crate::edge::issuer_keys::IssuerKeys;
use crate::edge::listen::{self, Door, Limits};
use crate::edge::refusal::Refusal;

/// Everything that a Provider answers.
const OPERATIONS: [Operation; 8] = [
    Operation::CapabilityStatement,
    Operation::SearchFreeSlots,
    Operation::BookAppointment,
    Operation::GetAppointment,
    Operation::CancelAppointment,
    Operation::SearchPatientAppointments,
    Operation::ReadReferenced,
    Operation::Validate,
];

/// What a Provider is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The service roots, the default first.
    pub bases: Vec<Base>,
    /// The ASIDs that `Ssp-To` may name (SSP-113).
    pub asids: Vec<Asid>,
    /// The FQDNs in the certificate of the proxy (SSP-110).
    pub ssp_fqdns: Vec<String>,
    /// Whose tokens are believed.
    pub trust: Trust,
    /// Who runs the Provider, for the capability statement (META-04).
    pub publisher: String,
    /// The software and its release, for the capability statement (META-03).
    pub software: Software,
    /// The system of the patient identifiers that the Provider gives (BOOK-17).
    pub local_patient_system: String,
    /// Slots on a page of a search, also the most that `_count` gets; at least 16 (SLT-31).
    pub slots_on_a_page: u32,
    /// The longest body in bytes, packed and unpacked.
    pub body_limit: usize,
    /// What the administrators keep for some callers, and whom they bar.
    pub local_rules: LocalRules,
    /// The service ids of test suites; a demonstration's alone.
    pub test_service_ids: TestServiceIds,
    /// Whether bookings are held to the public demonstrator's list besides (DEM-09); a demonstration's alone.
    pub demonstrator_checks: bool,
    /// What resources are read and judged by.
    pub definitions: &'static Definitions,
}

/// The software's version and the day of its release (`2026-11-23`).
#[derive(Debug, Clone)]
pub struct Software {
    /// The version.
    pub version: String,
    /// The day of its release.
    pub released: String,
}

/// Where a Provider keeps things. One [`store::Store`] is all three.
#[derive(Clone)]
pub struct Keeps {
    /// Slots and what they refer to.
    pub diary: Arc<dyn Diary>,
    /// Appointments.
    pub appointments: Arc<dyn Appointments>,
    /// The audit trail.
    pub audit: Arc<dyn Audit>,
}

/// The Provider.
pub struct Provider {
    settings: Settings,
    course: Course,
    diary: Arc<dyn Diary>,
    appointments: Arc<dyn Appointments>,
    ids: Arc<dyn Ids>,
    zone: TimeZone,
}

impl Provider {
    /// A Provider that believes these keys. Days and seasons are Europe/London's (TIM-03).
    #[must_use]
    pub fn new(
        settings: Settings,
        keys: impl Into<IssuerKeys>,
        keeps: Keeps,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        let course = Course {
            role: "provider",
            bases: settings.bases.clone(),
            admits: Admits::Ssp(settings.ssp_fqdns.clone()),
            ssp_fqdns: settings.ssp_fqdns.clone(),
            asids: settings.asids.clone(),
            ssp_headers_required: true,
            operations: &OPERATIONS,
            authoriser: Authoriser::new(settings.trust.clone(), keys.into()),
            audit: keeps.audit,
            clock,
            ids: Arc::clone(&ids),
            body_limit: settings.body_limit,
            definitions: settings.definitions,
        };
        // The zone is part of the binary; without it times would still be right, in UTC.
        let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
        Self { settings, course, diary: keeps.diary, appointments: keeps.appointments, ids, zone }
    }

    /// XTI-04, XTI-05: a request that was carried out is told so before anything else about it is looked at.
    async fn refuse_used_request_id(&self, call: &Call) -> Result<(), Refusal> {
        let Some(request) = &call.request_id else { return Ok(()) };
        match self.appointments.request(request).await? {
            Some(appointment_id) => Err(request_id_reused(call, &appointment_id)),
            None => Ok(()),
        }
    }
}

#[async_trait]
impl FhirRole for Provider {
    fn course(&self) -> &Course {
        &self.course
    }

    async fn answer(&self, call: &Call) -> Result<Answer, Refusal> {
        match call.operation {
            Operation::CapabilityStatement => capability_statement::capability_statement(self, call),
            Operation::SearchFreeSlots => search_free_slots::search_free_slots(self, call).await,
            Operation::BookAppointment => book_appointment::book_appointment(self, call).await,
            Operation::GetAppointment => get_appointment::get_appointment(self, call).await,
            Operation::CancelAppointment => cancel_appointment::cancel_appointment(self, call).await,
            Operation::SearchPatientAppointments => {
                search_patient_appointments::search_patient_appointments(self, call).await
            }
            Operation::ReadReferenced => get_resource::get_resource(self, call).await,
            Operation::Validate => crate::appointment::validate::validate(call),
        }
    }
}

/// Serves a Provider until `shutdown`, then lets open exchanges end.
pub async fn run(
    listener: TcpListener,
    door: Door,
    limits: Limits,
    provider: Arc<Provider>,
    shutdown: CancellationToken,
) {
    listen::serve(listener, door, limits, FhirListener::new(provider), shutdown).await;
}

//! The Provider's diary: services, the Schedules that they are given in, and the Slots of these (SMG-01, SMG-02), with the resources
//! that a slot search may include (SLT-20). What is served is kept as the bytes to serve.

mod load;
pub(crate) mod remembered;
mod search;

use std::sync::Arc;

use async_trait::async_trait;

use crate::error::Result;
use crate::window::Window;
use crate::{AuditRecord, Store};

/// The status of a Slot, with FHIR's codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SlotStatus {
    /// Can be booked.
    Free,
    /// Is booked.
    Busy,
    /// Blocked by the Provider.
    BusyUnavailable,
    /// Held for a booking that is not yet made.
    BusyTentative,
    /// Was never meant to be there.
    EnteredInError,
}

impl SlotStatus {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Free, Self::Busy, Self::BusyUnavailable, Self::BusyTentative, Self::EnteredInError];

    /// FHIR's code, as it stands in `Slot.status` and in the database.
    pub fn code(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Busy => "busy",
            Self::BusyUnavailable => "busy-unavailable",
            Self::BusyTentative => "busy-tentative",
            Self::EnteredInError => "entered-in-error",
        }
    }

    /// The status with this code, if there is one.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }
}

/// The six includes of a slot search (SLT-20): how a resource is related to the Schedule of a Slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Include {
    /// `Slot:schedule`: the Schedule itself.
    Schedule,
    /// `Schedule:actor:Practitioner`.
    Practitioner,
    /// `Schedule:actor:PractitionerRole`.
    PractitionerRole,
    /// `Schedule:actor:HealthcareService`.
    HealthcareService,
    /// `HealthcareService.providedBy`: the Organization that gives the service.
    Organization,
    /// `HealthcareService.location`: where it is given.
    Location,
}

impl Include {
    /// All six, in the order of the specification.
    pub const ALL: [Self; 6] = [
        Self::Schedule,
        Self::Practitioner,
        Self::PractitionerRole,
        Self::HealthcareService,
        Self::Organization,
        Self::Location,
    ];

    /// The type of the resources that this include brings.
    pub fn resource_type(self) -> &'static str {
        match self {
            Self::Schedule => "Schedule",
            Self::Practitioner => "Practitioner",
            Self::PractitionerRole => "PractitionerRole",
            Self::HealthcareService => "HealthcareService",
            Self::Organization => "Organization",
            Self::Location => "Location",
        }
    }
}

/// A resource that others refer to, as the bytes to serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The FHIR type, `Practitioner` say.
    pub resource_type: String,
    /// The logical id.
    pub id: String,
    /// The resource as JSON.
    pub content: Vec<u8>,
}

/// A HealthcareService as the search knows it. Its resource stands among the [`DiaryContent::resources`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceOffer {
    /// The logical id of the HealthcareService.
    pub id: String,
    /// Every further value by which a Consumer may name it: identifier values, its ASID (SLT-03). The id needs no repeating.
    pub names: Vec<String>,
    /// The Schedules in which it is given. One Schedule may serve many services.
    pub schedules: Vec<String>,
}

/// A Schedule and what is related to it. Its resource stands among the [`DiaryContent::resources`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleOffer {
    /// The logical id of the Schedule.
    pub id: String,
    /// For each include, the ids of the resources that it brings. `Include::Schedule` needs no row.
    pub related: Vec<(Include, String)>,
}

/// A Slot to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSlot {
    /// The logical id.
    pub id: String,
    /// The Schedule that it belongs to.
    pub schedule_id: String,
    /// System and value of its identifier (SLT-40), by which a booking may name it too (BOOK-18).
    pub identifier: Option<(String, String)>,
    /// Start, in seconds since 1970.
    pub start: i64,
    /// End, in seconds since 1970.
    pub end: i64,
    /// The status to begin with.
    pub status: SlotStatus,
    /// The Slot rendered as JSON. The role writes times and status into it when it serves it.
    pub fragment: Vec<u8>,
}

/// A whole diary, put in place in one go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiaryContent {
    /// The services.
    pub services: Vec<ServiceOffer>,
    /// The Schedules.
    pub schedules: Vec<ScheduleOffer>,
    /// Every resource that can be read or included.
    pub resources: Vec<Resource>,
    /// The Slots.
    pub slots: Vec<NewSlot>,
}

/// A Slot as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSlot {
    /// The logical id.
    pub id: String,
    /// The Schedule that it belongs to.
    pub schedule_id: String,
    /// Start, in seconds since 1970.
    pub start: i64,
    /// End, in seconds since 1970.
    pub end: i64,
    /// The status now; the one inside `fragment` is that of the day on which it was rendered.
    pub status: SlotStatus,
    /// The Slot as it was rendered.
    pub fragment: Vec<u8>,
}

/// A search for Slots.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SlotQuery {
    /// The services by id, identifier value or ASID; a Slot of any of them matches. `None` means every Slot, an empty list none.
    pub services: Option<Vec<String>>,
    /// Schedules whose Slots this search does not find: they are kept for others (SLT-38).
    pub withheld_schedules: Vec<String>,
    /// The statuses that match. Empty means all (SLT-06).
    pub statuses: Vec<SlotStatus>,
    /// Where `Slot.start` may lie (SLT-08).
    pub window: Window,
    /// The time of the search, in seconds since 1970: no free Slot that starts before it is offered (SMG-08).
    pub now: i64,
    /// Only Slots after this one: the last of the page before.
    pub after: Option<SlotCursor>,
    /// At most so many.
    pub limit: u32,
    /// What comes along with the Slots of the page (SLT-20).
    pub includes: Vec<Include>,
}

/// A place in the order of all Slots, which is by start and then by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotCursor {
    /// The Slot's start, in seconds since 1970.
    pub start: i64,
    /// The Slot's id.
    pub id: String,
}

/// One page of a search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SlotPage {
    /// The Slots, by start and then by id.
    pub slots: Vec<StoredSlot>,
    /// How many match altogether, on this page or not (SLT-33).
    pub total: u64,
    /// What the includes bring for these Slots, each resource once (SLT-32), by type and id.
    pub included: Vec<Arc<Resource>>,
    /// The first of the services sought that goes by no id, identifier value or ASID here (SLT-04).
    pub unknown_service: Option<String>,
}

/// The diary of a Provider.
#[async_trait]
pub trait Diary: Send + Sync {
    /// Puts this diary in place of the one that is there, and forgets every Appointment and request id with it. The audit trail stays
    /// and gets `audit` added: this is also how a demonstration is put back.
    async fn load(&self, content: DiaryContent, audit: AuditRecord) -> Result<()>;

    /// Adds Slots to the Schedules that are there. All or none: an id that is in use is [`crate::StoreError::Unstorable`].
    async fn add_slots(&self, slots: Vec<NewSlot>, audit: AuditRecord) -> Result<()>;

    /// One page of the Slots that match, with what belongs to them: all as it is at one moment.
    async fn free_slots(&self, query: &SlotQuery) -> Result<SlotPage>;

    /// The Slot with this id.
    async fn slot(&self, id: &str) -> Result<Option<StoredSlot>>;

    /// The Slot with this identifier (BOOK-18).
    async fn slot_by_identifier(&self, system: &str, value: &str) -> Result<Option<StoredSlot>>;

    /// The bytes of a resource that others refer to.
    async fn resource(&self, resource_type: &str, id: &str) -> Result<Option<Vec<u8>>>;
}

#[async_trait]
impl Diary for Store {
    async fn load(&self, content: DiaryContent, audit: AuditRecord) -> Result<()> {
        self.carry_out(load::Load { content, audit: Some(audit) }).await
    }

    async fn add_slots(&self, slots: Vec<NewSlot>, audit: AuditRecord) -> Result<()> {
        self.carry_out(load::AddSlots { slots, audit: Some(audit) }).await
    }

    async fn free_slots(&self, query: &SlotQuery) -> Result<SlotPage> {
        search::free_slots(&mut self.reader().await?, &self.diary, query).await
    }

    async fn slot(&self, id: &str) -> Result<Option<StoredSlot>> {
        search::slot(&mut self.reader().await?, id).await
    }

    async fn slot_by_identifier(&self, system: &str, value: &str) -> Result<Option<StoredSlot>> {
        search::slot_by_identifier(&mut self.reader().await?, system, value).await
    }

    async fn resource(&self, resource_type: &str, id: &str) -> Result<Option<Vec<u8>>> {
        search::resource(&mut self.reader().await?, resource_type, id).await
    }
}

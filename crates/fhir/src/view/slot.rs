//! The views of a Slot and its Schedule (RES-S01 to RES-S06, RES-C01 to RES-C03).

use super::{Period, Reference, resource_views, texts};

resource_views! {
    /// A Slot.
    Slot
    /// A Schedule.
    Schedule
}

impl<'n> Slot<'n> {
    texts! {
        /// `free`, `busy` …
        status: "status"
        /// When it begins, an instant.
        start: "start"
        /// When it ends, an instant.
        end: "end"
        /// Further words.
        comment: "comment"
    }

    /// The Schedule that it belongs to.
    #[must_use]
    pub fn schedule(&self) -> Option<Reference<'n>> {
        self.0.child("schedule").map(Reference::of)
    }
}

impl<'n> Schedule<'n> {
    texts! {
        /// Whether it is in use: `true` or `false`.
        active: "active"
        /// Further words.
        comment: "comment"
    }

    /// Whose time it is: HealthcareService, Practitioner, PractitionerRole, Location.
    pub fn actors(&self) -> impl Iterator<Item = Reference<'n>> + use<'n> {
        self.0.all("actor").map(Reference::of)
    }

    /// The time that it is for.
    #[must_use]
    pub fn planning_horizon(&self) -> Option<Period<'n>> {
        self.0.child("planningHorizon").map(Period::of)
    }
}

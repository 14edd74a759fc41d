//! The view of an Appointment (RES-A01 to RES-A21).

use super::{Reference, element_views, resource_views, texts};
use crate::node::Node;

resource_views! {
    /// An Appointment.
    Appointment
}

element_views! {
    /// A participant of an Appointment.
    Participant
}

impl<'n> Appointment<'n> {
    texts! {
        /// The language of the text.
        language: "language"
        /// `booked`, `cancelled` …
        status: "status"
        /// When it begins, an instant.
        start: "start"
        /// When it ends, an instant.
        end: "end"
        /// When it was booked, a dateTime.
        created: "created"
        /// What it is about.
        description: "description"
        /// Further words.
        comment: "comment"
    }

    /// The Slots that it takes.
    pub fn slots(&self) -> impl Iterator<Item = Reference<'n>> + use<'n> {
        self.0.all("slot").map(Reference::of)
    }

    /// Documents that belong to it.
    pub fn supporting_information(&self) -> impl Iterator<Item = Reference<'n>> + use<'n> {
        self.0.all("supportingInformation").map(Reference::of)
    }

    /// Referrals that it comes from.
    pub fn incoming_referrals(&self) -> impl Iterator<Item = Reference<'n>> + use<'n> {
        self.0.all("incomingReferral").map(Reference::of)
    }

    /// Who takes part.
    pub fn participants(&self) -> impl Iterator<Item = Participant<'n>> + use<'n> {
        self.0.all("participant").map(Participant::of)
    }

    /// The resources contained in it.
    pub fn contained(&self) -> impl Iterator<Item = &'n Node> + use<'n> {
        self.0.all("contained")
    }

    /// The contained resources of one type.
    pub fn contained_of(&self, type_name: &str) -> impl Iterator<Item = &'n Node> {
        self.0.all("contained").filter(move |one| one.type_name() == type_name)
    }
}

impl<'n> Participant<'n> {
    texts! {
        /// `accepted` …
        status: "status"
    }

    /// Who it is.
    #[must_use]
    pub fn actor(&self) -> Option<Reference<'n>> {
        self.0.child("actor").map(Reference::of)
    }
}

//! The views of who offers what and where (RES-C04 to RES-C11).

use super::{Coding, HumanName, Reference, codings, resource_views, texts};

resource_views! {
    /// A HealthcareService.
    HealthcareService
    /// An Organization.
    Organization
    /// A Location.
    Location
    /// A Practitioner.
    Practitioner
    /// A PractitionerRole.
    PractitionerRole
}

impl<'n> HealthcareService<'n> {
    texts! {
        /// Its name.
        name: "name"
        /// Whether it is in use: `true` or `false`.
        active: "active"
    }

    /// The organisation that provides it (SLT-20).
    #[must_use]
    pub fn provided_by(&self) -> Option<Reference<'n>> {
        self.0.child("providedBy").map(Reference::of)
    }

    /// Where it is provided (SLT-20).
    pub fn locations(&self) -> impl Iterator<Item = Reference<'n>> + use<'n> {
        self.0.all("location").map(Reference::of)
    }
}

impl<'n> Organization<'n> {
    texts! {
        /// Its name.
        name: "name"
    }
}

impl<'n> Location<'n> {
    texts! {
        /// Its name.
        name: "name"
    }

    /// The organisation that runs it.
    #[must_use]
    pub fn managing_organization(&self) -> Option<Reference<'n>> {
        self.0.child("managingOrganization").map(Reference::of)
    }
}

impl<'n> Practitioner<'n> {
    texts! {
        /// `male`, `female`, `other` or `unknown`.
        gender: "gender"
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = HumanName<'n>> + use<'n> {
        self.0.all("name").map(HumanName::of)
    }
}

impl<'n> PractitionerRole<'n> {
    /// Who has the role.
    #[must_use]
    pub fn practitioner(&self) -> Option<Reference<'n>> {
        self.0.child("practitioner").map(Reference::of)
    }

    /// For which organisation.
    #[must_use]
    pub fn organization(&self) -> Option<Reference<'n>> {
        self.0.child("organization").map(Reference::of)
    }

    /// The codings of what the role is.
    pub fn code_codings(&self) -> impl Iterator<Item = Coding<'n>> + use<'n> {
        self.0.all("code").flat_map(codings)
    }
}

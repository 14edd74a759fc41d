//! The view of a Patient (RES-P01 to RES-P15) and of how to reach people.

use super::{element_views, resource_views, texts};
use crate::node::Node;

resource_views! {
    /// A Patient.
    Patient
}

element_views! {
    /// A person's name.
    HumanName
    /// A telephone number, an email address …
    ContactPoint
    /// A postal address.
    Address
}

impl<'n> Patient<'n> {
    texts! {
        /// `male`, `female`, `other` or `unknown`.
        gender: "gender"
        /// A date.
        birth_date: "birthDate"
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = HumanName<'n>> + use<'n> {
        self.0.all("name").map(HumanName::of)
    }

    /// How to reach the Patient.
    pub fn telecoms(&self) -> impl Iterator<Item = ContactPoint<'n>> + use<'n> {
        self.0.all("telecom").map(ContactPoint::of)
    }

    /// How to reach others for the Patient: the `contact` elements, each with relationship, name and telecom.
    pub fn contacts(&self) -> impl Iterator<Item = &'n Node> + use<'n> {
        self.0.all("contact")
    }

    /// The addresses.
    pub fn addresses(&self) -> impl Iterator<Item = Address<'n>> + use<'n> {
        self.0.all("address").map(Address::of)
    }
}

impl<'n> HumanName<'n> {
    texts! {
        /// What it is for: `official`.
        usage: "use"
        /// The whole name in words.
        text: "text"
        /// The family name.
        family: "family"
    }

    /// The given names, in order.
    pub fn given(&self) -> impl Iterator<Item = &'n str> + use<'n> {
        self.0.all("given").filter_map(Node::text)
    }

    /// Titles before the name, in order.
    pub fn prefixes(&self) -> impl Iterator<Item = &'n str> + use<'n> {
        self.0.all("prefix").filter_map(Node::text)
    }
}

impl<'n> ContactPoint<'n> {
    texts! {
        /// `phone`, `email` …
        system: "system"
        /// The number or address.
        value: "value"
        /// `home`, `work`, `mobile` …
        usage: "use"
        /// The order of preference, a positive number (PCT-04).
        rank: "rank"
    }
}

impl<'n> Address<'n> {
    texts! {
        /// `home`, `work` …
        usage: "use"
        /// The town.
        city: "city"
        /// The postcode.
        postal_code: "postalCode"
    }

    /// The lines, in order.
    pub fn lines(&self) -> impl Iterator<Item = &'n str> + use<'n> {
        self.0.all("line").filter_map(Node::text)
    }
}

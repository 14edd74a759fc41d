//! Reading a tree with the words of FHIR: views borrow a [`Node`], give `Option`s, and never change anything.
//!
//! A view answers the questions that booking asks; everything else is asked of its node.

mod appointment;
mod bundle;
mod datatypes;
mod directory;
mod document_reference;
mod outcome;
mod patient;
mod slot;

pub use appointment::{Appointment, Participant};
pub use bundle::{Bundle, Entry, Parameters};
pub use datatypes::{Coding, Identifier, Period, Reference, Target, codings, extension, extensions};
pub use directory::{HealthcareService, Location, Organization, Practitioner, PractitionerRole};
pub use document_reference::DocumentReference;
pub use outcome::{OperationOutcome, ReportedIssue};
pub use patient::{Address, ContactPoint, HumanName, Patient};
pub use slot::{Schedule, Slot};

use crate::node::Node;

/// Makes views of resources: a borrowed node whose type was looked at.
macro_rules! resource_views {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name<'n>(pub(super) &'n $crate::node::Node);

        impl<'n> $name<'n> {
            /// Looks at a node as this resource; `None` when it is another.
            #[must_use]
            pub fn of(node: &'n $crate::node::Node) -> Option<Self> {
                (node.is_resource() && node.type_name() == stringify!($name)).then_some($name(node))
            }

            /// The node itself.
            #[must_use]
            pub fn node(&self) -> &'n $crate::node::Node {
                self.0
            }

            /// The logical id.
            #[must_use]
            pub fn id(&self) -> Option<&'n str> {
                self.0.text_of("id")
            }

            /// The business identifiers.
            pub fn identifiers(&self) -> impl Iterator<Item = $crate::view::Identifier<'n>> + use<'n> {
                self.0.all("identifier").map($crate::view::Identifier::of)
            }
        }
    )+};
}

/// Makes views of elements, which are whatever their place says.
macro_rules! element_views {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name<'n>(pub(super) &'n $crate::node::Node);

        impl<'n> $name<'n> {
            /// Looks at a node as this element.
            #[must_use]
            pub fn of(node: &'n $crate::node::Node) -> Self {
                $name(node)
            }

            /// The node itself.
            #[must_use]
            pub fn node(&self) -> &'n $crate::node::Node {
                self.0
            }
        }
    )+};
}

/// Makes getters for the text of an element of the same meaning: `status: "status"`.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $element:literal)+) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name(&self) -> Option<&'n str> {
            self.0.text_of($element)
        }
    )+};
}

use {element_views, resource_views, texts};

/// The profiles that a resource claims in `meta.profile`.
pub fn profiles(resource: &Node) -> impl Iterator<Item = &str> {
    resource.child("meta").into_iter().flat_map(|meta| meta.all("profile")).filter_map(Node::text)
}

/// The version of a resource in `meta.versionId`.
#[must_use]
pub fn version_id(resource: &Node) -> Option<&str> {
    resource.find("meta.versionId").and_then(Node::text)
}

/// The contained resource of this id.
#[must_use]
pub fn contained<'n>(resource: &'n Node, id: &str) -> Option<&'n Node> {
    resource.all("contained").find(|one| one.text_of("id") == Some(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, json};

    const BOOKING: &str = concat!(
        r##"{"resourceType":"Appointment","meta":{"versionId":"3","profile":["https://a.example/p"]},"contained":["##,
        r##"{"resourceType":"Patient","id":"P1","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9476719931"}],"##,
        r##""name":[{"use":"official","family":"Example","given":["Alex","Sam"],"prefix":["Mx"]}],"telecom":[{"system":"phone","##,
        r##""value":"01632 960123","use":"home","rank":1}],"address":[{"use":"home","line":["1 Test Lane"],"postalCode":"LS1 4HR"}]},"##,
        r##"{"resourceType":"DocumentReference","id":"D1","identifier":[{"value":"x"}],"status":"current","##,
        r##""type":{"coding":[{"system":"s","code":"c","display":"d"}]},"content":[{"attachment":{"contentType":"a/b"}}]}],"##,
        r##""status":"booked","start":"2019-07-02T09:15:00Z","slot":[{"reference":"Slot/slot002"}],"##,
        r##""supportingInformation":[{"reference":"#D1"}],"participant":[{"actor":{"reference":"#P1","identifier":"##,
        r##"{"value":"9476719931"},"display":"Mx Alex Example"},"status":"accepted"}],"extension":[{"url":"u","valueCode":"In-person"}]}"##
    );

    #[test]
    fn a_booking_is_read_through_its_views() {
        let parsed = json::read(BOOKING.as_bytes(), &Limits::default()).unwrap();
        assert!(parsed.issues.is_empty(), "{:?}", parsed.issues);
        let booking = Appointment::of(&parsed.resource).unwrap();
        assert_eq!((booking.status(), booking.start()), (Some("booked"), Some("2019-07-02T09:15:00Z")));
        assert_eq!(version_id(booking.node()), Some("3"));
        assert_eq!(profiles(booking.node()).collect::<Vec<_>>(), ["https://a.example/p"]);
        let slot = booking.slots().next().and_then(|slot| slot.target());
        assert_eq!(slot, Some(Target::Relative { type_name: "Slot", id: "slot002", version: None }));
        let actor = booking.participants().next().and_then(|participant| participant.actor()).unwrap();
        assert_eq!(actor.display(), Some("Mx Alex Example"));
        assert_eq!(actor.identifier().and_then(|identifier| identifier.value()), Some("9476719931"));
        let patient = actor.within(booking.node()).and_then(Patient::of).unwrap();
        let name = patient.names().next().unwrap();
        assert_eq!(name.given().collect::<Vec<_>>(), ["Alex", "Sam"]);
        assert_eq!(patient.telecoms().next().and_then(|telecom| telecom.rank()), Some("1"));
        assert_eq!(patient.addresses().next().and_then(|address| address.postal_code()), Some("LS1 4HR"));
        let document = booking.supporting_information().next().and_then(|one| one.within(booking.node()));
        let document = document.and_then(DocumentReference::of).unwrap();
        assert_eq!(document.type_codings().next().and_then(|coding| coding.code()), Some("c"));
        assert_eq!(document.content_types().next(), Some("a/b"));
        let channel = extension(booking.node(), "u").and_then(|one| one.choice("value")).and_then(Node::text);
        assert_eq!(channel, Some("In-person"));
        assert!(Slot::of(booking.node()).is_none());
    }

    #[test]
    fn a_reference_is_taken_apart() {
        let table = [
            ("#P1", Some(Target::Contained("P1"))),
            ("Slot/1", Some(Target::Relative { type_name: "Slot", id: "1", version: None })),
            ("Slot/1/_history/2", Some(Target::Relative { type_name: "Slot", id: "1", version: Some("2") })),
            ("https://a.example/Slot/1", Some(Target::Absolute("https://a.example/Slot/1"))),
            (
                "urn:uuid:0b8a5b0e-5f3c-4c0e-9a51-3d6e3a7f8c11",
                Some(Target::Absolute("urn:uuid:0b8a5b0e-5f3c-4c0e-9a51-3d6e3a7f8c11")),
            ),
            ("/Location/1", None),
            ("Referral123", None),
            ("Slot/", None),
            ("Slot/1/2", None),
            ("", None),
            ("#", Some(Target::Contained(""))),
        ];
        for (text, expected) in table {
            assert_eq!(Target::parse(text), expected, "{text}");
        }
    }
}

//! The operations of the booking API, one row each: verb, path, the Interaction IDs it goes under, the scope and the
//! group that a token must hold (section 1.3 of the Spine catalogue; VIA-33, JW1-04, JW2-09, X-30).

use super::InteractionId;

/// A group of the token endpoint: what a client has been assured for (TOK-10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// May look at Slots, Appointments and the capability statement.
    ReadSlot,
    /// May book and cancel, register and cancel a registration.
    CreateAppointment,
}

impl Group {
    /// Both groups.
    pub const ALL: [Self; 2] = [Self::ReadSlot, Self::CreateAppointment];

    /// The group's name, which is an Interaction ID (TOK-10).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadSlot => "urn:nhs:names:services:careconnect:fhir:rest:read:slot",
            Self::CreateAppointment => "urn:nhs:names:services:careconnect:fhir:rest:create:appointment",
        }
    }

    /// The group of that name; `None` for a name that booking does not know, such as `…:delete:appointment` (IID-08).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.name() == name)
    }
}

/// An operation of the booking API, at a Provider or at the Registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// `GET /metadata`.
    CapabilityStatement,
    /// `GET /Slot`.
    SearchFreeSlots,
    /// `POST /Appointment`: book at a Provider, register at the Registry.
    BookAppointment,
    /// `GET /Appointment/{id}`, `…/_history` and `…/_history/{vid}`.
    GetAppointment,
    /// `PUT /Appointment/{id}`.
    CancelAppointment,
    /// `GET /Appointment`.
    SearchPatientAppointments,
    /// `GET /{Type}/{id}` of a resource that a Slot or an Appointment refers to.
    ReadReferenced,
    /// `POST /{Type}/$validate`.
    Validate,
}

/// The path of an operation below the service root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathShape {
    /// `/metadata`.
    Metadata,
    /// `/Slot`.
    Slot,
    /// `/Appointment`.
    Appointment,
    /// `/Appointment/{id}`, with or without `/_history` and `/_history/{vid}`.
    AppointmentAndVersions,
    /// `/Appointment/{id}`.
    AppointmentInstance,
    /// `/{Type}/{id}` for the types in [`REFERENCED_TYPES`].
    ReferencedInstance,
    /// `/{Type}/$validate`.
    Validate,
}

/// The types that `GET /{Type}/{id}` serves beside Appointment.
pub const REFERENCED_TYPES: [&str; 7] =
    ["Slot", "Schedule", "HealthcareService", "Practitioner", "PractitionerRole", "Organization", "Location"];

/// What one operation needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationRow {
    /// The operation.
    pub operation: Operation,
    /// The HTTP method.
    pub verb: &'static str,
    /// The path below the service root.
    pub path: PathShape,
    /// The Interaction IDs it may go under; empty where no Ssp headers are needed.
    pub interactions: &'static [InteractionId],
    /// The values of `requested_scope`, any of which is enough (JW2-09).
    pub scopes: &'static [&'static str],
    /// The group that a signed token must hold; `None` where any valid token is enough.
    pub group: Option<Group>,
}

const READ_SLOTS: &str = "organization/slot.read";
const READ_APPOINTMENTS: &str = "patient/appointment.read";
const WRITE_APPOINTMENTS: &str = "patient/appointment.write";

/// Every operation with what it needs.
pub const OPERATIONS: [OperationRow; 8] = [
    row(Operation::CapabilityStatement, "GET", PathShape::Metadata, &[InteractionId::READ_METADATA], &[READ_SLOTS]),
    row(Operation::SearchFreeSlots, "GET", PathShape::Slot, &[InteractionId::SEARCH_SLOT], &[READ_SLOTS]),
    writing(row(
        Operation::BookAppointment,
        "POST",
        PathShape::Appointment,
        &[InteractionId::CREATE_APPOINTMENT],
        &[WRITE_APPOINTMENTS],
    )),
    row(
        Operation::GetAppointment,
        "GET",
        PathShape::AppointmentAndVersions,
        &[InteractionId::READ_APPOINTMENT],
        &[READ_APPOINTMENTS],
    ),
    writing(row(
        Operation::CancelAppointment,
        "PUT",
        PathShape::AppointmentInstance,
        &[InteractionId::UPDATE_APPOINTMENT],
        &[WRITE_APPOINTMENTS],
    )),
    row(
        Operation::SearchPatientAppointments,
        "GET",
        PathShape::Appointment,
        &[InteractionId::SEARCH_APPOINTMENT],
        &[READ_APPOINTMENTS],
    ),
    row(
        Operation::ReadReferenced,
        "GET",
        PathShape::ReferencedInstance,
        &[InteractionId::SEARCH_SLOT, InteractionId::READ_SLOT, InteractionId::READ_APPOINTMENT],
        &[READ_SLOTS, READ_APPOINTMENTS],
    ),
    OperationRow {
        operation: Operation::Validate,
        verb: "POST",
        path: PathShape::Validate,
        interactions: &[],
        scopes: &[READ_SLOTS, READ_APPOINTMENTS, WRITE_APPOINTMENTS],
        group: None,
    },
];

/// A row for an operation that only reads.
const fn row(
    operation: Operation,
    verb: &'static str,
    path: PathShape,
    interactions: &'static [InteractionId],
    scopes: &'static [&'static str],
) -> OperationRow {
    OperationRow { operation, verb, path, interactions, scopes, group: Some(Group::ReadSlot) }
}

/// The same row for an operation that changes an Appointment.
const fn writing(row: OperationRow) -> OperationRow {
    OperationRow { group: Some(Group::CreateAppointment), ..row }
}

impl Operation {
    /// What the operation needs.
    #[must_use]
    pub fn row(self) -> &'static OperationRow {
        static ROWS: [OperationRow; 8] = OPERATIONS;
        // The table is in the order of the enum; a test holds it so.
        &ROWS[self as usize]
    }

    /// Whether the operation may go under `interaction` (SSP-114, VIA-33).
    #[must_use]
    pub fn goes_under(self, interaction: &InteractionId) -> bool {
        let interactions = self.row().interactions;
        interactions.is_empty() || interactions.contains(interaction)
    }

    /// The Interaction ID that a Consumer sends for it; `None` for `$validate`, which needs no Ssp headers.
    #[must_use]
    pub fn interaction(self) -> Option<&'static InteractionId> {
        self.row().interactions.first()
    }

    /// The `requested_scope` that a Consumer puts into a token of its own making (JW2-09).
    #[must_use]
    pub fn scope(self) -> &'static str {
        self.row().scopes.first().copied().unwrap_or(READ_SLOTS)
    }

    /// The operation that a verb and a path below the service root (`/Appointment/3f9c`, no query) ask for.
    #[must_use]
    pub fn of(verb: &str, path: &str) -> Option<Self> {
        OPERATIONS.iter().find(|row| row.verb == verb && row.path.fits(path)).map(|row| row.operation)
    }

    /// The verbs that a path below the service root answers, for `Allow` (HTTP-24); empty when the path is unknown.
    #[must_use]
    pub fn verbs_at(path: &str) -> Vec<&'static str> {
        OPERATIONS.iter().filter(|row| row.path.fits(path)).map(|row| row.verb).collect()
    }
}

impl PathShape {
    /// Whether a path below the service root has this shape; ids are not looked at beyond being there.
    #[must_use]
    pub fn fits(self, path: &str) -> bool {
        let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
        match (self, segments.as_slice()) {
            (Self::Metadata, ["metadata"]) | (Self::Slot, ["Slot"]) | (Self::Appointment, ["Appointment"]) => true,
            (Self::Validate, [resource_type, "$validate"]) => !resource_type.is_empty(),
            (Self::AppointmentAndVersions | Self::AppointmentInstance, ["Appointment", id]) => is_instance(id),
            (Self::AppointmentAndVersions, ["Appointment", id, "_history"]) => is_instance(id),
            (Self::AppointmentAndVersions, ["Appointment", id, "_history", version]) => {
                is_instance(id) && !version.is_empty()
            }
            (Self::ReferencedInstance, [resource_type, id]) => {
                REFERENCED_TYPES.contains(resource_type) && is_instance(id)
            }
            _ => false,
        }
    }
}

/// Whether a path segment can be a resource's id: not empty, and no operation or control name.
fn is_instance(segment: &str) -> bool {
    !segment.is_empty() && !segment.starts_with(['$', '_'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (index, row) in OPERATIONS.iter().enumerate() {
            assert_eq!(row.operation as usize, index);
            assert_eq!(row.operation.row(), row);
        }
    }

    // covers: JW2-09, JW1-04, X-30, VIA-33, SSP-114
    #[test]
    fn each_operation_has_its_verb_path_interactions_scope_and_group() {
        let expected = [
            ("GET", "/metadata", "read:metadata", "organization/slot.read", Some(Group::ReadSlot)),
            ("GET", "/Slot", "search:slot", "organization/slot.read", Some(Group::ReadSlot)),
            ("POST", "/Appointment", "create:appointment", "patient/appointment.write", Some(Group::CreateAppointment)),
            ("GET", "/Appointment/3f9c", "read:appointment", "patient/appointment.read", Some(Group::ReadSlot)),
            (
                "GET",
                "/Appointment/3f9c/_history",
                "read:appointment",
                "patient/appointment.read",
                Some(Group::ReadSlot),
            ),
            (
                "GET",
                "/Appointment/3f9c/_history/2",
                "read:appointment",
                "patient/appointment.read",
                Some(Group::ReadSlot),
            ),
            (
                "PUT",
                "/Appointment/3f9c",
                "update:appointment",
                "patient/appointment.write",
                Some(Group::CreateAppointment),
            ),
            ("GET", "/Appointment", "search:appointment", "patient/appointment.read", Some(Group::ReadSlot)),
            ("GET", "/Location/loc1111", "search:slot", "organization/slot.read", Some(Group::ReadSlot)),
        ];
        for (verb, path, interaction, scope, group) in expected {
            let operation = Operation::of(verb, path).unwrap();
            let id = InteractionId::parse(&format!("{}:fhir:rest:{interaction}", super::super::CARE_CONNECT_SERVICE));
            assert_eq!(operation.interaction(), Some(&id.unwrap()), "{path}");
            assert_eq!((operation.scope(), operation.row().group), (scope, group), "{path}");
        }
    }

    // covers: VIA-33
    #[test]
    fn a_referenced_resource_goes_under_three_interactions_and_validate_under_any() {
        let read = Operation::of("GET", "/Practitioner/ABCD123456").unwrap();
        for interaction in InteractionId::OF_A_PROVIDER {
            let name = interaction.as_str();
            let expected = ["search:slot", "read:slot", "read:appointment"].iter().any(|end| name.ends_with(end));
            assert_eq!(read.goes_under(&interaction), expected, "{name}");
        }
        let validate = Operation::of("POST", "/Appointment/$validate").unwrap();
        assert!(validate.goes_under(&InteractionId::READ_METADATA));
        assert_eq!(validate.row().group, None);
    }

    // covers: HTTP-23, HTTP-24
    #[test]
    fn a_known_path_names_the_verbs_it_answers() {
        assert_eq!(Operation::verbs_at("/Appointment"), ["POST", "GET"]);
        assert_eq!(Operation::verbs_at("/Appointment/1"), ["GET", "PUT"]);
        assert_eq!(Operation::verbs_at("/Slot"), ["GET"]);
        for unknown in
            ["", "/", "/slot", "/Patient", "/Appointment/", "/Appointment/1/x", "/Slot/$everything", "//Slot"]
        {
            assert!(Operation::verbs_at(unknown).is_empty(), "{unknown}");
        }
        assert_eq!(Operation::of("POST", "/Slot"), None);
    }

    // covers: TOK-10, IID-08
    #[test]
    fn a_group_is_found_by_its_name() {
        for group in Group::ALL {
            assert_eq!(Group::named(group.name()), Some(group));
        }
        assert_eq!(Group::named("urn:nhs:names:services:careconnect:fhir:rest:delete:appointment"), None);
    }
}

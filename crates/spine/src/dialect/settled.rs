//! Contradictions that every dialect settles alike, by accepting all readings or by one reading that no source forbids.
//! They are written down so that the reference names every row; no code asks them.

/// A contradiction with the one answer that every dialect gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// The rows of the registers, separated by commas.
    pub rows: &'static str,
    /// The question in words.
    pub question: &'static str,
    /// The answer in words.
    pub answer: &'static str,
}

const fn alike(rows: &'static str, question: &'static str, answer: &'static str) -> Settled {
    Settled { rows, question, answer }
}

/// Every contradiction that all dialects settle alike.
pub const SETTLED_ALIKE: &[Settled] = &[
    alike(
        "X-02, ERR-D18",
        "The Interaction ID of a slot search",
        "search:slot on the wire; a Consumer that finds no such record asks SDS for read:slot",
    ),
    alike(
        "X-03",
        "Where the id of a service is looked for",
        "in HealthcareService.id and in its identifiers; both hold it in answers",
    ),
    alike(
        "X-09",
        "The system of an NHS number",
        "every published spelling is accepted, https://fhir.nhs.uk/Id/nhs-number is emitted",
    ),
    alike("X-10", "The search parameter for a patient", "every published spelling is accepted"),
    alike("X-12", "A trailing slash of an endpoint", "one is taken off"),
    alike("X-13", "Location after a cancel", "always with /_history/{vid}"),
    alike(
        "X-20",
        "Where a patient's contact details stand",
        "in at least one place, by the rules of the UEC guide (PCT-01 … PCT-09)",
    ),
    alike("X-23", "Paging", "Slots may be paged, Appointments never are"),
    alike("X-24", "Appointments in the past", "left out, unless the search gives a range of its own"),
    alike("X-25", "How an issue names its place", "in location"),
    alike(
        "X-26, ERR-D06",
        "The system of an issue's coding",
        "the Spine code system; FHIR's issue types for a Slot that is taken",
    ),
    alike("X-27", "expires_in of an access token", "the time that really remains"),
    alike("X-28", "The spelling of _include", "every published spelling is accepted"),
    alike("X-29", "Includes", "all six are served"),
    alike("X-30", "The groups that a token must hold", "those of the operation"),
    alike("X-32", "Interactions in the capability statement", "update and vread stand beside the published ones"),
    alike("X-33", "The way of a patient search", "through the SSP to a Provider, directly to the Registry"),
    alike("X-34", "Contained resources of a read", "those of the booking"),
    alike("X-35", "DELETE", "405"),
    alike("X-36", "Two endpoints for one service", "an error is shown and booking ends"),
    alike("X-37", "The name of the booking attribute in the Directory of Services", "both names are read"),
    alike("X-38", "Includes of a Consumer", "optional"),
    alike("X-39", "Labels of the test tool's rules", "the rule itself counts, not its label"),
    alike("X-40", "The status of a booking", "201"),
    alike("X-41", "The status of a PUT to an unknown id", "404"),
    alike("X-42", "Who registers an Appointment", "any system with a token for it"),
    alike("X-43", "The order of checks on a PUT", "403, 412, 404, 409, 422 (VER-04)"),
    alike("X-44", "The actors of a Schedule", "always one HealthcareService"),
    alike(
        "X-46",
        "participant.actor.identifier at a Provider",
        "may be absent; if it is there it is a valid NHS number",
    ),
    alike("X-47", "search:appointment", "registered for Providers"),
    alike("X-48", "The Registry in later editions", "kept"),
    alike("ERR-D08", "The code of a missing sharing agreement", "NO_ORGANISATIONAL_CONSENT"),
    alike("ERR-D15", "The profile of an OperationOutcome", "Spine-OperationOutcome-1, where a Spine code is present"),
    alike(
        "ERR-D16",
        "Keeping directory answers",
        "within one encounter at a Consumer, 60 s at the proxy (SDS-52, SDS-53)",
    ),
    alike("ERR-D17", "Content types at the proxy", "never restricted"),
    alike("ERR-D19", "The order of directory look-ups", "ASID first, else nhsMhs before nhsAs"),
];

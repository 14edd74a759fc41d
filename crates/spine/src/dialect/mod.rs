//! Dialects: the two readings of the published sources, as data. One field per contradiction that software must settle;
//! the fields are read, the name never is. `booking-api.md` section X decides for Provider and Registry, section 4.5 of
//! the Spine catalogue for the proxy, the directory and the tokens.

mod answers;
mod relaxed;
mod settled;

pub use answers::*;
pub use relaxed::{AS_THE_PROFILE_SAYS, REGISTRATION_AS_PUBLISHED, Relaxations, Relaxed};
pub use settled::{SETTLED_ALIKE, Settled};

/// One reading of the sources: which answer each contradiction gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// The edition it follows, for people and for configuration; no rule reads it.
    pub name: &'static str,
    /// The major segment of a service root, `https://[FQDN]/STU3/[major]/[segment]` (HTTP-20, VER-10).
    pub major: &'static str,
    /// What a search does with a parameter that it does not know (X-05, HTTP-34).
    pub unknown_parameter: UnknownParameter,
    /// What a slot search for an unknown service gets (X-06, SLT-04).
    pub service_unknown: ServiceUnknown,
    /// What a slot search without a service gets (SLT-05).
    pub service_absent: ServiceAbsent,
    /// What a slot search whose upper bound lies before its lower bound gets (SLT-13).
    pub window_reversed: WindowReversed,
    /// The status for a response format that is not offered (X-07, ERR-D01, HTTP-08).
    pub format_not_offered: FormatNotOffered,
    /// What a booking without `created` gets (X-08, BOOK-24).
    pub created_absent: CreatedAbsent,
    /// What becomes of the `created` that a Consumer sends.
    pub created_sent: CreatedSent,
    /// What the Consumer does with `created` when it cancels; a Provider accepts both (X-08, CAN-02, CAN-03).
    pub created_on_cancel: CreatedOnCancel,
    /// What a POST or PUT without X-Request-ID gets (X-22, XTI-07).
    pub request_id_absent: RequestIdAbsent,
    /// What an XML body gets whose elements are out of order (HTTP-15).
    pub xml_order: XmlOrder,
    /// The offset from UTC in which the times of Slots are written (X-31, SLT-36).
    pub slot_offset: SlotOffset,
    /// What a booking for a patient without an NHS number gets (BOOK-17, X-45).
    pub nhs_number_absent: NhsNumberAbsent,
    /// When the Provider adds a patient identifier of its own (X-45, BOOK-17).
    pub local_identifier: LocalIdentifier,
    /// What an unknown element in a body that is booked or cancelled gets (HTTP-13).
    pub unknown_element: UnknownElement,
    /// The tokens that a Provider takes (JWT-91, JWT-92).
    pub tokens: Tokens,
    /// What OPTIONS gets at Provider and Registry (HTTP-23, META-02).
    pub options_verb: OptionsVerb,
    /// The statuses of token failures at Provider and Registry (X-01, ERR-D12, JWT-81).
    pub token_failure: TokenFailure,
    /// The status when the Slot is no longer free (X-04, ERR-D04, BOOK-10).
    pub slot_taken: SlotTaken,
    /// What a booking gets whose participant and contained Patient hold different NHS numbers.
    pub identities_differ: IdentitiesDiffer,
    /// What a POST gets whose body holds an id (X-15, BOOK-03).
    pub id_in_create: IdInCreate,
    /// The form in which the Consumer refers to the Slot; a Provider accepts both (X-16, BOOK-18).
    pub slot_reference: SlotReference,
    /// What a booking without `language` gets; `en` and `en-GB` are accepted.
    pub language_absent: LanguageAbsent,
    /// The rules of its profile that a booking, or its cancellation, may break (BOOK-11).
    pub booking_relaxes: Relaxations,
    /// The rules of its profile that a registration, or its cancellation, may break (X-14, REG-07).
    pub registration_relaxes: Relaxations,
    /// The types that a DocumentReference may have.
    pub document_type: DocumentType,
    /// Whether exactly one participant and one document are needed.
    pub participants_and_document: ParticipantsAndDocument,
    /// The status of an invalid NHS number in a booking (X-21, ERR-D03, BOOK-15).
    pub nhs_number_invalid: NhsNumberInvalid,
    /// The status when both bounds of a slot search are past (ERR-D02, SLT-12).
    pub window_in_the_past: WindowInThePast,
    /// The status of a verb that a path does not answer (ERR-D05, HTTP-23).
    pub wrong_verb: WrongVerb,
    /// The spelling of the access-denied code (ERR-D07).
    pub access_denied: AccessDenied,
    /// The status of a request id that was used before (ERR-D09, XTI-04).
    pub request_id_reused: RequestIdReused,
    /// The Spine code of a missing or malformed header (ERR-D10).
    pub bad_header: BadHeader,
    /// The issue type of a fault of the server (ERR-D11).
    pub server_fault: ServerFault,
    /// The proxy's status for an Ssp-To that is not registered (ERR-D13).
    pub unknown_receiver: UnknownReceiver,
    /// The proxy's status for an Interaction ID that nobody registered (ERR-D14).
    pub unknown_interaction: UnknownInteraction,
    /// The status of an If-Match that names another version (ERR-D20, VER-03).
    pub version_mismatch: VersionMismatch,
}

/// The edition in force, 1.0.4-alpha: the default.
pub const DIALECT_1_0_4: Dialect = Dialect {
    name: "1.0.4",
    major: "1",
    unknown_parameter: UnknownParameter::Refused,
    service_unknown: ServiceUnknown::NotFound,
    service_absent: ServiceAbsent::Refused,
    window_reversed: WindowReversed::EmptyBundle,
    format_not_offered: FormatNotOffered::UnsupportedMediaType,
    created_absent: CreatedAbsent::Refused,
    created_sent: CreatedSent::Kept,
    created_on_cancel: CreatedOnCancel::TimeOfCancelling,
    request_id_absent: RequestIdAbsent::Accepted,
    xml_order: XmlOrder::Refused,
    slot_offset: SlotOffset::OfTheRequest,
    nhs_number_absent: NhsNumberAbsent::Refused,
    local_identifier: LocalIdentifier::Never,
    unknown_element: UnknownElement::Kept,
    tokens: Tokens::SignedOnly,
    options_verb: OptionsVerb::Refused,
    token_failure: TokenFailure::Forbidden,
    slot_taken: SlotTaken::Unprocessable,
    identities_differ: IdentitiesDiffer::Warning,
    id_in_create: IdInCreate::Unprocessable,
    slot_reference: SlotReference::Relative,
    language_absent: LanguageAbsent::Accepted,
    booking_relaxes: AS_THE_PROFILE_SAYS,
    registration_relaxes: REGISTRATION_AS_PUBLISHED,
    document_type: DocumentType::CdaOrCareConnect,
    participants_and_document: ParticipantsAndDocument::Required,
    nhs_number_invalid: NhsNumberInvalid::Unprocessable,
    window_in_the_past: WindowInThePast::BadRequest,
    wrong_verb: WrongVerb::NotAllowed,
    access_denied: AccessDenied::WithSpace,
    request_id_reused: RequestIdReused::Conflict,
    bad_header: BadHeader::MissingOrInvalidHeader,
    server_fault: ServerFault::Processing,
    unknown_receiver: UnknownReceiver::Forbidden,
    unknown_interaction: UnknownInteraction::Forbidden,
    version_mismatch: VersionMismatch::Conflict,
};

/// The UEC guide and the official test pack, 2.0.4-live.
pub const DIALECT_2_0_4: Dialect = Dialect {
    name: "2.0.4",
    major: "2",
    unknown_parameter: UnknownParameter::IgnoredUnlessLikeAKnownName,
    service_unknown: ServiceUnknown::NotFound,
    service_absent: ServiceAbsent::AllServices,
    window_reversed: WindowReversed::EmptyBundle,
    format_not_offered: FormatNotOffered::UnsupportedMediaType,
    created_absent: CreatedAbsent::SetByProvider,
    created_sent: CreatedSent::Overwritten,
    created_on_cancel: CreatedOnCancel::LeftAlone,
    request_id_absent: RequestIdAbsent::Refused,
    xml_order: XmlOrder::Refused,
    slot_offset: SlotOffset::OfTheRequest,
    nhs_number_absent: NhsNumberAbsent::Accepted,
    local_identifier: LocalIdentifier::FromTheAnswerOn,
    unknown_element: UnknownElement::Kept,
    tokens: Tokens::UnsignedBehindSsp,
    options_verb: OptionsVerb::Refused,
    token_failure: TokenFailure::Forbidden,
    slot_taken: SlotTaken::Unprocessable,
    identities_differ: IdentitiesDiffer::Refused,
    id_in_create: IdInCreate::Unprocessable,
    slot_reference: SlotReference::Contained,
    language_absent: LanguageAbsent::Refused,
    booking_relaxes: AS_THE_PROFILE_SAYS,
    registration_relaxes: REGISTRATION_AS_PUBLISHED,
    document_type: DocumentType::CdaOnly,
    participants_and_document: ParticipantsAndDocument::AsAvailable,
    nhs_number_invalid: NhsNumberInvalid::Unprocessable,
    window_in_the_past: WindowInThePast::BadRequest,
    wrong_verb: WrongVerb::NotAllowed,
    access_denied: AccessDenied::WithSpace,
    request_id_reused: RequestIdReused::Conflict,
    bad_header: BadHeader::MissingOrInvalidHeader,
    server_fault: ServerFault::Processing,
    unknown_receiver: UnknownReceiver::Forbidden,
    unknown_interaction: UnknownInteraction::Forbidden,
    version_mismatch: VersionMismatch::Conflict,
};

/// One question with its rows and the answer of a dialect, for the reference and for reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The question in words.
    pub question: &'static str,
    /// The rows of the registers that it settles, separated by commas.
    pub rows: &'static str,
    /// The dialect's answer in words.
    pub answer: &'static str,
}

static DIALECTS: [Dialect; 2] = [DIALECT_1_0_4, DIALECT_2_0_4];

impl Dialect {
    /// Both dialects, the default first.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &DIALECTS
    }

    /// The dialect of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        DIALECTS.iter().find(|dialect| dialect.name == name)
    }

    /// Every question with this dialect's answer, in the order of the fields.
    #[must_use]
    pub fn describe(&self) -> Vec<Answer> {
        // Taken apart field by field, so that a field that is left out here does not compile.
        let Self {
            name: _,
            major,
            unknown_parameter,
            service_unknown,
            service_absent,
            window_reversed,
            format_not_offered,
            created_absent,
            created_sent,
            created_on_cancel,
            request_id_absent,
            xml_order,
            slot_offset,
            nhs_number_absent,
            local_identifier,
            unknown_element,
            tokens,
            options_verb,
            token_failure,
            slot_taken,
            identities_differ,
            id_in_create,
            slot_reference,
            language_absent,
            booking_relaxes,
            registration_relaxes,
            document_type,
            participants_and_document,
            nhs_number_invalid,
            window_in_the_past,
            wrong_verb,
            access_denied,
            request_id_reused,
            bad_header,
            server_fault,
            unknown_receiver,
            unknown_interaction,
            version_mismatch,
        } = self;
        vec![
            answer("The major segment of a service root", "HTTP-20, VER-10", major),
            answer(
                "What a search does with a parameter that it does not know",
                "X-05, HTTP-34",
                unknown_parameter.words(),
            ),
            answer("What a slot search for an unknown service gets", "X-06, SLT-04", service_unknown.words()),
            answer("What a slot search without a service gets", "SLT-05", service_absent.words()),
            answer(
                "What a slot search whose upper bound lies before its lower bound gets",
                "SLT-13",
                window_reversed.words(),
            ),
            answer(
                "The status for a response format that is not offered",
                "X-07, ERR-D01, HTTP-08",
                format_not_offered.words(),
            ),
            answer("What a booking without `created` gets", "X-08, BOOK-24", created_absent.words()),
            answer("What becomes of the `created` that a Consumer sends", "X-08", created_sent.words()),
            answer(
                "What the Consumer does with `created` when it cancels; a Provider accepts both",
                "X-08, CAN-02, CAN-03",
                created_on_cancel.words(),
            ),
            answer("What a POST or PUT without X-Request-ID gets", "X-22, XTI-07", request_id_absent.words()),
            answer("What an XML body gets whose elements are out of order", "HTTP-15", xml_order.words()),
            answer("The offset from UTC in which the times of Slots are written", "X-31, SLT-36", slot_offset.words()),
            answer(
                "What a booking for a patient without an NHS number gets",
                "BOOK-17, X-45",
                nhs_number_absent.words(),
            ),
            answer("When the Provider adds a patient identifier of its own", "X-45, BOOK-17", local_identifier.words()),
            answer(
                "What an unknown element in a body that is booked or cancelled gets",
                "HTTP-13",
                unknown_element.words(),
            ),
            answer("The tokens that a Provider takes", "JWT-91, JWT-92", tokens.words()),
            answer("What OPTIONS gets at Provider and Registry", "HTTP-23, META-02", options_verb.words()),
            answer(
                "The statuses of token failures at Provider and Registry",
                "X-01, ERR-D12, JWT-81",
                token_failure.words(),
            ),
            answer("The status when the Slot is no longer free", "X-04, ERR-D04, BOOK-10", slot_taken.words()),
            answer(
                "What a booking gets whose participant and contained Patient hold different NHS numbers",
                "X-11",
                identities_differ.words(),
            ),
            answer("What a POST gets whose body holds an id", "X-15, BOOK-03", id_in_create.words()),
            answer(
                "The form in which the Consumer refers to the Slot; a Provider accepts both",
                "X-16, BOOK-18",
                slot_reference.words(),
            ),
            answer(
                "What a booking without `language` gets; `en` and `en-GB` are accepted",
                "X-17",
                language_absent.words(),
            ),
            answer("The rules of its profile that a booking may break", "BOOK-11", booking_relaxes.words),
            answer(
                "The rules of its profile that a registration may break",
                "X-14, REG-07",
                registration_relaxes.words,
            ),
            answer("The types that a DocumentReference may have", "X-18", document_type.words()),
            answer(
                "Whether exactly one participant and one document are needed",
                "X-19",
                participants_and_document.words(),
            ),
            answer(
                "The status of an invalid NHS number in a booking",
                "X-21, ERR-D03, BOOK-15",
                nhs_number_invalid.words(),
            ),
            answer(
                "The status when both bounds of a slot search are past",
                "ERR-D02, SLT-12",
                window_in_the_past.words(),
            ),
            answer("The status of a verb that a path does not answer", "ERR-D05, HTTP-23", wrong_verb.words()),
            answer("The spelling of the access-denied code", "ERR-D07", access_denied.words()),
            answer("The status of a request id that was used before", "ERR-D09, XTI-04", request_id_reused.words()),
            answer("The Spine code of a missing or malformed header", "ERR-D10", bad_header.words()),
            answer("The issue type of a fault of the server", "ERR-D11", server_fault.words()),
            answer("The proxy's status for an Ssp-To that is not registered", "ERR-D13", unknown_receiver.words()),
            answer(
                "The proxy's status for an Interaction ID that nobody registered",
                "ERR-D14",
                unknown_interaction.words(),
            ),
            answer("The status of an If-Match that names another version", "ERR-D20, VER-03", version_mismatch.words()),
        ]
    }
}

fn answer(question: &'static str, rows: &'static str, answer: &'static str) -> Answer {
    Answer { question, rows, answer }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialect_is_found_by_its_name_and_the_default_comes_first() {
        assert_eq!(Dialect::all()[0], DIALECT_1_0_4);
        assert_eq!(Dialect::named("2.0.4"), Some(&DIALECT_2_0_4));
        assert_eq!(Dialect::named("2.0"), None);
    }

    #[test]
    fn the_dialects_differ_where_their_rows_say_so_and_nowhere_else() {
        let differing: Vec<&str> = DIALECT_1_0_4
            .describe()
            .iter()
            .zip(DIALECT_2_0_4.describe())
            .filter(|(one, other)| one.answer != other.answer)
            .map(|(one, _)| one.rows)
            .collect();
        assert_eq!(
            differing,
            [
                "HTTP-20, VER-10",
                "X-05, HTTP-34",
                "SLT-05",
                "X-08, BOOK-24",
                "X-08",
                "X-08, CAN-02, CAN-03",
                "X-22, XTI-07",
                "BOOK-17, X-45",
                "X-45, BOOK-17",
                "JWT-91, JWT-92",
                "X-11",
                "X-16, BOOK-18",
                "X-17",
                "X-18",
                "X-19",
            ]
        );
    }

    #[test]
    fn every_row_of_both_registers_is_answered_once_as_a_field_or_alike_for_all() {
        let mut cited: Vec<String> = DIALECT_1_0_4
            .describe()
            .iter()
            .map(|answer| answer.rows)
            .chain(SETTLED_ALIKE.iter().map(|settled| settled.rows))
            .flat_map(|rows| rows.split(", ").map(str::to_owned).collect::<Vec<_>>())
            .collect();
        cited.sort();
        cited.dedup();
        let rows = (1..=48).map(|n| format!("X-{n:02}")).chain((1..=20).map(|n| format!("ERR-D{n:02}")));
        let missing: Vec<String> = rows.filter(|row| !cited.contains(row)).collect();
        assert!(missing.is_empty(), "no answer to {missing:?}");
    }
}

//! The answers that a dialect can give: one small enum per question, each naming the rows of the registers it settles.

/// An enum of answers with the words that the generated reference prints for each.
macro_rules! answers {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $words:literal,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
            pub enum $name { $($(#[$variant_doc])* $variant,)* }

            impl $name {
                /// The answer in words, for the reference and for reports.
                #[must_use]
                pub fn words(self) -> &'static str {
                    match self { $(Self::$variant => $words,)* }
                }
            }
        )*
    };
}

answers! {
    /// What a search does with a parameter that it does not know (X-05, HTTP-34).
    UnknownParameter {
        /// 400; FHIR's own `_` controls are excepted.
        Refused = "400, FHIR's `_` controls excepted",
        /// Ignored; a name that begins with a known one is 400.
        IgnoredUnlessLikeAKnownName = "ignored, unless it begins with a known name: 400",
    }
    /// What a slot search for an unknown service gets (X-06, SLT-04).
    ServiceUnknown {
        /// 404.
        NotFound = "404",
        /// 400.
        BadRequest = "400",
        /// 200 with a total of 0.
        EmptyBundle = "200, total 0",
    }
    /// What a slot search without a service gets (SLT-05).
    ServiceAbsent {
        /// 400.
        Refused = "400",
        /// The Slots of all services.
        AllServices = "all services",
    }
    /// What a slot search whose upper bound lies before its lower bound gets (SLT-13).
    WindowReversed {
        /// 200 with a total of 0.
        EmptyBundle = "200, total 0",
        /// 400.
        Refused = "400",
    }
    /// The status for a response format that is not offered (X-07, ERR-D01, HTTP-08).
    FormatNotOffered {
        /// 415.
        UnsupportedMediaType = "415",
        /// 501.
        NotImplemented = "501",
        /// 406.
        NotAcceptable = "406",
    }
    /// What a booking without `created` gets (X-08, BOOK-24).
    CreatedAbsent {
        /// 422.
        Refused = "422",
        /// The Provider sets it.
        SetByProvider = "set by the Provider",
    }
    /// What becomes of the `created` that a Consumer sends.
    CreatedSent {
        /// It is kept.
        Kept = "the Consumer's value is kept",
        /// The Provider's own time replaces it.
        Overwritten = "overwritten by the Provider",
    }
    /// What the Consumer does with `created` when it cancels; a Provider accepts both (X-08, CAN-02, CAN-03).
    CreatedOnCancel {
        /// It becomes the time of cancelling.
        TimeOfCancelling = "the time of cancelling",
        /// It stays.
        LeftAlone = "left alone",
    }
    /// What a POST or PUT without X-Request-ID gets (X-22, XTI-07).
    RequestIdAbsent {
        /// It is accepted.
        Accepted = "accepted",
        /// 400.
        Refused = "400",
    }
    /// What an XML body gets whose elements are out of order (HTTP-15).
    XmlOrder {
        /// 400.
        Refused = "400",
        /// It is read as if it were in order.
        Accepted = "accepted",
    }
    /// The offset from UTC in which the times of Slots are written (X-31, SLT-36).
    SlotOffset {
        /// That of the request, else that of Europe/London.
        OfTheRequest = "that of the request, else Europe/London's",
        /// Always UTC.
        Utc = "UTC",
    }
    /// What a booking for a patient without an NHS number gets (BOOK-17, X-45).
    NhsNumberAbsent {
        /// 422.
        Refused = "422",
        /// It is accepted.
        Accepted = "accepted",
    }
    /// When the Provider adds a patient identifier of its own (X-45, BOOK-17).
    LocalIdentifier {
        /// Never.
        Never = "never",
        /// From the 201 on, when no NHS number was sent.
        FromTheAnswerOn = "from the 201 on, when no NHS number was sent",
    }
    /// What an unknown element in a body that is booked or cancelled gets (HTTP-13).
    UnknownElement {
        /// It is accepted and kept; only `$validate` reports it.
        Kept = "accepted and kept; only $validate calls it an error",
        /// 422.
        Refused = "422",
    }
    /// The tokens that a Provider takes (JWT-91, JWT-92).
    Tokens {
        /// RS256 access tokens.
        SignedOnly = "signed only",
        /// Unsigned ones as well, over the SSP's own mutual TLS.
        UnsignedBehindSsp = "signed; unsigned as well behind the SSP",
    }
    /// What OPTIONS gets at Provider and Registry (HTTP-23, META-02).
    OptionsVerb {
        /// 405.
        Refused = "405",
        /// The capability statement.
        CapabilityStatement = "the capability statement",
    }
    /// The statuses of token failures at Provider and Registry (X-01, ERR-D12, JWT-81).
    TokenFailure {
        /// 403 for every failure.
        Forbidden = "403",
        /// The UEC guide's: malformed 400, otherwise 403.
        UecGuide = "as the UEC guide: 400 malformed, else 403",
        /// GP Connect's: mostly 400.
        GpConnect = "as GP Connect: 400, insufficient 403",
        /// RFC 6750's: 400, 401 and 403.
        Rfc6750 = "as RFC 6750: 400, 401, 403",
    }
    /// The status when the Slot is no longer free (X-04, ERR-D04, BOOK-10).
    SlotTaken {
        /// 422.
        Unprocessable = "422",
        /// 409.
        Conflict = "409",
    }
    /// What a booking gets whose participant and contained Patient hold different NHS numbers.
    IdentitiesDiffer {
        /// It is accepted; `$validate` warns.
        Warning = "accepted with a warning",
        /// 422.
        Refused = "422",
    }
    /// What a POST gets whose body holds an id (X-15, BOOK-03).
    IdInCreate {
        /// 422.
        Unprocessable = "422",
        /// 405.
        NotAllowed = "405",
        /// The id is ignored.
        Ignored = "ignored",
    }
    /// The form in which the Consumer refers to the Slot; a Provider accepts both (X-16, BOOK-18).
    SlotReference {
        /// `Slot/{id}`, two contained resources.
        Relative = "Slot/{id}, two contained resources",
        /// `#{id}` of a contained Slot, three contained resources.
        Contained = "#{id} of a contained Slot, three contained resources",
    }
    /// What a booking without `language` gets; `en` and `en-GB` are accepted.
    LanguageAbsent {
        /// It is accepted.
        Accepted = "accepted",
        /// 422.
        Refused = "422",
    }
    /// The types that a DocumentReference may have.
    DocumentType {
        /// The CDA type, and those of CareConnect-DocumentType-1.
        CdaOrCareConnect = "the CDA type or a CareConnect document type",
        /// The CDA type alone.
        CdaOnly = "the CDA type only",
    }
    /// Whether exactly one participant and one document are needed.
    ParticipantsAndDocument {
        /// Exactly one of each.
        Required = "exactly one of each",
        /// A document if there is one, further participants too.
        AsAvailable = "as available",
    }
    /// The status of an invalid NHS number in a booking (X-21, ERR-D03, BOOK-15).
    NhsNumberInvalid {
        /// 422.
        Unprocessable = "422",
        /// 400.
        BadRequest = "400",
    }
    /// The status when both bounds of a slot search are past (ERR-D02, SLT-12).
    WindowInThePast {
        /// 400.
        BadRequest = "400",
        /// 422.
        Unprocessable = "422",
    }
    /// The status of a verb that a path does not answer (ERR-D05, HTTP-23).
    WrongVerb {
        /// 405.
        NotAllowed = "405",
        /// 400.
        BadRequest = "400",
    }
    /// The spelling of the access-denied code (ERR-D07).
    AccessDenied {
        /// `ACCESS DENIED`, as the code system has it.
        WithSpace = "ACCESS DENIED",
        /// `ACCESS_DENIED`, as the guides have it.
        WithUnderscore = "ACCESS_DENIED",
    }
    /// The status of a request id that was used before (ERR-D09, XTI-04).
    RequestIdReused {
        /// 409.
        Conflict = "409",
        /// 422.
        Unprocessable = "422",
    }
    /// The Spine code of a missing or malformed header (ERR-D10).
    BadHeader {
        /// `MISSING_OR_INVALID_HEADER`.
        MissingOrInvalidHeader = "MISSING_OR_INVALID_HEADER",
        /// `BAD_REQUEST`.
        BadRequest = "BAD_REQUEST",
    }
    /// The issue type of a fault of the server (ERR-D11).
    ServerFault {
        /// `processing`.
        Processing = "processing",
        /// `exception`.
        Exception = "exception",
    }
    /// The proxy's status for an Ssp-To that is not registered (ERR-D13).
    UnknownReceiver {
        /// 403.
        Forbidden = "403",
        /// 400.
        BadRequest = "400",
    }
    /// The proxy's status for an Interaction ID that nobody registered (ERR-D14).
    UnknownInteraction {
        /// 403.
        Forbidden = "403",
        /// 415, as the live proxy was seen to answer.
        UnsupportedMediaType = "415",
    }
    /// The status of an If-Match that names another version (ERR-D20, VER-03).
    VersionMismatch {
        /// 409.
        Conflict = "409",
        /// 412.
        PreconditionFailed = "412",
    }
}

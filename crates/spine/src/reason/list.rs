//! The closed list of refusals and what each is answered with in the default reading: one entry each, the whole table.

use super::FaultOf;
use super::settle::TokenClass::{self, Insufficient, Malformed, Missing, NotFhir, Rejected};
use crate::codes::SpineCode;
use Details::{Header, IssueType, OAuth, Spine, Text, Token};

/// Where a row takes `issue.details` from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Details {
    /// A Spine code.
    Spine(SpineCode),
    /// The code of a missing or malformed header, which the dialect chooses.
    Header,
    /// A code of FHIR's own issue types, with its display.
    IssueType(&'static str, &'static str),
    /// No code fits: the sentence stands in `details.text` (ERR-08).
    Text,
    /// A token failure, whose status and code depend on the error profile.
    Token(TokenClass),
    /// An error of RFC 6749 instead of an OperationOutcome.
    OAuth(&'static str),
}

/// What one reason is answered with before a dialect has its say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) fault_of: FaultOf,
    pub(super) status: u16,
    pub(super) issue_code: &'static str,
    pub(super) details: Details,
    pub(super) requirement: &'static str,
    pub(super) sentence: &'static str,
    pub(super) cure: &'static str,
}

/// One variant and one row per entry: whose fault, status, issue code, details, requirement; sentence; cure.
macro_rules! reasons {
    ($count:literal: $($(#[doc = $doc:literal])* $name:ident: $fault:ident, $status:literal, $issue:literal, $details:expr,
        $requirement:literal, $sentence:literal, $cure:literal;)*) => {
        /// Why something is refused, named after what happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason { $($(#[doc = $doc])* $name,)* }

        impl Reason {
            /// Every reason, in the order of the list.
            pub const ALL: [Self; $count] = [$(Self::$name,)*];

            /// The reason's name, which is stable and may be kept in records.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// The first line of its documentation, for the generated reference.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),*).trim_start(),)* }
            }

            pub(super) fn row(self) -> Row {
                match self {
                    $(Self::$name => Row {
                        fault_of: FaultOf::$fault,
                        status: $status,
                        issue_code: $issue,
                        details: $details,
                        requirement: $requirement,
                        sentence: $sentence,
                        cure: $cure,
                    },)*
                }
            }
        }
    };
}

reasons! {
    117:

    // What every HTTP role refuses.
    /// Nothing stands at that path.
    UnknownPath: Consumer, 404, "not-found", Spine(SpineCode::NoRecordFound), "HTTP-21",
        "Nothing is served at this path", "Check the service root and the resource type; paths are case-sensitive";
    /// The path is known and answers other verbs.
    WrongVerb: Consumer, 405, "not-supported", Spine(SpineCode::InvalidRequestType), "HTTP-23",
        "This path does not answer this verb", "Use a verb that the Allow header names";
    /// The body's Content-Type or Content-Encoding cannot be read.
    UnsupportedContentType: Consumer, 415, "not-supported", Spine(SpineCode::UnsupportedMediaType), "HTTP-07",
        "The body's Content-Type or Content-Encoding is not supported",
        "Send application/fhir+json or application/fhir+xml, plain or with Content-Encoding: gzip";
    /// The answer is asked for in a format that is not offered.
    FormatNotOffered: Consumer, 415, "not-supported", Spine(SpineCode::UnsupportedMediaType), "HTTP-08",
        "The requested response format is not offered",
        "Ask for application/fhir+json or application/fhir+xml in Accept or _format";
    /// The request head breaks the rules of HTTP.
    RequestHeadBroken: Consumer, 400, "structure", Spine(SpineCode::BadRequest), "SSP-37",
        "The request head breaks the rules of HTTP",
        "Send one Host header, and Content-Length or Transfer-Encoding but not both";
    /// The header fields are too large.
    RequestHeadTooLarge: Consumer, 431, "structure", Spine(SpineCode::BadRequest), "SSP-37",
        "The request's header fields are too large", "Send fewer or shorter header fields";
    /// The request target is too long.
    TargetTooLong: Consumer, 414, "invalid", Spine(SpineCode::BadRequest), "SSP-14",
        "The request target is too long", "Send fewer or shorter parameters";
    /// The body is larger than the limit.
    BodyTooLarge: Consumer, 413, "too-long", Spine(SpineCode::BadRequest), "NFR-01",
        "The body is larger than this server reads", "Send a smaller body";
    /// The caller's quota is used up.
    TooManyRequests: Consumer, 429, "throttled", Text, "SSP-90",
        "Too many requests in this period", "Wait for the seconds that Retry-After names and try again";
    /// The server itself has too much to do.
    Overloaded: Ourselves, 503, "transient", Text, "SSP-91",
        "The server is busy or shutting down", "Wait for the seconds that Retry-After names and try again";
    /// The operation is part of the standard and not served here.
    NotImplemented: Ourselves, 501, "not-supported", Spine(SpineCode::NotImplemented), "SSP-119",
        "This operation is not implemented", "Read the capability statement for what is served";
    /// The server failed.
    InternalError: Ourselves, 500, "processing", Spine(SpineCode::InternalServerError), "ERR-90",
        "The server met an unexpected fault", "Try again later; name the trace ID when you report it";

    // Certificates.
    /// Plain HTTP came to a TLS port.
    PlainHttp: Consumer, 497, "security", Text, "SSP-33",
        "Plain HTTP came to a TLS port", "Use https and present a client certificate";
    /// The TLS version or suite is not allowed.
    TlsNotAllowed: Consumer, 403, "forbidden", Spine(SpineCode::AccessDeniedSsl), "SSP-34",
        "The TLS version or cipher suite is not allowed", "Use TLS 1.2 with ECDHE and AES-GCM";
    /// No client certificate came.
    ClientCertificateMissing: Consumer, 496, "security", Text, "SSP-35",
        "No client certificate was presented", "Present the certificate that was issued for your endpoint";
    /// The client certificate is expired, revoked, foreign, or not for this use.
    ClientCertificateRefused: Consumer, 495, "security", Text, "SSP-36",
        "The client certificate was refused",
        "Present a certificate of the trusted authority that is in date, not revoked and meant for client authentication";
    /// The client certificate is good and not the SSP's.
    CallerIsNotTheProxy: Consumer, 495, "security", Text, "SSP-110",
        "The client certificate is not that of the Spine Secure Proxy", "Send the call through the proxy";

    // Ssp headers.
    /// An Ssp header is missing, empty, repeated, joined or malformed.
    SspHeaderBroken: Consumer, 400, "invalid", Header, "SSP-26",
        "An Ssp header is missing or invalid", "Send Ssp-TraceID, Ssp-From, Ssp-To and Ssp-InteractionID once each";
    /// Ssp-To is not the ASID of the endpoint that was called.
    WrongReceiver: Consumer, 400, "invalid", Spine(SpineCode::BadRequest), "SSP-113",
        "Ssp-To is not the ASID of this endpoint", "Look the Provider's ASID up again and send that";
    /// The Interaction ID does not belong to the verb and path.
    InteractionMismatch: Consumer, 400, "invalid", Header, "SSP-114",
        "Ssp-InteractionID does not match the verb and path", "Send the Interaction ID that belongs to the operation";

    // Tokens, at Provider and Registry.
    /// No bearer token came.
    TokenMissing: Consumer, 403, "forbidden", Token(Missing), "JW1-01",
        "No bearer token was sent", "Send Authorization: Bearer and a token for this endpoint";
    /// The token cannot be read.
    TokenMalformed: Consumer, 403, "invalid", Token(Malformed), "JWT-34",
        "The bearer token cannot be read", "Send a compact JWT: three base64url segments without padding";
    /// A claim that must be there is not.
    TokenClaimMissing: Consumer, 403, "invalid", Token(Malformed), "JW2-02",
        "The token lacks a claim that it must hold", "Add the claim";
    /// A claim has another form than it should.
    TokenClaimMalformed: Consumer, 403, "invalid", Token(Malformed), "JW2-13",
        "A claim of the token is malformed", "Correct the claim";
    /// A claim that must be a FHIR resource is none.
    TokenClaimNotFhir: Consumer, 403, "invalid", Token(NotFhir), "JWT-67",
        "A claim of the token is not the FHIR resource that it must be",
        "Correct the claim's resourceType and elements";
    /// A self-made token does not live for 300 seconds.
    TokenLifetimeWrong: Consumer, 403, "invalid", Token(Malformed), "JW2-06",
        "The token's exp is not its iat plus 300 seconds", "Make a new token for each request with exp = iat + 300";
    /// The reason for the request is not direct care.
    TokenPurposeWrong: Consumer, 403, "invalid", Token(Malformed), "JW2-08",
        "The token's reason_for_request is not directcare", "Use directcare";
    /// The subject is not the practitioner that the token names.
    TokenSubjectDiffers: Consumer, 403, "invalid", Token(Malformed), "JW2-04",
        "The token's sub is not the id of its requesting_practitioner", "Give both the same value";
    /// The token's algorithm is not the one that is configured.
    TokenAlgorithmRefused: Consumer, 403, "forbidden", Token(Rejected), "JWT-11",
        "The token's algorithm is not accepted", "Sign with RS256";
    /// An unsigned token where none is taken.
    TokenUnsigned: Consumer, 403, "forbidden", Token(Rejected), "JWT-91",
        "Unsigned tokens are not accepted here", "Get a signed token from the token endpoint";
    /// A token of a shape that is not taken for bookings.
    TokenShapeRefused: Consumer, 403, "forbidden", Token(Rejected), "JW2-19",
        "The token has a shape that is not accepted for bookings",
        "Use an access token, or the claims of the booking guide";
    /// The key that the token names is not among the issuer's.
    TokenKeyUnknown: Consumer, 403, "forbidden", Token(Rejected), "JWT-12",
        "The token names a key that the issuer does not publish", "Get a new token";
    /// The signature does not verify.
    TokenSignatureInvalid: Consumer, 403, "forbidden", Token(Rejected), "JWT-13",
        "The token's signature is not valid", "Get a new token and send it unchanged";
    /// The token comes from another issuer.
    WrongIssuer: Consumer, 403, "forbidden", Token(Rejected), "JWT-14",
        "The token comes from another issuer", "Get a token from this network's token endpoint";
    /// The token is for another endpoint.
    WrongAudience: Consumer, 403, "forbidden", Token(Rejected), "JWT-15",
        "The token is meant for another endpoint", "Get a token whose scope is this endpoint and /.default";
    /// The token has expired.
    TokenExpired: Consumer, 403, "forbidden", Token(Rejected), "JWT-16",
        "The token has expired", "Get a new token";
    /// The token is not valid yet.
    TokenNotYetValid: Consumer, 403, "forbidden", Token(Rejected), "JWT-16",
        "The token is not valid yet", "Set the clocks of both systems by NTP";
    /// The tenant is not the issuer's.
    TokenTenantDiffers: Consumer, 403, "forbidden", Token(Rejected), "JWT-20",
        "The token's tid is not the tenant of its issuer", "Get a new token";
    /// The client that the token names is not known.
    TokenClientUnknown: Consumer, 403, "forbidden", Token(Rejected), "JWT-17",
        "The token names a client that is not known here", "Have the client registered";
    /// The token's version is not the one that is configured.
    TokenVersionRefused: Consumer, 403, "forbidden", Token(Rejected), "JWT-22",
        "The token's version is not accepted", "Get a token of version 1.0";
    /// The requested scope does not cover the operation.
    TokenScopeWrong: Consumer, 403, "forbidden", Token(Insufficient), "JW2-09",
        "The token's requested_scope does not cover this operation", "Request the scope that belongs to the operation";
    /// The client is not in the group that the operation needs.
    TokenGroupMissing: Consumer, 403, "forbidden", Token(Insufficient), "JW1-04",
        "The token's client is not in the group that this operation needs", "Have the client assured for the operation";
    /// The token and the Ssp headers name different organisations or systems.
    TokenDiffersFromRequest: Consumer, 400, "invalid", Spine(SpineCode::RequestUnmatched), "JWT-94",
        "The token does not match the request's headers", "Make a token for the system that sends the request";
    /// The organisation may not do this here.
    OrganisationNotPermitted: Consumer, 403, "forbidden", Spine(SpineCode::AccessDenied), "CAN-08",
        "The requesting organisation is not permitted to do this here", "Ask the Provider's administrators";

    // Searches.
    /// A search parameter is not known.
    UnknownParameter: Consumer, 400, "invalid", Spine(SpineCode::InvalidParameter), "HTTP-34",
        "A search parameter is not known", "Leave it out or correct its name";
    /// A search parameter has an invalid value.
    InvalidParameter: Consumer, 400, "invalid", Spine(SpineCode::InvalidParameter), "SLT-16",
        "A search parameter has an invalid value", "Correct the value";
    /// A slot search names no service.
    ServiceMissing: Consumer, 400, "invalid", Spine(SpineCode::InvalidParameter), "SLT-05",
        "The search names no service", "Add schedule.actor:healthcareservice";
    /// A slot search names a service that is not delivered here.
    UnknownService: Consumer, 404, "not-found", Spine(SpineCode::NoRecordFound), "SLT-04",
        "The service is not known here", "Look the service up again";
    /// Both bounds of a slot search are past.
    WindowInThePast: Consumer, 400, "value", Spine(SpineCode::InvalidParameter), "SLT-12",
        "The whole time window lies in the past", "Search from now on";
    /// A search holds an invalid NHS number.
    NhsNumberInvalidInSearch: Consumer, 400, "value", Spine(SpineCode::InvalidNhsNumber), "ERR-14",
        "The NHS number is not valid", "Check the number: ten digits, the last a check digit";

    // Bodies.
    /// A body is needed and none came.
    BodyMissing: Consumer, 400, "structure", Spine(SpineCode::MessageNotWellFormed), "BOOK-12",
        "The request has no body", "Send the resource as the body";
    /// The body is no well-formed JSON or XML of FHIR.
    BodyNotWellFormed: Consumer, 400, "structure", Spine(SpineCode::MessageNotWellFormed), "BOOK-12",
        "The body cannot be parsed", "Correct the body at the place that is named";
    /// The body is another resource than the interaction takes.
    WrongResourceType: Consumer, 400, "invalid", Spine(SpineCode::BadRequest), "BOOK-12",
        "The body is not the resource that this interaction takes", "Send the resource type that the path names";
    /// The body breaks its profile.
    ProfileBroken: Consumer, 422, "invalid", Spine(SpineCode::InvalidResource), "BOOK-11",
        "The resource does not keep to its profile", "Correct the elements that are named; $validate lists them all";
    /// The body holds a modifierExtension that is not understood.
    UnknownModifierExtension: Consumer, 422, "extension", Spine(SpineCode::InvalidResource), "HTTP-13",
        "The resource holds a modifierExtension that is not understood", "Leave the modifierExtension out";
    /// A new resource comes with an id.
    IdInCreate: Consumer, 422, "processing", Spine(SpineCode::MsgResourceIdFail), "BOOK-03",
        "A new resource must not have an id", "Leave the id out; the server assigns it";

    // Booking.
    /// The Slot is taken.
    SlotNotFree: Consumer, 422, "processing", IssueType("processing", "Processing Failure"), "BOOK-10",
        "Slot no longer available", "Search again and choose another Slot";
    /// The Slot that is referred to does not exist.
    SlotUnknown: Consumer, 422, "invalid", Spine(SpineCode::ReferenceNotFound), "BOOK-14",
        "The Slot that the Appointment refers to does not exist",
        "Search for Slots and use a reference from the answer";
    /// Another resource that is referred to does not exist.
    ReferenceUnknown: Consumer, 422, "invalid", Spine(SpineCode::ReferenceNotFound), "OO-10",
        "A resource that is referred to does not exist", "Correct the reference";
    /// The Appointment's times do not lie inside the Slot's.
    TimesOutsideSlot: Consumer, 422, "invalid", Spine(SpineCode::InvalidResource), "BOOK-19",
        "The Appointment's start and end do not lie inside its Slot", "Use the times of the Slot";
    /// The booking holds an invalid NHS number.
    NhsNumberInvalid: Consumer, 422, "value", Spine(SpineCode::InvalidNhsNumber), "BOOK-15",
        "The NHS number is not valid", "Check the number: ten digits, the last a check digit";
    /// The booking holds no NHS number.
    NhsNumberMissing: Consumer, 422, "invalid", Spine(SpineCode::InvalidResource), "BOOK-17",
        "The Patient has no NHS number", "Add the verified NHS number to the contained Patient";
    /// The participant and the contained Patient hold different NHS numbers.
    IdentitiesDiffer: Consumer, 422, "invalid", Spine(SpineCode::InvalidResource), "X-11",
        "The participant and the contained Patient hold different NHS numbers", "Give both the same number";
    /// The contact details have no rank 1, or several.
    RankRulesBroken: Consumer, 400, "invalid", Spine(SpineCode::BadRequest), "BOOK-16",
        "Exactly one contact detail must have rank 1", "Give rank 1 to the primary contact detail and to no other";
    /// The booking has no `created`.
    CreatedMissing: Consumer, 422, "invalid", Spine(SpineCode::InvalidResource), "X-08",
        "The Appointment has no created", "Add the time at which it was booked";
    /// A new Appointment has another status than `booked`.
    StatusNotBooked: Consumer, 422, "invalid", Spine(SpineCode::InvalidResource), "RES-A06",
        "A new Appointment must have the status booked", "Set the status to booked";
    /// A POST or PUT has no X-Request-ID.
    MissingRequestId: Consumer, 400, "invalid", Header, "XTI-07",
        "X-Request-ID is missing", "Send a new UUID with each request, and the same one with a retry";
    /// The X-Request-ID is empty, repeated or too long.
    MalformedRequestId: Consumer, 400, "invalid", Header, "XTI-01",
        "X-Request-ID is malformed", "Send one UUID";
    /// The X-Request-ID was already used for a change.
    RequestIdReused: Consumer, 409, "duplicate", Spine(SpineCode::DuplicateRejected), "XTI-04",
        "X-Request-ID was already used for a successful request",
        "Read the Appointment instead, or send a new id for a new request";
    /// The booking fails the demonstrator's own check list.
    DemonstratorChecksFailed: Consumer, 422, "invalid", Spine(SpineCode::InvalidResource), "DEM-09",
        "The booking fails the checks of the demonstrator", "Correct the faults that are listed";

    // Reading and cancelling.
    /// There is no Appointment of that id.
    AppointmentNotFound: Consumer, 404, "not-found", Spine(SpineCode::NoRecordFound), "READ-03",
        "There is no Appointment of this id", "Check the id; ids are case-sensitive";
    /// The Appointment has no version of that id.
    VersionNotFound: Consumer, 404, "not-found", Spine(SpineCode::NoRecordFound), "READ-03",
        "The Appointment has no such version", "Read its history for the versions there are";
    /// There is no other resource of that id.
    ResourceNotFound: Consumer, 404, "not-found", Spine(SpineCode::NoRecordFound), "READ-03",
        "There is no resource of this type and id", "Check the type and the id";
    /// A PUT has no If-Match.
    MissingIfMatch: Consumer, 412, "invalid", Header, "VER-03",
        "If-Match is missing", "Read the Appointment and send its ETag in If-Match";
    /// The If-Match is no weak entity tag.
    MalformedIfMatch: Consumer, 400, "invalid", Header, "VER-01",
        "If-Match is malformed", "Send the ETag as it came: W/\"version\"";
    /// The If-Match names another version than the current one.
    VersionConflict: Consumer, 409, "conflict", Spine(SpineCode::ConflictingValues), "VER-03",
        "The Appointment has changed since that version", "Read the current version and try again";
    /// The body's id is not the URL's.
    BodyIdDiffers: Consumer, 400, "invalid", Spine(SpineCode::BadRequest), "CAN-13",
        "The id in the body is not the id in the URL", "Send the resource back under its own id";
    /// More changed than cancelling allows.
    OtherDifferences: Consumer, 422, "invalid", Spine(SpineCode::InvalidResource), "CAN-04",
        "More than the status was changed", "Read the Appointment and change only its status to cancelled";
    /// The Appointment is already cancelled.
    AlreadyCancelled: Consumer, 422, "business-rule", Spine(SpineCode::InvalidRequestState), "CAN-12",
        "The Appointment is already cancelled", "Nothing is left to do";
    /// The new status is not one that a PUT may set.
    StatusChangeNotAllowed: Consumer, 422, "business-rule", Spine(SpineCode::InvalidRequestState), "CAN-12",
        "The status can only be changed to cancelled or entered-in-error", "Set the status to cancelled";
    /// What is stored is too incomplete to be served.
    StoredResourceBroken: Ourselves, 500, "processing", Spine(SpineCode::InternalServerError), "OO-09",
        "What is stored cannot be served as a valid resource", "Report it with the trace ID";

    // The Registry.
    /// A registration holds an element that it must not.
    ForbiddenElement: Consumer, 422, "invalid", Spine(SpineCode::InvalidResource), "REG-07",
        "A registration must not hold this element",
        "Send only identifier, status, start, end, created and participant";
    /// A registration lacks its pointer, its patient or its times.
    RegistrationIncomplete: Consumer, 422, "invalid", Spine(SpineCode::InvalidResource), "REG-05",
        "The registration lacks an element that it must hold", "Add the element that is named";
    /// A registration refers to a contained resource.
    DanglingReference: Consumer, 422, "invalid", Spine(SpineCode::ReferenceNotFound), "REG-06",
        "The registration refers to a contained resource, and may hold none",
        "Name the patient in participant.actor.identifier";
    /// The same pointer was registered before.
    AlreadyRegistered: Consumer, 422, "duplicate", Spine(SpineCode::DuplicateRejected), "REG-13",
        "This Appointment is already registered", "Search the Registry for it";

    // The Spine Secure Proxy.
    /// The verb is not one that the proxy passes.
    VerbNotPassed: Consumer, 405, "not-supported", Spine(SpineCode::InvalidRequestType), "SSP-38",
        "The proxy does not pass this verb", "Use a verb that the Allow header names";
    /// The target URL in the path cannot be used.
    TargetMalformed: Consumer, 400, "invalid", Spine(SpineCode::BadRequest), "SSP-39",
        "The target URL in the path cannot be used", "Put the Provider's https URL after one slash, as SDS has it";
    /// No bearer token came to the proxy.
    TokenMissingAtProxy: Consumer, 400, "invalid", Header, "SSP-26",
        "No bearer token was sent", "Send Authorization: Bearer and a token for the Provider";
    /// The proxy enforces tokens and cannot read this one.
    TokenMalformedAtProxy: Consumer, 400, "invalid", Header, "SSP-48",
        "The bearer token cannot be read", "Send a compact JWT: three base64url segments without padding";
    /// The proxy enforces tokens and does not believe this one.
    TokenRefusedAtProxy: Consumer, 403, "forbidden", Header, "SSP-48",
        "The bearer token was refused", "Get a new token for this Provider and operation";
    /// Ssp-From is not in the directory.
    SenderNotRegistered: Consumer, 403, "forbidden", Spine(SpineCode::AsidCheckFailed), "SSP-42",
        "Ssp-From is not a registered system", "Send the ASID that was issued for your system";
    /// The client certificate belongs to another system than Ssp-From.
    SenderCertificateDiffers: Consumer, 403, "forbidden", Spine(SpineCode::AsidCheckFailed), "SSP-43",
        "The client certificate does not belong to Ssp-From",
        "Present the certificate that is registered for this ASID";
    /// The sender is not registered for the interaction.
    SenderNotAuthorised: Consumer, 403, "forbidden", Spine(SpineCode::AsidCheckFailed), "SSP-44",
        "Ssp-From is not registered for this interaction", "Have the interaction added to your system's record";
    /// Ssp-To is not in the directory.
    ReceiverNotRegistered: Consumer, 403, "forbidden", Spine(SpineCode::AsidCheckFailed), "SSP-45",
        "Ssp-To is not a registered system", "Look the Provider's ASID up again";
    /// The receiver is not registered for the interaction.
    ReceiverNotAuthorised: Consumer, 403, "forbidden", Spine(SpineCode::AsidCheckFailed), "SSP-45",
        "Ssp-To is not registered for this interaction", "Look the Provider up for the interaction that you send";
    /// Nobody is registered for the interaction.
    InteractionUnknown: Consumer, 403, "forbidden", Spine(SpineCode::AsidCheckFailed), "SSP-44",
        "Nobody is registered for this interaction", "Send one of the published Interaction IDs";
    /// The target URL is not under the endpoint that the directory names.
    EndpointVaries: Consumer, 400, "invalid", Spine(SpineCode::BadRequest), "SSP-40",
        "The target URL does not lie under the endpoint that is registered for it",
        "Use the endpoint from SDS byte for byte";
    /// The two have no sharing agreement and need one.
    NoSharingAgreement: Consumer, 403, "forbidden", Spine(SpineCode::NoOrganisationalConsent), "SSP-46",
        "There is no sharing agreement between the two systems", "Have the agreement registered";
    /// The calls of one address are used up, before anybody asked who it is.
    AddressQuotaUsedUp: Consumer, 429, "throttled", Text, "SSP-41",
        "Too many requests came from this address", "Wait for the seconds that Retry-After names and try again";
    /// The calls of one ASID are used up.
    AsidQuotaUsedUp: Consumer, 429, "throttled", Text, "SSP-49",
        "Too many requests came from this system", "Wait for the seconds that Retry-After names and try again";
    /// The Provider failed too often.
    ProviderLeftAlone: Provider, 503, "transient", Text, "SSP-95",
        "The Provider failed several times in a row and is left alone for a moment",
        "Wait for the seconds that Retry-After names and try again";
    /// The Provider's limit is reached.
    ProviderBusy: Provider, 503, "transient", Text, "SSP-49",
        "The Provider has too many calls at the moment", "Wait for the seconds that Retry-After names and try again";
    /// The proxy enforces media types and this is none of them.
    MediaTypeNotAllowed: Consumer, 415, "not-supported", Spine(SpineCode::UnsupportedMediaType), "SSP-50",
        "The media type is not allowed through this proxy", "Use application/fhir+json or application/fhir+xml";
    /// The proxy checks NHS numbers in the query and this one is invalid.
    NhsNumberInvalidInTarget: Consumer, 400, "value", Spine(SpineCode::InvalidNhsNumber), "SSP-51",
        "The NHS number in the query is not valid", "Check the number: ten digits, the last a check digit";
    /// The directory does not answer and nothing is kept from before.
    DirectoryUnavailable: Directory, 503, "transient", Spine(SpineCode::InternalServerError), "SDS-45",
        "The directory cannot be reached", "Try again later";
    /// The directory holds different endpoints for one system and interaction.
    DirectoryAmbiguous: Directory, 500, "processing", Spine(SpineCode::InternalServerError), "SDS-43",
        "The directory holds different endpoints for this system and interaction",
        "Have the directory's records corrected";
    /// The Provider cannot be reached, or is not who it should be.
    ProviderUnreachable: Provider, 502, "transient", Spine(SpineCode::InternalServerError), "SSP-80",
        "The Provider cannot be reached", "Try again later, at most three times";
    /// The Provider closed the connection without an answer.
    ProviderClosed: Provider, 502, "transient", Spine(SpineCode::InternalServerError), "SSP-83",
        "The Provider closed the connection without an answer", "Try again later, at most three times";
    /// The Provider did not answer in time.
    ProviderTimedOut: Provider, 504, "transient", Spine(SpineCode::InternalServerError), "SSP-81",
        "The Provider did not answer in time", "Try again later with the same X-Request-ID";
    /// The Provider broke off within its answer; only logged.
    ProviderBrokeOff: Provider, 502, "transient", Spine(SpineCode::InternalServerError), "SSP-85",
        "The Provider broke off within its answer", "Try again later with the same X-Request-ID";
    /// The Consumer closed the connection first; only logged.
    ConsumerWentAway: Consumer, 499, "transient", Text, "SSP-84",
        "The Consumer closed the connection before the answer", "Wait longer for answers";

    // The token endpoint, which answers as RFC 6749 says.
    /// A field is missing, repeated or malformed.
    TokenRequestInvalid: Consumer, 400, "invalid", OAuth("invalid_request"), "TOK-01",
        "The token request is malformed", "POST client_id, client_secret, grant_type and scope once each as a form";
    /// The client is unknown or its secret is wrong.
    ClientUnknown: Consumer, 401, "login", OAuth("invalid_client"), "TOK-03",
        "The client is not known or its secret is wrong", "Check client_id and client_secret";
    /// The grant type is not client_credentials.
    GrantUnsupported: Consumer, 400, "not-supported", OAuth("unsupported_grant_type"), "TOK-02",
        "The grant type is not supported", "Use grant_type=client_credentials";
    /// The scope is not one endpoint with /.default.
    ScopeInvalid: Consumer, 400, "invalid", OAuth("invalid_scope"), "TOK-04",
        "The scope is not that of a known endpoint",
        "Use the endpoint from SDS followed by /.default, one scope a request";
    /// The client may not use the grant or the scope.
    ClientNotAllowed: Consumer, 400, "forbidden", OAuth("unauthorized_client"), "TOK-09",
        "The client may not have a token for this scope", "Have the client registered for the endpoint";
    /// The client failed too often and is slowed down.
    TokenRequestsTooMany: Consumer, 429, "throttled", OAuth("slow_down"), "TOK-06",
        "Too many failed requests for this client", "Wait for the seconds that Retry-After names and try again";
}

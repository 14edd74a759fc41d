//! Refusals: one closed list of what can be refused, by every role, and what each is answered with in a dialect
//! (OO-01 … OO-05, ERR-01 … ERR-08; statuses from section 3.1 and the registers, codes from sections 4.2 and 4.4).

mod list;
mod settle;

pub use list::Reason;
pub use settle::TokenClass;

use crate::codes::SpineCode;
use crate::dialect::Dialect;
use crate::systems;

/// A coding for `issue.details`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Coding {
    /// The code system's URL.
    pub system: &'static str,
    /// The code.
    pub code: &'static str,
    /// The display that belongs to the code.
    pub display: &'static str,
}

impl From<SpineCode> for Coding {
    fn from(code: SpineCode) -> Self {
        Self { system: systems::SPINE_CODES, code: code.code(), display: code.display() }
    }
}

/// Whose doing a refusal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultOf {
    /// The caller has to change something before it asks again.
    Consumer,
    /// The Provider behind the proxy did not answer as it should.
    Provider,
    /// The directory could not be asked, or holds something unusable.
    Directory,
    /// The party that answers.
    Ourselves,
}

/// What the `WWW-Authenticate: Bearer` header of a token failure says (RFC 6750 section 3.1, JW2-14, JWT-80).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Challenge {
    /// No token came: the scheme and realm alone.
    Plain,
    /// `error="invalid_request"`.
    InvalidRequest,
    /// `error="invalid_token"`.
    InvalidToken,
    /// `error="insufficient_scope"`.
    InsufficientScope,
}

impl Challenge {
    /// The header's `error` value, absent when no token came.
    #[must_use]
    pub fn error(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::InvalidRequest => Some("invalid_request"),
            Self::InvalidToken => Some("invalid_token"),
            Self::InsufficientScope => Some("insufficient_scope"),
        }
    }
}

/// What a refusal is answered with. Building the OperationOutcome, and the HTTP answer, is done elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What happened.
    pub reason: Reason,
    /// The HTTP status; 499 is only logged, since nobody is left to answer (SSP-84).
    pub status: u16,
    /// `issue.severity`, always `error` (ERR-03).
    pub severity: &'static str,
    /// `issue.code`, from FHIR's issue types.
    pub issue_code: &'static str,
    /// `issue.details.coding`; where it is `None` the sentence goes into `issue.details.text` (ERR-08).
    pub coding: Option<Coding>,
    /// The requirement that is enforced.
    pub requirement: &'static str,
    /// What happened, in one sentence without personal data.
    pub sentence: &'static str,
    /// What to do next.
    pub cure: &'static str,
    /// Whose doing it is.
    pub fault_of: FaultOf,
    /// The challenge of a token failure.
    pub challenge: Option<Challenge>,
    /// The token endpoint's `error` (RFC 6749 section 5.2), which answers with that instead of an OperationOutcome.
    pub oauth_error: Option<&'static str>,
}

impl Refused {
    /// Whether the OperationOutcome may claim the Spine profile: only with a Spine code (ERR-05, V23).
    #[must_use]
    pub fn claims_spine_profile(&self) -> bool {
        self.coding.is_some_and(|coding| coding.system == systems::SPINE_CODES)
    }

    /// The same refusal as `$validate` words it: issue code `processing` (VAL-07). Where the caller is refused and not what
    /// was sent, the code stays.
    #[must_use]
    pub fn by_the_validator(mut self) -> Self {
        if !matches!(self.status, 403 | 495..=497) {
            self.issue_code = "processing";
        }
        self
    }
}

impl Reason {
    /// What this reason is answered with in a dialect.
    #[must_use]
    pub fn refused(self, dialect: &Dialect) -> Refused {
        settle::settle(self, dialect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{DIALECT_1_0_4, DIALECT_2_0_4};

    /// Status, issue code and code of details as sections 3.1, 4.2, 4.4 and 1.4 of the catalogues list them.
    const EXPECTED: &[(Reason, u16, &str, Option<&str>)] = &[
        (Reason::TokenMissing, 403, "forbidden", Some("ACCESS DENIED")),
        (Reason::TokenMalformed, 403, "invalid", Some("MISSING_OR_INVALID_HEADER")),
        (Reason::TokenExpired, 403, "forbidden", Some("ACCESS DENIED")),
        (Reason::WrongAudience, 403, "forbidden", Some("ACCESS DENIED")),
        (Reason::TokenScopeWrong, 403, "forbidden", Some("ACCESS DENIED")),
        (Reason::TokenGroupMissing, 403, "forbidden", Some("ACCESS DENIED")),
        (Reason::UnknownParameter, 400, "invalid", Some("INVALID_PARAMETER")),
        (Reason::InvalidParameter, 400, "invalid", Some("INVALID_PARAMETER")),
        (Reason::ServiceMissing, 400, "invalid", Some("INVALID_PARAMETER")),
        (Reason::UnknownService, 404, "not-found", Some("NO_RECORD_FOUND")),
        (Reason::WindowInThePast, 400, "value", Some("INVALID_PARAMETER")),
        (Reason::BodyNotWellFormed, 400, "structure", Some("MESSAGE_NOT_WELL_FORMED")),
        (Reason::WrongResourceType, 400, "invalid", Some("BAD_REQUEST")),
        (Reason::ProfileBroken, 422, "invalid", Some("INVALID_RESOURCE")),
        (Reason::NhsNumberInvalid, 422, "value", Some("INVALID_NHS_NUMBER")),
        (Reason::NhsNumberInvalidInSearch, 400, "value", Some("INVALID_NHS_NUMBER")),
        (Reason::SlotNotFree, 422, "processing", Some("processing")),
        (Reason::SlotUnknown, 422, "invalid", Some("REFERENCE_NOT_FOUND")),
        (Reason::RequestIdReused, 409, "duplicate", Some("DUPLICATE_REJECTED")),
        (Reason::MissingRequestId, 400, "invalid", Some("MISSING_OR_INVALID_HEADER")),
        (Reason::RankRulesBroken, 400, "invalid", Some("BAD_REQUEST")),
        (Reason::IdInCreate, 422, "processing", Some("MSG_RESOURCE_ID_FAIL")),
        (Reason::AppointmentNotFound, 404, "not-found", Some("NO_RECORD_FOUND")),
        (Reason::VersionNotFound, 404, "not-found", Some("NO_RECORD_FOUND")),
        (Reason::OtherDifferences, 422, "invalid", Some("INVALID_RESOURCE")),
        (Reason::VersionConflict, 409, "conflict", Some("CONFLICTING_VALUES")),
        (Reason::MissingIfMatch, 412, "invalid", Some("MISSING_OR_INVALID_HEADER")),
        (Reason::OrganisationNotPermitted, 403, "forbidden", Some("ACCESS DENIED")),
        (Reason::WrongVerb, 405, "not-supported", Some("INVALID_REQUEST_TYPE")),
        (Reason::UnsupportedContentType, 415, "not-supported", Some("UNSUPPORTED_MEDIA_TYPE")),
        (Reason::FormatNotOffered, 415, "not-supported", Some("UNSUPPORTED_MEDIA_TYPE")),
        (Reason::InternalError, 500, "processing", Some("INTERNAL_SERVER_ERROR")),
        (Reason::AlreadyRegistered, 422, "duplicate", Some("DUPLICATE_REJECTED")),
        (Reason::ForbiddenElement, 422, "invalid", Some("INVALID_RESOURCE")),
        (Reason::SspHeaderBroken, 400, "invalid", Some("MISSING_OR_INVALID_HEADER")),
        (Reason::WrongReceiver, 400, "invalid", Some("BAD_REQUEST")),
        (Reason::InteractionMismatch, 400, "invalid", Some("MISSING_OR_INVALID_HEADER")),
        (Reason::PlainHttp, 497, "security", None),
        (Reason::TlsNotAllowed, 403, "forbidden", Some("ACCESS_DENIED_SSL")),
        (Reason::ClientCertificateMissing, 496, "security", None),
        (Reason::ClientCertificateRefused, 495, "security", None),
        (Reason::RequestHeadBroken, 400, "structure", Some("BAD_REQUEST")),
        (Reason::RequestHeadTooLarge, 431, "structure", Some("BAD_REQUEST")),
        (Reason::TargetMalformed, 400, "invalid", Some("BAD_REQUEST")),
        (Reason::TokenMissingAtProxy, 400, "invalid", Some("MISSING_OR_INVALID_HEADER")),
        (Reason::TooManyRequests, 429, "throttled", None),
        (Reason::SenderNotRegistered, 403, "forbidden", Some("ASID_CHECK_FAILED")),
        (Reason::SenderCertificateDiffers, 403, "forbidden", Some("ASID_CHECK_FAILED")),
        (Reason::SenderNotAuthorised, 403, "forbidden", Some("ASID_CHECK_FAILED")),
        (Reason::ReceiverNotRegistered, 403, "forbidden", Some("ASID_CHECK_FAILED")),
        (Reason::ReceiverNotAuthorised, 403, "forbidden", Some("ASID_CHECK_FAILED")),
        (Reason::EndpointVaries, 400, "invalid", Some("BAD_REQUEST")),
        (Reason::NoSharingAgreement, 403, "forbidden", Some("NO_ORGANISATIONAL_CONSENT")),
        (Reason::ProviderBusy, 503, "transient", None),
        (Reason::MediaTypeNotAllowed, 415, "not-supported", Some("UNSUPPORTED_MEDIA_TYPE")),
        (Reason::ProviderUnreachable, 502, "transient", Some("INTERNAL_SERVER_ERROR")),
        (Reason::ProviderTimedOut, 504, "transient", Some("INTERNAL_SERVER_ERROR")),
        (Reason::DirectoryUnavailable, 503, "transient", Some("INTERNAL_SERVER_ERROR")),
    ];

    // covers: OO-03, X-01, X-04, X-06, X-07, X-15, X-21, X-41, ERR-03, ERR-80, ERR-81, ERR-D02, ERR-D03, ERR-D11, REG-13, VER-03, BOOK-10, BOOK-11
    #[test]
    fn the_table_says_what_the_status_matrix_says_in_both_dialects() {
        for dialect in [DIALECT_1_0_4, DIALECT_2_0_4] {
            for (reason, status, issue, code) in EXPECTED {
                let refused = reason.refused(&dialect);
                let ours = (refused.status, refused.issue_code, refused.coding.map(|coding| coding.code));
                assert_eq!(ours, (*status, *issue, *code), "{reason:?}");
                assert_eq!(refused.severity, "error");
            }
        }
    }

    // covers: BOOK-10, X-04, X-26
    #[test]
    fn a_slot_that_is_taken_is_told_in_the_standards_own_words() {
        let refused = Reason::SlotNotFree.refused(&DIALECT_1_0_4);
        let coding = Coding { system: systems::ISSUE_TYPES, code: "processing", display: "Processing Failure" };
        assert_eq!(refused.coding, Some(coding));
        assert_eq!(refused.sentence, "Slot no longer available");
        assert!(!refused.claims_spine_profile());
    }

    // covers: ERR-05, ERR-08, OO-03
    #[test]
    fn every_reason_is_complete_and_only_spine_codes_claim_the_profile() {
        for reason in Reason::ALL {
            let refused = reason.refused(&DIALECT_1_0_4);
            assert!((400..600).contains(&refused.status), "{reason:?}");
            assert!(!refused.requirement.is_empty() && !refused.sentence.is_empty() && !refused.cure.is_empty());
            assert!(!refused.sentence.ends_with('.'), "{reason:?}: sentences are joined with the cure");
            if let Some(coding) = refused.coding.filter(|coding| coding.system == systems::SPINE_CODES) {
                let code = SpineCode::parse(coding.code).unwrap();
                assert_eq!(coding.display, code.display(), "{reason:?}");
                assert!(refused.claims_spine_profile());
            }
        }
    }

    // covers: JW2-14, JWT-80, X-01
    #[test]
    fn a_token_failure_carries_its_challenge_and_nothing_else_does() {
        let cases = [
            (Reason::TokenMissing, Some(Challenge::Plain)),
            (Reason::TokenMalformed, Some(Challenge::InvalidRequest)),
            (Reason::TokenSignatureInvalid, Some(Challenge::InvalidToken)),
            (Reason::TokenScopeWrong, Some(Challenge::InsufficientScope)),
            (Reason::SlotNotFree, None),
            (Reason::OrganisationNotPermitted, None),
        ];
        for (reason, challenge) in cases {
            assert_eq!(reason.refused(&DIALECT_2_0_4).challenge, challenge, "{reason:?}");
        }
    }

    // covers: TOK-06
    #[test]
    fn the_token_endpoints_refusals_carry_an_error_of_rfc_6749() {
        let errors: Vec<_> = Reason::ALL
            .into_iter()
            .map(|reason| reason.refused(&DIALECT_1_0_4))
            .filter_map(|refused| refused.oauth_error.map(|error| (refused.status, error)))
            .collect();
        assert_eq!(
            errors,
            [
                (400, "invalid_request"),
                (401, "invalid_client"),
                (400, "unsupported_grant_type"),
                (400, "invalid_scope"),
                (400, "unauthorized_client"),
                (429, "slow_down"),
            ]
        );
    }

    // covers: VAL-07
    #[test]
    fn the_validator_words_its_refusals_as_processing() {
        let refused = Reason::UnsupportedContentType.refused(&DIALECT_1_0_4).by_the_validator();
        assert_eq!((refused.status, refused.issue_code), (415, "processing"));
        let refused = Reason::TokenExpired.refused(&DIALECT_1_0_4).by_the_validator();
        assert_eq!((refused.status, refused.issue_code), (403, "forbidden"));
    }
}

//! From a reason and a dialect to the refusal: the row of the list, then what the dialect's fields change in it.

use super::list::{Details, Row};
use super::{Challenge, Coding, Reason, Refused};
use crate::codes::SpineCode;
use crate::dialect::{
    AccessDenied, BadHeader, Dialect, FormatNotOffered, IdInCreate, NhsNumberInvalid, RequestIdReused, ServerFault,
    ServiceUnknown, SlotTaken, TokenFailure, UnknownInteraction, UnknownReceiver, VersionMismatch, WindowInThePast,
    WrongVerb,
};
use crate::systems;

/// The five kinds of token failure that the error profiles tell apart (JWT-81).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenClass {
    /// No token came.
    Missing,
    /// It cannot be read, or a claim is missing or malformed.
    Malformed,
    /// It can be read and is not believed: expired, forged, for somebody else.
    Rejected,
    /// It is believed and does not allow the operation.
    Insufficient,
    /// A claim that is a FHIR resource is none.
    NotFhir,
}

pub(super) fn settle(reason: Reason, dialect: &Dialect) -> Refused {
    let row = reason.row();
    let mut refused = Refused {
        reason,
        status: row.status,
        severity: "error",
        issue_code: row.issue_code,
        coding: None,
        requirement: row.requirement,
        sentence: row.sentence,
        cure: row.cure,
        fault_of: row.fault_of,
        challenge: None,
        oauth_error: None,
    };
    apply_details(&mut refused, &row, dialect);
    apply_dialect(&mut refused, dialect);
    spell_access_denied(&mut refused, dialect);
    refused
}

fn apply_details(refused: &mut Refused, row: &Row, dialect: &Dialect) {
    match row.details {
        Details::Spine(code) => refused.coding = Some(code.into()),
        Details::Header => refused.coding = Some(header_code(dialect).into()),
        Details::IssueType(code, display) => {
            refused.coding = Some(Coding { system: systems::ISSUE_TYPES, code, display });
        }
        Details::Text => {}
        Details::Token(class) => apply_token_class(refused, class, dialect),
        Details::OAuth(error) => refused.oauth_error = Some(error),
    }
}

/// The code of a missing or malformed header (ERR-D10).
fn header_code(dialect: &Dialect) -> SpineCode {
    match dialect.bad_header {
        BadHeader::MissingOrInvalidHeader => SpineCode::MissingOrInvalidHeader,
        BadHeader::BadRequest => SpineCode::BadRequest,
    }
}

/// The statuses of JWT-81 by error profile; X-01's is the default in both dialects.
fn apply_token_class(refused: &mut Refused, class: TokenClass, dialect: &Dialect) {
    use TokenClass::{Insufficient, Malformed, Missing, NotFhir, Rejected};
    refused.challenge = Some(match class {
        Missing => Challenge::Plain,
        Malformed | NotFhir => Challenge::InvalidRequest,
        Rejected => Challenge::InvalidToken,
        Insufficient => Challenge::InsufficientScope,
    });
    refused.status = match (dialect.token_failure, class) {
        (TokenFailure::Forbidden, _) => 403,
        (TokenFailure::UecGuide, Missing | Rejected | Insufficient) => 403,
        (TokenFailure::UecGuide, Malformed | NotFhir) => 400,
        (TokenFailure::GpConnect, Missing | Malformed | Rejected) => 400,
        (TokenFailure::GpConnect, Insufficient) => 403,
        (TokenFailure::GpConnect, NotFhir) => 422,
        (TokenFailure::Rfc6750, Missing | Rejected) => 401,
        (TokenFailure::Rfc6750, Malformed | NotFhir) => 400,
        (TokenFailure::Rfc6750, Insufficient) => 403,
    };
    let (issue_code, code) = match (refused.status, class) {
        (401, _) => ("login", SpineCode::AuthorCredentialsError),
        (422, _) => ("invalid", SpineCode::InvalidResource),
        (400, Missing | Rejected) => ("invalid", SpineCode::BadRequest),
        (_, Malformed | NotFhir) => ("invalid", header_code(dialect)),
        _ => ("forbidden", SpineCode::AccessDenied),
    };
    refused.issue_code = issue_code;
    refused.coding = Some(code.into());
}

/// What the dialect's other fields change; a field that agrees with the list's row changes nothing.
fn apply_dialect(refused: &mut Refused, dialect: &Dialect) {
    match refused.reason {
        Reason::SlotNotFree if dialect.slot_taken == SlotTaken::Conflict => {
            change(refused, 409, "conflict", SpineCode::DuplicateRejected);
        }
        Reason::RequestIdReused if dialect.request_id_reused == RequestIdReused::Unprocessable => refused.status = 422,
        Reason::VersionConflict if dialect.version_mismatch == VersionMismatch::PreconditionFailed => {
            refused.status = 412;
        }
        Reason::NhsNumberInvalid if dialect.nhs_number_invalid == NhsNumberInvalid::BadRequest => refused.status = 400,
        Reason::IdInCreate if dialect.id_in_create == IdInCreate::NotAllowed => refused.status = 405,
        Reason::WindowInThePast if dialect.window_in_the_past == WindowInThePast::Unprocessable => refused.status = 422,
        Reason::WrongVerb if dialect.wrong_verb == WrongVerb::BadRequest => {
            change(refused, 400, "invalid", SpineCode::BadRequest);
        }
        Reason::UnknownService if dialect.service_unknown == ServiceUnknown::BadRequest => {
            change(refused, 400, "invalid", SpineCode::InvalidParameter);
        }
        Reason::FormatNotOffered => match dialect.format_not_offered {
            FormatNotOffered::UnsupportedMediaType => {}
            FormatNotOffered::NotImplemented => change(refused, 501, "not-supported", SpineCode::NotImplemented),
            FormatNotOffered::NotAcceptable => refused.status = 406,
        },
        Reason::ReceiverNotRegistered if dialect.unknown_receiver == UnknownReceiver::BadRequest => {
            change(refused, 400, "invalid", SpineCode::BadRequest);
        }
        Reason::InteractionUnknown if dialect.unknown_interaction == UnknownInteraction::UnsupportedMediaType => {
            change(refused, 415, "not-supported", SpineCode::UnsupportedMediaType);
        }
        Reason::InternalError | Reason::StoredResourceBroken if dialect.server_fault == ServerFault::Exception => {
            refused.issue_code = "exception";
        }
        _ => {}
    }
}

fn change(refused: &mut Refused, status: u16, issue_code: &'static str, code: SpineCode) {
    refused.status = status;
    refused.issue_code = issue_code;
    refused.coding = Some(code.into());
}

/// The spelling of the one code that has two (ERR-D07).
fn spell_access_denied(refused: &mut Refused, dialect: &Dialect) {
    if let (Some(coding), AccessDenied::WithUnderscore) = (&mut refused.coding, dialect.access_denied)
        && coding.code == SpineCode::AccessDenied.code()
    {
        coding.code = "ACCESS_DENIED";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::DIALECT_1_0_4;

    fn status_and_code(reason: Reason, change: impl Fn(&mut Dialect)) -> (u16, &'static str) {
        let mut dialect = DIALECT_1_0_4;
        change(&mut dialect);
        let refused = reason.refused(&dialect);
        (refused.status, refused.coding.map_or("", |coding| coding.code))
    }

    // covers: JWT-81, ERR-D12
    #[test]
    fn each_error_profile_has_the_statuses_of_its_column() {
        let reasons = [
            Reason::TokenMissing,
            Reason::TokenMalformed,
            Reason::TokenExpired,
            Reason::TokenScopeWrong,
            Reason::TokenClaimNotFhir,
        ];
        let columns = [
            (TokenFailure::Forbidden, [403, 403, 403, 403, 403]),
            (TokenFailure::UecGuide, [403, 400, 403, 403, 400]),
            (TokenFailure::GpConnect, [400, 400, 400, 403, 422]),
            (TokenFailure::Rfc6750, [401, 400, 401, 403, 400]),
        ];
        for (profile, statuses) in columns {
            for (reason, status) in reasons.into_iter().zip(statuses) {
                let ours = status_and_code(reason, |dialect| dialect.token_failure = profile).0;
                assert_eq!(ours, status, "{reason:?} under {profile:?}");
            }
        }
    }

    // covers: ERR-D01, ERR-D04, ERR-D05, ERR-D07, ERR-D09, ERR-D10, ERR-D13, ERR-D14, ERR-D20
    #[test]
    fn the_other_reading_of_a_contradiction_changes_the_answer() {
        type Change = fn(&mut Dialect);
        let cases: &[(Reason, Change, (u16, &str))] = &[
            (Reason::SlotNotFree, |d| d.slot_taken = SlotTaken::Conflict, (409, "DUPLICATE_REJECTED")),
            (
                Reason::FormatNotOffered,
                |d| d.format_not_offered = FormatNotOffered::NotImplemented,
                (501, "NOT_IMPLEMENTED"),
            ),
            (Reason::WrongVerb, |d| d.wrong_verb = WrongVerb::BadRequest, (400, "BAD_REQUEST")),
            (Reason::TokenExpired, |d| d.access_denied = AccessDenied::WithUnderscore, (403, "ACCESS_DENIED")),
            (
                Reason::RequestIdReused,
                |d| d.request_id_reused = RequestIdReused::Unprocessable,
                (422, "DUPLICATE_REJECTED"),
            ),
            (Reason::SspHeaderBroken, |d| d.bad_header = BadHeader::BadRequest, (400, "BAD_REQUEST")),
            (Reason::ReceiverNotRegistered, |d| d.unknown_receiver = UnknownReceiver::BadRequest, (400, "BAD_REQUEST")),
            (
                Reason::InteractionUnknown,
                |d| d.unknown_interaction = UnknownInteraction::UnsupportedMediaType,
                (415, "UNSUPPORTED_MEDIA_TYPE"),
            ),
            (
                Reason::VersionConflict,
                |d| d.version_mismatch = VersionMismatch::PreconditionFailed,
                (412, "CONFLICTING_VALUES"),
            ),
        ];
        for (reason, change, expected) in cases {
            assert_eq!(status_and_code(*reason, change), *expected, "{reason:?}");
        }
    }
}

//! The Spine codes: the closed list that a coded OperationOutcome takes its `details.coding` from (ERR-01, ERR-06,
//! ERR-10 … ERR-53). Two codes differ from the prose of the guides; the code system's spelling is emitted and the others
//! are understood (ERR-D07, ERR-D08).

use crate::systems;

/// One enum variant, code and display per row of the code system.
macro_rules! spine_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $display:literal;)*) => {
        /// A code of `Spine-ErrorOrWarningCode-1`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum SpineCode { $($(#[$doc])* $name,)* }

        impl SpineCode {
            /// Every code, in the order of the catalogue.
            pub const ALL: [Self; 44] = [$(Self::$name,)*];

            /// The code as the code system spells it; `ACCESS DENIED` has a space (ERR-D07).
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The display as the code system spells it, which is the only one that validates (ERR-06).
            #[must_use]
            pub fn display(self) -> &'static str {
                match self { $(Self::$name => $display,)* }
            }
        }
    };
}

spine_codes! {
    /// No record found (ERR-10).
    NoRecordFound = "NO_RECORD_FOUND", "No record found";
    /// Patient not found (ERR-11).
    PatientNotFound = "PATIENT_NOT_FOUND", "Patient not found";
    /// Organisation not found (ERR-12).
    OrganisationNotFound = "ORGANISATION_NOT_FOUND", "Organisation not found";
    /// Practitioner not found (ERR-13).
    PractitionerNotFound = "PRACTITIONER_NOT_FOUND", "Practitioner not found";
    /// Invalid NHS number (ERR-14).
    InvalidNhsNumber = "INVALID_NHS_NUMBER", "Invalid NHS number";
    /// Invalid code system (ERR-15).
    InvalidCodeSystem = "INVALID_CODE_SYSTEM", "Invalid code system";
    /// Invalid code value (ERR-16).
    InvalidCodeValue = "INVALID_CODE_VALUE", "Invalid code value";
    /// An input field has an invalid value for its type (ERR-17).
    InvalidValue = "INVALID_VALUE", "An input field has an invalid value for its type";
    /// Invalid identifier system (ERR-18).
    InvalidIdentifierSystem = "INVALID_IDENTIFIER_SYSTEM", "Invalid identifier system";
    /// Invalid identifier value (ERR-19).
    InvalidIdentifierValue = "INVALID_IDENTIFIER_VALUE", "Invalid identifier value";
    /// Conflicting values have been specified in different fields (ERR-20).
    ConflictingValues = "CONFLICTING_VALUES", "Conflicting values have been specified in different fields";
    /// Invalid element (ERR-21).
    InvalidElement = "INVALID_ELEMENT", "Invalid element";
    /// Author credentials error (ERR-22).
    AuthorCredentialsError = "AUTHOR_CREDENTIALS_ERROR", "Author credentials error";
    /// Invalid parameter (ERR-23).
    InvalidParameter = "INVALID_PARAMETER", "Invalid parameter";
    /// Request does not match authorisation token (ERR-24).
    RequestUnmatched = "REQUEST_UNMATCHED", "Request does not match authorisation token";
    /// Message not well formed (ERR-25).
    MessageNotWellFormed = "MESSAGE_NOT_WELL_FORMED", "Message not well formed";
    /// Patient has not provided consent to share data (ERR-26).
    NoPatientConsent = "NO_PATIENT_CONSENT", "Patient has not provided consent to share data";
    /// Access has been denied to process this request (ERR-27).
    AccessDenied = "ACCESS DENIED", "Access has been denied to process this request";
    /// Organisation has not provided consent to share data (ERR-28).
    NoOrganisationalConsent = "NO_ORGANISATIONAL_CONSENT", "Organisation has not provided consent to share data";
    /// Bad request (ERR-29).
    BadRequest = "BAD_REQUEST", "Bad request";
    /// Invalid validation of resource (ERR-30).
    InvalidResource = "INVALID_RESOURCE", "Invalid validation of resource";
    /// Patient sensitive (ERR-31).
    PatientSensitive = "PATIENT_SENSITIVE", "Patient sensitive";
    /// No legitimate relationship exists with this patient (ERR-32).
    NoRelationship = "NO_RELATIONSHIP", "No legitimate relationship exists with this patient";
    /// FHIR constraint violated (ERR-33).
    FhirConstraintViolation = "FHIR_CONSTRAINT_VIOLATION", "FHIR constraint violated";
    /// Flag value was already set (ERR-34).
    FlagAlreadySet = "FLAG_ALREADY_SET", "Flag value was already set";
    /// The request exists but is not in an appropriate state for the call to succeed (ERR-35).
    InvalidRequestState = "INVALID_REQUEST_STATE", "The request exists but is not in an appropriate state for the call to succeed";
    /// The type of request is not supported by the API call (ERR-36).
    InvalidRequestType = "INVALID_REQUEST_TYPE", "The type of request is not supported by the API call";
    /// The sender or receiver's ASID is not authorised for this interaction (ERR-37).
    AsidCheckFailed = "ASID_CHECK_FAILED", "The sender or receiver's ASID is not authorised for this interaction";
    /// There is a required header missing or invalid (ERR-38).
    MissingOrInvalidHeader = "MISSING_OR_INVALID_HEADER", "There is a required header missing or invalid";
    /// SSL Protocol or Cipher requirements not met (ERR-39).
    AccessDeniedSsl = "ACCESS_DENIED_SSL", "SSL Protocol or Cipher requirements not met";
    /// Client is not permitted to assign an id (ERR-40).
    MsgResourceIdFail = "MSG_RESOURCE_ID_FAIL", "Client is not permitted to assign an id";
    /// Create would lead to creation of a duplicate resource (ERR-41).
    DuplicateRejected = "DUPLICATE_REJECTED", "Create would lead to creation of a duplicate resource";
    /// New resource created (ERR-42).
    ResourceCreated = "RESOURCE_CREATED", "New resource created";
    /// Resource removed (ERR-43).
    ResourceDeleted = "RESOURCE_DELETED", "Resource removed";
    /// Resource has been successfully updated (ERR-44).
    ResourceUpdated = "RESOURCE_UPDATED", "Resource has been successfully updated";
    /// Invalid request message (ERR-45).
    InvalidRequestMessage = "INVALID_REQUEST_MESSAGE", "Invalid request message";
    /// Unexpected internal server error (ERR-46).
    InternalServerError = "INTERNAL_SERVER_ERROR", "Unexpected internal server error";
    /// Invalid patient demographics (ERR-47).
    InvalidPatientDemographics = "INVALID_PATIENT_DEMOGRAPHICS", "Invalid patient demographics";
    /// Not implemented (ERR-48).
    NotImplemented = "NOT_IMPLEMENTED", "Not implemented";
    /// Reference not found (ERR-49).
    ReferenceNotFound = "REFERENCE_NOT_FOUND", "Reference not found";
    /// Event message type has been deprecated (ERR-50).
    Deprecated = "DEPRECATED", "Event message type has been deprecated";
    /// Event message type is no longer supported (ERR-51).
    NoLongerSupported = "NO_LONGER_SUPPORTED", "Event message type is no longer supported";
    /// Event message type has been withdrawn (ERR-52).
    Withdrawn = "WITHDRAWN", "Event message type has been withdrawn";
    /// Unsupported media type (ERR-53).
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", "Unsupported media type";
}

impl SpineCode {
    /// The code of that spelling; the prose's `ACCESS_DENIED` and `NO_ORGANISATION_CONSENT` are understood as well.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "ACCESS_DENIED" => Some(Self::AccessDenied),
            "NO_ORGANISATION_CONSENT" => Some(Self::NoOrganisationalConsent),
            _ => Self::ALL.into_iter().find(|code| code.code() == text),
        }
    }

    /// The code of a coding whose system is the code system or the value set that examples put there (OO-05).
    #[must_use]
    pub fn of_coding(system: &str, code: &str) -> Option<Self> {
        [systems::SPINE_CODES, systems::SPINE_CODES_VALUE_SET].contains(&system).then(|| Self::parse(code)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: ERR-D07, ERR-D08, OO-05
    #[test]
    fn the_code_systems_spelling_is_emitted_and_the_proses_understood() {
        assert_eq!(SpineCode::AccessDenied.code(), "ACCESS DENIED");
        assert_eq!(SpineCode::parse("ACCESS_DENIED"), Some(SpineCode::AccessDenied));
        assert_eq!(SpineCode::parse("NO_ORGANISATION_CONSENT"), Some(SpineCode::NoOrganisationalConsent));
        assert_eq!(SpineCode::parse("access denied"), None);
        for code in SpineCode::ALL {
            assert_eq!(SpineCode::parse(code.code()), Some(code));
            assert_eq!(SpineCode::of_coding(systems::SPINE_CODES_VALUE_SET, code.code()), Some(code));
            assert_eq!(SpineCode::of_coding(systems::ISSUE_TYPES, code.code()), None);
        }
    }

    // covers: ERR-01, ERR-06, ERR-D06, ERR-10 to ERR-53
    #[test]
    fn the_list_equals_the_published_code_system() {
        assert_eq!(SpineCode::ALL.len(), 44);
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../shared/fhir-stu3/terminology/CodeSystem-Spine-ErrorOrWarningCode-1.json"
        );
        let Ok(text) = std::fs::read_to_string(path) else {
            println!("the published code system is absent: not compared");
            return;
        };
        let published: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(published["url"], systems::SPINE_CODES);
        let mut theirs: Vec<(&str, &str)> = published["concept"]
            .as_array()
            .unwrap()
            .iter()
            .map(|concept| (concept["code"].as_str().unwrap(), concept["display"].as_str().unwrap()))
            .collect();
        let mut ours: Vec<(&str, &str)> = SpineCode::ALL.iter().map(|code| (code.code(), code.display())).collect();
        theirs.sort_unstable();
        ours.sort_unstable();
        assert_eq!(ours, theirs);
    }
}

//! The URLs that name things on the wire, each spelled once (`booking-api.md` section 0, REG-14, X-09).

/// Identifier system of an NHS number, and the only one that is emitted.
pub const NHS_NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number";
/// Every spelling of the NHS number's system that is accepted on input (REG-14, X-09, JWT-49).
pub const NHS_NUMBER_ALIASES: [&str; 5] = [
    NHS_NUMBER,
    "https://demographics.spineservices.nhs.uk",
    "https://demographics.spineservices.nhs.uk/",
    "http://fhir.nhs.net/Id/nhs-number",
    "https://fhir.nhs.net/Id/nhs-number",
];
/// Identifier system of an organisation's ODS code.
pub const ODS_ORGANISATION: &str = "https://fhir.nhs.uk/Id/ods-organization-code";
/// The older spelling of [`ODS_ORGANISATION`] that tokens may still hold (JWT-68).
pub const ODS_ORGANISATION_OLD: &str = "http://fhir.nhs.net/Id/ods-organization-code";
/// Identifier system of a site's ODS code.
pub const ODS_SITE: &str = "https://fhir.nhs.uk/Id/ods-site-code";
/// Identifier system of a smartcard user (JW2-12).
pub const SDS_USER: &str = "https://fhir.nhs.uk/Id/sds-user-id";
/// Identifier system of a smartcard role profile (JW2-12, SLT-26).
pub const SDS_ROLE_PROFILE: &str = "https://fhir.nhs.uk/Id/sds-role-profile-id";
/// System of an ASID inside a Spine Core token (JWT-46).
pub const ACCREDITED_SYSTEM: &str = "https://fhir.nhs.uk/Id/accredited-system";
/// Identifier system of a UUID.
pub const UUID: &str = "https://tools.ietf.org/html/rfc4122";
/// Identifier system of a pointer to the Provider's copy of an Appointment (REG-05).
pub const URL_POINTER: &str = "urn:ietf:rfc:3986";
/// Code system of the Spine codes, as the profile fixes it (ERR-01, X-26).
pub const SPINE_CODES: &str = "https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1";
/// The value set whose URL published examples put in a coding's system; accepted on input, never emitted (OO-05).
pub const SPINE_CODES_VALUE_SET: &str = "https://fhir.nhs.uk/STU3/ValueSet/Spine-ErrorOrWarningCode-1";
/// Code system of FHIR's issue types, used in the coding of a Slot that is taken (BOOK-10).
pub const ISSUE_TYPES: &str = "http://hl7.org/fhir/issue-type";
/// The OperationOutcome profile that is claimed when a Spine code is present (ERR-05).
pub const SPINE_OPERATION_OUTCOME: &str = "https://fhir.nhs.uk/STU3/StructureDefinition/Spine-OperationOutcome-1";

/// Whether `system` is one of the spellings that mean "NHS number" (REG-14).
#[must_use]
pub fn is_nhs_number(system: &str) -> bool {
    NHS_NUMBER_ALIASES.contains(&system)
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: REG-14, X-09
    #[test]
    fn every_published_spelling_of_the_nhs_number_system_is_known() {
        for alias in NHS_NUMBER_ALIASES {
            assert!(is_nhs_number(alias), "{alias}");
        }
        assert!(!is_nhs_number("https://fhir.nhs.uk/Id/local-patient-identifier"));
    }
}

//! The rules of the lint as a table: id, requirement, severity, what the rule asks, and what to do where it is broken.

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It may be meant; somebody should look.
    Warning,
    /// Calls to or from this system will be refused, or go to the wrong place.
    Error,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name; it stays the same for ever.
    pub id: &'static str,
    /// The requirement that it comes from.
    pub requirement: &'static str,
    /// How bad it is when it is broken.
    pub severity: Severity,
    /// What it asks for.
    pub asks: &'static str,
    /// What to do where it is broken.
    pub cure: &'static str,
}

use Severity::{Error, Warning};

macro_rules! rules {
    ($($name:ident: $id:literal, $requirement:literal, $severity:ident, $asks:literal, $cure:literal;)*) => {
        $(pub(super) static $name: Rule =
            Rule { id: $id, requirement: $requirement, severity: $severity, asks: $asks, cure: $cure };)*

        /// Every rule.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    UNREADABLE: "unreadable", "SDS-62", Error,
        "an nhsAs has an ASID, and both records have ODS code, party key and Interaction IDs in their own form",
        "give the attribute that is named a value of that form";
    MISPLACED: "misplaced", "SDS-05", Error,
        "both records stand directly below ou=Services,o=nhs, where every look-up starts",
        "name the entry uniqueIdentifier=ID,ou=Services,o=nhs";
    MISNAMED: "misnamed", "SDS-62", Error,
        "the uniqueIdentifier in an entry's name is the one among its attributes",
        "make the two the same";
    ASID_TWICE: "asid-twice", "SDS-65", Error,
        "an ASID belongs to one system of one organisation",
        "give each system an ASID of its own";
    PARTY_KEY_SHARED: "party-key-shared", "SDS-65", Error,
        "a system has a party key of its own: one nhsAs to one set of nhsMhs records",
        "give each system a party key of its own, on its nhsAs and on all of its nhsMhs records";
    RECORD_ALONE: "record-alone", "SDS-65", Error,
        "the party key of an nhsMhs is that of an nhsAs",
        "register the nhsAs of this party key too, or remove the nhsMhs";
    NO_CERTIFICATE_NAME: "no-certificate-name", "SSP-47", Error,
        "an nhsMhs of the system's party key names the FQDN of its certificate",
        "add an nhsMhs of this party key with nhsMhsFQDN; the proxy refuses a sender without one";
    ORGANISATIONS_DIFFER: "organisations-differ", "SDS-65", Error,
        "the nhsAs and the nhsMhs records of a party key have the same nhsIDCode",
        "give all of them the ODS code of the organisation that the system belongs to";
    NOT_ON_SYSTEM: "not-on-system", "SDS-65", Error,
        "a Provider has its Interaction IDs on both: each nhsMhsSvcIA is an nhsAsSvcIA of its system too",
        "add the Interaction ID to nhsAsSvcIA";
    NOT_ANSWERED: "not-answered", "SDS-65", Warning,
        "a Provider has its Interaction IDs on both; what it only uses belongs to a Consumer, which is a system of its own",
        "add an nhsMhs for the Interaction ID, or register a second system for what is only used";
    TWO_PROVIDERS: "two-providers", "SDS-65", Warning,
        "an organisation has at most one Provider system for an interaction",
        "leave one of them, or see that every caller knows the ASID: a look-up by ODS code cannot tell them apart";
    CENTRAL_ASID: "central-asid", "SDS-65", Warning,
        "an ASID of the central Spine services is not used again for FHIR endpoints",
        "register a system of its own, with a new ASID, for the FHIR interactions";
    URL_ORGANISATION: "url-organisation", "SDS-65", Error,
        "the ODS code in the path of a GP Connect endpoint is the nhsIDCode of its records",
        "put the organisation's ODS code into the endpoint, or correct nhsIDCode";
    NO_ENDPOINT: "no-endpoint", "SDS-44", Error,
        "an nhsMhs of a FHIR interaction has an nhsMHSEndPoint; nothing is ever sent to the FQDN instead",
        "add nhsMHSEndPoint with the service root";
    ENDPOINT_FORM: "endpoint-form", "FIND-11", Error,
        "an endpoint is a service root: an https address with a host and without user, query, fragment or spaces",
        "write it as https://HOST[:PORT]/PATH, without the interaction";
    ENDPOINTS_DIFFER: "endpoints-differ", "SDS-43", Error,
        "all nhsMhs records of one party key and interaction name the same endpoint",
        "leave the one record that is right; a Consumer refuses to choose";
    RECORD_TWICE: "record-twice", "FIND-11", Warning,
        "there is one nhsMhs for a party key and interaction",
        "remove the others";
    HOST_DIFFERS: "host-differs", "SDS-42", Warning,
        "nhsMhsFQDN is the host of the endpoint, by which one of several systems is told from the others",
        "write the endpoint's host into nhsMhsFQDN, unless the certificate has another name";
    ASID_ON_RECORD: "asid-on-record", "SDS-19", Warning,
        "the uniqueIdentifier of an nhsMhs does not look like an ASID, by which a look-up would find it too",
        "give the nhsMhs its CPA id, such as S918999198999";
    UNKNOWN_ATTRIBUTE: "unknown-attribute", "SDS-10", Warning,
        "every attribute is one that the schema has for the entry's class; others are kept but never found",
        "see how the attribute is spelled";
    MISSING_ATTRIBUTE: "missing-attribute", "SDS-62", Warning,
        "an entry has the attributes that its class demands",
        "add the attribute; another directory would not take the entry without it";
    SEVERAL_VALUES: "several-values", "SDS-18", Warning,
        "an attribute that has one value in the schema has one in the entry",
        "make one entry of each value; another directory would not take this one";
    HALVES_DIFFER: "halves-differ", "FIND-10", Warning,
        "nhsMHsSN, a colon and nhsMHsIN are nhsMhsSvcIA",
        "write the two halves of nhsMhsSvcIA there";
    ODS_CASE: "ods-case", "SDS-11", Warning,
        "ODS codes stand in upper case: they are compared with their case, and callers ask in upper case",
        "write it in upper case";
    DATE_FORM: "date-form", "FIND-08", Warning,
        "dates are written as YYYYMMDDhhmmss",
        "write the fourteen digits";
}

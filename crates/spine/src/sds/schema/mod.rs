//! The schema of the directory as a table: attributes with their equality rules, and the two classes of systems (SDS-10,
//! SDS-11, SDS-13, SDS-62, section 2.3 of the Spine catalogue). No attribute has a substring or an ordering rule.

mod text;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use text::for_openldap;
pub(in crate::sds) use text::{attribute_type, matching_rules, object_class, syntaxes};

/// How two values of an attribute are compared for equality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Equality {
    /// `caseExactMatch`.
    Exact,
    /// `caseIgnoreMatch`, and `objectIdentifierMatch` for class names.
    Ignore,
}

/// One attribute type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributeType {
    /// The name as the schema spells it.
    pub name: &'static str,
    /// The object identifier.
    pub oid: &'static str,
    /// The equality rule; an attribute without one cannot be searched by value (SDS-13).
    pub equality: Option<Equality>,
    /// Whether an entry may hold one value only.
    pub single_valued: bool,
    /// Whether it is returned only when asked for by name or with `+`.
    pub operational: bool,
}

/// The place of an attribute type in [`ATTRIBUTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttributeId(u8);

impl AttributeId {
    /// The attribute type of this name or OID, in any case (SDS-10). Options such as `;lang-en` are no part of a name.
    #[must_use]
    pub fn of(name_or_oid: &str) -> Option<Self> {
        static BY_NAME: LazyLock<HashMap<String, AttributeId>> = LazyLock::new(|| {
            let indexed = ATTRIBUTES.iter().zip(0..).map(|(attribute, index)| (attribute, AttributeId(index)));
            indexed.flat_map(|(row, id)| [(row.name.to_ascii_lowercase(), id), (row.oid.to_owned(), id)]).collect()
        });
        BY_NAME.get(&name_or_oid.to_ascii_lowercase()).copied()
    }

    /// What the schema says about it.
    #[must_use]
    pub fn row(self) -> &'static AttributeType {
        &ATTRIBUTES[usize::from(self.0)]
    }
}

const fn many(name: &'static str, oid: &'static str, equality: Equality) -> AttributeType {
    AttributeType { name, oid, equality: Some(equality), single_valued: false, operational: false }
}

const fn one(name: &'static str, oid: &'static str, equality: Option<Equality>) -> AttributeType {
    AttributeType { name, oid, equality, single_valued: true, operational: false }
}

const fn operational(name: &'static str, oid: &'static str) -> AttributeType {
    AttributeType { name, oid, equality: None, single_valued: false, operational: true }
}

use Equality::{Exact, Ignore};

/// Every attribute type. `nhsMhsManufacturerOrg` has an OID of our own until the real one is confirmed (SDS-62).
pub static ATTRIBUTES: [AttributeType; 56] = [
    many("objectClass", "2.5.4.0", Ignore),
    many("o", "2.5.4.10", Ignore),
    many("ou", "2.5.4.11", Ignore),
    many("cn", "2.5.4.3", Ignore),
    many("description", "2.5.4.13", Ignore),
    many("uid", "0.9.2342.19200300.100.1.1", Ignore),
    many("uniqueIdentifier", "0.9.2342.19200300.100.1.44", Ignore),
    one("nhsIDCode", "1.2.826.0.1285.0.1.10", Some(Exact)),
    one("nhsMHSPartyKey", concat!("1.2.826.0.1285.0.2.1.", "82"), Some(Ignore)),
    many("nhsMHSEndPoint", concat!("1.2.826.0.1285.0.2.1.", "84"), Exact),
    one("nhsMHSServiceDescription", concat!("1.2.826.0.1285.0.2.1.", "85"), None),
    one("nhsMHSIsAuthenticated", concat!("1.2.826.0.1285.0.2.1.", "86"), None),
    one("nhsMHSPersistDuration", concat!("1.2.826.0.1285.0.2.1.", "87"), None),
    one("nhsMHSRetries", concat!("1.2.826.0.1285.0.2.1.", "88"), None),
    one("nhsMHSRetryInterval", concat!("1.2.826.0.1285.0.2.1.", "89"), None),
    one("nhsMHSSyncReplyMode", concat!("1.2.826.0.1285.0.2.1.", "90"), None),
    one("nhsMHSAckRequested", concat!("1.2.826.0.1285.0.2.1.", "91"), None),
    one("nhsMHSDuplicateElimination", concat!("1.2.826.0.1285.0.2.1.", "92"), None),
    many("nhsMHSActor", concat!("1.2.826.0.1285.0.2.1.", "93"), Exact),
    many("nhsAsACF", concat!("1.2.826.0.1285.0.2.1.", "121"), Exact),
    many("nhsAsSvcIA", concat!("1.2.826.0.1285.0.2.1.", "122"), Exact),
    one("nhsMhsSvcIA", concat!("1.2.826.0.1285.0.2.1.", "123"), Some(Exact)),
    one("nhsMhsCPAId", concat!("1.2.826.0.1285.0.2.1.", "124"), Some(Exact)),
    one("nhsMHsSN", concat!("1.2.826.0.1285.0.2.1.", "126"), None),
    one("nhsMHsIN", concat!("1.2.826.0.1285.0.2.1.", "127"), None),
    one("nhsProductName", concat!("1.2.826.0.1285.0.2.1.", "157"), Some(Ignore)),
    one("nhsProductVersion", concat!("1.2.826.0.1285.0.2.1.", "158"), Some(Ignore)),
    many("nhsAsClient", concat!("1.2.826.0.1285.0.2.1.", "175"), Ignore),
    many("nhsAsCategoryBag", concat!("1.2.826.0.1285.0.2.1.", "176"), Ignore),
    one("nhsRequestorURP", concat!("1.2.826.0.1285.0.2.1.", "214"), None),
    one("nhsDateRequested", concat!("1.2.826.0.1285.0.2.1.", "215"), None),
    one("nhsApproverURP", concat!("1.2.826.0.1285.0.2.1.", "216"), None),
    one("nhsDateApproved", concat!("1.2.826.0.1285.0.2.1.", "217"), None),
    one("nhsDNSApprover", concat!("1.2.826.0.1285.0.2.1.", "218"), None),
    one("nhsDateDNSApproved", concat!("1.2.826.0.1285.0.2.1.", "219"), None),
    one("nhsProductKey", concat!("1.2.826.0.1285.0.2.1.", "220"), None),
    one("nhsEPInteractionType", concat!("1.2.826.0.1285.0.2.1.", "222"), None),
    one("nhsContractPropertyTemplateKey", concat!("1.2.826.0.1285.0.2.1.", "223"), None),
    one("nhsMhsFQDN", concat!("1.2.826.0.1285.0.2.1.", "224"), None),
    one("nhsMhsIPAddress", concat!("1.2.826.0.1285.0.2.1.", "225"), None),
    one("nhsMhsNetwork", concat!("1.2.826.0.1285.0.2.1.", "226"), None),
    one("nhsMhsSinCode", concat!("1.2.826.0.1285.0.2.1.", "227"), None),
    one("nhsMhsManufacturerOrg", "2.25.147695789110687521731563800079070350865", Some(Ignore)),
    operational("structuralObjectClass", "2.5.21.9"),
    operational("entryDN", "1.3.6.1.1.20"),
    operational("subschemaSubentry", "2.5.18.10"),
    operational("namingContexts", "1.3.6.1.4.1.1466.101.120.5"),
    operational("supportedControl", "1.3.6.1.4.1.1466.101.120.13"),
    operational("supportedExtension", "1.3.6.1.4.1.1466.101.120.7"),
    operational("supportedFeatures", "1.3.6.1.4.1.4203.1.3.5"),
    operational("supportedLDAPVersion", "1.3.6.1.4.1.1466.101.120.15"),
    operational("vendorName", "1.3.6.1.1.4"),
    operational("attributeTypes", "2.5.21.5"),
    operational("objectClasses", "2.5.21.6"),
    operational("matchingRules", "2.5.21.4"),
    operational("ldapSyntaxes", "1.3.6.1.4.1.1466.101.120.16"),
];

/// One object class of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectClass {
    /// The name as the schema spells it.
    pub name: &'static str,
    /// The object identifier.
    pub oid: &'static str,
    /// The attributes that an entry of the class must hold, beside `objectClass`.
    pub must: &'static [&'static str],
    /// The attributes that it may hold.
    pub may: &'static [&'static str],
}

/// The class of an accredited system.
pub const NHS_AS: ObjectClass = ObjectClass {
    name: "nhsAs",
    oid: "1.2.826.0.1285.0.2.0.107",
    must: &[
        "uniqueIdentifier",
        "nhsIDCode",
        "nhsMHSPartyKey",
        "nhsAsSvcIA",
        "nhsRequestorURP",
        "nhsDateRequested",
        "nhsApproverURP",
        "nhsDateApproved",
    ],
    may: &[
        "nhsAsClient",
        "nhsAsACF",
        "nhsAsCategoryBag",
        "nhsProductKey",
        "nhsProductName",
        "nhsProductVersion",
        "nhsMhsManufacturerOrg",
        "description",
    ],
};

/// The class of a message handling record.
pub const NHS_MHS: ObjectClass = ObjectClass {
    name: "nhsMhs",
    oid: "1.2.826.0.1285.0.2.0.108",
    must: &[
        "uniqueIdentifier",
        "nhsIDCode",
        "nhsMHSPartyKey",
        "nhsMhsSvcIA",
        "nhsMHsSN",
        "nhsMHsIN",
        "nhsMHSEndPoint",
        "nhsMhsFQDN",
        "nhsMhsCPAId",
        "nhsEPInteractionType",
        "nhsMHSIsAuthenticated",
        "nhsProductKey",
        "nhsContractPropertyTemplateKey",
        "nhsRequestorURP",
        "nhsDateRequested",
        "nhsApproverURP",
        "nhsDateApproved",
        "nhsDNSApprover",
        "nhsDateDNSApproved",
    ],
    may: &[
        "nhsMHSSyncReplyMode",
        "nhsMHSAckRequested",
        "nhsMHSDuplicateElimination",
        "nhsMHSRetries",
        "nhsMHSRetryInterval",
        "nhsMHSPersistDuration",
        "nhsMHSActor",
        "nhsMHSServiceDescription",
        "nhsMhsIPAddress",
        "nhsMhsNetwork",
        "nhsMhsSinCode",
        "nhsProductName",
        "nhsProductVersion",
        "nhsMhsManufacturerOrg",
        "description",
    ],
};

/// The classes that a filter or an entry may name; those of people and organisations are not modelled.
pub static CLASSES: [ObjectClass; 5] = [
    ObjectClass { name: "top", oid: "2.5.6.0", must: &[], may: &[] },
    ObjectClass { name: "organization", oid: "2.5.6.4", must: &["o"], may: &["description"] },
    ObjectClass { name: "organizationalUnit", oid: "2.5.6.5", must: &["ou"], may: &["description"] },
    NHS_AS,
    NHS_MHS,
];

/// The class of that name or OID, in any case.
#[must_use]
pub fn class(name_or_oid: &str) -> Option<&'static ObjectClass> {
    CLASSES.iter().find(|class| class.name.eq_ignore_ascii_case(name_or_oid) || class.oid == name_or_oid)
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: SDS-10, FIND-06
    #[test]
    fn a_name_is_found_in_any_spelling_of_its_case_and_by_its_oid() {
        for name in ["nhsMHSPartyKey", "nhsMhsPartyKey", "NHSMHSPARTYKEY", "1.2.826.0.1285.0.2.1.82"] {
            assert_eq!(AttributeId::of(name).map(|id| id.row().name), Some("nhsMHSPartyKey"));
        }
        assert_eq!(AttributeId::of("nhsaASvcIA"), None, "SDS-15: another name, even without its case");
        assert_eq!(class("NHSAS").map(|class| class.name), Some("nhsAs"));
        assert_eq!(class("1.2.826.0.1285.0.2.0.108").map(|class| class.name), Some("nhsMhs"));
    }

    #[test]
    fn names_and_oids_are_unique_and_the_classes_name_known_attributes() {
        for (index, row) in ATTRIBUTES.iter().enumerate() {
            assert_eq!(AttributeId::of(row.name), AttributeId::of(row.oid));
            assert_eq!(AttributeId::of(row.name).map(|id| usize::from(id.0)), Some(index), "{}", row.name);
        }
        for class in &CLASSES {
            for name in class.must.iter().chain(class.may) {
                assert_eq!(AttributeId::of(name).map(|id| id.row().name), Some(*name), "{}", class.name);
            }
        }
    }

    // covers: SDS-11, SDS-13
    #[test]
    fn the_equality_rules_are_those_of_the_captured_schema() {
        let rule = |name: &str| AttributeId::of(name).and_then(|id| id.row().equality);
        for name in ["nhsIDCode", "nhsMhsSvcIA", "nhsAsSvcIA", "nhsMHSEndPoint", "nhsMhsCPAId"] {
            assert_eq!(rule(name), Some(Exact), "{name}");
        }
        for name in ["nhsMHSPartyKey", "uniqueIdentifier", "objectClass", "nhsAsClient"] {
            assert_eq!(rule(name), Some(Ignore), "{name}");
        }
        for name in ["nhsMhsFQDN", "nhsMHsSN", "nhsProductKey", "nhsEPInteractionType"] {
            assert_eq!(rule(name), None, "{name}");
        }
    }
}

//! The two entries that every LDAP server has beside its tree: the root DSE and the subschema (SDS-04, SDS-60, SDS-62).

use super::WHO_AM_I;
use super::control::PAGED_RESULTS;
use crate::sds::ROOT;
use crate::sds::dn::Dn;
use crate::sds::entry::Entry;
use crate::sds::schema::{ATTRIBUTES, AttributeType, CLASSES, Equality, ObjectClass};

/// The name of the subschema entry.
pub(super) const SUBSCHEMA: &str = "cn=Subschema";

/// The feature "all operational attributes by +" (RFC 3673).
const ALL_OPERATIONAL: &str = "1.3.6.1.4.1.4203.1.5.1";

/// What the server says about itself under the empty name.
pub(super) fn root_dse() -> Entry {
    Entry::new(Dn::empty())
        .with("objectClass", "top")
        .with("namingContexts", ROOT)
        .with("subschemaSubentry", SUBSCHEMA)
        .with("supportedLDAPVersion", "3")
        .with("supportedControl", PAGED_RESULTS)
        .with("supportedExtension", String::from_utf8_lossy(WHO_AM_I))
        .with("supportedFeatures", ALL_OPERATIONAL)
        .with("vendorName", "CareSlot")
}

/// The schema in the form that tools read (RFC 4512 section 4.2).
pub(super) fn subschema() -> Entry {
    let dn = Dn::parse(SUBSCHEMA).unwrap_or_else(|_| Dn::empty());
    let mut entry = Entry::new(dn).with("objectClass", "top").with("objectClass", "subschema").with("cn", "Subschema");
    ATTRIBUTES.iter().for_each(|attribute| entry.add("attributeTypes", attribute_description(attribute)));
    CLASSES.iter().for_each(|class| entry.add("objectClasses", class_description(class)));
    entry
}

fn attribute_description(attribute: &AttributeType) -> String {
    let equality = match (attribute.name, attribute.equality) {
        ("objectClass", _) => " EQUALITY objectIdentifierMatch",
        (_, Some(Equality::Exact)) => " EQUALITY caseExactMatch",
        (_, Some(Equality::Ignore)) => " EQUALITY caseIgnoreMatch",
        (_, None) => "",
    };
    let syntax = if attribute.name == "objectClass" { "38" } else { "15" };
    let single = if attribute.single_valued { " SINGLE-VALUE" } else { "" };
    let usage = if attribute.operational { " NO-USER-MODIFICATION USAGE directoryOperation" } else { "" };
    format!(
        "( {} NAME '{}'{equality} SYNTAX 1.3.6.1.4.1.1466.115.121.1.{syntax}{single}{usage} )",
        attribute.oid, attribute.name
    )
}

fn class_description(class: &ObjectClass) -> String {
    let kind = if class.name == "top" { "ABSTRACT" } else { "SUP top STRUCTURAL" };
    let list = |word: &str, names: &[&str]| match names {
        [] => String::new(),
        [name] => format!(" {word} {name}"),
        names => format!(" {word} ( {} )", names.join(" $ ")),
    };
    let must = if class.name == "top" { " MUST objectClass".to_owned() } else { list("MUST", class.must) };
    format!("( {} NAME '{}' {kind}{must}{} )", class.oid, class.name, list("MAY", class.may))
}

//! The two entries that every LDAP server has beside its tree: the root DSE and the subschema (SDS-04, SDS-60, SDS-62).

use super::WHO_AM_I;
use super::control::PAGED_RESULTS;
use crate::sds::ROOT;
use crate::sds::dn::Dn;
use crate::sds::entry::Entry;
use crate::sds::schema::{self, ATTRIBUTES, CLASSES};

/// The name of the subschema entry.
pub(super) const SUBSCHEMA: &str = "cn=Subschema";

/// The features "all operational attributes by +" (RFC 3673), "the attributes of a class by @" (RFC 4529) and "`(&)` is true and
/// `(|)` is false" (RFC 4526).
const FEATURES: [&str; 3] = ["1.3.6.1.4.1.4203.1.5.1", "1.3.6.1.4.1.4203.1.5.2", "1.3.6.1.4.1.4203.1.5.3"];

/// What the server says about itself under the empty name.
pub(super) fn root_dse() -> Entry {
    let root = Entry::new(Dn::empty())
        .with("objectClass", "top")
        .with("namingContexts", ROOT)
        .with("subschemaSubentry", SUBSCHEMA)
        .with("supportedLDAPVersion", "3")
        .with("supportedControl", PAGED_RESULTS)
        .with("supportedExtension", String::from_utf8_lossy(WHO_AM_I))
        .with("vendorName", "CareSlot");
    FEATURES.into_iter().fold(root, |root, feature| root.with("supportedFeatures", feature))
}

/// The schema in the form that tools read (RFC 4512 section 4.2).
pub(super) fn subschema() -> Entry {
    let dn = Dn::parse(SUBSCHEMA).unwrap_or_else(|_| Dn::empty());
    let classes = ["top", "subentry", "subschema", "extensibleObject"];
    let mut entry = classes.into_iter().fold(Entry::new(dn), |entry, class| entry.with("objectClass", class));
    entry.add("cn", "Subschema");
    ATTRIBUTES.iter().for_each(|attribute| entry.add("attributeTypes", schema::attribute_type(attribute)));
    CLASSES.iter().for_each(|class| entry.add("objectClasses", schema::object_class(class)));
    schema::matching_rules().for_each(|rule| entry.add("matchingRules", rule));
    schema::syntaxes().for_each(|syntax| entry.add("ldapSyntaxes", syntax));
    entry
}

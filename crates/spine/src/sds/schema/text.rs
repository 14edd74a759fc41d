//! The schema as directories write it: for the subschema entry (RFC 4512 section 4.2), and for OpenLDAP's configuration (SDS-62).

use super::{ATTRIBUTES, AttributeType, CLASSES, Equality, ObjectClass};

/// The syntaxes that the attributes have, by the last number of their OIDs.
const SYNTAXES: [(&str, &str); 6] = [
    ("12", "DN"),
    ("15", "Directory String"),
    ("27", "INTEGER"),
    ("3", "Attribute Type Description"),
    ("37", "Object Class Description"),
    ("38", "OID"),
];
/// The matching rules that they have: OID, name, syntax.
const MATCHING_RULES: [(&str, &str, &str); 4] = [
    ("2.5.13.0", "objectIdentifierMatch", "38"),
    ("2.5.13.1", "distinguishedNameMatch", "12"),
    ("2.5.13.2", "caseIgnoreMatch", "15"),
    ("2.5.13.5", "caseExactMatch", "15"),
];
/// The attributes that are not like the others: syntax, rule, whether a value is one alone, and the usage.
const UNLIKE: [(&str, &str, &str, bool, &str); 14] = [
    ("objectClass", "38", "objectIdentifierMatch", false, ""),
    ("structuralObjectClass", "38", "objectIdentifierMatch", true, DIRECTORY),
    ("entryDN", "12", "distinguishedNameMatch", true, DIRECTORY),
    ("subschemaSubentry", "12", "distinguishedNameMatch", true, DIRECTORY),
    ("namingContexts", "12", "", false, SERVER),
    ("supportedControl", "38", "", false, SERVER),
    ("supportedExtension", "38", "", false, SERVER),
    ("supportedFeatures", "38", "objectIdentifierMatch", false, SERVER),
    ("supportedLDAPVersion", "27", "", false, SERVER),
    ("vendorName", "15", "caseExactMatch", true, SERVER),
    ("attributeTypes", "3", "", false, DIRECTORY),
    ("objectClasses", "37", "", false, DIRECTORY),
    ("matchingRules", "15", "", false, DIRECTORY),
    ("ldapSyntaxes", "15", "", false, DIRECTORY),
];
const DIRECTORY: &str = "directoryOperation";
const SERVER: &str = "dSAOperation";
/// What OpenLDAP has in a schema of its own.
const OF_OPENLDAP: [&str; 6] = ["objectClass", "o", "ou", "cn", "description", "uid"];
const SYNTAX_ARC: &str = "1.3.6.1.4.1.1466.115.121.1";

/// One attribute type.
pub(in crate::sds) fn attribute_type(attribute: &AttributeType) -> String {
    let rule = match attribute.equality {
        Some(Equality::Exact) => "caseExactMatch",
        Some(Equality::Ignore) => "caseIgnoreMatch",
        None => "",
    };
    let usual = (attribute.name, "15", rule, attribute.single_valued, "");
    let (name, syntax, rule, single, usage) =
        UNLIKE.iter().find(|(name, ..)| *name == attribute.name).copied().unwrap_or(usual);
    let equality = if rule.is_empty() { String::new() } else { format!(" EQUALITY {rule}") };
    let single = if single { " SINGLE-VALUE" } else { "" };
    let usage = if usage.is_empty() { String::new() } else { format!(" NO-USER-MODIFICATION USAGE {usage}") };
    format!("( {} NAME '{name}'{equality} SYNTAX {SYNTAX_ARC}.{syntax}{single}{usage} )", attribute.oid)
}

/// One object class.
pub(in crate::sds) fn object_class(class: &ObjectClass) -> String {
    let list = |word: &str, names: &[&str]| match names {
        [] => String::new(),
        [name] => format!(" {word} {name}"),
        names => format!(" {word} ( {} )", names.join(" $ ")),
    };
    let (kind, must) = match class.name {
        "top" => ("ABSTRACT", " MUST objectClass".to_owned()),
        _ => ("SUP top STRUCTURAL", list("MUST", class.must)),
    };
    format!("( {} NAME '{}' {kind}{must}{} )", class.oid, class.name, list("MAY", class.may))
}

/// The syntaxes.
pub(in crate::sds) fn syntaxes() -> impl Iterator<Item = String> {
    SYNTAXES.iter().map(|(number, name)| format!("( {SYNTAX_ARC}.{number} DESC '{name}' )"))
}

/// The matching rules.
pub(in crate::sds) fn matching_rules() -> impl Iterator<Item = String> {
    MATCHING_RULES.iter().map(|(oid, name, syntax)| format!("( {oid} NAME '{name}' SYNTAX {SYNTAX_ARC}.{syntax} )"))
}

/// The national attributes and classes as a schema file of OpenLDAP, which has the others in its `core.schema`; one line for
/// each.
#[must_use]
pub fn for_openldap() -> String {
    let ours = ATTRIBUTES.iter().filter(|row| !row.operational && !OF_OPENLDAP.contains(&row.name));
    let attributes = ours.map(|row| format!("attributetype {}\n", attribute_type(row)));
    let classes = CLASSES.iter().filter(|class| class.name.starts_with("nhs"));
    attributes.chain(classes.map(|class| format!("objectclass {}\n", object_class(class)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: SDS-62
    #[test]
    fn openldap_gets_one_line_for_each_national_attribute_and_class() {
        let text = for_openldap();
        let expected = "attributetype ( 1.2.826.0.1285.0.2.1.123 NAME 'nhsMhsSvcIA' EQUALITY caseExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )\n";
        assert!(text.contains(expected), "{text}");
        assert!(text.contains(
            "objectclass ( 1.2.826.0.1285.0.2.0.107 NAME 'nhsAs' SUP top STRUCTURAL MUST ( uniqueIdentifier $"
        ));
        assert_eq!(text.lines().count(), text.matches("1.2.826.0.1285.0.").count() + 2, "two have other OIDs");
        assert!(!text.contains("SUBSTR") && !text.contains("ORDERING"), "SDS-14");
    }

    #[test]
    fn what_is_unlike_the_others_is_an_attribute_with_a_syntax_and_a_rule_that_are_told() {
        for (name, syntax, rule, ..) in UNLIKE {
            assert!(ATTRIBUTES.iter().any(|row| row.name == name), "{name}");
            assert!(SYNTAXES.iter().any(|(number, _)| *number == syntax), "{name}");
            assert!(rule.is_empty() || MATCHING_RULES.iter().any(|(_, known, _)| *known == rule), "{name}");
        }
        let operational = ATTRIBUTES.iter().filter(|row| row.operational);
        assert_eq!(operational.count(), UNLIKE.len() - 1, "every operational attribute has its own line");
    }
}

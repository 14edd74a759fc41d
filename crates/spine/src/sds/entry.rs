//! An entry of the directory: its name and its attributes, whose names are found in any case (SDS-10).

use super::dn::Dn;
use super::schema::AttributeId;

/// An attribute with its values, in the order they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The name, in the schema's spelling where the schema knows it.
    pub name: String,
    /// The values; never empty.
    pub values: Vec<String>,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    dn: Dn,
    attributes: Vec<Attribute>,
}

impl Entry {
    /// An entry without attributes.
    #[must_use]
    pub fn new(dn: Dn) -> Self {
        Self { dn, attributes: Vec::new() }
    }

    /// The same entry with one value more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.add(name, value);
        self
    }

    /// Adds a value; values of one name are gathered whatever its case.
    pub fn add(&mut self, name: &str, value: impl Into<String>) {
        let name = AttributeId::of(name).map_or(name, |id| id.row().name);
        match self.attributes.iter_mut().find(|attribute| attribute.name.eq_ignore_ascii_case(name)) {
            Some(attribute) => attribute.values.push(value.into()),
            None => self.attributes.push(Attribute { name: name.to_owned(), values: vec![value.into()] }),
        }
    }

    /// The entry's name.
    #[must_use]
    pub fn dn(&self) -> &Dn {
        &self.dn
    }

    /// The attributes in the order in which they were first named.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The values of an attribute, whatever the case of its name; none when it is absent.
    #[must_use]
    pub fn values(&self, name: &str) -> &[String] {
        self.attributes
            .iter()
            .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
            .map_or(&[], |attribute| attribute.values.as_slice())
    }

    /// The first value of an attribute that is more than spaces (SDS-44).
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&str> {
        self.values(name).iter().map(String::as_str).find(|value| !value.trim().is_empty())
    }

    /// Whether the entry lists an object class, whatever its case.
    #[must_use]
    pub fn is_a(&self, class: &str) -> bool {
        self.values("objectClass").iter().any(|listed| listed.eq_ignore_ascii_case(class))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: SDS-10, FIND-06
    #[test]
    fn an_attribute_is_one_whatever_the_case_of_its_name() {
        let entry = Entry::new(Dn::parse("o=nhs").unwrap())
            .with("objectclass", "nhsAS")
            .with("nhsMhsPartyKey", "A91342-9199203")
            .with("x-unknown", "1")
            .with("X-Unknown", "2");
        assert_eq!(entry.first("nhsmhspartykey"), Some("A91342-9199203"));
        assert_eq!(entry.attributes()[1].name, "nhsMHSPartyKey");
        assert_eq!(entry.values("X-UNKNOWN"), ["1", "2"]);
        assert!(entry.is_a("nhsAs"));
        assert_eq!(entry.first("nhsMHSEndPoint"), None);
    }
}

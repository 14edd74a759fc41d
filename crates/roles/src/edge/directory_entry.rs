//! An entry of the directory in the form in which a store keeps it, and back again. Everyone who writes or reads the
//! directory's store goes through here, so that one name has one key.

use spine::sds::{Dn, Entry};
use store::DirectoryEntry;

/// The form in which an entry is kept. Its key is the normal form of its name, in which equal names are equal (SDS-08).
#[must_use]
pub fn to_keep(entry: &Entry) -> DirectoryEntry {
    let rows = entry.attributes().iter().flat_map(|attribute| {
        attribute.values.iter().map(|value| (attribute.name.clone(), value.clone().into_bytes()))
    });
    DirectoryEntry { key: key_of(entry.dn()), dn: entry.dn().as_str().to_owned(), attributes: rows.collect() }
}

/// The key under which an entry of this name is kept.
#[must_use]
pub fn key_of(dn: &Dn) -> String {
    dn.normal()
}

/// An entry out of its kept form.
///
/// # Errors
/// What cannot be read, in a sentence; the store then holds something that was not written through [`to_keep`].
pub fn as_kept(kept: &DirectoryEntry) -> Result<Entry, String> {
    let dn =
        Dn::parse(&kept.dn).map_err(|fault| format!("the name of a kept directory entry cannot be read: {fault}"))?;
    let mut entry = Entry::new(dn);
    for (name, value) in &kept.attributes {
        let value = std::str::from_utf8(value).map_err(|_| format!("{}: a value of {name} is not UTF-8", kept.dn))?;
        entry.add(name, value);
    }
    Ok(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: SDS-08, SDS-10
    #[test]
    fn an_entry_comes_back_as_it_was_kept_and_one_name_has_one_key() {
        let dn = |text| Dn::parse(text).expect("a name");
        let entry = Entry::new(dn("uniqueIdentifier=918999199203, OU=services,o=nhs"))
            .with("objectClass", "nhsAs")
            .with("nhsAsSvcIA", "urn:one")
            .with("nhsAsSvcIA", "urn:two");
        let kept = to_keep(&entry);
        assert_eq!(as_kept(&kept), Ok(entry));
        assert_eq!(kept.attributes.len(), 3);
        assert_eq!(kept.key, key_of(&dn("uniqueidentifier=918999199203,ou=Services,o=NHS")));
    }

    #[test]
    fn what_was_not_written_here_is_told_and_not_guessed() {
        let kept = |dn: &str, value: &[u8]| DirectoryEntry {
            key: String::new(),
            dn: dn.to_owned(),
            attributes: vec![("description".to_owned(), value.to_vec())],
        };
        assert!(as_kept(&kept("no name at all", b"x")).is_err());
        assert!(as_kept(&kept("o=nhs", b"\xff")).is_err());
    }
}

//! The directory: entries in memory, found by name and by the equality indexes that its look-ups use (SDS-05, SDS-08,
//! SDS-61). A copy is cheap enough for whoever serves it to replace the whole at each change.

use super::ROOT;
use super::dn::Dn;
use super::entry::Entry;
use super::filter::{Candidate, Compiled, Truth};
use super::matching::normal;
use super::schema::{AttributeId, Equality};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// How far below its base a search looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The base itself.
    Base,
    /// What stands directly below it.
    One,
    /// The base and everything below it.
    Subtree,
}

/// The base of a search does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no entry of this name; the nearest above it is \"{matched}\"")]
pub struct NoSuchObject {
    /// The name of the nearest entry above it, empty when there is none.
    pub matched: String,
}

/// An entry of this name is already there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the directory already has an entry {0}")]
pub struct AlreadyThere(pub String);

/// The entries of one directory.
#[derive(Debug, Clone)]
pub struct Directory {
    /// In the order of adding; a removed entry leaves a gap.
    slots: Vec<Option<Arc<Indexed>>>,
    by_name: HashMap<String, usize>,
    index: HashMap<(AttributeId, String), Vec<usize>>,
}

/// An entry with the normal forms of its values.
#[derive(Debug)]
struct Indexed {
    entry: Entry,
    normal: Vec<(AttributeId, Vec<String>)>,
}

/// The gaps that are left alone before the directory is built anew.
const MOST_GAPS: usize = 1024;

/// The attributes that every entry has without being told.
pub(super) const OF_EVERY_ENTRY: [&str; 3] = ["structuralObjectClass", "entryDN", "subschemaSubentry"];

/// The attributes that are indexed (SDS-61).
static INDEXED: LazyLock<Vec<AttributeId>> = LazyLock::new(|| {
    let names = [
        "objectClass",
        "uniqueIdentifier",
        "nhsIDCode",
        "nhsMHSPartyKey",
        "nhsAsSvcIA",
        "nhsMhsSvcIA",
        "nhsMhsManufacturerOrg",
        "nhsMhsCPAId",
    ];
    names.into_iter().filter_map(AttributeId::of).collect()
});

impl Default for Directory {
    fn default() -> Self {
        Self::new()
    }
}

impl Directory {
    /// A directory with the tree that systems stand in and nothing else.
    #[must_use]
    pub fn new() -> Self {
        let mut directory = Self::empty();
        let root = Dn::parse(ROOT).map(|dn| (dn, "organization", "o", "nhs"));
        let units = ["Organisations", "People", "Services", "ReferenceData", "ChangeLog"];
        let units =
            units.map(|unit| Dn::parse(&format!("ou={unit},{ROOT}")).map(|dn| (dn, "organizationalUnit", "ou", unit)));
        for (dn, class, name, value) in std::iter::once(root).chain(units).flatten() {
            directory.put(Entry::new(dn).with("objectClass", "top").with("objectClass", class).with(name, value));
        }
        directory
    }

    /// A directory without any entry, not even the tree.
    #[must_use]
    pub fn empty() -> Self {
        Self { slots: Vec::new(), by_name: HashMap::new(), index: HashMap::new() }
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// An entry of this name is there already.
    pub fn insert(&mut self, entry: Entry) -> Result<(), AlreadyThere> {
        if self.by_name.contains_key(&entry.dn().normal()) {
            return Err(AlreadyThere(entry.dn().to_string()));
        }
        self.put(entry);
        Ok(())
    }

    /// Adds an entry, in the place of one of the same name if there is one.
    pub fn put(&mut self, entry: Entry) {
        let name = entry.dn().normal();
        self.remove(entry.dn());
        let place = self.slots.len();
        let indexed = Indexed { normal: normal_values(&entry), entry };
        for key in index_keys(&indexed) {
            self.index.entry(key).or_default().push(place);
        }
        self.slots.push(Some(Arc::new(indexed)));
        self.by_name.insert(name, place);
        if self.slots.len() > 2 * self.by_name.len() + MOST_GAPS {
            self.close_gaps();
        }
    }

    /// Builds the directory anew without the gaps that removed entries left.
    fn close_gaps(&mut self) {
        let mut compact = Self::empty();
        for indexed in self.slots.iter().flatten() {
            for key in index_keys(indexed) {
                compact.index.entry(key).or_default().push(compact.slots.len());
            }
            compact.by_name.insert(indexed.entry.dn().normal(), compact.slots.len());
            compact.slots.push(Some(Arc::clone(indexed)));
        }
        *self = compact;
    }

    /// Removes an entry; gives it back if it was there.
    pub fn remove(&mut self, dn: &Dn) -> Option<Entry> {
        let place = self.by_name.remove(&dn.normal())?;
        let indexed = self.slots.get_mut(place)?.take()?;
        for key in index_keys(&indexed) {
            if let Some(places) = self.index.get_mut(&key) {
                places.retain(|other| *other != place);
                if places.is_empty() {
                    self.index.remove(&key);
                }
            }
        }
        Some(indexed.entry.clone())
    }

    /// The entry of that name.
    #[must_use]
    pub fn get(&self, dn: &Dn) -> Option<&Entry> {
        let place = *self.by_name.get(&dn.normal())?;
        self.at(place).map(|indexed| &indexed.entry)
    }

    /// Every entry, in the order of adding.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.slots.iter().flatten().map(|indexed| &indexed.entry)
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether there is no entry at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// The entries that a search finds, in the order of adding.
    ///
    /// # Errors
    /// The base does not exist (SDS-41).
    pub fn search<'a>(
        &'a self,
        base: &'a Dn,
        scope: Scope,
        filter: &'a Compiled,
    ) -> Result<impl Iterator<Item = &'a Entry>, NoSuchObject> {
        self.search_while(base, scope, filter, || true)
    }

    /// The same, as long as `go_on` says so: it is asked before each entry that is looked at.
    ///
    /// # Errors
    /// The base does not exist (SDS-41).
    pub fn search_while<'a>(
        &'a self,
        base: &'a Dn,
        scope: Scope,
        filter: &'a Compiled,
        mut go_on: impl FnMut() -> bool + 'a,
    ) -> Result<impl Iterator<Item = &'a Entry>, NoSuchObject> {
        let Some(base_place) = self.by_name.get(&base.normal()) else {
            return Err(NoSuchObject { matched: self.nearest_above(base) });
        };
        let places: Box<dyn Iterator<Item = usize> + 'a> = match (scope, self.candidates(filter)) {
            (Scope::Base, _) => Box::new(std::iter::once(*base_place)),
            (_, Some(places)) => Box::new(places.iter().copied()),
            (_, None) => Box::new(0..self.slots.len()),
        };
        let in_scope = move |entry: &Entry| match scope {
            Scope::Base => true,
            Scope::One => entry.dn().is_child_of(base),
            Scope::Subtree => entry.dn().is_within(base),
        };
        Ok(places
            .take_while(move |_| go_on())
            .filter_map(|place| self.at(place))
            .filter(move |indexed| in_scope(&indexed.entry) && filter.judge(*indexed) == Truth::True)
            .map(|indexed| &indexed.entry))
    }

    fn at(&self, place: usize) -> Option<&Indexed> {
        self.slots.get(place)?.as_deref()
    }

    fn nearest_above(&self, dn: &Dn) -> String {
        let above = dn.normal_ancestors().find_map(|name| self.by_name.get(&name));
        above.and_then(|place| self.at(*place)).map(|indexed| indexed.entry.dn().to_string()).unwrap_or_default()
    }

    /// The shortest list of entries among which every match must be; `None` when only looking at all will do.
    fn candidates(&self, filter: &Compiled) -> Option<&[usize]> {
        match filter {
            Compiled::Equal(attribute, value) if INDEXED.contains(attribute) => {
                Some(self.index.get(&(*attribute, value.clone())).map_or(&[], Vec::as_slice))
            }
            Compiled::And(filters) => {
                filters.iter().filter_map(|part| self.candidates(part)).min_by_key(|places| places.len())
            }
            Compiled::Always(Truth::False | Truth::Undefined) => Some(&[]),
            _ => None,
        }
    }
}

impl Candidate for Indexed {
    fn has(&self, attribute: AttributeId, normal_value: &str) -> bool {
        let values = self.normal.iter().find(|(held, _)| *held == attribute);
        values.is_some_and(|(_, values)| values.iter().any(|value| value == normal_value))
    }

    fn holds(&self, attribute: AttributeId) -> bool {
        let name = attribute.row().name;
        OF_EVERY_ENTRY.contains(&name) || !self.entry.values(name).is_empty()
    }
}

/// The normal forms of the values that can be compared; every class is a `top` as well.
fn normal_values(entry: &Entry) -> Vec<(AttributeId, Vec<String>)> {
    let mut all = Vec::new();
    for attribute in entry.attributes() {
        let Some((id, rule)) = AttributeId::of(&attribute.name).and_then(|id| Some((id, id.row().equality?))) else {
            continue;
        };
        let mut values: Vec<String> = attribute.values.iter().map(|value| normal(value, rule)).collect();
        if attribute.name == "objectClass" && !values.iter().any(|value| value == "top") {
            values.push(normal("top", Equality::Ignore));
        }
        all.push((id, values));
    }
    all
}

fn index_keys(indexed: &Indexed) -> impl Iterator<Item = (AttributeId, String)> + '_ {
    let attributes = indexed.normal.iter().filter(|(id, _)| INDEXED.contains(id));
    attributes.flat_map(|(id, values)| {
        let mut distinct: Vec<&String> = values.iter().collect();
        distinct.sort_unstable();
        distinct.dedup();
        distinct.into_iter().map(|value| (*id, value.clone()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::SERVICES;
    use super::super::filter::Filter;
    use super::*;

    fn dn(text: &str) -> Dn {
        Dn::parse(text).unwrap()
    }

    fn system(asid: &str, ods: &str) -> Entry {
        Entry::new(dn(&format!("uniqueIdentifier={asid},{SERVICES}")))
            .with("objectClass", "nhsAs")
            .with("uniqueIdentifier", asid)
            .with("nhsIDCode", ods)
            .with("nhsMhsFQDN", "A.nhs.uk")
    }

    fn directory() -> Directory {
        let mut directory = Directory::new();
        for (asid, ods) in [("918999199203", "A91342"), ("918999198999", "A91545"), ("118111118111", "A91545")] {
            directory.insert(system(asid, ods)).unwrap();
        }
        directory
    }

    fn found(directory: &Directory, base: &str, scope: Scope, filter: &str) -> Vec<String> {
        let filter = Filter::parse(filter).unwrap().compile();
        let base = dn(base);
        let entries = directory.search(&base, scope, &filter).unwrap();
        entries.map(|entry| entry.values("uniqueIdentifier").join("")).collect()
    }

    // covers: SDS-05, SDS-08, SDS-40, FIND-01, FIND-05
    #[test]
    fn a_search_finds_what_is_in_its_scope() {
        let directory = directory();
        let by_ods = "(nhsIDCode=A91545)";
        assert_eq!(found(&directory, "ou=services, o=nhs", Scope::Subtree, by_ods), ["918999198999", "118111118111"]);
        assert_eq!(found(&directory, "OU=Services,O=NHS", Scope::One, by_ods).len(), 2);
        assert_eq!(found(&directory, "o=nhs", Scope::One, by_ods), [""; 0]);
        assert_eq!(found(&directory, "o=nhs", Scope::Base, "(o=NHS)").len(), 1);
        let base = "uniqueIdentifier=918999199203,ou=Services,o=nhs";
        assert_eq!(found(&directory, base, Scope::Base, "(objectClass=*)"), ["918999199203"]);
        assert_eq!(found(&directory, base, Scope::Subtree, "(objectClass=nhsMhs)"), [""; 0]);
        assert_eq!(found(&directory, "o=nhs", Scope::Subtree, "(nhsMhsFQDN=a.nhs.uk)"), [""; 0]);
        assert_eq!(found(&directory, "o=nhs", Scope::Subtree, "(&(objectClass=top)(nhsMhsFQDN=*))").len(), 3);
        assert_eq!(found(&directory, "o=nhs", Scope::Subtree, "(!(nhsIDCode=A91545))").len(), 7);
    }

    // covers: SDS-41
    #[test]
    fn an_unknown_base_names_the_nearest_entry_above_it() {
        let directory = directory();
        let filter = Filter::any().compile();
        let matched =
            |base: &str| directory.search(&dn(base), Scope::Subtree, &filter).err().map(|fault| fault.matched);
        assert_eq!(matched("uniqueIdentifier=1,ou=services,o=nhs").as_deref(), Some("ou=Services,o=nhs"));
        assert_eq!(matched("a=b,c=d,o=nhs").as_deref(), Some("o=nhs"));
        assert_eq!(matched("o=other").as_deref(), Some(""));
    }

    // covers: SDS-60, SDS-61
    #[test]
    fn entries_can_be_replaced_and_removed_and_the_indexes_follow() {
        let mut directory = directory();
        assert!(directory.insert(system("918999199203", "B1")).is_err());
        directory.put(system("918999199203", "B1"));
        assert_eq!(found(&directory, "o=nhs", Scope::Subtree, "(nhsIDCode=A91342)"), [""; 0]);
        assert_eq!(found(&directory, "o=nhs", Scope::Subtree, "(nhsIDCode=B1)"), ["918999199203"]);
        let name = dn("uniqueIdentifier=918999199203,ou=services,o=nhs");
        assert!(directory.remove(&name).is_some() && directory.remove(&name).is_none());
        assert_eq!((directory.get(&name), directory.len()), (None, 8));
        for round in 0..3 * MOST_GAPS {
            directory.put(system("918999199203", &format!("B{round}")));
        }
        assert!(directory.slots.len() <= 2 * directory.len() + MOST_GAPS + 1);
        assert_eq!(found(&directory, "o=nhs", Scope::Subtree, "(nhsIDCode=B3071)"), ["918999199203"]);
        assert_eq!(found(&directory, "o=nhs", Scope::Subtree, "(nhsIDCode=A91545)").len(), 2);
    }
}

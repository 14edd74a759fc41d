//! The directory beside OpenLDAP's slapd with the same schema and entries: the same searches to each, the same entries and
//! result codes from both. Where they differ, `docs/reference/directory.md` lists and explains it.

mod differences;
mod searches;
#[expect(dead_code, reason = "shared with the bench, which uses more of it")]
pub(crate) mod server;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use ldap3::controls::{Control, ControlType, PagedResults, RawControl};
use ldap3::{Ldap, LdapConnAsync, ResultEntry, SearchEntry, SearchOptions};
use roles::edge::directory_entry::to_keep;
use roles::edge::listen::Door;
use roles::sds::{self, LiveDirectory, Settings};
use spine::sds::{Directory, Dn, Entry, ldif};
use store::{DirectoryEntries, Store};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use searches::{Ask, asks, names_and_pages};
use server::Slapd;

/// Entries of every kind that a search may meet: see the comments in the file.
const ENTRIES: &str = include_str!("entries.ldif");

/// What came of a search: result code, matched name, and entries by name with their attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Came {
    code: u32,
    matched: String,
    entries: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// Both servers with the same entries, and a connection to each.
struct Both {
    ours: Ldap,
    theirs: Ldap,
    stop: CancellationToken,
    _slapd: Slapd,
    _folder: tempfile::TempDir,
}

impl Drop for Both {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Both {
    async fn start() -> Self {
        let entries = ldif::read(ENTRIES).expect("the entries are LDIF");
        let tree = Directory::new();
        let slapd = Slapd::start(tree.entries().chain(&entries)).expect("slapd runs");
        let folder = tempfile::tempdir().expect("a folder");
        let (stop, address) = ours(folder.path(), &entries).await;
        let (ours, theirs) = (connected(address).await, connected(slapd.address).await);
        Self { ours, theirs, stop, _slapd: slapd, _folder: folder }
    }

    async fn ask(&mut self, ask: &Ask) -> (Came, Came) {
        (searched(&mut self.ours, ask).await, searched(&mut self.theirs, ask).await)
    }
}

async fn ours(folder: &std::path::Path, entries: &[Entry]) -> (CancellationToken, SocketAddr) {
    let store = Store::open_sqlite(&folder.join("sds.db"), "sds-test").await.expect("a database");
    store.keep_entries(entries.iter().map(to_keep).collect(), super::sds::audit()).await.expect("kept");
    let recorder = super::sds::recorder(&store);
    let directory = LiveDirectory::open(Arc::new(store)).await.expect("a directory");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let stop = CancellationToken::new();
    let listeners = vec![(listener, Door::Plain)];
    tokio::spawn(sds::run(listeners, Arc::new(directory), recorder, Settings::default(), stop.clone()));
    (stop, address)
}

async fn connected(address: SocketAddr) -> Ldap {
    let (connection, ldap) = LdapConnAsync::new(&format!("ldap://{address}")).await.expect("connected");
    ldap3::drive!(connection);
    ldap
}

async fn searched(ldap: &mut Ldap, ask: &Ask) -> Came {
    let options = SearchOptions::new().typesonly(ask.types_only).sizelimit(ask.size_limit).timelimit(ask.time_limit);
    ldap.with_search_options(options);
    if let Some(critical) = ask.unknown_control {
        ldap.with_controls(vec![RawControl { ctype: "1.2.3.4.5".to_owned(), crit: critical, val: None }]);
    }
    let found = ldap.search(&ask.base, ask.scope, &ask.filter, ask.attributes.clone()).await;
    let ldap3::SearchResult(entries, result) = found.unwrap_or_else(|fault| panic!("{ask:?}: {fault}"));
    Came { code: result.rc, matched: result.matched, entries: entries.into_iter().map(read).collect() }
}

/// An entry with its values in order, since a set of values has none, under the normal form of its name: a comma in a name
/// may be escaped in two ways.
fn read(entry: ResultEntry) -> (String, BTreeMap<String, Vec<String>>) {
    let entry = SearchEntry::construct(entry);
    let sorted = |(name, mut values): (String, Vec<String>)| {
        values.sort_unstable();
        (name, values)
    };
    let name = Dn::parse(&entry.dn).expect("a name").normal();
    (name, entry.attrs.into_iter().map(sorted).collect())
}

// covers: SDS-04, SDS-05, SDS-08, SDS-10, SDS-11, SDS-12, SDS-13, SDS-14, SDS-15, SDS-19, SDS-40, SDS-41, SDS-46, SDS-60, SDS-62
#[tokio::test(flavor = "multi_thread")]
async fn slapd_finds_the_same_entries_and_gives_the_same_result_codes() {
    let mut both = Both::start().await;
    let asks = asks();
    assert!(asks.len() >= 300, "{} searches", asks.len());
    let mut seen = differences::Seen::default();
    for ask in &asks {
        let (ours, theirs) = both.ask(ask).await;
        seen.compare(ask, &ours, &theirs);
    }
    assert!(
        seen.unexplained.is_empty(),
        "{} of {}:\n{}",
        seen.unexplained.len(),
        asks.len(),
        seen.unexplained.join("\n")
    );
    assert_eq!(seen.never_met(), [""; 0], "what is listed as a difference is one");
}

#[test]
fn every_difference_is_explained_in_the_reference() {
    let page = include_str!("../../../../../docs/reference/directory.md");
    for name in differences::names().chain(["writes", "root-dse"]) {
        assert!(page.contains(&format!("| `{name}` |")), "{name}");
    }
}

// covers: SDS-60
#[tokio::test(flavor = "multi_thread")]
async fn pages_of_both_hold_the_same_entries_together() {
    let mut both = Both::start().await;
    for (filter, size) in names_and_pages() {
        let ours = paged(&mut both.ours, filter, size).await;
        let theirs = paged(&mut both.theirs, filter, size).await;
        assert_eq!(ours, theirs, "{filter} in pages of {size}");
    }
}

/// The names of all entries, sorted, and the lengths of the pages.
async fn paged(ldap: &mut Ldap, filter: &str, size: i32) -> (Vec<String>, Vec<usize>) {
    let (mut names, mut lengths, mut cookie) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        ldap.with_controls(RawControl::from(PagedResults { size, cookie }));
        let found = ldap.search("o=nhs", ldap3::Scope::Subtree, filter, vec!["1.1"]).await.expect("answered");
        let ldap3::SearchResult(entries, result) = found;
        assert_eq!(result.rc, 0, "{filter}");
        lengths.push(entries.len());
        names.extend(entries.into_iter().map(|entry| read(entry).0));
        let next = result.ctrls.iter().find_map(|Control(kind, raw)| {
            matches!(kind, Some(ControlType::PagedResults)).then(|| raw.parse::<PagedResults>().cookie)
        });
        cookie = next.expect("the control is answered");
        if cookie.is_empty() {
            names.sort_unstable();
            return (names, lengths);
        }
    }
}

// covers: SDS-01, SDS-02, SDS-11, SDS-13, SDS-60
#[tokio::test(flavor = "multi_thread")]
async fn binds_comparisons_extensions_and_writes_end_with_the_same_codes() {
    let mut both = Both::start().await;
    let entry = "uniqueIdentifier=S91899919899900,ou=Services,o=nhs";
    for (name, value, expected) in [
        ("nhsMHSPartyKey", "a91545-9198999", 6),
        ("nhsMHSPartyKey", " A91545-9198999 ", 6),
        ("nhsIDCode", "a91545", 5),
        ("nhsAsClient", "A91545", 16),
        ("nhsMhsFQDN", "provider.test", 18),
        ("nhsUnknown", "x", 17),
    ] {
        let ours = both.ours.compare(entry, name, value).await.expect("answered").0.rc;
        let theirs = both.theirs.compare(entry, name, value).await.expect("answered").0.rc;
        assert_eq!((ours, theirs), (expected, expected), "{name}={value}");
    }
    for (name, password) in [("", ""), ("cn=admin,o=nhs", "wrong")] {
        let ours = both.ours.simple_bind(name, password).await.expect("answered").rc;
        assert_eq!(ours, both.theirs.simple_bind(name, password).await.expect("answered").rc, "{name:?}");
    }
    for extension in ["1.3.6.1.4.1.1466.20037", "1.3.6.1.4.1.4203.1.11.3", "1.2.3.4"] {
        let exop = || ldap3::exop::Exop { name: Some(extension.to_owned()), val: None };
        let ours = both.ours.extended(exop()).await.expect("answered").1;
        let theirs = both.theirs.extended(exop()).await.expect("answered").1;
        assert_eq!(ours.rc, theirs.rc, "{extension}: {} / {}", ours.text, theirs.text);
    }
    // The difference "writes": slapd asks who it is before it looks at what is wanted.
    let (ours, theirs) = (both.ours.delete(entry).await, both.theirs.delete(entry).await);
    assert_eq!((ours.expect("answered").rc, theirs.expect("answered").rc), (53, 8));
}

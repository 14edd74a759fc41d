//! The proxy over the directory role itself, with its store, its listener and its matching rules.

use std::fmt::Write as _;

use http::Request;
use roles::edge::directory_entry::to_keep;
use roles::sds::{self, LiveDirectory};
use spine::sds::ldif;
use store::{DirectoryEntries, Store};
use tower::ServiceExt as _;

use super::*;

/// A directory role in a folder of its own.
pub(super) struct OtherDirectory(tempfile::TempDir);

impl OtherDirectory {
    /// Serves the entries until the world stops.
    pub(super) async fn start(&self, entries: Vec<Attributes>, stop: CancellationToken) -> SocketAddr {
        let store = Store::open_sqlite(&self.0.path().join("sds.db"), "ssp-test").await.unwrap();
        let entries = ldif::read(&as_ldif(&entries)).unwrap();
        let record = AuditRecord { at: 0, trace_id: String::new(), requirement: "SDS-63".to_owned(), body: Vec::new() };
        store.keep_entries(entries.iter().map(to_keep).collect(), record).await.unwrap();
        let recorder = crate::sds::recorder(&store);
        let directory = Arc::new(LiveDirectory::open(Arc::new(store)).await.unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(sds::run(vec![(listener, Door::Plain)], directory, recorder, sds::Settings::default(), stop));
        address
    }
}

fn as_ldif(entries: &[Attributes]) -> String {
    let mut text = String::new();
    for entry in entries {
        let (_, id) = entry.iter().find(|(name, _)| *name == "uniqueIdentifier").unwrap();
        writeln!(text, "dn: uniqueIdentifier={},ou=Services,o=nhs", id[0]).unwrap();
        for (name, value) in entry.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value))) {
            writeln!(text, "{name}: {value}").unwrap();
        }
        text.push('\n');
    }
    text
}

// covers: SDS-21, SDS-24, SDS-29, SDS-30, SSP-42, SSP-43, SSP-44, SSP-45, SSP-47
#[tokio::test]
async fn who_may_call_whom_is_found_in_the_directory_role() {
    let folder = OtherDirectory(tempfile::tempdir().unwrap());
    let mut world = World::before(Settings::default(), None, Some(&folder)).await;
    assert_eq!(world.send(&world.search()).await.status, 200, "Consumer.TEST is the certificate's consumer.test");
    world.seen().await;
    let other = world.nhs.client("other.test").identity();
    let refused = [
        (world.search().with("Ssp-From", "999999999999"), world.consumer(), "SSP-42"),
        (world.search(), Some(other), "SSP-43"),
        (world.search().with("Ssp-InteractionID", NOT_SENT), world.consumer(), "SSP-44"),
        (world.search().with("Ssp-InteractionID", &SEARCH.to_uppercase()), world.consumer(), "SSP-44"),
        (world.search().with("Ssp-To", "999999999999"), world.consumer(), "SSP-45"),
        (world.search().with("Ssp-InteractionID", NOT_RECEIVED), world.consumer(), "SSP-45"),
    ];
    for (call, identity, check) in refused {
        let heard = world.send_as(identity, &call).await;
        assert_eq!(heard.status, 403, "{heard:?}");
        assert!(heard.diagnostics().ends_with(&format!("[{check}]")), "{heard:?}");
    }
    world.nothing_was_sent();
    assert_eq!(world.directory.searches(), 0, "the small directory of the other tests was not asked");
}

async fn operation(world: &World, verb: &str, path: &str) -> u16 {
    let request = Request::builder().method(verb).uri(path).body(String::new()).unwrap();
    world.proxy.operations().oneshot(request).await.unwrap().status().as_u16()
}

// covers: SDS-53, SSP-102
#[tokio::test]
async fn a_purge_makes_a_change_of_the_directory_bite_at_once() {
    let world = World::new().await;
    assert_eq!(world.send(&world.search()).await.status, 200);
    world.directory.change(|entries| {
        entries.iter_mut().flatten().filter(|(name, _)| *name == "nhsAsSvcIA").for_each(|(_, values)| values.clear());
    });
    assert_eq!(world.send(&world.search()).await.status, 200, "the answer from before is kept for a minute");
    assert_eq!(operation(&world, "POST", "/sds-cache/purge").await, 204);
    assert_eq!(world.send(&world.search()).await.status, 403);
}

// covers: SSP-102
#[tokio::test]
async fn the_operations_listener_says_whether_the_directory_answers() {
    let world = World::new().await;
    assert_eq!(operation(&world, "GET", "/_ping").await, 200);
    assert_eq!(operation(&world, "GET", "/_status").await, 200);
    world.directory.stop();
    assert_eq!(operation(&world, "GET", "/_ping").await, 200);
    assert_eq!(operation(&world, "GET", "/_status").await, 503);
}

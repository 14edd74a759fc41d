//! Opening: a new place, an old one, a newer one, someone else's, and one that cannot be used.

use std::os::unix::fs::PermissionsExt;

use store::testing::TestPostgres;
use store::{Appointments, Diary, SlotQuery, Store, StoreError};

use crate::place::{Place, on_both_databases};
use crate::sample::{book, booking, loaded};

async fn try_open(place: &Place) -> Result<Store, StoreError> {
    match place {
        Place::Sqlite(_) => Store::open_sqlite(&place.file(), "again").await,
        Place::Postgres { server, schema } => {
            Store::open_postgres(&server.url(), schema, Some(server.password()), "again").await
        }
    }
}

on_both_databases! {
    #[tokio::test]
    async fn a_database_of_a_later_careslot_is_refused(place: Place) {
        place.open().await.closed().await;
        place.tamper("insert into migration (number) values (1000)").await;
        let refused = try_open(&place).await.map(drop).unwrap_err();
        assert!(matches!(refused, StoreError::NewerDatabase { found: 1000, .. }), "{refused}");
    }

    #[tokio::test]
    async fn opening_again_changes_nothing(place: Place) {
        let store = loaded(place.open().await).await;
        book(&store, "a1", "s1-000").await;
        let again = place.open().await;
        again.ready().await.unwrap();
        assert!(again.appointment("a1").await.unwrap().is_some());
        assert_eq!(again.free_slots(&SlotQuery { limit: 1, ..SlotQuery::default() }).await.unwrap().total, 30);
    }

    #[tokio::test]
    async fn many_processes_may_open_a_new_place_at_once(place: Place) {
        let place = std::sync::Arc::new(place);
        let opening: Vec<_> = (0..8)
            .map(|_| {
                let place = std::sync::Arc::clone(&place);
                // A thread for each: opening a file waits for the disk.
                tokio::task::spawn_blocking(move || tokio::runtime::Handle::current().block_on(place.open()))
            })
            .collect();
        for opened in opening {
            opened.await.unwrap().ready().await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_store_that_is_closed_says_so(place: Place) {
        let store = loaded(place.open().await).await;
        let other = store.clone();
        let closing = tokio::spawn(store.closed());
        // The other clone still works, and its end is what the closing one waits for.
        book(&other, "a1", "s1-000").await;
        assert!(!closing.is_finished());
        drop(other);
        closing.await.unwrap();
    }
}

#[tokio::test]
async fn a_file_of_something_else_is_refused_and_left_alone() {
    let folder = tempfile::TempDir::new().unwrap();
    let text = folder.path().join("letter.txt");
    let letter = "Dear all, this is not a database, however long it may be. ".repeat(100);
    std::fs::write(&text, &letter).unwrap();
    let refused = Store::open_sqlite(&text, "p").await.map(drop).unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt(_)), "{refused}");
    assert_eq!(std::fs::read_to_string(&text).unwrap(), letter);

    let other = folder.path().join("other.db");
    let connection = rusqlite::Connection::open(&other).unwrap();
    connection.execute_batch("create table recipe (name text)").unwrap();
    let refused = Store::open_sqlite(&other, "p").await.map(drop).unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt(_)), "{refused}");

    let nowhere = folder.path().join("no/such/folder/store.db");
    let refused = Store::open_sqlite(&nowhere, "p").await.map(drop).unwrap_err();
    assert!(matches!(&refused, StoreError::Misconfigured(why) if why.contains("no/such/folder")), "{refused}");
}

#[tokio::test]
async fn only_its_owner_reads_the_file() {
    let place = Place::sqlite();
    let store = loaded(place.open().await).await;
    book(&store, "a1", "s1-000").await;
    let files = std::fs::read_dir(place.file().parent().unwrap()).unwrap();
    let mut seen = 0;
    for file in files {
        assert_eq!(file.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        seen += 1;
    }
    assert_eq!(seen, 3, "the database, its log and the log's index");
}

#[tokio::test]
async fn a_locked_file_acknowledges_nothing() {
    let place = Place::sqlite();
    let store = loaded(place.open().await).await;
    let other = rusqlite::Connection::open(place.file()).unwrap();
    other.execute_batch("begin immediate").unwrap();
    let refused = store.book(booking("a1", "s1-000")).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    assert!(store.appointment("a1").await.unwrap().is_none(), "reading goes on");
    other.execute_batch("rollback").unwrap();
    book(&store, "a1", "s1-000").await;
}

#[tokio::test]
async fn what_cannot_be_reached_is_refused_with_the_reason() {
    let server = TestPostgres::shared();
    let open = async |url: &str, schema: &str, password: Option<&str>| {
        Store::open_postgres(url, schema, password, "p").await.map(drop).unwrap_err()
    };
    let url = server.url();
    let inside = url.replace("careslot@", "careslot:secret@");
    let refused = open(&inside, "provider", None).await;
    assert!(matches!(&refused, StoreError::Misconfigured(why) if why.contains("password_file")), "{refused}");
    assert!(!refused.to_string().contains("secret"));
    assert!(matches!(open("postgres://[", "provider", None).await, StoreError::Misconfigured(_)));
    for schema in ["", "Provider", "a;drop", "a\"b"] {
        assert!(matches!(open(&url, schema, None).await, StoreError::Misconfigured(_)), "{schema}");
    }
    let refused = open(&url, "provider", Some("wrong")).await;
    assert!(matches!(&refused, StoreError::Misconfigured(why) if why.contains("28P01")), "{refused}");
    let refused = open("postgres://careslot@127.0.0.1:1/careslot", "provider", Some("x")).await;
    assert!(matches!(&refused, StoreError::Unavailable(why) if why.contains("refused")), "{refused}");
    for process in ["", "a b", "a\"b"] {
        let refused = Store::open_postgres(&url, "provider", None, process).await.map(drop).unwrap_err();
        assert!(matches!(refused, StoreError::Misconfigured(_)), "{process}");
    }
}

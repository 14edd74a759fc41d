//! Token clients, the directory, the outbox and the settings.

use store::{
    Audit, DirectoryEntries, DirectoryEntry, HashedSecret, Outbox, OutboxItem, Settings, TokenClient, TokenClients,
};

use crate::place::{Place, on_both_databases};
use crate::sample::record;

fn secret(id: &str, created_at: i64) -> HashedSecret {
    HashedSecret { id: id.to_owned(), hash: format!("hash of {id}"), created_at, expires_at: None }
}

fn client(client_id: &str) -> TokenClient {
    TokenClient {
        client_id: client_id.to_owned(),
        name: format!("{client_id} limited"),
        secrets: vec![secret("first", 1)],
        groups: vec!["read:slot".to_owned(), "create:appointment".to_owned()],
        enabled: true,
    }
}

fn entry(key: &str, value: &str) -> DirectoryEntry {
    let attribute = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    DirectoryEntry {
        key: key.to_owned(),
        dn: key.to_uppercase(),
        attributes: vec![
            attribute("objectClass", "nhsAs"),
            attribute("nhsAsSvcIA", value),
            attribute("nhsAsSvcIA", "two"),
        ],
    }
}

fn message(id: &str, subject: &str, due_at: i64) -> OutboxItem {
    OutboxItem {
        id: id.to_owned(),
        subject: subject.to_owned(),
        content: b"register this".to_vec(),
        created_at: 1,
        attempts: 0,
        due_at,
        last_failure: String::new(),
    }
}

fn ids(items: &[OutboxItem]) -> Vec<&str> {
    items.iter().map(|item| item.id.as_str()).collect()
}

on_both_databases! {
    #[tokio::test]
    async fn a_token_client_has_several_secrets_while_one_is_replaced(place: Place) {
        let store = place.open().await;
        store.keep_token_client(client("one"), record("one")).await.unwrap();
        store.keep_token_client(client("two"), record("two")).await.unwrap();
        assert_eq!(store.token_client("one").await.unwrap(), Some(client("one")));
        let second = HashedSecret { expires_at: Some(99), ..secret("second", 2) };
        assert!(store.add_secret("one", second.clone(), None, record("add")).await.unwrap());
        assert!(!store.add_secret("three", second.clone(), None, record("add")).await.unwrap());
        let both = store.token_client("one").await.unwrap().unwrap().secrets;
        assert_eq!(both, [secret("first", 1), second.clone()]);
        let third = secret("third", 3);
        assert!(store.add_secret("one", third.clone(), Some(100), record("rotate")).await.unwrap());
        let first = HashedSecret { expires_at: Some(100), ..secret("first", 1) };
        let kept = store.token_client("one").await.unwrap().unwrap().secrets;
        assert_eq!(kept, [first, second.clone(), third.clone()], "one that ends earlier anyway stays as it is");
        assert!(store.revoke_secret("one", "third", record("revoke")).await.unwrap());
        assert!(store.revoke_secret("one", "first", record("revoke")).await.unwrap());
        assert!(!store.revoke_secret("one", "first", record("revoke")).await.unwrap());
        assert_eq!(store.token_client("one").await.unwrap().unwrap().secrets, [second]);
        let off = TokenClient { enabled: false, groups: vec![], ..client("one") };
        store.keep_token_client(off.clone(), record("off")).await.unwrap();
        assert_eq!(store.token_clients().await.unwrap(), [off, client("two")]);
        assert!(store.remove_token_client("one", record("remove")).await.unwrap());
        assert!(!store.remove_token_client("one", record("remove")).await.unwrap());
        assert_eq!(store.token_client("one").await.unwrap(), None);
        // Eight changes and the record that opens the chain; what changed nothing left no record.
        let found = store.verify().await.unwrap();
        assert_eq!((found.chains[0].sequence, found.faults), (9, vec![]));
    }

    // covers: SDS-53
    #[tokio::test]
    async fn a_reader_of_the_directory_learns_what_changed(place: Place) {
        let store = place.open().await;
        let mut counter = store.directory_counter();
        store.keep_entries(vec![entry("uniqueidentifier=2", "one"), entry("uniqueidentifier=1", "one")], record("add")).await.unwrap();
        assert!(counter.has_changed().unwrap());
        let all = store.directory_changes(0).await.unwrap();
        assert_eq!(all.counter, *counter.borrow_and_update());
        assert_eq!(all.kept, [entry("uniqueidentifier=1", "one"), entry("uniqueidentifier=2", "one")]);
        assert_eq!(store.directory_changes(all.counter).await.unwrap().kept, []);

        store.keep_entries(vec![entry("uniqueidentifier=2", "changed")], record("change")).await.unwrap();
        let changed = store.directory_changes(all.counter).await.unwrap();
        assert_eq!((changed.kept, changed.removed), (vec![entry("uniqueidentifier=2", "changed")], vec![]));
        assert!(store.remove_entry("uniqueidentifier=1", record("remove")).await.unwrap());
        assert!(!store.remove_entry("uniqueidentifier=1", record("remove")).await.unwrap());
        let removed = store.directory_changes(changed.counter).await.unwrap();
        assert_eq!((removed.kept, removed.removed), (vec![], vec!["uniqueidentifier=1".to_owned()]));

        store.replace_entries(vec![entry("uniqueidentifier=3", "new")], record("replace")).await.unwrap();
        let replaced = place.open().await.directory_changes(removed.counter).await.unwrap();
        assert_eq!((replaced.kept, replaced.removed), (vec![entry("uniqueidentifier=3", "new")], vec!["uniqueidentifier=2".to_owned()]));
        assert_eq!(*counter.borrow_and_update(), replaced.counter);
    }

    // covers: REG-02
    #[tokio::test]
    async fn messages_about_one_subject_are_sent_one_after_the_other(place: Place) {
        let store = place.open().await;
        for item in [message("1", "a", 5), message("2", "a", 0), message("3", "b", 0), message("1", "c", 0)] {
            store.keep_message(item).await.unwrap();
        }
        assert_eq!(ids(&store.waiting_messages().await.unwrap()), ["1", "2", "3"]);
        assert_eq!(ids(&store.due_messages(4, 10).await.unwrap()), ["3"], "2 waits for 1");
        assert_eq!(ids(&store.due_messages(5, 10).await.unwrap()), ["1", "3"]);
        assert_eq!(ids(&store.due_messages(5, 1).await.unwrap()), ["1"]);
        store.message_failed("1", "the Registry is down", 50).await.unwrap();
        store.message_sent("3").await.unwrap();
        assert_eq!(store.due_messages(49, 10).await.unwrap(), []);
        let again = store.due_messages(50, 10).await.unwrap();
        assert_eq!((again[0].attempts, again[0].last_failure.as_str()), (1, "the Registry is down"));
        store.message_sent("1").await.unwrap();
        assert_eq!(ids(&place.open().await.due_messages(0, 10).await.unwrap()), ["2"]);
    }

    #[tokio::test]
    async fn of_two_processes_that_make_a_key_both_get_the_same(place: Place) {
        let (first, second) = (place.open().await, place.open().await);
        assert_eq!(first.setting("key").await.unwrap(), None);
        let (a, b) = tokio::join!(first.setting_or_keep("key", b"a".to_vec()), second.setting_or_keep("key", b"b".to_vec()));
        assert_eq!(a, b);
        assert_eq!(first.setting("key").await, a.map(Some));
        second.keep_setting("key", b"c".to_vec()).await.unwrap();
        assert_eq!(first.setting("key").await, Ok(Some(b"c".to_vec())));
    }
}

//! The audit trail behind the store's back: whatever is changed, taken out, put in, moved or cut off is found, and where.

use store::{Audit, ChainHead, StoreError, Verification};

use crate::place::{Place, on_both_databases};
use crate::sample::record;

/// Two chains that are closed, of six records each.
async fn two_chains(place: &Place) -> Vec<ChainHead> {
    let mut chains = Vec::new();
    for _ in 0..2 {
        let store = place.open().await;
        for number in 0..5 {
            store.append(record(&format!("r{number}"))).await.unwrap();
        }
        chains = store.verify().await.unwrap().chains;
        store.closed().await;
    }
    assert_eq!(chains.iter().map(|head| head.sequence).collect::<Vec<_>>(), [6, 6]);
    chains
}

async fn verified(place: &Place) -> Verification {
    place.open().await.verify().await.unwrap()
}

/// What stands in `sql` as `FIRST` and `LAST` is the name of a chain.
fn with_names(sql: &str, chains: &[ChainHead]) -> String {
    sql.replace("FIRST", &format!("'{}'", chains[0].chain)).replace("LAST", &format!("'{}'", chains[1].chain))
}

/// What is done, what undoes it, and where the first fault is then: in the first chain or in the last, at which record, in which words.
const CHANGES: [(&str, &str, (usize, i64, &str)); 11] = [
    (
        "update audit_record set recorded_at = recorded_at + 1 where chain = FIRST and sequence = 3",
        "update audit_record set recorded_at = recorded_at - 1 where chain = FIRST and sequence = 3",
        (0, 3, "was changed, moved or put in"),
    ),
    (
        "update audit_record set trace_id = 'x' || trace_id where chain = LAST and sequence = 4",
        "update audit_record set trace_id = substr(trace_id, 2) where chain = LAST and sequence = 4",
        (1, 4, "was changed, moved or put in"),
    ),
    (
        "update audit_record set requirement = 'AUD-02' where chain = LAST and sequence = 2",
        "update audit_record set requirement = 'AUD-01' where chain = LAST and sequence = 2",
        (1, 2, "was changed, moved or put in"),
    ),
    (
        "update audit_record set sequence = 60 where chain = FIRST and sequence = 4",
        "update audit_record set sequence = 4 where chain = FIRST and sequence = 60",
        (0, 4, "the record is missing"),
    ),
    (
        // Two records change places.
        "update audit_record set sequence = -1 where chain = LAST and sequence = 3;
         update audit_record set sequence = 3 where chain = LAST and sequence = 5;
         update audit_record set sequence = 5 where chain = LAST and sequence = -1",
        "update audit_record set sequence = -1 where chain = LAST and sequence = 3;
         update audit_record set sequence = 3 where chain = LAST and sequence = 5;
         update audit_record set sequence = 5 where chain = LAST and sequence = -1",
        (1, 3, "was changed, moved or put in"),
    ),
    (
        // The end of the newest chain, which no other continues.
        "update audit_record set chain = 'elsewhere' where chain = LAST and sequence = 6",
        "update audit_record set chain = LAST where chain = 'elsewhere'",
        (1, 6, "is missing, and the chain's own end names it"),
    ),
    (
        "insert into audit_record (chain, sequence, recorded_at, trace_id, requirement, body, hash)
         select chain, 7, recorded_at, trace_id, requirement, body, hash from audit_record
         where chain = LAST and sequence = 6",
        "delete from audit_record where chain = LAST and sequence = 7",
        (1, 7, "was changed, moved or put in"),
    ),
    (
        // The records of two chains under each other's name.
        "update audit_record set chain = 'between' where chain = FIRST;
         update audit_record set chain = FIRST where chain = LAST;
         update audit_record set chain = LAST where chain = 'between'",
        "update audit_record set chain = 'between' where chain = FIRST;
         update audit_record set chain = FIRST where chain = LAST;
         update audit_record set chain = LAST where chain = 'between'",
        (0, 1, "was changed, moved or put in"),
    ),
    (
        // The order in which they began.
        "update audit_chain set position = 3 where id = FIRST",
        "update audit_chain set position = 1 where id = FIRST",
        (1, 1, "which did not begin before it"),
    ),
    (
        "update audit_chain set id = 'other' where id = LAST",
        "update audit_chain set id = LAST where id = 'other'",
        (1, 1, "no sign that this chain was ever begun"),
    ),
    (
        "update audit_head set sequence = 5 where chain = LAST",
        "update audit_head set sequence = 6 where chain = LAST",
        (1, 5, "is not the one that the chain's own end names"),
    ),
];

on_both_databases! {
    // covers: AUD-04
    #[tokio::test]
    async fn whatever_is_done_behind_the_stores_back_is_found(place: Place) {
        let chains = two_chains(&place).await;
        for (done, undone, (chain, sequence, words)) in CHANGES {
            place.tamper(&with_names(done, &chains)).await;
            let faults = verified(&place).await.faults;
            let mine = faults.iter().find(|fault| fault.chain == chains[chain].chain);
            let mine = mine.unwrap_or_else(|| panic!("{done}: {faults:?}"));
            assert_eq!(mine.sequence, sequence, "{done}: {faults:?}");
            assert!(mine.what.contains(words), "{done}: {faults:?}");
            place.tamper(&with_names(undone, &chains)).await;
            assert_eq!(verified(&place).await.faults, [], "{undone}");
        }
    }

    // covers: AUD-04
    #[tokio::test]
    async fn a_row_that_many_records_share_is_held_too(place: Place) {
        let store = place.open().await;
        for number in 0..20 {
            store.append_behind(record(&format!("r{number}"))).await.unwrap();
        }
        store.closed().await;
        assert_eq!(verified(&place).await.faults, []);
        let change = |set: &str| format!("update audit_record set {set} where marks is not null");
        let changes = [
            ("recorded_at = recorded_at - 1", "recorded_at = recorded_at + 1", 2),
            ("requirement = requirement || 'x'", "requirement = substr(requirement, 1, length(requirement) - 1)", 2),
            ("sequence = sequence + 1", "sequence = sequence - 1", 2),
            ("marks = substr(marks, 1, 4)", "", 2),
        ];
        for (done, undone, sequence) in changes {
            place.tamper(&change(done)).await;
            let faults = verified(&place).await.faults;
            assert_eq!(faults.first().map(|fault| fault.sequence), Some(sequence), "{done}: {faults:?}");
            if !undone.is_empty() {
                place.tamper(&change(undone)).await;
                assert_eq!(verified(&place).await.faults, [], "{undone}");
            }
        }
    }

    // covers: AUD-04
    #[tokio::test]
    async fn every_place_that_does_not_fit_is_told(place: Place) {
        let chains = two_chains(&place).await;
        let sql = "update audit_record set recorded_at = 1 where sequence in (2, 5) and chain = FIRST;
                   delete from audit_record where sequence in (2, 3) and chain = LAST";
        place.tamper(&with_names(sql, &chains)).await;
        let faults = verified(&place).await.faults;
        let places: Vec<_> = faults.iter().map(|fault| (fault.chain.as_str(), fault.sequence)).collect();
        let (first, last) = (chains[0].chain.as_str(), chains[1].chain.as_str());
        assert_eq!(places, [(first, 2), (first, 5), (last, 2)]);
        assert!(faults[2].what.contains("and so are the 1 after it"), "{faults:?}");
    }

    // covers: AUD-04
    #[tokio::test]
    async fn a_chain_that_vanishes_with_every_trace_is_missed_by_whoever_knew_of_it(place: Place) {
        let chains = two_chains(&place).await;
        let kept = place.open().await.verify_against(&chains).await.unwrap();
        assert_eq!(kept.faults, []);
        let sql = "delete from audit_record where chain = LAST; delete from audit_chain where id = LAST;
                   delete from audit_head where chain = LAST";
        place.tamper(&with_names(sql, &chains)).await;
        assert_eq!(verified(&place).await.faults, [], "nothing in the database speaks of it any more");
        let faults = place.open().await.verify_against(&chains).await.unwrap().faults;
        assert!(faults.len() == 1 && faults[0].what.contains("the earlier check names it"), "{faults:?}");
    }

    // covers: AUD-04
    #[tokio::test]
    async fn the_process_that_writes_misses_its_own_records(place: Place) {
        let store = place.open().await;
        store.append(record("one")).await.unwrap();
        store.append(record("two")).await.unwrap();
        let head = store.verify().await.unwrap().chains[0].clone();
        let sql = format!(
            "delete from audit_record where sequence = 3;
             update audit_head set sequence = 2, hash = (select hash from audit_record where sequence = 2 and chain = '{}')",
            head.chain
        );
        place.tamper(&sql).await;
        assert_eq!(verified(&place).await.faults, [], "the end that is kept was changed too");
        let faults = store.verify().await.unwrap().faults;
        assert!(faults.len() == 1 && faults[0].what.contains("the process that wrote it"), "{faults:?}");
    }

    // covers: AUD-04
    #[tokio::test]
    async fn a_chain_that_was_closed_is_told_from_one_that_was_not(place: Place) {
        let chains = two_chains(&place).await;
        let store = place.open().await;
        store.append(record("still open")).await.unwrap();
        let found = store.verify().await.unwrap();
        let ended: Vec<bool> = found.chains.iter().map(|head| found.ended.contains(&head.chain)).collect();
        assert_eq!((ended, chains.len()), (vec![true, true, false], 2));
    }

    // covers: AUD-04
    #[tokio::test]
    async fn a_trail_is_read_without_a_trace_of_the_reader(place: Place) {
        let chains = two_chains(&place).await;
        let open = async || match &place {
            Place::Sqlite(_) => store::Store::read_sqlite(&place.file()).await,
            Place::Postgres { server, schema } => {
                store::Store::read_postgres(&server.url(), schema, Some(server.password())).await
            }
        };
        let reading = open().await.unwrap();
        assert_eq!(reading.verify().await.unwrap().chains, chains);
        assert!(matches!(reading.append(record("never")).await, Err(StoreError::Unavailable(_))));
        reading.closed().await;
        place.tamper("delete from migration where number > 1").await;
        assert!(matches!(open().await.map(drop), Err(StoreError::Misconfigured(why)) if why.contains("migration 1")));
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_made_by_reading_it() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("provider.db");
    let refused = store::Store::read_sqlite(&file).await.map(drop).unwrap_err();
    assert!(matches!(&refused, StoreError::Absent(why) if why.contains("there is no")), "{refused}");
    assert!(!file.exists());
    let server = store::testing::TestPostgres::shared();
    let schema = server.new_schema();
    for _ in 0..2 {
        let refused = store::Store::read_postgres(&server.url(), &schema, Some(server.password())).await;
        let refused = refused.map(drop).unwrap_err();
        assert!(matches!(refused, StoreError::Absent(_)), "{refused}");
    }
}

//! The audit trail: in order, unbroken over restarts, and no change in it goes unnoticed.

use store::{Appointments, Audit, AuditCursor, AuditFilter, AuditRecord, BookOutcome, Store, StoredRecord};

use crate::place::{Place, on_both_databases};
use crate::sample::{NINE, book, booking, loaded, record};

const ALL: AuditFilter = AuditFilter {
    trace_id: None,
    chain: None,
    from: None,
    until: None,
    after: None,
    newest_first: false,
    limit: 10_000,
};

async fn whats(store: &Store, filter: &AuditFilter) -> Vec<String> {
    let what = |stored: StoredRecord| String::from_utf8(stored.record.body).unwrap();
    store.list(filter).await.unwrap().into_iter().map(what).collect()
}

on_both_databases! {
    // covers: AUD-01, AUD-04
    #[tokio::test]
    async fn a_change_and_its_record_are_one(place: Place) {
        let store = loaded(place.open().await).await;
        book(&store, "a1", "s1-000").await;
        assert_eq!(store.book(booking("a2", "s1-000")).await, Ok(BookOutcome::SlotNotFree));
        let found = store.list(&AuditFilter { trace_id: Some("trace of a1".to_owned()), ..ALL }).await.unwrap();
        assert_eq!(found.iter().map(|stored| &stored.record).collect::<Vec<_>>(), [&record("a1")]);
        assert_eq!(found[0].sequence, 3);
        // A refusal is recorded by whoever refuses, with what they know of it.
        assert_eq!(whats(&store, &AuditFilter { trace_id: Some("trace of a2".to_owned()), ..ALL }).await, [""; 0]);
    }

    // covers: AUD-01
    #[tokio::test]
    async fn records_of_reads_are_written_without_anyone_waiting(place: Place) {
        let store = place.open().await;
        for number in 0..3000 {
            store.append_behind(record(&format!("read {number}"))).await.unwrap();
        }
        store.settled().await.unwrap();
        assert_eq!(store.verify().await.unwrap().chains[0].sequence, 3001);
        store.append(record("last")).await.unwrap();
        let found = store.verify().await.unwrap();
        assert_eq!((found.chains[0].sequence, found.faults), (3002, vec![]));
        let last = store.list(&AuditFilter { trace_id: Some("trace of last".to_owned()), ..ALL }).await.unwrap();
        assert_eq!(last[0].sequence, 3002, "in order");
    }

    // covers: AUD-01
    #[tokio::test]
    async fn closing_writes_what_still_waits(place: Place) {
        let store = place.open().await;
        store.append_behind(record("the very last")).await.unwrap();
        store.closed().await;
        let store = place.open().await;
        assert_eq!(store.list(&ALL).await.unwrap().len(), 2);
    }

    // covers: AUD-04, AUD-08, AUD-10
    #[tokio::test]
    async fn the_list_narrows_by_call_chain_and_time_and_goes_on_page_by_page(place: Place) {
        let store = place.open().await;
        for number in 0..10 {
            store.append(AuditRecord { at: NINE + number, ..record(&format!("r{number}")) }).await.unwrap();
        }
        let window = AuditFilter { from: Some(NINE + 3), until: Some(NINE + 5), ..ALL };
        assert_eq!(whats(&store, &window).await, [r#"{"what":"r3"}"#, r#"{"what":"r4"}"#]);
        assert_eq!(store.list(&AuditFilter { chain: Some("another".to_owned()), ..ALL }).await.unwrap(), []);
        let mut filter = AuditFilter { limit: 4, ..ALL };
        let mut seen = 0;
        loop {
            let page = store.list(&filter).await.unwrap();
            let Some(last) = page.last() else { break };
            filter.after =
                Some(AuditCursor { at: last.record.at, chain: last.chain.clone(), sequence: last.sequence });
            seen += page.len();
        }
        assert_eq!(seen, 11);
        let newest = AuditFilter { newest_first: true, limit: 2, ..ALL };
        assert_eq!(whats(&store, &newest).await, [r#"{"what":"r9"}"#, r#"{"what":"r8"}"#]);
        let last = store.list(&newest).await.unwrap().pop().unwrap();
        let after = Some(AuditCursor { at: last.record.at, chain: last.chain, sequence: last.sequence });
        assert_eq!(whats(&store, &AuditFilter { after, limit: 1, ..newest }).await, [r#"{"what":"r7"}"#]);
    }

    // covers: AUD-04, AUD-08, AUD-10
    #[tokio::test]
    async fn records_that_were_written_together_are_listed_one_by_one(place: Place) {
        let store = place.open().await;
        // In no order, over more seconds than one row takes, and some written alone.
        let order: Vec<i64> = (0..120).map(|number| number * 49 % 120).collect();
        for number in &order {
            let record = AuditRecord { at: NINE * 1000 + number * 250, ..record(&format!("r{number}")) };
            if number % 40 == 0 {
                store.append(record).await.unwrap();
            } else {
                store.append_behind(record).await.unwrap();
            }
        }
        store.settled().await.unwrap();
        assert_eq!(store.verify().await.unwrap().faults, []);
        let what = |number: i64| format!(r#"{{"what":"r{number}"}}"#);
        let trace_id = Some("trace of r77".to_owned());
        assert_eq!(whats(&store, &AuditFilter { trace_id, ..ALL }).await, [what(77)]);
        let at = |number: i64| Some(NINE * 1000 + number * 250);
        for newest_first in [false, true] {
            let mut filter = AuditFilter { from: at(10), until: at(90), newest_first, limit: 7, ..ALL };
            let mut seen = Vec::new();
            loop {
                let page = store.list(&filter).await.unwrap();
                let Some(last) = page.last() else { break };
                filter.after =
                    Some(AuditCursor { at: last.record.at, chain: last.chain.clone(), sequence: last.sequence });
                seen.extend(page.into_iter().map(|stored| String::from_utf8(stored.record.body).unwrap()));
            }
            let mut expected: Vec<_> = (10..90).map(what).collect();
            if newest_first {
                expected.reverse();
            }
            assert_eq!(seen, expected);
        }
    }

    // covers: AUD-04
    #[tokio::test]
    async fn a_restart_begins_a_chain_that_names_the_one_before(place: Place) {
        for _ in 0..3 {
            let store = place.open().await;
            store.append(record("one")).await.unwrap();
            store.append(record("two")).await.unwrap();
            store.closed().await;
        }
        let store = place.open().await;
        let found = store.verify().await.unwrap();
        assert_eq!(found.chains.iter().map(|head| head.sequence).collect::<Vec<_>>(), [3, 3, 3]);
        assert_eq!(found.faults, []);
        // The end of a chain that another continues cannot be cut off.
        let first = &found.chains[0].chain;
        place.tamper(&format!("delete from audit_record where chain = '{first}' and sequence = 3")).await;
        let faults = store.verify().await.unwrap().faults;
        assert_eq!(faults.len(), 1);
        assert_eq!((&faults[0].chain, faults[0].sequence), (first, 3));
    }

    // covers: AUD-04
    #[tokio::test]
    async fn three_processes_write_three_chains_that_hold_together(place: Place) {
        let processes = [place.open().await, place.open().await, place.open().await];
        let mut tasks = Vec::new();
        for number in 0..90 {
            let store = processes[number % 3].clone();
            tasks.push(tokio::spawn(async move { store.append(record(&format!("r{number}"))).await }));
        }
        for task in tasks {
            task.await.unwrap().expect("the database works");
        }
        let found = processes[0].verify().await.unwrap();
        assert_eq!(found.chains.iter().map(|head| head.sequence).collect::<Vec<_>>(), [31, 31, 31]);
        assert_eq!(found.faults, []);
    }
}

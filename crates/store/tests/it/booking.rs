//! Booking: a Slot goes to one, a request is carried out once, and all of it or nothing is kept.

use store::{Appointments, Audit, BookOutcome, Booking, Diary, RequestId, SlotQuery, SlotStatus, Store, StoreError};

use crate::place::{Place, on_both_databases};
use crate::sample::{PATIENT, book, booking, loaded, record, request, soak_factor};

/// Books at the same time and gives back what became of each.
async fn all_at_once(store: &Store, bookings: Vec<Booking>) -> Vec<BookOutcome> {
    let tasks: Vec<_> = bookings
        .into_iter()
        .map(|booking| {
            let store = store.clone();
            tokio::spawn(async move { store.book(booking).await.expect("the database works") })
        })
        .collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.expect("the task ends"));
    }
    outcomes
}

fn count(outcomes: &[BookOutcome], wanted: &BookOutcome) -> usize {
    outcomes.iter().filter(|outcome| *outcome == wanted).count()
}

on_both_databases! {
    // covers: BOOK-09, BOOK-10
    #[tokio::test]
    async fn of_sixty_four_who_book_one_slot_exactly_one_gets_it(place: Place) {
        let mut store = place.open().await;
        // Loading the diary anew frees the Slot and forgets the Appointments; the audit trail goes on.
        for _round in 0..soak_factor() {
            store = loaded(store).await;
            let bookings = (0..64).map(|number| booking(&format!("a{number}"), "s1-000")).collect();
            let outcomes = all_at_once(&store, bookings).await;
            assert_eq!(count(&outcomes, &BookOutcome::Booked), 1);
            assert_eq!(count(&outcomes, &BookOutcome::SlotNotFree), 63);
            assert_eq!(store.slot("s1-000").await.unwrap().unwrap().status, SlotStatus::Busy);
            let winner = outcomes.iter().position(|outcome| *outcome == BookOutcome::Booked).unwrap();
            for number in 0..64 {
                let stored = store.appointment(&format!("a{number}")).await.unwrap();
                assert_eq!(stored.is_some(), number == winner, "a{number}");
            }
        }
        assert_eq!(store.verify().await.unwrap().faults, []);
    }

    // covers: BOOK-09
    #[tokio::test]
    async fn three_processes_never_book_a_slot_twice(place: Place) {
        let first = loaded(place.open().await).await;
        let processes = [first.clone(), place.open().await, place.open().await];
        let mut tasks = Vec::new();
        for (process, store) in processes.iter().enumerate() {
            for number in 0..40 {
                let store = store.clone();
                let wanted = booking(&format!("p{process}-{number}"), &format!("s1-{:03}", number % 10));
                tasks.push(tokio::spawn(async move { store.book(wanted).await }));
            }
        }
        let mut booked = 0;
        for task in tasks {
            booked += usize::from(task.await.unwrap().expect("the database works") == BookOutcome::Booked);
        }
        assert_eq!(booked, 10);
        assert_eq!(first.verify().await.unwrap().faults, []);
    }

    // covers: BOOK-09, BOOK-22, READ-01, READ-02
    #[tokio::test]
    async fn what_is_booked_is_found_by_id_patient_and_document(place: Place) {
        let store = loaded(place.open().await).await;
        book(&store, "a1", "s1-000").await;
        let stored = store.appointment("a1").await.unwrap().unwrap();
        assert_eq!((stored.version, stored.status.as_str()), (1, "booked"));
        assert_eq!(stored.content, b"a1, version 1");
        assert_eq!(store.version("a1", 1).await.unwrap().as_ref(), Some(&stored));
        assert_eq!(store.version("a1", 2).await.unwrap(), None);
        let only = std::slice::from_ref(&stored);
        assert_eq!(store.history("a1").await.unwrap(), only);
        let of = |patient: &str| store::PatientQuery { patient: patient.to_owned(), limit: 9, ..Default::default() };
        assert_eq!(store.appointments_of(&of(PATIENT)).await.unwrap(), only);
        assert_eq!(store.appointments_of(&of("local|a1")).await.unwrap(), only);
        assert_eq!(store.appointments_of(&of("local|a2")).await.unwrap(), []);
        assert_eq!(store.appointments_with_document("document of a1").await.unwrap(), [stored]);
        assert_eq!(store.appointment("a2").await.unwrap(), None);
        assert_eq!(store.history("a2").await.unwrap(), []);
    }

    // covers: BOOK-14
    #[tokio::test]
    async fn an_unknown_slot_is_told_from_a_taken_one(place: Place) {
        let store = loaded(place.open().await).await;
        assert_eq!(store.book(booking("a1", "nowhere")).await, Ok(BookOutcome::UnknownSlot));
        book(&store, "a2", "s1-000").await;
        assert_eq!(store.book(booking("a3", "s1-000")).await, Ok(BookOutcome::SlotNotFree));
    }

    // covers: XTI-04, XTI-05
    #[tokio::test]
    async fn a_request_that_was_carried_out_is_not_carried_out_again(place: Place) {
        let store = loaded(place.open().await).await;
        book(&store, "a1", "s1-000").await;
        let reused = BookOutcome::RequestIdReused { appointment_id: "a1".to_owned() };
        // The Slot is taken too, by that very request; the retry must not hear of that.
        let again = Booking { request: Some(request("request of a1")), ..booking("a2", "s1-000") };
        assert_eq!(store.book(again.clone()).await, Ok(reused.clone()));
        assert_eq!(store.book(Booking { slot_id: "s1-001".to_owned(), ..again }).await, Ok(reused));
        assert_eq!(store.slot("s1-001").await.unwrap().unwrap().status, SlotStatus::Free);
        assert_eq!(store.request(&request("request of a1")).await.unwrap().as_deref(), Some("a1"));
    }

    // covers: XTI-05
    #[tokio::test]
    async fn two_consumers_may_use_one_request_id(place: Place) {
        let store = loaded(place.open().await).await;
        book(&store, "a1", "s1-000").await;
        let other = RequestId { consumer: "someone else".to_owned(), value: "request of a1".to_owned() };
        assert_eq!(store.request(&other).await.unwrap(), None);
        let theirs = Booking { request: Some(other), ..booking("a2", "s1-001") };
        assert_eq!(store.book(theirs).await, Ok(BookOutcome::Booked));
    }

    // covers: XTI-04
    #[tokio::test]
    async fn a_refused_booking_leaves_its_request_id_unused(place: Place) {
        let store = loaded(place.open().await).await;
        book(&store, "a1", "s1-000").await;
        let wanted = booking("a2", "s1-000");
        assert_eq!(store.book(wanted.clone()).await, Ok(BookOutcome::SlotNotFree));
        assert_eq!(store.request(wanted.request.as_ref().unwrap()).await.unwrap(), None);
        assert_eq!(store.book(Booking { slot_id: "s1-001".to_owned(), ..wanted }).await, Ok(BookOutcome::Booked));
    }

    // covers: XTI-05
    #[tokio::test]
    async fn a_retry_beside_its_original_hears_that_it_is_one(place: Place) {
        let first = loaded(place.open().await).await;
        let second = place.open().await;
        for slot in 0..10 {
            let attempts: Vec<_> = (0..8)
                .map(|attempt| {
                    let store = if attempt % 2 == 0 { first.clone() } else { second.clone() };
                    let wanted = booking(&format!("r{slot}-{attempt}"), &format!("s1-{slot:03}"));
                    let wanted = Booking { request: Some(request(&format!("retried {slot}"))), ..wanted };
                    tokio::spawn(async move { store.book(wanted).await.expect("the database works") })
                })
                .collect();
            let mut booked = 0;
            for attempt in attempts {
                match attempt.await.unwrap() {
                    BookOutcome::Booked => booked += 1,
                    BookOutcome::RequestIdReused { .. } => {}
                    other => panic!("a retry heard {other:?}"),
                }
            }
            assert_eq!(booked, 1);
        }
    }

    // covers: BOOK-09
    #[tokio::test]
    async fn an_id_that_is_in_use_is_a_fault_and_changes_nothing(place: Place) {
        let store = loaded(place.open().await).await;
        book(&store, "a1", "s1-000").await;
        let again = Booking { request: None, ..booking("a1", "s1-001") };
        assert!(matches!(store.book(again).await, Err(StoreError::Unstorable(_))));
        assert_eq!(store.slot("s1-001").await.unwrap().unwrap().status, SlotStatus::Free);
        assert_eq!(store.history("a1").await.unwrap().len(), 1);
    }

    // covers: BOOK-09
    #[tokio::test]
    async fn a_fault_of_one_booking_does_not_touch_those_beside_it(place: Place) {
        let store = loaded(place.open().await).await;
        book(&store, "a0", "s2-009").await;
        let mut tasks = Vec::new();
        for number in 0..10 {
            let store = store.clone();
            let good = booking(&format!("a{}", number + 1), &format!("s1-{number:03}"));
            let bad = Booking { appointment_id: "a0".to_owned(), request: None, ..booking("a0", &format!("s2-{number:03}")) };
            tasks.push(tokio::spawn(async move { tokio::join!(store.book(good), store.book(bad)) }));
        }
        for task in tasks {
            let (good, bad) = task.await.unwrap();
            assert_eq!(good, Ok(BookOutcome::Booked));
            assert_ne!(bad, Ok(BookOutcome::Booked));
        }
        let busy = SlotQuery { statuses: vec![SlotStatus::Busy], limit: 99, ..SlotQuery::default() };
        assert_eq!(store.free_slots(&busy).await.unwrap().total, 11);
    }

    // covers: BOOK-09
    #[tokio::test]
    async fn a_booking_outlives_a_restart(place: Place) {
        let store = loaded(place.open().await).await;
        book(&store, "a1", "s1-000").await;
        store.append(record("the last one")).await.unwrap();
        store.closed().await;
        let store = place.open().await;
        assert_eq!(store.appointment("a1").await.unwrap().unwrap().content, b"a1, version 1");
        assert_eq!(store.slot("s1-000").await.unwrap().unwrap().status, SlotStatus::Busy);
        assert_eq!(store.request(&request("request of a1")).await.unwrap().as_deref(), Some("a1"));
        book(&store, "a2", "s1-001").await;
        let found = store.verify().await.unwrap();
        assert_eq!((found.chains.len(), found.faults), (2, vec![]));
    }
}

//! Changing: from one version to the next, never from an old one, and every version stays.

use store::{
    Appointments, Audit, BookOutcome, Booking, Bound, Change, ChangeOutcome, Diary, PatientQuery, SlotStatus, Window,
};

use crate::place::{Place, on_both_databases};
use crate::sample::{NINE, PATIENT, book, booking, cancel, loaded, request};

on_both_databases! {
    // covers: VER-02, CAN-09, CAN-10
    #[tokio::test]
    async fn a_cancelled_appointment_keeps_its_versions_and_frees_its_slot(place: Place) {
        let store = loaded(place.open().await).await;
        book(&store, "a1", "s1-000").await;
        assert_eq!(store.change(cancel("a1", 1)).await, Ok(ChangeOutcome::Changed { version: 2 }));
        let history = store.history("a1").await.unwrap();
        let seen: Vec<_> = history.iter().map(|version| (version.version, version.status.as_str())).collect();
        assert_eq!(seen, [(2, "cancelled"), (1, "booked")]);
        assert_eq!(store.version("a1", 1).await.unwrap().unwrap().content, b"a1, version 1");
        assert_eq!(store.appointment("a1").await.unwrap().as_ref(), history.first());
        assert_eq!(store.slot("s1-000").await.unwrap().unwrap().status, SlotStatus::Free);
        book(&store, "a2", "s1-000").await;
    }

    // covers: VER-01, VER-03
    #[tokio::test]
    async fn of_a_hundred_changes_from_one_version_exactly_one_is_made(place: Place) {
        let store = loaded(place.open().await).await;
        book(&store, "a1", "s1-000").await;
        let tasks: Vec<_> = (0..100)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.change(cancel("a1", 1)).await.expect("the database works") })
            })
            .collect();
        let mut changed = 0;
        for task in tasks {
            match task.await.unwrap() {
                ChangeOutcome::Changed { version: 2 } => changed += 1,
                ChangeOutcome::VersionConflict { current: 2 } => {}
                other => panic!("a change heard {other:?}"),
            }
        }
        assert_eq!(changed, 1);
        assert_eq!(store.history("a1").await.unwrap().len(), 2);
        assert_eq!(store.verify().await.unwrap().faults, []);
    }

    // covers: VER-03, CAN-13
    #[tokio::test]
    async fn a_stale_version_and_an_unknown_appointment_are_told_apart(place: Place) {
        let store = loaded(place.open().await).await;
        book(&store, "a1", "s1-000").await;
        assert_eq!(store.change(cancel("a1", 7)).await, Ok(ChangeOutcome::VersionConflict { current: 1 }));
        assert_eq!(store.change(cancel("a2", 1)).await, Ok(ChangeOutcome::NotFound));
        assert_eq!(store.history("a1").await.unwrap().len(), 1);
        assert_eq!(store.slot("s1-000").await.unwrap().unwrap().status, SlotStatus::Busy);
    }

    // covers: CAN-15, XTI-04
    #[tokio::test]
    async fn a_request_changes_once(place: Place) {
        let store = loaded(place.open().await).await;
        book(&store, "a1", "s1-000").await;
        let reused = Ok(ChangeOutcome::RequestIdReused { appointment_id: "a1".to_owned() });
        let of_booking = Change { request: Some(request("request of a1")), ..cancel("a1", 1) };
        assert_eq!(store.change(of_booking).await, reused);
        let once = Change { request: Some(request("once")), ..cancel("a1", 1) };
        assert_eq!(store.change(once.clone()).await, Ok(ChangeOutcome::Changed { version: 2 }));
        assert_eq!(store.change(once).await, reused);
    }

    // covers: BOOK-09, CAN-09
    #[tokio::test]
    async fn cancelling_and_booking_a_slot_at_the_same_time_leaves_one_holder(place: Place) {
        let first = loaded(place.open().await).await;
        let second = place.open().await;
        for round in 0..20 {
            let held = format!("held-{round}");
            book(&first, &held, "s1-000").await;
            let cancelling = {
                let (store, held) = (first.clone(), held.clone());
                tokio::spawn(async move { store.change(cancel(&held, 1)).await.expect("the database works") })
            };
            let wanting: Vec<_> = (0..4)
                .map(|number| {
                    let store = if number % 2 == 0 { first.clone() } else { second.clone() };
                    let wanted = booking(&format!("wanted-{round}-{number}"), "s1-000");
                    tokio::spawn(async move { store.book(wanted).await.expect("the database works") })
                })
                .collect();
            assert_eq!(cancelling.await.unwrap(), ChangeOutcome::Changed { version: 2 });
            let mut winner = None;
            for (number, task) in wanting.into_iter().enumerate() {
                match task.await.unwrap() {
                    BookOutcome::Booked => assert_eq!(winner.replace(format!("wanted-{round}-{number}")), None),
                    BookOutcome::SlotNotFree => {}
                    other => panic!("a booking heard {other:?}"),
                }
            }
            let status = first.slot("s1-000").await.unwrap().unwrap().status;
            assert_eq!(status == SlotStatus::Busy, winner.is_some());
            if let Some(winner) = winner {
                assert_eq!(first.change(cancel(&winner, 1)).await, Ok(ChangeOutcome::Changed { version: 2 }));
            }
        }
        assert_eq!(first.verify().await.unwrap().faults, []);
    }

    // covers: CAN-09
    #[tokio::test]
    async fn cancelling_twice_does_not_free_a_slot_that_someone_else_took(place: Place) {
        let store = loaded(place.open().await).await;
        book(&store, "a1", "s1-000").await;
        store.change(cancel("a1", 1)).await.unwrap();
        book(&store, "a2", "s1-000").await;
        assert_eq!(store.change(cancel("a1", 2)).await, Ok(ChangeOutcome::Changed { version: 3 }));
        assert_eq!(store.slot("s1-000").await.unwrap().unwrap().status, SlotStatus::Busy);
    }

    // covers: PAT-07, PAT-12, X-24
    #[tokio::test]
    async fn a_patients_appointments_are_found_by_window_in_order_of_start(place: Place) {
        let store = loaded(place.open().await).await;
        for (id, slot, start) in [("late", "s1-000", 300), ("early", "s1-001", 100), ("middle", "s1-002", 200)] {
            let wanted = Booking { start: NINE + start, ..booking(id, slot) };
            assert_eq!(store.book(wanted).await, Ok(BookOutcome::Booked));
        }
        let cases: [(&[Bound], &[&str]); 5] = [
            (&[], &["early", "middle", "late"]),
            (&[Bound::AtOrAfter(NINE + 200)], &["middle", "late"]),
            (&[Bound::After(NINE + 100), Bound::Before(NINE + 300)], &["middle"]),
            (&[Bound::Outside { from: NINE + 150, until: NINE + 250 }], &["early", "late"]),
            (&[Bound::AtOrBefore(NINE)], &[]),
        ];
        for (bounds, expected) in cases {
            let query = PatientQuery { patient: PATIENT.to_owned(), window: Window::new(bounds), limit: 100 };
            let found = store.appointments_of(&query).await.unwrap();
            assert_eq!(found.iter().map(|version| version.appointment_id.as_str()).collect::<Vec<_>>(), expected);
        }
    }
}

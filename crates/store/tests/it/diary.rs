//! The diary: what a search finds, in which order, and what may be included.

use store::{
    Appointments, Audit, Bound, Diary, Include, NewSlot, SlotCursor, SlotPage, SlotQuery, SlotStatus, Store,
    StoreError, Window,
};

use crate::place::{Place, on_both_databases};
use crate::sample::{NINE, QUARTER, book, diary, loaded, record, slot};

fn all_of(service: &str) -> SlotQuery {
    SlotQuery { services: Some(vec![service.to_owned()]), limit: 1000, ..SlotQuery::default() }
}

async fn ids(store: &Store, query: &SlotQuery) -> Vec<String> {
    let SlotPage { slots, total, .. } = store.free_slots(query).await.unwrap();
    assert_eq!(slots.len() as u64, total);
    slots.into_iter().map(|slot| slot.id).collect()
}

on_both_databases! {
    // covers: SLT-03, SLT-04, SLT-42, SMG-02, SMG-05
    #[tokio::test]
    async fn a_service_is_known_by_each_of_its_names_and_has_all_its_schedules(place: Place) {
        let store = loaded(place.open().await).await;
        for name in ["one", "asid-one", "dos-one"] {
            assert_eq!(store.free_slots(&all_of(name)).await.unwrap().unknown_service, None);
            let found = ids(&store, &all_of(name)).await;
            assert_eq!(found.len(), 20);
            assert_eq!(found[..3], ["s1-000", "s2-000", "s1-001"], "by start, then by id");
        }
        for names in [["one", "three"], ["three", "four"]] {
            let query = SlotQuery { services: Some(names.map(str::to_owned).to_vec()), ..all_of("") };
            assert_eq!(store.free_slots(&query).await.unwrap().unknown_service.as_deref(), Some("three"));
        }
        assert_eq!(ids(&store, &all_of("three")).await, [""; 0]);
        let both = SlotQuery { services: Some(vec!["one".to_owned(), "asid-two".to_owned()]), ..all_of("") };
        assert_eq!(ids(&store, &both).await.len(), 30);
        assert_eq!(ids(&store, &SlotQuery { services: None, ..all_of("") }).await.len(), 30);
        assert_eq!(ids(&store, &SlotQuery { services: Some(vec![]), ..all_of("") }).await.len(), 0);
    }

    // covers: SLT-38, SMG-04
    #[tokio::test]
    async fn slots_of_a_withheld_schedule_are_not_found_and_not_counted(place: Place) {
        let store = loaded(place.open().await).await;
        let withheld = |services: Option<&str>, schedule: &str| SlotQuery {
            services: services.map(|service| vec![service.to_owned()]),
            withheld_schedules: vec![schedule.to_owned(), "nowhere".to_owned()],
            ..all_of("")
        };
        let of_one = ids(&store, &withheld(Some("one"), "s1")).await;
        assert_eq!((of_one.len(), of_one[0].as_str()), (10, "s2-000"));
        assert_eq!(ids(&store, &withheld(None, "s1")).await.len(), 20);
    }

    // covers: SLT-08, SLT-09, SLT-13
    #[tokio::test]
    async fn the_window_is_on_the_start_and_every_bound_counts(place: Place) {
        let store = loaded(place.open().await).await;
        let at = |number: i64| NINE + number * QUARTER;
        let cases: [(&[Bound], &[i64]); 7] = [
            (&[Bound::AtOrAfter(at(7))], &[7, 8, 9]),
            (&[Bound::After(at(7))], &[8, 9]),
            (&[Bound::AtOrBefore(at(1))], &[0, 1]),
            (&[Bound::Before(at(1))], &[0]),
            (&[Bound::AtOrAfter(at(2)), Bound::AtOrBefore(at(5)), Bound::Outside { from: at(3), until: at(4) }], &[2, 4, 5]),
            (&[Bound::AtOrAfter(at(5)), Bound::AtOrBefore(at(2))], &[]),
            (&[Bound::Outside { from: at(0), until: at(5) }, Bound::Outside { from: at(6), until: at(10) }], &[5]),
        ];
        for (bounds, numbers) in cases {
            let query = SlotQuery { window: Window::new(bounds), ..all_of("one") };
            let expected: Vec<_> = numbers.iter().flat_map(|n| [format!("s1-{n:03}"), format!("s2-{n:03}")]).collect();
            assert_eq!(ids(&store, &query).await, expected, "{bounds:?}");
        }
    }

    // covers: SLT-06, SMG-07, SMG-08
    #[tokio::test]
    async fn a_free_slot_that_has_begun_is_not_offered_and_a_busy_one_is_shown(place: Place) {
        let store = loaded(place.open().await).await;
        book(&store, "a1", "s1-000").await;
        book(&store, "a2", "s1-005").await;
        let now = NINE + 5 * QUARTER;
        let with = |statuses: &[SlotStatus]| SlotQuery { statuses: statuses.to_vec(), now, ..all_of("one") };
        assert_eq!(ids(&store, &with(&[SlotStatus::Free])).await.len(), 9);
        assert_eq!(ids(&store, &with(&[SlotStatus::Busy])).await, ["s1-000", "s1-005"]);
        assert_eq!(ids(&store, &with(&[SlotStatus::Free, SlotStatus::Busy])).await.len(), 11);
        assert_eq!(ids(&store, &with(&[])).await.len(), 11);
        assert_eq!(ids(&store, &with(&[SlotStatus::BusyTentative])).await.len(), 0);
    }

    // covers: SLT-31, SLT-33
    #[tokio::test]
    async fn pages_follow_each_other_though_slots_are_booked_in_between(place: Place) {
        let store = loaded(place.open().await).await;
        let mut query = SlotQuery { statuses: vec![SlotStatus::Free], limit: 7, ..all_of("one") };
        let mut seen = Vec::new();
        loop {
            let page = store.free_slots(&query).await.unwrap();
            let Some(last) = page.slots.last() else { break };
            query.after = Some(SlotCursor { start: last.start, id: last.id.clone() });
            if seen.is_empty() {
                assert_eq!(page.total, 20);
                book(&store, "a1", &page.slots[0].id).await;
            } else {
                assert_eq!(page.total, 19);
            }
            seen.extend(page.slots.into_iter().map(|slot| slot.id));
        }
        assert_eq!(seen.len(), 20);
        let mut distinct = seen.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), 20);
    }

    // covers: BOOK-18, SLT-40
    #[tokio::test]
    async fn a_slot_is_found_by_id_and_by_identifier(place: Place) {
        let store = loaded(place.open().await).await;
        let found = store.slot("s1-003").await.unwrap().unwrap();
        assert_eq!((found.start, found.end), (NINE + 3 * QUARTER, NINE + 4 * QUARTER));
        assert_eq!(found.fragment, b"{\"id\":\"s1-003\"}");
        let system = "https://tools.ietf.org/html/rfc4122";
        assert_eq!(store.slot_by_identifier(system, "uuid-of-s1-003").await.unwrap(), Some(found));
        assert_eq!(store.slot_by_identifier("another system", "uuid-of-s1-003").await.unwrap(), None);
        assert_eq!(store.slot("s9-000").await.unwrap(), None);
    }

    // covers: SLT-20, SLT-25, SLT-32
    #[tokio::test]
    async fn what_is_included_is_there_once(place: Place) {
        let store = loaded(place.open().await).await;
        let included = async |includes: &[Include], limit: u32| {
            let query = SlotQuery { includes: includes.to_vec(), limit, ..all_of("one") };
            let found = store.free_slots(&query).await.unwrap().included;
            found.iter().map(|found| format!("{}/{}", found.resource_type, found.id)).collect::<Vec<_>>()
        };
        let expected = [
            "HealthcareService/one", "HealthcareService/two", "Organization/practice", "Practitioner/doctor",
            "Schedule/s1", "Schedule/s2",
        ];
        // The second time they are remembered.
        for _ in 0..2 {
            assert_eq!(included(&Include::ALL, 5).await, expected);
            assert_eq!(included(&[Include::Schedule], 5).await, ["Schedule/s1", "Schedule/s2"]);
            assert_eq!(included(&[Include::Schedule], 1).await, ["Schedule/s1"], "for the Slots of the page alone");
            assert_eq!(included(&[], 5).await, [""; 0]);
        }
        let doctor = store.resource("Practitioner", "doctor").await.unwrap().unwrap();
        assert_eq!(doctor, b"{\"resourceType\":\"Practitioner\",\"id\":\"doctor\"}");
        assert_eq!(store.resource("Location", "doctor").await.unwrap(), None);
    }

    // covers: DEM-05
    #[tokio::test]
    async fn loading_again_puts_everything_back_and_keeps_the_trail(place: Place) {
        let store = loaded(place.open().await).await;
        book(&store, "a1", "s1-000").await;
        store.load(diary(), record("reset")).await.unwrap();
        assert_eq!(store.appointment("a1").await.unwrap(), None);
        assert_eq!(store.slot("s1-000").await.unwrap().unwrap().status, SlotStatus::Free);
        book(&store, "a1", "s1-000").await;
        let found = store.verify().await.unwrap();
        assert_eq!((found.chains.first().unwrap().sequence, found.faults), (5, vec![]));
    }

    // covers: DEM-05, SLT-30, SLT-32
    #[tokio::test]
    async fn a_diary_that_another_process_puts_in_place_is_searched_at_once(place: Place) {
        let other = loaded(place.open().await).await;
        let store = place.open().await;
        let query = SlotQuery { includes: Include::ALL.to_vec(), ..all_of("one") };
        assert_eq!(store.free_slots(&query).await.unwrap().included.len(), 6);
        let mut changed = diary();
        changed.services[0].schedules = vec!["s2".to_owned()];
        changed.resources.iter_mut().for_each(|resource| resource.content = b"{\"new\":true}".to_vec());
        other.load(changed, record("reset")).await.unwrap();
        let page = store.free_slots(&query).await.unwrap();
        assert!(page.slots.iter().all(|slot| slot.schedule_id == "s2") && page.total == 10, "{page:?}");
        assert!(page.included.iter().all(|resource| resource.content == b"{\"new\":true}"), "{page:?}");
        other.load(store::DiaryContent::default(), record("emptied")).await.unwrap();
        let page = store.free_slots(&query).await.unwrap();
        assert_eq!((page.total, page.unknown_service.as_deref()), (0, Some("one")));
    }

    // covers: BOOK-09, SMG-07
    #[tokio::test]
    async fn a_slot_whose_booking_was_acknowledged_is_free_to_nobody(place: Place) {
        let booker = loaded(place.open().await).await;
        let others = [booker.clone(), place.open().await, place.open().await];
        let free = SlotQuery { statuses: vec![SlotStatus::Free], includes: Include::ALL.to_vec(), ..all_of("one") };
        for number in 0..10 {
            let slot = format!("s1-{number:03}");
            for store in &others {
                assert!(ids(store, &free).await.contains(&slot));
            }
            book(&booker, &format!("a{number}"), &slot).await;
            for store in &others {
                assert!(!ids(store, &free).await.contains(&slot));
            }
        }
    }

    // covers: SMG-01
    #[tokio::test]
    async fn slots_are_added_all_or_none(place: Place) {
        let store = loaded(place.open().await).await;
        store.add_slots(vec![slot("s1", 20), slot("s1", 21)], record("more")).await.unwrap();
        assert_eq!(ids(&store, &all_of("one")).await.len(), 22);
        let twice = store.add_slots(vec![slot("s1", 22), slot("s1", 20)], record("again")).await;
        assert!(matches!(twice, Err(StoreError::Unstorable(_))));
        assert_eq!(ids(&store, &all_of("one")).await.len(), 22);
        let without = NewSlot { identifier: None, ..slot("s1", 23) };
        store.add_slots(vec![without], record("without identifier")).await.unwrap();
        assert_eq!(ids(&store, &all_of("one")).await.len(), 23);
    }
}

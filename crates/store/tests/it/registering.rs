//! The Registry's records: one for each pointer, changed and found as a Provider's Appointments are.

use store::{Audit, ChangeOutcome, PatientQuery, RegisterOutcome, Registration, Registrations};

use crate::place::{Place, on_both_databases};
use crate::sample::{PATIENT, cancel, record, registration, request};

on_both_databases! {
    // covers: REG-03, REG-09, REG-10, REG-12
    #[tokio::test]
    async fn a_registration_is_kept_found_and_changed(place: Place) {
        let store = place.open().await;
        let wanted = registration("r1", "https://provider/Appointment/1");
        assert_eq!(store.register(wanted).await, Ok(RegisterOutcome::Registered));
        let query = PatientQuery { patient: PATIENT.to_owned(), limit: 10, ..PatientQuery::default() };
        assert_eq!(store.registrations_of(&query).await.unwrap().len(), 1);
        let change = store.change_registration(cancel("r1", 1)).await;
        assert_eq!(change, Ok(ChangeOutcome::Changed { version: 2 }));
        assert_eq!(store.registration("r1").await.unwrap().unwrap().status, "cancelled");
        assert_eq!(store.registration_version("r1", 1).await.unwrap().unwrap().status, "booked");
        assert_eq!(store.registration_history("r1").await.unwrap().len(), 2);
        assert_eq!(store.registrations_of(&query).await.unwrap().first().unwrap().version, 2);
    }

    // covers: REG-13
    #[tokio::test]
    async fn of_many_who_register_one_pointer_exactly_one_does(place: Place) {
        let processes = [place.open().await, place.open().await];
        let tasks: Vec<_> = (0..64)
            .map(|number: usize| {
                let store = processes[number % 2].clone();
                let wanted = registration(&format!("r{number}"), "https://provider/Appointment/1");
                tokio::spawn(async move { store.register(wanted).await.expect("the database works") })
            })
            .collect();
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(task.await.unwrap());
        }
        let winner = outcomes.iter().position(|outcome| *outcome == RegisterOutcome::Registered).unwrap();
        let lost = RegisterOutcome::DuplicatePointer { appointment_id: format!("r{winner}") };
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == lost).count(), 63);
    }

    // covers: XTI-04
    #[tokio::test]
    async fn a_request_registers_once(place: Place) {
        let store = place.open().await;
        let wanted = Registration { request: Some(request("once")), ..registration("r1", "https://provider/1") };
        assert_eq!(store.register(wanted.clone()).await, Ok(RegisterOutcome::Registered));
        let again = Registration { appointment_id: "r2".to_owned(), ..wanted };
        let reused = RegisterOutcome::RequestIdReused { appointment_id: "r1".to_owned() };
        assert_eq!(store.register(again).await, Ok(reused));
        assert_eq!(store.registration_request(&request("once")).await.unwrap().as_deref(), Some("r1"));
    }

    // covers: DEM-05
    #[tokio::test]
    async fn clearing_forgets_the_records_and_keeps_the_trail(place: Place) {
        let store = place.open().await;
        store.register(registration("r1", "https://provider/1")).await.unwrap();
        store.clear_registrations(record("cleared")).await.unwrap();
        assert_eq!(store.registration("r1").await.unwrap(), None);
        assert_eq!(store.register(registration("r1", "https://provider/1")).await, Ok(RegisterOutcome::Registered));
        let found = store.verify().await.unwrap();
        assert_eq!((found.chains.first().unwrap().sequence, found.faults), (4, vec![]));
    }
}

//! A process that is killed while it registers and cancels: every registration that was acknowledged is there, once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use store::testing::TestPostgres;
use store::{Audit, ChangeOutcome, RegisterOutcome, Registration, Registrations, Store};

use crate::place::Place;
use crate::sample::{cancel, registration, request};
use crate::sudden_end::{BOOK_HERE, kill_after, open_as_told, start, tell};

const ROUNDS: usize = 3;
const CHILD: &str = "sudden_end_of_registry::a_child_registers_until_it_is_killed";

/// The body of the child that is killed; by itself it has nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_registers_until_it_is_killed() {
    let Some(place) = std::env::var_os(BOOK_HERE).and_then(|place| place.into_string().ok()) else { return };
    let process = format!("child-{}", std::process::id());
    let store = open_as_told(&place, &process).await.expect("the child opens the place");
    let next = Arc::new(AtomicU32::new(0));
    let workers: Vec<_> =
        (0..16).map(|_| tokio::spawn(register_and_tell(store.clone(), process.clone(), next.clone()))).collect();
    for worker in workers {
        worker.await.expect("the worker ends");
    }
}

/// Registers one pointer after the other, cancels every third, and says what was acknowledged, a line each.
async fn register_and_tell(store: Store, process: String, next: Arc<AtomicU32>) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let id = format!("{process}-{number}");
        let wanted = Registration {
            request: Some(request(&format!("request of {id}"))),
            ..registration(&id, &format!("https://provider.test/Appointment/{id}"))
        };
        assert_eq!(store.register(wanted).await, Ok(RegisterOutcome::Registered));
        tell(&format!("registered {id}"));
        if number.is_multiple_of(3) {
            assert_eq!(store.change_registration(cancel(&id, 1)).await, Ok(ChangeOutcome::Changed { version: 2 }));
            tell(&format!("cancelled {id}"));
        }
    }
}

/// What was acknowledged is there, cannot be registered again, and the trail is whole.
async fn check(store: &Store, told: &[String]) {
    for line in told {
        let (what, id) = line.split_once(' ').expect("two words");
        let versions = store.registration_history(id).await.unwrap();
        assert!(versions.len() >= if what == "cancelled" { 2 } else { 1 }, "{line} was acknowledged");
        let again = registration(&format!("{id} again"), &format!("https://provider.test/Appointment/{id}"));
        let outcome = store.register(again).await.unwrap();
        assert_eq!(outcome, RegisterOutcome::DuplicatePointer { appointment_id: id.to_owned() });
        assert!(store.registration_request(&request(&format!("request of {id}"))).await.unwrap().is_some(), "{line}");
    }
    assert_eq!(store.verify().await.unwrap().faults, []);
}

// covers: REG-03, REG-12, REG-13
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registry_that_is_killed_loses_nothing_it_acknowledged_on_sqlite() {
    let place = Place::sqlite();
    drop(place.open().await);
    let path = place.file().to_string_lossy().into_owned();
    let mut told = Vec::new();
    for round in 0..ROUNDS {
        told.extend(kill_after(start(&path, CHILD), 20 + 25 * round));
        check(&place.open().await, &told).await;
    }
}

// covers: REG-03, REG-12, REG-13
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registry_that_is_killed_loses_nothing_it_acknowledged_on_postgres() {
    let server = TestPostgres::shared();
    let schema = server.new_schema();
    let store = Store::open_postgres(&server.url(), &schema, Some(server.password()), "parent").await.unwrap();
    let place = format!("{} {schema}", server.url());
    let mut told = Vec::new();
    for round in 0..ROUNDS {
        told.extend(kill_after(start(&place, CHILD), 20 + 25 * round));
        check(&store, &told).await;
    }
}

//! Bookings and cancels that many want at once, counted: exactly the right rows, no update lost, one audit record for each exchange. A
//! soak of 100 makes 100,000 of each.

use http::StatusCode;
use serde_json::Value;
use store::Appointments;

use super::booker::{Booker, all_at_once, count, soak_factor};
use super::house::{Database, House, Process};

/// How many want one Slot, and how many cancel one Appointment.
const CROWD: usize = 8;
/// How many Slots are wanted at the same time.
const SLOTS: usize = 4;

/// How often each Slot is booked and cancelled.
fn rounds() -> usize {
    match soak_factor() {
        1 => 3,
        factor => factor * 100_000 / (100 * CROWD * SLOTS),
    }
}

/// A Slot that a crowd books, and whose Appointment another crowd cancels; its id.
async fn one_slot(booker: Booker, ports: Vec<u16>, number: usize) -> String {
    let port = move |nth: usize| ports[nth % ports.len()];
    let answers = all_at_once((0..CROWD).map(|nth| {
        let (booker, port) = (booker.clone(), port(nth));
        async move { booker.book(port, &booker.slot(number), &booker.fresh_id()).await }
    }))
    .await;
    let numbers = (count(&answers, StatusCode::CREATED), count(&answers, StatusCode::UNPROCESSABLE_ENTITY));
    assert_eq!(numbers, (1, CROWD - 1), "{answers:?}");
    let booked = answers.iter().find(|answer| answer.status == 201).unwrap();
    let received: Value = booked.json();
    let answers = all_at_once((0..CROWD).map(|nth| {
        let (booker, port, received) = (booker.clone(), port(nth), received.clone());
        async move { booker.cancel(port, &received, "W/\"1\"").await }
    }))
    .await;
    let numbers = (count(&answers, StatusCode::OK), count(&answers, StatusCode::CONFLICT));
    assert_eq!(numbers, (1, CROWD - 1), "{answers:?}");
    booked.id()
}

async fn contest(database: Database, providers: usize) {
    let house = House::new(database);
    let booker = Booker::new(&house);
    let providers: Vec<Process> = (0..providers).map(|_| house.provider("")).collect();
    let ports: Vec<u16> = providers.iter().map(|provider| provider.port).collect();
    let (before, records_before) = (house.booked_and_busy().await, house.intact_records());
    let mut booked = Vec::new();
    for _ in 0..rounds() {
        let slots: Vec<_> =
            (0..SLOTS).map(|number| tokio::spawn(one_slot(booker.clone(), ports.clone(), number))).collect();
        for slot in slots {
            booked.push(slot.await.unwrap());
        }
    }
    assert_eq!(house.booked_and_busy().await, before, "every Slot is free again");
    let store = house.store().await;
    for id in &booked {
        let versions: Vec<String> =
            store.history(id).await.unwrap().into_iter().map(|version| version.status).collect();
        assert_eq!(versions, ["cancelled", "booked"], "{id}");
    }
    drop(providers);
    let calls = (rounds() * SLOTS * CROWD * 2) as u64;
    assert_eq!(booker.answered(), calls);
    // Each Provider's chain begins with a record of its own.
    house.has_intact_records(records_before + calls + ports.len() as u64);
    println!("{database:?}: {} bookings and as many cancels, {} carried out", calls / 2, booked.len());
}

// covers: BOOK-09, BOOK-10, VER-03, CAN-07, CAN-09, AUD-01
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contested_bookings_and_cancels_leave_exactly_the_right_rows_in_sqlite() {
    contest(Database::Sqlite, 1).await;
}

// covers: BOOK-09, BOOK-10, VER-03, CAN-07, CAN-09, AUD-01
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contested_bookings_and_cancels_leave_exactly_the_right_rows_in_postgresql() {
    contest(Database::Postgres, 3).await;
}

//! `kill -9` of the Provider while it books: what was acknowledged is there after the restart, nothing is there twice, and the audit
//! trail is whole, with a chain for each run that was cut. A soak of 100 kills it 100 times.

use serde_json::Value;
use store::{Appointments, RequestId};
use tokio::sync::mpsc;

use super::booker::{Booker, soak_factor};
use super::house::{Database, House};

const WORKERS: usize = 16;
/// The Slots of one worker.
const SLOTS: usize = 4;

fn kills() -> usize {
    match soak_factor() {
        1 => 3,
        factor => factor,
    }
}

/// An answer that a worker has: this Appointment is at least in this version.
struct Acknowledged {
    id: String,
    version: usize,
}

/// What a worker was at when the Provider was killed.
enum Unsettled {
    /// It asked for a Slot.
    Booking { slot: usize, request_id: String },
    /// It asked to cancel, or was about to.
    Booked { received: Value },
}

/// Books and cancels its Slots in turn until there is no answer.
async fn work(booker: Booker, port: u16, worker: usize, told: mpsc::Sender<Acknowledged>) -> Unsettled {
    let mut turn = 0;
    loop {
        let (slot, request_id) = (worker * SLOTS + turn % SLOTS, booker.fresh_id());
        let Some(answer) = booker.book(port, &booker.slot(slot), &request_id).await else {
            return Unsettled::Booking { slot, request_id };
        };
        assert_eq!(answer.status, 201, "{answer:?}");
        told.send(Acknowledged { id: answer.id(), version: 1 }).await.unwrap();
        let received = answer.json();
        let Some(answer) = booker.cancel(port, &received, "W/\"1\"").await else {
            return Unsettled::Booked { received };
        };
        assert_eq!(answer.status, 200, "{answer:?}");
        told.send(Acknowledged { id: answer.id(), version: 2 }).await.unwrap();
        turn += 1;
    }
}

/// Asks again for what had no answer, and cancels it: the retry tells what became of it, and makes nothing twice.
async fn settle(house: &House, booker: &Booker, port: u16, unsettled: Unsettled) {
    let received = match unsettled {
        Unsettled::Booked { received } => received,
        Unsettled::Booking { slot, request_id } => {
            let answer = booker.book(port, &booker.slot(slot), &request_id).await.expect("an answer");
            match answer.status {
                201 => answer.json(),
                409 => {
                    let request = RequestId { consumer: "200000000359".to_owned(), value: request_id };
                    let made = house.store().await.request(&request).await.unwrap().expect("it was carried out");
                    booker.read(port, &made).await.expect("an answer").json()
                }
                _ => panic!("{answer:?}"),
            }
        }
    };
    let id = received["id"].as_str().unwrap();
    let now = booker.read(port, id).await.expect("an answer").json();
    if now["status"] == "booked" {
        let answer = booker.cancel(port, &now, "W/\"1\"").await.expect("an answer");
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

async fn killed_again_and_again(database: Database) {
    let house = House::new(database);
    let booker = Booker::new(&house);
    let before = house.booked_and_busy().await;
    let (mut unsettled, mut acknowledged, mut cut) = (Vec::<Unsettled>::new(), 0, 0);
    for round in 0..kills() {
        let provider = house.provider("");
        for each in unsettled.drain(..) {
            settle(&house, &booker, provider.port, each).await;
        }
        assert_eq!(house.booked_and_busy().await, before, "round {round}: nothing is there twice");
        let (telling, mut told) = mpsc::channel(10_000);
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| tokio::spawn(work(booker.clone(), provider.port, worker, telling.clone())))
            .collect();
        drop(telling);
        let mut answers = Vec::new();
        while answers.len() < 10 + round * 7 % 60 {
            answers.push(told.recv().await.expect("the Provider answers"));
        }
        provider.kill();
        for worker in workers {
            unsettled.push(worker.await.unwrap());
        }
        while let Some(answer) = told.recv().await {
            answers.push(answer);
        }
        let (booked, busy) = house.booked_and_busy().await;
        assert_eq!(booked - before.0, busy - before.1, "round {round}: a Slot is busy when one Appointment holds it");
        let store = house.store().await;
        for answer in &answers {
            let versions = store.history(&answer.id).await.unwrap().len();
            assert!(versions >= answer.version, "round {round}: {} was acknowledged", answer.id);
        }
        store.closed().await;
        house.intact_records();
        acknowledged += answers.len();
        cut += unsettled.len();
    }
    let provider = house.provider("");
    for each in unsettled {
        settle(&house, &booker, provider.port, each).await;
    }
    assert_eq!(house.booked_and_busy().await, before);
    drop(provider);
    let closed = house.chains_closed('p');
    assert_eq!(closed.len(), kills() + 1, "a chain for each run");
    assert_eq!(closed.iter().filter(|closed| **closed).count(), 1, "only the last was closed: {closed:?}");
    println!("{database:?}: {} kills, {acknowledged} answers, {cut} calls cut off", kills());
}

// covers: BOOK-09, XTI-04, XTI-05, AUD-04
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_is_killed_loses_nothing_it_acknowledged_in_sqlite() {
    killed_again_and_again(Database::Sqlite).await;
}

// covers: BOOK-09, XTI-04, XTI-05, AUD-04
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_is_killed_loses_nothing_it_acknowledged_in_postgresql() {
    killed_again_and_again(Database::Postgres).await;
}

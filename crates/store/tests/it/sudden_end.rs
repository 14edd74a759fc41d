//! Sudden ends: a process that is killed while it books, and a database that dies under it. What was acknowledged is there.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use store::testing::TestPostgres;
use store::{
    Appointments, Audit, BookOutcome, Booking, ChangeOutcome, Diary, SlotQuery, SlotStatus, Store, StoreError,
};

use crate::place::Place;
use crate::sample::{booking, cancel, diary, record, slot};

/// Set in a child: where it works. A file, or a schema after the URL of a server.
pub(crate) const BOOK_HERE: &str = "CARESLOT_TEST_BOOK_HERE";
const ROUNDS: u32 = 4;
const SLOTS: i64 = 400;

pub(crate) fn open_as_told(place: &str, process: &str) -> impl Future<Output = Result<Store, StoreError>> {
    let (place, process) = (place.to_owned(), process.to_owned());
    async move {
        match place.split_once(' ') {
            Some((url, schema)) => {
                Store::open_postgres(url, schema, Some(TestPostgres::shared_password()), &process).await
            }
            None => Store::open_sqlite(place.as_ref(), &process).await,
        }
    }
}

/// The body of the child that is killed. It is a test only so that this binary can be started with it, and by itself has nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_books_until_it_is_killed() {
    let Some(place) = std::env::var_os(BOOK_HERE).and_then(|place| place.into_string().ok()) else { return };
    let process = format!("child-{}", std::process::id());
    let store = open_as_told(&place, &process).await.expect("the child opens the place");
    let next = Arc::new(AtomicU32::new(0));
    let workers: Vec<_> =
        (0..16).map(|_| tokio::spawn(book_and_tell(store.clone(), process.clone(), Arc::clone(&next)))).collect();
    for worker in workers {
        worker.await.expect("the worker ends");
    }
}

/// Books one Slot after the other, cancels every third, and says what was acknowledged, a line each.
async fn book_and_tell(store: Store, process: String, next: Arc<AtomicU32>) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let id = format!("{process}-{number}");
        let wanted = booking(&id, &format!("wide-{:03}", i64::from(number) % SLOTS));
        if store.book(wanted).await.expect("the database works") == BookOutcome::Booked {
            tell(&format!("booked {id}"));
            if number.is_multiple_of(3) {
                let outcome = store.change(cancel(&id, 1)).await.expect("the database works");
                assert_eq!(outcome, ChangeOutcome::Changed { version: 2 });
                tell(&format!("cancelled {id}"));
            }
        }
    }
}

pub(crate) fn tell(what: &str) {
    // Written at once and not through the test's own capture.
    drop(writeln!(std::io::stdout().lock(), "\n>{what}"));
}

fn start_child(place: &str) -> Child {
    start(place, "sudden_end::a_child_books_until_it_is_killed")
}

/// Starts this binary again with one test alone, which works at a place.
pub(crate) fn start(place: &str, test: &str) -> Child {
    Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", test, "--nocapture"])
        .env(BOOK_HERE, place)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("this binary starts again")
}

/// Kills the child with SIGKILL after it told so many things; the answer is all it told.
pub(crate) fn kill_after(mut child: Child, told: usize) -> Vec<String> {
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut lines = Vec::new();
    while lines.len() < told {
        let mut line = String::new();
        assert_ne!(output.read_line(&mut line).expect("the child's output"), 0, "the child ended by itself");
        lines.extend(line.strip_prefix('>').map(|line| line.trim_end().to_owned()));
    }
    child.kill().expect("the child is killed");
    child.wait().expect("the child is gone");
    let mut rest = String::new();
    output.read_to_string(&mut rest).expect("the rest of the output");
    // A line that was cut off by the kill was not told.
    let whole = rest.rfind('\n').map_or("", |end| &rest[..end]);
    lines.extend(whole.lines().filter_map(|line| line.strip_prefix('>')).map(str::to_owned));
    lines
}

/// Everything that was acknowledged is there, and everything that is there is whole.
async fn check(store: &Store, told: &[String]) {
    for line in told {
        let (what, id) = line.split_once(' ').expect("two words");
        let history = store.history(id).await.unwrap();
        let expected = if what == "cancelled" { 2 } else { 1 };
        assert!(history.len() >= expected, "{line} was acknowledged");
        assert!(store.request(&crate::sample::request(&format!("request of {id}"))).await.unwrap().is_some(), "{line}");
    }
    assert_eq!(store.verify().await.unwrap().faults, []);
    // A Slot is busy exactly when one Appointment that is booked holds it.
    let busy = SlotQuery { statuses: vec![SlotStatus::Busy], limit: 10_000, ..SlotQuery::default() };
    let busy = store.free_slots(&busy).await.unwrap().total;
    let query =
        store::PatientQuery { patient: crate::sample::PATIENT.to_owned(), limit: 1_000_000, ..Default::default() };
    let found = store.appointments_of(&query).await.unwrap();
    assert_eq!(found.iter().filter(|version| version.status == "booked").count() as u64, busy);
}

async fn many_slots(store: &Store) {
    store.load(diary(), record("load")).await.unwrap();
    store.add_slots((0..SLOTS).map(|number| slot("wide", number)).collect(), record("more")).await.unwrap();
}

// covers: BOOK-09
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_loses_nothing_it_acknowledged_on_sqlite() {
    let place = Place::sqlite();
    many_slots(&place.open().await).await;
    let path = place.file().to_string_lossy().into_owned();
    let mut told = Vec::new();
    for round in 0..ROUNDS {
        told.extend(kill_after(start_child(&path), 20 + 25 * round as usize));
        check(&place.open().await, &told).await;
    }
}

// covers: BOOK-09
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_loses_nothing_it_acknowledged_on_postgres() {
    let server = TestPostgres::shared();
    let schema = server.new_schema();
    let store = Store::open_postgres(&server.url(), &schema, Some(server.password()), "parent").await.unwrap();
    many_slots(&store).await;
    let place = format!("{} {schema}", server.url());
    let mut told = Vec::new();
    for round in 0..ROUNDS {
        told.extend(kill_after(start_child(&place), 20 + 25 * round as usize));
        check(&store, &told).await;
    }
}

// covers: BOOK-09
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_loses_nothing_that_was_acknowledged() {
    let server = TestPostgres::start().expect("a server for this test alone");
    let store = Store::open_postgres(&server.url(), "provider", Some(server.password()), "p").await.unwrap();
    many_slots(&store).await;
    let mut told = Vec::new();
    for round in 0..2 {
        let (telling, mut acknowledged) = tokio::sync::mpsc::unbounded_channel();
        let workers: Vec<_> = (0..16)
            .map(|worker| {
                let (store, telling) = (store.clone(), telling.clone());
                tokio::spawn(async move {
                    for number in 0.. {
                        let id = format!("r{round}-w{worker}-{number}");
                        let slot = (round * 160 + worker * 10 + number % 10) % SLOTS;
                        match store.book(booking(&id, &format!("wide-{slot:03}"))).await {
                            Ok(BookOutcome::Booked) => telling.send(format!("booked {id}")).unwrap(),
                            Ok(_) => {}
                            Err(StoreError::Unavailable(_)) => return,
                            Err(other) => panic!("{other}"),
                        }
                    }
                })
            })
            .collect();
        for _ in 0..60 {
            told.push(acknowledged.recv().await.expect("the workers go on"));
        }
        server.crash().unwrap();
        drop(telling);
        for worker in workers {
            worker.await.unwrap();
        }
        while let Some(line) = acknowledged.recv().await {
            told.push(line);
        }
        let late = Booking { request: None, ..booking(&format!("late-{round}"), "wide-399") };
        assert!(matches!(store.book(late).await, Err(StoreError::Unavailable(_))));
        store.append_behind(record("while the server was away")).await.unwrap();
        server.start_again().unwrap();
        check(&store, &told).await;
        store.append(record("after it came back")).await.unwrap();
    }
    let kept = store::AuditFilter {
        trace_id: Some("trace of while the server was away".to_owned()),
        limit: 9,
        ..Default::default()
    };
    assert_eq!(store.list(&kept).await.unwrap().len(), 2, "the records of that time are written afterwards");
}

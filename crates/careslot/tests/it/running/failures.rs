//! A disk that is full, a database that is away, callers that say nothing: each refusal is clear, nothing that was acknowledged is lost,
//! and the service goes on as soon as it can, without a restart.

use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use super::booker::{Answer, Booker};
use super::house::{Database, House, Process};
use super::run;

/// Fails unless this is a fault of our own, told by an OperationOutcome that says nothing of its cause.
#[track_caller]
fn is_our_fault(answer: &Answer) {
    assert_eq!(answer.status, 500, "{answer:?}");
    let body = answer.json();
    assert_eq!(body["resourceType"], "OperationOutcome", "{body}");
    let text = body.to_string().to_lowercase();
    for inside in ["sqlite", "postgres", "disk", "database", "connection"] {
        assert!(!text.contains(inside), "{inside}: {body}");
    }
}

/// Says how large a file may become for this process, in bytes.
fn limit_files(provider: &Process, size: &str) {
    let words = ["--pid", &provider.pid, &format!("--fsize={size}:unlimited")];
    let seen = run("prlimit", &words, Path::new("/"), &[], "");
    assert_eq!(seen.exit, 0, "{seen:?}");
}

// covers: BOOK-09, AUD-01, AUD-04
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_bookings_and_loses_none() {
    let house = House::new(Database::Sqlite);
    let booker = Booker::new(&house);
    let provider = house.provider("");
    let port = provider.port;
    let (before, records_before) = (house.booked_and_busy().await, house.intact_records());
    let mut booked = vec![booker.book(port, &booker.slot(0), &booker.fresh_id()).await.unwrap().id()];
    let log = house.file().with_extension("db-wal");
    limit_files(&provider, &(fs::metadata(&log).unwrap().len() + 100_000).to_string());
    let mut number = 1;
    let request_id = loop {
        assert!(number < 100, "the disk is never full");
        let request_id = booker.fresh_id();
        let answer = booker.book(port, &booker.slot(number), &request_id).await.unwrap();
        if answer.status != 201 {
            is_our_fault(&answer);
            break request_id;
        }
        booked.push(answer.id());
        number += 1;
    };
    // What is there can be read, and what was acknowledged is there.
    for id in &booked {
        assert_eq!(booker.read(port, id).await.unwrap().status, 200);
    }
    limit_files(&provider, "unlimited");
    let answer = booker.book(port, &booker.slot(number), &request_id).await.unwrap();
    assert_eq!(answer.status, 201, "{answer:?}");
    booked.push(answer.id());
    let count = booked.len() as u64;
    assert_eq!(house.booked_and_busy().await, (before.0 + count, before.1 + count));
    drop(provider);
    // The chain was left where a commit failed, and another began: each has a record of its own.
    let own = house.chains_closed('p').len() as u64;
    house.has_intact_records(records_before + booker.answered() + own);
}

// covers: BOOK-09, XTI-04, AUD-01
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_stops_and_comes_back_loses_nothing() {
    let house = House::new(Database::Postgres);
    let booker = Booker::new(&house);
    let provider = house.provider("");
    let port = provider.port;
    let first = booker.book(port, &booker.slot(0), &booker.fresh_id()).await.unwrap();
    assert_eq!(first.status, 201, "{first:?}");
    let server = house.postgres.as_ref().unwrap();
    for round in 1..3 {
        server.crash().unwrap();
        let request_id = booker.fresh_id();
        is_our_fault(&booker.book(port, &booker.slot(round), &request_id).await.unwrap());
        is_our_fault(&booker.read(port, &first.id()).await.unwrap());
        is_our_fault(&booker.cancel(port, &first.json(), "W/\"1\"").await.unwrap());
        server.start_again().unwrap();
        let answer = booker.book(port, &booker.slot(round), &request_id).await.unwrap();
        assert_eq!(answer.status, 201, "the Provider was not started again: {answer:?}");
        assert_eq!(booker.read(port, &first.id()).await.unwrap().json(), first.json());
    }
    drop(provider);
    house.intact_records();
    let exported = house.careslot("audit export --role provider --refused --config audit.toml");
    let refused = exported.stdout.lines().filter(|line| line.contains("\"status\":500")).count();
    assert_eq!(refused, 6, "what was refused while the database was away is recorded afterwards: {exported:?}");
}

// covers: BOOK-09
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_another_program_locks_is_waited_for_and_then_refused() {
    let house = House::new(Database::Sqlite);
    let booker = Booker::new(&house);
    let provider = house.provider("");
    let port = provider.port;
    let first = booker.book(port, &booker.slot(0), &booker.fresh_id()).await.unwrap();
    let other = rusqlite::Connection::open(house.file()).unwrap();
    other.execute_batch("begin immediate").unwrap();
    let request_id = booker.fresh_id();
    is_our_fault(&booker.book(port, &booker.slot(1), &request_id).await.unwrap());
    assert_eq!(booker.read(port, &first.id()).await.unwrap().status, 200, "reading goes on");
    other.execute_batch("rollback").unwrap();
    assert_eq!(booker.book(port, &booker.slot(1), &request_id).await.unwrap().status, 201);
    drop(provider);
    house.intact_records();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_say_nothing_are_let_go_and_keep_nobody_from_booking() {
    let house = House::new(Database::Sqlite);
    let booker = Booker::new(&house);
    let provider = house.provider("");
    let silent: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(("127.0.0.1", provider.port)).unwrap()).collect();
    let answer = booker.book(provider.port, &booker.slot(0), &booker.fresh_id()).await.unwrap();
    assert_eq!(answer.status, 201, "{answer:?}");
    for mut line in silent {
        // Only so that a fault does not hang the test.
        line.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut byte = [0];
        let ended = line
            .read(&mut byte)
            .map_or_else(|error| error.kind() == std::io::ErrorKind::ConnectionReset, |read| read == 0);
        assert!(ended, "the Provider ends a connection on which nothing comes");
    }
}

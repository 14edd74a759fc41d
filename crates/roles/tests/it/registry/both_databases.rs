//! The Registry over both databases: the life of a registration, races between two processes, and a restart.

use serde_json::{Value, json};

use super::house::{BOTH, House, REGISTRY_1, SEARCH, registration};
use crate::provider::house::Told;

async fn houses() -> [(&'static str, House); 2] {
    [("SQLite", House::new().await), ("PostgreSQL", House::on_postgres().await)]
}

fn cancelled(registered: &Told) -> Value {
    let mut body = registered.value();
    body["status"] = json!("cancelled");
    body
}

async fn statuses(asked: Vec<tokio::task::JoinHandle<Told>>) -> Vec<u16> {
    let mut statuses = Vec::new();
    for told in asked {
        statuses.push(told.await.expect("an answer").status);
    }
    statuses.sort_unstable();
    statuses
}

// covers: REG-01, REG-03, REG-09, REG-10, REG-12, READ-07, PAT-05, PAT-08, X-48
#[tokio::test]
async fn a_registration_is_made_read_found_and_cancelled_in_both_dialects() {
    for (database, house) in houses().await {
        for (nth, base) in (0..).zip(BOTH) {
            let what = format!("{base} on {database}");
            let registered = house.register(base, &registration(nth)).await;
            let path = format!("/Appointment/{}", registered.id());
            let found = house.ask(base, "GET", SEARCH).send().await.value();
            let entries = found["entry"].as_array().expect("entries");
            let own = entries.iter().find(|entry| entry["resource"]["id"] == registered.id()).expect("its entry");
            assert_eq!(own["fullUrl"], format!("{base}{path}/_history/1"), "{what}");
            let put =
                house.ask(base, "PUT", &path).header("If-Match", "W/\"1\"").header("X-Request-ID", &format!("c{nth}"));
            let told = put.json(&cancelled(&registered)).send().await;
            assert_eq!(
                (told.status, told.header("location")),
                (200, format!("{base}{path}/_history/2").as_str()),
                "{what}"
            );
            for (below, status) in [("", "cancelled"), ("/_history/1", "booked"), ("/_history/2", "cancelled")] {
                let read = house.ask(base, "GET", &format!("{path}{below}")).send().await;
                assert_eq!((read.status, &read.value()["status"]), (200, &json!(status)), "{what}{below}");
                for absent in ["slot", "contained", "supportingInformation", "description"] {
                    assert!(read.value().get(absent).is_none(), "{what}: {absent}");
                }
            }
            let history = house.ask(base, "GET", &format!("{path}/_history")).send().await.value();
            assert_eq!(history["total"], 2, "{what}");
        }
    }
}

// covers: REG-13, REG-12, VER-03
#[tokio::test]
async fn of_many_at_two_processes_one_registers_and_one_cancels() {
    for (database, house) in houses().await {
        let other = house.beside().await;
        let either = |number: usize| if number.is_multiple_of(2) { &house } else { &other };
        let asked = (0..16).map(|number| {
            let ask = either(number).ask(REGISTRY_1, "POST", "/Appointment");
            tokio::spawn(ask.header("X-Request-ID", &format!("r{number}")).json(&registration(0)).send())
        });
        let told = statuses(asked.collect()).await;
        assert_eq!((told[0], &told[1..]), (201, vec![422; 15].as_slice()), "{database}");

        let registered = house.register(REGISTRY_1, &registration(1)).await;
        let path = format!("/Appointment/{}", registered.id());
        let asked = (0..16).map(|number| {
            let ask = either(number).ask(REGISTRY_1, "PUT", &path).header("If-Match", "W/\"1\"");
            tokio::spawn(ask.header("X-Request-ID", &format!("c{number}")).json(&cancelled(&registered)).send())
        });
        let told = statuses(asked.collect()).await;
        assert_eq!((told[0], &told[1..]), (200, vec![409; 15].as_slice()), "{database}");
        let history = house.ask(REGISTRY_1, "GET", &format!("{path}/_history")).send().await.value();
        assert_eq!(history["total"], 2, "{database}: one change");
    }
}

// covers: REG-03, AUD-01, AUD-04
#[tokio::test]
async fn what_was_acknowledged_outlives_a_restart_with_its_record() {
    for (database, mut house) in houses().await {
        let registered = house.register(REGISTRY_1, &registration(0)).await;
        house.restart().await;
        let read = house.ask(REGISTRY_1, "GET", &format!("/Appointment/{}", registered.id())).send().await;
        assert_eq!((read.status, read.value()), (200, registered.value()), "{database}");
        let records = house.records().await;
        assert!(records.iter().any(|record| record["status"] == 201), "{database}: {records:?}");
    }
}

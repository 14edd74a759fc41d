//! The audit trails from outside: read, narrowed, exported, and whatever is done to them behind the program's back is found.

use serde_json::Value;

use super::Demo;
use super::booker::Booker;
use super::house::{Database, House};

const VERIFY: &str = "audit verify --role provider --config audit.toml";

// covers: AUD-01, AUD-04, AUD-06, AUD-07, AUD-08, AUD-09, AUD-10
#[test]
fn a_call_is_followed_through_the_trails_and_no_patient_is_named() {
    let demo = Demo::start(&[], &[]);
    let request_id = "0b5b4ef8-7b5c-4d7d-9a77-0d2f4c8c4a01";
    let slot = demo.slot();
    demo.json(&format!("book {slot} --nhs-number 9990000018 --request-id {request_id} --json"));
    assert_eq!(demo.careslot(&format!("book {slot} --nhs-number 9990000018")).exit, 1);
    demo.careslot("appointments --nhs-number 9990000018");

    let listed = demo.json(&format!("audit list --request {request_id} --json"));
    let records = listed.as_array().unwrap();
    let roles: Vec<&str> = records.iter().map(|record| record["role"].as_str().unwrap()).collect();
    assert_eq!(records.len(), 2, "the SSP's record and the Provider's: {listed}");
    assert!(roles.contains(&"ssp") && roles.contains(&"provider"), "{listed}");
    let trace = records[0]["trace_id"].as_str().unwrap();
    assert_eq!(demo.json(&format!("audit list --trace {trace} --json")).as_array().unwrap().len(), 2);

    let table = demo.careslot("audit list --refused");
    assert!(table.stdout.contains("422 BOOK-10"), "{table:?}");
    assert!(table.stdout.lines().all(|line| line.chars().count() <= 80), "{table:?}");
    assert!(demo.careslot("audit list --refused --role ssp").stdout.contains("422"), "whom the SSP relayed");
    for (narrow, is_found) in [
        ("--caller 200000000359 --service 918999198999", true),
        ("--caller 200000000360", false),
        ("--service 118111118111", false),
        ("--from today --to tomorrow", true),
        ("--from tomorrow", false),
        ("--to 2020-01-01", false),
    ] {
        let seen = demo.careslot(&format!("audit list --role provider {narrow}"));
        assert_eq!((seen.exit, seen.stdout.contains("create:appointment")), (0, is_found), "{narrow}: {seen:?}");
        assert_eq!(seen.stderr.contains("there is no such record"), !is_found, "{narrow}: {seen:?}");
    }

    let exported = demo.careslot("audit export").stdout;
    let lines: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for role in ["provider", "registry", "ssp", "token", "sds"] {
        assert!(lines.iter().any(|line| line["role"] == role), "{role}: {exported}");
    }
    assert!(!exported.contains("9990000018") && !exported.contains("eyJ"), "no NHS number and no token: {exported}");
    let report = demo.json("audit verify --json");
    assert_eq!((report["intact"].clone(), report["trails"].as_array().unwrap().len()), (true.into(), 5));
    let seen = demo.careslot("audit list --role web");
    assert!(seen.exit == 2 && seen.stderr.contains("no audit trail"), "{seen:?}");
}

/// What is done, and where `verify` has to see it: in the older chain or in the newer, at which record.
const CHANGES: [(&str, &str, (usize, u64)); 7] = [
    ("change", "update audit_record set requirement = 'BOOK-09' where chain = OLD and sequence = 3", (0, 3)),
    ("delete", "delete from audit_record where chain = OLD and sequence = 2", (0, 2)),
    (
        "insert",
        "update audit_record set sequence = sequence + 1000 where chain = NEW and sequence >= 3;
         insert into audit_record (chain, sequence, recorded_at, trace_id, requirement, body, hash)
          select chain, 3, recorded_at, trace_id, requirement, body, hash from audit_record
          where chain = NEW and sequence = 2;
         update audit_record set sequence = sequence - 999 where chain = NEW and sequence > 1000",
        (1, 3),
    ),
    (
        "reorder",
        "update audit_record set sequence = 1002 where chain = NEW and sequence = 2;
         update audit_record set sequence = 2 where chain = NEW and sequence = 3;
         update audit_record set sequence = 3 where chain = NEW and sequence = 1002",
        (1, 2),
    ),
    ("truncate the tail of the newest chain", "delete from audit_record where chain = NEW and sequence > 4", (1, 5)),
    (
        "truncate the tail of one that another continues",
        "delete from audit_record where chain = OLD and sequence > 4",
        (0, 5),
    ),
    (
        "swap chains",
        "update audit_record set chain = 'between' where chain = OLD;
         update audit_record set chain = OLD where chain = NEW;
         update audit_record set chain = NEW where chain = 'between'",
        (0, 1),
    ),
];

async fn tampering_is_seen(database: Database) {
    let house = House::new(database);
    let booker = Booker::new(&house);
    for run in 0..2 {
        let provider = house.provider("");
        for number in 0..4 {
            let answer = booker.book(provider.port, &booker.slot(run * 4 + number), &booker.fresh_id()).await;
            assert_eq!(answer.map(|answer| answer.status), Some(201));
        }
        // The trail of a Provider that runs without a listener is read from its database.
        assert_eq!(house.careslot(VERIFY).exit, 0);
    }
    let report: Value = serde_json::from_str(&house.careslot(&format!("{VERIFY} --json")).stdout).unwrap();
    let chains = report["trails"][0]["chains"].as_array().unwrap();
    let [.., old, new] = chains.as_slice() else { panic!("three chains: {report}") };
    assert_eq!((&old["closed"], &new["records"]), (&true.into(), &5.into()), "{report}");
    let names = [old, new].map(|chain| chain["chain"].as_str().unwrap().to_owned());
    for table in ["audit_record", "audit_head"] {
        house.tamper(&format!("create table kept_{table} as select * from {table}"));
    }
    for (what, sql, (chain, record)) in CHANGES {
        let sql = sql.replace("OLD", &format!("'{}'", names[0])).replace("NEW", &format!("'{}'", names[1]));
        house.tamper(&sql);
        let seen = house.careslot(VERIFY);
        assert_eq!(seen.exit, 1, "{what}: {seen:?}");
        let place = format!("✘ provider, {}, record {record}:\n", names[chain]);
        assert!(seen.stdout.contains(&place), "{what}: {seen:?}");
        assert!(seen.stderr.contains("[AUD-04]"), "{what}: {seen:?}");
        for table in ["audit_record", "audit_head"] {
            house.tamper(&format!("delete from {table}; insert into {table} select * from kept_{table}"));
        }
        assert_eq!(house.careslot(VERIFY).exit, 0, "{what} is undone");
    }
    // Whoever removes a chain with every trace of it is caught by the heads that somebody kept.
    house.keep("heads.json", &report.to_string());
    assert_eq!(house.careslot(&format!("{VERIFY} --since heads.json")).exit, 0);
    let new = &names[1];
    house.tamper(&format!(
        "delete from audit_record where chain = '{new}'; delete from audit_chain where id = '{new}';
         delete from audit_head where chain = '{new}'"
    ));
    assert_eq!(house.careslot(VERIFY).exit, 0);
    let seen = house.careslot(&format!("{VERIFY} --since heads.json"));
    assert!(seen.exit == 1 && seen.stdout.contains("the earlier check names it"), "{seen:?}");
    let seen = house.careslot(&format!("{VERIFY} --since audit.toml"));
    assert!(seen.exit == 2 && seen.stderr.contains("audit verify --json"), "{seen:?}");
}

// covers: AUD-04
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_done_to_a_trail_in_sqlite_is_seen_from_outside() {
    tampering_is_seen(Database::Sqlite).await;
}

// covers: AUD-04
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_done_to_a_trail_in_postgresql_is_seen_from_outside() {
    tampering_is_seen(Database::Postgres).await;
}

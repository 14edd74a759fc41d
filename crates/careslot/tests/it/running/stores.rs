//! The same booking where Provider and Registry keep what they are told in PostgreSQL.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use store::testing::TestPostgres;

use super::{CARESLOT, Demo, run};

// covers: BOOK-09, REG-03
#[test]
fn a_booking_is_kept_in_postgresql_as_in_sqlite() {
    let postgres = TestPostgres::shared();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    fs::write(&file, postgres.password()).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let variables = [("CARESLOT_STORE__PASSWORD_FILE", file.to_str().unwrap())];
    let demo = Demo::start(&["--store", &postgres.url()], &variables);
    let slot = demo.slot();
    let booked = demo.json(&format!("book {slot} --nhs-number 9990000018 --json"));
    let id = booked["id"].as_str().unwrap();
    let again = demo.careslot(&format!("book {slot} --nhs-number 9990000018"));
    assert_eq!(again.exit, 1, "{again:?}");
    assert!(again.stderr.contains("[BOOK-10]"), "{again:?}");
    let registered = demo.careslot("appointments --nhs-number 9990000018 --registry");
    assert!(registered.stdout.contains(id), "{registered:?}");
    assert_eq!(demo.json(&format!("cancel {id} --json"))["status"], "cancelled");
    let history = demo.json(&format!("history {id} --json"));
    assert_eq!(history["total"], 2);
    let files: Vec<_> = fs::read_dir(demo.folder.join(".careslot/data")).unwrap().filter_map(Result::ok).collect();
    assert!(!files.iter().any(|file| file.file_name() == "provider.db"), "nothing of it is kept in SQLite");
}

// Nobody listens on port 9 of this machine; the server that answers wants a password.
#[test]
fn a_database_that_cannot_be_used_is_told_apart_from_a_fault_of_the_program() {
    let postgres = TestPostgres::shared();
    let cases = [
        ("postgres://somebody@127.0.0.1:9/nowhere".to_owned(), 3, "see that the database runs"),
        (postgres.url(), 2, "store.password_file or PGPASSFILE"),
    ];
    for (url, exit, cure) in cases {
        let folder = tempfile::tempdir().unwrap();
        let words = ["demo", "--once", "--port-base", "0", "--store", &url];
        let seen = run(CARESLOT, &words, folder.path(), &[], "");
        assert_eq!(seen.exit, exit, "{url}: {seen:?}");
        assert!(seen.stderr.contains(cure), "{url}: {seen:?}");
        assert!(!folder.path().join(".careslot").exists(), "{url}: nothing is left behind");
    }
}

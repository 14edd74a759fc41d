//! `careslot sds` as scripts see it: against the demo's running directory, and against a store whose directory does not run.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;

use super::{CARESLOT, Demo, Seen, run};

const FILTER: &str = "(&(uniqueIdentifier=918999198997)(objectClass=nhsAs))";
const ADD: [&str; 7] =
    ["sds", "add", "918999198997", "--ods", "B12345", "--endpoint", "https://provider.test/STU3/1/uec"];

/// A folder with a configuration whose directory does not run.
struct Store {
    folder: tempfile::TempDir,
}

impl Store {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("careslot.toml"), "[store]\nfolder = \"kept\"\n").unwrap();
        Self { folder }
    }

    fn careslot(&self, words: &[&str], stdin: &str) -> Seen {
        let words = [words, &["--config", "careslot.toml"]].concat();
        run(CARESLOT, &words, self.folder.path(), &[], stdin)
    }
}

fn ldapsearch(demo: &Demo, filter: &str) -> String {
    let url = demo.text("/sds/ldap");
    let words = ["-x", "-LLL", "-H", &url, "-b", "o=nhs", filter, "1.1"];
    run("ldapsearch", &words, Path::new("/"), &[], "").stdout
}

// covers: SDS-63, SDS-65
#[test]
fn what_is_added_exported_and_put_back_is_seen_by_the_very_next_search() {
    let demo = Demo::start(&[], &[]);
    let before = demo.careslot("sds export");
    assert!(before.exit == 0 && before.stdout.contains("\nnhsIDCode: A91545\n"), "{before:?}");
    assert_eq!(ldapsearch(&demo, FILTER), "");

    let dry = demo.careslot_with(&[&ADD[..], &["--dry-run"]].concat(), "");
    assert_eq!((dry.exit, ldapsearch(&demo, FILTER).as_str()), (0, ""), "{dry:?}");
    let added = demo.careslot_with(&ADD, "");
    assert_eq!(added.exit, 0, "{added:?}");
    assert!(added.stdout.contains("nhsMHSPartyKey: B12345-9198997\n"), "{added:?}");
    assert_eq!(ldapsearch(&demo, FILTER), "dn: uniqueIdentifier=918999198997,ou=Services,o=nhs\n\n");
    let found = demo.json("endpoint 918999198997 --json");
    assert_eq!(found["endpoint"], "https://provider.test/STU3/1/uec");

    let again = demo.careslot_with(&ADD, "");
    assert!(again.exit == 1 && again.stderr.contains("is there already"), "{again:?}");
    let moved = [&ADD[..6], &["https://other.test/STU3/1/uec", "--replace"]].concat();
    assert_eq!(demo.careslot_with(&moved, "").exit, 0);
    assert_eq!(demo.json("endpoint 918999198997 --json")["endpoint"], "https://other.test/STU3/1/uec");

    let back = demo.careslot_with(&["sds", "import", "-", "--replace", "--json"], &before.stdout);
    let plan: serde_json::Value = serde_json::from_str(&back.stdout).unwrap();
    assert_eq!(
        (plan["removed"].as_array().unwrap().len(), plan["added"].as_array().unwrap().len()),
        (8, 0),
        "{back:?}"
    );
    assert_eq!(ldapsearch(&demo, FILTER), "");
    assert_eq!(demo.careslot("sds export").stdout, before.stdout);
}

// covers: SDS-65
#[test]
fn the_demos_directory_has_no_error_and_its_warning_says_what_to_do() {
    let demo = Demo::shared();
    let seen = demo.careslot("sds lint");
    assert_eq!(seen.exit, 0, "{seen:?}");
    assert_snapshot!(seen.stdout, @"
    warning two-providers [SDS-65]
      uniqueIdentifier=918999198999,ou=Services,o=nhs
      nhsIDCode: 118111118111 of the organisation A91545 is a Provider too
      leave one of them, or see that every caller knows the ASID: a look-up by ODS code cannot tell them apart
    ");
}

// covers: SDS-63
#[test]
fn what_is_no_ldif_is_refused_whole_with_line_and_cure() {
    let store = Store::new();
    let half = "dn: ou=one,o=nhs\nobjectClass: organizationalUnit\nou: one\n\ndn: ou=two,o=nhs\nou two\n";
    assert_snapshot!(store.careslot(&["sds", "import", "-"], half).whole(), @r#"
    exit 2
    --- stdout
    --- stderr
    error: this is no LDIF, and nothing of it was taken
      stdin:6: expected an attribute name, a colon and a value, got "ou two" [SDS-63]
      put the colon there, or begin the line with a space if it continues the one before
    "#);
    let export = store.careslot(&["sds", "export"], "");
    assert!(export.exit == 2 && export.stderr.contains("does not run, and has no database"), "{export:?}");
    assert!(!store.folder.path().join("kept").exists(), "nothing was made");
    for (words, stdin, why) in [
        (&["sds", "import", "-", "-"][..], "dn: ou=one,o=nhs\nou: one\n", ""),
        (&["sds", "import", "absent.ldif"], "", "No such file"),
        (&["sds", "import", "-"], "# nothing\n", "at least one entry"),
        (&["sds", "add", "918999198997", "--ods", "B12345"], "", "SSP-47"),
        (&["sds", "add", "1", "--ods", "B12345", "--fqdn", "c.test"], "", "12 digits"),
        (&["sds", "add", "918999198997", "--ods", "B12345", "--endpoint", "ftp://x"], "", "no address"),
    ] {
        let seen = store.careslot(words, stdin);
        assert!(seen.exit == if why.is_empty() { 0 } else { 2 } && seen.stderr.contains(why), "{words:?}: {seen:?}");
    }
}

// covers: SDS-63, SDS-65
#[test]
fn a_directory_that_does_not_run_is_looked_after_in_its_store() {
    let store = Store::new();
    assert_eq!(store.careslot(&ADD, "").exit, 0);
    let consumer = ["sds", "add", "200000000359", "--ods", "a1001", "--fqdn", "consumer.test"];
    assert_eq!(store.careslot(&consumer, "").exit, 0);
    let export = store.careslot(&["sds", "export"], "");
    assert_eq!(export.stdout.lines().filter(|line| line.starts_with("dn: ")).count(), 10, "{export:?}");
    assert!(export.stdout.contains("nhsIDCode: A1001\n"), "upper case, as callers ask");
    assert_eq!(store.careslot(&["sds", "lint"], "").exit, 0);

    // A second Provider whose records do not fit is taken with a warning, and not when that is asked for.
    let wrong = export.stdout.replace("https://provider.test/STU3/1/uec", "http://provider.test/");
    let strict = store.careslot(&["sds", "import", "-", "--strict"], &wrong);
    assert!(strict.exit == 1 && strict.stderr.contains("endpoint-form [FIND-11]"), "{strict:?}");
    assert_eq!(store.careslot(&["sds", "export"], "").stdout, export.stdout);
    let dry = store.careslot(&["sds", "import", "-", "--dry-run"], &wrong);
    assert_eq!((dry.exit, dry.stdout.matches("~ uniqueIdentifier=").count()), (0, 7), "{dry:?}");
    assert_eq!(store.careslot(&["sds", "import", "-"], &wrong).exit, 0);
    let lint = store.careslot(&["sds", "lint", "--json"], "");
    let findings: serde_json::Value = serde_json::from_str(&lint.stdout).unwrap();
    assert_eq!((lint.exit, findings.as_array().unwrap().len()), (1, 7), "{lint:?}");
}

// covers: SDS-62
#[test]
fn the_schema_is_written_for_openldap() {
    let store = Store::new();
    let seen = store.careslot(&["sds", "export", "--schema"], "");
    assert!(seen.exit == 0 && seen.stdout.starts_with("attributetype ( "), "{seen:?}");
}

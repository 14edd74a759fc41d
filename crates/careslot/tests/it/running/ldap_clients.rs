//! A second LDAP client beside ldapsearch: Python's ldap3, with nothing configured but address, CA and certificate.

use std::path::Path;

use serde_json::{Value, json};

use super::{Demo, run};

// covers: SDS-01, SDS-02, SDS-03, SDS-04, SDS-20, SDS-21, SDS-41, SDS-46, SDS-60, SDS-62
#[test]
fn pythons_ldap3_reads_the_schema_looks_up_pages_and_is_refused() {
    let demo = Demo::shared();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = root.join("target/venv/bin/python");
    assert!(python.exists(), "{} is missing: `make test-tools` installs it", python.display());
    let script = root.join("crates/careslot/tests/it/running/ldap_clients/with_ldap3.py");
    let secured = json!({
        "url": demo.text("/sds/ldaps"),
        "ca": demo.file("/ca"),
        "cert": demo.file("/consumer/cert"),
        "key": demo.file("/consumer/key"),
    });
    for told in [json!({ "url": demo.text("/sds/ldap") }), secured] {
        let words = ["-B", script.to_str().unwrap()];
        let seen = run(python.to_str().unwrap(), &words, &demo.folder, &[], &Value::to_string(&told));
        let expected = format!("endpoint {}\ndone\n", demo.text("/provider/endpoint"));
        assert_eq!((seen.exit, seen.stdout.as_str()), (0, expected.as_str()), "{told}: {seen:?}");
    }
}

//! FHIR clients that other people wrote, with nothing configured but base URL, CA, client certificate and request headers: they look
//! round, search, book, read and cancel at the Provider itself, and through the SSP.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::{Demo, run};

const STEPS: [(&str, &str); 5] = [
    ("metadata", "read:metadata"),
    ("search", "search:slot"),
    ("book", "create:appointment"),
    ("read", "read:appointment"),
    ("cancel", "update:appointment"),
];

/// Runs one of the scripts. `base` is where it believes the Provider to be, `shown` the certificate that it shows there, `nth` the Slot
/// that it chooses.
fn runs(demo: &Demo, script: &str, base: &str, shown: &str, nth: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = root.join("target/venv/bin/python");
    assert!(python.exists(), "{} is missing: `make test-tools` installs it", python.display());
    let token = demo.token(&demo.text("/provider/endpoint"));
    let headers = STEPS.map(|(step, interaction)| {
        let headers = json!({
            "Authorization": format!("Bearer {token}"),
            "Ssp-From": demo.text("/consumer/asid"),
            "Ssp-To": demo.text("/provider/services/0/asid"),
            "Ssp-InteractionID": format!("urn:nhs:names:services:careconnect:fhir:rest:{interaction}"),
        });
        (step.to_owned(), headers)
    });
    let told: Value = json!({
        "base": base,
        "ca": demo.file("/ca"),
        "cert": demo.file(&format!("{shown}/cert")),
        "key": demo.file(&format!("{shown}/key")),
        "headers": headers.into_iter().collect::<Map<_, _>>(),
        "service": demo.text("/provider/services/0/id"),
        "nth": nth,
    });
    let script = root.join("crates/careslot/tests/it/running/fhir_clients").join(script);
    let words = ["-B", script.to_str().unwrap()];
    let seen = run(python.to_str().unwrap(), &words, &demo.folder, &[], &told.to_string());
    assert_eq!(seen.exit, 0, "{base}: {seen:?}");
    assert!(seen.stdout.starts_with("booked and cancelled "), "{base}: {seen:?}");
}

// covers: META-01, SSP-07, SLT-02, BOOK-07, BOOK-10, READ-01, VER-07, CAN-01, CAN-06
#[test]
fn smarts_fhirclient_books_and_cancels_at_the_provider_and_through_the_ssp() {
    let demo = Demo::start(&[], &[]);
    let root = demo.text("/provider/endpoint");
    runs(&demo, "with_fhirclient.py", &format!("{root}/"), "/ssp_client", 40);
    // It joins URLs by a rule that takes `//` for `/`, so the target stands there encoded (SSP-07).
    let encoded = root.replace(':', "%3A").replace('/', "%2F");
    runs(&demo, "with_fhirclient.py", &format!("{}/{encoded}/", demo.text("/ssp")), "/consumer", 41);
}

// covers: SLT-02, BOOK-07, BOOK-10, READ-01, VER-07, CAN-01, CAN-06
#[test]
fn fhirpy_books_and_cancels_at_the_provider_and_through_the_ssp() {
    let demo = Demo::start(&[], &[]);
    let root = demo.text("/provider/endpoint");
    runs(&demo, "with_fhirpy.py", &root, "/ssp_client", 42);
    runs(&demo, "with_fhirpy.py", &format!("{}/{root}", demo.text("/ssp")), "/consumer", 43);
}

//! The commands that the README and the first guide print, run as they stand there. Only the ports are those of the test's demo.

use std::fs;
use std::path::Path;

use super::{CARESLOT, Demo, Seen, run};

/// The `sh` blocks of a page from a heading to the next of its rank, as one script.
fn commands(page: &str, heading: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(page);
    let text = fs::read_to_string(path).unwrap();
    let (_, from) = text.split_once(heading).unwrap_or_else(|| panic!("{page} has {heading}"));
    let section = from.split_once("\n## ").map_or(from, |(section, _)| section);
    let blocks: Vec<&str> =
        section.split("```sh\n").skip(1).map(|block| block.split_once("```").expect("a block ends").0).collect();
    assert!(!blocks.is_empty(), "{page} has commands under {heading}");
    blocks.concat()
}

/// Runs a script in the demo's folder, with the program on the path, its addresses instead of those of the default ports.
fn followed(demo: &Demo, script: &str) -> Seen {
    let host = |pointer: &str| demo.text(pointer).split('/').nth(2).map(str::to_owned).expect("an address");
    let addresses = [
        ("localhost:8443", host("/ssp")),
        ("localhost:8444", host("/provider/endpoint")),
        ("localhost:8445", host("/registry/endpoint")),
        ("localhost:8446", host("/token/endpoint")),
        ("127.0.0.1:1389", host("/sds/ldap")),
        ("127.0.0.1:8447", host("/admin")),
        ("127.0.0.1:8080", host("/web")),
    ];
    let mut script = script.to_owned();
    for (printed, real) in &addresses {
        script = script.replace(printed, real);
    }
    let program = Path::new(CARESLOT).parent().expect("a folder");
    let path = format!("PATH={}:$PATH", program.display());
    let seen = run("bash", &["-c", &format!("set -o pipefail; {path}\n{script}")], &demo.folder, &[], "");
    assert!(!seen.stderr.contains("bash:"), "{script}\n{seen:?}");
    seen
}

#[test]
fn the_readme_works_as_it_is_printed() {
    let demo = Demo::start(&[], &[]);
    let verbs = followed(&demo, &format!("set -e\n{}", commands("README.md", "## Book one yourself")));
    assert_eq!(verbs.exit, 0, "{verbs:?}");
    assert!(verbs.stdout.contains("registration cancelled"), "{verbs:?}");
    let by_hand = followed(&demo, &format!("set -e\n{}", commands("README.md", "## The same by hand")));
    assert_eq!(by_hand.exit, 0, "{by_hand:?}");
    assert!(by_hand.stdout.contains("nhsMHSPartyKey: A91545-9198999"), "{by_hand:?}");
    for told in [r#""type":"searchset""#, r#""status":"cancelled""#, "/Appointment/"] {
        assert!(by_hand.stdout.contains(told), "{told}: {by_hand:?}");
    }
    assert!(!by_hand.stdout.contains("OperationOutcome"), "{by_hand:?}");
}

// covers: UTL-01, UTL-02, UTL-05, TOK-03
#[test]
fn the_guide_to_tokens_works_as_it_is_printed() {
    let demo = Demo::start(&[], &[]);
    for (heading, told) in [
        ("## Look into one", "valid\n"),
        ("## Make one, and see it refused", "exit code 1\nJW2-09"),
        ("## Clients and their secrets", " North 111 "),
    ] {
        let seen = followed(&demo, &format!("set -e\n{}", commands("docs/guide/tokens.md", heading)));
        assert_eq!(seen.exit, 0, "{seen:?}");
        assert!(seen.stdout.contains(told), "{told}: {seen:?}");
    }
}

#[test]
fn the_first_guide_works_as_it_is_printed() {
    let demo = Demo::start(&[], &[]);
    let page = "docs/guide/first-booking.md";
    let parts = ["# First booking", "## By verbs", "## By hand", "## Three more refusals"];
    let script: String = parts.iter().map(|heading| commands(page, heading)).collect();
    let seen = followed(&demo, &script);
    for told in ["nhsMHSEndPoint: ", "HTTP/1.1 201 Created", "HTTP/1.1 200 OK", "registration cancelled"] {
        assert!(seen.stdout.contains(told), "{told}: {seen:?}");
    }
    for refusal in ["[BOOK-10]", "[VER-03]", "[SSP-35]", "[SSP-43]", "[JWT-15]"] {
        assert!(seen.stdout.contains(refusal) || seen.stderr.contains(refusal), "{refusal}: {seen:?}");
    }
    for status in ["\n496\n", "\n403\n"] {
        assert!(seen.stdout.contains(status), "{status}: {seen:?}");
    }
}

#[test]
fn the_guide_to_validating_works_as_it_is_printed() {
    let page = "docs/guide/validating.md";
    let parts =
        ["## One resource", "## By which profile", "## By definitions of your own", "## From programs", "## Over HTTP"];
    let script: String = parts.iter().map(|heading| commands(page, heading)).collect();
    let seen = followed(Demo::shared(), &script);
    assert_eq!(seen.exit, 0, "the last command is answered: {seen:?}");
    // What the page shows comes out, line by line, as far as it shows it.
    let said = format!("{}{}", seen.stdout, seen.stderr);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(page);
    let text = fs::read_to_string(path).unwrap();
    let shown: Vec<&str> = text.split("```text\n").skip(1).filter_map(|block| block.split("```").next()).collect();
    assert_eq!(shown.len(), 5, "{shown:?}");
    for line in shown.iter().flat_map(|block| block.lines()) {
        let line = line.trim_end_matches(" …");
        assert!(said.lines().any(|said| said.starts_with(line)), "{line}\n{said}");
    }
}

// covers: AUD-04, AUD-08, AUD-10
#[test]
fn the_guide_to_the_audit_trail_works_as_it_is_printed() {
    let demo = Demo::start(&[], &[]);
    let page = "docs/guide/audit.md";
    let parts = ["# The audit trail", "## Reading", "## Checking", "## What the Consumer did", "## In production"];
    let script: String = parts.iter().map(|heading| commands(page, heading)).collect();
    let seen = followed(&demo, &script);
    assert_eq!(seen.exit, 0, "the last command is answered: {seen:?}");
    for told in [
        "provider  200000000359  create:appointment  422 BOOK-10",
        "ssp       200000000359  create:appointment  422 relayed",
        " audit.ndjson\n",
        r#"["provider","registry","sds","ssp","token"]"#,
        r#""role":"provider","chains":[{"#,
        r#""next":""#,
    ] {
        assert!(seen.stdout.contains(told), "{told}: {seen:?}");
    }
    assert_eq!(seen.stdout.matches("✔ every record is as it was written").count(), 3, "{seen:?}");
    assert_eq!(seen.stdout.matches(r#""faults":[]"#).count(), 1, "{seen:?}");
}

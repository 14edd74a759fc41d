//! Wall 4 (pure crates never panic on input, never log, never read time, environment, files or randomness) and the half of wall 5
//! that names what `roles` must not touch.

use super::source::{Fault, Source};
use super::walls::Wall;

/// What stops the process.
const PANICS: &[&str] = &[
    ".unwrap()",
    ".expect(\"",
    ".expect(&format!",
    ".unwrap_err()",
    ".expect_err(\"",
    "panic!",
    "unreachable!",
    "todo!",
    "unimplemented!",
    "assert!",
    "assert_eq!",
    "assert_ne!",
];

/// What a pure crate does not do.
const EFFECTS: &[&str] = &[
    "println!",
    "eprintln!",
    "print!",
    "eprint!",
    "dbg!",
    "tracing",
    "log::",
    "SystemTime",
    "Instant",
    "Timestamp::now",
    "ZonedDateTime::now",
    "std::env",
    "env::var",
    "std::fs",
    "std::io::stdin",
    "std::net",
    "std::process",
    "std::thread",
    "std::os",
    "SystemRandom",
    "new_v4",
    "now_v7",
    "thread_rng",
    "getrandom",
    "rand::random",
    "rand::rng",
];

/// What the roles leave to the process that runs them.
const PROCESS: &[&str] = &[
    "std::fs",
    "tokio::fs",
    "File::open",
    "File::create",
    "OpenOptions",
    "std::env",
    "env::var",
    "env::vars",
    "env::args",
    "process::exit",
    "process::abort",
    "std::process",
    "tokio::process",
    "ctrl_c",
    "tokio::signal",
];

pub(super) const PURE_CRATES: Wall = Wall { number: 4, name: "pure crates are pure", faults: pure_crates };
pub(super) const ROLES_WITHOUT_PROCESS: Wall =
    Wall { number: 5, name: "roles are handed everything", faults: roles_without_process };

fn pure_crates(source: &Source) -> Vec<Fault> {
    if !matches!(source.package(), "fhir" | "spine" | "profile") || source.product_path().is_none() {
        return Vec::new();
    }
    let code = source.product_code();
    // A parser's own `self.expect("…")` answers with an error.
    let code = code.replace("self.expect(", "self.wants(");
    let mut faults = source.faults_at(
        &code,
        EFFECTS,
        "in a pure crate: take the value as an argument, and leave logging to the roles",
    );
    faults.extend(source.faults_at(
        &code,
        PANICS,
        "in a pure crate: return an error, for input must not stop the process",
    ));
    faults
}

fn roles_without_process(source: &Source) -> Vec<Fault> {
    if source.package() != "roles" || source.product_path().is_none() {
        return Vec::new();
    }
    source.faults_at(
        &source.product_code(),
        PROCESS,
        "in roles: what it needs is handed in, and it never ends the process",
    )
}

#[test]
fn wall_4_fails_on_a_planted_effect_or_panic() {
    PURE_CRATES.fails_on(&[
        ("crates/fhir/src/json.rs", "//! x\nfn f(a: Option<u8>) -> u8 { a.unwrap() }"),
        ("crates/profile/src/lib.rs", "//! x\nfn f() { panic!(\"no\") }"),
        ("crates/spine/src/token.rs", "//! x\nfn f(a: Option<u8>) -> u8 { a.expect(\"there\") }"),
        ("crates/spine/src/token.rs", "//! x\nfn f() { let now = std::time::SystemTime::now(); }"),
        ("crates/spine/src/lib.rs", "//! x\nuse std::time::Instant;"),
        ("crates/fhir/src/lib.rs", "//! x\nfn f() { println!(\"x\") }"),
        ("crates/fhir/src/lib.rs", "//! x\nfn f() { tracing::info!(\"x\") }"),
        ("crates/profile/src/package.rs", "//! x\nuse std::fs;"),
        ("crates/spine/src/id.rs", "//! x\nfn f() { uuid::Uuid::new_v4(); }"),
    ]);
    PURE_CRATES.passes(&[
        ("crates/fhir/src/json.rs", "//! a.unwrap()\nfn f(a: Option<u8>) -> u8 { a.unwrap_or(0) } // panic!\n#[cfg(test)]\nmod tests { fn t() { f(None).unwrap(); } }"),
        ("crates/fhir/src/json.rs", "//! x\nfn f(p: &mut Parser) -> Result<(), E> { p.expect(b':')?; self.expect(\":\") }"),
        ("crates/fhir/tests/it/main.rs", "//! x\nfn f() { x.unwrap() }"),
        ("crates/store/src/lib.rs", "//! x\nfn f() { x.unwrap() }"),
    ]);
}

#[test]
fn wall_5_fails_on_a_planted_file_or_exit() {
    ROLES_WITHOUT_PROCESS.fails_on(&[
        ("crates/roles/src/ssp/mod.rs", "//! x\nuse std::fs;"),
        ("crates/roles/src/ssp/mod.rs", "//! x\nfn f() { std::env::var_os(\"HOME\"); }"),
        ("crates/roles/src/edge/tls.rs", "//! x\nasync fn f() { tokio::fs::read(\"x\").await; }"),
        ("crates/roles/src/token/mod.rs", "//! x\nfn f() { std::process::exit(1) }"),
    ]);
    ROLES_WITHOUT_PROCESS.passes(&[
        ("crates/careslot/src/config/process.rs", "//! x\nuse std::env;"),
        ("crates/roles/tests/it/main.rs", "//! x\nuse std::fs;"),
    ]);
}

//! Walls 3 (no role names another), 6 (one place makes statuses), 7 (dialects are read by field) and the structural half of 9
//! (what was accepted is stored as it came: one file may change it).

use super::documents::has_requirement;
use super::source::{Fault, Source, line_of};
use super::walls::Wall;

const ROLES: &[&str] = &["provider", "registry", "ssp", "sds", "token", "consumer", "web"];

pub(super) const NO_ROLE_NAMES_ANOTHER: Wall =
    Wall { number: 3, name: "roles meet on a socket", faults: names_another_role };
pub(super) const ONE_PLACE_FOR_STATUSES: Wall =
    Wall { number: 6, name: "refusals become statuses in one place", faults: makes_statuses };
pub(super) const DIALECTS_BY_FIELD: Wall =
    Wall { number: 7, name: "dialects are read by field", faults: asks_a_dialects_name };
pub(super) const STORED_AS_IT_CAME: Wall = Wall { number: 9, name: "stored as it came", faults: changes_what_came };

/// The role that a file of `roles` belongs to: a folder, or a file of that name.
fn role_of(source: &Source) -> Option<&str> {
    let inner = source.path.strip_prefix("crates/roles/src/")?;
    inner.split('/').next().map(|first| first.trim_end_matches(".rs"))
}

fn names_another_role(source: &Source) -> Vec<Fault> {
    let (Some(own), Some(inner)) = (role_of(source), source.product_path()) else { return Vec::new() };
    if own == "lib" {
        return Vec::new();
    }
    let code = source.product_code();
    let depth = inner.trim_end_matches(".rs").trim_end_matches("/mod").split('/').count();
    let to_root = "super::".repeat(depth);
    let mut faults = Vec::new();
    for root in ["crate::", to_root.as_str()] {
        for (at, _) in code.match_indices(root) {
            let is_whole = !code[..at].ends_with("::")
                && !code[..at].ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
            let named = if is_whole { first_segments(&code[at + root.len()..]) } else { Vec::new() };
            for other in named {
                // The Consumer is a client: the pages may use it.
                let may = other == own || (own == "web" && other == "consumer");
                if ROLES.contains(&other) && !may {
                    faults.push(source.fault(
                        line_of(&code, at),
                        &format!("{own} names {other}: they meet on a socket, or share through edge"),
                    ));
                }
            }
        }
    }
    faults
}

/// The names that may follow `crate::`: one, or each of a group in braces.
fn first_segments(after: &str) -> Vec<&str> {
    let name = |text: &str| {
        text.len() - text.trim_start_matches(|letter: char| letter.is_alphanumeric() || letter == '_').len()
    };
    let Some(group) = after.strip_prefix('{') else { return vec![&after[..name(after)]] };
    let mut found = Vec::new();
    let (mut depth, mut at_start) = (0_usize, true);
    for (at, letter) in group.char_indices() {
        match letter {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => at_start = true,
            letter if letter.is_whitespace() => {}
            _ if at_start => {
                found.push(&group[at..at + name(&group[at..])]);
                at_start = false;
            }
            _ => {}
        }
    }
    found
}

/// The constants of `http::StatusCode` that refuse.
const REFUSING: &[&str] = &[
    "BAD_REQUEST",
    "UNAUTHORIZED",
    "FORBIDDEN",
    "NOT_FOUND",
    "METHOD_NOT_ALLOWED",
    "NOT_ACCEPTABLE",
    "REQUEST_TIMEOUT",
    "CONFLICT",
    "GONE",
    "LENGTH_REQUIRED",
    "PRECONDITION_FAILED",
    "PAYLOAD_TOO_LARGE",
    "URI_TOO_LONG",
    "UNSUPPORTED_MEDIA_TYPE",
    "EXPECTATION_FAILED",
    "UNPROCESSABLE_ENTITY",
    "LOCKED",
    "PRECONDITION_REQUIRED",
    "TOO_MANY_REQUESTS",
    "REQUEST_HEADER_FIELDS_TOO_LARGE",
    "INTERNAL_SERVER_ERROR",
    "NOT_IMPLEMENTED",
    "BAD_GATEWAY",
    "SERVICE_UNAVAILABLE",
    "GATEWAY_TIMEOUT",
    "HTTP_VERSION_NOT_SUPPORTED",
];

fn makes_statuses(source: &Source) -> Vec<Fault> {
    let mut faults = Vec::new();
    let Some(inner) = source.product_path() else { return faults };
    let code = source.product_code();
    // The Consumer reads the statuses that others send.
    let may_refuse = source.package() != "roles" || inner.starts_with("edge/") || inner.starts_with("consumer");
    if !may_refuse {
        let named: Vec<String> = REFUSING.iter().map(|name| format!("StatusCode::{name}")).collect();
        let needles: Vec<&str> = named.iter().map(String::as_str).chain(["StatusCode::from_u16"]).collect();
        faults.extend(source.faults_at(&code, &needles, "outside roles::edge: return a Reason and let edge answer"));
    }
    let is_session = source.package() == "spine" && inner.starts_with("sds");
    if !is_session && matches!(source.package(), "spine" | "roles" | "store") && !inner.starts_with("consumer") {
        faults.extend(source.faults_at(
            &code,
            &["ResultCode"],
            "outside the SDS session of spine: LDAP result codes are made there",
        ));
    }
    faults
}

fn asks_a_dialects_name(source: &Source) -> Vec<Fault> {
    let Some(inner) = source.product_path() else { return Vec::new() };
    let is_dialect_module = source.package() == "spine" && (inner.starts_with("dialect/") || inner == "dialect.rs");
    if is_dialect_module {
        return fields_without_reason(source);
    }
    let code = source.product_code_with_texts();
    let mut faults = Vec::new();
    for (line, text) in (1..).zip(code.lines()) {
        if asks_name(text) {
            faults.push(source.fault(line, "asks which dialect it is: read the field that settles the question"));
        }
    }
    faults
}

/// Whether a line compares a dialect, or the name of one, with something.
fn asks_name(line: &str) -> bool {
    let squeezed: String = line.chars().filter(|letter| !letter.is_whitespace()).collect();
    let names = ["\"1.0.4\"", "\"2.0.4\""];
    let arm_or_comparison = names.iter().any(|name| {
        squeezed.contains(&format!("{name}=>"))
            || squeezed.contains(&format!("{name}|"))
            || squeezed.contains(&format!("|{name}"))
            || squeezed.contains(&format!("=={name}"))
            || squeezed.contains(&format!("!={name}"))
            || squeezed.contains(&format!("{name}=="))
            || squeezed.contains(&format!("{name}!="))
            || squeezed.contains(&format!("starts_with({name}"))
    });
    let constant = [
        "==DIALECT_",
        "!=DIALECT_",
        "==&DIALECT_",
        "==*DIALECT_",
        "==Dialect::",
        "!=Dialect::",
        "==&Dialect::",
        "dialect::DIALECT_1_0_4==",
    ];
    let compares_constant = constant.iter().any(|needle| squeezed.contains(needle));
    let about_dialect = squeezed.to_lowercase().contains("dialect");
    let by_name = [".name==", ".name!=", ".name()==", ".name()!="].iter().any(|needle| squeezed.contains(needle))
        || (squeezed.contains("match")
            && [".name{", ".name(){", ".name.as_str(){"].iter().any(|needle| squeezed.contains(needle)))
        || squeezed.contains("ptr::eq(");
    arm_or_comparison || compares_constant || (about_dialect && by_name)
}

/// Each field of `struct Dialect` cites the row that it settles.
fn fields_without_reason(source: &Source) -> Vec<Fault> {
    let mut faults = Vec::new();
    let Some(start) = source.text.find("pub struct Dialect {") else { return faults };
    let first = line_of(&source.text, start);
    let mut comment = String::new();
    for (line, text) in (first + 1..).zip(source.text[start..].lines().skip(1)) {
        let text = text.trim();
        if text == "}" {
            break;
        } else if let Some(words) = text.strip_prefix("///") {
            comment.push_str(words);
        } else if let Some((field, _)) = text.strip_prefix("pub ").and_then(|field| field.split_once(':')) {
            if field != "name" && !has_requirement(&comment) {
                faults
                    .push(source.fault(line, &format!("the field {field} cites no row that it settles, such as X-04")));
            }
            comment.clear();
        }
    }
    faults
}

/// Files of Provider and Registry that make resources of their own, and so write into trees that nobody sent.
const MAKERS: &[&str] = &["capability_statement.rs", "bundle.rs", "bundles.rs"];

fn changes_what_came(source: &Source) -> Vec<Fault> {
    let Some(inner) = source.product_path() else { return Vec::new() };
    let code = source.product_code();
    let mut faults = Vec::new();
    if source.package() == "fhir" && (inner.starts_with("view/") || inner == "view.rs") {
        faults.extend(source.faults_at(&code, &["&mut self", "&mut Node"], "in a view: views have no setters"));
    }
    let file = inner.rsplit('/').next().unwrap_or("");
    let in_parties = source.package() == "roles" && (inner.starts_with("provider/") || inner.starts_with("registry/"));
    if in_parties && file != "changes.rs" && !MAKERS.contains(&file) {
        let what = "outside changes.rs: only that file changes a resource that came from outside, each change with its requirement";
        let edits = [".set_text(", ".set_value(", ".add_text(", ".child_mut(", ".element(", ".remove(\""];
        faults.extend(source.faults_at(&code, &edits, what));
    }
    faults
}

#[test]
fn wall_3_fails_when_a_role_names_another() {
    NO_ROLE_NAMES_ANOTHER.fails_on(&[
        ("crates/roles/src/provider/mod.rs", "//! x\nuse crate::registry::Registry;"),
        ("crates/roles/src/provider/mod.rs", "//! x\nuse crate::{edge, ssp::{self, Headers}, web};"),
        ("crates/roles/src/provider/book.rs", "//! x\nuse super::super::token::Keys;"),
        ("crates/roles/src/ssp/mod.rs", "//! x\nuse super::sds::Directory;"),
        ("crates/roles/src/edge/tls.rs", "//! x\nfn f() { crate::ssp::run() }"),
        ("crates/roles/src/consumer/mod.rs", "//! x\nuse crate::web::Page;"),
    ]);
    NO_ROLE_NAMES_ANOTHER.passes(&[
        ("crates/roles/src/web/mod.rs", "//! x\nuse crate::consumer::Consumer;"),
        (
            "crates/roles/src/provider/book.rs",
            "//! x\nuse crate::{edge, provider::{Provider, token}};\nuse super::token;",
        ),
        ("crates/roles/src/ssp/mod.rs", "//! x\nuse spine::sds::Entry;\nuse store::token::Client;"),
        ("crates/roles/src/lib.rs", "//! x\npub mod provider;\npub use crate::sds::run;"),
    ]);
}

#[test]
fn wall_6_fails_on_a_planted_status() {
    ONE_PLACE_FOR_STATUSES.fails_on(&[
        ("crates/roles/src/provider/book.rs", "//! x\nfn f() { StatusCode::CONFLICT }"),
        ("crates/roles/src/ssp/mod.rs", "//! x\nfn f() { http::StatusCode::from_u16(403) }"),
        ("crates/roles/src/sds/mod.rs", "//! x\nfn f() { ResultCode::noSuchObject }"),
    ]);
    ONE_PLACE_FOR_STATUSES.passes(&[
        ("crates/roles/src/edge/refusal.rs", "//! x\nfn f() { StatusCode::CONFLICT }"),
        ("crates/roles/src/provider/book.rs", "//! x\nfn f() { StatusCode::CREATED }"),
        ("crates/roles/src/consumer/mod.rs", "//! x\nfn f() { s == StatusCode::CONFLICT }"),
        ("crates/spine/src/sds/session.rs", "//! x\nfn f() { ResultCode::noSuchObject }"),
    ]);
}

#[test]
fn wall_7_fails_when_a_dialect_is_asked_for_its_name() {
    DIALECTS_BY_FIELD.fails_on(&[
        ("crates/roles/src/provider/book.rs", "//! x\nfn f() { if dialect.name == \"1.0.4\" {} }"),
        ("crates/roles/src/provider/book.rs", "//! x\nfn f() { match dialect.name() { \"2.0.4\" => 1, _ => 2 } }"),
        ("crates/profile/src/lib.rs", "//! x\nfn f() { if *dialect == DIALECT_1_0_4 {} }"),
        ("crates/careslot/src/verbs/demo.rs", "//! x\nfn f() { if args.dialect == \"2.0.4\" {} }"),
        ("crates/spine/src/token/check.rs", "//! x\nfn f() { std::ptr::eq(dialect, &DIALECT_2_0_4) }"),
        ("crates/spine/src/dialect.rs", "//! x\npub struct Dialect {\n    /// Its name.\n    pub name: &'static str,\n    /// Who sets created.\n    pub created: Created,\n}"),
    ]);
    DIALECTS_BY_FIELD.passes(&[
        ("crates/roles/src/provider/book.rs", "//! x\nfn f() { match dialect.created { Created::Kept => 1, _ => 2 } } // == \"1.0.4\""),
        ("crates/careslot/src/verbs/demo.rs", "//! x\n#[arg(value_parser = [\"1.0.4\", \"2.0.4\"])]\nfn f() {}"),
        ("crates/spine/src/dialect.rs", "//! x\npub struct Dialect {\n    /// Its name.\n    pub name: &'static str,\n    /// Who sets created (X-08).\n    pub created: Created,\n}\nfn f() { name == \"1.0.4\" }"),
    ]);
}

#[test]
fn wall_9_fails_when_a_received_resource_is_changed_elsewhere() {
    STORED_AS_IT_CAME.fails_on(&[
        (
            "crates/roles/src/provider/book_appointment.rs",
            "//! x\nfn f(mut a: Node) { a.set_text(\"status\", \"booked\"); }",
        ),
        ("crates/roles/src/registry/register_appointment.rs", "//! x\nfn f(a: &mut Node) { a.remove(\"end\"); }"),
        ("crates/fhir/src/view/appointment.rs", "//! x\nimpl A { fn set(&mut self) {} }"),
    ]);
    STORED_AS_IT_CAME.passes(&[
        ("crates/roles/src/provider/book_appointment.rs", "//! x\nfn f(a: &mut Node) { changes::give_identity(a); }"),
        ("crates/roles/src/provider/changes.rs", "//! x\nfn f(a: &mut Node) { a.set_text(\"id\", \"1\"); }"),
        (
            "crates/roles/src/provider/capability_statement.rs",
            "//! x\nfn f() { let mut a = n(); a.set_text(\"id\", \"1\"); }",
        ),
        ("crates/fhir/src/view/appointment.rs", "//! x\nimpl A<'_> { fn status(&self) -> Option<&str> { None } }"),
    ]);
}

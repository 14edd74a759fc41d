//! Walls 1 and 2: which crate may depend on which, ours and others'. Normal dependencies are meant: tests and `bench/` are free.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

/// The normal dependencies of each of our crates, direct ones.
pub(crate) type Direct = BTreeMap<String, BTreeSet<String>>;

/// What each of our crates may know of the others: one direction.
const OURS: &[(&str, &[&str])] = &[
    ("fhir", &[]),
    ("spine", &[]),
    ("profile", &["fhir", "spine"]),
    ("store", &["fhir", "spine"]),
    ("roles", &["fhir", "spine", "profile", "store"]),
    ("careslot", &["fhir", "spine", "profile", "store", "roles"]),
];

/// Dependencies that have one home, and which it is.
const HOMES: &[(&str, &[&str])] = &[
    ("store", &["rusqlite", "libsqlite3-sys", "tokio-postgres", "postgres", "deadpool-postgres", "sqlx", "diesel"]),
    ("roles", &["axum", "hyper", "hyper-util", "rustls", "tokio-rustls", "hyper-rustls", "tower", "ldap3", "askama"]),
    ("careslot", &["clap", "clap_complete", "clap_mangen", "toml", "anyhow", "rcgen", "tracing-subscriber"]),
];

/// What nothing below `roles` may reach, however far away.
const NETWORK: &[&str] = &["tokio", "axum", "hyper", "rustls"];

/// What `cargo metadata` says of the workspace with all its dependencies, asked once.
pub(crate) fn metadata() -> &'static Value {
    static METADATA: OnceLock<Value> = OnceLock::new();
    METADATA.get_or_init(|| {
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--locked", "--format-version", "1"])
            .current_dir(super::source::root())
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("cargo metadata writes JSON")
    })
}

/// The normal dependencies of every package, by name; packages that are there in two versions are taken together.
fn graph(metadata: &Value) -> Direct {
    let name_of = |id: &Value| {
        let package = metadata["packages"].as_array().unwrap().iter().find(|package| package["id"] == *id).unwrap();
        package["name"].as_str().unwrap().to_owned()
    };
    let mut graph = Direct::new();
    for node in metadata["resolve"]["nodes"].as_array().unwrap() {
        let edges = graph.entry(name_of(&node["id"])).or_default();
        for dependency in node["deps"].as_array().unwrap() {
            if dependency["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].is_null()) {
                edges.insert(name_of(&dependency["pkg"]));
            }
        }
    }
    graph
}

/// Faults of walls 1 and 2 in a graph of normal dependencies.
fn faults(graph: &Direct) -> Vec<String> {
    let mut faults = Vec::new();
    for (krate, allowed) in OURS {
        let Some(direct) = graph.get(*krate) else {
            faults.push(format!("{krate} is not in the workspace"));
            continue;
        };
        for (other, _) in OURS.iter().filter(|(other, _)| direct.contains(*other) && !allowed.contains(other)) {
            faults.push(format!("{krate} depends on {other}: crates point in one direction"));
        }
        for (home, names) in HOMES.iter().filter(|(home, _)| home != krate) {
            for name in names.iter().filter(|name| direct.contains(**name)) {
                faults.push(format!("{krate} depends on {name}, which belongs in {home} alone"));
            }
        }
    }
    for pure in ["fhir", "spine", "profile"] {
        let reached = reached(graph, pure);
        for name in NETWORK.iter().filter(|name| reached.contains(**name)) {
            faults.push(format!("{pure} reaches {name}: nothing below roles knows the network"));
        }
    }
    let store = graph.get("store").into_iter().flatten();
    for name in store.filter(|name| NETWORK[1..].contains(&name.as_str())) {
        faults.push(format!("store depends on {name}: its drivers are the exception, not HTTP or TLS"));
    }
    faults
}

fn reached(graph: &Direct, from: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![from.to_owned()];
    while let Some(name) = waiting.pop() {
        for next in graph.get(&name).into_iter().flatten() {
            if seen.insert(next.clone()) {
                waiting.push(next.clone());
            }
        }
    }
    seen
}

#[test]
fn walls_1_and_2_stand_crates_point_in_one_direction_and_drivers_have_one_home() {
    let found = faults(&graph(metadata()));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn walls_1_and_2_fail_on_a_planted_dependency() {
    let sound = || -> Direct {
        OURS.iter()
            .map(|(name, allowed)| ((*name).to_owned(), allowed.iter().map(|other| (*other).to_owned()).collect()))
            .collect()
    };
    assert_eq!(faults(&sound()), Vec::<String>::new());
    for (krate, planted, expected) in [
        ("fhir", "spine", "fhir depends on spine"),
        ("store", "roles", "store depends on roles"),
        ("spine", "tokio", "spine reaches tokio"),
        ("profile", "hyper", "profile reaches hyper"),
        ("store", "rustls", "store depends on rustls"),
        ("roles", "rusqlite", "roles depends on rusqlite, which belongs in store alone"),
        ("roles", "clap", "roles depends on clap, which belongs in careslot alone"),
        ("careslot", "axum", "careslot depends on axum, which belongs in roles alone"),
    ] {
        let mut graph = sound();
        graph.get_mut(krate).unwrap().insert(planted.into());
        let found = faults(&graph);
        assert!(found.iter().any(|fault| fault.contains(expected)), "{krate} → {planted}: {found:?}");
    }
    let mut far = sound();
    far.get_mut("fhir").unwrap().insert("innocent".into());
    far.insert("innocent".into(), BTreeSet::from(["tokio".to_owned()]));
    assert!(faults(&far).iter().any(|fault| fault == "profile reaches tokio: nothing below roles knows the network"));
    let mut absent = sound();
    absent.remove("store");
    assert!(!faults(&absent).is_empty());
}

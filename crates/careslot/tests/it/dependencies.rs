//! Licences, bans and sources of every dependency, by the same deny.toml that `make advisories` reads (docs/adr/0005).
//!
//! What is looked at is what would be compiled on the targets that deny.toml names, with tests and build scripts.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::Value;
use toml::Table;

use crate::tidy::{metadata, root};

/// One compiled package.
struct Package {
    name: String,
    version: String,
    /// An SPDX expression.
    licence: String,
    /// As Cargo writes it; none for our own.
    source: Option<String>,
    /// The packages that ask for it.
    dependents: BTreeSet<String>,
}

fn rules() -> Table {
    fs::read_to_string(root().join("deny.toml")).unwrap().parse().unwrap()
}

fn texts(list: &toml::Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// Every package that is compiled on some target of deny.toml. `cargo metadata` alone would name more: it takes the features of
/// dependencies that are only asked for "if they are there" as if they were.
fn packages(rules: &Table) -> Vec<Package> {
    let mut compiled = BTreeSet::new();
    for target in texts(&rules["graph"]["targets"]) {
        let output = Command::new(env!("CARGO"))
            .args([
                "tree",
                "--locked",
                "--workspace",
                "--edges",
                "normal,build,dev",
                "--prefix",
                "none",
                "--format",
                "{p}",
                "--target",
            ])
            .arg(target)
            .current_dir(root())
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            let mut words = line.split_whitespace();
            if let (Some(name), Some(version)) = (words.next(), words.next()) {
                compiled.insert((name.to_owned(), version.trim_start_matches('v').to_owned()));
            }
        }
    }
    let all = metadata()["packages"].as_array().unwrap();
    let text = |package: &Value, key: &str| package[key].as_str().map(str::to_owned);
    let identity = |package: &Value| (text(package, "name").unwrap(), text(package, "version").unwrap());
    let by_id = |id: &Value| all.iter().find(|package| package["id"] == *id).unwrap();
    all.iter()
        .filter(|package| compiled.contains(&identity(package)))
        .map(|package| {
            let asks = |node: &&Value| {
                node["deps"].as_array().unwrap().iter().any(|dependency| dependency["pkg"] == package["id"])
            };
            let nodes = metadata()["resolve"]["nodes"].as_array().unwrap().iter();
            let dependents = nodes
                .filter(asks)
                .map(|node| identity(by_id(&node["id"])))
                .filter(|dependent| compiled.contains(dependent));
            let (name, version) = identity(package);
            Package {
                name,
                version,
                licence: text(package, "license").unwrap_or_default(),
                source: text(package, "source"),
                dependents: dependents.map(|(name, _)| name).collect(),
            }
        })
        .collect()
}

fn faults(packages: &[Package], rules: &Table) -> Vec<String> {
    let allowed = texts(&rules["licenses"]["allow"]);
    let registries = texts(&rules["sources"]["allow-registry"]);
    let bans = rules["bans"]["deny"].as_array().unwrap();
    let mut faults = Vec::new();
    for package in packages {
        let Package { name, version, licence, source, dependents } = package;
        if !permits(licence, &allowed) {
            faults.push(format!("{name} {version} is under {licence:?}, which [licenses] of deny.toml does not allow"));
        }
        if let Some(source) = source
            && !registries.iter().any(|registry| source.strip_prefix("registry+") == Some(registry))
        {
            faults.push(format!("{name} {version} comes from {source}, which [sources] of deny.toml does not allow"));
        }
        for ban in bans.iter().filter(|ban| ban["crate"].as_str() == Some(name)) {
            let wrappers = ban.get("wrappers").map(texts).unwrap_or_default();
            for dependent in dependents.iter().filter(|dependent| !wrappers.contains(dependent)) {
                faults.push(format!(
                    "{dependent} asks for {name}, which deny.toml bans: {}",
                    ban["reason"].as_str().unwrap()
                ));
            }
        }
    }
    faults
}

/// Whether an SPDX expression can be met with `allowed` licences. An old `A/B` means either.
fn permits(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let met = either(&words, &mut at, allowed);
    met && at == words.len()
}

fn either(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut met = both(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        met |= both(words, at, allowed);
    }
    met
}

fn both(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut met = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        met &= one(words, at, allowed);
    }
    met
}

fn one(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let met = either(words, at, allowed);
        *at += 1;
        return met;
    }
    let mut licence = (*word).to_owned();
    if words.get(*at) == Some(&"WITH") {
        licence.push_str(&format!(" WITH {}", words.get(*at + 1).unwrap_or(&"")));
        *at += 2;
    }
    allowed.contains(&licence)
}

#[test]
fn every_dependency_keeps_to_deny_toml() {
    let rules = rules();
    let packages = packages(&rules);
    assert!(packages.len() > 100 && packages.iter().any(|package| package.name == "rustls"), "{}", packages.len());
    let found = faults(&packages, &rules);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_planted_licence_ban_or_source_is_found() {
    let package = |name: &str, licence: &str, source: &str, dependent: &str| Package {
        name: name.into(),
        version: "1.0.0".into(),
        licence: licence.into(),
        source: Some(source.into()),
        dependents: BTreeSet::from([dependent.to_owned()]),
    };
    let registry = "registry+https://github.com/rust-lang/crates.io-index";
    for (planted, expected) in [
        (package("copyleft", "GPL-3.0-only", registry, "roles"), "under \"GPL-3.0-only\""),
        (package("nameless", "", registry, "roles"), "under \"\""),
        (package("elsewhere", "MIT", "git+https://example.test/x", "roles"), "comes from git+"),
        (
            package("mirror", "MIT", "registry+https://mirror.example.test/", "roles"),
            "comes from registry+https://mirror",
        ),
        (package("openssl-sys", "MIT", registry, "openssl"), "openssl asks for openssl-sys"),
        (package("ring", "Apache-2.0 AND ISC", registry, "rustls"), "rustls asks for ring"),
        (package("url", "MIT", registry, "roles"), "roles asks for url"),
    ] {
        let found = faults(&[planted], &rules());
        assert!(found.len() == 1 && found[0].contains(expected), "{found:?}");
    }
    let sound =
        [package("url", "MIT OR Apache-2.0", registry, "ldap3"), package("serde", "MIT/Apache-2.0", registry, "roles")];
    assert_eq!(faults(&sound, &rules()), Vec::<String>::new());
}

#[test]
fn licence_expressions_are_read_as_spdx_says() {
    let allowed: Vec<String> = ["MIT", "Apache-2.0", "ISC"].map(str::to_owned).into();
    for (expression, met) in [
        ("MIT", true),
        ("Unlicense OR MIT", true),
        ("MIT/Apache-2.0", true),
        ("MIT AND GPL-2.0-only", false),
        ("ISC AND (Apache-2.0 OR OpenSSL)", true),
        ("(GPL-2.0-only OR MIT) AND ISC", true),
        ("GPL-2.0-only OR MIT AND ISC", true),
        ("Apache-2.0 WITH LLVM-exception", false),
        ("Apache-2.0 WITH LLVM-exception OR MIT", true),
        ("MIT )", false),
        ("", false),
    ] {
        assert_eq!(permits(expression, &allowed), met, "{expression}");
    }
}

#[test]
fn our_own_manifests_ask_for_no_version_whatever() {
    for package in metadata()["packages"].as_array().unwrap().iter().filter(|package| package["source"].is_null()) {
        for dependency in
            package["dependencies"].as_array().unwrap().iter().filter(|dependency| dependency["path"].is_null())
        {
            assert_ne!(dependency["req"], "*", "{} asks for any version of {}", package["name"], dependency["name"]);
        }
    }
}

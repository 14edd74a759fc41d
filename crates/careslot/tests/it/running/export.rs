//! What `careslot export` writes, read and run by the programs that it is for: newman, httpyac and an OpenAPI validator.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Demo, Seen, run};

/// A program of `scripts/test-tools`; `make test` installs them.
fn tool(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/test-tools/node_modules/.bin").join(name);
    assert!(path.exists(), "{} is missing: `make test-tools` installs it", path.display());
    path
}

/// Exports into a folder of its own, and runs the command that the verb says, with `npx TOOL` as the tool's path.
fn exported_and_run(demo: &Demo, form: &str, name: &str) -> Seen {
    let folder = demo.folder.join(format!("export-{form}"));
    let seen = demo.careslot(&format!("export {form} --out {}", folder.display()));
    assert_eq!(seen.exit, 0, "{seen:?}");
    let secret = fs::read_to_string(demo.file("/consumer/client_secret_file")).unwrap();
    for file in fs::read_dir(&folder).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!text.contains(secret.trim()) && !text.contains("PRIVATE KEY"), "a secret stands in an export");
    }
    let command = seen.stderr.lines().find_map(|line| line.strip_prefix("run it: ")).expect("the command is said");
    let command = command.replace(&format!("npx {name}"), &tool(name).display().to_string());
    run("sh", &["-c", &command], &folder, &[("HOME", &folder)], "")
}

// covers: CON-19, PROC-01, VIA-01
#[test]
fn the_postman_collection_runs_with_the_command_that_is_said() {
    for dialect in ["1.0.4", "2.0.4"] {
        // It books the first Slot that is free, which other tests count.
        let demo = Demo::start(&["--dialect", dialect], &[]);
        let seen = exported_and_run(&demo, "postman", "newman");
        assert_eq!(seen.exit, 0, "{seen:?}");
        assert!(seen.stdout.contains("Cancel a registration"), "{}", seen.stdout);
    }
}

// covers: CON-19, PROC-01, VIA-01
#[test]
fn the_http_file_runs_with_the_command_that_is_said() {
    for dialect in ["1.0.4", "2.0.4"] {
        // It books the first Slot that is free, which other tests count.
        let demo = Demo::start(&["--dialect", dialect], &[]);
        let seen = exported_and_run(&demo, "http", "httpyac");
        assert_eq!(seen.exit, 0, "{seen:?}");
        assert!(seen.stdout.contains("10 requests processed (10 succeeded)"), "{}", seen.stdout);
    }
}

// covers: IID-01, IID-02, IID-03, IID-04, IID-05, IID-06
#[test]
fn the_openapi_description_is_valid_and_names_every_operation() {
    let demo = Demo::shared();
    let seen = demo.careslot("export openapi");
    assert_eq!(seen.exit, 0, "{seen:?}");
    let file = demo.folder.join("openapi.json");
    fs::write(&file, &seen.stdout).unwrap();
    let judged = run(&tool("validate-api").display().to_string(), &["openapi.json"], &demo.folder, &[], "");
    assert_eq!(judged.exit, 0, "{judged:?}");
    let description: serde_json::Value = serde_json::from_str(&seen.stdout).unwrap();
    for (path, verb) in [
        ("/metadata", "get"),
        ("/Slot", "get"),
        ("/Appointment", "post"),
        ("/Appointment", "get"),
        ("/Appointment/{id}", "get"),
        ("/Appointment/{id}", "put"),
        ("/Appointment/{id}/_history", "get"),
        ("/Appointment/{id}/_history/{version}", "get"),
        ("/{type}/$validate", "post"),
        ("/oauth2/token", "post"),
    ] {
        assert!(description["paths"][path][verb]["operationId"].is_string(), "{verb} {path}");
    }
    let conflict = description["components"]["responses"]["409"]["description"].as_str().unwrap();
    assert!(conflict.contains("XTI-04"), "{conflict}");
}

//! `careslot validate` as people, scripts and other programs use it.

mod newcomers;
mod packages;
mod terminal;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::command_line::careslot;

/// A booking that keeps to everything.
const BOOKING: &str = include_str!("../../../../profile/tests/it/booking.json");

/// The same, a line for each element, as people write it.
fn pretty() -> String {
    let value: Value = serde_json::from_str(BOOKING).unwrap();
    format!("{value:#}\n")
}

/// Runs `careslot` with something on stdin: exit code, stdout, stderr.
fn told(folder: &Path, line: &str, stdin: &[u8]) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_careslot"))
        .args(line.split_whitespace())
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("careslot runs");
    let mut pipe = child.stdin.take().expect("a pipe");
    let output = std::thread::scope(|scope| {
        // The program may end before it has read everything.
        scope.spawn(move || drop(pipe.write_all(stdin)));
        child.wait_with_output().expect("it ends")
    });
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("a code"), text(output.stdout), text(output.stderr))
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|fault| panic!("{fault}: {line}"))).collect()
}

// covers: VAL-01, VAL-05, VAL-06
#[test]
fn lines_are_answered_in_order_whatever_is_in_them() {
    let folder = tempfile::tempdir().unwrap();
    let booking: Value = serde_json::from_str(BOOKING).unwrap();
    let slot = r#"<Slot xmlns="http://hl7.org/fhir"><status value="gone"/></Slot>"#;
    let input = [
        json!({"id": "a", "resource": booking}).to_string(),
        "no JSON".to_owned(),
        json!({"id": {"of": 2}, "text": slot, "format": "xml"}).to_string(),
        String::new(),
        json!({"id": "b", "text": BOOKING.replace("\"booked\"", "\"bookd\""), "format": "json"}).to_string(),
        json!({"id": "c"}).to_string(),
    ];
    let (exit, stdout, stderr) = told(folder.path(), "validate --ndjson", input.join("\n").as_bytes());
    assert_eq!(exit, 1, "{stderr}");
    let answers = lines(&stdout);
    let seen: Vec<(&Value, &Value)> = answers.iter().map(|answer| (&answer["id"], &answer["valid"])).collect();
    let (yes, no) = (json!(true), json!(false));
    assert_eq!(
        seen,
        [(&json!("a"), &yes), (&Value::Null, &no), (&json!({"of": 2}), &no), (&json!("b"), &no), (&json!("c"), &no)]
    );
    let issue = &answers[3]["issues"][0];
    assert_eq!((&issue["severity"], &issue["location"]), (&json!("error"), &json!("Appointment.status")), "{issue}");
    for answer in &answers {
        for issue in answer["issues"].as_array().unwrap() {
            for member in ["severity", "location", "code", "message", "requirement"] {
                assert!(issue[member].is_string(), "{member}: {issue}");
            }
        }
    }
    let (exit, stdout, _) = told(folder.path(), "validate --ndjson", input[0].as_bytes());
    assert_eq!((exit, lines(&stdout).len()), (0, 1));
}

// covers: VAL-05, VAL-06
#[test]
fn files_folders_and_stdin_are_judged_and_told_with_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    fs::write(folder.path().join("in/good.json"), pretty()).unwrap();
    fs::write(folder.path().join("in/note.txt"), "no resource").unwrap();
    let xml = "<Slot xmlns=\"http://hl7.org/fhir\">\n  <status value=\"gone\"/>\n</Slot>\n";
    fs::write(folder.path().join("in/slot.xml"), xml).unwrap();
    let (exit, stdout, stderr) = told(folder.path(), "validate in --json", b"");
    assert_eq!(exit, 1, "{stderr}");
    let all: Vec<Value> = serde_json::from_str(&stdout).unwrap();
    let ids: Vec<(&Value, &Value)> = all.iter().map(|one| (&one["id"], &one["valid"])).collect();
    assert_eq!(ids, [(&json!("in/good.json"), &json!(true)), (&json!("in/slot.xml"), &json!(false))]);
    let status = all[1]["issues"].as_array().unwrap().iter().find(|issue| issue["location"] == "Slot.status").unwrap();
    assert_eq!((&status["line"], &status["column"]), (&json!(2), &json!(3)), "{status}");
    let (exit, stdout, _) = told(folder.path(), "validate -", pretty().as_bytes());
    assert_eq!((exit, &*stdout), (0, "-: valid\n"));
    let broken = pretty().replace("\"status\": \"booked\"", "\"status\": booked");
    let (exit, stdout, _) = told(folder.path(), "validate -", broken.as_bytes());
    assert!(exit == 1 && stdout.starts_with("-:") && stdout.contains(": fatal: "), "{stdout}");
    assert!(stdout.contains("cure") && stdout.contains("well-formed JSON"), "{stdout}");
}

// covers: VAL-05
#[test]
fn a_profile_that_nobody_claims_is_judged_by_when_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let patient = br#"{"resourceType":"Patient","name":[{"use":"usual","family":"X"}]}"#;
    let official = "whose use is \"official\"";
    assert_eq!(told(folder.path(), "validate -", patient).0, 0);
    let (exit, stdout, _) = told(folder.path(), "validate - --by-type", patient);
    assert!(exit == 1 && stdout.contains(official), "{stdout}");
    let profile = "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Patient-1";
    let (exit, stdout, _) = told(folder.path(), &format!("validate - --profile {profile}"), patient);
    assert!(exit == 1 && stdout.contains(official), "{stdout}");
    let (exit, stdout, stderr) = told(folder.path(), "validate - --profile https://a.example/none", patient);
    assert!(exit == 2 && stdout.is_empty() && stderr.contains("is no profile that is known"), "{stderr}");
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_judged() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("good.json"), pretty()).unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    insta::assert_snapshot!(careslot(folder.path(), "validate absent.json good.json", &[]), @"
    exit 2
    --- stdout
    good.json: valid
    --- stderr
    absent.json: cannot be read: No such file or directory (os error 2)
        check the name: start from the current folder, or give the whole path
    1 judged: 1 valid, 0 not; 0 errors, 0 warnings
    error: 1 of 2 could not be read
      each is named above with the reason
      mend that, then try again
    ");
    insta::assert_snapshot!(careslot(folder.path(), "validate empty", &[]), @"
    exit 2
    --- stdout
    --- stderr
    error: nothing was judged
      no file below empty ends in .json or .xml
      name a folder with resources, or the files themselves
    ");
    let (exit, stdout, _) = told(folder.path(), "validate absent.json good.json --json", b"");
    let all: Vec<Value> = serde_json::from_str(&stdout).unwrap();
    assert_eq!((exit, &all[0]["valid"], &all[1]["valid"]), (2, &json!(false), &json!(true)));
}

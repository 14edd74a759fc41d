//! `careslot validate --package`: definitions of others in every form that they come in.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::told;
use crate::command_line::careslot;

/// A profile by its differential, on a profile that is built in: a comment of a Slot names no more than five letters.
const PROFILE: &str = r#"{"resourceType":"StructureDefinition","url":"https://a.example/Slot","type":"Slot","fhirVersion":"3.0.1",
    "kind":"resource","abstract":false,"derivation":"constraint",
    "baseDefinition":"https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Slot-1","differential":{"element":[
        {"path":"Slot.comment","maxLength":5},
        {"path":"Slot.serviceCategory","binding":{"strength":"required","valueSetUri":"https://a.example/set"}}]}}"#;

const VALUE_SET: &str = r#"<ValueSet xmlns="http://hl7.org/fhir"><url value="https://a.example/set"/><status value="active"/><compose>
    <include><system value="https://a.example/codes"/><concept><code value="u"/></concept></include></compose></ValueSet>"#;

fn slot(more: &str) -> String {
    format!(
        r#"{{"resourceType":"Slot","meta":{{"profile":["https://a.example/Slot"]}},"identifier":[{{"value":"1"}}],
        "schedule":{{"reference":"Schedule/1"}},"status":"free","start":"2026-05-01T09:00:00Z",
        "end":"2026-05-01T09:15:00Z"{more}}}"#
    )
}

/// Lays out the package as an archive, as a folder and as single files.
fn lay_out(folder: &Path) {
    fs::create_dir_all(folder.join("package")).unwrap();
    fs::write(folder.join("package/package.json"), r#"{"name":"a.example","version":"1.0.0"}"#).unwrap();
    fs::write(folder.join("package/profile.json"), PROFILE).unwrap();
    fs::write(folder.join("package/set.xml"), VALUE_SET).unwrap();
    let tar = Command::new("tar").args(["-czf", "a.tgz", "package"]).current_dir(folder).status().expect("tar runs");
    assert!(tar.success());
}

// covers: VAL-05
#[test]
fn a_package_is_judged_by_in_whatever_form_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    lay_out(folder.path());
    let category = |code: &str| {
        slot(&format!(r#","serviceCategory":{{"coding":[{{"system":"https://a.example/codes","code":"{code}"}}]}}"#))
    };
    let (exit, stdout, _) = told(folder.path(), "validate -", slot("").as_bytes());
    assert!(exit == 1 && stdout.contains("is not known here"), "{stdout}");
    for flags in ["--package a.tgz", "--package package", "--package package/set.xml --package package/profile.json"] {
        let judged = |text: &str| told(folder.path(), &format!("validate - {flags}"), text.as_bytes());
        let (exit, stdout, stderr) = judged(&category("u"));
        assert_eq!((exit, &*stdout), (0, "-: valid\n"), "{flags}: {stderr}");
        assert_eq!(stderr, "from the packages: 1 profile, 1 code list\n", "{flags}");
        let (exit, stdout, _) = judged(&category("v"));
        assert!(exit == 1 && stdout.contains("rule      https://a.example/set"), "{flags}: {stdout}");
        let (exit, stdout, _) = judged(&slot(r#","comment":"longer""#));
        assert!(exit == 1 && stdout.contains("rule      Slot Slot.comment"), "{flags}: {stdout}");
        // What the profile builds on holds as well.
        let (exit, stdout, _) = judged(&slot("").replacen(r#""identifier":[{"value":"1"}],"#, "", 1));
        assert!(exit == 1 && stdout.contains("CareConnect-Slot-1 Slot.identifier"), "{flags}: {stdout}");
    }
}

#[test]
fn what_cannot_be_used_of_a_package_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    lay_out(folder.path());
    let write = |name: &str, text: &str| fs::write(folder.path().join("package").join(name), text).unwrap();
    write("broken.json", "{");
    write("r4.json", &PROFILE.replacen("3.0.1", "4.0.1", 1).replacen("example/Slot", "example/R4", 1));
    write(
        "upper.json",
        &PROFILE.replacen("CareConnect-Slot-1", "Absent", 1).replacen("example/Slot", "example/Upper", 1),
    );
    write("patient.json", r#"{"resourceType":"Patient"}"#);
    let (exit, _, stderr) = told(folder.path(), "validate - --package package", slot("").as_bytes());
    assert_eq!(exit, 0, "{stderr}");
    insta::assert_snapshot!(stderr, @r#"
    from the packages: 2 profiles, 1 code list, 3 definitions that cannot be used in full, 1 resource of no use here
    not used in full: package/broken.json: line 1, column 2: expected a member's name in '"', but the text ends here
    not used in full: https://a.example/R4: it is for FHIR "4.0.1", not for STU3 (3.0.2)
    not used in full: https://a.example/Upper: it builds on https://fhir.hl7.org.uk/STU3/StructureDefinition/Absent, which is not here: load that too; only its own rules are checked
    "#);
}

#[test]
fn a_package_that_is_none_is_a_fault_of_usage() {
    let folder = tempfile::tempdir().unwrap();
    lay_out(folder.path());
    fs::write(folder.path().join("bomb.tgz"), [0x1f, 0x8b, 8, 0]).unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    for (package, why) in [
        ("absent.tgz", "cannot be read"),
        ("bomb.tgz", "cannot be opened"),
        ("empty", "no StructureDefinition, ValueSet or CodeSystem"),
        ("package/package.json", "no StructureDefinition, ValueSet or CodeSystem"),
    ] {
        let (exit, stdout, stderr) =
            told(folder.path(), &format!("validate - --package {package}"), slot("").as_bytes());
        assert!(exit == 2 && stdout.is_empty() && stderr.contains(why), "{package}: {stderr}");
    }
}

/// `careslot serve web` that ends with the test, and its address.
struct Web(Child, String);

impl Web {
    fn start(folder: &Path, packages: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_careslot"))
            .args(["serve", "web"])
            .current_dir(folder)
            .env_clear()
            .env("CARESLOT_WEB__LISTEN", "127.0.0.1:0")
            .env("CARESLOT_VALIDATION__PACKAGES", packages)
            .stderr(Stdio::piped())
            .spawn()
            .expect("careslot runs");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.strip_prefix("web listens on ").map(str::to_owned));
        let address = address.expect("it says where it listens, or ends");
        Self(child, address)
    }

    fn judged(&self, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.1).expect("it listens");
        let request = format!(
            "POST /STU3/Slot/$validate HTTP/1.1\r\nHost: {}\r\nContent-Type: application/fhir+json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.1,
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

// covers: VAL-05, VAL-09
#[test]
fn the_packages_of_the_configuration_are_judged_by_over_http() {
    let folder = tempfile::tempdir().unwrap();
    lay_out(folder.path());
    let web = Web::start(folder.path(), "a.tgz");
    let answer = web.judged(&slot(r#","comment":"longer""#));
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("Rule: Slot Slot.comment."), "{answer}");
    let answer = web.judged(&slot(""));
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("No issues"), "{answer}");
    drop(web);
    let variables = [("CARESLOT_WEB__LISTEN", "127.0.0.1:0"), ("CARESLOT_VALIDATION__PACKAGES", "absent.tgz")];
    let seen = careslot(folder.path(), "serve web", &variables);
    assert!(seen.starts_with("exit 2") && seen.contains("absent.tgz cannot be read"), "{seen}");
}

//! How a demo ends: nothing stays, whoever asks it to stop; and a port that is taken is named with its part.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{CARESLOT, run};

/// Starts a demo in `folder`, and sends it a signal once its screen is there.
fn signalled(signal: &str, folder: &Path, more: &[&str]) -> Child {
    let mut demo = Command::new(CARESLOT)
        .args(["demo", "--port-base", "0"])
        .args(more)
        .current_dir(folder)
        .env_clear()
        .env("XDG_STATE_HOME", folder.join("state"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut screen = BufReader::new(demo.stdout.take().unwrap());
    let mut told = String::new();
    while !told.contains("Stop with Ctrl-C") && screen.read_line(&mut told).is_ok_and(|read| read > 0) {}
    assert!(told.contains("Stop with Ctrl-C"), "{told}");
    let kill = run("kill", &[signal, &demo.id().to_string()], folder, &[], "");
    assert_eq!(kill.exit, 0, "{kill:?}");
    demo
}

// covers: DEM-01
#[test]
fn ctrl_c_and_sigterm_leave_no_process_no_file_and_no_folder() {
    for signal in ["-INT", "-TERM"] {
        let folder = tempfile::tempdir().unwrap();
        let ended = signalled(signal, folder.path(), &[]).wait().unwrap();
        assert_eq!(ended.code(), Some(0), "{signal}");
        assert!(!folder.path().join(".careslot").exists(), "{signal}: the folder is gone");
        assert!(!folder.path().join("state/careslot/last").exists(), "{signal}: and the note of its place");
    }
}

// The killed process stays in the process table until it is waited for, as it does in a container without a reaper.
#[test]
fn a_demo_that_was_killed_leaves_its_folder_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = signalled("-KILL", folder.path(), &["--dir", "kept"]);
    let stat = format!("/proc/{}/stat", demo.id());
    while !std::fs::read_to_string(&stat).unwrap().contains(") Z ") {
        std::thread::yield_now();
    }
    assert!(folder.path().join("kept/environment.json").is_file(), "it had no time to tidy up");
    let words = ["demo", "--once", "--port-base", "0", "--dir", "kept"];
    let seen = run(CARESLOT, &words, folder.path(), &[], "");
    assert_eq!(seen.exit, 0, "{seen:?}");
    demo.wait().unwrap();
}

#[test]
fn once_makes_the_booking_prints_it_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let seen = run(CARESLOT, &["demo", "--once", "--port-base", "0"], folder.path(), &[("XDG_STATE_HOME", &state)], "");
    assert_eq!(seen.exit, 0, "{seen:?}");
    assert!(seen.stdout.contains(r#"{"resourceType":"Appointment""#), "{seen:?}");
    assert!(!folder.path().join(".careslot").exists());
}

// At two calls a minute (SSP-90).
#[test]
fn the_booking_of_the_demo_itself_leaves_most_of_a_small_quota() {
    let folder = tempfile::tempdir().unwrap();
    let configuration = folder.path().join("quota.toml");
    std::fs::write(&configuration, "[ssp]\nper_asid_per_minute = 2\n").unwrap();
    let words = ["demo", "--once", "--port-base", "0", "--config", "quota.toml"];
    let seen = run(CARESLOT, &words, folder.path(), &[], "");
    assert_eq!(seen.exit, 0, "one search and one booking: {seen:?}");
}

#[test]
fn a_demo_that_does_not_start_says_who_refused_and_leaves_no_folder() {
    for (configuration, exit, told) in [
        ("[ssp]\nper_asid_per_minute = 1\n", 1, "the SSP refused with 429"),
        ("[provider]\nprivate = true\n", 2, "the configuration has 1 fault"),
        ("[validation]\npackages = [\"nowhere.tgz\"]\n", 2, "nowhere.tgz"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("demo.toml"), configuration).unwrap();
        let words = ["demo", "--once", "--port-base", "0", "--config", "demo.toml"];
        let seen = run(CARESLOT, &words, folder.path(), &[], "");
        assert_eq!(seen.exit, exit, "{configuration}: {seen:?}");
        assert!(seen.stderr.contains(told), "{told}: {seen:?}");
        assert!(!folder.path().join(".careslot").exists(), "{configuration}: the folder is gone");
    }
}

#[test]
fn a_port_that_is_taken_ends_with_2_and_names_it_and_its_part() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let seen = run(CARESLOT, &["demo", "--port-base", &port.to_string()], folder.path(), &[], "");
    assert_eq!(seen.exit, 2, "{seen:?}");
    assert!(seen.stderr.contains(&format!("port {port}")) && seen.stderr.contains("for web"), "{seen:?}");
    assert!(!folder.path().join(".careslot").exists());

    std::fs::write(folder.path().join("web.toml"), format!("[web]\nlisten = \"127.0.0.1:{port}\"\n")).unwrap();
    let seen = run(CARESLOT, &["serve", "web", "--config", "web.toml"], folder.path(), &[], "");
    assert_eq!(seen.exit, 2, "{seen:?}");
    assert!(seen.stderr.contains(&format!("web.listen cannot listen on 127.0.0.1:{port}")), "{seen:?}");
}

#[test]
fn serve_runs_a_role_until_it_is_asked_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("web.toml"), "[web]\nlisten = \"127.0.0.1:0\"\n").unwrap();
    let mut serving = Command::new(CARESLOT)
        .args(["serve", "web", "--config", "web.toml"])
        .current_dir(folder.path())
        .env_clear()
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(serving.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("web listens on 127.0.0.1:") && lines.read_line(&mut said).is_ok_and(|read| read > 0) {}
    assert!(said.contains("web listens on"), "{said}");
    assert_eq!(run("kill", &["-TERM", &serving.id().to_string()], folder.path(), &[], "").exit, 0);
    assert_eq!(serving.wait().unwrap().code(), Some(0));
}

//! System tests: the built program's demo with real TLS and real LDAP, the verbs as processes, and what curl and ldapsearch see.

mod audit;
mod booker;
mod consumer_audit;
mod consumer_flags;
mod consumer_refusals;
mod contested;
mod curl;
mod dialects;
mod directory;
mod documents;
mod ending;
mod export;
mod failures;
mod fhir_clients;
mod house;
mod jwt;
mod killed;
mod ldap_clients;
mod proxy;
mod refusals;
mod refused_tokens;
mod registry;
mod scale_out;
mod sds;
mod sds_fhir;
mod stores;
mod token_clients;
mod token_endpoint;
mod verbs;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

/// The program under test.
const CARESLOT: &str = env!("CARGO_BIN_EXE_careslot");

/// Runs the demo, and ends it when the pipe on stdin closes: also when the test process is killed, and whatever a test does. Then the
/// folder goes.
const KEEPER: &str = r#"
folder=$1; shift
cd "$folder" || exit 1
"$@" 2>demo.stderr &
demo=$!
exec >/dev/null
cat >/dev/null
kill -TERM "$demo" 2>/dev/null
wait "$demo"
cd / && rm -rf "$folder"
"#;

/// A demo that runs until this is dropped, or until the test process ends.
pub(super) struct Demo {
    keeper: Child,
    pub(super) folder: PathBuf,
    environment: Value,
    slots: OnceLock<Vec<String>>,
    next_slot: AtomicUsize,
}

/// What a script sees of a command.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) exit: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Demo {
    /// The demo of the default dialect that most tests share.
    pub(super) fn shared() -> &'static Self {
        static SHARED: OnceLock<Demo> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&[], &[]))
    }

    /// The demo of dialect 2.0.4 that the tests of the dialects share.
    pub(super) fn shared_2_0_4() -> &'static Self {
        static SHARED: OnceLock<Demo> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&["--dialect", "2.0.4"], &[]))
    }

    /// A demo of one's own.
    pub(super) fn start(flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::Builder::new().prefix("careslot-demo-").tempdir().unwrap().keep();
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(&folder)
            .args([CARESLOT, "demo", "--port-base", "0", "--seed", "4"])
            .args(flags)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("XDG_STATE_HOME", folder.join("state"))
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh runs");
        let mut screen = BufReader::new(keeper.stdout.take().expect("a pipe"));
        let mut told = String::new();
        // The last line of the screen comes once environment.json is there; without it the demo has ended.
        while !told.contains("Stop with Ctrl-C") && screen.read_line(&mut told).is_ok_and(|read| read > 0) {}
        let text = fs::read_to_string(folder.join(".careslot/environment.json")).unwrap_or_else(|error| {
            let said = fs::read_to_string(folder.join("demo.stderr")).unwrap_or_default();
            panic!("the demo did not start: {error}\n{told}\n{said}")
        });
        let environment = serde_json::from_str(&text).expect("environment.json is JSON");
        Self { keeper, folder, environment, slots: OnceLock::new(), next_slot: AtomicUsize::new(0) }
    }

    /// A member of the environment file, by its JSON pointer.
    pub(super) fn text(&self, pointer: &str) -> String {
        let value = self.environment.pointer(pointer).unwrap_or_else(|| panic!("environment.json has {pointer}"));
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }

    /// The file that a member names.
    pub(super) fn file(&self, pointer: &str) -> PathBuf {
        self.folder.join(".careslot").join(self.text(pointer))
    }

    /// Writes an environment file beside the demo's own that differs in one member; nobody listens on port 9 of this machine.
    pub(super) fn environment_file(&self, name: &str, pointer: &str, instead: &str) {
        let mut environment = self.environment.clone();
        *environment.pointer_mut(pointer).unwrap() = instead.into();
        fs::write(self.folder.join(".careslot").join(name), environment.to_string()).unwrap();
    }

    /// Runs `careslot` with the words of `line` where the demo's environment file is found without a flag.
    pub(super) fn careslot(&self, line: &str) -> Seen {
        self.careslot_with(&line.split_whitespace().collect::<Vec<_>>(), "")
    }

    /// The same with words as they are, and something on stdin.
    pub(super) fn careslot_with(&self, words: &[&str], stdin: &str) -> Seen {
        run(CARESLOT, words, &self.folder, &[("XDG_STATE_HOME", &self.folder.join("state"))], stdin)
    }

    /// A free Slot of the first service in the later weeks, never the same twice.
    pub(super) fn slot(&self) -> String {
        let slots = self.slots.get_or_init(|| {
            let bundle = self.json("slots 918999198999 --from tomorrow --to 2099-01-01 --json");
            let resources = bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]);
            let later = resources.filter(|resource| resource["resourceType"] == "Slot").skip(20);
            later.map(|slot| slot["id"].as_str().unwrap().to_owned()).collect()
        });
        slots[self.next_slot.fetch_add(1, Ordering::Relaxed)].clone()
    }

    /// What a verb that succeeds writes to stdout, as JSON.
    pub(super) fn json(&self, line: &str) -> Value {
        let seen = self.careslot(line);
        assert_eq!(seen.exit, 0, "{line}: {seen:?}");
        serde_json::from_str(&seen.stdout).unwrap_or_else(|error| panic!("{line}: {error}: {seen:?}"))
    }

    /// Books a Slot of its own with the verb; the Appointment.
    pub(super) fn book(&self, more: &str) -> Value {
        self.json(&format!("book {} --nhs-number 9990000018 --json {more}", self.slot()))
    }

    /// A token for this service root.
    pub(super) fn token(&self, root: &str) -> String {
        let seen = self.careslot(&format!("token --scope {root}/.default"));
        assert_eq!(seen.exit, 0, "{seen:?}");
        seen.stdout.trim().to_owned()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Runs a program to its end.
pub(super) fn run(program: &str, words: &[&str], folder: &Path, variables: &[(&str, &Path)], stdin: &str) -> Seen {
    let mut child = Command::new(program)
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} runs: {error}"));
    let _ = child.stdin.take().expect("a pipe").write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Seen { exit: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}

impl Seen {
    /// All of it as one text, for snapshots.
    pub(super) fn whole(&self) -> String {
        format!("exit {}\n--- stdout\n{}--- stderr\n{}", self.exit, self.stdout, self.stderr)
    }
}

//! Provider processes of the built program: on a database that a demo filled, each started, killed and asked by itself.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use store::testing::TestPostgres;
use store::{Appointments, Diary, PatientQuery, SlotQuery, SlotStatus, Store};

use super::{CARESLOT, Demo, Seen};

/// Runs a process, says its number, and ends it when the pipe on stdin closes: also when the test process is killed. What it writes to
/// stderr goes to whoever started this. A write beyond the limit of a file's size is an error, as it is on a full disk, and no signal.
const KEEPER: &str = r#"
trap '' XFSZ
"$@" >/dev/null &
process=$!
echo "$process"
exec >/dev/null 2>&1
cat >/dev/null
kill -TERM "$process"
wait "$process"
"#;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Database {
    Sqlite,
    Postgres,
}

/// A database with a demo's diary, and the demo whose certificates, tokens and directory its Providers use.
pub(super) struct House {
    pub(super) demo: Demo,
    pub(super) postgres: Option<TestPostgres>,
    folder: tempfile::TempDir,
    started: AtomicU32,
}

impl House {
    pub(super) fn new(database: Database) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (demo, postgres) = match database {
            Database::Sqlite => (Demo::start(&[], &[]), None),
            Database::Postgres => {
                let server = TestPostgres::start().expect("a server for this test alone");
                let file = folder.path().join("password");
                fs::write(&file, server.password()).unwrap();
                fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
                let variables = [("CARESLOT_STORE__PASSWORD_FILE", file.to_str().unwrap())];
                (Demo::start(&["--store", &server.url()], &variables), Some(server))
            }
        };
        let house = Self { demo, postgres, folder, started: AtomicU32::new(0) };
        if database == Database::Sqlite {
            fs::create_dir(house.folder.path().join("data")).unwrap();
            let copy = format!("vacuum into '{}'", house.file().display());
            let original = house.demo.folder.join(".careslot/data/provider.db");
            rusqlite::Connection::open(original).unwrap().execute_batch(&copy).unwrap();
        }
        house
    }

    /// The Provider's database, where it is a file.
    pub(super) fn file(&self) -> PathBuf {
        self.folder.path().join("data/provider.db")
    }

    /// Starts one more Provider on the database; `more` goes to the end of its configuration.
    pub(super) fn provider(&self, more: &str) -> Process {
        let name = format!("p{}", self.started.fetch_add(1, Ordering::Relaxed));
        let path = self.folder.path().join(format!("{name}.toml"));
        fs::write(&path, format!("{}\n{more}", self.configuration(&name))).unwrap();
        Process::start(&path)
    }

    /// The configuration of a Provider; the verbs for its audit trail read its database by it.
    fn configuration(&self, name: &str) -> String {
        let demo = &self.demo;
        let file = |name: &str| demo.folder.join(".careslot").join(name).display().to_string();
        let store = match &self.postgres {
            None => "folder = \"data\"".to_owned(),
            Some(server) => format!("url = \"{}\"\npassword_file = \"password\"", server.url()),
        };
        format!(
            r#"
[process]
name = "{name}"
[store]
{store}
[tls]
ca_file = "{ca}"
crl_files = ["{crl}"]
handshake_seconds = 1
[http]
head_seconds = 1
idle_seconds = 1
[jwt]
issuer = "{issuer}"
jwks = "{jwks}"
[ssp]
client_fqdns = ["ssp.careslot.test"]
[provider]
listen = "127.0.0.1:0"
cert_file = "{cert}"
key_file = "{key}"
asids = ["918999198999", "118111118111"]
bases = {{ "1.0.4" = "{base}" }}
"#,
            ca = file("ca.pem"),
            crl = file("crl.pem"),
            issuer = demo.text("/token/issuer"),
            jwks = demo.text("/token/jwks"),
            cert = file("provider-server.pem"),
            key = file("provider-server.key"),
            base = demo.text("/provider/endpoint"),
        )
    }

    /// Runs `careslot` where the configuration `audit.toml` leads to this database.
    pub(super) fn careslot(&self, words: &str) -> Seen {
        fs::write(self.folder.path().join("audit.toml"), self.configuration("audit")).unwrap();
        let words: Vec<&str> = words.split_whitespace().collect();
        super::run(CARESLOT, &words, self.folder.path(), &[], "")
    }

    /// How many records the Provider's trail has in all its chains, which are intact.
    #[track_caller]
    pub(super) fn intact_records(&self) -> u64 {
        let seen = self.careslot("audit verify --role provider --config audit.toml --json");
        assert_eq!(seen.exit, 0, "{seen:?}");
        let report: Value = serde_json::from_str(&seen.stdout).unwrap();
        let chains = report["trails"][0]["chains"].as_array().unwrap();
        chains.iter().map(|chain| chain["records"].as_u64().unwrap()).sum()
    }

    /// Waits until the Provider's trail has so many records: those of reads follow their answers.
    #[track_caller]
    pub(super) fn has_intact_records(&self, expected: u64) {
        let found = (0..200).map(|_| self.intact_records()).find(|found| *found >= expected);
        assert_eq!(found, Some(expected), "one record for each exchange");
    }

    /// Whether each chain was closed by its process, of the processes whose names begin with this letter.
    pub(super) fn chains_closed(&self, letter: char) -> Vec<bool> {
        let seen = self.careslot("audit verify --role provider --config audit.toml --json");
        let report: Value = serde_json::from_str(&seen.stdout).unwrap();
        let chains = report["trails"][0]["chains"].as_array().unwrap().iter();
        let ours = chains.filter(|chain| chain["chain"].as_str().unwrap().starts_with(letter));
        ours.map(|chain| chain["closed"] == true).collect()
    }

    /// How many Appointments are booked, and how many Slots are busy.
    pub(super) async fn booked_and_busy(&self) -> (u64, u64) {
        let store = self.store().await;
        let busy = SlotQuery { statuses: vec![SlotStatus::Busy], limit: 1, ..SlotQuery::default() };
        let patient = "https://fhir.nhs.uk/Id/nhs-number|9990000018".to_owned();
        let query = PatientQuery { patient, limit: 1_000_000, ..PatientQuery::default() };
        let found = store.appointments_of(&query).await.unwrap();
        let booked = found.iter().filter(|version| version.status == "booked").count() as u64;
        (booked, store.free_slots(&busy).await.unwrap().total)
    }

    /// Keeps a file beside the configuration.
    pub(super) fn keep(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// The database, to read what is there.
    pub(super) async fn store(&self) -> Store {
        let opened = match &self.postgres {
            None => Store::read_sqlite(&self.file()).await,
            Some(server) => Store::read_postgres(&server.url(), "provider", Some(server.password())).await,
        };
        opened.expect("the database is there")
    }

    /// Changes the database behind the program's back.
    pub(super) fn tamper(&self, sql: &str) {
        let Some(server) = &self.postgres else {
            return rusqlite::Connection::open(self.file()).unwrap().execute_batch(sql).unwrap();
        };
        let password = self.folder.path().join("pgpass");
        let (address, _) =
            server.url().rsplit_once('/').map(|(rest, name)| (rest.to_owned(), name.to_owned())).unwrap();
        let (_, port) = address.rsplit_once(':').unwrap();
        fs::write(&password, format!("127.0.0.1:{port}:*:*:{}\n", server.password())).unwrap();
        fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
        let sql = format!("set search_path to provider; {sql}");
        let words = ["-v", "ON_ERROR_STOP=1", "-q", "-d", &server.url(), "-c", &sql];
        let seen = super::run("psql", &words, Path::new("/"), &[("PGPASSFILE", &password)], "");
        assert_eq!(seen.exit, 0, "{sql}: {seen:?}");
    }
}

/// A Provider that runs until it is killed or dropped.
pub(super) struct Process {
    keeper: Child,
    pub(super) pid: String,
    /// Where it listens.
    pub(super) port: u16,
}

impl Process {
    fn start(configuration: &Path) -> Self {
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh", CARESLOT, "serve", "provider", "--config"])
            .arg(configuration)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("sh runs");
        let mut pid = String::new();
        BufReader::new(keeper.stdout.take().expect("a pipe")).read_line(&mut pid).unwrap();
        let mut lines = BufReader::new(keeper.stderr.take().expect("a pipe"));
        let (mut said, mut port) = (String::new(), None);
        while port.is_none() {
            let mut line = String::new();
            assert_ne!(lines.read_line(&mut line).unwrap_or(0), 0, "the Provider did not start: {said}");
            port = line.trim().strip_prefix("provider listens on 127.0.0.1:").and_then(|port| port.parse().ok());
            said.push_str(&line);
        }
        // What it says later is read away, so that it never waits for a reader.
        std::thread::spawn(move || lines.lines().map_while(Result::ok).for_each(drop));
        Self { keeper, pid: pid.trim().to_owned(), port: port.unwrap_or_default() }
    }

    /// Ends it as a power cut would.
    pub(super) fn kill(self) {
        let seen = super::run("kill", &["-KILL", &self.pid], Path::new("/"), &[], "");
        assert_eq!(seen.exit, 0, "{seen:?}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

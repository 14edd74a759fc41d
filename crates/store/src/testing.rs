//! A PostgreSQL server for tests: the distribution's, in a private folder, on a free port. Behind the feature `testing`, so that it
//! is in no product.
//!
//! The server ends with the process that started it, however that one ends: a small shell waits for the end of a pipe and then stops
//! the server and removes the folder.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The user that owns the test databases.
const USER: &str = "careslot";
/// Its password, which is given beside the URL and never in it.
const PASSWORD: &str = "only for tests";
/// How often another port is tried when someone else takes the one that was free.
const ATTEMPTS: u32 = 5;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A PostgreSQL server that belongs to this process.
#[derive(Debug)]
pub struct TestPostgres {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    /// Root may not run a server, so it is run as this user and group.
    run_as: Option<(u32, u32)>,
    /// Ends the server when the pipe to it is closed.
    keeper: Child,
}

impl TestPostgres {
    /// The server that all tests of this process share.
    ///
    /// # Panics
    /// When no server can be started, with the reason: a test that needs one fails and is not passed over.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<TestPostgres> = OnceLock::new();
        SHARED.get_or_init(|| Self::start().unwrap_or_else(|why| panic!("no PostgreSQL for the tests: {why}")))
    }

    /// Starts a server for one test alone, which may stop and kill it.
    pub fn start() -> Result<Self, String> {
        let programs = find_programs()?;
        let run_as = user_for_root()?;
        let folder = private_folder(run_as).map_err(|error| format!("no private folder: {error}"))?;
        let keeper = keeper(&programs, &folder, run_as).map_err(|error| format!("no shell: {error}"))?;
        let mut server = Self { programs, folder, port: 0, run_as, keeper };
        server.initialise()?;
        server.start_on_a_free_port()?;
        server.run("createdb", &["-h", "127.0.0.1", "-p", &server.port.to_string(), "-U", USER, USER])?;
        Ok(server)
    }

    /// The URL of its database, without the password.
    pub fn url(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{USER}", self.port)
    }

    /// The password that goes with the URL.
    pub fn password(&self) -> &'static str {
        PASSWORD
    }

    /// The password of every server that this module starts, for a process that has the URL alone.
    pub fn shared_password() -> &'static str {
        PASSWORD
    }

    /// The name of a schema that nobody uses.
    pub fn new_schema(&self) -> String {
        format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed))
    }

    /// Ends the server as a power cut would: nothing is written any more, and every connection breaks.
    pub fn crash(&self) -> Result<(), String> {
        self.run("pg_ctl", &["-D", &self.data(), "-m", "immediate", "-w", "stop"])
    }

    /// Starts it again on the same port; it recovers from its log first.
    pub fn start_again(&self) -> Result<(), String> {
        let options = format!("-p {} -h 127.0.0.1 -k ''", self.port);
        let log = self.folder.join("log").to_string_lossy().into_owned();
        self.run("pg_ctl", &["-D", &self.data(), "-o", &options, "-l", &log, "-w", "-t", "60", "start"])
            .map_err(|why| format!("{why}\n{}", fs::read_to_string(&log).unwrap_or_default()))
    }

    /// Runs `pgbench` with a script in a schema; the answer is what it prints.
    pub fn pgbench(&self, script: &str, schema: &str, arguments: &[&str]) -> Result<String, String> {
        let file = self.folder.join("script.sql");
        fs::write(&file, script).map_err(|error| format!("{}: {error}", file.display()))?;
        let port = self.port.to_string();
        let file = file.to_string_lossy();
        let mut all = vec!["-h", "127.0.0.1", "-p", &port, "-U", USER, "-f", &file];
        all.extend(arguments);
        all.push(USER);
        self.run_with("pgbench", &all, &format!("-c search_path={schema}"))?;
        fs::read_to_string(self.folder.join("report")).map_err(|error| error.to_string())
    }

    fn data(&self) -> String {
        self.folder.join("data").to_string_lossy().into_owned()
    }

    fn initialise(&self) -> Result<(), String> {
        let secret = self.folder.join("password");
        fs::write(&secret, PASSWORD).map_err(|error| format!("{}: {error}", secret.display()))?;
        let secret = format!("--pwfile={}", secret.display());
        self.run(
            "initdb",
            &["-D", &self.data(), "-U", USER, "-A", "scram-sha-256", &secret, "-E", "UTF8", "--locale=C"],
        )
    }

    fn start_on_a_free_port(&mut self) -> Result<(), String> {
        let mut last = Err("no attempt was made".to_owned());
        for _ in 0..ATTEMPTS {
            let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
            self.port = free.map_err(|error| format!("no free port: {error}"))?.port();
            last = self.start_again();
            if last.is_ok() {
                break;
            }
        }
        last
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<(), String> {
        self.run_with(program, arguments, "")
    }

    fn run_with(&self, program: &str, arguments: &[&str], options: &str) -> Result<(), String> {
        let report = self.folder.join("report");
        let output = fs::File::create(&report).map_err(|error| format!("{}: {error}", report.display()))?;
        let copy = output.try_clone().map_err(|error| error.to_string())?;
        // A file and not a pipe: the server inherits it, and a pipe would never end.
        let mut command = as_user(Command::new(self.programs.join(program)), self.run_as);
        command.args(arguments).env("PGPASSWORD", PASSWORD).env("PGOPTIONS", options).current_dir(&self.folder);
        let status = command.stdin(Stdio::null()).stdout(output).stderr(copy).status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => {
                let report = fs::read_to_string(&report).unwrap_or_default();
                Err(format!("{program} ended with {status}: {}", report.trim()))
            }
            Err(error) => Err(format!("{program}: {error}")),
        }
    }
}

impl Drop for TestPostgres {
    fn drop(&mut self) {
        // Closes the pipe and waits until the server is gone.
        drop(self.keeper.stdin.take());
        drop(self.keeper.wait());
    }
}

/// The newest server that the distribution installed, else the one in the usual folders for programs.
fn find_programs() -> Result<PathBuf, String> {
    let version = |folder: &Path| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let debian = installed.filter(|folder| folder.join("bin/initdb").exists()).max_by_key(|folder| version(folder));
    let others = ["/usr/pgsql/bin", "/usr/libexec/postgresql", "/opt/homebrew/bin", "/usr/bin"].map(PathBuf::from);
    debian
        .map(|folder| folder.join("bin"))
        .into_iter()
        .chain(others)
        .find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
        .ok_or_else(|| "initdb is not installed; install the package postgresql".to_owned())
}

/// The user and group under which root starts the server; nothing when this is not root.
fn user_for_root() -> Result<Option<(u32, u32)>, String> {
    let this = fs::metadata("/proc/self").map(|process| process.uid()).unwrap_or(1);
    if this != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").map_err(|error| format!("/etc/passwd: {error}"))?;
    let postgres = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let (user, group) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        (name == "postgres").then_some((user, group))
    });
    postgres.map(Some).ok_or_else(|| "there is no user postgres, and root may not run the server".to_owned())
}

fn private_folder(run_as: Option<(u32, u32)>) -> io::Result<PathBuf> {
    // Root's own folder for temporary files may be closed to the user that runs the server.
    let parent = if run_as.is_some() { PathBuf::from("/tmp") } else { std::env::temp_dir() };
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = parent.join(format!("careslot-postgres-{}-{number}", std::process::id()));
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        // One that an earlier process with this number left behind.
        _ => fs::DirBuilder::new().mode(0o700).create(&folder)?,
    }
    if let Some((user, group)) = run_as {
        chown(&folder, Some(user), Some(group))?;
    }
    Ok(folder)
}

fn keeper(programs: &Path, folder: &Path, run_as: Option<(u32, u32)>) -> io::Result<Child> {
    let script = "cat >/dev/null; \"$0/pg_ctl\" -D \"$1/data\" -m immediate -w stop >/dev/null 2>&1; rm -rf \"$1\"";
    as_user(Command::new("/bin/sh"), run_as)
        .args(["-c", script])
        .args([programs, folder])
        // A group of its own, so that Ctrl-C does not end it before the server.
        .process_group(0)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

fn as_user(mut command: Command, run_as: Option<(u32, u32)>) -> Command {
    if let Some((user, group)) = run_as {
        command.gid(group).uid(user);
    }
    command
}

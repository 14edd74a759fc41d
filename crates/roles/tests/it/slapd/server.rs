//! OpenLDAP's slapd in a private folder on a free port, with our schema and given entries, as a process that ends with its value.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use spine::sds::{Entry, ldif, schema};

const SLAPD: &str = "/usr/sbin/slapd";
const SLAPADD: &str = "/usr/sbin/slapadd";
/// Another program may take the free port between its choice and its use.
const TRIES: usize = 5;

pub(crate) struct Slapd {
    process: Child,
    pub(crate) address: SocketAddr,
    _folder: tempfile::TempDir,
}

/// Whether it is installed.
pub(crate) fn is_installed() -> bool {
    Path::new(SLAPD).exists()
}

impl Slapd {
    /// A read-only slapd with these entries in an indexed mdb.
    pub(crate) fn start<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        lay(folder.path(), &ldif::write(entries)).map_err(|error| format!("slapd's folder: {error}"))?;
        let mut fault = String::new();
        for _ in 0..TRIES {
            match listening(folder.path()) {
                Ok((process, address)) => return Ok(Self { process, address, _folder: folder }),
                Err(why) => fault = why,
            }
        }
        Err(fault)
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Schema, configuration and database.
fn lay(folder: &Path, entries: &str) -> Result<(), Box<dyn std::error::Error>> {
    let path = folder.display();
    let configuration = format!(
        "include /etc/ldap/schema/core.schema
include {path}/nhs.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {path}/slapd.pid
argsfile {path}/slapd.args
sizelimit 500
database mdb
suffix \"o=nhs\"
directory {path}/entries
maxsize 4294967296
readonly on
index objectClass,uniqueIdentifier,nhsIDCode,nhsMHSPartyKey,nhsAsSvcIA,nhsMhsSvcIA,nhsMhsManufacturerOrg,nhsMhsCPAId eq
"
    );
    std::fs::create_dir(folder.join("entries"))?;
    std::fs::write(folder.join("slapd.conf"), configuration)?;
    std::fs::write(folder.join("nhs.schema"), schema::for_openldap())?;
    std::fs::write(folder.join("entries.ldif"), entries)?;
    let loaded = Command::new(SLAPADD)
        .args(["-q", "-f"])
        .arg(folder.join("slapd.conf"))
        .arg("-l")
        .arg(folder.join("entries.ldif"))
        .output()
        .map_err(|error| format!("{SLAPADD}: {error} (Debian: slapd; `make test` installs it)"))?;
    if !loaded.status.success() {
        return Err(String::from_utf8_lossy(&loaded.stderr).into());
    }
    Ok(())
}

/// Starts it, and waits until it says that it does.
fn listening(folder: &Path) -> Result<(Child, SocketAddr), String> {
    let told = |error: std::io::Error| error.to_string();
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).map_err(told)?;
    let mut process = Command::new(SLAPD)
        .arg("-h")
        .arg(format!("ldap://{free}"))
        .arg("-f")
        .arg(folder.join("slapd.conf"))
        .args(["-d", "none"])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(told)?;
    let mut output = BufReader::new(process.stderr.take().ok_or("no output")?);
    let (mut said, mut line) = (String::new(), String::new());
    while output.read_line(&mut line).is_ok_and(|read| read > 0) {
        if line.contains("slapd starting") {
            // What it says later is taken off its hands, or it would wait for somebody to read it.
            std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
            return Ok((process, free));
        }
        said.push_str(&line);
        line.clear();
    }
    let _ = process.wait();
    Err(format!("slapd did not start: {said}"))
}

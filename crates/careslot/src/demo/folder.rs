//! The demo's folder: certificates, secrets and data. The default one goes when the demo ends; `--dir` names one that stays.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use roles::edge::clock::Clock;
use roles::token::secret::new_secret;

use super::refused;
use crate::environment::{self, DEFAULT_FOLDER, FILE_NAME};
use crate::failure::Failure;
use crate::pki;

/// The secrets of the demo's clients at the token endpoint.
pub(super) const SECRETS: [&str; 2] = ["consumer.secret", "second-consumer.secret"];

/// An open folder.
#[derive(Clone)]
pub(super) struct Folder {
    path: PathBuf,
    stays: bool,
}

impl Folder {
    /// Opens the folder that is named, or `.careslot` here.
    ///
    /// # Errors
    /// A demo is running in it, or it holds something that is not a demo's.
    pub(super) fn open(named: Option<&Path>) -> Result<Self, Failure> {
        let path = named.map_or_else(|| PathBuf::from(DEFAULT_FOLDER), Path::to_path_buf);
        if let Some(pid) = running(&path) {
            let what = format!("a demo is running in {} already, as process {pid}", path.display());
            return Err(refused(what, "stop that one, or name another folder with --dir"));
        }
        let stays = named.is_some();
        let has_content = fs::read_dir(&path).is_ok_and(|mut entries| entries.next().is_some());
        if has_content && !path.join(pki::CA_FILE).is_file() {
            let what = format!("{} holds files that are not a demo's", path.display());
            return Err(refused(what, "name another folder with --dir, or move the files away"));
        }
        if has_content && !stays {
            // What a demo left that was killed; it never promised to keep it.
            fs::remove_dir_all(&path).map_err(|error| {
                refused(
                    format!("{} cannot be cleared: {error}", path.display()),
                    "remove it, or name another with --dir",
                )
            })?;
        }
        Ok(Self { path, stays })
    }

    /// Puts certificates and secrets in place, unless good ones are there.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub(super) fn lay(&mut self, clock: &dyn Clock) -> Result<()> {
        fs::create_dir_all(&self.path).with_context(|| format!("cannot make {}", self.path.display()))?;
        self.path = fs::canonicalize(&self.path)?;
        if !pki::still_good(&self.path, clock.now()) {
            pki::make(clock.now(), host_name().as_deref())?.write(&self.path)?;
        }
        for name in SECRETS {
            let path = self.path.join(name);
            if !path.is_file() {
                let mut random = [0_u8; 32];
                SystemRandom::new()
                    .fill(&mut random)
                    .map_err(|_| anyhow!("the operating system gave no random bytes"))?;
                pki::write_file(&path, &new_secret(&random), true)?;
            }
        }
        Ok(())
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The whole path of a file in it, as text for a configuration.
    pub(super) fn file(&self, name: &str) -> String {
        self.path.join(name).to_string_lossy().into_owned()
    }

    /// Removes it, unless it stays.
    pub(super) fn leave(self) {
        if !self.stays {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// The process that runs a demo in this folder, if one does.
fn running(folder: &Path) -> Option<u32> {
    let found = environment::read(&folder.join(FILE_NAME)).ok()?;
    let pid = found.environment.pid;
    (pid != std::process::id() && environment::runs(pid) == Some(true)).then_some(pid)
}

/// The machine's name, which server certificates hold too.
fn host_name() -> Option<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| fs::read_to_string("/etc/hostname")).ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

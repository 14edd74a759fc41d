//! The databases of the roles: a SQLite file each, or for Provider and Registry a schema each in one PostgreSQL database.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use store::Store;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::config;

/// Opens each role's database once.
#[derive(Clone)]
pub struct Stores(Arc<Inner>);

struct Inner {
    place: config::Store,
    /// Where the roles keep what does not belong into a shared database.
    folder: PathBuf,
    pgpass: Option<PathBuf>,
    /// The name of this process, with which its audit chains begin; none when it reads alone.
    process: Option<String>,
    open: Mutex<BTreeMap<&'static str, Store>>,
}

/// The roles that hold Appointments, and so are the ones that a shared PostgreSQL is for.
const SHARED: [&str; 2] = ["provider", "registry"];

impl Stores {
    /// The databases of this configuration. `folder` holds the SQLite files of roles that keep nothing in a shared database;
    /// `pgpass` is the file that PGPASSFILE names; `process` is the name of this process in its audit chains.
    #[must_use]
    pub fn new(place: config::Store, folder: PathBuf, pgpass: Option<PathBuf>, process: &str) -> Self {
        let process = process.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect();
        Self(Arc::new(Inner { place, folder, pgpass, process: Some(process), open: Mutex::default() }))
    }

    /// The same to read alone, while other processes may write: nothing is made and nothing is changed.
    #[must_use]
    pub fn reading(place: config::Store, folder: PathBuf, pgpass: Option<PathBuf>) -> Self {
        Self(Arc::new(Inner { place, folder, pgpass, process: None, open: Mutex::default() }))
    }

    /// The database of a role, opened at the first call.
    ///
    /// # Errors
    /// When it cannot be opened or brought up to date.
    pub async fn of(&self, role: &'static str) -> Result<Store> {
        let mut open = self.0.open.lock().await;
        if let Some(store) = open.get(role) {
            return Ok(store.clone());
        }
        let store = self.0.opened(role).await.with_context(|| format!("the database of {role} cannot be opened"))?;
        open.insert(role, store.clone());
        Ok(store)
    }

    /// Whether a role's database is there to be opened; that of a file that is not there would be made.
    #[must_use]
    pub fn has(&self, role: &str) -> bool {
        match &self.0.place {
            config::Store::Postgres { .. } if SHARED.contains(&role) => true,
            _ => self.0.folder.join(format!("{role}.db")).is_file(),
        }
    }

    /// Closes every database that is open, once everything that was asked of it is done.
    pub async fn close(&self) {
        let open = std::mem::take(&mut *self.0.open.lock().await);
        for (_, store) in open {
            store.closed().await;
        }
    }
}

impl Inner {
    async fn opened(&self, role: &'static str) -> Result<Store> {
        let run = self.process.as_ref().map(|process| format!("{process}-{}", new_run()));
        match &self.place {
            config::Store::Postgres { url, password_file } if SHARED.contains(&role) => {
                let password = self.password(url, password_file.as_deref())?;
                let password = password.as_deref();
                Ok(match run {
                    Some(run) => Store::open_postgres(url, role, password, &run).await?,
                    None => Store::read_postgres(url, role, password).await?,
                })
            }
            _ => {
                let file = self.folder.join(format!("{role}.db"));
                let Some(run) = run else { return Ok(Store::read_sqlite(&file).await?) };
                fs::create_dir_all(&self.folder).with_context(|| format!("cannot make {}", self.folder.display()))?;
                Ok(Store::open_sqlite(&file, &run).await?)
            }
        }
    }

    fn password(&self, url: &str, file: Option<&Path>) -> Result<Option<String>> {
        let read = |path: &Path| fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
        match (file, &self.pgpass) {
            (Some(file), _) => Ok(Some(read(file)?.trim_end_matches(['\r', '\n']).to_owned())),
            (None, Some(pgpass)) => Ok(store::password_from(&read(pgpass)?, url)),
            (None, None) => Ok(None),
        }
    }
}

/// What tells this run of the process from every other in the audit chains.
#[expect(clippy::disallowed_methods, reason = "a run of the process is named once, where it begins")]
fn new_run() -> String {
    Uuid::new_v4().to_string()
}

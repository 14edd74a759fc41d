//! `careslot sds`: what is wrong in the directory, and its entries in and out (SDS-63, SDS-65). The administration is asked while
//! the directory runs, else its store; searches see a change at once either way.

mod add;
mod export;
mod files;
mod findings;
mod import;
mod lint;

use bytes::Bytes;
use clap::Subcommand;
use http::Method;
use roles::edge::directory_entry::{as_kept, to_keep};
use spine::sds::{Entry, ldif};
use store::{AuditRecord, DirectoryEntries};

use super::administered::{Keeper, KeeperFlags};
use crate::failure::{Exit, Failure};
use crate::terminal::Terminal;

/// The verbs for the directory.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub verb: SdsVerb,
}

/// What can be done with the directory.
#[derive(Clone, Debug, Subcommand)]
pub enum SdsVerb {
    /// Find what keeps registrations from working, each with its rule, its place and its cure; exit code 1 when there is an error
    Lint(lint::Args),
    /// Bring the entries of LDIF files in, all or none
    Import(import::Args),
    /// Write every entry to stdout as LDIF
    Export(export::Args),
    /// Register one system: a Provider with --endpoint, a Consumer without
    Add(Box<add::Args>),
}

/// Do it.
pub async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    match args.verb {
        SdsVerb::Lint(args) => lint::run(args, terminal).await,
        SdsVerb::Import(args) => import::run(args, terminal).await,
        SdsVerb::Export(args) => export::run(args, terminal).await,
        SdsVerb::Add(args) => add::run(*args, terminal).await,
    }
}

/// The path of the directory at the administration.
const PATH: &str = "/directory";

/// The directory, wherever it is found.
struct DirectoryAtHand {
    keeper: Keeper,
}

impl DirectoryAtHand {
    fn open(flags: &KeeperFlags) -> Result<Self, Failure> {
        Ok(Self { keeper: Keeper::open(flags)? })
    }

    /// Every entry. Where nothing is kept yet there are none if that `may_be_empty`.
    async fn entries(&self, may_be_empty: bool) -> Result<Vec<Entry>, Failure> {
        let unreadable = |why: String| {
            let cure = "that is a fault of the directory: report it with this message";
            Failure::new(Exit::Internal, "the directory cannot be read", why, cure)
        };
        if let Some(body) = self.keeper.ask(Method::GET, PATH, Bytes::new()).await? {
            let text = std::str::from_utf8(&body).map_err(|fault| unreadable(fault.to_string()))?;
            return ldif::read(text).map_err(|fault| unreadable(fault.to_string()));
        }
        let store = self.keeper.store("sds", may_be_empty).await?;
        let changes = store.directory_changes(0).await.map_err(|fault| unreadable(fault.to_string()))?;
        changes.kept.iter().map(as_kept).collect::<Result<_, _>>().map_err(unreadable)
    }

    /// Puts entries in: in place of those of the same name, or of the whole directory.
    async fn keep(&self, entries: &[Entry], whole: bool) -> Result<(), Failure> {
        let method = if whole { Method::PUT } else { Method::POST };
        let body = Bytes::from(ldif::write(entries));
        if self.keeper.ask(method, PATH, body).await?.is_some() {
            return Ok(());
        }
        let store = self.keeper.store("sds", true).await?;
        let record = AuditRecord {
            at: self.keeper.clock.now().as_millisecond(),
            trace_id: String::new(),
            requirement: "SDS-63".to_owned(),
            body: format!("{{\"role\":\"sds\",\"imported\":{},\"whole\":{whole}}}", entries.len()).into_bytes(),
        };
        let kept = entries.iter().map(to_keep).collect();
        let done =
            if whole { store.replace_entries(kept, record).await } else { store.keep_entries(kept, record).await };
        done.map_err(|fault| Failure::starting("nothing was imported", &fault.into()))
    }

    async fn close(self) {
        self.keeper.close().await;
    }
}

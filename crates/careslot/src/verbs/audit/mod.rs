//! `careslot audit`: read the audit trails, and check that every record is there as it was written (AUD-01, AUD-04, AUD-06, AUD-08,
//! AUD-10).

mod records;
mod trails;
mod verify;
mod whose;

use clap::Subcommand;

use self::whose::Whose;
use super::administered::KeeperFlags;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// The verbs for audit trails.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What to do with them.
    #[command(subcommand)]
    pub verb: AuditVerb,
}

/// What can be done with an audit trail.
#[derive(Clone, Debug, Subcommand)]
pub enum AuditVerb {
    /// Check every chain from end to end; exit code 1 when a record is not as it was written
    Verify(verify::Args),
    /// List the newest records
    List(records::ListArgs),
    /// Write every record as a line of JSON (NDJSON), oldest first, role by role
    Export(records::ExportArgs),
}

/// The flags that say whose trails are meant.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct WhoseFlags {
    /// Only the trail of this role, or the Consumer's [default: those of every role]
    #[arg(long, value_enum, value_name = "ROLE")]
    pub role: Option<Whose>,
    /// Whose role is meant.
    #[command(flatten)]
    pub keeper: KeeperFlags,
}

/// Do it.
pub async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    match args.verb {
        AuditVerb::Verify(args) => verify::run(args, terminal).await,
        AuditVerb::List(args) => records::list(args, terminal).await,
        AuditVerb::Export(args) => records::export(args, terminal).await,
    }
}

/// An answer of the administration that is not what it should be.
fn unusable(error: serde_json::Error) -> Failure {
    Failure::internal("the answer of the administration cannot be read", &error.into())
}

//! `careslot demo`: the whole network on this machine, with synthetic data and one booking made through it (DEM-01, DEM-08).

use std::path::PathBuf;

use spine::Dialect;

use crate::cli::{ConfigFlags, parse_dialect};
use crate::failure::Failure;
use crate::terminal::Terminal;

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Folder for certificates, data and environment.json, kept for the next start [default: .careslot, removed at the end]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// First port: web N, SSP N+1, Provider +2, Registry +3, token +4, LDAP +5, LDAPS +6, administration +7, SDS FHIR +8; 0 takes free ones
    #[arg(long, value_name = "N")]
    pub port_base: Option<u16>,
    /// The dialect whose base SDS names
    #[arg(long, value_name = "1.0.4|2.0.4", value_parser = parse_dialect, default_value = Dialect::all()[0].name)]
    pub dialect: &'static Dialect,
    /// Where Provider and Registry keep what they are told: sqlite, or postgres://USER@HOST:PORT/DATABASE without a password
    #[arg(long, value_name = "STORE", default_value = "sqlite")]
    pub store: String,
    /// Make the booking, print it, and end
    #[arg(long)]
    pub once: bool,
    /// Make the data the same each time
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Configuration file.
    #[command(flatten)]
    pub config: ConfigFlags,
}

/// Do it.
pub async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    crate::demo::run(&args, terminal).await
}

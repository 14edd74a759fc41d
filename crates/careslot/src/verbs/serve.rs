//! `careslot serve`: one or more roles in this process, as the configuration says.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use profile::Definitions;
use tokio_util::sync::CancellationToken;

use crate::cli::ConfigFlags;
use crate::config::{Config, Role, Store, missing_for};
use crate::failure::{Exit, Failure};
use crate::logging;
use crate::network::{self, Pages, Running, Shared, Sockets, Stores, SystemClock, SystemIds};
use crate::signals::Stop;
use crate::terminal::Terminal;

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The roles to run
    #[arg(required = true, value_enum, value_name = "ROLE")]
    pub roles: Vec<Role>,
    /// Configuration file.
    #[command(flatten)]
    pub config: ConfigFlags,
}

/// Do it.
pub async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    let mut stop = Stop::listen()?;
    let config = configuration(&args)?;
    logging::start(&config.process);
    let definitions = network::definitions(&config)?;
    let sockets = Sockets::bind(&config, &args.roles).await.map_err(|taken| {
        let cure = format!("end what holds it, or give {} another address", taken.part);
        Failure::new(Exit::Usage, "nothing was started", taken.to_string(), cure)
    })?;
    let (addresses, shared) = (listening(&sockets), shared(config, definitions));
    let not_started = |error: anyhow::Error| Failure::starting("nothing was started", &error);
    let running = Running::start(&args.roles, sockets, shared, Pages::default(), None).await.map_err(not_started)?;
    for (part, address) in addresses {
        terminal.say(&format!("{part} listens on {address}"));
    }
    stop.asked_for().await;
    terminal.say("Stopping …");
    running.stop().await;
    Ok(())
}

/// The typed configuration, or all its faults together with what these roles miss in it.
fn configuration(args: &Args) -> Result<Config, Failure> {
    let (layers, mut problems) = args.config.layers(Vec::new());
    let read = Config::read(&layers);
    let missing = missing_for(&layers, &args.roles);
    match read {
        Ok(config) => {
            problems.0.extend(missing.0);
            Ok(problems.none_or(config)?)
        }
        Err(more) => {
            problems.0.extend(more.0);
            problems.0.extend(missing.0);
            Err(problems.into())
        }
    }
}

fn shared(config: Config, definitions: &'static Definitions) -> Shared {
    let folder = match &config.store {
        Store::Sqlite { folder } => folder.clone(),
        Store::Postgres { .. } => PathBuf::from("data"),
    };
    let pgpass = std::env::var_os("PGPASSFILE").map(Into::into);
    Shared {
        stores: Stores::new(config.store.clone(), folder, pgpass, &config.process.name),
        shards: network::shards(&config),
        config: Arc::new(config),
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
        definitions,
        shutdown: CancellationToken::new(),
    }
}

fn listening(sockets: &Sockets) -> Vec<(&'static str, SocketAddr)> {
    let all = [
        ("provider", &sockets.provider),
        ("registry", &sockets.registry),
        ("ssp", &sockets.ssp),
        ("sds", &sockets.sds),
        ("sds (TLS)", &sockets.sds_tls),
        ("sds (FHIR)", &sockets.sds_fhir),
        ("token", &sockets.token),
        ("web", &sockets.web),
        ("administration", &sockets.admin),
    ];
    all.into_iter().filter_map(|(part, socket)| Some((part, socket.as_ref()?.local_addr().ok()?))).collect()
}

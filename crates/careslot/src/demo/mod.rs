//! `careslot demo`: the whole national picture on one laptop. It lays out a folder with certificates, keys and a configuration,
//! fills the directory, the token endpoint and the diary with synthetic data (DEM-01, DEM-08), and then runs exactly what
//! `careslot serve` runs. The demo is the deployment.

mod booking;
mod clients;
mod diary;
mod directory;
mod folder;
mod layout;
mod reset;
mod screen;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use roles::consumer::Fault;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Role, state_file};
use crate::environment;
use crate::failure::{Exit, Failure};
use crate::network::{Running, Shared, Stores, SystemClock, SystemIds};
use crate::signals::Stop;
use crate::terminal::Terminal;
use crate::verbs::demo::Args;
use crate::verbs::fault::failure_of;
use crate::{logging, network, ports};

pub use booking::Told;

/// All roles: the demo leaves none out.
const ROLES: [Role; 6] = [Role::Sds, Role::Token, Role::Provider, Role::Registry, Role::Ssp, Role::Web];

/// Runs the demo until it is told to stop, or until its booking is made.
///
/// # Errors
/// A port that is taken or a folder that is not the demo's (exit 2), or a fault of the machine.
pub async fn run(args: &Args, terminal: &Terminal) -> Result<(), Failure> {
    let began = Instant::now();
    let mut stop = Stop::listen()?;
    let listeners = ports::bind(args.port_base)?;
    let mut folder = folder::Folder::open(args.dir.as_deref())?;
    let ended = in_folder(args, terminal, &mut stop, listeners, &mut folder, began).await;
    folder.leave();
    ended
}

/// The same in a folder that goes when this returns, whatever came of it.
async fn in_folder(
    args: &Args,
    terminal: &Terminal,
    stop: &mut Stop,
    listeners: BTreeMap<&'static str, TcpListener>,
    folder: &mut folder::Folder,
    began: Instant,
) -> Result<(), Failure> {
    let internal = |error: anyhow::Error| Failure::internal("the demo was not started", &error);
    let clock = SystemClock;
    folder.lay(&clock).map_err(internal)?;
    let layout = layout::Layout::new(args, folder, &listeners).map_err(internal)?;
    let (_, config) = args.config.read(layout.settings())?;
    logging::start(&config.process);

    let shared = shared(config, folder)?;
    let sockets = layout::sockets(listeners).map_err(internal)?;
    let started = tokio::select! {
        started = start(args, &layout, folder, sockets, &shared) => started.map(Some),
        () = stop.asked_for() => Ok(None),
    };
    let (running, told) = match started {
        Ok(Some(started)) => started,
        unfinished => {
            shared.shutdown.cancel();
            shared.stores.close().await;
            return unfinished.map(|_| ()).map_err(|error| not_started(&error));
        }
    };
    let environment = layout.environment(folder);
    let last = state_file();
    let written = environment::write(&environment, folder.path(), last.as_deref());
    let outcome = match written {
        Ok(path) => {
            terminal.data(&screen::screen(terminal, &environment, folder, &told, began.elapsed(), args.once));
            if !args.once {
                stop.asked_for().await;
                terminal.say("Stopping …");
            }
            environment::remove(&path, last.as_deref());
            Ok(())
        }
        Err(error) => Err(Failure::internal("the demo cannot say where it is", &error)),
    };
    running.stop().await;
    outcome
}

fn shared(config: Config, folder: &folder::Folder) -> Result<Shared, Failure> {
    let definitions = network::definitions(&config)?;
    let pgpass = std::env::var_os("PGPASSFILE").map(Into::into);
    let stores = Stores::new(config.store.clone(), folder.path().join("data"), pgpass, &config.process.name);
    Ok(Shared {
        shards: network::shards(&config),
        config: Arc::new(config),
        stores,
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
        definitions,
        shutdown: CancellationToken::new(),
    })
}

/// Fills the stores, starts every role, and makes one booking through all of them.
async fn start(
    args: &Args,
    layout: &layout::Layout,
    folder: &folder::Folder,
    sockets: network::Sockets,
    shared: &Shared,
) -> Result<(Running, Told)> {
    let seed = diary::Seed::new(args.seed)?;
    directory::fill(shared, layout).await.context("the directory was not filled")?;
    clients::fill(shared, folder).await.context("the token endpoint's clients were not made")?;
    diary::fill(shared, &seed).await.context("the diary was not filled")?;
    let pages = layout.pages(shared).await?;
    let demonstration = reset::demonstration(layout, folder, seed, shared, args.dialect);
    let running = Running::start(&ROLES, sockets, shared.clone(), pages, Some(demonstration)).await?;
    let told = booking::book(shared).await;
    match told {
        Ok(told) => Ok((running, told)),
        Err(error) => {
            running.stop().await;
            Err(error.context("the demo's own booking was not made"))
        }
    }
}

/// Why the demo is not there: a party that refused its booking says so itself, as it would to any verb.
fn not_started(error: &anyhow::Error) -> Failure {
    match error.chain().find_map(|cause| cause.downcast_ref::<Fault>()) {
        Some(fault) => {
            let mut failure = failure_of(fault.clone());
            failure.what = format!("the demo was not started, since its own booking was not made: {}", failure.what);
            failure
        }
        None => Failure::starting("the demo was not started", error),
    }
}

/// What a folder that cannot be used is refused with.
fn refused(what: impl Into<String>, cure: impl Into<String>) -> Failure {
    Failure::new(Exit::Usage, "the demo was not started", what, cure)
}

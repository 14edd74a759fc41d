//! The Consumer that a verb acts as: that of the environment file, else that of `[consumer]` in the configuration. An environment
//! file becomes configuration first, so that there is one way to make a Consumer.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use profile::Definitions;
pub(super) use roles::consumer::Step;
use roles::consumer::{Consumer, Endpoint, Fault};
use spine::{Asid, Malformed, Operation};
use tokio_util::sync::CancellationToken;

use super::curl::Curl;
use super::fault::{failure_of, wrong_word};
use super::trace::Trace;
use crate::cli::ConsumerFlags;
use crate::config::{Config, Layers, Origin, state_file};
use crate::environment::{self, Found, Places};
use crate::failure::{Exit, Failure};
use crate::logging;
use crate::network::{self, Shared, Stores, SystemClock, SystemIds};
use crate::terminal::Terminal;

/// The database of the verbs: what waits for the Registry, and the Consumer's audit trail.
pub(super) const VERBS: &str = "verbs";

/// Whether a verb needs the place where messages for the Registry are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outbox {
    /// It may tell the Registry something.
    Needed,
    /// It only asks.
    Unneeded,
}

/// A Consumer, and what a verb must know beside it.
pub(super) struct Caller {
    /// The client.
    pub(super) consumer: Consumer,
    /// Configuration, clock and ids.
    pub(super) shared: Shared,
    /// The environment file, where one is used.
    pub(super) environment: Option<Found>,
    /// What writes the commands of `--curl`, where it was given.
    pub(super) curl: Option<Curl>,
    service: Option<String>,
}

impl Caller {
    /// The Consumer that these flags mean.
    ///
    /// # Errors
    /// Exit 2: neither an environment file nor a `[consumer]`, or one with faults.
    pub(super) async fn open(flags: &ConsumerFlags, outbox: Outbox, terminal: &Terminal) -> Result<Self, Failure> {
        let found = match &flags.config.config {
            Some(_) => Ok(None),
            None => find(flags.env.clone()).map(Some),
        };
        let (environment, absent) = match found {
            Ok(environment) => (environment, None),
            Err(absent) => (None, Some(absent)),
        };
        let settings = environment.as_ref().map(Found::settings).unwrap_or_default();
        let (layers, config) = flags.config.read(settings)?;
        // Without a file a whole Consumer may still stand in CARESLOT_CONSUMER__… variables.
        if let Some(absent) = absent.filter(|_| flags.env.is_some() || config.consumer.ssp.is_none()) {
            return Err(absent);
        }
        log_if_asked(&layers, &config);
        let folder = folder(environment.as_ref())?;
        let shared = shared(config, &folder);
        let curl = flags.curl.then(|| Curl::of(&shared.config, folder));
        // Without a place for its record no call is made (SSP-135).
        let opened = shared.stores.of(VERBS).await;
        let opened = Arc::new(opened.map_err(|error| unrecorded(&error))?);
        let kept = (outbox == Outbox::Needed).then(|| Arc::clone(&opened) as Arc<dyn store::Outbox>);
        let consumer = network::consumer(&shared, kept).map_err(|error| incomplete(&error))?;
        let mut consumer = consumer.audited_by(opened, user());
        if flags.trace {
            consumer = consumer.watched_by(Arc::new(Trace(*terminal)));
        }
        Ok(Self { consumer, shared, environment, curl, service: flags.service.clone() })
    }

    /// Names the step that the verb is there for: under `--curl` it is shown, not taken.
    pub(super) fn for_step(mut self, step: Step) -> Self {
        if self.curl.is_some() {
            self.consumer = self.consumer.showing_only(step);
        }
        self
    }

    /// Names the encounter that the verb belongs to, in the audit trail, by its CDA document.
    pub(super) fn in_encounter(mut self, document: Option<uuid::Uuid>) -> Self {
        self.consumer = self.consumer.in_encounter(document.map(|document| document.to_string()));
        self
    }

    /// Closes what was opened. The Consumer has to go first: closing waits until nobody holds the database any more.
    pub(super) async fn close(self) {
        let Self { consumer, shared, .. } = self;
        drop(consumer);
        shared.stores.close().await;
    }

    /// How the verb ends on a fault of its own step.
    pub(super) fn ended(&self, fault: Fault) -> Failure {
        match (fault, &self.curl) {
            (Fault::Unsent(unsent), Some(curl)) => {
                curl.command(&unsent).map_or_else(|failure| failure, Failure::shown_instead)
            }
            (fault, _) => failure_of(fault),
        }
    }

    /// The service that is meant: `--service`, else the environment's first.
    pub(super) fn service(&self) -> Result<Asid, Failure> {
        let first = || self.environment.as_ref()?.environment.provider.services.first();
        match (&self.service, first()) {
            (Some(asid), _) => asid_of(asid),
            (None, Some(service)) => asid_of(&service.asid),
            (None, None) => Err(Failure::new(
                Exit::Usage,
                "it is not clear which service is meant",
                "without an environment file there is no first service",
                "name it with --service ASID",
            )),
        }
    }

    /// Where the service answers this operation.
    pub(super) async fn endpoint(&self, operation: Operation) -> Result<Endpoint, Failure> {
        self.endpoint_of(&self.service()?, operation).await
    }

    /// The same of a service that is named.
    pub(super) async fn endpoint_of(&self, asid: &Asid, operation: Operation) -> Result<Endpoint, Failure> {
        let Some(interaction) = operation.interaction() else {
            let why = format!("{operation:?} goes under no Interaction ID");
            return Err(Failure::internal("the endpoint was not looked up", &anyhow::anyhow!(why)));
        };
        self.consumer.find_endpoint(asid, interaction).await.map_err(failure_of)
    }

    /// Whether the patient may be made up: with a demo's data alone.
    pub(super) fn is_a_demonstration(&self) -> bool {
        self.environment.is_some()
    }
}

/// Whoever runs the verb, as the machine knows them (SSP-135).
#[expect(clippy::disallowed_methods, reason = "no configuration says who runs the program")]
fn user() -> String {
    use std::os::unix::fs::MetadataExt as _;
    let name = ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default();
    let id = std::fs::metadata("/proc/self").map(|process| format!("user id {}", process.uid())).unwrap_or_default();
    [name, id].iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(", ")
}

/// An ASID as somebody typed it, with or without `ASID:` (FIND-18).
pub(super) fn asid_of(text: &str) -> Result<Asid, Failure> {
    Asid::from_directory_of_services(text).map_err(|fault: Malformed| wrong_word(&fault))
}

/// The environment file that is named, or the one that is found.
pub(super) fn find(named: Option<PathBuf>) -> Result<Found, Failure> {
    let current_folder = std::env::current_dir().unwrap_or_default();
    environment::find(&Places { named, current_folder, last: state_file() }).map_err(|error| {
        let cure = "start `careslot demo`, name its file with --env FILE, or a configuration that has [consumer] with --config FILE";
        Failure::new(Exit::Usage, "there is no network to act in", format!("{error:#}"), cure)
    })
}

/// A verb logs only where the user asks for it: its own words on stderr say what happened.
fn log_if_asked(layers: &Layers, config: &Config) {
    if layers.get("process.log").is_some_and(|setting| setting.origin != Origin::Default) {
        logging::start(&config.process);
    }
}

/// Where a verb keeps what must outlive it: beside the demo's data, else in the user's own state folder.
pub(super) fn folder(environment: Option<&Found>) -> Result<PathBuf, Failure> {
    let state = || state_file().and_then(|last| last.parent().map(Path::to_path_buf));
    environment.map(|found| found.folder.join("data")).or_else(state).ok_or_else(|| {
        let cure = "set XDG_STATE_HOME or HOME";
        Failure::new(Exit::Usage, "there is no place to keep messages for the Registry", "no home folder is set", cure)
    })
}

fn shared(config: Config, folder: &Path) -> Shared {
    // What waits for the Registry belongs to whoever runs the verbs, and never into the roles' database.
    let place = crate::config::Store::Sqlite { folder: folder.to_path_buf() };
    Shared {
        shards: network::shards(&config),
        config: Arc::new(config),
        stores: Stores::new(place, folder.to_path_buf(), None, VERBS),
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
        definitions: Definitions::standard(),
        shutdown: CancellationToken::new(),
    }
}

fn unrecorded(error: &anyhow::Error) -> Failure {
    let what = "there is no place to record what is done, and nothing is done without a record [SSP-135]";
    Failure::new(
        Exit::Usage,
        what,
        format!("{error:#}"),
        "let this user write to the folder that is named, then try again",
    )
}

fn incomplete(error: &anyhow::Error) -> Failure {
    let cure = "set it in the file that --config names; `careslot config show` says what each key means";
    Failure::new(Exit::Usage, "the Consumer is not set up", format!("{error:#}"), cure)
}

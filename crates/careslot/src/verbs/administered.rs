//! What a role keeps, for the verbs that look after it: the administration listener is asked while the role runs, else the
//! role's database is opened (interfaces.md §2).

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Uri};
use roles::edge::client::{Authority, Client, ClientFault, Timeouts, Upload};
use roles::edge::clock::Clock;
use roles::edge::tls::believing_nobody;
use store::Store;

use super::caller::{VERBS, find, folder};
use crate::cli::ConfigFlags;
use crate::config::{self, Config};
use crate::failure::{Exit, Failure};
use crate::network::{Stores, SystemClock};

/// The most that the administration may answer with.
const LONGEST_ANSWER: usize = 256 * 1024 * 1024;

/// The flags that say whose role is meant.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct KeeperFlags {
    /// Environment file of a demo [default: .careslot/environment.json here, else that of the demo that is running]
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    pub env: Option<PathBuf>,
    /// Configuration file of the role, instead of an environment file.
    #[command(flatten)]
    pub config: ConfigFlags,
}

/// Where a role's keepings are found.
pub(super) struct Keeper {
    administration: Option<Authority>,
    client: Client,
    stores: Stores,
    /// The same databases to read alone, also while their roles run.
    pub(super) reading: Stores,
    /// The time, for audit records.
    pub(super) clock: Arc<dyn Clock>,
}

impl Keeper {
    /// What these flags mean.
    ///
    /// # Errors
    /// Exit 2: neither an environment file nor a configuration.
    pub(super) fn open(flags: &KeeperFlags) -> Result<Self, Failure> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let tls = believing_nobody(clock.clone())
            .map_err(|fault| Failure::internal("the administration cannot be asked", &fault.into()))?;
        let (administration, place, folder) = if flags.config.config.is_some() {
            let (_, config) = flags.config.read(Vec::new())?;
            configured(&config)
        } else {
            let found = find(flags.env.clone())?;
            let folder = found.folder.join("data");
            let administration = found.environment.admin.as_deref().and_then(Authority::of_url);
            let place = config::Store::Sqlite { folder: folder.clone() };
            (administration.map(|(authority, _)| authority), place, folder)
        };
        let pgpass: Option<PathBuf> = std::env::var_os("PGPASSFILE").map(Into::into);
        let reading = Stores::reading(place.clone(), folder.clone(), pgpass.clone());
        let stores = Stores::new(place, folder, pgpass, "verbs");
        Ok(Self { administration, client: Client::new(tls), stores, reading, clock })
    }

    /// The databases of the verbs of whoever runs this one, for the same network that these flags mean to a Consumer.
    ///
    /// # Errors
    /// Exit 2: an environment file that is named and not there, or no home folder.
    pub(super) fn of_the_verbs(flags: &KeeperFlags) -> Result<Self, Failure> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let tls = believing_nobody(clock.clone())
            .map_err(|fault| Failure::internal("the audit trail cannot be read", &fault.into()))?;
        let environment = match (&flags.config.config, &flags.env) {
            (Some(_), _) => None,
            (None, Some(named)) => Some(find(Some(named.clone()))?),
            (None, None) => find(None).ok(),
        };
        let folder = folder(environment.as_ref())?;
        let place = config::Store::Sqlite { folder: folder.clone() };
        let reading = Stores::reading(place.clone(), folder.clone(), None);
        let stores = Stores::new(place, folder, None, VERBS);
        Ok(Self { administration: None, client: Client::new(tls), stores, reading, clock })
    }

    /// Asks the administration; nothing when nobody listens there, or when that process does not look after it.
    ///
    /// # Errors
    /// Exit 1 with what the administration says; exit 3 when it breaks off.
    pub(super) async fn ask(&self, method: Method, path: &str, body: Bytes) -> Result<Option<Bytes>, Failure> {
        let Some(authority) = &self.administration else { return Ok(None) };
        let mut request = Request::new(if body.is_empty() { Upload::Empty } else { Upload::Whole(body) });
        *request.method_mut() = method;
        *request.uri_mut() = path.parse::<Uri>().map_err(|fault| {
            Failure::internal("the administration was not asked", &anyhow::Error::from(fault).context(path.to_owned()))
        })?;
        let answered = self.client.send(authority, request, &Timeouts::default()).await;
        let response = match answered {
            Ok(answered) => answered.response,
            Err(ClientFault::Refused(_) | ClientFault::Unresolved(_) | ClientFault::ConnectTimeout) => return Ok(None),
            Err(fault) => return Err(broken_off(authority, &fault.to_string())),
        };
        let (head, body) = response.into_parts();
        let body = body.read_to_end(LONGEST_ANSWER).await;
        let body = body.map_err(|fault| broken_off(authority, &fault.to_string()))?;
        answer(Response::from_parts(head, body))
    }

    /// The role's database, to change what it keeps.
    ///
    /// # Errors
    /// Exit 2 where there is none, unless it may be made; what keeps it from being opened.
    pub(super) async fn store(&self, role: &'static str, may_be_made: bool) -> Result<Store, Failure> {
        if !may_be_made && !self.stores.has(role) {
            let why = format!("{role} does not run, and has no database where the configuration says");
            let cure = "start the role, or name its configuration with --config FILE";
            return Err(Failure::new(Exit::Usage, "there is nothing to look at", why, cure));
        }
        let opened = self.stores.of(role).await;
        opened.map_err(|error| Failure::starting("the database cannot be used", &error))
    }

    /// Closes what was opened.
    pub(super) async fn close(self) {
        self.stores.close().await;
        self.reading.close().await;
    }
}

fn configured(config: &Config) -> (Option<Authority>, config::Store, PathBuf) {
    let folder = match &config.store {
        config::Store::Sqlite { folder } => folder.clone(),
        config::Store::Postgres { .. } => PathBuf::from("data"),
    };
    let listener = config.admin.listen.filter(|address| address.port() != 0);
    let administration = listener.and_then(|address| Authority::parse(&address.to_string(), false));
    (administration, config.store.clone(), folder)
}

/// What the administration's answer comes to.
pub(super) fn answer(response: Response<Bytes>) -> Result<Option<Bytes>, Failure> {
    let status = response.status();
    match status {
        StatusCode::MISDIRECTED_REQUEST => Ok(None),
        _ if status.is_success() => Ok(Some(response.into_body())),
        _ => {
            let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap_or_default();
            let why = body["error"].as_str().unwrap_or("no reason was given").to_owned();
            let what = format!("the administration refused with {}", status.as_u16());
            Err(Failure::new(Exit::Refused, what, why, "mend what is named, then try again"))
        }
    }
}

fn broken_off(authority: &Authority, why: &str) -> Failure {
    let cure = "see whether the process runs and what its log says";
    Failure::new(Exit::Unreachable, format!("the administration at {authority} gave no whole answer"), why, cure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_refused_or_passed_over() {
        let of = |status: u16, body: &'static str| {
            let mut response = Response::new(Bytes::from_static(body.as_bytes()));
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            answer(response)
        };
        assert_eq!(of(200, "dn: o=nhs"), Ok(Some(Bytes::from_static(b"dn: o=nhs"))));
        assert_eq!(of(421, "{}"), Ok(None));
        let failure = of(400, r#"{"error":"this is no LDIF"}"#).unwrap_err();
        assert_eq!((failure.exit, failure.why.as_str()), (Exit::Refused, "this is no LDIF"));
        assert_eq!(of(500, "").unwrap_err().why, "no reason was given");
    }
}

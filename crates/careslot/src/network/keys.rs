//! The issuer's public keys, from a file or from the issuer's own address, read again while the process runs (TOK-08, JWT-12).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use http::{Request, Uri};
use roles::edge::client::{Authority, Client, Timeouts, Upload};
use roles::edge::issuer_keys::{IssuerKeys, REST};
use spine::token::{KeyFault, KeySet, LONGEST_JWKS};
use tokio_util::sync::CancellationToken;

use super::{Shared, tls};

/// How often the keys are read while there are none.
const WITHOUT_KEYS: Duration = Duration::from_secs(2);

/// Where the keys are read.
enum Source {
    File(PathBuf),
    Address(Client, String),
}

/// The keys as they are now, kept up to date from here on. An issuer that cannot be reached yet has none, and is asked again; a file
/// that cannot be read is a fault.
pub(super) async fn followed(shared: &Shared) -> Result<IssuerKeys> {
    let place = shared.config.jwt.jwks.clone().context("jwt.jwks is not set")?;
    let source = match place.contains("://") {
        true => Source::Address(tls::https(shared, None)?, place),
        false => Source::File(PathBuf::from(place)),
    };
    let first = match (source.read().await, &source) {
        (Ok(keys), _) => keys,
        (Err(fault), Source::File(_)) => return Err(fault),
        (Err(fault), Source::Address(..)) => {
            tracing::warn!(
                fault = format!("{fault:#}"),
                "the issuer's keys could not be fetched yet; no signed token is believed until then"
            );
            KeySet::default()
        }
    };
    let keys = IssuerKeys::from(Arc::new(first));
    tokio::spawn(follow(source, keys.clone(), shared.config.jwt.jwks_every, shared.shutdown.clone()));
    Ok(keys)
}

/// Reads them every so often, and earlier when a token names one that is missing.
async fn follow(source: Source, keys: IssuerKeys, every: Duration, shutdown: CancellationToken) {
    let mut known = keys.current().to_jwks();
    loop {
        let rest = if keys.current().keys().is_empty() { WITHOUT_KEYS } else { every };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(REST.min(rest)) => {}
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(rest.saturating_sub(REST)) => {}
            () = keys.wanted() => {}
        }
        keys.reading();
        let renewed = source.read().await.inspect_err(|fault| {
            tracing::warn!(
                fault = format!("{fault:#}"),
                "the issuer's keys could not be read again; the old ones stay"
            );
        });
        let renewed = renewed.ok().filter(|renewed| renewed.to_jwks() != known);
        if let Some(renewed) = &renewed {
            known = renewed.to_jwks();
            tracing::info!(count = renewed.keys().len(), "the issuer's keys have changed");
        }
        keys.renew(renewed.map(Arc::new));
    }
}

impl Source {
    /// The keys as they are published now. A set without a usable key is one that believes nobody: the issuer has withdrawn them.
    async fn read(&self) -> Result<KeySet> {
        let document = match self {
            Self::File(path) => tls::read(path)?,
            Self::Address(client, url) => fetch(client, url).await?,
        };
        match KeySet::from_jwks(&document) {
            Err(KeyFault::NoUsableKey) => {
                tracing::warn!("the issuer publishes no key that could be used; no signed token is believed");
                Ok(KeySet::default())
            }
            outcome => Ok(outcome?),
        }
    }
}

/// A key set document over HTTPS.
pub(crate) async fn fetch(client: &Client, url: &str) -> Result<Vec<u8>> {
    let (authority, path) = Authority::of_url(url).with_context(|| format!("{url} is no address"))?;
    let mut request = Request::new(Upload::Empty);
    *request.uri_mut() = path.parse::<Uri>()?;
    let answered = client.send(&authority, request, &Timeouts::default()).await?;
    let (head, body) = answered.response.into_parts();
    if !head.status.is_success() {
        bail!("{url} answered {}", head.status);
    }
    let body = body.read_to_end(LONGEST_JWKS).await.map_err(|fault| anyhow::anyhow!("{fault}"))?;
    Ok(body.to_vec())
}

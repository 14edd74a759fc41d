//! The issuer's public keys, from a file or from the issuer's own address, fetched again while the process runs (TOK-08, JWT-12).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use http::{Request, Uri};
use roles::edge::client::{Authority, Client, Timeouts, Upload};
use spine::token::{KeySet, LONGEST_JWKS};

use super::{Shared, tls};

/// How often the keys are fetched while there are none, and while there are some.
const WITHOUT_KEYS: Duration = Duration::from_secs(2);
const WITH_KEYS: Duration = Duration::from_secs(300);

/// The keys as they are now; an issuer that cannot be reached yet has none, and is asked again. `renewed` is handed each new set.
pub(super) async fn followed(shared: &Shared, renewed: impl Fn(Arc<KeySet>) + Send + 'static) -> Result<Arc<KeySet>> {
    let place = shared.config.jwt.jwks.clone().context("jwt.jwks is not set")?;
    if !place.contains("://") {
        return Ok(Arc::new(KeySet::from_jwks(&tls::read(Path::new(&place))?)?));
    }
    let client = tls::https(shared, None)?;
    let first = fetch(&client, &place).await;
    if let Err(fault) = &first {
        tracing::warn!(
            fault = format!("{fault:#}"),
            "the issuer's keys could not be fetched yet; no signed token is believed until then"
        );
    }
    let mut known = first.map_or_else(|_| Arc::new(KeySet::of(Vec::new())), Arc::new);
    let (now, shutdown) = (known.clone(), shared.shutdown.clone());
    tokio::spawn(async move {
        loop {
            let rest = if known.keys().is_empty() { WITHOUT_KEYS } else { WITH_KEYS };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(rest) => {}
            }
            match fetch(&client, &place).await {
                Ok(keys) if keys.to_jwks() != known.to_jwks() => {
                    known = Arc::new(keys);
                    renewed(known.clone());
                }
                Ok(_) => {}
                Err(fault) => tracing::warn!(
                    fault = format!("{fault:#}"),
                    "the issuer's keys could not be fetched; the old ones stay"
                ),
            }
        }
    });
    Ok(now)
}

async fn fetch(client: &Client, url: &str) -> Result<KeySet> {
    let (authority, path) = Authority::of_url(url).context("jwt.jwks is no address")?;
    let mut request = Request::new(Upload::Empty);
    *request.uri_mut() = path.parse::<Uri>()?;
    let answered = client.send(&authority, request, &Timeouts::default()).await?;
    let (head, body) = answered.response.into_parts();
    if !head.status.is_success() {
        bail!("{url} answered {}", head.status);
    }
    let body = body.read_to_end(LONGEST_JWKS).await.map_err(|fault| anyhow::anyhow!("{fault}"))?;
    Ok(KeySet::from_jwks(&body)?)
}

//! Revocation lists that a certificate itself names: fetched when the first certificate that needs one comes, kept until
//! their next update, and used for a while after that when no newer one can be had (TLS-12, TLS-13, TLS-14).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::HOST;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension};

use super::client::Authority;
use super::crl::revocation_lists;

/// What may be fetched from where, and how much of it.
#[derive(Debug, Clone)]
pub struct ShardSettings {
    /// The hosts that lists may be fetched from: `crl.nhs.uk`. Only these, since the address stands in the certificate.
    pub hosts: Vec<String>,
    /// How long a handshake may wait for a list (TLS-13: 2 s).
    pub wait: Duration,
    /// The longest list that is read.
    pub most_bytes: usize,
    /// After a failed fetch, before the next.
    pub pause: Duration,
    /// How many lists are kept.
    pub most_lists: usize,
}

impl ShardSettings {
    /// The usual limits for these hosts.
    #[must_use]
    pub fn new(hosts: Vec<String>) -> Self {
        let (wait, pause) = (Duration::from_secs(2), Duration::from_secs(10));
        Self { hosts, wait, most_bytes: 16 * 1024 * 1024, pause, most_lists: 1024 }
    }
}

/// The lists that were fetched so far.
#[derive(Debug)]
pub struct Shards {
    settings: ShardSettings,
    places: Mutex<HashMap<String, Arc<Place>>>,
    /// Servers' certificates whose lists were missed in a handshake, where nothing can be waited for.
    missed: Mutex<Vec<(CertificateDer<'static>, UnixTime)>>,
}

/// How many missed certificates are remembered.
const MOST_MISSED: usize = 16;

/// The place of one list.
#[derive(Debug, Default)]
struct Place {
    known: Mutex<Known>,
    /// Held by whoever fetches the list; the others wait for it.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    list: Option<Arc<Shard>>,
    failed: Option<Instant>,
}

/// A list that was fetched.
#[derive(Debug)]
pub(crate) struct Shard {
    pub(crate) list: CertificateRevocationListDer<'static>,
    /// Seconds since 1970 when a newer one is due; none when it does not say.
    next_update: Option<u64>,
}

impl Shards {
    /// None fetched yet.
    #[must_use]
    pub fn new(settings: ShardSettings) -> Self {
        Self { settings, places: Mutex::default(), missed: Mutex::default() }
    }

    /// The list that this certificate names, when it was fetched before. Otherwise it is noted as missed.
    pub(crate) fn kept(&self, certificate: &CertificateDer<'_>, now: UnixTime) -> Option<Arc<Shard>> {
        let (url, _) = self.address(certificate)?;
        let place = self.place(&url)?;
        let fresh = place.fresh(now);
        if fresh.is_none() {
            let mut missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
            if missed.len() < MOST_MISSED {
                missed.push((certificate.clone().into_owned(), now));
            }
        }
        let known = || place.known.lock().unwrap_or_else(PoisonError::into_inner).list.clone();
        fresh.or_else(known)
    }

    /// Fetches what was missed: whether there is anything now that there was not.
    pub(crate) async fn fetch_missed(&self) -> bool {
        let missed = std::mem::take(&mut *self.missed.lock().unwrap_or_else(PoisonError::into_inner));
        let mut any = false;
        for (certificate, now) in missed {
            any |= self.of(&certificate, now).await.is_some();
        }
        any
    }

    /// The first address that a certificate names and that may be asked.
    fn address(&self, certificate: &CertificateDer<'_>) -> Option<(String, (Authority, String))> {
        let allowed = |(authority, _): &(Authority, String)| {
            self.settings.hosts.iter().any(|host| host.eq_ignore_ascii_case(&authority.host))
        };
        let addresses = distribution_points(certificate).into_iter();
        addresses.filter_map(|url| Some((url.clone(), plain_http(&url)?))).find(|(_, to)| allowed(to))
    }

    /// The list that this certificate names, fetched if need be. `None` when it names none that may be fetched, or when
    /// none can be had in time; what is left of an old list is the judge's to decide.
    pub(crate) async fn of(&self, certificate: &CertificateDer<'_>, now: UnixTime) -> Option<Arc<Shard>> {
        let (url, (authority, path)) = self.address(certificate)?;
        let place = self.place(&url)?;
        if let Some(list) = place.fresh(now) {
            return Some(list);
        }
        let waited = timeout(self.settings.wait, async {
            let _fetching = place.fetching.lock().await;
            if place.fresh(now).is_none() && !place.failed_lately(self.settings.pause) {
                place.learn(fetch(&authority, &path, self.settings.most_bytes).await, &url);
            }
        });
        if waited.await.is_err() {
            place.learn(Err("it did not come in time".into()), &url);
        }
        place.known.lock().unwrap_or_else(PoisonError::into_inner).list.clone()
    }

    fn place(&self, url: &str) -> Option<Arc<Place>> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if !places.contains_key(url) && places.len() >= self.settings.most_lists {
            tracing::warn!(most = self.settings.most_lists, "no more revocation lists are fetched");
            return None;
        }
        Some(places.entry(url.to_owned()).or_default().clone())
    }
}

impl Place {
    fn fresh(&self, now: UnixTime) -> Option<Arc<Shard>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.list.clone().filter(|shard| shard.next_update.is_some_and(|next| now.as_secs() < next))
    }

    fn failed_lately(&self, pause: Duration) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.failed.is_some_and(|at| at.elapsed() < pause)
    }

    fn learn(&self, fetched: Result<Shard, super::BoxError>, url: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match fetched {
            Ok(shard) => *known = Known { list: Some(Arc::new(shard)), failed: None },
            Err(fault) => {
                tracing::warn!(url, %fault, "a revocation list could not be fetched");
                known.failed = Some(Instant::now());
            }
        }
    }
}

/// When a list's successor is due, in seconds since 1970.
pub(crate) fn next_update(list: &[u8]) -> Option<u64> {
    let (_, parsed) = x509_parser::parse_x509_crl(list).ok()?;
    parsed.next_update().and_then(|next| u64::try_from(next.timestamp()).ok())
}

/// The URLs that a certificate names.
fn distribution_points(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, parsed)) = x509_parser::parse_x509_certificate(certificate) else { return Vec::new() };
    let mut urls = Vec::new();
    for extension in parsed.extensions() {
        let ParsedExtension::CRLDistributionPoints(points) = extension.parsed_extension() else { continue };
        for point in points.iter().take(8) {
            let Some(DistributionPointName::FullName(names)) = &point.distribution_point else { continue };
            urls.extend(names.iter().take(8).filter_map(|name| match name {
                GeneralName::URI(url) if url.len() <= 500 => Some((*url).to_owned()),
                _ => None,
            }));
        }
    }
    urls
}

/// Lists are signed, and fetched in plain HTTP: what protects them is their own signature.
fn plain_http(url: &str) -> Option<(Authority, String)> {
    let (authority, path) = Authority::of_url(url)?;
    let printable = path.bytes().all(|byte| byte.is_ascii_graphic());
    (!authority.secure && printable && !path.contains('#')).then(|| {
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        (authority, path)
    })
}

async fn fetch(from: &Authority, path: &str, most: usize) -> Result<Shard, super::BoxError> {
    let socket = TcpStream::connect((from.host.as_str(), from.port)).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await?;
    let asking = async {
        let request = Request::get(path).header(HOST, from.to_string()).body(Empty::<Bytes>::new())?;
        let answer = sender.send_request(request).await?;
        if answer.status() != http::StatusCode::OK {
            return Err(format!("status {}", answer.status().as_u16()).into());
        }
        let bytes = Limited::new(answer.into_body(), most).collect().await?.to_bytes();
        let mut lists = revocation_lists(&bytes)?;
        let list = lists.drain(..).next().ok_or("it is empty")?;
        Ok::<_, super::BoxError>(Shard { next_update: next_update(&list), list })
    };
    let mut connection = std::pin::pin!(connection);
    let mut asking = std::pin::pin!(asking);
    let mut open = true;
    std::future::poll_fn(|cx| {
        open = open && connection.as_mut().poll(cx).is_pending();
        asking.as_mut().poll(cx)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: TLS-13
    #[test]
    fn only_plain_http_addresses_are_fetched() {
        for (url, host, port, path) in [
            ("http://crl.nhs.uk/int/1c/crlc7.crl", "crl.nhs.uk", 80, "/int/1c/crlc7.crl"),
            ("http://crl.nhs.uk:8080", "crl.nhs.uk", 8080, "/"),
        ] {
            let (authority, read) = plain_http(url).unwrap();
            assert_eq!((authority.host.as_str(), authority.port, read.as_str()), (host, port, path), "{url}");
        }
        for url in
            ["https://crl.nhs.uk/a", "ldap:///cn=a", "file:///etc/passwd", "http://a@b/", "http://a/\r\nX: y", "/a"]
        {
            assert!(plain_http(url).is_none(), "{url}");
        }
    }
}

//! The LDAP client of the roles: searches SDS over one kept connection, with limits on time and size, and connects again
//! when that fails (SDS-01, SDS-02, SDS-05, SDS-06, SDS-07, SDS-10, SDS-40, SDS-41, SDS-46).

use std::sync::Arc;
use std::time::Duration;

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, Scope, SearchEntry, SearchOptions};
use rustls::ClientConfig;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// How often a connection is made anew for one search (SDS-07).
const ATTEMPTS: usize = 3;
/// LDAP's result codes that a search knows what to do with.
const SUCCESS: u32 = 0;
const SIZE_LIMIT_EXCEEDED: u32 = 4;
const NO_SUCH_OBJECT: u32 = 32;

/// Where the directory is, and how much it may ask of our patience.
#[derive(Clone)]
pub struct DirectorySettings {
    /// `ldap://host:port`, or `ldaps://host:port` with mutual TLS (SDS-01).
    pub url: String,
    /// Under which entry to search: `ou=services,o=nhs` (SDS-05).
    pub base: String,
    /// For `ldaps`: see `tls::client_config`.
    pub tls: Option<Arc<ClientConfig>>,
    /// For the connection with its handshake (SDS-07: 5 s).
    pub connect: Duration,
    /// For one search (SDS-07: 3 s).
    pub search: Duration,
    /// Entries in one answer; more is an error (SDS-46).
    pub entries: i32,
}

impl DirectorySettings {
    /// The usual limits for a directory at this URL.
    #[must_use]
    pub fn new(url: String, base: String, tls: Option<Arc<ClientConfig>>) -> Self {
        Self { url, base, tls, connect: Duration::from_secs(5), search: Duration::from_secs(3), entries: 1000 }
    }
}

/// Why the directory gave no answer (SDS-45, SDS-46).
#[derive(Debug, thiserror::Error)]
pub enum DirectoryFault {
    /// It cannot be reached, or the connection broke.
    #[error("the directory cannot be reached: {0}")]
    Unreachable(#[from] LdapError),
    /// It took too long.
    #[error("the directory did not answer in time")]
    TimedOut,
    /// It has more entries than were asked for: the question is ambiguous.
    #[error("the directory has more entries than expected")]
    TooMany,
    /// It refused.
    #[error("the directory refused with result code {code}: {text}")]
    Refused {
        /// LDAP's result code.
        code: u32,
        /// What it said.
        text: String,
    },
}

/// One entry of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The distinguished name.
    pub dn: String,
    attributes: Vec<(String, Vec<String>)>,
}

impl Entry {
    /// An entry of these attributes.
    #[must_use]
    pub fn new(dn: impl Into<String>, attributes: Vec<(String, Vec<String>)>) -> Self {
        Self { dn: dn.into(), attributes }
    }

    /// All values of an attribute, whose name may be in any case (SDS-10).
    #[must_use]
    pub fn values(&self, name: &str) -> &[String] {
        let found = self.attributes.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
        found.map(|(_, values)| values.as_slice()).unwrap_or_default()
    }

    /// The first value of an attribute that is not empty (SDS-44).
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values(name).iter().map(String::as_str).find(|value| !value.trim().is_empty())
    }

    /// Every attribute with its values, in the directory's order of names.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.attributes.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }
}

/// The directory, as its clients see it. Cheap to share behind an `Arc`.
pub struct DirectoryClient {
    settings: DirectorySettings,
    connection: Mutex<Option<Ldap>>,
}

impl DirectoryClient {
    /// A client; it connects at the first search.
    #[must_use]
    pub fn new(settings: DirectorySettings) -> Self {
        Self { settings, connection: Mutex::new(None) }
    }

    /// The entry under which it searches.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.settings.base
    }

    /// The entries beneath the base that match a filter, with the attributes named, or all of them for `["*"]`. A filter's
    /// values must have gone through [`escaped`]. No entry is an empty answer, and so is an unknown base.
    ///
    /// # Errors
    /// See [`DirectoryFault`]; after a broken connection it is tried again before that (SDS-07).
    pub async fn search(&self, filter: &str, attributes: &[&str]) -> Result<Vec<Entry>, DirectoryFault> {
        let mut attempt = 1;
        loop {
            let found = match self.connected().await {
                Ok(ldap) => self.ask(ldap, filter, attributes).await,
                Err(fault) => Err(fault),
            };
            match found {
                Err(DirectoryFault::Unreachable(fault)) => {
                    *self.connection.lock().await = None;
                    if attempt == ATTEMPTS {
                        return Err(DirectoryFault::Unreachable(fault));
                    }
                    attempt += 1;
                }
                Err(DirectoryFault::TimedOut) => {
                    *self.connection.lock().await = None;
                    return Err(DirectoryFault::TimedOut);
                }
                settled => return settled,
            }
        }
    }

    /// Asks whether the directory answers at all: for `/readyz`.
    ///
    /// # Errors
    /// As [`DirectoryClient::search`].
    pub async fn reachable(&self) -> Result<(), DirectoryFault> {
        self.search("(uniqueIdentifier=000000000000)", &["1.1"]).await.map(|_| ())
    }

    async fn ask(&self, mut ldap: Ldap, filter: &str, attributes: &[&str]) -> Result<Vec<Entry>, DirectoryFault> {
        let options = SearchOptions::new().sizelimit(self.settings.entries);
        let searching =
            ldap.with_search_options(options).search(&self.settings.base, Scope::Subtree, filter, attributes);
        let answer = timeout(self.settings.search, searching).await.map_err(|_| DirectoryFault::TimedOut)??;
        let (entries, result) = (answer.0, answer.1);
        match result.rc {
            SUCCESS => {
                Ok(entries.into_iter().filter(|entry| !entry.is_ref() && !entry.is_intermediate()).map(read).collect())
            }
            NO_SUCH_OBJECT => Ok(Vec::new()),
            SIZE_LIMIT_EXCEEDED => Err(DirectoryFault::TooMany),
            code => Err(DirectoryFault::Refused { code, text: result.text }),
        }
    }

    /// The kept connection, or a new one with an anonymous bind (SDS-02).
    async fn connected(&self) -> Result<Ldap, DirectoryFault> {
        let mut kept = self.connection.lock().await;
        if let Some(ldap) = kept.as_mut()
            && !ldap.is_closed()
        {
            return Ok(ldap.clone());
        }
        let mut settings = LdapConnSettings::new().set_conn_timeout(self.settings.connect);
        if let Some(tls) = &self.settings.tls {
            settings = settings.set_config(tls.clone());
        }
        let opening = LdapConnAsync::with_settings(settings, &self.settings.url);
        let (driver, mut ldap) = opening.await.map_err(|fault| match fault {
            LdapError::Timeout { .. } => DirectoryFault::TimedOut,
            fault => DirectoryFault::Unreachable(fault),
        })?;
        tokio::spawn(async move {
            if let Err(fault) = driver.drive().await {
                tracing::debug!(%fault, "the connection to the directory ended");
            }
        });
        let bound = timeout(self.settings.search, ldap.simple_bind("", "")).await;
        let bound = bound.map_err(|_| DirectoryFault::TimedOut)??;
        if bound.rc != SUCCESS {
            return Err(DirectoryFault::Refused { code: bound.rc, text: bound.text });
        }
        *kept = Some(ldap.clone());
        Ok(ldap)
    }
}

fn read(entry: ldap3::ResultEntry) -> Entry {
    let SearchEntry { dn, attrs, .. } = SearchEntry::construct(entry);
    let mut attributes: Vec<_> = attrs.into_iter().collect();
    attributes.sort();
    Entry { dn, attributes }
}

/// A value as it may stand in a filter: `* ( ) \` and NUL escaped (SDS-06, RFC 4515).
#[must_use]
pub fn escaped(value: &str) -> String {
    ldap3::ldap_escape(value).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: SDS-06
    #[test]
    fn what_comes_from_outside_cannot_change_a_filter() {
        assert_eq!(escaped("918999199203"), "918999199203");
        assert_eq!(escaped("*)(objectClass=*\\\0"), "\\2a\\29\\28objectClass=\\2a\\5c\\00");
    }

    // covers: SDS-10, SDS-44
    #[test]
    fn attribute_names_are_found_in_any_case_and_empty_values_are_none() {
        let entry = Entry {
            dn: String::new(),
            attributes: vec![
                ("nhsMHSEndPoint".to_owned(), vec![String::new(), "https://p.test".to_owned()]),
                ("nhsMHSPartyKey".to_owned(), vec![" ".to_owned()]),
            ],
        };
        assert_eq!(entry.value("nhsMhsEndpoint"), Some("https://p.test"));
        assert_eq!(entry.value("NHSMHSPARTYKEY"), None);
        assert_eq!(entry.values("nhsMhsFQDN"), &[] as &[String]);
    }
}

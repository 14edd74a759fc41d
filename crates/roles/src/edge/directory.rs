//! The LDAP client of the roles that ask SDS: one kept connection, mutual TLS on `ldaps`, every wait limited, filter
//! values escaped (SDS-01, SDS-02, SDS-06, SDS-07). It searches and does nothing else.

use std::sync::Arc;
use std::time::Duration;

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, Scope, SearchEntry};
use rustls::ClientConfig;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// Where the directory is and how long it may take.
#[derive(Debug, Clone)]
pub struct DirectorySettings {
    /// `ldap://host:port` or `ldaps://host:port`.
    pub url: String,
    /// Below which the systems stand: `ou=services,o=nhs` (SDS-05).
    pub base: String,
    /// For the connection and the bind.
    pub connect: Duration,
    /// For one search.
    pub search: Duration,
    /// How often a search is tried before the directory counts as unreachable.
    pub attempts: u32,
}

impl DirectorySettings {
    /// The waits of the published reference clients: 5 s, 3 s, three tries (SDS-07).
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            base: "ou=services,o=nhs".to_owned(),
            connect: Duration::from_secs(5),
            search: Duration::from_secs(3),
            attempts: 3,
        }
    }
}

/// An entry as it came: attribute names are compared without their case (SDS-10), values stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundEntry {
    /// The distinguished name.
    pub dn: String,
    /// Each attribute with its values, in the order they came.
    pub attributes: Vec<(String, Vec<String>)>,
}

impl FoundEntry {
    /// All values of an attribute; none when the entry does not have it.
    #[must_use]
    pub fn values(&self, attribute: &str) -> &[String] {
        let found = self.attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(attribute));
        found.map_or(&[], |(_, values)| values.as_slice())
    }

    /// The first value of an attribute, unless it is empty (SDS-44).
    #[must_use]
    pub fn value(&self, attribute: &str) -> Option<&str> {
        self.values(attribute).first().map(String::as_str).filter(|value| !value.trim().is_empty())
    }
}

/// Why the directory gave no answer.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum DirectoryFault {
    /// No connection, no bind, or no answer in time (SDS-45).
    #[error("the directory cannot be reached: {0}")]
    Unreachable(String),
    /// It answered with a result code that is no success; partial answers count as none (SDS-46).
    #[error("the directory refused the search with result code {code}: {text}")]
    Refused {
        /// The LDAP result code.
        code: u32,
        /// The server's words.
        text: String,
    },
}

/// A directory to ask. Cheap to share behind an `Arc`.
pub struct Directory {
    settings: DirectorySettings,
    tls: Option<Arc<ClientConfig>>,
    line: Mutex<Option<Ldap>>,
}

impl Directory {
    /// A directory that is connected to when it is first asked. `tls` is needed for `ldaps`.
    #[must_use]
    pub fn new(settings: DirectorySettings, tls: Option<Arc<ClientConfig>>) -> Self {
        Self { settings, tls, line: Mutex::new(None) }
    }

    /// The base that searches begin at.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.settings.base
    }

    /// A subtree search below the base. Result 32 (no such entry) is an empty answer (SDS-41).
    ///
    /// # Errors
    /// See [`DirectoryFault`].
    pub async fn search(&self, filter: &str, attributes: &[&str]) -> Result<Vec<FoundEntry>, DirectoryFault> {
        let mut last = DirectoryFault::Unreachable("it was not tried".to_owned());
        for _ in 0..self.settings.attempts.max(1) {
            match self.search_once(filter, attributes).await {
                Err(fault @ DirectoryFault::Unreachable(_)) => last = fault,
                answered => return answered,
            }
        }
        Err(last)
    }

    async fn search_once(&self, filter: &str, attributes: &[&str]) -> Result<Vec<FoundEntry>, DirectoryFault> {
        let mut line = self.line().await?;
        let searching = line.search(&self.settings.base, Scope::Subtree, filter, attributes.to_vec());
        let answered = match timeout(self.settings.search, searching).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(fault)) => return Err(self.hung_up(&fault.to_string()).await),
            Err(_) => return Err(self.hung_up("no answer came in time").await),
        };
        let ldap3::SearchResult(entries, result) = answered;
        match result.rc {
            0 => Ok(entries.into_iter().map(found_entry).collect()),
            32 => Ok(Vec::new()),
            code => Err(DirectoryFault::Refused { code, text: result.text }),
        }
    }

    /// The kept connection, or a new one. Its handle is cloned, so that searches run side by side on it.
    async fn line(&self) -> Result<Ldap, DirectoryFault> {
        let mut kept = self.line.lock().await;
        if let Some(line) = kept.as_mut()
            && !line.is_closed()
        {
            return Ok(line.clone());
        }
        let made = timeout(self.settings.connect, self.connect()).await;
        let line = match made {
            Ok(Ok(line)) => line,
            Ok(Err(fault)) => return Err(DirectoryFault::Unreachable(fault.to_string())),
            Err(_) => return Err(DirectoryFault::Unreachable("the connection could not be made in time".to_owned())),
        };
        *kept = Some(line.clone());
        Ok(line)
    }

    async fn connect(&self) -> Result<Ldap, LdapError> {
        let mut settings = LdapConnSettings::new().set_conn_timeout(self.settings.connect);
        if let Some(tls) = &self.tls {
            settings = settings.set_config(Arc::clone(tls));
        }
        let (connection, mut line) = LdapConnAsync::with_settings(settings, &self.settings.url).await?;
        tokio::spawn(async move {
            if let Err(fault) = connection.drive().await {
                tracing::debug!(%fault, "the connection to the directory ended");
            }
        });
        line.simple_bind("", "").await?.success()?;
        Ok(line)
    }

    /// Forgets the connection, so that the next search makes a new one.
    async fn hung_up(&self, why: &str) -> DirectoryFault {
        self.line.lock().await.take();
        DirectoryFault::Unreachable(why.to_owned())
    }
}

/// A value for a filter, with the characters that have a meaning there escaped (RFC 4515, SDS-06).
#[must_use]
pub fn escaped(value: &str) -> String {
    ldap3::ldap_escape(value).into_owned()
}

fn found_entry(raw: ldap3::ResultEntry) -> FoundEntry {
    let entry = SearchEntry::construct(raw);
    let mut attributes: Vec<(String, Vec<String>)> = entry.attrs.into_iter().collect();
    attributes.sort();
    FoundEntry { dn: entry.dn, attributes }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: SDS-10, SDS-44
    #[test]
    fn an_attribute_is_found_in_any_case_and_an_empty_value_counts_as_none() {
        let entry = FoundEntry {
            dn: "uniqueIdentifier=1,ou=Services,o=nhs".to_owned(),
            attributes: vec![
                ("nhsMHSPartyKey".to_owned(), vec!["A91545-1".to_owned()]),
                ("nhsMHSEndPoint".to_owned(), vec![" ".to_owned()]),
            ],
        };
        assert_eq!(entry.value("nhsMhsPartyKey"), Some("A91545-1"));
        assert_eq!(entry.value("nhsMhsEndPoint"), None);
        assert_eq!(entry.value("nhsMhsFQDN"), None);
    }

    // covers: SDS-06
    #[test]
    fn characters_with_a_meaning_in_filters_are_escaped() {
        assert_eq!(escaped("a*b(c)d\\e"), "a\\2ab\\28c\\29d\\5ce");
    }
}
